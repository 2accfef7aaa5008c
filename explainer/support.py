"""Does a passage say what a sentence says, and does the sentence state a rule at all? The judge of step 7.

Two logistic readings, learnt from sentences whose writers said which passage they stand on
(explainer/training/support.py). The evaluation has a judge of its own, fitted on other pairs: this one never scores
itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from explainer.encoder import Encoder
from explainer.weights import model_folder

FEATURES = (
    "cosine", "best_cosine", "second_cosine", "held", "best_held", "pairs_held", "rare_unheld", "negation", "duty",
    "all_or_some", "strange_number", "strange_name", "length",
)  # fmt: skip
_NEGATIONS = frozenset("not no never none nor without cannot neither nothing nobody".split())
_DUTY = {"must": 2, "shall": 2, "always": 2, "never": 2, "cannot": 2, "required": 2, "bars": 2, "forbid": 2,
         "should": 1, "may": 0, "might": 0, "can": 0, "could": 0, "sometimes": 0, "often": 0}  # fmt: skip
MODIFIERS = tuple(
    "no not none never nobody nothing must may might can could cannot should always often sometimes some all every any "
    "many most only before after without with for against first later than even unless until both either or".split()
)
"""Small words that turn a statement round; told one by one where sentence and passage differ in them."""
_TOTAL = frozenset("all every any each always everyone anyone only never nobody none".split())
_SMALL = frozenset(
    "a an the of to in on at for and or but if is are was be been it its this that these those you your they their "
    "them he she his her with by from as do does did will would has have had who which what when than then so there "
    "here one some such out up into about also too just even both i we our own".split()
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class SupportJudge:
    """The two readings, and the encoder that both rest on."""

    def __init__(self, encoder: Encoder, folder: Path | str = "support") -> None:
        weights = load_file(model_folder(folder) / "weights.safetensors")
        self._encoder = encoder
        self._rule, self._rule_bias = weights["rule"], float(weights["rule_bias"][0])  # [dim + n_forms]
        self._supports, self._supports_bias = weights["supports"], float(weights["supports_bias"][0])  # [n_features]
        self._passages: dict[str, PassageReading] = {}

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """-> [n_sentences, dim]"""
        return self._encoder.encode(list(sentences))

    def states_rule(self, sentences: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(it states a rule or a general fact, and does not only report this text), of each -> [n_sentences]"""
        forms = np.array([form_features(s) for s in sentences]).reshape(len(sentences), len(FORMS))
        return _sigmoid(np.hstack([vectors, forms]) @ self._rule + self._rule_bias)

    def supports(self, sentence: str, vector: NDArray[np.float32], passage: str) -> float:
        """P(the passage says what the sentence says)."""
        row = support_features(sentence, vector, self._read(passage))
        return float(_sigmoid(row @ self._supports + self._supports_bias))

    def _read(self, passage: str) -> PassageReading:
        if passage not in self._passages:
            self._passages[passage] = PassageReading(passage, self._encoder)
        return self._passages[passage]


class PassageReading:
    """A passage, split and encoded once."""

    def __init__(self, text: str, encoder: Encoder) -> None:
        self.sentences = [s for s in _SENTENCE.split(text) if s]
        pairs = [" ".join(self.sentences[i : i + 2]) for i in range(len(self.sentences) - 1)]
        vectors = encoder.encode([text, *self.sentences, *pairs])
        self.whole = vectors[0]
        self.each = vectors[1 : 1 + len(self.sentences)]  # [n_sentences, dim]
        self.pairs = vectors[1 + len(self.sentences) :]  # [n_sentences - 1, dim]
        self.text = text
        self.stems = stems(text)
        self.stems_of = [stems(s) for s in self.sentences]


