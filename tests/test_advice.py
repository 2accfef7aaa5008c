"""Advice is chosen, sourced, and right for the sender and the country."""

from __future__ import annotations

from typing import Any

import pytest

from explainer.advice import sender_known
from explainer.message import read_message
from explainer.records import Request

OFFER = "HDFC Bank: you are pre-approved for a personal loan. Reply STOP to opt out"


def test_stop_is_advised_to_a_known_lender_and_never_to_an_unknown_sender(explainer: Any) -> None:
    known = explainer.explain(
        "Capital One: you are pre-approved for a card. Reply STOP to opt out", sender="227898", country="US"
    )
    unknown = explainer.explain(
        "You are pre-approved for a card. Reply STOP to opt out", sender="+14155550123", country="US"
    )
    assert any("stop" in a.text.casefold() and "do not" not in a.text.casefold() for a in known.steps)
    assert any("not even with STOP" in a.text for a in unknown.steps + unknown.avoid)
    assert not any(a.text.startswith(("Reply STOP", "Send STOP")) for a in unknown.steps)


@pytest.mark.parametrize(
    ("text", "given", "kind", "known"),
    [
        (OFFER, {"sender": "JD-HDFCBK-P"}, "advert", True),
        (OFFER, {"sender": "+919876543210"}, "advert", False),
        (OFFER, {}, "advert", False),
        (OFFER, {"sender": "JD-HDFCBK-P"}, "scam", False),
        ("HDFC Bank: loan at hdfc-offer.top/x", {"sender": "JD-HDFCBK-P"}, "advert", True),  # the network gives headers
        ("HDFC Bank: loan at hdfc-offer.top/x", {"sender": "HDFC"}, "advert", False),  # a name can be faked
    ],
)
def test_who_counts_as_known(text: str, given: dict[str, str], kind: str, known: bool) -> None:
    assert sender_known(read_message(Request(text, **given)), kind) is known  # type: ignore[arg-type]


def test_the_country_decides_where_to_report(explainer: Any) -> None:
    text = "Final notice: pay your overdue loan today or we take legal action"
    by_country = {c: [a.text for a in explainer.explain(text, country=c).report] for c in ("US", "CN", "NG", "DE")}
    assert any("12378" in line for line in by_country["CN"])
    assert any("FCCPC" in line for line in by_country["NG"])
    assert all("of your country" in line for line in by_country["DE"])
    assert len({tuple(by_country[c]) for c in ("CN", "NG", "DE")}) == 3


def test_passages_of_another_country_or_lender_never_appear(explainer: Any) -> None:
    answer = explainer.explain("Your loan is overdue, pay 300 yuan today", country="CN")
    countries = {c.passage.split("-")[0] for c in answer.citations}
    assert countries <= {"cn", "any"}
    assert not any("cpcf" in c.passage for c in answer.citations)


@pytest.mark.parametrize("happened", ["tapped", "installed", "paid", "shared_code", "shared_id"])
def test_whatever_already_happened_has_an_urgent_step(explainer: Any, happened: str) -> None:
    text = "Loan approved! Pay the fee at http://fee.top/x"
    usual = explainer.explain(text)
    urgent = explainer.explain(text, already=[happened])
    assert urgent.steps[0].text not in [a.text for a in usual.steps]


def test_what_is_true_of_one_kind_of_sender_is_said_of_no_other(explainer: Any) -> None:
    text = "Bajaj Finance: your EMI card offer is ready, limit up to Rs 2 lakh. Get it now"
    by_sender = {
        sender: " ".join(c.quote for c in explainer.explain(text, sender=sender, country="IN").citations)
        for sender in ("JD-BAJAJF-P", "JD-BAJAJF", "+919876543210")
    }
    assert "-P" in by_sender["JD-BAJAJF-P"] and "-P" not in by_sender["JD-BAJAJF"]
    assert "ten-digit" not in by_sender["JD-BAJAJF-P"]
    known = explainer.explain(text + " at eej.at/Yp0k", sender="JD-BAJAJF-P", country="IN")
    assert not any("unknown sender" in line.text for line in known.steps + known.avoid)


def test_an_answer_without_local_rules_says_so(explainer: Any) -> None:
    text = "Final notice: pay your overdue loan today or we take legal action"
    notes = {c: " ".join(explainer.explain(text, country=c).warnings) for c in ("IN", "DE", None)}
    assert "advice is general" not in notes["IN"]
    assert "for DE the program knows no rule" in notes["DE"] and "country is not known" in notes[None]
