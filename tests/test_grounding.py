"""Nothing that nobody can check gets through."""

from __future__ import annotations

import dataclasses

import pytest

from explainer.causes import estimate_causes
from explainer.grounding import Grounded, ground, sentences, strange_values, support
from explainer.knowledge import load_passages
from explainer.message import read_message
from explainer.prompting import build_prompt
from explainer.records import KINDS, Draft, KindEstimate, Request, Situation
from explainer.writer import QuotingWriter
from tests.conftest import HOME_CREDIT


@pytest.fixture(scope="module")
def situation() -> Situation:
    message = read_message(Request(HOME_CREDIT))
    kinds = KindEstimate({k: float(k == "reminder") for k in KINDS}, ())
    by_id = {p.id: p for p in load_passages()}
    passages = tuple(by_id[i] for i in ("any-repayment-why", "any-repayment-sign-for", "any-repayment-decide"))
    return Situation(message, kinds, estimate_causes(message, kinds), passages)


def reasons(draft: Draft, situation: Situation) -> str:
    result = ground(draft, situation)
    assert isinstance(result, list), result
    return " | ".join(result)


def test_a_quoted_draft_passes_and_each_rule_is_cited(situation: Situation) -> None:
    draft = QuotingWriter().generate([build_prompt(situation)])[0]
    result = ground(draft, situation)
    assert isinstance(result, Grounded)
    assert result.explanation.count("[") == 3 and len(result.cited) == 3
    assert sentences(result.explanation)[0].startswith("This text") and "[" not in sentences(result.explanation)[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"explanation": "Lenders must paint their doors green on Mondays."}, "no passage supports"),
        ({"explanation": "This text says you owe 9,999 to Home Credit."}, "9,999"),
        ({"explanation": "This text wants you to visit evil.com."}, "evil.com"),
        ({"headline": "Home Credit wants 5000 from you."}, "5000"),
        ({"explanation": "This text is safe."}, "never said"),
        ({"explanation": "This text is fine, so tap the link."}, "never said"),
        ({"explanation": "This text names <LENDER_1>."}, "tag"),
        ({"explanation": "This text is a reminder [9]."}, "citation of its own"),
        ({"explanation": "This text is one. This text is one."}, "repeats"),
        ({"explanation": "This text " + "goes on and " * 40 + "ends."}, "words"),
        ({"headline": "word " * 21}, "headline has 21 words"),
        ({"headline": " "}, "empty"),
    ],
)
def test_a_draft_with_one_fault_fails_with_its_reason(
    situation: Situation, change: dict[str, str], reason: str
) -> None:
    good = Draft("Home Credit writes about a payment.", "This text speaks of a payment.")
    assert isinstance(ground(good, situation), Grounded)
    assert reason in reasons(dataclasses.replace(good, **change), situation)


def test_a_number_changed_in_a_rule_loses_its_support() -> None:
    passage = "You have 30 days to dispute the debt in writing."
    assert support("You have 30 days to dispute the debt.", passage) == 1
    assert support("You have 60 days to dispute the debt.", passage) == 0


def test_numbers_of_the_text_or_passage_are_not_strange() -> None:
    assert strange_values("Pay Rs 2031 by 18-09-21.", HOME_CREDIT) == []
    assert strange_values("Call 1930.", HOME_CREDIT) == ["1930"]


def test_sentences_split_at_ends_and_not_at_abbreviated_sums() -> None:
    assert sentences("Pay Rs. 20 now. It is late.") == ["Pay Rs. 20 now.", "It is late."]
    assert sentences("") == []
