"""The last step: everything that was found out, put into the one form of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from explainer.advice import ChosenAdvice, fill_letter, printed
from explainer.grounding import sentences
from explainer.knowledge import first_sentence
from explainer.quoting import MAX_EXPLANATION
from explainer.records import (
    Advice,
    Citation,
    Explanation,
    Grounded,
    KindEstimate,
    Letter,
    Message,
    Passage,
    Status,
    Written,
)
from explainer.words import KIND_WORDS

READABLE = ("en", "zh")
SURE_IN_OTHER_LANGUAGE = 0.80
"""In another language the words are half understood: below this the answer is declined."""
UNCLEAR = 0.30
"""When no kind reaches this, the text is not understood."""
MAYBE_A_TRAP = 0.05
"""From this probability of a scam on, a text that is not about a loan gets the safety lines."""
HITS = 10
"""Passages that the answer lists."""
NO_ADVICE = ChosenAdvice((), (), (), None)


def assemble(
    written: Written, advice: ChosenAdvice, models: Mapping[str, str], timing: Mapping[str, float]
) -> Explanation:
    """What was written, or the reason for which nothing was, and the advice -> the answer."""
    situation, result, hits = written.prompt.situation, written.grounded, written.hits
    message, kinds, causes = situation.message, situation.kinds, situation.causes
    reason = decline_reason(message, kinds) or ("unclear" if result is None else None)
    status: Status = "quoted" if written.draft is None or written.draft.quoted else "written"
    if reason is not None or result is None:
        status, result = "declined", Grounded(*declined_words(reason or "unclear", message, kinds), ())
        advice = advice if reason == "not_loan" and looks_like_a_trap(message, kinds) else NO_ADVICE
    elif own := next((hit.passage for hit in hits if hit.passage.origin == "yours"), None):
        result = point_to(own, result)
    cited = _all_cited(result, advice)
    number = {passage.id: n for n, passage in enumerate(cited, 1)}
    names = dict.fromkeys(slot.name for slot in message.slots)
    request = message.request
    return Explanation(
        schema=1,
        id=request.id,
        status=status,
        decline_reason=reason,
        kind=kinds.kind,
        kinds=kinds.kinds,
        cause=causes.cause,
        causes=causes.causes if status != "declined" else causes.causes[:1],
        confidence=causes.confidence,
        headline=result.headline,
        explanation=result.explanation,
        evidence=kinds.evidence,
        question=causes.question if status != "declined" else None,
        answers=request.answers,
        steps=_lines(advice.steps, number),
        avoid=_lines(advice.avoid, number),
        report=_lines(advice.report, number),
        letter=_letter(advice.letter, message, number),
        citations=tuple(_citation(n, passage) for n, passage in enumerate(cited, 1)),
        hits=tuple(hits[:HITS]),
        given={
            "sender": request.sender,
            "received_at": request.received_at,
            "name": request.name,
            "country": message.country,
            "country_from": message.country_from,
        },
        language=message.language,
        slots={name: tuple(slot for slot in message.slots if slot.name == name) for name in names},
        warnings=message.warnings + general_only(advice, message.country),
        campaign=written.campaign,
        models=models,
        version=program_version(),
        timing_ms=timing,
    )


def point_to(own: Passage, result: Grounded) -> Grounded:
    """A sentence that points to a passage of the reader's own documents; no word of theirs is said in our name.

    It may take the place of closing sentences without a citation; where it finds no place, nothing changes.
    """
    kept = sentences(result.explanation)
    pointer = f"One of your own documents may speak of this too [{len(result.cited) + 1}]."
    while _words([*kept, pointer]) > MAX_EXPLANATION and len(kept) > 1 and not re.search(r"\[\d+\]", kept[-1]):
        kept.pop()
    if _words([*kept, pointer]) > MAX_EXPLANATION:
        return result
    return replace(result, explanation=" ".join([*kept, pointer]), cited=(*result.cited, own))


def _words(said: Sequence[str]) -> int:
    return len(re.sub(r" *\[\d+\]", "", " ".join(said)).split())


def general_only(advice: ChosenAdvice, country: str | None) -> tuple[str, ...]:
    """Says so when no rule or body of the reader's own country stands behind the advice."""
    behind = [*advice.steps, *advice.avoid, *advice.report]
    if not behind or any(passage.country != "any" for passage in behind):
        return ()
    if country is None:
        return ("the country is not known, so the advice is general: give the country for local bodies and rules",)
    return (f"the advice is general: for {country} the program knows no rule or body on this",)


def _all_cited(result: Grounded, advice: ChosenAdvice) -> list[Passage]:
    """Passages cited in the explanation first, then those behind the advice, each once."""
    behind = [*advice.steps, *advice.avoid, *advice.report, *([advice.letter] if advice.letter else [])]
    return list(dict.fromkeys([*result.cited, *behind]))


def _lines(passages: Sequence[Passage], number: Mapping[str, int]) -> tuple[Advice, ...]:
    return tuple(Advice(printed(passage), number[passage.id]) for passage in passages)


def _letter(passage: Passage | None, message: Message, number: Mapping[str, int]) -> Letter | None:
    return Letter(passage.title, fill_letter(passage, message), number[passage.id]) if passage else None


def _citation(n: int, passage: Passage) -> Citation:
    quote = first_sentence(passage.text) if passage.role == "letter" else passage.text
    return Citation(n, passage.id, passage.title, quote, passage.source, passage.url, passage.checked, passage.origin)


def decline_reason(message: Message, kinds: KindEstimate) -> str | None:
    """Why no explanation is given, or None."""
    best = kinds.kinds[kinds.kind]
    if kinds.kind == "not_loan":
        return "not_loan"
    if message.language not in READABLE and best < SURE_IN_OTHER_LANGUAGE:
        return "language"
    return "unclear" if best < UNCLEAR else None


def looks_like_a_trap(message: Message, kinds: KindEstimate) -> bool:
    """A text that is not about a loan gets the safety lines when it may still be a trap."""
    return kinds.kinds["scam"] >= MAYBE_A_TRAP or message.first("link") is not None


def declined_words(reason: str, message: Message, kinds: KindEstimate) -> tuple[str, str]:
    """Headline and explanation of an answer that is declined: what the text looks like instead."""
    ranked = sorted(kinds.kinds.items(), key=lambda item: -item[1])
    if reason == "not_loan":
        rival = next((kind for kind, p in ranked[1:2] if p >= 0.15), None)
        looks = f" It has a little of {KIND_WORDS[rival]}." if rival else ""
        return (
            "This does not look like a text about a loan.",
            f"This text says nothing that a lender, a collector or a loan trap would say.{looks} "
            "This program explains loan texts only; it cannot judge other texts or say whether to trust them.",
        )
    if reason == "language":
        return (
            "This text is in a language that the program cannot read well enough.",
            f"It reads English and Chinese. The text looks most like {KIND_WORDS[ranked[0][0]]}: a weak guess.",
        )
    return (
        "The program cannot tell what this text is.",
        f"It has something of {KIND_WORDS[ranked[0][0]]} and something of {KIND_WORDS[ranked[1][0]]}. "
        "Paste the whole text, with its sender if you have it.",
    )


def program_version() -> str:
    try:
        return version("loan-text-explainer")
    except PackageNotFoundError:
        return "0+unknown"
