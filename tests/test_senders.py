"""How many people a sender reaches in a minute, told with the threshold and its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from explainer.rows import Row, row_of
from explainer.senders import BY_HAND, BY_MACHINE, ENOUGH, SenderWatch

PERSON, BANK = "+919811112222", "JD-HDFCBK-S"


def rows(sender: str, n: int, seconds: float, recipients: int | None = None, **given: Any) -> list[Row]:
    start = datetime(2026, 3, 2, 10)
    fields = [
        {
            "text": "loan",
            "sender": sender,
            "recipient": f"r{i % (recipients or n)}",
            "received_at": (start + timedelta(seconds=i * seconds)).isoformat(),
            "country": "IN",
            **given,
        }
        for i in range(n)
    ]
    return [row_of(f, i) for i, f in enumerate(fields)]


def replace_field(row: Row, name: str) -> Row:
    """The row without this field."""
    if name == "recipient":
        return replace(row, recipient=None)
    assert row.request is not None
    return replace(row, request=replace(row.request, **{name: None}))


def notes(watched: list[Row]) -> list[tuple[str, ...]]:
    return [row.request.notes if row.request else () for row in watched]


def test_an_ordinary_number_that_reaches_ten_people_in_a_minute_is_told_from_then_on() -> None:
    watch = SenderWatch()
    told = notes(list(watch.watch(rows(PERSON, BY_HAND + 2, 5))))
    assert [bool(t) for t in told] == [False] * (BY_HAND - 1) + [True] * 3
    assert "reached 10 different numbers within a minute" in told[BY_HAND - 1][0] and "by hand" in told[-1][0]
    assert any(PERSON in line and "personal" in line for line in watch.report())


def test_the_minute_slides_and_counts_each_recipient_once() -> None:
    assert not any(notes(list(SenderWatch().watch(rows(PERSON, 40, 7)))))
    assert not any(notes(list(SenderWatch().watch(rows(PERSON, 40, 1, recipients=3)))))


def test_a_business_is_measured_with_another_threshold() -> None:
    assert not any(notes(list(SenderWatch().watch(rows(BANK, 45, 1.5, recipients=44)))))
    told = notes(list(SenderWatch().watch(rows(BANK, BY_MACHINE + 5, 0.5))))
    assert told[-1] and f"{BY_MACHINE} or more" in told[-1][0]


def test_a_sender_of_strangers_only_is_told_and_a_lender_of_known_people_is_not() -> None:
    told = notes(list(SenderWatch().watch(rows(BANK, ENOUGH, 3600))))
    assert told[-1] and "had not texted before" in told[-1][0] and not told[-2]
    assert not any(notes(list(SenderWatch().watch(rows(BANK, 300, 3600, recipients=20)))))


def test_without_the_columns_the_check_says_that_it_was_not_possible() -> None:
    for missing in ("recipient", "sender", "received_at"):
        watch = SenderWatch()
        assert not any(notes(list(watch.watch(replace_field(row, missing) for row in rows(PERSON, 20, 1)))))
        (line,) = watch.report()
        assert "not looked at" in line and f"no row has {missing} " in line
    watch = SenderWatch()
    list(watch.watch(rows(PERSON, 20, 1, received_at="2026-03-02")))
    assert "with the time of day" in watch.report()[0]


def test_a_file_that_jumps_in_time_is_told() -> None:
    watch = SenderWatch()
    list(watch.watch(list(reversed(rows(PERSON, 5, 1)))))
    assert any("sort the file by received_at" in line for line in watch.report())


def test_the_answer_says_it(explainer: Any) -> None:
    (*_, last) = SenderWatch().watch(rows(PERSON, BY_HAND, 1))
    assert last.request is not None
    (answer,) = explainer.outcomes([last.request])
    assert any("different numbers within a minute" in warning for warning in answer.warnings)
