"""Row for row, in order; a bad row becomes an error row and the rest go on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from explainer.bulk import explain_file
from explainer.errors import BadInput
from explainer.rows import read_rows
from tests.conftest import HOME_CREDIT


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_no_row_is_lost_and_the_order_stays(explainer: Any, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": HOME_CREDIT, "country": "IN"},
        {"id": "b", "text": ""},
        "not json {",
        {"id": "d", "text": 7},
        {"id": "e", "text": "loan " * 1000},
        {"id": "f", "text": "You are pre-approved for a loan", "country": "Narnia"},
        {"text": "You are pre-approved for a loan of $500", "sender": "+14155550123"},
        [1, 2],
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n\n")
    summary = explain_file(explainer, source, target)
    out = lines(target)
    assert (summary.rows, summary.failed) == (8, 6)
    assert [r["id"] for r in out] == ["a", "b", "3", "d", "e", "f", "7", "8"]
    assert ["error" in r for r in out] == [False, True, True, True, True, True, False, True]
    assert out[0]["kind"] == "reminder" and out[6]["kind"] == "advert"
    assert "not a JSON object" in out[2]["error"]["message"] and "unknown country" in out[5]["error"]["message"]


def test_more_rows_than_a_batch_equal_one_by_one(explainer: Any, tmp_path: Path) -> None:
    texts = [f"Your EMI of Rs {100 + i} is due on {1 + i % 28}-09-21" if i % 2 else "lend me 20" for i in range(150)]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts)))
    seen = []
    explain_file(explainer, source, target, lambda: seen.append(1))
    out = lines(target)
    assert [r["id"] for r in out] == [str(i) for i in range(150)] and len(seen) == 150
    for i in (0, 1, 77, 149):
        assert out[i]["kind"] == explainer.explain(texts[i]).kind


def test_csv_in_and_out(explainer: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "text", "sender", "recipient", "received_at", "country"])
        table.writerow(["1", 'Loan "approved",\nreply STOP', "JD-BAJAJF-P", "x", "2026-01-02", "IN"])
        table.writerow(["2", "", "", "", "", ""])
    explain_file(explainer, source, target)
    out = list(csv.DictReader(target.open(encoding="utf-8", newline="")))
    assert [r["id"] for r in out] == ["1", "2"]
    assert out[0]["kind"] and out[0]["cause"] == "marketing" and not out[0]["error"]
    assert "empty" in out[1]["error"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("in.xlsx", b"", "unknown format .xlsx"),
        ("in.csv", b"id,body\n1,x\n", "no column text: found id, body"),
        ("in.csv", b"\xff\xfei\x00d\x00", "not a CSV file in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=words):
        list(read_rows(tmp_path / name))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not found"):
        read_rows(tmp_path / "nothing.jsonl")


def test_an_unknown_target_format_is_told_before_any_work(explainer: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("{}")
    with pytest.raises(BadInput, match="expected one of .jsonl"):
        explain_file(explainer, tmp_path / "in.jsonl", tmp_path / "out.xlsx")
