"""Bytes of any kind are read or refused in words; faults lose nothing. At length: eval.fuzz, eval.faults."""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.faults import run
from explainer.bulk import read_rows
from explainer.documents import read_document
from explainer.errors import BadInput, ExplainerError
from explainer.orders import find_orders, worst_parts
from explainer.page_api import Asked

JUNK = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda t: t.encode("utf-16")),
    st.text(st.sampled_from('{}[]",:\\\n id text 1 <>/&#*-|`='), max_size=200).map(str.encode),
)


@settings(max_examples=60)
@given(JUNK, st.sampled_from((".csv", ".jsonl")))
def test_any_file_of_texts_gives_rows_or_is_refused(data: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(data)
        try:
            rows = list(read_rows(path))
        except BadInput:
            return
        assert all((row.request is None) != (row.error is None) for row in rows)


@settings(max_examples=60)
@given(JUNK, st.sampled_from((".txt", ".md", ".html", ".pdf")))
def test_any_document_is_read_or_refused(data: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(data)
        try:
            reading = read_document(path)
        except ExplainerError:
            return
        assert all(p.text.strip() for p in reading.passages)


@given(st.text(max_size=300))
def test_orders_of_any_text_are_spans_in_it_and_apart(text: str) -> None:
    spans = find_orders(text)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(first[1] < second[0] for first, second in zip(spans, spans[1:], strict=False))
    assert all(len(part) == len(text) for part in worst_parts(text))


FIELDS = st.sampled_from(("text", "sender", "answers", "already", "name", "country", "received_at"))
ANYTHING = st.recursive(
    st.none() | st.text(max_size=20) | st.integers(), lambda s: st.lists(s) | st.dictionaries(FIELDS, s), max_leaves=8
)


@given(ANYTHING)
def test_whatever_the_browser_sends_back_is_taken_or_refused(sent: object) -> None:
    try:
        Asked.from_dict(sent)
    except BadInput as error:
        assert str(error)


def test_a_quote_that_is_never_closed_swallows_no_memory_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"' + "a,b\n" * 100_000)
    with pytest.raises(BadInput, match="not a CSV file"):
        list(read_rows(path))
    assert csv.field_size_limit() <= 131_072


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
@pytest.mark.parametrize("fault", ["killed while documents are added", "disk full while a document is updated",
                                   "clock goes back between two additions", "two processes add at once"])  # fmt: skip
def test_a_fault_loses_and_doubles_nothing(fault: str) -> None:
    count = run(fault, 3)
    assert count.times == 3 and (count.lost, count.doubled, count.stuck) == (0, 0, 0)
