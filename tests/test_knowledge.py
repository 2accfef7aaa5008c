"""Every passage has the agreed form, and an error names file and passage."""

from __future__ import annotations

from pathlib import Path

import pytest

from explainer.errors import BadKnowledge
from explainer.knowledge import first_sentence, load_documents, load_passages, split_passages
from explainer.records import CAUSES

GOOD = """# Title

## any-one
```yaml
title: One
role: step
causes: [marketing]
country: any
facts: [US-01]
source: Somebody
url: ""
checked: 2026-11-23
confidence: high
```
Do one thing. It helps.
"""


def passages_of(tmp_path: Path, text: str) -> list[object]:
    (tmp_path / "any").mkdir(exist_ok=True)
    (tmp_path / "any" / "x.md").write_text(text, "utf-8")
    return [p for d in load_documents(tmp_path) for p in split_passages(d)]


def test_there_are_passages_for_every_cause() -> None:
    passages = load_passages()
    assert len(passages) >= 60
    for cause in CAUSES:
        for role in ("why", "sign", "decide", "step"):
            assert any(cause in p.causes and p.role == role and p.country == "any" for p in passages), (cause, role)


def test_passages_keep_the_agreed_form() -> None:
    for passage in load_passages():
        words = len(passage.text.split())
        assert (60 <= words <= 160) if passage.role == "letter" else (28 <= words <= 62), (passage.id, words)
        assert len(first_sentence(passage.text).split()) <= 20 or passage.role == "letter", passage.id
        assert passage.source and passage.checked, passage.id
        assert passage.url.startswith("https://") or not passage.url, passage.id
        assert passage.confidence in ("high", "med-high", "med"), passage.id


def test_no_unconfirmed_fact_stands_without_saying_who_reports_it() -> None:
    unconfirmed = {"CN-05", "CN-39", "CN-14", "CP-06", "US-15", "Z8", "CN-28", "CN-25", "IN-07", "CN-07", "CN-08"}
    for passage in load_passages():
        if passage.facts and set(passage.facts) <= unconfirmed:
            assert "one advice page reports" in passage.text.casefold(), passage.id


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("role: step\n", ""), "any-one lacks role"),
        (("role: step", "role: stop"), "unknown role 'stop'"),
        (("[marketing]", "[marketting]"), "unknown causes marketting"),
        (("```yaml\n", ""), "any-one has no yaml block"),
        (("Do one thing. It helps.\n", ""), "has no text"),
    ],
)
def test_a_broken_passage_is_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert len(passages_of(tmp_path, GOOD)) == 1
    with pytest.raises(BadKnowledge, match=words):
        passages_of(tmp_path, GOOD.replace(*change))


def test_an_id_that_occurs_twice_is_told(tmp_path: Path) -> None:
    passages_of(tmp_path, GOOD + GOOD.removeprefix("# Title\n"))
    with pytest.raises(BadKnowledge, match="occurs twice"):
        load_passages(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="no documents"):
        load_documents(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Call 0300 123 2040. It is free.", "Call 0300 123 2040."),
        (
            "Report it at fccpc.gov.ng, under File a Complaint. Name the app.",
            "Report it at fccpc.gov.ng, under File a Complaint.",
        ),
        ("Only one", "Only one"),
    ],
)
def test_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence
