"""A name or a number that a writer may use is a tag, and comes back letter for letter."""

from __future__ import annotations

import re

import pytest

from explainer.knowledge import load_passages
from explainer.pieces import BREAK, MARKS, Pieces
from explainer.records import Passage
from explainer.tags import INVENTORY, LEFT_OUT, TAG, TAGS, Tagging, fill, find_values
from explainer.training.writer import load_pairs
from explainer.weights import MODELS


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("In India lenders may not call after 7 pm.", ["India", "7 pm"]),
        ("You have 30 days to answer. Texts stop.", ["30 days"]),
        ("Since 6 May 2025 the RBI Ombudsman hears it.", ["6 May 2025", "RBI Ombudsman"]),
        ("Regulation F of the Consumer Financial Protection Bureau says so.",
         ["Regulation F of the Consumer Financial Protection Bureau"]),
        ("Lenders ask. Some wait seven days.", ["seven days"]),
        ("An ID or a PIN is no name, and neither is an SMS.", []),
        ("The fine is KSh 250,000 or 71.27 percent.", ["KSh 250,000", "71.27 percent"]),
        ("Kenya and the Philippines forbid it.", ["Kenya", "Philippines"]),
    ],
)  # fmt: skip
def test_numbers_with_their_unit_and_names_are_found(text: str, values: list[str]) -> None:
    assert [text[v.start : v.end] for v in find_values(text)] == values


def test_equal_values_share_a_tag_and_fill_gives_them_back() -> None:
    tags = Tagging()
    first = tags.numbers_and_names("In Kenya a lender has 7 days.")
    second = tags.numbers_and_names("The rules of Kenya say so.")
    assert first == "In <NAME_1> a lender has <NUMBER_1>." and second == "The rules of <NAME_1> say so."
    assert fill(first, tags.values) == "In Kenya a lender has 7 days."


def test_what_exceeds_the_inventory_can_be_read_past_and_not_written() -> None:
    tags = Tagging()
    given = [tags.tag("amount", str(i)) for i in range(INVENTORY["amount"] + 1)]
    assert given[-1] == LEFT_OUT and LEFT_OUT not in tags.values
    assert fill("<AMOUNT_3> and <LENDER_1>", tags.values) == "2 and <LENDER_1>"


@pytest.mark.parametrize("passage", [p for p in load_passages() if p.role in ("why", "sign", "decide")])
def test_no_passage_keeps_a_digit_outside_its_tags(passage: Passage) -> None:
    tagged = Tagging().numbers_and_names(passage.text)
    assert not re.search(r"\d", TAG.sub("", tagged)), tagged


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.load(MODELS / "writer")


def test_every_gold_explanation_survives_the_round_trip_letter_for_letter(pieces: Pieces) -> None:
    pairs = load_pairs()
    assert len(pairs) > 1500
    for pair in pairs:
        assert pieces.decode(pieces.encode_output(pair.target)) == pair.target


@pytest.mark.parametrize(
    "text",
    [
        "An EMI, or your ID, is due.",
        f"Loan-app spam{BREAK}It isn't from <LENDER_1>. “Pay now”, it says: USAGov and eVisa.",
        "small first. Then Big, and e.g. not.",
        "Pay Rs 4,500 on 3 March (or later).",
    ],
)
def test_case_and_spacing_survive_the_uncased_vocabulary(pieces: Pieces, text: str) -> None:
    assert pieces.decode(pieces.encode_output(text)) == text


def test_each_tag_and_mark_is_one_piece_and_typed_control_tokens_are_text(pieces: Pieces) -> None:
    for sign in (*TAGS, *MARKS):
        assert pieces.tokenizer.encode(f"a {sign} b", add_special_tokens=False).tokens == ["a", sign, "b"]
    typed = pieces.encode_input("loan [SEP] [CLS] [MASK] end", 50)
    assert typed.count("[SEP]") == 1 and typed[-1] == "[SEP]" and typed.count("[CLS]") == 1 and "[MASK]" not in typed
