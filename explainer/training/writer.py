"""Teach the writer its task: from a situation to headline and explanation, on explanations that were written by hand.

    python -m explainer.training.writer FOLDER --out FOLDER [--plain] [--epochs N] [--resume] [--smoke]

FOLDER holds the writer that knows English (explainer.training.language). Data: explainer/training/explanations. Each
epoch shows every pair once, varied anew: other tags of the same sort, passages that no sentence needs left out or
exchanged, noise in the message. Scored before and after on the pairs kept apart. Writes the transformers folder
OUT-torch with its curve.jsonl, and OUT, the same in CTranslate2 int8.

A second round, with --plain, starts from the OUT-torch of the first and leaves out every sentence with a rare word: a
model of this size cannot say it from so few examples, and would make something up in its place.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from explainer.knowledge import load_passages
from explainer.pieces import BREAK, END, Pieces
from explainer.tags import TAG, Tagging
from explainer.training.encoder import convert
from explainer.training.language import Example, batches, ids, load_model, shuffled_tags, train
from explainer.training.noise import noisy
from explainer.writer import MOST_IN

EXPLANATIONS = Path(__file__).parent / "explanations"
EPOCHS = 10
"""Ten variants of each pair; twenty would be too many."""
RATE, DROPOUT = 3e-4, 0.1
LEFT_OUT, EXCHANGED, NOISE, FEWER_SIGNS = 0.15, 0.15, 0.25, 0.20
"""How often a passage line is left out or exchanged, the message made noisy, a sign dropped."""
OFTEN, OFTEN_IN_HEADLINE = 12, 5
"""In the second round a sentence stays when each of its words stands in this many explanations."""
PLAIN_RATE, PLAIN_EPOCHS = 2e-4, 4
RENAMED = 0.5
"""How often the second round gives the tags other numbers: when it writes, they count from one."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Pair:
    """A situation as the writer sees it, and what a careful writer made of it."""

    id: str
    split: str
    """train or test."""
    prompt: str
    headline: str
    sentences: tuple[tuple[str, int], ...]
    """Each with the passage line that it stands on, counted from 1; 0 when it only reports."""
    values: dict[str, str]

    @property
    def target(self) -> str:
        return f"{self.headline}{BREAK}{' '.join(text for text, _ in self.sentences)}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tune the writer on the explanations.")
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--plain", action="store_true", help="the second round")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--smoke", action="store_true", help="a minute: does the recipe run?")
    options = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    pieces = Pieces.load(options.source)
    pairs = load_pairs()
    learnt, kept = [p for p in pairs if p.split == "train"], [p for p in pairs if p.split == "test"]
    if options.plain:
        learnt, kept = plainly_said(learnt, learnt), plainly_said(kept, learnt)
    rate, options.epochs = (
        (PLAIN_RATE, options.epochs or PLAIN_EPOCHS) if options.plain else (RATE, options.epochs or EPOCHS)
    )
    if options.smoke:
        learnt, kept, options.epochs = learnt[:60], kept[:12], 1
    rng = random.Random(SEED + options.resume)
    check = [example(p, pieces) for p in kept]
    steps = options.epochs * len(batches([example(p, pieces) for p in learnt], rng))
    model = load_model(options.source, DROPOUT)
    folder = options.out.with_name(options.out.name + "-torch")  # the converter empties its target
    renamed = RENAMED if options.plain else 1.0
    train(model, epochs(learnt, pieces, rng, renamed), check, folder, steps, options.resume, rate)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(options.source / file, folder / file)
    convert(folder, options.out)


def load_pairs(folder: Path = EXPLANATIONS) -> list[Pair]:
    """All pairs, file by file. Raises ValueError or KeyError when a line has not the agreed form."""
    pairs = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            said = tuple((text, by) for text, by in row["sentences"])
            pairs.append(Pair(row["id"], row["split"], row["prompt"], row["headline"], said, row["values"]))
    return pairs


