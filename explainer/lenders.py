"""The register of lenders: who is named in a text, and is a link theirs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
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
    """All known lenders, and where a text names them.

    Names are looked up by their first two letters: one pattern of all 1,600 takes a quarter of a second to compile.
    """

    def __init__(self, lenders: list[Lender]) -> None:
        self._by_alias: dict[str, Lender] = {}
        self._loose: dict[str, list[str]] = {}
        self._exact: dict[str, list[str]] = {}
        for lender in lenders:
            for alias in lender.aliases:  # not the name: it may be an ordinary word
                self._by_alias.setdefault(alias.casefold(), lender)
                # Headers of four letters or fewer are also words when the case is dropped.
                loose = lender.match == "any" and len(alias) > 3
                names, name = (self._loose, _lower(alias)) if loose else (self._exact, alias)
                names.setdefault(name[:2], []).append(name)
        for names in (self._loose, self._exact):
            for aliases in names.values():
                aliases.sort(key=len, reverse=True)
        self.lenders = {lender.id: lender for lender in lenders}

    def find(self, text: str) -> Iterator[tuple[int, int, Lender]]:
        """Every mention: start, end, who. The longest name wins where two begin at one place."""
        for names, searched in ((self._loose, _lower(text)), (self._exact, text)):
            position = 0
            while position < len(searched):
                end = _name_at(searched, position, names.get(searched[position : position + 2], ()))
                if end:
                    yield position, end, self._by_alias[text[position:end].casefold()]
                position = end or position + 1

    def of_sender(self, sender: str) -> Lender | None:
        """The lender behind a sender header such as JD-BAJAJF-P, if it is known."""
        parts = [sender, *re.split(r"[-.\s]", sender)]
        return next((self._by_alias[p.casefold()] for p in parts if p.casefold() in self._by_alias), None)


def _lower(text: str) -> str:
    """Every character keeps its place."""
    return text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _name_at(text: str, start: int, names: Iterable[str]) -> int:
    """Where the longest name that begins at `start` ends; 0 for none.

    A Latin name ends at a word's end; a Chinese one stands among other characters.
    """
    for name in names:
        end = start + len(name)
        if text.startswith(name, start) and (name[0] > "\u2e80" or not (_latin(text, start - 1) or _latin(text, end))):
            return end
    return 0


def _latin(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalnum()


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
