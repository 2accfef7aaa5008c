"""Does a passage support a sentence? The evaluation's own judge, itself measured; not the one that selects drafts.

    python -m eval.judge [--fit]

A logistic regression on what the two share (meaning, words) and on what they contradict (numbers, negation, duty,
scope). Fitted on the "develop" pairs of eval/support_pairs.jsonl, measured on the "test" pairs, whose altered half
differs from a supported sentence in one detail only.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.metrics import wilson
from explainer.encoder import EmbeddedEncoder

PAIRS = Path(__file__).parent / "support_pairs.jsonl"
WEIGHTS = Path(__file__).parent / "judge.json"
FEATURES = (
    "cosine", "best_cosine", "held", "best_held", "pairs_held", "strange_number", "strange_name", "negation", "duty",
    "all_or_some", "unheld_words",
)  # fmt: skip
_NEGATIONS = frozenset("not no never none nor without cannot neither n't".split())
_DUTIES = {"must": 2, "shall": 2, "required": 2, "always": 2, "have": 1, "should": 1, "may": 0, "can": 0, "could": 0}
_ALL = frozenset("all every any each always everyone only never".split())
_NUMBER_WORDS = {w: str(i) for i, w in enumerate("zero one two three four five six seven eight nine ten".split())}
_SMALL = frozenset(
    "a an the of to in on at for and or but if is are was be it its this that these you your they their he she with by "
    "from as do does did will would have has had who which what when than then so there here".split()
)


@dataclass(frozen=True, slots=True)
class Measured:
    sensitivity: float
    """Share of the supported sentences that it calls supported."""
    specificity: float
    """Share of the unsupported ones that it calls unsupported."""
    n: int

    def __str__(self) -> str:
        balanced = (self.sensitivity + self.specificity) / 2
        both = f"sensitivity {self.sensitivity:.2f}, specificity {self.specificity:.2f}"
        return f"{both}, balanced {balanced:.2f}, n={self.n}"


class Judge:
    """Weights over FEATURES and a threshold."""

    def __init__(self, weights: NDArray[np.float64], bias: float) -> None:
        self._weights, self._bias = weights, bias

    @cache  # noqa: B019  one judge lives as long as the process
    def supports(self, sentence: str, passage: str) -> bool:
        """A quoted sentence is supported by its own words; any other by the weighed features."""
        if " ".join(sentence.split()) in " ".join(passage.split()):
            return True
        return bool(features(sentence, passage) @ self._weights + self._bias > 0)


@cache
def load_judge() -> Judge:
    kept = json.loads(WEIGHTS.read_text("utf-8"))
    return Judge(np.array([kept["weights"][name] for name in FEATURES]), kept["bias"])


def features(sentence: str, passage: str) -> NDArray[np.float64]:
    """-> [n_features], in the order of FEATURES"""
    parts = [p for p in re.split(r"(?<=[.!?])\s+", passage) if p]
    vectors = _encoder().encode([sentence, passage, *parts])
    cosines = vectors[2:] @ vectors[0]
    near = parts[int(cosines.argmax())]
    mine, whole, best = _stems(sentence), _stems(passage), _stems(near)
    content = [w for w in mine if w not in _SMALL]
    order = list(zip(content, content[1:], strict=False))
    whole_content = [w for w in whole if w not in _SMALL]
    held_order = set(zip(whole_content, whole_content[1:], strict=False))
    names = {w for w in re.findall(r"(?<!^)(?<![.!?] )\b[A-Z][\w-]+", sentence)}
    return np.array(
        [
            float(vectors[0] @ vectors[1]),
            float(cosines.max()),
            sum(w in whole for w in content) / max(1, len(content)),
            sum(w in best for w in content) / max(1, len(content)),
            sum(p in held_order for p in order) / max(1, len(order)),
            float(bool(_numbers(sentence) - _numbers(passage))),
            float(any(n.casefold() not in passage.casefold() for n in names)),
            abs(sum(w in _NEGATIONS for w in mine) - sum(w in _NEGATIONS for w in best)),
            max(0, _duty(mine) - _duty(best)),
            float(bool(set(mine) & _ALL - set(whole))),
            sum(w not in whole for w in content),
        ]
    )


def _stems(text: str) -> list[str]:
    words = re.findall(r"[a-z]+|\d[\d,.]*\d|\d", re.sub(r"n['’]t\b", " not", text.casefold()))
    return [_NUMBER_WORDS.get(w, w if len(w) < 5 else re.sub(r"(?:ies|es|s|ed|ing|ly|er)$", "", w)) for w in words]


def _numbers(text: str) -> set[str]:
    return {w.replace(",", "") for w in _stems(text) if w[0].isdigit()}


def _duty(words: list[str]) -> int:
    return max((_DUTIES[w] for w in words if w in _DUTIES), default=1)


@cache
def _encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder(threads=2)


def load_pairs(split: str) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    return [row for row in rows if row["split"] == split]


def measure(judge: Judge, split: str = "test") -> Measured:
    pairs = load_pairs(split)
    said = [judge.supports(str(p["sentence"]), str(p["passage"])) for p in pairs]
    yes = [s for s, p in zip(said, pairs, strict=True) if p["supported"]]
    no = [s for s, p in zip(said, pairs, strict=True) if not p["supported"]]
    return Measured(sum(yes) / len(yes), 1 - sum(no) / len(no), len(pairs))


def fit() -> None:
    from sklearn.linear_model import LogisticRegression

    pairs = load_pairs("develop")
    table = np.array([features(str(p["sentence"]), str(p["passage"])) for p in pairs])
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(
        table / spread, [bool(p["supported"]) for p in pairs]
    )
    weights = dict(zip(FEATURES, (model.coef_[0] / spread).round(4).tolist(), strict=True))
    WEIGHTS.write_text(json.dumps({"weights": weights, "bias": round(float(model.intercept_[0]), 4)}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the support judge.")
    parser.add_argument("--fit", action="store_true", help="fit it anew on the develop pairs first")
    if parser.parse_args().fit:
        fit()
        load_judge.cache_clear()
    result = measure(load_judge())
    low, high = wilson(round(result.sensitivity * result.n / 2), result.n // 2)
    print(f"on the test pairs: {result}; on the develop pairs: {measure(load_judge(), 'develop')}")
    print(f"sensitivity 95 % interval about [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    main()