def passage_lines(pair: Pair) -> list[str]:
    """The passages of the prompt, in order."""
    lines = pair.prompt.split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("reader:")) + 1
    return [line.partition(": ")[2] for line in lines[first:-1]]


def plainly_said(pairs: Sequence[Pair], all_pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs without their sentences that use a rare word; those with a rare word in the headline go altogether."""
    counts = Counter(word for pair in all_pairs for word in set(_words(pair.target)))

    def often(text: str, least: int) -> bool:
        return all(counts[word] >= least for word in _words(text))

    plain = [replace(p, sentences=tuple(s for s in p.sentences if often(s[0], OFTEN))) for p in pairs]
    return [p for p in plain if len(p.sentences) >= 3 and often(p.headline, OFTEN_IN_HEADLINE)]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", TAG.sub(" ", text.replace(BREAK, " ")).casefold())


def epochs(pairs: Sequence[Pair], pieces: Pieces, rng: random.Random, renamed: float = 1.0) -> Iterator[list[Example]]:
    """Batches without end; each round shows every pair once, varied anew."""
    strangers = [(p.role, Tagging().numbers_and_names(p.text)) for p in load_passages()]
    while True:
        yield from batches([example(varied(p, strangers, rng, renamed), pieces) for p in pairs], rng)


def example(pair: Pair, pieces: Pieces) -> Example:
    return (
        ids(pieces, pieces.encode_input(pair.prompt, MOST_IN)),
        ids(pieces, [*pieces.encode_output(pair.target), END]),
    )


def varied(pair: Pair, strangers: Sequence[tuple[str, str]], rng: random.Random, renamed: float = 1.0) -> Pair:
    """The same pair as another text might have brought it; what is said stays right."""
    lines = pair.prompt.split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("reader:")) + 1
    needed = {first + by - 1 for _, by in pair.sentences if by}
    kept = []
    for i, line in enumerate(lines):
        if first <= i < len(lines) - 1 and i not in needed:
            role, chance = line.partition(":")[0], rng.random()
            if chance < LEFT_OUT:
                continue
            if chance < LEFT_OUT + EXCHANGED and (others := [text for r, text in strangers if r == role]):
                line = f"{role}: {_without_known_tags(rng.choice(others), pair.prompt)}"
        elif line.startswith("text:") and rng.random() < NOISE:
            line = "text: " + _noisy(line.removeprefix("text: "), rng)
        elif line.startswith("signs:") and rng.random() < FEWER_SIGNS:
            line = _fewer_signs(line, pair.target, rng)
        kept.append(line)
    whole = "\n".join(kept) + BREAK + pair.target
    prompt, _, target = (shuffled_tags(whole, rng) if rng.random() < renamed else whole).partition(BREAK)
    headline, _, said = target.partition(BREAK)
    return Pair(pair.id, pair.split, prompt, headline, ((said, 0),), {})


def _without_known_tags(passage: str, prompt: str) -> str:
    """A strange passage may not lend its values to the tags of the prompt."""
    taken = set(TAG.findall(prompt))
    return TAG.sub(lambda m: "..." if m.group() in taken else m.group(), passage)


def _noisy(text: str, rng: random.Random) -> str:
    """Noise between the tags, which stay whole."""
    parts = re.split(f"({TAG.pattern})", text)
    return "".join(part if TAG.fullmatch(part) or len(part) < 8 else noisy(part, rng) for part in parts)


def _fewer_signs(line: str, target: str, rng: random.Random) -> str:
    """One sign less, unless the explanation speaks of its words."""
    signs = line.removeprefix("signs: ").split("; ")
    free = [s for s in signs if not any(tag in target for tag in TAG.findall(s))]
    if len(signs) > 1 and free:
        signs.remove(rng.choice(free))
    return "signs: " + "; ".join(signs)


if __name__ == "__main__":
    main()
