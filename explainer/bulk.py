"""Many texts: a file in, a file out, row for row; a bad row becomes an error row and the rest go on.

Answers are kept line by line in a file beside the target; a run that was cut off goes on after the last whole line.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from explainer.campaigns import Campaigns
from explainer.errors import BadInput, ExplainerError, MissingExtra, Unexplained
from explainer.explainer import BATCH, Explainer, Outcome
from explainer.records import Request
from explainer.rows import Row, read_rows
from explainer.senders import SenderWatch
from explainer.summary import Summary

TABLE_COLUMNS = ("id", "status", "kind", "cause", "confidence", "headline", "explanation", "campaign", "error")
TARGETS = (".jsonl", ".csv", ".parquet")
WINDOW = 2048
"""Rows among which campaigns are looked for. Each window stands alone: so memory stays bounded, and a run that is cut
off, or shared among machines, gives the same answers."""
Record = dict[str, Any]
Engine = Callable[[Iterator[list[Row]]], Iterator[Record]]
"""Windows of rows -> one record a row, in order."""


def explain_file(
    engine: Explainer | Engine,
    source: Path,
    target: Path,
    on_row: Callable[[], None] = lambda: None,
    restart: bool = False,
    window: int = WINDOW,
) -> Summary:
    """Explain every row of `source` into `target`, in order, as a stream; each .jsonl, .csv or .parquet.

    What an earlier run with the same target left is kept, unless `restart`. Raises BadInput when it does not belong to
    this source, or was written by another version of the models.
    """
    _check_target(target)
    part = target.with_name(target.name + ".part")
    if restart:
        part.unlink(missing_ok=True)
    watch, summary = SenderWatch(), Summary()
    rows = watch.watch(read_rows(source))
    last = None
    for last in _replayed(part, rows):
        summary.add(last)
        on_row()
    explain = local_engine(engine) if isinstance(engine, Explainer) else engine
    with part.open("ab") as stream:
        for number, record in enumerate(explain(windows(rows, summary.rows, window))):
            if number == 0:
                _check_models(part, last, record)
            stream.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            if (number + 1) % BATCH == 0:
                stream.flush()
            summary.add(record)
            on_row()
    _finish(part, target)
    summary.senders = watch.report()
    return summary


def windows(rows: Iterator[Row], done: int = 0, size: int = WINDOW) -> Iterator[list[Row]]:
    """Rows in windows that begin at multiples of `size`, also where a run goes on in the middle of one."""
    while window := list(islice(rows, size - done % size)):
        done += len(window)
        yield window


def local_engine(explainer: Explainer) -> Engine:
    """Explains on this machine, in this process."""

    def explain(windows: Iterator[list[Row]]) -> Iterator[Record]:
        for window in windows:
            yield from explain_rows(explainer, window, Campaigns())

    return explain


def explain_rows(explainer: Explainer, rows: Iterable[Row], campaigns: Campaigns | None = None) -> Iterator[Record]:
    """One JSON record a row, in order: the answer with the row's id, or its error."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        requests = [row.request for row in batch if row.request is not None]
        outcomes = iter(_outcomes(explainer, requests, campaigns))
        for row in batch:
            outcome: Outcome = row.error or next(outcomes)
            if isinstance(outcome, ExplainerError):
                yield {"id": row.id, "error": {"code": outcome.code, "message": str(outcome)}}
            else:
                yield {"id": row.id, **outcome.to_dict()}


def _outcomes(explainer: Explainer, requests: list[Request], campaigns: Campaigns | None) -> list[Outcome]:
    """A row on which the program itself fails becomes an error row too: the others are tried again without it."""
    try:
        return list(explainer.outcomes(requests, campaigns))
    except Exception as error:
        if len(requests) == 1:
            return [Unexplained(error)]
        return [outcome for request in requests for outcome in _outcomes(explainer, [request], campaigns)]


def _replayed(part: Path, rows: Iterator[Row]) -> Iterator[Record]:
    """The records of an earlier run, each beside its row; a line that was cut off is taken away."""
    if not part.exists():
        return
    _drop_torn_line(part)
    with part.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            row, record = next(rows, None), json.loads(line)
            if row is None or row.id != record["id"]:
                found = f"id {row.id}" if row else "no row"
                raise BadInput(
                    f"{part}, line {number} answers id {record['id']}, but the source has {found} there: it was left "
                    "by another run; give its source, or start anew with --restart"
                )
            yield record


def _drop_torn_line(part: Path) -> None:
    with part.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            stream.seek(start)
            newline = stream.read(end - start).rfind(b"\n")
            if newline >= 0:
                stream.truncate(start + newline + 1)
                return
            end = start
        stream.truncate(0)


def _check_models(part: Path, last: Record | None, record: Record) -> None:
    if last and "models" in last and "models" in record and last["models"] != record["models"]:
        raise BadInput(
            f"{part} was written with other models or documents than those here: start anew with --restart, "
            "or finish it with the version that began it"
        )


def _check_target(target: Path) -> None:
    if target.suffix not in TARGETS:
        raise BadInput(f"{target}: unknown format {target.suffix or '(none)'}: expected one of {', '.join(TARGETS)}")
    if target.suffix == ".parquet":
        _pyarrow()


def _finish(part: Path, target: Path) -> None:
    """Give the answers their form and name; they are whole before the target is touched."""
    if target.suffix == ".jsonl":
        part.replace(target)
        return
    made = target.with_name(target.name + ".made")
    (_write_csv if target.suffix == ".csv" else _write_parquet)(part, made)
    made.replace(target)
    part.unlink()


def _table_row(line: bytes) -> dict[str, Any]:
    """The part of the answer that fits a table."""
    record = json.loads(line)
    return {**dict.fromkeys(TABLE_COLUMNS), **record, "error": record.get("error", {}).get("message", "")}


def _write_csv(part: Path, made: Path) -> None:
    with part.open("rb") as lines, made.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, TABLE_COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows(map(_table_row, lines))


def _write_parquet(part: Path, made: Path) -> None:
    """The columns of the table, and the whole answer as JSON in one more."""
    pyarrow = _pyarrow()
    import pyarrow.parquet as parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in (*TABLE_COLUMNS, "answer")])
    with part.open("rb") as lines, parquet.ParquetWriter(made, schema, compression="zstd") as writer:
        while batch := list(islice(lines, WINDOW)):
            rows = [{**_table_row(line), "answer": line.decode().rstrip("\n")} for line in batch]
            columns = {name: [row[name] for row in rows] for name in schema.names}
            writer.write_table(pyarrow.table(columns, schema=schema))


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra("Parquet", "scale") from error
    return pyarrow