FORMS = (
    r"\bthis (?:text|message|one|offer|demand|note|code)\b",
    r"^(?:in|under|by) ",
    r"\b(?:lenders?|collectors?|scammers?|cheats?|firms?|apps?|fraudsters?|thieves|brokers?)\b",
    r"\b(?:may|can|must|must not|may not|often|sometimes)\b",
    r"\byou (?:say|said|did|have|had|do)\b|\byour (?:own )?(?:name|answer)",
    r"\b(?:likely|unlikely|possible|possibly|probably)\b",
    r"\b(?:decides?|settles?|tells?|will show|shows)\b",
    r"“",
    r"\b(?:speaks?|fits?|points?) (?:for|against|to)\b",
    r"^(?:it|the sender|the words|the tone|no )\b",
    r"\b(?:here|this)\b",
    r"\d",
)
"""What the form of a sentence tells of it."""


@cache
def _forms() -> list[re.Pattern[str]]:
    return [re.compile(form, re.IGNORECASE) for form in FORMS]


def form_features(sentence: str) -> list[float]:
    return [float(bool(form.search(sentence))) for form in _forms()]


def support_features(sentence: str, vector: NDArray[np.float32], passage: PassageReading) -> NDArray[np.float64]:
    """-> [n_features]: FEATURES; MODIFIERS that only one of the two has, three ways; how the two vectors differ."""
    cosines = passage.each @ vector
    pairs = passage.pairs @ vector if len(passage.pairs) else cosines
    near = int(cosines.argmax())
    mine, whole, best = stems(sentence), set(passage.stems), passage.stems_of[near]
    content = [w for w in mine if w not in _SMALL] or mine
    held = [w in whole for w in content]
    neighbours = list(zip(content, content[1:], strict=False))
    whole_content = [w for w in passage.stems if w not in _SMALL]
    order = set(zip(whole_content, whole_content[1:], strict=False))
    has, closest_has = set(mine), set(best)
    one_sided = [
        *(m in has and m not in whole for m in MODIFIERS),
        *(m in has and m not in closest_has for m in MODIFIERS),
        *(m in closest_has and m not in has for m in MODIFIERS),
    ]
    shared = np.array(
        [
            float(passage.whole @ vector),
            float(cosines.max()),
            float(max(pairs.max(), np.sort(cosines)[-2] if len(cosines) > 1 else 0.0)),
            sum(held) / max(1, len(content)),
            sum(w in best for w in content) / max(1, len(content)),
            sum(p in order for p in neighbours) / max(1, len(neighbours)),
            sum(len(w) > 5 and not h for w, h in zip(content, held, strict=True)) / max(1, len(content)),
            float(abs(_count(mine, _NEGATIONS) - _count(best, _NEGATIONS))),
            float(max(0, _duty(mine) - _duty(best))),
            float(bool(set(mine) & _TOTAL - whole)),
            float(bool(_numbers(sentence) - _numbers(passage.text))),
            float(any(name not in passage.text.casefold() for name in _names(sentence))),
            len(mine) / 20,
        ]
    )
    closest = passage.each[near]
    return np.concatenate([shared, np.array(one_sided, float), vector * closest, np.abs(vector - closest)])


def stems(text: str) -> list[str]:
    words = re.findall(r"[a-z]+|\d[\d,.]*\d|\d", re.sub(r"n['’]t\b", " not", text.casefold()))
    return [w if len(w) < 5 else re.sub(r"(?:ies|ied|es|s|ed|ing|ly|er)$", "", w) for w in words]


def _count(words: Sequence[str], of: frozenset[str]) -> int:
    return sum(w in of for w in words)


def _duty(words: Sequence[str]) -> int:
    return max((_DUTY[w] for w in words if w in _DUTY), default=1)


def _numbers(text: str) -> set[str]:
    return {n.replace(",", "") for n in re.findall(r"\d[\d,.]*\d|\d", text)}


def _names(sentence: str) -> list[str]:
    return [n.casefold() for n in re.findall(r"(?<=[a-z,;] )[A-Z][\w-]+", sentence)]


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return out
