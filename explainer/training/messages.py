"""The training messages: texts with their details marked inline, as {AMOUNT:Rs 2,031}."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from explainer.records import KINDS

FOLDER = Path(__file__).parent / "messages"
SLOT_OF_TYPE = {n: n for n in ("lender", "amount", "date", "person", "phone", "link")} | {"ref": "reference"}
"""Marked types that are slots; times, terms and rates are marked too, but not looked for."""
_MARK = re.compile(r"\{([A-Z]+):([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TrainingMessage:
    id: str
    text: str
    kind: str
    also_ok: tuple[str, ...]
    language: str
    country: str | None
    sender: str | None
    batch: str
    """The file it comes from: one writer, one round."""
    slots: tuple[tuple[str, int, int], ...]
    """Type in lower case, start, end."""


def load_messages(folder: Path = FOLDER) -> list[TrainingMessage]:
    return [message for file in sorted(folder.glob("*.jsonl")) for message in _read(file)]


def _read(file: Path) -> Iterator[TrainingMessage]:
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        text, slots = unmark(row["text"])
        yield TrainingMessage(
            id=row["id"],
            text=text,
            kind=row["kind"],
            also_ok=tuple(row["also_ok"]),
            language=row["lang"],
            country=row["country"],
            sender=row["sender"],
            batch=file.stem,
            slots=slots,
        )


def unmark(marked: str) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """Marked text -> plain text, and where its details stand."""
    plain, position, slots = "", 0, []
    for match in _MARK.finditer(marked):
        plain += marked[position : match.start()]
        slots.append((match[1].lower(), len(plain), len(plain) + len(match[2])))
        plain += match[2]
        position = match.end()
    return plain + marked[position:], tuple(slots)


def soft_label(message: TrainingMessage, second: float = 0.25) -> dict[str, float]:
    """Kind -> weight: a defensible second reading gets a share."""
    if not message.also_ok:
        return {message.kind: 1.0}
    shares = {kind: second / len(message.also_ok) for kind in message.also_ok if kind in KINDS}
    return {message.kind: 1.0 - sum(shares.values()), **shares}
