"""What is printed can be traced: every number, address and deadline stands in a passage with its source and date."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from explainer.coverage import COVERED, by_age, contacts, countries, coverage, find_contacts
from explainer.errors import BadInput, BadKnowledge
from explainer.knowledge import KNOWLEDGE, load_documents, load_passages, split_passages
from explainer.library import add_document, remove_document
from explainer.records import CAUSES, Passage
from explainer.sources_cli import app
from tests.test_knowledge import GOOD

MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
NO_CONTACT = (
    rf"\b(?:\d{{1,2}} )?{MONTH}(?: 20\d\d)?\b|\b20[012]\d\b",  # dates and years
    r"\b(?:[\d,]+ to )?[\d.,]*\d(?: (?:percent|%|billion|million|yuan))|(?:KSh|NGN|PHP) [\d.,]*\d",  # shares and sums
    r"\b(?:had|held|Trust|Guangbai|Network|Haiyin) \d+\.\d+",  # shares of owners
    r"\b(?:Article|CONC|section|[Rr]egulation|circular|No\.|Category|GB/T) [\d.()a-h-]*\d(?:\(h\))?|\b11th\b",  # rules
    r"\b9\d(?:, 9\d)* and 400 numbers|\b(?:95|400) numbers|begins? with 95\d?(?:, 95\d)*(?: or 95\d)?",  # blocks
    r"\b[\d,]+ (?:articles|provinces|complaints|other bodies|such complaints)",  # counts
)
"""Digits that are neither a number to call, an address, a deadline nor an hour."""


def passage(text: str, **fields: object) -> Passage:
    base = Passage("x", "T", text, "step", ("phishing",), "US", (), "Somebody", "", "2026-11-23", "high")
    return replace(base, **fields)  # type: ignore[arg-type]


def test_every_contact_stands_in_a_passage_with_source_address_and_date() -> None:
    found = contacts(load_passages())
    assert {c.kind for c in found} == {"phone", "address", "deadline", "hours"} and len(found) > 100
    for contact in found:
        where = contact.passage
        assert contact.value in where.text and where.origin == "shipped", contact
        assert where.source and date.fromisoformat(where.checked) <= date.today(), contact
        assert where.url.startswith("https://") or where.source, contact


def test_a_number_to_call_or_an_address_without_a_page_names_its_publisher() -> None:
    """`this project` may order steps; it is no source for somebody else's number."""
    letters = {p.id for p in load_passages() if p.role == "letter"}
    for contact in contacts(load_passages()):
        if contact.kind in ("phone", "address") and not contact.passage.url and contact.passage.id not in letters:
            others = [c.passage for c in contacts(load_passages()) if c.value == contact.value]
            named = contact.passage.source != "this project"
            assert named or any(p.url for p in others), contact


def test_a_number_in_a_letter_stands_in_a_sourced_passage_too() -> None:
    found = contacts(load_passages())
    sourced = {c.value for c in found if c.passage.url}
    for contact in found:
        if contact.passage.role == "letter" and contact.kind in ("phone", "address"):
            assert contact.value in sourced, contact


def test_no_digit_of_the_knowledge_escapes_the_list() -> None:
    """What is left after contacts and the known other uses would be a number that nobody could trace."""
    for p in load_passages():
        text = p.text
        for value in sorted((value for _, value in find_contacts(p)), key=len, reverse=True):
            text = text.replace(value, " ")
        for pattern in NO_CONTACT:
            text = re.sub(pattern, " ", text)
        assert not re.search(r"\d", text), (p.id, re.findall(r".{0,20}\d[\d.,:-]*.{0,12}", text))


def test_no_number_to_call_hides_in_the_table_of_causes() -> None:
    table = (KNOWLEDGE.parent / "causes.toml").read_text("utf-8")
    words = " ".join(re.findall(r'"([^"]*)"', table))
    found = [value for kind, value in find_contacts(passage(words)) if kind == "phone"]
    assert not [value for value in found if not value.startswith("0")], found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call 0300 123 2040 or 1930 now.", [("phone", "0300 123 2040"), ("phone", "1930")]),
        ("Report it at www.12321.cn or 010-12321.", [("address", "www.12321.cn"), ("phone", "010-12321")]),
        ("Call or text 1909 within 7 days.", [("phone", "1909"), ("deadline", "7 days")]),
        ("You have five business days.", [("deadline", "five business days")]),
        ("None between 22:00 and 8 am.", [("hours", "22:00"), ("hours", "8 am")]),
        ("Its seat is at 171 Haibin Road.", [("address", "171 Haibin Road")]),
        ("The standard GB/T 45251-2025 of 28 February 2025 holds.", []),
        ("From 2018 to 2023 about 60 percent, or 10,000 to 30,000 yuan.", []),
        ("Numbers that begin with 953, 955 or 956 belong to service lines.", []),
    ],
)
def test_contacts_are_told_from_dates_sums_and_rules(text: str, found: list[tuple[str, str]]) -> None:
    assert find_contacts(passage(text)) == found


