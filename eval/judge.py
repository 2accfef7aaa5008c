"""Does a passage support a sentence? The evaluation's own judge, itself measured; not the one that selects drafts.

    python -m eval.judge [--fit]

A logistic regression on what the two share (meaning, words), what they contradict (numbers, negation, duty, scope), and
which small words only one of them has. Fitted on the "develop" pairs of eval/support_pairs.jsonl and on half of the
explanations that were kept apart from all training (`FITTED_ON`); measured on the other half, and on the "test" pairs,
whose unsupported half differs from a supported sentence in one detail only. A second regression tells sentences that
state a rule from those that only report a text: fitted and measured on the same halves.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.metrics import wilson
from explainer.encoder import EmbeddedEncoder
from explainer.tags import fill
from explainer.training.writer import EXPLANATIONS, Pair, load_pairs, passage_lines

PAIRS = Path(__file__).parent / "support_pairs.jsonl"
WEIGHTS = Path(__file__).parent / "judge.json"
FITTED_ON, MEASURED_ON = "test1", "test2"
"""Two files of explanations by two writers; the program's own judge and its writer saw neither."""
FEATURES = (
    "cosine", "best_cosine", "held", "best_held", "pairs_held", "strange_number", "strange_name", "negation", "duty",
    "all_or_some", "unheld_words",
)  # fmt: skip
TURNING = tuple(
    "no not none never nothing must may might can cannot should always often sometimes some all every any many most "
    "only before after without with for against later even unless until rarely usually need have".split()
)
"""Small words that turn a statement round: which of them only the sentence, or only its passage, has."""
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
    """Two regressions: is it supported, does it state a rule."""

    def __init__(self, support: Sequence[float], rule: Sequence[float]) -> None:
        self._support, self._rule = np.array(support), np.array(rule)  # the bias comes last

    @cache  # noqa: B019  one judge lives as long as the process
    def supports(self, sentence: str, passage: str) -> bool:
        """A quoted sentence is supported by its own words; any other by the weighed features."""
        if " ".join(sentence.split()) in " ".join(passage.split()):
            return True
        return bool(features(sentence, passage) @ self._support[:-1] + self._support[-1] > 0)

    @cache  # noqa: B019
    def states_rule(self, sentence: str) -> bool:
        """It says how things are, and does not only report this text, the reader's answers or the ranking."""
        return bool(_encoder().encode([sentence])[0] @ self._rule[:-1] + self._rule[-1] > 0)


@cache
def load_judge() -> Judge:
    kept = json.loads(WEIGHTS.read_text("utf-8"))
    return Judge(kept["support"], kept["rule"])


