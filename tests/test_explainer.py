"""One text, from input to answer: the promises of the form."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from explainer.errors import BadInput
from explainer.records import CAUSES, KINDS, Request
from tests.conftest import HOME_CREDIT

TEXTS = [
    HOME_CREDIT,
    "Your all contact list will be call if you not pay loan today 5pm",
    "You are pre-approved for a personal loan of up to $15,000. Reply STOP to opt out.",
    "Final notice: your account 4471 is 45 days past due, £312.40. Pay today to avoid legal action. -Cabot",
    "847211 is your one-time code for Klarna. Do not share it with anyone.",
    "Hello, Brian Otieno listed you as referee for a loan of KES 5,000. Tell him to pay Zenka now.",
    "Congratulations! Loan of N200,000 approved. Pay N5,000 processing fee first to 0803 555 0100",
    "【招联金融】您尾号4821的借款已逾期3天，请尽快还款，以免影响征信。",
    "We are pleased to inform you that your loan application LA220918 was approved. -Tala",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_answer_keeps_the_form(explainer: Any, text: str) -> None:
    answer = explainer.explain(text)
    assert answer.status in ("written", "quoted")
    assert set(answer.kinds) == set(KINDS) and sum(answer.kinds.values()) == pytest.approx(1, abs=1e-4)
    assert {c.cause for c in answer.causes} == set(CAUSES)
    assert 0 < len(answer.headline.split()) <= 20
    assert 0 < len(re.sub(r" \[\d+\]", "", answer.explanation).split()) <= 75
    assert "[" not in answer.headline
    assert [c.n for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    cited = {int(n) for n in re.findall(r"\[(\d+)\]", answer.explanation)}
    assert cited and cited <= {c.n for c in answer.citations}
    for line in (*answer.steps, *answer.avoid, *answer.report):
        quote = answer.citations[line.citation - 1].quote
        assert line.text in quote
    assert 2 <= len(answer.steps) <= 4 and answer.avoid and answer.report
    for evidence in answer.evidence:
        assert text[evidence.start : evidence.end] == evidence.text and evidence.cue
    assert len(answer.hits) <= 10


@pytest.mark.parametrize("text", TEXTS)
def test_every_number_and_link_comes_from_the_text_or_a_cited_passage(explainer: Any, text: str) -> None:
    answer = explainer.explain(text)
    allowed = text + " ".join(c.quote for c in answer.citations)
    said = " ".join(
        [
            answer.headline,
            re.sub(r"\[\d+\]", "", answer.explanation),
            *(a.text for a in answer.steps + answer.avoid + answer.report),
        ]
    )
    for value in re.findall(r"\d[\d,.:/-]*\d|\d|\b[\w-]+\.(?:com|org|gov|in|cn|uk)\b", said):
        assert value in allowed, value


def test_the_kind_is_what_a_reader_sees(explainer: Any) -> None:
    kinds = [explainer.explain(t).kind for t in TEXTS]
    assert kinds[0] == "reminder" and kinds[2] == "advert" and kinds[3] == "overdue_demand"
    assert kinds[4] == "code" and kinds[6] == "scam" and kinds[7] == "overdue_demand" and kinds[8] == "service_notice"


def test_an_answer_moves_the_causes_and_another_question_follows(explainer: Any) -> None:
    before = explainer.explain(TEXTS[3])
    assert before.question is not None
    after = explainer.explain(TEXTS[3], answers={before.question.id: "no"})
    assert before.cause == "overdue" and after.cause != "overdue"
    assert after.question is None or after.question.id != before.question.id
    assert after.answers == {before.question.id: "no"}


def test_what_already_happened_comes_first(explainer: Any) -> None:
    usual = explainer.explain(TEXTS[6])
    urgent = explainer.explain(TEXTS[6], already=["paid"])
    assert urgent.steps[0].text != usual.steps[0].text
    assert "bank" in urgent.steps[0].text.casefold() or "money" in urgent.steps[0].text.casefold()
    assert urgent.cause == usual.cause


def test_a_text_not_about_a_loan_is_declined_politely(explainer: Any) -> None:
    answer = explainer.explain("Happy birthday Anna! See you at the cinema at 8, bring popcorn")
    assert (answer.status, answer.decline_reason) == ("declined", "not_loan")
    assert answer.headline and answer.explanation and len(answer.causes) == 1
    assert not answer.steps and answer.question is None and answer.letter is None


def test_a_trap_without_a_loan_gets_a_safety_line(explainer: Any) -> None:
    answer = explainer.explain(
        "Your parcel is held. Pay the customs fee of 1.99 at http://post-fee.top/x to release it"
    )
    if answer.status == "declined":
        assert answer.steps
    assert "safe" not in answer.explanation


def test_a_language_it_cannot_read_is_declined_or_answered_only_when_clear(explainer: Any) -> None:
    answer = explainer.explain("Уважаемый клиент, посмотрите нашу новую коллекцию обуви в магазине на проспекте")
    assert answer.status == "declined" and answer.decline_reason in ("language", "not_loan")


def test_many_equal_one_by_one(explainer: Any) -> None:
    together = explainer.explain_many([Request(t) for t in TEXTS])
    for text, answer in zip(TEXTS, together, strict=True):
        alone = explainer.explain(text)
        assert (answer.kind, answer.cause, answer.status) == (alone.kind, alone.cause, alone.status)
        assert [c.passage for c in answer.citations] == [c.passage for c in alone.citations]


def test_a_bad_request_among_many_stops_explain_many_but_not_outcomes(explainer: Any) -> None:
    with pytest.raises(BadInput):
        explainer.explain_many([TEXTS[0], "", TEXTS[2]])
    outcomes = list(explainer.outcomes([TEXTS[0], "", TEXTS[2]]))
    assert isinstance(outcomes[1], BadInput)
    assert [o.kind for o in (outcomes[0], outcomes[2])] == ["reminder", "advert"]


def test_the_json_has_the_names_of_the_form(explainer: Any) -> None:
    answer = json.loads(explainer.explain(HOME_CREDIT, sender="VM-HOMECR-S").to_json())
    names = (
        "schema status decline_reason kind kinds cause causes confidence headline explanation evidence question "
        "answers steps avoid report letter citations hits given language slots warnings campaign models version "
        "timing_ms"
    )
    assert " ".join(answer) == names
    assert answer["schema"] == 1 and answer["given"]["sender"] == "VM-HOMECR-S"
    assert set(answer["models"]) == {"encoder", "kinds", "writer", "knowledge"}
    assert set(answer["hits"][0]) == {"passage", "score", "rank"}


def test_a_letter_is_filled_from_the_text_and_marks_its_blanks(explainer: Any) -> None:
    answer = explainer.explain(TEXTS[5], answers={"know_borrower": "yes"})
    assert answer.cause == "contact_of_borrower" and answer.letter is not None
    assert "{" not in answer.letter.text and "[your name]" in answer.letter.text


def test_the_default_path_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from explainer import Explainer; Explainer.load().explain('Your loan EMI is due');"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gradio', 'sklearn'};"
        "print(heavy & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
