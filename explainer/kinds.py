"""Step 2: what is this text? Probabilities of the eight kinds, and the words that show it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from explainer.encoder import EmbeddedEncoder, Encoder
from explainer.errors import BadModel
from explainer.records import KINDS, Evidence, KindEstimate, Message
from explainer.weights import model_folder, model_name
from explainer.words import cue_of, says_nothing

BUCKETS = 1 << 16
NGRAMS = (1, 2, 3, 4, 5)
_MIX = np.uint64(0x9E3779B97F4A7C15)
MAX_PHRASES = 10
"""Phrases short-listed by the head's weights, then tried by leaving them out."""
MAX_EVIDENCE = 4
MIN_WEIGHT = 0.02
"""A phrase counts as evidence when leaving it out costs the kind at least this much probability."""


class KindModel:
    """A linear head on a sentence embedding and on hashed character n-grams."""

    def __init__(self, folder: Path | str = "kinds", encoder: Encoder | None = None) -> None:
        path = model_folder(folder)
        self.name = model_name(path)
        config = json.loads((path / "config.json").read_text("utf-8"))
        if tuple(config["kinds"]) != KINDS or config["buckets"] != BUCKETS or tuple(config["ngrams"]) != NGRAMS:
            raise BadModel(f"{path / 'config.json'} is of another version of the program: restore it from the project")
        self._encoder = encoder or EmbeddedEncoder()
        weights = load_file(path / "head.safetensors")
        self._dense = weights["dense"].astype(np.float32)  # [dim, n_kinds]
        self._sparse = weights["sparse"]  # [BUCKETS, n_kinds], float16
        self._bias = weights["bias"].astype(np.float32)  # [n_kinds]
        self._temperature = float(config["temperature"])

    def estimate(self, messages: Sequence[Message]) -> list[KindEstimate]:
        """Kinds and evidence of each message; evidence costs one more batch through the encoder."""
        probabilities = self.probabilities([m.text for m in messages])  # [n_messages, n_kinds]
        phrases = [self._shortlist(m.text, int(p.argmax())) for m, p in zip(messages, probabilities, strict=True)]
        without = [m.text[:a] + " " + m.text[b:] for m, spans in zip(messages, phrases, strict=True) for a, b in spans]
        left = iter(self.probabilities(without))
        estimates = []
        for message, row, spans in zip(messages, probabilities, phrases, strict=True):
            best = int(row.argmax())
            drops = [(float(row[best] - next(left)[best]), a, b) for a, b in spans]
            evidence = [
                _evidence(message, a, b, drop, KINDS[best])
                for drop, a, b in sorted(drops, reverse=True)[:MAX_EVIDENCE]
                if drop >= MIN_WEIGHT
            ]
            kinds = {kind: float(p) for kind, p in zip(KINDS, row, strict=True)}
            estimates.append(KindEstimate(kinds, tuple(sorted(evidence, key=lambda e: e.start))))
        return estimates

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Normalised texts -> [n_texts, n_kinds], each row summing to 1."""
        if not texts:
            return np.zeros((0, len(KINDS)), dtype=np.float32)
        logits = self._encoder.encode(list(texts)) @ self._dense + self._bias
        for i, text in enumerate(texts):
            buckets, _ = hashed_ngrams(text)
            if len(buckets):
                logits[i] += self._sparse[buckets].astype(np.float32).sum(axis=0) / np.sqrt(len(buckets))
        return softmax(logits / self._temperature)

    def _shortlist(self, text: str, kind: int) -> list[tuple[int, int]]:
        """Spans of whole words whose n-grams weigh most for this kind against the others."""
        buckets, owners = hashed_ngrams(text, unique=False)
        if not len(buckets):
            return []
        weights = self._sparse[buckets].astype(np.float32)
        gain = weights[:, kind] - (weights.sum(axis=1) - weights[:, kind]) / (len(KINDS) - 1)
        per_character = np.bincount(owners, gain, minlength=len(text))
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


def hashed_ngrams(text: str, unique: bool = True) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Buckets of the character n-grams of a text, and the character at which each n-gram begins.

    Digits count as one and the same, so that no amount or number is learnt by heart.
    """
    plain = re.sub(r"\d", "0", text.casefold() if len(text.casefold()) == len(text) else text.lower())
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    buckets, owners = [], []
    with np.errstate(over="ignore"):
        for n in NGRAMS:
            if len(codes) < n:
                break
            value = np.full(len(codes) - n + 1, n, dtype=np.uint64)
            for j in range(n):
                value = (value ^ codes[j : len(codes) - n + 1 + j]) * _MIX
                value ^= value >> np.uint64(29)
            buckets.append((value % np.uint64(BUCKETS)).astype(np.int64))
            owners.append(np.arange(len(value), dtype=np.int64))
    if not buckets:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    all_buckets, all_owners = np.concatenate(buckets), np.concatenate(owners)
    if unique:
        all_buckets, first = np.unique(all_buckets, return_index=True)
        all_owners = all_owners[first]
    return all_buckets, all_owners


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return scaled


def _evidence(message: Message, start: int, end: int, drop: float, kind: str) -> Evidence:
    first, last = message.given_span(start, end)
    words = message.request.text[first:last]
    return Evidence(first, last, words, cue_of(message.text[start:end], kind), round(drop, 3))
