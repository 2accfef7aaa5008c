"""What the shipped knowledge covers: local facts by cause and country, every way to reach somebody, how old each is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from explainer.knowledge import successors
from explainer.records import CAUSES, Passage

COVERED = ("why", "sign", "step", "report")
Reach = Literal["phone", "address", "deadline", "hours"]

_NUMBER_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety)"
_PATTERNS: tuple[tuple[Reach, str], ...] = (
    ("address", r"(?<![\w@.-])(?:[A-Za-z\d][\w-]+\.)+[A-Za-z]{2,6}\b(?:/[\w/-]+)?"),
    ("address", r"\b\d+ (?:[A-Z]\w+ )+(?:Road|Street|Avenue|Lane|Square)\b"),
    # Hours of the day in which contact is allowed or barred.
    ("hours", r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b|\b1?\d [ap]m\b"),
    # A span of time in digits or words; a day alone ("three a day") is none.
    (
        "deadline",
        rf"\b(?:\d+|{_NUMBER_WORD})(?: (?:business|working|calendar))? (?:minute|hour|day|week|month|year)s?\b",
    ),
    # Long numbers, in groups or in one run; a standard such as GB/T 45251-2025 is none.
    ("phone", r"(?<!GB/T )(?<![\w.,:/-])(?=(?:[ +-]?\d){7})\+?\d+(?:[ -]\d{2,})*(?![\w-]|[.,:/]\d)"),
    # Short numbers, told by the word before them, for a year or a sum looks the same.
    (
        "phone",
        r"(?:(?i:\b(?:call|text|number|line|centre|use|dial|the))|\b(?:to|on|or|is|at)|(?<!begin )\bwith) "
        r"(?!20\d\d\b)(\d{3,6})(?![\w%-]|[.,:/]\d| (?:percent|million|billion|yuan|days?|belong|numbers?|other)\b)",
    ),
)
"""In this order: what one of them has found, a later one leaves alone."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a person in one country is told about one cause in one role."""

    cause: str
    country: str
    role: str
    passages: tuple[str, ...]
    """Ids of the local passages; empty means that only general ones are told."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A number, an address or a limit that an answer may print, and the passage it stands in."""

    kind: Reach
    value: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Age:
    passage: Passage
    days: int
    """Since its source was last checked; for an own passage, since it was added."""
    replaced_by: str | None


def countries(passages: Iterable[Passage]) -> list[str]:
    """The countries that have a passage of their own."""
    return sorted({p.country for p in passages if p.origin == "shipped"} - {"any"})


def coverage(passages: Sequence[Passage], role_names: Sequence[str] = COVERED) -> list[Cell]:
    """Every cause in every country, and in `any`.

    A passage that holds for one lender only, or only after something happened, fills no cell; nor does an own one.
    """
    counted = [p for p in passages if p.origin == "shipped" and not p.lender and not p.already]
    return [
        Cell(
            cause,
            country,
            role,
            tuple(p.id for p in counted if cause in p.causes and p.country == country and p.role == role),
        )
        for cause in CAUSES
        for country in [*countries(passages), "any"]
        for role in role_names
    ]


def contacts(passages: Iterable[Passage]) -> list[Contact]:
    """All phone numbers, addresses, deadlines and hours, sorted by kind and value, each with every passage."""
    found = [
        Contact(kind, value, passage) for passage in passages for kind, value in dict.fromkeys(find_contacts(passage))
    ]
    return sorted(found, key=lambda c: (c.kind, c.value.casefold(), c.passage.id))


def find_contacts(passage: Passage) -> list[tuple[Reach, str]]:
    """In the order in which they stand in the text."""
    found: list[tuple[int, int, Reach]] = []
    for kind, pattern in _PATTERNS:
        for match in re.finditer(pattern, passage.text):
            start, end = match.span(match.re.groups)
            if not any(start < b and a < end for a, b, _ in found):
                found.append((start, end, kind))
    return [(kind, passage.text[start:end]) for start, end, kind in sorted(found)]


def by_age(passages: Iterable[Passage], today: date | None = None) -> list[Age]:
    """The longest unchecked first."""
    passages = list(passages)
    today = today or date.today()
    newer = successors(passages)
    ages = [
        Age(p, (today - date.fromisoformat(p.checked)).days, newer[p.id].id if p.id in newer else None)
        for p in passages
    ]
    return sorted(ages, key=lambda age: (-age.days, age.passage.id))