def features(sentence: str, passage: str) -> NDArray[np.float64]:
    """-> [n_features]: FEATURES, then TURNING in the sentence alone, and in the closest passage sentence alone"""
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
    only_sentence = [float(w in mine and w not in whole) for w in TURNING]
    only_passage = [float(w in best and w not in mine) for w in TURNING]
    shared = np.array(
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
    return np.concatenate([shared, only_sentence, only_passage])


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


@dataclass(frozen=True, slots=True)
class Case:
    sentence: str
    passage: str
    supported: bool


def written_pairs(split: str) -> list[Case]:
    """The pairs of support_pairs.jsonl: develop or test."""
    rows = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    return [Case(r["sentence"], r["passage"], r["supported"]) for r in rows if r["split"] == split]


def kept_apart(writer: str) -> list[Pair]:
    """The explanations of one writer, kept apart from all training."""
    names = {json.loads(line)["id"] for line in (EXPLANATIONS / f"{writer}.jsonl").read_text("utf-8").splitlines()}
    return [pair for pair in load_pairs() if pair.id in names and pair.split == "test"]


def explanation_cases(pairs: Sequence[Pair]) -> list[Case]:
    """Sentences that stand on a passage, and the same turned round or with another passage of their situation."""
    rng = random.Random(0)
    cases = []
    for pair in pairs:
        lines = [fill(line, pair.values) for line in passage_lines(pair)]
        for tagged, by in pair.sentences:
            sentence = fill(tagged, pair.values)
            if by:
                cases.append(Case(sentence, lines[by - 1], True))
                if (turned := turn_round(sentence, rng)) is not None:
                    cases.append(Case(turned, lines[by - 1], False))
                cases += [Case(sentence, line, False) for i, line in enumerate(lines) if i != by - 1][:1]
    return cases


def turn_round(sentence: str, rng: random.Random) -> str | None:
    """The sentence with one small word changed so that it says something else; None when it has none."""
    changes = [(old, new) for old, new in TURNED if re.search(rf"\b{old}\b", sentence)]
    if not changes:
        return None
    old, new = rng.choice(changes)
    return re.sub(rf"\b{old}\b", new, sentence, count=1)


TURNED = (
    ("may not", "may"), ("must not", "should"), ("cannot", "can"), ("may", "always"), ("can", "must"),
    ("often", "always"),
    ("never", "sometimes"), ("not", "often"), ("no", "every"), ("is", "is not"), ("are", "are not"), ("some", "all"),
    ("many", "few"), ("most", "no"), ("for", "against"), ("against", "for"), ("before", "after"), ("must", "need not"),
    ("should", "must not"), ("without", "only with"), ("only", "also"), ("first", "last"),
)  # fmt: skip


def measure(judge: Judge, cases: Sequence[Case] | None = None) -> Measured:
    """On the test pairs, or on other cases."""
    cases = written_pairs("test") if cases is None else cases
    said = [judge.supports(c.sentence, c.passage) for c in cases]
    yes = [s for s, c in zip(said, cases, strict=True) if c.supported]
    no = [s for s, c in zip(said, cases, strict=True) if not c.supported]
    return Measured(sum(yes) / len(yes), 1 - sum(no) / len(no), len(cases))


def measure_rules(judge: Judge, pairs: Sequence[Pair]) -> Measured:
    marked = [(fill(text, p.values), by > 0) for p in pairs for text, by in p.sentences]
    yes = [judge.states_rule(s) for s, rule in marked if rule]
    no = [judge.states_rule(s) for s, rule in marked if not rule]
    return Measured(sum(yes) / len(yes), 1 - sum(no) / len(no), len(marked))


def fit() -> None:
    from sklearn.linear_model import LogisticRegression

    pairs = kept_apart(FITTED_ON)
    cases = [*written_pairs("develop"), *explanation_cases(pairs)]
    table = np.array([features(c.sentence, c.passage) for c in cases])
    spread = table.std(axis=0) + 1e-6
    support = LogisticRegression(C=0.1, class_weight="balanced", max_iter=3000)
    support.fit(table / spread, [c.supported for c in cases])
    marked = [(fill(text, p.values), by > 0) for p in pairs for text, by in p.sentences]
    rule = LogisticRegression(C=3.0, class_weight="balanced", max_iter=3000)
    rule.fit(_encoder().encode([s for s, _ in marked]), [is_rule for _, is_rule in marked])
    kept = {
        "support": [*(support.coef_[0] / spread).round(4).tolist(), round(float(support.intercept_[0]), 4)],
        "rule": [*rule.coef_[0].round(3).tolist(), round(float(rule.intercept_[0]), 3)],
    }
    WEIGHTS.write_text(json.dumps(kept) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the support judge.")
    parser.add_argument("--fit", action="store_true", help="fit it anew first")
    if parser.parse_args().fit:
        fit()
        load_judge.cache_clear()
    judge, apart = load_judge(), kept_apart(MEASURED_ON)
    result = measure(judge)
    low, high = wilson(round(result.sensitivity * result.n / 2), result.n // 2)
    print(f"supported, on the test pairs: {result} (sensitivity 95 % interval about [{low:.2f}, {high:.2f}])")
    print(f"supported, on explanations kept apart: {measure(judge, explanation_cases(apart))}")
    print(f"states a rule, on explanations kept apart: {measure_rules(judge, apart)}")


if __name__ == "__main__":
    main()
