"""Flesch-Kincaid grade, offline: the usual libraries download a dictionary of syllables on first use."""

from __future__ import annotations

import re
from functools import cache

import pyphen


def flesch_kincaid(text: str) -> float:
    """US school grade: 0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid and others, 1975)."""
    words = re.findall(r"[A-Za-z]+(?:['’-][A-Za-z]+)*", text)
    if not words:
        return 0.0
    sentences = max(1, len(re.findall(r"[.!?](?=\s|$)", text)))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@cache
def syllables(word: str) -> int:
    """The larger of two counts: hyphenation points, which miss some, and groups of vowels without a silent e."""
    plain = word.casefold()
    groups = len(re.findall(r"[aeiouy]+", re.sub(r"(?:(?<=[^aeiouylr])es|(?<=[^td])ed|(?<=[^l])e)$", "", plain)))
    return max(1, groups, len(_dictionary().positions(plain)) + 1)


@cache
def _dictionary() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US")
