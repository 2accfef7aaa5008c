"""Step 1: read a text: make it plain, find its language, country, details and sender class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, Protocol

from explainer.errors import BadInput
from explainer.lenders import load_register
from explainer.links import link_warnings
from explainer.normalise import normalise
from explainer.orders import blanked, find_orders
from explainer.records import ALREADY, QUESTIONS, Message, Request, Slot
from explainer.slots import Found, find_slots
from explainer.tagger import Tagged

MAX_CHARACTERS = 4000
"""After normalisation. The longest joined text messages stay well below."""

TO_A_PROGRAM = "part of the text speaks to a program, not to you; it was left aside, and no lender writes so"
"""The warning where a text has such words."""

ENGLISH = frozenset(
    [
        "the",
        "your",
        "you",
        "is",
        "of",
        "to",
        "and",
        "for",
        "has",
        "have",
        "with",
        "please",
        "are",
        "this",
        "by",
        "on",
        "will",
        "be",
        "from",
        "at",
        "not",
        "in",
        "a",
        "i",
        "we",
        "our",
        "it",
        "as",
        "was",
        "can",
        "my",
        "me",
        "or",
        "if",
        "do",
        "any",
        "that",
    ]
)
"""The most frequent English words: a text that is full of them needs no further look."""
_OTHER_LANGUAGES = ["en", "zh", "es", "id", "tl", "sw", "tr", "vi", "pt", "fr", "de", "ko", "ja", "ru", "hi", "ar"]

_LOCAL_WORDS = (
    ("IN", r"\b(?:rbi|cibil|aadhaar|aadhar|upi|nach|nbfc|lakhs?|lacs?|crore)\b|\brs\b.*\bemi\b|\bemi\b.*\brs\b|₹"),
    ("KE", r"\b(?:m-?pesa|crb|fuliza|paybill|safaricom)\b"),
    ("NG", r"\b(?:bvn|naira|nuban|cbn|fccpc)\b"),
    ("PH", r"\b(?:gcash|piso|pesos|maya|barangay|sss|pag-ibig)\b"),
    ("GB", r"\b(?:fca|hmrc|stepchange|direct debit|sort code)\b"),
    ("US", r"\b(?:ssn|irs|fdcpa|zelle|cash ?app|venmo|reply stop)\b"),
)
"""Words that are said in one country and hardly elsewhere."""


class Tagger(Protocol):
    """The seam to the model that finds the details which no pattern tells."""

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """Normalised texts -> the details of each."""
        ...


def read_messages(requests: Sequence[Request], tagger: Tagger | None = None) -> list[Message | BadInput]:
    """Requests -> readable messages; one that cannot be read keeps its place as its error."""
    plain: list[Plain | BadInput] = [_plain(request) for request in requests]
    readable = [p for p in plain if isinstance(p, Plain)]
    tagged = iter(tagger.tag([p.text for p in readable]) if tagger and readable else [[] for _ in readable])
    return [p if isinstance(p, BadInput) else _message(p, next(tagged)) for p in plain]


def read_message(request: Request, tagger: Tagger | None = None) -> Message:
    """One request -> a readable message. Raises BadInput when it cannot be read as it stands."""
    message = read_messages([request], tagger)[0]
    if isinstance(message, BadInput):
        raise message
    return message


class Plain(NamedTuple):
    """A request whose text is made plain."""

    request: Request
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    warnings: tuple[str, ...]


def _plain(request: Request) -> Plain | BadInput:
    try:
        check_request(request)
    except BadInput as error:
        return error
    plain = Plain(request, *normalise(request.text))
    if not plain.text:
        return BadInput("the text is empty: paste the message, 1 to 4,000 characters")
    if len(plain.text) > MAX_CHARACTERS:
        return BadInput(
            f"the text has {len(plain.text):,} characters, the limit is {MAX_CHARACTERS:,}: paste one message at a time"
        )
    return plain


def _message(plain: Plain, tagged: Sequence[Tagged]) -> Message:
    request, text = plain.request, plain.text
    orders = find_orders(text)
    judged = blanked(text, orders)
    language = find_language(judged if judged.strip() else text)
    register = load_register()
    # The phone finder wants the country, and a country may be read off a phone number: find the rest first.
    country, country_from = request.country.upper() if request.country else None, "given" if request.country else None
    found = find_slots(text, register, country, tagged)
    if country is None:
        country, country_from = _find_country(text, found, request.sender, language)
        if country is not None:
            found = find_slots(text, register, country, tagged)
    slots = []
    for slot in found:
        start, end = plain.starts[slot.start], plain.ends[slot.end - 1]
        slots.append(Slot(slot.name, start, end, request.text[start:end], slot.value))
    return Message(
        request=request,
        text=text,
        starts=plain.starts,
        ends=plain.ends,
        language=language,
        country=country,
        country_from=country_from,
        slots=tuple(slots),
        sender_class=sender_class(request.sender, country),
        warnings=(*plain.warnings, *link_warnings(slots), *request.notes, *([TO_A_PROGRAM] if orders else [])),
        judged=judged,
        orders=orders,
    )


def check_request(request: Request) -> None:
    """Everything beside the text, checked at the door."""
    if not isinstance(request.text, str):
        raise BadInput(f"the text is {type(request.text).__name__}, expected str: decode the bytes as UTF-8 first")
    if request.country is not None and request.country.upper() not in _regions():
        raise BadInput(
            f"unknown country {request.country!r}: give an ISO code of two letters, such as US, GB, IN, CN, KE"
        )
    for question, answer in request.answers.items():
        if question not in QUESTIONS:
            raise BadInput(f"unknown question {question!r}: the questions are {', '.join(QUESTIONS)}")
        if answer not in ("yes", "no", "unknown"):
            raise BadInput(f"answer {answer!r} to {question!r}: expected yes, no or unknown")
    for happened in request.already:
        if happened not in ALREADY:
            raise BadInput(f"unknown value {happened!r} for already: expected one of {', '.join(ALREADY)}")
    if request.received_at is not None:
        try:
            datetime.fromisoformat(request.received_at)
        except ValueError:
            raise BadInput(
                f"received_at {request.received_at!r}: expected a date such as 2026-03-02 or 2026-03-02T14:05"
            ) from None


@cache
def _regions() -> frozenset[str]:
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def find_language(text: str) -> str:
    """en, zh or other."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return "en"  # digits and signs: read like English, where most such texts come from
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in letters)
    if chinese * 5 >= len(letters) and not re.search(r"[\u3040-\u30ff\uac00-\ud7af]", text):
        return "zh"
    words = re.findall(r"[a-z']+", text.casefold())
    if len(words) < 3 or sum(w in ENGLISH for w in words) * 5 >= len(words):
        return "en"
    import py3langid  # half a second to load, so only where the words alone do not tell

    py3langid.set_languages(_OTHER_LANGUAGES)
    # Digits and capitals mislead it: headers and masked numbers look like no language.
    language = py3langid.classify(" ".join(w for w in words if len(w) > 1))[0]
    return language if language in ("en", "zh") else "other"


