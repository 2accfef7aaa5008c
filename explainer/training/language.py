"""Language first: the untrained writer learns English by mending damaged paragraphs, as BART does.

    python -m explainer.training.language FOLDER --texts FILE --out FOLDER [--steps N] [--resume] [--smoke]

FOLDER holds the untrained writer (explainer.training.writer_model). FILE: JSON lines (.gz too) with a field text,
openly licensed plain English about money, debts and rights. Three pieces in ten are masked in spans, sentences change
places, and numbers and names are tags already; the target is the whole paragraph with its case and spacing. The
project's own passages come in ten times. Writes the model, and curve.jsonl beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch.nn import functional
from transformers import BartForConditionalGeneration

from explainer.grounding import sentences
from explainer.knowledge import load_passages
from explainer.pieces import END, MASK, START, Pieces
from explainer.tags import TAG, TAGS, Tagging
from explainer.training.reader import padded
from explainer.training.writer_model import read_texts

STEPS = 3000
BATCH_PIECES = 4096
"""Input and target together, padding included."""
RATE, WARM_UP = 5e-4, 150
MASKED, SPAN = 0.30, 3.0
"""Share of the pieces that are masked, and the mean length of a masked span (Lewis et al., 2019)."""
LONGEST = 160
OWN_PASSAGES = 10
SEED = 7
SAVE_EVERY = 250
Example = tuple[list[int], list[int]]
"""Input ids, target ids."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Continue pre-training of the writer.")
    parser.add_argument("source", type=Path)
    parser.add_argument("--texts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--smoke", action="store_true", help="a minute: does the recipe run?")
    options = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    pieces = Pieces.load(options.source)
    texts = list(read_texts(options.texts))
    if options.smoke:
        texts, options.steps = texts[:500], 20
    held_out, texts = texts[::200], [t for i, t in enumerate(texts) if i % 200]
    texts += [p.text for p in load_passages()] * OWN_PASSAGES
    model = load_model(options.source)
    check = [damaged(text, pieces, random.Random(i)) for i, text in enumerate(held_out[:120])]
    order = random.Random(SEED + options.resume)  # going on: other texts first
    train(model, endless(texts, pieces, order), check, options.out, options.steps, options.resume)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(options.source / file, options.out / file)


def load_model(folder: Path, dropout: float = 0.0) -> BartForConditionalGeneration:
    """On a CPU the backward pass of the fused attention takes as long as all the rest: plain products are faster."""
    return BartForConditionalGeneration.from_pretrained(
        folder, use_safetensors=True, attn_implementation="eager", dropout=dropout
    )


def damaged(text: str, pieces: Pieces, rng: random.Random) -> Example:
    """A paragraph as a pair: damaged, and whole."""
    tagged = shuffled_tags(Tagging().numbers_and_names(text), rng)
    said = sentences(tagged)
    rng.shuffle(said)
    target = pieces.encode_output(tagged)[:LONGEST]
    source = pieces.tokenizer.encode(" ".join(said), add_special_tokens=False).tokens[:LONGEST]
    return ids(pieces, [START, *masked(source, rng), END]), ids(pieces, [*target, END])


def masked(source: Sequence[str], rng: random.Random) -> list[str]:
    """Spans of pieces, three in ten of them all, each replaced by one mask."""
    out: list[str] = []
    at = 0
    while at < len(source):
        if rng.random() < MASKED / SPAN:
            out.append(MASK)
            at += max(1, min(10, round(rng.expovariate(1 / SPAN))))
        else:
            out.append(source[at])
            at += 1
    return out


def shuffled_tags(tagged: str, rng: random.Random) -> str:
    """The same text with other tags of the same sort, so that each tag is learnt as well as the first."""
    new: dict[str, str] = {}
    for tag in dict.fromkeys(TAG.findall(tagged)):
        sort = tag[1 : tag.rindex("_")]
        new[tag] = rng.choice([t for t in TAGS if t[1 : t.rindex("_")] == sort and t not in new.values()])
    return TAG.sub(lambda m: new[m.group()], tagged)


def ids(pieces: Pieces, tokens: Sequence[str]) -> list[int]:
    return [i if (i := pieces.tokenizer.token_to_id(t)) is not None else 1 for t in tokens]


def endless(texts: Sequence[str], pieces: Pieces, rng: random.Random) -> Iterator[list[Example]]:
    """Batches without end, the texts in new order and with new damage each time round."""
    while True:
        order = list(texts)
        rng.shuffle(order)
        for start in range(0, len(order), 1000):
            yield from batches([damaged(t, pieces, rng) for t in order[start : start + 1000]], rng)


def batches(examples: Sequence[Example], rng: random.Random) -> list[list[Example]]:
    """Examples of similar length together, at most BATCH_PIECES; the batches in random order."""
    out: list[list[Example]] = []
    longest = (0, 0)
    for example in sorted(examples, key=lambda e: len(e[0]) + len(e[1])):
        longest = (max(longest[0], len(example[0])), max(longest[1], len(example[1])))
        if not out or (len(out[-1]) + 1) * sum(longest) > BATCH_PIECES:
            out.append([])
            longest = (len(example[0]), len(example[1]))
        out[-1].append(example)
    rng.shuffle(out)
    return out


def train(
    model: BartForConditionalGeneration,
    stream: Iterator[list[Example]],
    check: Sequence[Example],
    out: Path,
    steps: int,
    resume: bool = False,
    rate: float = RATE,
) -> None:
    """Train for so many batches; a checkpoint and a line of the curve now and then. Continues one when asked to."""
    out.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / WARM_UP, 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, s / steps))))
    )
    first, state = 0, out / "state.pt"
    if resume and state.is_file():  # with other --steps the rate follows the new curve
        kept = torch.load(state, weights_only=True)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        first = schedule.last_epoch = kept["step"]
    log, losses, began = out / "curve.jsonl", [], time.time()
    if not first:
        note(log, 0, None, held_out_loss(model, check), 0.0)
    for step in range(first + 1, steps + 1):
        model.train()
        loss = loss_of(model, next(stream))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % SAVE_EVERY == 0 or step == steps:
            note(log, step, sum(losses) / len(losses), held_out_loss(model, check), time.time() - began)
            losses = []
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, state)
    model.save_pretrained(out, safe_serialization=True)
    state.unlink(missing_ok=True)


def note(log: Path, step: int, loss: float | None, held_out: float, seconds: float) -> None:
    line = json.dumps(
        {"step": step, "loss": loss and round(loss, 4), "held_out": round(held_out, 4), "s": round(seconds)}
    )
    with log.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    print(line, flush=True)


def held_out_loss(model: BartForConditionalGeneration, check: Sequence[Example]) -> float:
    model.eval()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        losses = [loss_of(model, list(check[i : i + 12])).item() for i in range(0, len(check), 12)]
    return sum(losses) / len(losses)


def loss_of(model: BartForConditionalGeneration, batch: Sequence[Example]) -> torch.Tensor:
    """Mean cross entropy of the target pieces, in nats."""
    pad, start = int(model.config.pad_token_id or 0), int(model.config.decoder_start_token_id or 0)
    source, mask = padded([s for s, _ in batch], pad)
    target, _ = padded([t for _, t in batch], pad)
    before = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(input_ids=source, attention_mask=mask, decoder_input_ids=before).logits
    return functional.cross_entropy(logits.float().flatten(0, 1), target.flatten(), ignore_index=pad)


if __name__ == "__main__":
    main()
