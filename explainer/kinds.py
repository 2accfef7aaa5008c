"""Step 2: what is this text? Probabilities of the eight kinds, and the words that show it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from explainer.encoder import EmbeddedEncoder, softmax
from explainer.errors import BadModel
from explainer.orders import blanked, find_marks, without_orders, worst_parts
from explainer.records import KINDS, Evidence, KindEstimate, Message
from explainer.surface import BUCKETS, NGRAMS, hashed_ngrams, hashed_words
from explainer.weights import model_folder, model_name
from explainer.words import cue_of, says_nothing

MAX_PHRASES = 7
"""Phrases short-listed by the weights of the surface, then tried by leaving them out."""
MAX_EVIDENCE = 4
MIN_WEIGHT = 0.25
"""A phrase counts as evidence when leaving it out costs the kind at least this much of its log odds: a probability
near 1 hardly falls, however strong the phrase."""
SURE_TRAP = 0.7
"""From this probability of a scam on, the beginning or end of a text decides for the whole. Tried on the evaluation
samples: of 302 that are no scam none is called one for it, of the scams 7 more are found."""
MIN_DANGER = 0.05
"""So much more dangerous another reading must be: less moves no answer."""
DANGER = {
    "scam": 0.88,
    "code": 0.20,
    "overdue_demand": 0.20,
    "service_notice": 0.14,
    "reminder": 0.09,
    "advert": 0.05,
    "third_party_demand": 0.05,
    "not_loan": 0.04,
}
"""Share of the causes under which the sender lies, by kind, as causes.toml has them."""


class KindModel:
    """Three readings of a text, added: the fine-tuned encoder's, and those of its hashed words and character n-grams.

    The encoder understands sentences; the surface holds on where it does not: rare words, cut texts, Chinese.
    """

    def __init__(self, encoder: EmbeddedEncoder, folder: Path | str = "kinds", reader: Path | str = "reader") -> None:
        path, reader_path = model_folder(folder), model_folder(reader)
        self.name = f"{model_name(path)}+{model_name(reader_path)}"
        config = json.loads((path / "config.json").read_text("utf-8"))
        if tuple(config["kinds"]) != KINDS or config["buckets"] != BUCKETS or tuple(config["ngrams"]) != NGRAMS:
            raise BadModel(f"{path / 'config.json'} is of another version of the program: restore it from the project")
        self._encoder = encoder
        heads, surface = load_file(reader_path / "heads.safetensors"), load_file(path / "surface.safetensors")
        self._dense = heads["dense"] * config["reader_weight"]  # [dim, n_kinds]
        self._ngrams, self._words = surface["ngrams"], surface["words"]  # [BUCKETS, n_kinds] each, float16
        self._rarity = surface["rarity"].astype(np.float32)  # [BUCKETS], inverse document frequency of a word
        self._bias = heads["bias"] * config["reader_weight"] + surface["bias"]  # [n_kinds]
        self._temperature = float(config["temperature"])

    def estimate(self, messages: Sequence[Message]) -> list[KindEstimate]:
        """Kinds and evidence of each message; evidence costs one more batch through the encoder."""
        texts, probabilities = self._read_at_worst(messages)
        phrases = [self._shortlist(text, int(p.argmax())) for text, p in zip(texts, probabilities, strict=True)]
        without = [text[:a] + " " + text[b:] for text, spans in zip(texts, phrases, strict=True) for a, b in spans]
        left = iter(self.probabilities(without))
        estimates = []
        for message, row, spans in zip(messages, probabilities, phrases, strict=True):
            best = int(row.argmax())
            drops = [(log_odds(row[best]) - log_odds(next(left)[best]), a, b) for a, b in spans]
            evidence = [
                _evidence(message, a, b, drop, KINDS[best])
                for drop, a, b in sorted(drops, reverse=True)[:MAX_EVIDENCE]
                if drop >= MIN_WEIGHT
            ]
            kinds = {kind: float(p) for kind, p in zip(KINDS, row, strict=True)}
            estimates.append(KindEstimate(kinds, tuple(sorted(evidence, key=lambda e: e.start))))
        return estimates

    def _read_at_worst(self, messages: Sequence[Message]) -> tuple[list[str], NDArray[np.float32]]:
        """What each message is judged by, and its kinds [n_messages, n_kinds].

        Words for a program are left out where that leaves a text, and a part that is surely a trap decides: whatever
        is added to a trap, it is not read as safer.
        """
        alone = [without_orders(m.text, m.orders) for m in messages]
        readings = [
            list(dict.fromkeys([m.text, *left, *worst_parts(blanked(m.text, find_marks(m.text)))]))
            for m, left in zip(messages, alone, strict=True)
        ]
        rows = iter(self.probabilities([" ".join(text.split()) for options in readings for text in options]))
        texts, chosen = [], np.zeros((len(messages), len(KINDS)), dtype=np.float32)
        for i, (left, options) in enumerate(zip(alone, readings, strict=True)):
            kinds = [next(rows) for _ in options]
            at = _worst(kinds, n_alone=len(left))
            texts.append(options[at])
            chosen[i] = kinds[at]
        return texts, chosen

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Normalised texts -> [n_texts, n_kinds], each row summing to 1."""
        if not texts:
            return np.zeros((0, len(KINDS)), dtype=np.float32)
        logits = self._encoder.encode(list(texts)) @ self._dense + self._bias
        for i, text in enumerate(texts):
            for _, gains in self._surface(text):
                logits[i] += gains.sum(axis=0)
        return softmax(logits / self._temperature)

    def _surface(self, text: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Of n-grams and of words: where each begins, and what it adds to the logits [n_features, n_kinds]."""
        ngrams, words = hashed_ngrams(text).distinct(), hashed_words(text).distinct()
        if len(ngrams.buckets):
            yield ngrams.owners, self._ngrams[ngrams.buckets].astype(np.float32) / np.sqrt(len(ngrams.buckets))
        if len(words.buckets):
            rarity = self._rarity[words.buckets]
            scaled = (rarity / np.linalg.norm(rarity))[:, None]
            yield words.owners, self._words[words.buckets].astype(np.float32) * scaled

    def _shortlist(self, text: str, kind: int) -> list[tuple[int, int]]:
        """Spans of whole words whose surface weighs most for this kind against the others."""
        per_character = np.zeros(len(text))
        for owners, gains in self._surface(text):
            gain = gains[:, kind] - (gains.sum(axis=1) - gains[:, kind]) / (len(KINDS) - 1)
            per_character += np.bincount(owners, gain, minlength=len(text))
        words = [m.span() for m in re.finditer(r"[\u4e00-\u9fff]{1,4}|[^\s\u4e00-\u9fff]+", text)]
        scored = []
        for size in (1, 2, 3, 4):
            for i in range(len(words) - size + 1):
                start, end = words[i][0], words[i + size - 1][1]
                phrase = text[start:end]
                too_long = (end - start) * 2 > len(text) + 6
                if not too_long and not says_nothing(phrase) and not re.search(r"[.!?。！？]\s", phrase):
                    scored.append((float(per_character[start:end].sum()) / (end - start) ** 0.5, start, end))
        chosen: list[tuple[int, int]] = []
        for _, start, end in sorted(scored, reverse=True):
            if all(end <= a or b <= start for a, b in chosen):
                chosen.append((start, end))
            if len(chosen) == MAX_PHRASES:
                break
        return chosen


def _worst(kinds: Sequence[NDArray[np.float32]], n_alone: int) -> int:
    """The most dangerous reading: the whole; the next `n_alone`, without words for a program, where they are still
    about credit; and every part that is surely a trap."""
    danger = [sum(float(p) * DANGER[kind] for kind, p in zip(KINDS, row, strict=True)) for row in kinds]
    scam, not_loan = KINDS.index("scam"), KINDS.index("not_loan")
    foreign = kinds[0].argmax() == not_loan
    allowed = [
        i
        for i, row in enumerate(kinds)
        if i and (row[scam] >= SURE_TRAP or i <= n_alone and (foreign or row.argmax() != not_loan))
    ]
    best = max(allowed, key=lambda i: danger[i], default=0)
    new_trap = kinds[best].argmax() == scam != kinds[0].argmax()
    return best if danger[best] >= danger[0] + (0 if new_trap else MIN_DANGER) else 0


def log_odds(p: float) -> float:
    """In nats, cut off where a probability is all but certain."""
    p = min(max(float(p), 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def _evidence(message: Message, start: int, end: int, drop: float, kind: str) -> Evidence:
    first, last = message.given_span(start, end)
    words = message.request.text[first:last]
    return Evidence(first, last, words, cue_of(message.text[start:end], kind), round(drop, 3))