def test_every_cell_is_local_or_general_and_general_advice_covers_all() -> None:
    passages = load_passages()
    cells = coverage(passages)
    assert len(cells) == len(CAUSES) * (len(countries(passages)) + 1) * len(COVERED)
    assert len(countries(passages)) == 9
    known = {p.id: p for p in passages}
    for cell in cells:
        assert cell.country != "any" or cell.passages or cell.role == "report", cell
        for id in cell.passages:
            p = known[id]
            assert cell.cause in p.causes and (p.country, p.role) == (cell.country, cell.role) and not p.lender


def test_own_passages_fill_no_cell() -> None:
    own = passage("Report it to my cousin.", role="report", origin="yours", causes=CAUSES)
    assert coverage([*load_passages(), own]) == coverage(load_passages())


def test_the_longest_unchecked_comes_first() -> None:
    passages = [passage("a", id="new", checked="2026-11-01"), passage("b", id="old", checked="2026-01-01")]
    ages = by_age(passages, date(2026, 11, 23))
    assert [(a.passage.id, a.days) for a in ages] == [("old", 326), ("new", 22)]


def replacing(tmp_path: Path, replaces: str) -> tuple[Passage, ...]:
    newer = GOOD.replace("any-one", "any-two").replace("title: One", f"title: Two\nreplaces: {replaces}")
    (tmp_path / "any").mkdir()
    (tmp_path / "any" / "x.md").write_text(GOOD + newer, "utf-8")
    return load_passages(tmp_path)


def test_a_replaced_passage_says_so_and_gives_no_advice(tmp_path: Path) -> None:
    old, new = replacing(tmp_path, "any-one")
    assert old.title == "One (replaced by: Two)" and old.role == "background"
    assert new.title == "Two" and new.role == "step"
    assert [a.replaced_by for a in by_age([old, new], date(2026, 12, 1))] == ["any-two", None]


@pytest.mark.parametrize("replaces", ["any-nothing", "any-two"])
def test_a_passage_replaces_another_one_that_is_there(tmp_path: Path, replaces: str) -> None:
    with pytest.raises(BadKnowledge, match="any-two replaces"):
        replacing(tmp_path, replaces)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, BadInput):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def test_the_commands_print_the_tables() -> None:
    assert "gb-report-fraud" in run("list", "--country", "gb", "--cause", "phishing")
    table = run("coverage")
    assert re.search(r"contact_of_borrower +KE +\d+ +\d+ +\d+ +\d+", table) and re.search(r"KR +general", table)
    assert re.search(r"phone +1799 +sg-\S+ .*2026-\d\d-\d\d +https://", run("contacts", "--country", "SG"))
    passages = sum(1 for d in load_documents() for _ in split_passages(d))
    assert f"{passages} passages, 0 checked more than 99999 days ago" in run("check", "--days", "99999")
    assert "old" in run("check", "--days", "-1", "--old", "--country", "SG")


def test_the_commands_add_show_and_remove_own_documents(tmp_path: Path) -> None:
    assert "added no documents" in run("list", "--yours")
    document = tmp_path / "[bold]note.md"
    document.write_text("# Fees\n" + "The lender asks for a late fee of ten dollars after four days. " * 4)
    assert run("add", str(document), "--country", "us").startswith("added bold-note-")
    added = add_document(document, "US").document
    try:
        assert "[bold]note.md" in run("list", "--yours") and "[bold]note.md" in run("check", "--country", "US")
        assert run("add", str(document), "nothing.txt", "--country", "us", code=1).startswith("unchanged ")
    finally:
        assert run("remove", added.id) == f"removed {added.id}\n"
    with pytest.raises(BadInput, match="you have added none|no document"):
        remove_document(added.id)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "nothing.txt"), "nothing.txt not found"),
        (("remove", "nothing"), "no document 'nothing'"),
        (("list", "--country", "UK"), "no passage for the country 'UK': there are some for CN, GB"),
        (("coverage", "--cause", "luck"), "unknown cause 'luck'"),
    ],
)
def test_a_wrong_word_is_told(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        run(*arguments)
