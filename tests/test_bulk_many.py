"""A stream without end: every format, bounded memory, and no row lost or doubled however often a run is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explainer.bulk import WINDOW, Record, explain_file, explain_rows, windows
from explainer.errors import BadInput
from explainer.rows import Row, count_rows, read_rows, row_of
from explainer.summary import Summary
from tests.conftest import HOME_CREDIT, ROOT

DAY = {"sender": "JD-HOMECR-S", "recipient": "+919811112222", "received_at": "2021-09-01T10:00:00", "country": "IN"}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def quick(windows: Iterator[list[Row]]) -> Iterator[Record]:
    """Stands in for the explainer where only the stream is tried."""
    for window in windows:
        for row in window:
            if row.error:
                yield {"id": row.id, "error": {"code": "bad_input", "message": str(row.error)}}
            else:
                yield {"id": row.id, "kind": "advert", "cause": "marketing", "campaign": f"c{int(row.id) % 3}"}


def test_every_format_gives_the_same_answers(explainer: Any, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import Table

    rows = [
        {"id": "a", "text": HOME_CREDIT, **DAY},
        {"id": "b", "text": "", **DAY},
        {"id": "c", "text": "lend me 20", **DAY},
    ]
    source = write(tmp_path / "in.jsonl", rows)
    parquet.write_table(Table.from_pylist(rows), tmp_path / "in.parquet")
    explain_file(explainer, source, tmp_path / "out.jsonl")
    summary = explain_file(explainer, tmp_path / "in.parquet", tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert (summary.rows, summary.failed) == (3, 1) and count_rows(tmp_path / "in.parquet") == 3
    for row, line in zip(table, lines(tmp_path / "out.jsonl"), strict=True):
        answer = json.loads(row["answer"])
        assert {**answer, "timing_ms": 0} == {**line, "timing_ms": 0}
        assert row["id"] == line["id"] and row["kind"] == line.get("kind")
    assert table[1]["error"].startswith("the text is empty") and not (tmp_path / "out.parquet.part").exists()


def test_a_parquet_file_without_texts_is_told(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import Table

    parquet.write_table(Table.from_pylist([{"id": 1}]), tmp_path / "in.parquet")
    (tmp_path / "no.parquet").write_text("text")
    for name, words in (("in.parquet", "no column text: found id"), ("no.parquet", "is not a Parquet file")):
        with pytest.raises(BadInput, match=words):
            list(read_rows(tmp_path / name))


@pytest.mark.parametrize("torn", [b"", b'{"id": "3", "ki', b"x" * 70000])
def test_a_run_goes_on_after_the_last_whole_line(tmp_path: Path, torn: bytes) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": i, "text": "loan"} for i in range(10)])
    explain_file(quick, source, tmp_path / "whole.jsonl")
    whole = (tmp_path / "whole.jsonl").read_bytes()
    part = tmp_path / "out.jsonl.part"
    part.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]) + torn)
    asked: list[str] = []

    def engine(windows: Iterator[list[Row]]) -> Iterator[Record]:
        for record in quick(windows):
            asked.append(record["id"])
            yield record

    summary = explain_file(engine, source, tmp_path / "out.jsonl")
    assert asked == [str(i) for i in range(3, 10)] and summary.rows == 10 and summary.kinds == {"advert": 10}
    assert (tmp_path / "out.jsonl").read_bytes() == whole and not part.exists()


def test_what_another_run_left_is_not_mixed_in(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": i, "text": "loan"} for i in range(3)])
    part = write(tmp_path / "out.jsonl.part", [{"id": "other", "kind": "advert", "cause": "marketing"}])
    with pytest.raises(BadInput, match="answers id other, but the source has id 0"):
        explain_file(quick, source, tmp_path / "out.jsonl")
    assert explain_file(quick, source, tmp_path / "out.jsonl", restart=True).rows == 3
    write(part, [{"id": str(i), "kind": "advert", "cause": "marketing"} for i in range(4)])
    with pytest.raises(BadInput, match="the source has no row there"):
        explain_file(quick, source, tmp_path / "out.jsonl")


def test_answers_of_other_models_are_not_mixed_in(explainer: Any, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": i, "text": "lend me 20"} for i in range(2)])
    old = {"id": "0", "kind": "advert", "cause": "marketing", "models": {"kinds": "older"}}
    write(tmp_path / "out.jsonl.part", [old])
    with pytest.raises(BadInput, match="other models"):
        explain_file(explainer, source, tmp_path / "out.jsonl")


KILLED = """
import json, sys, time
from pathlib import Path
from explainer.bulk import explain_file
def engine(windows):
    for window in windows:
        for row in window:
            time.sleep(0.0005)
            yield {"id": row.id, "kind": "advert", "cause": "marketing", "pad": "x" * 500}
