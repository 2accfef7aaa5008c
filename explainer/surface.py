"""The surface of a text as hashed features: character n-grams, and words with their pairs."""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
"""Four times as many measured alike."""
NGRAMS = (1, 2, 3, 4, 5)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_LEET = str.maketrans("013@$5", "oieass")


class Features(NamedTuple):
    """Buckets, and the character at which each feature begins."""

    buckets: NDArray[np.int64]
    owners: NDArray[np.int64]

    def distinct(self) -> Features:
        buckets, first = np.unique(self.buckets, return_index=True)
        return Features(buckets, self.owners[first])


def plain_letters(text: str) -> str:
    """Lower case, digits all alike so that no amount is learnt by heart, and signs that stand for letters read as such.

    Every character keeps its place: "L0an 250" -> "loan 000".
    """
    lowered = text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    read = re.sub(
        r"(?<=[a-z])[013@$5]+(?=[a-z])|(?<![\w@$.])[@$](?=[a-z]{2})", lambda m: m[0].translate(_LEET), lowered
    )
    return re.sub(r"\d", "0", read)


def hashed_ngrams(text: str) -> Features:
    """Every run of 1 to 5 characters."""
    codes = np.frombuffer(plain_letters(text).encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    buckets, owners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
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
    return Features(np.concatenate(buckets), np.concatenate(owners))


def hashed_words(text: str) -> Features:
    """Every word and pair of neighbours; each Chinese character is a word."""
    words = [(m[0], m.start()) for m in re.finditer(r"[\u4e00-\u9fff]|\w+", plain_letters(text))]
    pairs = [(f"{a} {b}", start) for (a, start), (b, _) in zip(words, words[1:], strict=False)]
    features = words + pairs
    buckets = [zlib.crc32(word.encode("utf-8", "replace")) % BUCKETS for word, _ in features]
    return Features(np.array(buckets, dtype=np.int64), np.array([start for _, start in features], dtype=np.int64))