def _find_country(text: str, found: list[Found], sender: str | None, language: str) -> tuple[str | None, str | None]:
    """The first of these that tells: currency, phone number, sender header, named lender, local words, language.

    Currency goes before the phone number: texts that fish for money often come from a number abroad.
    """
    import phonenumbers

    for slot in found:
        if slot.name == "amount" and slot.value:
            return slot.value, "currency"
    numbers = [slot.value for slot in found if slot.name == "phone" and slot.value]
    for number in [sender, *numbers] if sender and sender.startswith("+") else numbers:
        try:
            region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
        except phonenumbers.NumberParseException:
            continue
        if region:
            return region, "phone number"
    if sender and re.fullmatch(r"[A-Za-z]{2}-[A-Za-z0-9]{3,9}(?:-[PSTG])?", sender):
        return "IN", "sender header"
    lenders = load_register().lenders
    for slot in found:
        if slot.name == "lender" and slot.value:
            return lenders[slot.value].country, "lender"
    for country, words in _LOCAL_WORDS:
        if re.search(words, text, re.IGNORECASE):
            return country, "local words"
    return ("CN", "language") if language == "zh" else (None, None)


def sender_class(sender: str | None, country: str | None) -> str | None:
    """One of SENDER_CLASSES, or None without a sender."""
    if not sender or not sender.strip():
        return None
    sender = sender.strip()
    header = re.fullmatch(r"[A-Za-z]{2}-[A-Za-z0-9]{3,9}(?:-([PSTGpstg]))?", sender)
    if header:
        suffix = (header[1] or "").upper()
        return {"P": "in_promotional", "S": "in_service", "T": "in_transactional", "G": "in_government"}.get(
            suffix, "in_header"
        )
    digits = re.sub(r"[\s()+.-]", "", sender)
    if not digits.isdigit():
        return "name"
    if country == "CN" or digits.startswith("86") and len(digits) == 13:
        local = digits.removeprefix("86") if len(digits) > 11 else digits
        if re.fullmatch(r"1[3-9]\d{9}", local):
            return "personal"
        if local.startswith("106"):
            return "cn_business_port"
        if local.startswith("400") and len(local) == 10:
            return "cn_400"
        if local.startswith(("95", "100", "123")) and len(local) <= 8:
            return "cn_service_line"
    if len(digits) <= 6:
        return "short_code"
    import phonenumbers

    try:
        number = phonenumbers.parse(sender, country or "US")
    except phonenumbers.NumberParseException:
        return "phone"
    kind = phonenumbers.number_type(number)
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return "personal" if kind in mobile else "phone"
