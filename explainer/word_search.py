"""BM25 over passages in numpy: rank by the words that query and passage share."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K1, B = 1.5, 0.75
"""How soon a word said again stops counting, and how far long passages are held back: the usual values."""
_STOP = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with".split()
)
"""Lucene's English stop words."""
_WORD = re.compile(r"\b\w\w+\b")


class WordSearch:
    """Scores of Lucene's BM25, worked out when the passages are read; a library for it would bring scipy along."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(1, len(lengths))
        holders = Counter(word for count in counts for word in count)
        rarity = {w: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for w, n in holders.items()}
        postings: dict[str, tuple[list[int], list[float]]] = {word: ([], []) for word in holders}
        for row, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            norm = K1 * (1 - B + B * length / mean) if mean else 1.0
            for word, n in count.items():
                postings[word][0].append(row)
                postings[word][1].append(rarity[word] * n / (norm + n))
        self._postings = {
            word: (np.array(rows, dtype=np.int64), np.array(gains, dtype=np.float32))
            for word, (rows, gains) in postings.items()
        }
        self._n = len(texts)

    def scores(self, query: str) -> NDArray[np.float32]:
        """-> [n_texts]; a word of the query counts as often as it is said."""
        out = np.zeros(self._n, dtype=np.float32)
        for word, n in Counter(words(query)).items():
            if word in self._postings:
                rows, gains = self._postings[word]
                out[rows] += n * gains
        return out


def words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP]
