"""Make a clean training text look as texts do on the road: typos, lost case and signs, masked digits, look-alikes."""

from __future__ import annotations

import random
import re

_LOOKALIKE = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "i": "і"}  # Latin -> Cyrillic
_LEET = {"a": "@", "e": "3", "i": "1", "o": "0", "s": "$", "l": "1"}


def noisy(text: str, rng: random.Random) -> str:
    """One text -> a variant that a careful reader still reads the same; about half stay as they are."""
    if rng.random() < 0.45:
        return text
    change = rng.choice((_lower, _upper, _no_signs, _no_digits, _cut, _typos, _glued, _disguised, _lemmas, _masked))
    return change(text, rng) or text


def disguised(text: str, rng: random.Random) -> str:
    """A disguise that a sender uses to slip past filters: spaced, leet, look-alike or zero-width spelling."""
    return rng.choice((spaced, leet, look_alike, zero_width))(text, rng)


def _disguised(text: str, rng: random.Random) -> str:
    return disguised(text, rng)


def _lower(text: str, rng: random.Random) -> str:
    return text.lower()


def _upper(text: str, rng: random.Random) -> str:
    return text.upper()


def _no_signs(text: str, rng: random.Random) -> str:
    return (
        " ".join(re.sub(r"[^\w\s]|_", " ", text).split()).lower()
        if text.isascii()
        else re.sub(r"[，。！、：；]", "", text)
    )


def _no_digits(text: str, rng: random.Random) -> str:
    return re.sub(r"\d+(?:[.,]\d+)*", rng.choice(("", "<#>", "xx", "")), text)


def _masked(text: str, rng: random.Random) -> str:
    masked = re.sub(r"https?://\S+|\S+\.\S+/\S+", rng.choice(("<URL>", "", "http://38399")), text)
    return re.sub(r"\d", lambda m: str(rng.randrange(10)), masked)


def _cut(text: str, rng: random.Random) -> str:
    return text[: max(12, int(len(text) * rng.uniform(0.5, 0.95)))]


def _typos(text: str, rng: random.Random) -> str:
    characters = list(text)
    for _ in range(max(1, len(text) // 40)):
        i = rng.randrange(len(characters))
        if characters[i].isalpha():
            characters[i] = rng.choice(("", characters[i] * 2, characters[i].swapcase()))
    return "".join(characters)


def _glued(text: str, rng: random.Random) -> str:
    return re.sub(r"(?<=[.,:;!]) |(?<=\d) (?=[A-Za-z])", lambda m: "" if rng.random() < 0.6 else " ", text)


def _lemmas(text: str, rng: random.Random) -> str:
    """As in corpora whose authors cut endings off."""
    plain = re.sub(r"\b(?:is|are|was|were|been)\b", "be", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=[a-z]{3})(?:ing|ed|s)\b", lambda m: "" if rng.random() < 0.6 else m.group(), plain)


def _some_words(text: str, rng: random.Random, change: object, share: float) -> str:
    return re.sub(r"[A-Za-z]{3,}", lambda m: change(m.group()) if rng.random() < share else m.group(), text)  # type: ignore[operator]


def spaced(text: str, rng: random.Random) -> str:
    sign = rng.choice((" ", ".", "-"))
    return _some_words(text, rng, lambda w: sign.join(w), 0.3)


def leet(text: str, rng: random.Random) -> str:
    return _some_words(text, rng, lambda w: "".join(_LEET.get(c, c) if rng.random() < 0.6 else c for c in w), 0.4)


def look_alike(text: str, rng: random.Random) -> str:
    return _some_words(text, rng, lambda w: "".join(_LOOKALIKE.get(c, c) for c in w), 0.5)


def zero_width(text: str, rng: random.Random) -> str:
    return _some_words(text, rng, lambda w: "\u200b".join(w), 0.4)
