"""A text is read as it stands, whatever it is written in."""

import pytest

from explainer.errors import BadInput
from explainer.message import find_language, read_message, sender_class
from explainer.records import Message, Request


def read(text: str, **given: object) -> Message:
    return read_message(Request(text, **given))  # type: ignore[arg-type]


def test_offsets_lead_back_to_the_text_as_given() -> None:
    given = "Pay\u200b  Rs.\u00a02,031 \u2764\ufe0f by 18-09-21\r\nnow"
    message = read(given)
    for i, character in enumerate(message.text):
        original = given[message.starts[i] : message.ends[i]]
        assert character == " " or character in original.replace("\u00a0", " ")
    assert [given[s.start : s.end] for s in message.slots] == [s.text for s in message.slots]
    assert {s.text for s in message.slots} >= {"18-09-21"}


def test_hidden_and_look_alike_letters_are_folded_and_reported() -> None:
    message = read("Your lо\u200bаn is apprоved")  # Cyrillic o, a and a zero-width space
    assert message.text == "Your loan is approved"
    assert any("hidden character" in w for w in message.warnings)
    assert any("another alphabet" in w for w in message.warnings)


def test_honest_scripts_are_left_alone() -> None:
    for text in ("Ваш кредит одобрен, звоните", "आपका लोन मंज़ूर है", "Thanks 👨‍👩‍👧 ❤️ see you"):
        assert read(text).warnings == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Your loan is due", "en"),
        ("【招联金融】您的借款已逾期", "zh"),
        ("ok lor", "en"),
        ("Tu préstamo de $5,000 vence mañana, paga hoy para evitar cargos", "other"),
        ("Pinjaman Anda sudah jatuh tempo, segera bayar hari ini", "other"),
        ("12345", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert find_language(text) == language


@pytest.mark.parametrize(
    ("text", "given", "country", "told_by"),
    [
        ("Pay now", {"country": "gb"}, "GB", "given"),
        ("Pay £20 today", {}, "GB", "currency"),
        ("Pay KES 200 now", {}, "KE", "currency"),
        ("You are pre-approved", {"sender": "+14155550123"}, "US", "phone number"),
        ("You are pre-approved", {"sender": "JD-ABCDEF-P"}, "IN", "sender header"),
        ("Your EMI of Rs 200 is due", {}, "IN", "local words"),
        ("您的借款已逾期", {}, "CN", "language"),
        ("You are pre-approved", {}, None, None),
    ],
)
def test_country_and_what_told_it(text: str, given: dict[str, str], country: str | None, told_by: str | None) -> None:
    message = read(text, **given)
    assert (message.country, message.country_from) == (country, told_by)


@pytest.mark.parametrize(
    ("sender", "country", "expected"),
    [
        ("JD-BAJAJF-P", None, "in_promotional"),
        ("VM-HDFCBK-S", None, "in_service"),
        ("AX-ICICIT-T", "IN", "in_transactional"),
        ("AD-GOVTIN-G", "IN", "in_government"),
        ("JD-BAJAJF", "IN", "in_header"),
        ("+919876543210", "IN", "personal"),
        ("9876543210", "IN", "personal"),
        ("95588", "CN", "cn_service_line"),
        ("4001234567", "CN", "cn_400"),
        ("13812345678", "CN", "personal"),
        ("106912345678", "CN", "cn_business_port"),
        ("72623", "US", "short_code"),
        ("LLOYDS", "GB", "name"),
        (None, "US", None),
        ("  ", "US", None),
    ],
)
def test_sender_class(sender: str | None, country: str | None, expected: str | None) -> None:
    assert sender_class(sender, country) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dear customer, your loan EMI of Rs 2031 is due on 18-09-21. Maintain balance in your a/c. -Home Credit",
            {"amount": "Rs 2031", "date": "18-09-21", "lender": "Home Credit"},
        ),
        (
            "Payment of £45.20 to Barclays for card ending 4471 is late. Call 0345 734 5345",
            {"amount": "£45.20", "lender": "Barclays", "reference": "4471", "phone": "0345 734 5345"},
        ),
        (
            "【招商银行】您尾号4821的借款3,500.00元将于05月12日到期",
            {"lender": "招商银行", "reference": "4821", "amount": "3,500.00元", "date": "05月12日"},
        ),
        (
            "Dear Mercy Wanjiku, pay KES 4,300 at https://bit.ly/3xYz9",
            {"person": "Mercy Wanjiku", "amount": "KES 4,300", "link": "https://bit.ly/3xYz9"},
        ),
    ],
)
def test_details_are_found(text: str, expected: dict[str, str]) -> None:
    message = read(text)
    found = {slot.name: slot.text for slot in reversed(message.slots)}
    assert {name: found.get(name) for name in expected} == expected


def test_a_link_that_is_not_the_lenders_is_told() -> None:
    assert any("not a known address of" in w for w in read("HDFC Bank: update at https://hdfc-kyc.top/x").warnings)
    assert not read("HDFC Bank: see https://www.hdfcbank.com/loans").warnings
    assert any("hides where it leads" in w for w in read("Loan! bit.ly/3xYz9").warnings)
    assert any("outside the app store" in w for w in read("Install http://x.loan51.com/a.apk").warnings)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(""), "empty"),
        (Request("\u200b \n"), "empty"),
        (Request("loan " * 1000), "4,999 characters, the limit is 4,000"),
        (Request(b"loan"), "expected str"),  # type: ignore[arg-type]
        (Request("loan", country="XX"), "unknown country"),
        (Request("loan", answers={"aplied": "yes"}), "unknown question"),
        (Request("loan", answers={"applied": "perhaps"}), "expected yes, no or unknown"),
        (Request("loan", already=("slept",)), "already"),
        (Request("loan", received_at="yesterday"), "expected a date"),
    ],
)
def test_bad_input_is_told_at_the_door(request_: Request, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_message(request_)


def test_a_lenders_name_in_somebody_elses_address_is_told() -> None:
    assert any("not a known address of" in w for w in read("Verify now: http://hdfcbank.kyc-now.top/x").warnings)
    assert not any("known address" in w for w in read("See https://www.hdfcbank.com/loans").warnings)
