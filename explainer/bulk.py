"""Many texts: a file in, a file out, row for row; a bad row becomes an error row and the rest go on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainer.errors import BadInput, ExplainerError
from explainer.explainer import Explainer
from explainer.records import Request

COLUMNS = ("id", "text", "sender", "recipient", "received_at", "country")
CSV_COLUMNS = ("id", "status", "kind", "cause", "confidence", "headline", "explanation", "error")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the input: its request, or why it has none."""

    id: str
    request: Request | None
    error: ExplainerError | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    rows: int
    failed: int


def explain_file(
    explainer: Explainer, source: Path, target: Path, on_row: Callable[[], None] = lambda: None
) -> Summary:
    """Explain every row of `source` (.jsonl or .csv) into `target` (.jsonl or .csv), in order, as a stream."""
    rows, write = read_rows(source), _writer_for(target)
    total = failed = 0
    with target.open("w", encoding="utf-8", newline="") as stream:
        for record in write(stream, explain_rows(explainer, rows)):
            total += 1
            failed += "error" in record
            on_row()
    return Summary(total, failed)


def explain_rows(explainer: Explainer, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """One JSON record a row, in order: the answer with the row's id, or its error."""
    waiting: list[Row] = []

    def requests() -> Iterator[Request]:
        for row in rows:
            waiting.append(row)
            # A row that could not be read keeps its place: its empty text is answered with the row's own error.
            yield row.request or Request("", id=row.id)

    for outcome in explainer.outcomes(requests()):
        row = waiting.pop(0)
        error = row.error or (outcome if isinstance(outcome, ExplainerError) else None)
        if error is not None or isinstance(outcome, ExplainerError):
            yield {"id": row.id, "error": {"code": error.code if error else "error", "message": str(error)}}
        else:
            yield {"id": row.id, **outcome.to_dict()}


def read_rows(source: Path) -> Iterator[Row]:
    """The rows of a .jsonl or .csv file. Raises BadInput when the file as a whole cannot be read."""
    readers = {".jsonl": _read_json_lines, ".csv": _read_csv}
    if source.suffix not in readers:
        raise BadInput(f"{source}: unknown format {source.suffix or '(none)'}: expected {' or '.join(readers)}")
    if not source.is_file():
        raise BadInput(f"{source} not found: give a file of JSON lines or CSV with the columns id and text")
    return readers[source.suffix](source)


def _read_json_lines(source: Path) -> Iterator[Row]:
    with source.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
                if not isinstance(fields, dict):
                    raise ValueError(f"a JSON object was expected, found {type(fields).__name__}")
            except ValueError as error:  # of which UnicodeDecodeError and JSONDecodeError are kinds
                yield Row(str(number), None, BadInput(f"line {number} is not a JSON object: {error}"))
                continue
            yield _row(fields, number)


def _read_csv(source: Path) -> Iterator[Row]:
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if "text" not in (reader.fieldnames or ()):
                raise BadInput(f"{source}: no column text: found {', '.join(reader.fieldnames or ()) or 'nothing'}")
            for number, fields in enumerate(reader, 1):
                yield _row(fields, number)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{source} is not a CSV file in UTF-8 ({error}): save it as CSV UTF-8") from error


def _row(fields: dict[str, Any], number: int) -> Row:
    id = str(number) if fields.get("id") in (None, "") else str(fields["id"])
    text = fields.get("text")
    if not isinstance(text, str):
        return Row(id, None, BadInput(f"row {number}: text is {type(text).__name__}, expected a string"))
    given = {k: fields.get(k) or None for k in ("sender", "received_at", "name", "country")}
    strange = [k for k, v in given.items() if v is not None and not isinstance(v, str)]
    answers, already = fields.get("answers") or {}, fields.get("already") or ()
    if strange or not isinstance(answers, dict) or not isinstance(already, (list, tuple)):
        return Row(id, None, BadInput(f"row {number}: {', '.join(strange) or 'answers or already'} has the wrong type"))
    return Row(id, Request(text, **given, answers=answers, already=tuple(already), id=id))


def _writer_for(target: Path) -> Callable[[Any, Iterable[dict[str, Any]]], Iterator[dict[str, Any]]]:
    if target.suffix == ".jsonl":
        return _write_json_lines
    if target.suffix == ".csv":
        return _write_csv
    raise BadInput(f"{target}: unknown format {target.suffix or '(none)'}: expected .jsonl or .csv")


def _write_json_lines(stream: Any, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        yield record


def _write_csv(stream: Any, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The part of the answer that fits a table."""
    table = csv.DictWriter(stream, CSV_COLUMNS, extrasaction="ignore")
    table.writeheader()
    for record in records:
        table.writerow({**record, "error": record.get("error", {}).get("message", "")})
        yield record
