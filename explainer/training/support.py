"""Fit the judge of step 7 on sentences whose writers said which passage they stand on, or that they only report.

    python -m explainer.training.support [--out FOLDER]

States a rule: every sentence of the explanations, by its writer's mark. Supports: a marked sentence with its passage;
against it the same sentence with other passages, the sentence altered in one detail (not, must, all), and its passage
altered so. Fitted on the training pairs, measured on those kept apart; thresholds are read off the table it prints.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from explainer.encoder import EmbeddedEncoder
from explainer.support import PassageReading, form_features, support_features
from explainer.tags import fill
from explainer.training.writer import Pair, load_pairs, passage_lines
from explainer.weights import MODELS, write_manifest

SEED = 7
STRENGTH = 0.003
"""Inverse of the regularisation: nearly 900 features, of which most are coordinates of vectors."""
ALTERATIONS = (
    (r"\bmay not\b", "must"), (r"\bmust not\b", "may"), (r"\bmay\b", "must"), (r"\bcan\b", "cannot"),
    (r"\bcannot\b", "can"), (r"\bnot\b ?", ""), (r"\bnever\b", "often"), (r"\bis\b", "is never"),
    (r"\bare\b", "are never"), (r"\boften\b", "never"), (r"\bsome\b", "all"), (r"\bmany\b", "all"),
    (r"\bshould\b", "need not"),
    (r"\bspeaks? for\b", "speaks against"), (r"\bspeaks? against\b", "speaks for"), (r"\bpoints? to\b", "rules out"),
    (r"\bbefore\b", "after"), (r"\bmust\b", "may"), (r"\bdo not\b", "do"), (r"\bno\b", "a"),
    (r"\bfits\b", "does not fit"), (r"\bwithout\b", "with"), (r"\bcopy\b", "never copy"), (r"\bask\b", "never ask"),
)  # fmt: skip
"""One detail changed: a sentence that no longer says what its passage says."""


@dataclass(frozen=True, slots=True)
class Case:
    sentence: str
    passage: str
    supported: bool
    sort: str


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the support judge of the program.")
    parser.add_argument("--out", type=Path, default=MODELS / "support")
    options = parser.parse_args()
    rng = random.Random(SEED)
    pairs = load_pairs()
    encoder = EmbeddedEncoder(threads=2)
    tensors: dict[str, NDArray[np.float32]] = {}
    split = {name: [p for p in pairs if p.split == name] for name in ("train", "test")}

    said = {name: [(fill(s, p.values), by > 0) for p in of for s, by in p.sentences] for name, of in split.items()}
    rule = {name: rule_table([s for s, _ in rows], encoder) for name, rows in said.items()}
    model = LogisticRegression(C=3.0, max_iter=3000, class_weight="balanced")
    model.fit(rule["train"], [is_rule for _, is_rule in said["train"]])
    tensors["rule"], tensors["rule_bias"] = model.coef_[0], model.intercept_
    print(f"states a rule, on {len(said['test'])} sentences kept apart:")
    thresholds(model.predict_proba(rule["test"])[:, 1], np.array([is_rule for _, is_rule in said["test"]]))

    cases = {name: list(support_cases(of, rng)) for name, of in split.items()}
    table = {name: support_table(rows, encoder) for name, rows in cases.items()}
    spread = table["train"].std(axis=0) + 1e-6
    judge = LogisticRegression(C=STRENGTH, max_iter=3000, class_weight="balanced")
    judge.fit(table["train"] / spread, [c.supported for c in cases["train"]])
    tensors["supports"], tensors["supports_bias"] = judge.coef_[0] / spread, judge.intercept_
    print(f"supports, on {len(cases['test'])} cases kept apart:")
    chances = judge.predict_proba(table["test"] / spread)[:, 1]
    thresholds(chances, np.array([c.supported for c in cases["test"]]))
    for sort in dict.fromkeys(c.sort for c in cases["test"]):
        of = np.array([c.sort == sort for c in cases["test"]])
        print(f"  {sort}: n {of.sum()}, called supported at 0.6: {(chances[of] >= 0.6).mean():.3f}")

    options.out.mkdir(parents=True, exist_ok=True)
    save_file({k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()}, options.out / "weights.safetensors")
    (options.out / "weights.safetensors").chmod(0o644)
    write_manifest(options.out)


def rule_table(sentences: Sequence[str], encoder: EmbeddedEncoder) -> NDArray[np.float64]:
    return np.hstack([encoder.encode(sentences), np.array([form_features(s) for s in sentences])])


def support_cases(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Case]:
    """Marked sentences with their passage, and what must not pass for that."""
    strangers = [fill(line, p.values) for p in pairs for line in passage_lines(p)]
    for pair in pairs:
        lines = [fill(line, pair.values) for line in passage_lines(pair)]
        for tagged, by in pair.sentences:
            sentence = fill(tagged, pair.values)
            if by == 0:
                if rng.random() < 0.3:
                    yield Case(sentence, rng.choice(lines), False, "a report")
                continue
            own = lines[by - 1]
            yield Case(sentence, own, True, "supported")
            for other in [line for i, line in enumerate(lines) if i != by - 1][:1]:
                yield Case(sentence, other, False, "another passage of the situation")
            if (strange := rng.choice(strangers)) != own:
                yield Case(sentence, strange, False, "a strange passage")
            changes = [(p, new) for p, new in ALTERATIONS if re.search(p, sentence)]
            for pattern, new in rng.sample(changes, min(2, len(changes))):
                yield Case(re.sub(pattern, new, sentence, count=1), own, False, "sentence altered")
            changed = altered_passage(sentence, own, rng)
            if changed:
                yield Case(sentence, changed, False, "passage altered")


def altered_passage(sentence: str, passage: str, rng: random.Random) -> str | None:
    """The passage with one detail changed in the sentence of it that shares most words with this one."""
    parts = re.split(r"(?<=[.!?])\s+", passage)
    words = set(re.findall(r"[a-z]{4,}", sentence.casefold()))
    near = max(parts, key=lambda s: len(words & set(re.findall(r"[a-z]{4,}", s.casefold()))))
    changes = [(p, new) for p, new in ALTERATIONS if re.search(p, near)]
    if not changes:
        return None
    pattern, new = rng.choice(changes)
    return passage.replace(near, re.sub(pattern, new, near, count=1))


def support_table(cases: Sequence[Case], encoder: EmbeddedEncoder) -> NDArray[np.float64]:
    read: dict[str, PassageReading] = {}
    vectors = encoder.encode([c.sentence for c in cases])
    rows = []
    for case, vector in zip(cases, vectors, strict=True):
        if case.passage not in read:
            read[case.passage] = PassageReading(case.passage, encoder)
        rows.append(support_features(case.sentence, vector, read[case.passage]))
    return np.array(rows)


def thresholds(chances: NDArray[np.float64], truth: NDArray[np.bool_]) -> None:
    """What each threshold catches and lets through."""
    for at in (0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        said = chances >= at
        print(f"  at {at:.2f}: {said[truth].mean():.3f} of the true ones, {said[~truth].mean():.3f} of the others")


if __name__ == "__main__":
    main()
