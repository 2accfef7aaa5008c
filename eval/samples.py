"""The evaluation samples: a text, and what a careful person says a good answer must do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainer.errors import BadInput
from explainer.records import KINDS, Request

SAMPLES = Path(__file__).parent / "samples.jsonl"


@dataclass(frozen=True, slots=True)
class KeyFact:
    """Something that a good answer must contain: any of the aliases, in lower case, counts."""

    text: str
    aliases: tuple[str, ...]
    vital: bool


@dataclass(frozen=True, slots=True)
class Sample:
    id: str
    text: str
    kinds: tuple[str, ...]
    """Acceptable kinds, the best first."""
    language: str
    country: str | None = None
    sender: str | None = None
    received_at: str | None = None
    causes: tuple[str, ...] = ()
    """Acceptable leading causes from the text alone, the best first."""
    facts: tuple[str, ...] = ()
    """Ids of the facts that a good answer draws on, the best first."""
    key_facts: tuple[KeyFact, ...] = ()
    must_not: tuple[str, ...] = ()
    slots: Mapping[str, tuple[str, ...]] | None = None
    tags: tuple[str, ...] = ()
    answers: Mapping[str, str] | None = None
    cause_after: str | None = None
    """The cause that must lead once the answers are given, decided from the story."""
    story: str = ""
    group: str = ""
    """The campaign: samples of one are not independent."""

    def request(self, answered: bool = False) -> Request:
        return Request(
            self.text,
            sender=self.sender,
            received_at=self.received_at,
            country=self.country,
            answers=dict(self.answers or {}) if answered else {},
            id=self.id,
        )

    @property
    def slices(self) -> tuple[str, ...]:
        """The parts of the table that it counts in."""
        return (
            f"kind: {self.kinds[0]}",
            f"country: {self.country or 'none'}",
            f"language: {self.language}",
            *self.tags,
        )


def load_samples(file: Path = SAMPLES) -> list[Sample]:
    """The project's own samples. Raises BadInput, naming the line, when one is not of the form."""
    samples = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            samples.append(_sample(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{file}, line {number}: not a sample ({error!r}): see eval/README.md for the form"
            ) from error
    return samples


def load_messages(file: Path) -> list[Sample]:
    """Any labelled JSON lines file with text, lang and kinds: samples that carry a kind and nothing else."""
    samples = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        if not row.get("text") or not set(row.get("kinds", ())) & set(KINDS):
            raise BadInput(f"{file}, line {number}: expected text and kinds (some of {', '.join(KINDS)})")
        samples.append(
            Sample(
                id=str(row.get("id", number)),
                text=row["text"],
                kinds=tuple(row["kinds"]),
                language=row.get("lang", "en"),
                country=row.get("country") or None,
                sender=row.get("sender") or None,
                group=str(row.get("source", number)) + str(number),
            )
        )
    return samples


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(
        id=row["id"],
        text=row["text"],
        kinds=tuple(row["kinds"]),
        language=row["lang"],
        country=row["country"],
        sender=row["sender"],
        received_at=row["received_at"],
        causes=tuple(row["causes"]),
        facts=tuple(row["facts"]),
        key_facts=tuple(KeyFact(f["text"], tuple(f["aliases"]), f["vital"]) for f in row["key_facts"]),
        must_not=tuple(row["must_not"]),
        slots={name: tuple(values) for name, values in row["slots"].items()},
        tags=tuple(row["tags"]),
        answers=row["answers"],
        cause_after=row["cause_after"],
        story=row["story"],
        group=row["group"],
    )


def samples_hash(samples: list[Sample]) -> str:
    """Two runs may be compared only where this agrees."""
    return hashlib.sha256(repr(samples).encode()).hexdigest()[:12]
