"""Fine-tune the whole encoder to read messages, what they are and their details, and convert it to the embedded form.

    python -m explainer.training.reader MINILM_FOLDER --out FOLDER [--dev FILE] [--smoke]

MINILM_FOLDER holds the original all-MiniLM-L6-v2 (Apache-2.0). The recipe: add the Chinese characters of the training
messages to its vocabulary, train all of it with two linear heads, one for the kind (soft labels, noisy texts) and one
for the details, piece by piece (clean texts), and score after every epoch. Writes the encoder (CTranslate2 int8) and
heads.safetensors.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertModel

from explainer.normalise import normalise
from explainer.records import KINDS
from explainer.tagger import TAGS
from explainer.training.messages import SLOT_OF_TYPE, TrainingMessage, load_messages, soft_label
from explainer.training.noise import noisy
from explainer.weights import write_manifest

EPOCHS = 6
BATCH = 32
MAX_PIECES = 128
RATE, HEAD_RATE = 8e-5, 1e-3
DROPOUT = 0.1
MIN_COUNT = 3
"""A Chinese character seen this often gets a piece of its own."""
SEED = 7
TAG_WEIGHT = 1.0
"""Of the loss of the details against the loss of the kind."""
IGNORED = -100
"""A piece whose tag is not known: the text was changed."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tune the encoder for kinds.")
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dev", type=Path)
    parser.add_argument("--leave-out", nargs="*", default=[], help="batches kept for scoring")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--smoke", action="store_true", help="200 messages, one epoch: does the recipe run?")
    options = parser.parse_args()
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    messages = [m for m in load_messages() if m.batch not in options.leave_out]
    held_out = [m for m in load_messages() if m.batch in options.leave_out]
    if options.smoke:
        messages, options.epochs = messages[::50], 1
    folder = options.out.with_name(options.out.name + "-torch")  # the converter empties its target
    tokenizer = widen_vocabulary(options.source, folder, [m.text for m in load_messages()])
    model = MessageReader(folder)
    train(model, tokenizer, messages, held_out, options)
    model.save(folder, options.out)


class MessageReader(torch.nn.Module):
    """The encoder, mean pooling to unit length, and a linear head."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(
            folder, add_pooling_layer=False, hidden_dropout_prob=DROPOUT, use_safetensors=True
        )
        self.head = torch.nn.Linear(self.bert.config.hidden_size, len(KINDS))
        self.tags = torch.nn.Linear(self.bert.config.hidden_size, len(TAGS))
        self.scale = torch.nn.Parameter(torch.tensor(8.0))  # unit vectors need a scale to make sharp logits

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[batch, pieces] twice -> logits [batch, n_kinds], [batch, pieces, n_tags]"""
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return self.head(torch.nn.functional.normalize(mean, dim=-1) * self.scale), self.tags(hidden)

    def save(self, folder: Path, out: Path) -> None:
        from explainer.training.encoder import convert

        self.bert.save_pretrained(folder, safe_serialization=True)
        convert(folder, out)
        head = (self.head.weight * self.scale).T.detach().contiguous().float()
        tensors = {"dense": head, "bias": self.head.bias, "tags": self.tags.weight.T, "tag_bias": self.tags.bias}
        save_file({k: v.detach().float().contiguous() for k, v in tensors.items()}, out / "heads.safetensors")
        (out / "heads.safetensors").chmod(0o644)
        write_manifest(out)


