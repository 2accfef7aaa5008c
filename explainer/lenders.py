"""The register of lenders: who is named in a text, and is a link theirs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

KNOWLEDGE = Path(__file__).parent / "knowledge"


@dataclass(frozen=True, slots=True)
class Lender:
    id: str
    name: str
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    """Registered domains that are surely its own; empty means unknown, not none."""
    country: str
    type: str
    source: str
    match: str
    """any: an alias counts in any spelling of case; case: only as written, for names that are also words."""


class Register:
    """All known lenders, and one regular expression that finds their names."""

    def __init__(self, lenders: list[Lender]) -> None:
        self._by_alias: dict[str, Lender] = {}
        loose: list[str] = []
        exact: list[str] = []
        for lender in lenders:
            for alias in lender.aliases:  # not the name: it may be an ordinary word
                self._by_alias.setdefault(alias.casefold(), lender)
                # Headers of four letters or fewer are also words when the case is dropped.
                (loose if lender.match == "any" and len(alias) > 3 else exact).append(alias)
        self.lenders = {lender.id: lender for lender in lenders}
        self._loose = _names(loose, re.IGNORECASE)
        self._exact = _names(exact, 0)

    def find(self, text: str) -> Iterator[tuple[int, int, Lender]]:
        """Every mention: start, end, who. The longest name wins where two begin at one place."""
        for pattern in (self._loose, self._exact):
            for match in pattern.finditer(text):
                yield match.start(), match.end(), self._by_alias[match.group().casefold()]

    def of_sender(self, sender: str) -> Lender | None:
        """The lender behind a sender header such as JD-BAJAJF-P, if it is known."""
        parts = [sender, *re.split(r"[-.\s]", sender)]
        return next((self._by_alias[p.casefold()] for p in parts if p.casefold() in self._by_alias), None)


def _names(aliases: list[str], flags: int) -> re.Pattern[str]:
    longest_first = sorted(set(aliases), key=len, reverse=True)
    # A Latin name ends at a word's end; a Chinese one stands among other characters.
    bounded = [
        re.escape(a) if a[0] > "\u2e80" else rf"(?<![A-Za-z0-9]){re.escape(a)}(?![A-Za-z0-9])" for a in longest_first
    ]
    return re.compile("|".join(bounded) or r"(?!)", flags)


@cache
def load_register() -> Register:
    with (KNOWLEDGE / "lenders.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return Register(
        [
            Lender(
                id=row["id"],
                name=row["name"],
                aliases=tuple(a for a in row["aliases"].split("|") if a),
                domains=tuple(d for d in row["domains"].split("|") if d),
                country=row["country"],
                type=row["type"],
                source=row["source"],
                match=row["match"],
            )
            for row in rows
        ]
    )


@cache
def shorteners() -> frozenset[str]:
    """Domains that hide where a link leads."""
    return frozenset((KNOWLEDGE / "shorteners.txt").read_text("utf-8").split())
