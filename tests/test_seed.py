"""The page the project began with: all of it can be answered, corrected, and none of its errors is repeated."""

from __future__ import annotations

import re

import pytest

from explainer.knowledge import load_passages

PASSAGES = load_passages()
SAID = {p.id: p.text.casefold() for p in PASSAGES}
ALL = " ".join(SAID.values())


def passages_with(*words: str) -> list[str]:
    return [id for id, text in SAID.items() if all(w.casefold() in text for w in words)]


@pytest.mark.parametrize(
    "words",
    [
        ("loan site",),  # its four reasons
        ("payment date is near",),
        ("borrower", "contact"),
        ("stolen",),
        ("limit", "link"),  # the three readings of "your loan is successful"
        ("remove your number",),  # verify and unbind
        ("china post consumer finance", "2015"),
        ("china post consumer finance", "seven"),
        ("consumer needs", "bonds"),
        ("95", "400"),
        ("calls a minute",),
        ("five or six cents",),
        ("chain of interests",),
        ("who connects is responsible",),
        ("16 provinces",),
    ],
)
def test_what_the_page_says_is_answered(words: tuple[str, ...]) -> None:
    assert passages_with(*words), words


def test_what_only_that_page_says_is_told_as_its_report() -> None:
    for words in (("calls a minute",), ("five or six cents",), ("who connects is responsible",)):
        for id in passages_with(*words):
            assert "one advice page reports" in SAID[id], id


@pytest.mark.parametrize(
    "error",
    [
        r"apply (?:for a loan )?after the invitation",
        r"without (?:having to )?bear",
        r"need not (?:re)?pay",
        r"do not have to (?:re)?pay",
        r"15438",
        r"insurance regulatory commission of the bank of china",
        r"naturally finds customers",
        r"founded (?:in|on)[^.]*201[0-4]",
        r"action fraud (?:is|takes)",
    ],
)
def test_its_errors_and_old_rules_are_not_repeated(error: str) -> None:
    assert not re.search(error, ALL)


def test_each_correction_stands() -> None:
    assert passages_with("19 november 2015")  # for the garbled founding date
    assert passages_with("3 billion", "china post consumer finance")
    assert passages_with("you can dispute")  # for "need not repay"
    assert passages_with("standard", "28 february 2025")  # collection rules moved
    assert any("within 7 days" in text for id, text in SAID.items() if id.startswith("in-"))  # was 3
    assert passages_with("net fishing", "comes from the translation")
    assert passages_with("report fraud", "4 december 2025")  # replaced Action Fraud
    assert any(
        "may reach" in t or "only if" in t or "only when" in t for i, t in SAID.items() if i.startswith("cn-contact")
    )


def test_a_loan_in_ones_name_is_disputed_and_never_denied() -> None:
    for passage in PASSAGES:
        if "identity_theft" in passage.causes:
            assert not re.search(r"you owe nothing(?! unless)", passage.text, re.IGNORECASE), passage.id