explain_file(engine, Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_killed_again_and_again_no_row_is_lost_or_doubled(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": i, "text": "loan"} for i in range(1500)])
    target, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    kills = 0
    while not target.exists():
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(source), str(target)], cwd=ROOT)
        before = part.stat().st_size if part.exists() else 0
        while process.poll() is None and kills < 3:
            time.sleep(0.02)
            if part.exists() and part.stat().st_size > before + 50_000:
                process.kill()
                kills += 1
                break
        process.wait(60)
    assert kills == 3 and [r["id"] for r in lines(target)] == [str(i) for i in range(1500)]


def test_memory_stays_bounded_however_long_the_stream() -> None:
    def rows(n: int) -> Iterator[Row]:
        return (row_of({"id": i, "text": f"loan {i}", **DAY}, i) for i in range(n))

    peaks = []
    for n in (4 * WINDOW, 16 * WINDOW):
        tracemalloc.start()
        assert sum(1 for _ in quick(windows(rows(n)))) == n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000


def test_windows_begin_at_the_same_rows_after_a_cut() -> None:
    rows = [Row(str(i), None) for i in range(2 * WINDOW + 10)]
    assert [w[0].id for w in windows(iter(rows))] == ["0", str(WINDOW), str(2 * WINDOW)]
    assert [w[0].id for w in windows(iter(rows[100:]), 100)] == ["100", str(WINDOW), str(2 * WINDOW)]


def test_a_row_on_which_the_program_fails_is_told_without_its_words(
    explainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate = explainer._kinds.estimate

    def failing(messages: Any) -> Any:
        if any("poison" in m.text for m in messages):
            raise IndexError("secret poison words")
        return estimate(messages)

    monkeypatch.setattr(explainer._kinds, "estimate", failing)
    texts = [HOME_CREDIT, "a poison text about a loan", "lend me 20"]
    records = list(explain_rows(explainer, [row_of({"text": t}, i) for i, t in enumerate(texts)]))
    assert ["error" in r for r in records] == [False, True, False]
    assert records[1]["error"]["code"] == "internal" and "IndexError" in records[1]["error"]["message"]
    assert "poison" not in json.dumps(records[1])


def test_the_summary_counts_kinds_causes_campaigns_and_errors(tmp_path: Path) -> None:
    summary = Summary()
    for i in range(10):
        summary.add({"kind": "scam" if i < 3 else "advert", "cause": "phishing", "campaign": "a" if i < 4 else f"b{i}"})
    summary.add({"error": {"code": "bad_input", "message": "<x>"}})
    text, picture = "\n".join(summary.lines()), summary.picture()
    assert "campaigns: 1, with 4 texts" in text and "bad_input" in text and summary.failed == 1
    assert Counter(summary.kinds) == {"advert": 7, "scam": 3}
    from xml.etree import ElementTree

    assert "63.6%" in text and ElementTree.fromstring(picture).tag.endswith("svg") and ">7<" in picture


def test_the_command_tells_progress_summary_and_picture(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": i, "text": HOME_CREDIT} for i in range(3)])
    command = [sys.executable, "-m", "explainer", "bulk", str(source), str(tmp_path / "out.csv")]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "COLUMNS": "120"})
    assert result.returncode == 0, result.stderr
    for words in (
        "3/3",
        "texts/s",
        "a reminder of a payment",
        "campaigns: 1, with 3 texts",
        "senders were not looked at",
    ):
        assert words in result.stderr, result.stderr
    assert (tmp_path / "out.summary.svg").is_file()