def widen_vocabulary(source: Path, folder: Path, texts: list[str]) -> Tokenizer:
    """The original model with a piece for every frequent Chinese character, saved into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    specification = json.loads((source / "tokenizer.json").read_text("utf-8"))
    vocabulary: dict[str, int] = specification["model"]["vocab"]
    counts = Counter(c for text in texts for c in normalise(text)[0] if "\u4e00" <= c <= "\u9fff")
    new = [c for c, n in counts.most_common() if n >= MIN_COUNT and c not in vocabulary]
    for character in new:
        vocabulary[character] = len(vocabulary)
    (folder / "tokenizer.json").write_text(json.dumps(specification, ensure_ascii=False), "utf-8")
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n", "utf-8")
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (source / file).exists():
            (folder / file).write_text((source / file).read_text("utf-8"), "utf-8")
    model = BertModel.from_pretrained(source, add_pooling_layer=False, use_safetensors=True)
    model.resize_token_embeddings(len(vocabulary), mean_resizing=True)
    model.save_pretrained(folder, safe_serialization=True)
    print(f"{len(new)} Chinese characters added, vocabulary {len(vocabulary)}")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    tokenizer.encode_special_tokens = True
    return tokenizer


def train(
    model: MessageReader,
    tokenizer: Tokenizer,
    messages: list[TrainingMessage],
    held_out: list[TrainingMessage],
    options: Any,
) -> None:
    targets = torch.tensor([[soft_label(m).get(k, 0.0) for k in KINDS] for m in messages])
    steps = options.epochs * math.ceil(len(messages) / BATCH)
    optimizer = torch.optim.AdamW(
        [
            {"params": model.bert.parameters(), "lr": RATE},
            {"params": [*model.head.parameters(), model.scale], "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (0.06 * steps)) * max(0.02, 1 - step / steps)
    )
    rng, start = random.Random(options.seed), time.time()
    for epoch in range(1, options.epochs + 1):
        model.train()
        encoded = [encode(m, tokenizer, rng, clean=epoch == 1) for m in messages]
        losses = []
        for batch in shuffled_batches([len(ids) for ids, _ in encoded], rng):
            ids, mask = padded([encoded[i][0] for i in batch])
            tags, _ = padded([encoded[i][1] for i in batch], IGNORED)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits, tag_logits = model(ids, mask)
            loss = torch.nn.functional.cross_entropy(logits.float(), targets[batch], label_smoothing=0.05)
            if (tags != IGNORED).any():
                tag_loss = torch.nn.functional.cross_entropy(
                    tag_logits.float().flatten(0, 1), tags.flatten(), ignore_index=IGNORED
                )
                loss = loss + TAG_WEIGHT * tag_loss
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {np.mean(losses):.3f}, {time.time() - start:.0f} s", flush=True)
        if held_out:
            guesses = predict(model, tokenizer, [m.text for m in held_out])
            right = np.mean([g == m.kind or g in m.also_ok for g, m in zip(guesses, held_out, strict=True)])
            print(f"  left out {len(held_out)}: lenient {right:.3f}", flush=True)
        if options.dev:
            report(model, tokenizer, options.dev)


def encode(
    message: TrainingMessage, tokenizer: Tokenizer, rng: random.Random, clean: bool
) -> tuple[list[int], list[int]]:
    """Pieces, and the tag of each; a noisy text teaches its kind only."""
    text = message.text if clean else noisy(message.text, rng)
    plain, starts, _, _ = normalise(text)
    pieces = tokenizer.encode(plain or "-")
    if text != message.text:
        return pieces.ids, [IGNORED] * len(pieces.ids)
    tags = [TAGS.index("outside")] * len(pieces.ids)
    for i, (start, end) in enumerate(pieces.offsets):
        if start == end:  # [CLS] and [SEP]
            tags[i] = IGNORED
            continue
        at = starts[start]
        for name, first, last in message.slots:
            if first <= at < last and (kind := SLOT_OF_TYPE.get(name)):
                begins = i == 0 or starts[pieces.offsets[i - 1][0]] < first or pieces.offsets[i - 1][1] == 0
                tags[i] = TAGS.index(f"{'begin' if begins else 'inside'} {kind}")
    return pieces.ids, tags


def predict(model: MessageReader, tokenizer: Tokenizer, texts: list[str]) -> list[str]:
    model.eval()
    encoded = [e.ids for e in tokenizer.encode_batch([normalise(t)[0] or "-" for t in texts])]
    guesses = []
    with torch.no_grad():
        for i in range(0, len(encoded), 64):
            ids, mask = padded(encoded[i : i + 64])
            guesses += [KINDS[int(k)] for k in model(ids, mask)[0].argmax(-1)]
    return guesses


def report(model: MessageReader, tokenizer: Tokenizer, file: Path) -> None:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    guesses = predict(model, tokenizer, [r["text"] for r in rows])
    for language in ("en", "zh"):
        right = [g in r["kinds"] for g, r in zip(guesses, rows, strict=True) if r["lang"] == language]
        if right:
            print(f"  {file.name} {language}: n {len(right)}, lenient {np.mean(right):.3f}", flush=True)


def shuffled_batches(lengths: list[int], rng: random.Random) -> list[list[int]]:
    """Batches of similar length, in random order."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + rng.random() * 8)
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    rng.shuffle(batches)
    return batches


def padded(rows: list[list[int]], filler: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([row + [filler] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask


if __name__ == "__main__":
    main()
