"""The rows of a file of texts: JSON lines, CSV or Parquet, read as a stream; a bad row keeps its place as its error."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from explainer.errors import BadInput, ExplainerError, MissingExtra
from explainer.records import Request

COLUMNS = ("id", "text", "sender", "recipient", "received_at", "name", "country", "answers", "already")
FORMATS = (".jsonl", ".csv", ".parquet")
PARQUET_ROWS = 1024
"""Rows of a Parquet file that are in memory together."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the input: its request, or why it has none."""

    id: str
    request: Request | None
    error: ExplainerError | None = None
    recipient: str | None = None
    """Who got the text; only the check of senders asks."""


def read_rows(source: Path) -> Iterator[Row]:
    """The rows of a file, in order. Raises BadInput when the file as a whole cannot be read."""
    check_source(source)
    return {".jsonl": _read_json_lines, ".csv": _read_csv, ".parquet": _read_parquet}[source.suffix](source)


def count_rows(source: Path) -> int:
    """How many rows `read_rows` will give, without making them."""
    check_source(source)
    if source.suffix == ".parquet":
        return int(_parquet(source).metadata.num_rows)
    if source.suffix == ".jsonl":
        with source.open("rb") as stream:
            return sum(1 for line in stream if line.strip())
    return sum(1 for _ in _csv_fields(source))


def check_source(source: Path) -> None:
    if source.suffix not in FORMATS:
        raise BadInput(f"{source}: unknown format {source.suffix or '(none)'}: expected one of {', '.join(FORMATS)}")
    if not source.is_file():
        raise BadInput(f"{source} not found: give a file of JSON lines, CSV or Parquet with the columns id and text")


def row_of_line(line: bytes | str, number: int) -> Row:
    """One line of JSON."""
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict):
            raise ValueError(f"a JSON object was expected, found {type(fields).__name__}")
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are kinds of ValueError
        return Row(str(number), None, BadInput(f"line {number} is not a JSON object: {error}"))
    return row_of(fields, number)


def row_of(fields: dict[str, Any], number: int) -> Row:
    """One row from its fields; without an id it gets its number."""
    id = str(number) if fields.get("id") in (None, "") else str(fields["id"])
    text = fields.get("text")
    if not isinstance(text, str):
        return Row(id, None, BadInput(f"row {number}: text is {type(text).__name__}, expected a string"))
    given: dict[str, Any] = {k: fields.get(k) or None for k in ("sender", "received_at", "name", "country")}
    strange = [k for k, v in given.items() if v is not None and not isinstance(v, str)]
    answers, already = fields.get("answers") or {}, fields.get("already") or ()
    if strange or not isinstance(answers, dict) or not isinstance(already, (list, tuple)):
        return Row(id, None, BadInput(f"row {number}: {', '.join(strange) or 'answers or already'} has the wrong type"))
    request = Request(text, **given, answers=answers, already=tuple(already), id=id)
    recipient = fields.get("recipient")
    return Row(id, request, recipient=None if recipient in (None, "") else str(recipient))


def _read_json_lines(source: Path) -> Iterator[Row]:
    with source.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield row_of_line(line, number)


def _read_csv(source: Path) -> Iterator[Row]:
    for number, fields in enumerate(_csv_fields(source), 1):
        yield row_of(fields, number)


def _csv_fields(source: Path) -> Iterator[dict[str, Any]]:
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if "text" not in (reader.fieldnames or ()):
                raise BadInput(f"{source}: no column text: found {', '.join(reader.fieldnames or ()) or 'nothing'}")
            yield from reader
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{source} is not a CSV file in UTF-8 ({error}): save it as CSV UTF-8") from error


def _read_parquet(source: Path) -> Iterator[Row]:
    file = _parquet(source)
    columns = [name for name in file.schema_arrow.names if name in COLUMNS]
    number = 0
    for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=columns):
        for fields in batch.to_pylist():
            number += 1
            # A column of dates or of numbers is as good as one of their words.
            days = {k: v.isoformat() for k, v in fields.items() if isinstance(v, date)}
            senders = {"sender": str(v)} if isinstance(v := fields.get("sender"), int) else {}
            yield row_of({**fields, **days, **senders}, number)


def _parquet(source: Path) -> Any:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtra("Parquet", "scale") from error
    try:
        file = parquet.ParquetFile(source)
    except (OSError, ValueError) as error:  # pyarrow's own errors are kinds of these
        raise BadInput(f"{source} is not a Parquet file ({error}): give JSON lines or CSV instead") from error
    if "text" not in file.schema_arrow.names:
        raise BadInput(f"{source}: no column text: found {', '.join(file.schema_arrow.names) or 'nothing'}")
    return file
