"""Nothing that nobody can check gets through."""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from typing import Any

import pytest

from explainer.encoder import EmbeddedEncoder
from explainer.grounding import SUPPORTED, disagreements, ground, off_topic, sentences, strange_values, untrue_of_text
from explainer.prompting import build_prompt
from explainer.quoting import QuotingWriter
from explainer.records import Draft, Grounded, Prompt
from explainer.support import SupportJudge
from explainer.training.support import support_cases
from explainer.training.writer import load_pairs
from tests.conftest import HOME_CREDIT, situation_of

REPAYMENT = ("any-repayment-why", "any-repayment-sign-for", "any-repayment-decide")
GOOD = Draft(
    "<LENDER_1> writes about a payment of <AMOUNT_1>.",
    "<LENDER_1> says <AMOUNT_1> is due on <DATE_1>. You likely have this loan, and a payment is near.",
)


@pytest.fixture(scope="module")
def judge() -> SupportJudge:
    return SupportJudge(EmbeddedEncoder())


@pytest.fixture(scope="module")
def prompt() -> Prompt:
    return build_prompt(situation_of(HOME_CREDIT, passages=REPAYMENT))


def reasons(draft: Draft, prompt: Prompt, judge: SupportJudge) -> str:
    result = ground(draft, prompt, judge)
    assert isinstance(result, list), result
    return " | ".join(result)


def test_a_good_draft_passes_with_its_tags_filled_in(prompt: Prompt, judge: SupportJudge) -> None:
    result = ground(GOOD, prompt, judge)
    assert isinstance(result, Grounded)
    assert result.headline == "Home Credit writes about a payment of Rs 2031."
    first, why, own, decide = sentences(result.explanation)
    assert first == "Home Credit says Rs 2031 is due on 18-09-21." and own.startswith("You likely have this loan")
    assert why.endswith("[1].") and decide.endswith("[2]."), "what the draft lacks is quoted"
    assert [p.id for p in result.cited] == ["any-repayment-why", "any-repayment-decide"]


def test_a_faulty_sentence_is_left_out_when_enough_is_left(prompt: Prompt, judge: SupportJudge) -> None:
    bad = "There is no date in it."
    result = ground(dataclasses.replace(GOOD, explanation=f"{GOOD.explanation} {bad}"), prompt, judge)
    assert isinstance(result, Grounded) and bad not in result.explanation


def test_what_the_writer_was_unsure_of_is_left_out(prompt: Prompt, judge: SupportJudge) -> None:
    said = f"{GOOD.explanation} The app decides."
    result = ground(dataclasses.replace(GOOD, explanation=said, sureness=(-0.2, -0.3, -0.2, -2.5)), prompt, judge)
    assert isinstance(result, Grounded) and "The app decides" not in result.explanation
    result = ground(dataclasses.replace(GOOD, sureness=(-2.5, -0.3, -0.2)), prompt, judge)
    assert isinstance(result, Grounded) and result.headline.startswith(
        "Home Credit writes about a payment of Rs 2031 on"
    )


def test_a_draft_that_names_no_detail_begins_with_what_stands_in_the_text(prompt: Prompt, judge: SupportJudge) -> None:
    said = (
        "You likely have this loan, and a payment is near. Whether the lender's own app shows it will settle the rest."
    )
    result = ground(dataclasses.replace(GOOD, explanation=said), prompt, judge)
    assert isinstance(result, Grounded)
    assert result.explanation.startswith("This text speaks of a payment of Rs 2031 to Home Credit, naming 18-09-21.")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("No sum is named.", "has a amount"),
        ("The link is odd.", "has no link"),
        ("No link is in it.", ""),
        ("The exact sum fits.", ""),
        ("A fee speaks for fraud.", "asks for no fee"),
        ("A code can come by mistake.", "has no code"),
        ("If a fee is asked, it is a trap.", ""),
    ],
)
def test_what_is_said_of_the_text_is_looked_up(said: str, fault: str) -> None:
    situation = situation_of(HOME_CREDIT)
    faults = " ".join([*untrue_of_text(said, situation.message), *off_topic(said, situation)])
    assert (fault in faults) if fault else not faults


def test_a_quoted_draft_passes_and_each_rule_is_cited(prompt: Prompt, judge: SupportJudge) -> None:
    result = ground(QuotingWriter().generate([prompt])[0], prompt, judge)
    assert isinstance(result, Grounded)
    assert result.explanation.count("[") == 3 and len(result.cited) == 3
    assert sentences(result.explanation)[0].startswith("This text") and "[" not in sentences(result.explanation)[0]


