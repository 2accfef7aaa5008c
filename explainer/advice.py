"""Step 8: what to do, what to avoid, where to report: chosen from the knowledge, never generated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from explainer.knowledge import first_sentence
from explainer.lenders import load_register
from explainer.links import foreign_link
from explainer.records import CauseEstimate, KindEstimate, Message, Passage

MAX_STEPS, MAX_URGENT, MAX_AVOID, MAX_REPORT = 4, 3, 2, 2
RIVAL = 0.15
"""A second cause of this probability gets a step too."""


@dataclass(frozen=True, slots=True)
class ChosenAdvice:
    """Passages, in the order in which they are printed."""

    steps: tuple[Passage, ...]
    avoid: tuple[Passage, ...]
    report: tuple[Passage, ...]
    letter: Passage | None


def choose_advice(
    passages: Sequence[Passage], message: Message, kinds: KindEstimate, causes: CauseEstimate
) -> ChosenAdvice:
    """Advice by cause, country, kind and sender; what has already happened comes first."""
    leading = [c.cause for c in causes.causes[:2] if c is causes.causes[0] or c.probability >= RIVAL]
    sender = {"known" if sender_known(message, kinds.kind) else "unknown", message.sender_class or "none"}
    fitting = [p for p in passages if _fits(p, message, kinds.kind, sender)]
    already = message.request.already
    urgent = [p for p in _ordered(fitting, "step", leading) if set(p.already) & set(already)]
    urgent.sort(key=lambda p: min(already.index(a) for a in p.already if a in already))
    usual = [p for p in _for_causes(fitting, "step", leading) if not p.already]
    steps = _distinct(urgent)[:MAX_URGENT]
    steps = _distinct([*steps, *usual])[: max(MAX_STEPS, len(steps) + 1)]
    avoid = _distinct([*steps, *_for_causes(fitting, "avoid", leading)])[len(steps) :]  # never a step said again
    report = [p for p in _for_causes(fitting, "report", leading) if not p.already or set(p.already) & set(already)]
    local = [p for p in report if p.country != "any"]
    letters = [p for p in _ordered(fitting, "letter", leading[:1]) if leading[0] in p.causes]
    return ChosenAdvice(
        steps=tuple(steps),
        avoid=tuple(avoid[:MAX_AVOID]),
        report=tuple(_distinct([*local, *report])[:MAX_REPORT]),
        letter=letters[0] if letters else None,
    )


def printed(passage: Passage) -> str:
    """The imperative sentence that the answer prints."""
    return first_sentence(passage.text)


def fill_letter(passage: Passage, message: Message) -> str:
    """The letter with the details of the text; what the text does not tell becomes a marked blank."""
    blanks = {
        "lender": "name of the lender",
        "amount": "sum named in the text",
        "date": "date of the text",
        "reference": "reference, if any",
        "name": "name in the text",
        "phone": "your phone number",
    }

    def value(match: re.Match[str]) -> str:
        name = match[1]
        slot = message.first("person" if name == "name" else name)
        if slot is None or name == "phone":  # a phone number in the text is the sender's, not the reader's
            return f"[{blanks.get(name, name)}]"
        return slot.text

    return re.sub(r"\{(\w+)\}", value, passage.text)


def sender_known(message: Message, kind: str) -> bool:
    """A sender that a known lender uses: then STOP is right; else no reply at all is."""
    sender, business = message.request.sender, (message.sender_class or "").startswith("in_")
    if kind == "scam" or not sender:
        return False
    registered = load_register().of_sender(sender) is not None
    if business and registered:
        return True  # the network gives such headers to registered senders only (fact IN-02), whatever the link
    named = message.lenders and (business or message.sender_class in ("short_code", "name"))
    return bool(registered or named) and foreign_link(message.slots) is None


def _fits(passage: Passage, message: Message, kind: str, sender: set[str]) -> bool:
    return (
        passage.country in ("any", message.country)
        and (not passage.kinds or kind in passage.kinds)
        and (not passage.senders or bool(sender & set(passage.senders)))
        and (passage.lender is None or passage.lender in message.lenders)
    )


def _for_causes(passages: Sequence[Passage], role: str, leading: Sequence[str]) -> list[Passage]:
    """Mostly about the first cause; the second of the list is about the second cause, where there is one."""
    ordered = _ordered(passages, role, leading)
    first = [p for p in ordered if leading[0] in p.causes]
    second = [p for p in ordered if p not in first]
    return [*first[:2], *second[:1], *first[2:], *second[1:]]


def _ordered(passages: Sequence[Passage], role: str, leading: Sequence[str]) -> list[Passage]:
    """The likelier cause first, local before general, the more particular first; else the order of the documents."""
    of_role = [p for p in passages if p.role == role and (set(p.causes) & set(leading) or p.already)]

    def order(passage: Passage) -> tuple[int, bool, bool, int]:
        rank, cause = next(((i, c) for i, c in enumerate(leading) if c in passage.causes), (len(leading), ""))
        depth = passage.causes.index(cause) if cause else len(passage.causes)
        return rank, passage.country == "any", not passage.kinds, depth

    return sorted(of_role, key=order)


def _distinct(passages: Sequence[Passage]) -> list[Passage]:
    """Without those that say the same as one before: most of their printed words are shared."""
    kept: list[tuple[set[str], Passage]] = []
    for passage in passages:
        words = set(re.findall(r"[a-z0-9]{3,}", printed(passage).casefold()))
        if all(len(words & other) < 0.6 * min(len(words), len(other)) for other, _ in kept):
            kept.append((words, passage))
    return [passage for _, passage in kept]
