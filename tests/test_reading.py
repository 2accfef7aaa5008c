"""Whatever a stranger writes, reading it neither fails nor loses its place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.dates import read_date
from explainer.errors import BadInput
from explainer.message import read_message
from explainer.normalise import normalise
from explainer.records import Request
from explainer.slots import registered_domain
from explainer.surface import BUCKETS, hashed_ngrams, hashed_words, plain_letters
from explainer.tagger import Tagged, spans

strange_text = st.text(
    st.characters()
    | st.sampled_from("\u200b\u202e\ufe0f\u0301аеоΑ①ｌ\U0001f468\u200d【】₹£$¥元贷0123456789.,/:@#*-+ \n"),
    max_size=300,
)


@given(strange_text)
def test_normalising_keeps_a_way_back_to_every_character(text: str) -> None:
    plain, starts, ends, _ = normalise(text)
    assert len(plain) == len(starts) == len(ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
    assert list(starts) == sorted(starts)
    assert "\u200b" not in plain and "\u202e" not in plain


@given(strange_text)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(" ".join(text.split()))[0]
    assert normalise(once)[0] == once


@given(strange_text)
def test_any_text_is_read_or_told_to_be_empty(text: str) -> None:
    try:
        message = read_message(Request(text))
    except BadInput as error:
        assert "empty" in str(error)
        return
    places = [(s.start, s.end) for s in message.slots]
    assert all(text[s.start : s.end] == s.text for s in message.slots)
    assert places == sorted(places)


@given(strange_text)
def test_ngrams_of_any_text_fall_into_the_buckets(text: str) -> None:
    for features in (hashed_ngrams(text), hashed_words(text)):
        assert len(features.buckets) == len(features.owners)
        assert all(0 <= b < BUCKETS for b in features.buckets)
        assert all(0 <= o < len(text) for o in features.owners)
    assert len(plain_letters(text)) == len(text)


def test_words_spelt_letter_by_letter_are_joined_and_reported() -> None:
    plain, starts, ends, warnings = normalise("Get a l-o-a-n  f a s t  now in the U.S.A, a b c")
    assert plain == "Get a loan fast now in the U.S.A, a b c" and "2 words spelt letter by letter" in warnings[0]
    assert (starts[6], ends[9]) == (6, 13)


def test_digits_count_as_one() -> None:
    assert hashed_ngrams("pay 123").buckets.tolist() == hashed_ngrams("pay 987").buckets.tolist()


def test_signs_that_stand_for_letters_are_read_as_letters() -> None:
    assert plain_letters("Your L0AN is @pproved, cl1ck") == "your loan is approved, click"
    assert plain_letters("Rs1500 on 13/05, CB348") == "rs0000 on 00/00, cb000"


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("18-09-21", "IN", date(2021, 9, 18)),
        ("09/15", "US", date(2025, 9, 15)),
        ("05/04", "GB", date(2026, 4, 5)),
        ("14 Jun", "GB", date(2025, 6, 14)),
        ("Jan 15", "US", date(2026, 1, 15)),
        ("3月5日", "CN", date(2026, 3, 5)),
        ("2026-06-01", None, date(2026, 6, 1)),
        ("tomorrow", None, date(2025, 12, 2)),
        ("31/31", "IN", None),
        ("30 Feb", "GB", None),
        ("Friday", "GB", None),
    ],
)
def test_dates_are_read_from_the_day_the_text_came(text: str, country: str | None, expected: date | None) -> None:
    assert read_date(text, date(2025, 12, 1), country) == expected


@pytest.mark.parametrize(
    ("link", "domain"),
    [
        ("https://pay.bajaj.in/x", "bajaj.in"),
        ("bit.ly/3x", "bit.ly"),
        ("http://95.141.32.7:81/a", "95.141.32.7"),
        ("https://netbanking.hdfc.bank.in/x", "hdfc.bank.in"),
        ("www.foo.co.za", "foo.co.za"),
    ],
)
def test_registered_domains(link: str, domain: str) -> None:
    assert registered_domain(link) == domain


def test_tags_of_pieces_become_whole_words() -> None:
    text = "Dear Asha, Hero FinCorp loan"
    offsets = [(0, 0), (0, 4), (5, 9), (9, 10), (11, 15), (16, 19), (19, 23), (24, 28), (0, 0)]
    tags = [
        "outside",
        "outside",
        "begin person",
        "inside person",
        "begin lender",
        "inside lender",
        "outside",
        "outside",
        "outside",
    ]
    assert spans(tags, offsets, text) == [Tagged("person", 5, 9), Tagged("lender", 11, 23)]