def test_a_rule_in_other_words_gets_the_passage_that_says_it(prompt: Prompt, judge: SupportJudge) -> None:
    said = "A lender may text you because a payment date is close."
    result = ground(dataclasses.replace(GOOD, explanation=f"{GOOD.explanation} {said}"), prompt, judge)
    assert isinstance(result, Grounded)
    assert "a payment date is close [1]." in result.explanation and result.cited[0].id == "any-repayment-why"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"explanation": "Lenders must paint their doors green on Mondays."}, "no passage supports"),
        ({"explanation": "A lender must never text you about a payment date."}, "no passage supports"),
        ({"explanation": "This text says you owe 9,999 to <LENDER_1>."}, "9,999"),
        ({"explanation": "This text says you owe 2031 to <LENDER_1>."}, "a number outside a tag"),
        ({"explanation": "This text wants you to visit evil.com."}, "evil.com"),
        ({"explanation": "This text is safe."}, "never said"),
        ({"explanation": "This text is fine, so tap the link."}, "never said"),
        ({"explanation": "This text names <LENDER_2>."}, "tag"),
        ({"explanation": "This text is a reminder [9]."}, "citation of its own"),
        ({"explanation": "This text is one. This text is one."}, "repeats"),
        ({"explanation": "This text asks you for money now and this text asks you for money now."}, "repeats"),
        ({"explanation": "This text " + "goes on and " * 40 + "ends."}, "words"),
        ({"explanation": " "}, "empty"),
        ({"explanation": "Very likely this is a trap."}, "calls phishing likely"),
        ({"explanation": "You say you never applied there."}, "answered nothing"),
    ],
)
def test_a_draft_with_one_fault_fails_with_its_reason(
    prompt: Prompt, judge: SupportJudge, change: dict[str, str], reason: str
) -> None:
    assert reason in reasons(dataclasses.replace(GOOD, **change), prompt, judge)


@pytest.mark.parametrize(
    "headline",
    ["<LENDER_1> wants 5000 from you.", "word " * 21, " ", "Tap the link.", "<PERSON_1> owes.", "Very likely a scam."],
)
def test_a_bad_headline_over_a_good_explanation_is_composed_anew(
    prompt: Prompt, judge: SupportJudge, headline: str
) -> None:
    result = ground(dataclasses.replace(GOOD, headline=headline), prompt, judge)
    assert isinstance(result, Grounded)
    assert result.headline.startswith("Home Credit writes about a payment of Rs 2031 on 18-09-21;")
    assert result.explanation.startswith("Home Credit says")


@pytest.mark.parametrize(
    ("said", "answers", "fault"),
    [
        ("You never applied there.", {"applied": "yes"}, "applied=yes"),
        ("You applied there.", {"applied": "no"}, "applied=no"),
        ("You have a loan with them.", {"have_loan": "no"}, "have_loan=no"),
        ("You applied there.", {"applied": "yes"}, ""),
        ("If you never applied, it is not yours.", {"applied": "yes"}, ""),
    ],
)
def test_what_the_reader_answered_is_not_contradicted(said: str, answers: dict[str, str], fault: str) -> None:
    faults = disagreements(said, situation_of(HOME_CREDIT, answers=answers), leading=2)
    assert (fault in " ".join(faults)) if fault else not faults


def test_the_judge_follows_writers_and_passages_it_has_not_learnt_from(judge: SupportJudge) -> None:
    apart = [p for p in load_pairs() if p.split == "test"][::4]
    called: dict[str, list[bool]] = defaultdict(list)
    for case in support_cases(apart, random.Random(1)):
        vector = judge.encode([case.sentence])[0]
        called[case.sort].append(judge.supports(case.sentence, vector, case.passage) >= SUPPORTED)
    share = {sort: sum(said) / len(said) for sort, said in called.items()}
    assert share["supported"] > 0.55
    assert share["sentence altered"] < 0.1 and share["passage altered"] < 0.12
    assert share["another passage of the situation"] < 0.03 and share["a report"] < 0.05


def test_numbers_of_the_text_or_passage_are_not_strange() -> None:
    assert strange_values("Pay Rs 2031 by 18-09-21.", HOME_CREDIT) == []
    assert strange_values("Call 1930.", HOME_CREDIT) == ["1930"]


def test_sentences_split_at_ends_and_not_at_abbreviated_sums() -> None:
    assert sentences("Pay Rs. 20 now. It is late.") == ["Pay Rs. 20 now.", "It is late."]
    assert sentences("") == []


def test_no_answer_carries_a_tag_or_a_senders_link(explainer: Any) -> None:
    answer = explainer.explain(
        "Your loan of Rs 5,000 is approved! Pay Rs 500 fee at http://bit.ly/x1 or call 9811122233"
    )
    said = f"{answer.headline} {answer.explanation}"
    assert "<" not in said and "bit.ly" not in said and "98111" not in said
