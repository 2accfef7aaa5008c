"""Values as tags: every name, sum, number, date and quoted word that a writer may use, and the way back.

A small model that copies a name letter by letter invents names. So it reads and writes <LENDER_1>, and code fills in
what stands in the text or in a passage: nothing of that sort can be misspelt or made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

INVENTORY = {
    "lender": 3, "amount": 3, "date": 3, "person": 3, "phone": 2, "link": 2, "reference": 2,
    "words": 3, "number": 8, "name": 8,
}  # fmt: skip
"""How many tags there are of each sort: details of the text, its telling words, numbers and names in passages."""
TAGS = tuple(f"<{name.upper()}_{i}>" for name, count in INVENTORY.items() for i in range(1, count + 1))
TAG = re.compile("|".join(map(re.escape, TAGS)))
LEFT_OUT = "..."
"""Stands for a value for which no tag is left: it can be read past, and cannot be written."""

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_UNIT = (
    r"(?:%|per ?cent|business days?|working days?|minutes?|hours?|days?|weeks?|months?|years?|am\b|pm\b|yuan|pesos"
    r"|million|billion|lakhs?|crore|calls?|times)"
)
_FEW = "(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|thirty|sixty|ninety)"
_NUMBER = re.compile(
    rf"(?:early |late )?\b(?:\d{{1,2}} )?{_MONTH} (?:\d{{1,2}}, )?\d{{4}}\b"
    rf"|\b\d{{1,2}} {_MONTH}\b"
    rf"|(?:(?:Rs\.?|US\$|[₹$£€₦₱¥]|\b(?:INR|USD|KES|KSh|PHP|NGN)) ?)?"
    rf"(?:\b[A-Z]+/[A-Z]+ )?\d(?:[\d,.:/-]*\d)?(?:st|nd|rd|th\b)?(?:[ -]{_UNIT})*"
    rf"|\b{_FEW}[ -](?:hours?|days?|weeks?|months?|years?|calls?|times)\b"
)
_STARTERS = frozenset(
    "A About After An And As At Because Before But By Each For From How If In It Its Lenders Many May Most No Nor Not "
    "Of On One Or Other Our Rules She Since So Some Such Texts That The Their Then There These They This Those To "
    "Under Until We What When Where Whether Which Who With Without Yet You Your".split()
)
"""Words that begin a sentence and no name."""
_COUNTRIES = frozenset(
    "America Australia Bangladesh Britain Canada China England Ghana India Indonesia Ireland Kenya Korea Malaysia "
    "Mexico Nigeria Pakistan Philippines Scotland Singapore Tanzania Turkey Uganda Utah Vietnam Wales Wisconsin".split()
)
"""Names that may begin a sentence alone."""
_JARGON = frozenset(
    "I A ID IDs SMS OTP PIN SIM EMI EMIs KYC APR ATM STOP OK Article P S T G F".split()
    + _MONTH.strip("(?:)").split("|")
)  # fmt: skip
"""Capitals that are words of the trade and no names."""
_NAME = re.compile(r"\b[A-Z][\w&-]*(?: (?:(?:of|for) (?:the )?)?[A-Z][\w&-]*)*(?<![-&])")


class Value(NamedTuple):
    """A number or a name that stands in a text."""

    start: int
    end: int
    sort: str
    """number or name."""


class Tagging:
    """The tags given out so far; equal values share one."""

    def __init__(self) -> None:
        self._tag_of: dict[str, str] = {}
        self._given = dict.fromkeys(INVENTORY, 0)
        self.values: dict[str, str] = {}
        """Tag -> the value it stands for."""

    def tag(self, sort: str, value: str) -> str:
        """The tag of a value, a new one where it has none; LEFT_OUT when they are used up."""
        key = value.casefold()
        if key not in self._tag_of:
            if self._given[sort] == INVENTORY[sort]:
                return LEFT_OUT
            self._given[sort] += 1
            self._tag_of[key] = f"<{sort.upper()}_{self._given[sort]}>"
            self.values[self._tag_of[key]] = value
        return self._tag_of[key]

    def numbers(self, text: str) -> str:
        """The text with its numbers as tags: a message, whose capitals say little."""
        return self._replace(text, [v for v in find_values(text) if v.sort == "number"])

    def numbers_and_names(self, text: str) -> str:
        """The text with its numbers and names as tags: a passage."""
        return self._replace(text, list(find_values(text)))

    def _replace(self, text: str, values: list[Value]) -> str:
        parts, position = [], 0
        for value in values:
            parts += [text[position : value.start], self.tag(value.sort, text[value.start : value.end])]
            position = value.end
        return "".join([*parts, text[position:]])


def find_values(text: str) -> Iterator[Value]:
    """Numbers (with their unit) and names in plain prose, in order; what lies inside a tag is left alone."""
    taken = [m.span() for m in TAG.finditer(text)]
    found = []
    for match in _NUMBER.finditer(text):
        if all(match.end() <= a or b <= match.start() for a, b in taken):
            found.append(Value(match.start(), match.end(), "number"))
            taken.append(match.span())
    for match in _NAME.finditer(text):
        start = _without_starter(text, match)
        name = text[start : match.end()]
        if name and name not in _JARGON and all(match.end() <= a or b <= start for a, b in taken):
            found.append(Value(start, match.end(), "name"))
    yield from sorted(found)


def _without_starter(text: str, match: re.Match[str]) -> int:
    """Where the name begins, when its first word only begins a sentence; its end when nothing is left."""
    begins = match.start() == 0 or bool(re.search(r"[.!?:;][\"”)]? $", text[: match.start()]))
    first, _, rest = match.group().partition(" ")
    if not begins:
        return match.start()
    if first in _STARTERS and first not in _COUNTRIES:
        return match.start() + len(first) + 1 if rest else match.end()
    alone = not rest and first not in _COUNTRIES and not re.fullmatch(r"[A-Z]{2,}s?", first)
    return match.end() if alone else match.start()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Tags -> what they stand for. A tag that stands for nothing stays, for grounding to see."""
    return TAG.sub(lambda m: values.get(m.group(), m.group()), text)
