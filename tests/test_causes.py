"""Probabilities add up, and an answer never moves a cause the wrong way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.causes import estimate_causes, load_table
from explainer.message import read_message
from explainer.records import CAUSES, KINDS, QUESTIONS, CauseEstimate, KindEstimate, Request

kind_weights = st.lists(st.floats(0.01, 1), min_size=len(KINDS), max_size=len(KINDS))
some_answers = st.dictionaries(st.sampled_from(QUESTIONS), st.sampled_from(["yes", "no", "unknown"]))


def estimate(kinds: dict[str, float], text: str = "Pay Mr Rao", **given_: object) -> CauseEstimate:
    full = {kind: kinds.get(kind, 0.0) for kind in KINDS}
    total = sum(full.values())
    message = read_message(Request(text, **given_))  # type: ignore[arg-type]
    return estimate_causes(message, KindEstimate({k: p / total for k, p in full.items()}, ()))


def probability(estimate_: CauseEstimate, cause: str) -> float:
    return next(c.probability for c in estimate_.causes if c.cause == cause)


@given(kind_weights, some_answers)
def test_probabilities_sum_to_one_and_are_sorted(weights: list[float], answers: dict[str, str]) -> None:
    result = estimate(dict(zip(KINDS, weights, strict=True)), answers=answers)
    probabilities = [c.probability for c in result.causes]
    assert sum(probabilities) == pytest.approx(1)
    assert probabilities == sorted(probabilities, reverse=True)
    assert {c.cause for c in result.causes} == set(CAUSES)


@given(kind_weights, st.sampled_from(QUESTIONS), st.sampled_from(["yes", "no"]))
def test_an_answer_moves_the_cause_it_speaks_for_up(weights: list[float], question: str, answer: str) -> None:
    kinds = dict(zip(KINDS, weights, strict=True))
    before, after = estimate(kinds), estimate(kinds, answers={question: answer})
    yes = load_table()["questions"][question]["yes"]
    likelihood = {c: p if answer == "yes" else 1 - p for c, p in yes.items()}
    favoured, disfavoured = max(likelihood, key=likelihood.__getitem__), min(likelihood, key=likelihood.__getitem__)
    assert probability(after, favoured) >= probability(before, favoured) - 1e-9
    assert probability(after, disfavoured) <= probability(before, disfavoured) + 1e-9


@given(kind_weights, some_answers)
def test_no_answer_moves_whether_it_is_about_a_loan(weights: list[float], answers: dict[str, str]) -> None:
    kinds = dict(zip(KINDS, weights, strict=True))
    before, after = estimate(kinds), estimate(kinds, answers=answers)
    assert probability(after, "not_loan") == pytest.approx(probability(before, "not_loan"))


@given(kind_weights)
def test_i_do_not_know_changes_nothing(weights: list[float]) -> None:
    kinds = dict(zip(KINDS, weights, strict=True))
    unknown = dict.fromkeys(QUESTIONS, "unknown")
    assert estimate(kinds).causes == estimate(kinds, answers=unknown).causes


@given(kind_weights)
def test_answering_all_questions_ends_the_asking(weights: list[float]) -> None:
    kinds = dict(zip(KINDS, weights, strict=True))
    assert estimate(kinds, answers=dict.fromkeys(QUESTIONS, "no")).question is None


def test_the_name_is_asked_about_only_when_the_text_has_one() -> None:
    answered = {q: "unknown" for q in QUESTIONS if q != "name_is_mine"}
    assert estimate({"overdue_demand": 1}, "Pay Mr Rao", answers=answered).question is not None
    assert estimate({"overdue_demand": 1}, "Pay today", answers=answered).question is None


def test_an_own_name_given_answers_the_question_of_the_name() -> None:
    stranger = estimate({"overdue_demand": 1}, "Pay Mr Rao", name="Anna Klein")
    asked = estimate({"overdue_demand": 1}, "Pay Mr Rao", answers={"name_is_mine": "no"})
    assert stranger.causes == asked.causes


@pytest.mark.parametrize(
    ("given_", "cause", "up"),
    [
        ({"sender": "JD-BAJAJF-P"}, "marketing", True),
        ({"sender": "JD-BAJAJF-S"}, "phishing", False),
        ({"sender": "+919876543210", "country": "IN"}, "phishing", True),
        ({"sender": "+639175550142", "country": "IN"}, "phishing", True),
    ],
)
def test_the_sender_speaks(given_: dict[str, str], cause: str, up: bool) -> None:
    kinds = {"advert": 0.4, "service_notice": 0.4, "scam": 0.2}
    without, with_sender = estimate(kinds, "Loan approved"), estimate(kinds, "Loan approved", **given_)
    assert (probability(with_sender, cause) > probability(without, cause)) is up
    assert with_sender.cues


def test_a_due_date_in_the_past_turns_a_reminder_into_a_demand() -> None:
    kinds = {"reminder": 0.5, "overdue_demand": 0.5}
    text = "Your EMI of Rs 200 was due on 05-03-2026"
    before = estimate(kinds, text, received_at="2026-03-01")
    after = estimate(kinds, text, received_at="2026-03-20")
    assert probability(after, "overdue") > probability(before, "overdue")


def test_every_row_of_the_table_has_a_reason_and_a_source() -> None:
    table = load_table()
    assert set(table["table"]) == set(KINDS) and set(table["questions"]) == set(QUESTIONS)
    for part in ("table", "cues", "questions"):
        for name, row in table[part].items():
            assert row["reason"] and row["source"], (part, name)
    for kind, row in table["table"].items():
        assert sum(row["weights"].values()) == pytest.approx(1), kind


def test_the_page_that_shows_the_table_is_current() -> None:
    from explainer.cause_page import as_markdown
    from tests.conftest import ROOT

    assert (ROOT / "docs" / "causes.md").read_text("utf-8") == as_markdown(), (
        "run the command in explainer/cause_page.py"
    )
