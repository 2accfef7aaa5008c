"""Texts that differ only in their details share one draft, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from eval.mass_texts import mass_texts
from explainer.campaigns import Campaigns, mask_text, near_copies
from explainer.message import read_messages
from explainer.records import Draft, Message, Prompt, Request

DUE = "Dear {0}, your loan EMI of Rs {1} is due on 18-09-21. Pay at https://homecredit.co.in/{2} -Home Credit"


def request(text: str, **given: Any) -> Request:
    return Request(text, **{"country": "IN", **given})


NAMED = (("Zoqart", 2031), ("Vibelo", 1455))


class NamingWriter:
    """Writes the tags of details into the draft, as the trained writer does, and counts its drafts."""

    name = "naming"

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        self.prompts += prompts
        drafts = []
        for prompt in prompts:
            tags = [tag for tag in prompt.tags if re.match("<(PERSON|AMOUNT|DATE)", tag)]
            drafts.append(Draft(f"A text that names {' and '.join(tags)}.", f"This text names {', '.join(tags)}."))
        return drafts


@pytest.fixture
def naming(explainer: Any, monkeypatch: pytest.MonkeyPatch) -> NamingWriter:
    writer = NamingWriter()
    monkeypatch.setattr(explainer, "_writer", writer)
    return writer


def test_with_grouping_and_without_the_answers_agree(explainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run on 1,000 texts is  python -m eval.scale --agree 1000."""
    rows = list(mass_texts(60, 10))
    requests = [Request(r["text"], r["sender"], r["received_at"], None, r["country"], id=r["id"]) for r in rows]
    retrieve, asked = explainer.retriever.retrieve, []
    monkeypatch.setattr(explainer.retriever, "retrieve", lambda *a: asked.append(len(a[0])) or retrieve(*a))
    alone = list(explainer.outcomes(requests))
    assert sum(asked) == 60
    asked.clear()
    grouped = list(explainer.outcomes(requests, Campaigns()))
    assert 6 <= sum(asked) < 50, "texts of which the writer is told the same must have shared a draft"
    for one, other in zip(alone, grouped, strict=True):
        assert one.campaign is None and other.campaign
        assert replace(one, campaign=None, timing_ms={}, hits=()) == replace(
            other, campaign=None, timing_ms={}, hits=()
        )


def test_members_keep_their_own_details(explainer: Any, naming: NamingWriter) -> None:
    texts = [
        DUE.format(n, a, p) for n, a, p in (("Anil", "2031", "x7"), ("Priya", "4551", "qq"), ("Grace", "1977", "k"))
    ]
    answers = list(explainer.outcomes([request(t) for t in texts], Campaigns()))
    assert len({a.campaign for a in answers}) == 1 and len(naming.prompts) < len(texts)
    for answer, name, amount in zip(answers, ("Anil", "Priya", "Grace"), ("2031", "4551", "1977"), strict=True):
        assert amount in answer.headline and set(re.findall(r"\d+", answer.headline)) == {amount, "18", "09", "21"}
        others = {"Anil", "Priya", "Grace"} - {name}
        assert not any(other in answer.headline + answer.explanation for other in others)
        assert answer.status == "written"


@pytest.mark.parametrize(
    ("other", "given"),
    [
        (DUE.replace("homecredit.co.in", "homecredit-pay.top"), {}),
        (DUE.replace("Home Credit", "Bajaj Finance"), {}),
        (DUE + " Reply STOP", {}),
        (DUE + " Call 9811112222", {}),
        (DUE, {"sender": "+919811112222"}),
        (DUE, {"country": "PH"}),
        (DUE, {"received_at": "2021-09-30"}),
    ],
)
def test_what_matters_keeps_texts_apart(explainer: Any, other: str, given: dict[str, Any]) -> None:
    base: dict[str, Any] = {"received_at": "2021-09-01"}
    pair = [request(DUE.format("Anil", 20, "a"), **base), request(other.format("Anil", 20, "a"), **{**base, **given})]
    copy = request(DUE.format("Sunita", 31, "b"), **base)
    first, second, third = explainer.outcomes([*pair, copy], Campaigns())
    assert first.campaign == third.campaign != second.campaign


def test_reply_words_and_call_back_numbers_keep_texts_apart(explainer: Any) -> None:
    texts = [
        f"Loan offer for you. Reply {w} to 56767. Call {n}" for w, n in (("YES", "0800123456"), ("NO", "0800123456"))
    ]
    texts.append("Loan offer for you. Reply YES to 56767. Call 0800999999")
    assert len({a.campaign for a in explainer.outcomes([request(t) for t in texts], Campaigns())}) == 3


def test_a_member_whose_cause_differs_has_its_own_draft(explainer: Any, naming: NamingWriter) -> None:
    text = DUE.format("Anil", "2031", "x7")
    asked = [request(text), request(text, answers={"have_loan": "no", "applied": "no"}), request(text)]
    first, second, third = explainer.outcomes(asked, Campaigns())
    assert first.campaign == second.campaign == third.campaign
    assert first.cause == third.cause != second.cause and len(naming.prompts) == 2


def test_a_name_that_no_reader_found_makes_a_near_copy_and_never_travels(
    explainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_messages([request(f"Your late loan payment {n} is Rs {a}, pay it now") for n, a in NAMED])
    one, other = (mask_text(m) for m in read if isinstance(m, Message))
    assert one != other and near_copies(one, other)
    campaigns = Campaigns()
    assert len({campaigns.name(m) for m in read if isinstance(m, Message)}) == 1

    class Copying(NamingWriter):
        def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
            self.prompts += prompts
            words = [p.situation.message.request.text.split()[4] for p in prompts]
            return [Draft(f"A text to {w} about a payment.", "This text speaks of a payment.") for w in words]

    writer = Copying()
    monkeypatch.setattr(explainer, "_writer", writer)
    monkeypatch.setattr(explainer, "_tagger", None)
    answers = list(explainer.outcomes([m.request for m in read if isinstance(m, Message)], Campaigns()))
    assert len(writer.prompts) == 2 and "Vibelo" in answers[1].headline and "Zoqart" not in answers[1].headline


@pytest.mark.parametrize(("one", "other"), [("approved", "declined"), ("Approved", "Declined"), ("due", "overdue")])
def test_texts_of_another_meaning_are_no_near_copies(one: str, other: str) -> None:
    read = read_messages(
        [request(f"Dear customer your loan is {w} today, see the app for all of it") for w in (one, other)]
    )
    masks = [mask_text(m) for m in read if isinstance(m, Message)]
    assert not near_copies(*masks) and len({Campaigns().name(m) for m in read if isinstance(m, Message)}) == 2
