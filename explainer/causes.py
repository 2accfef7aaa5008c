"""Step 3: why did it come to this person? Kinds, cues and answers, weighed by one table."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from explainer.dates import read_date
from explainer.links import foreign_link
from explainer.records import CAUSES, Cause, CauseEstimate, KindEstimate, Message, Question

TABLE = Path(__file__).parent / "causes.toml"
HIGH, MEDIUM = 0.80, 0.50
"""Confidence: at HIGH four of five such texts should have this cause; below MEDIUM the text alone cannot tell."""
MIN_GAIN = 0.02
"""Bits of entropy that a question must be expected to remove to be worth asking."""


def estimate_causes(message: Message, kinds: KindEstimate) -> CauseEstimate:
    """Ranked causes, how sure, and the question that is expected to settle most."""
    table = load_table()
    cues = list(find_cues(message))
    weights = {
        cause: sum(p * table["table"][kind]["weights"].get(cause, 0.0) for kind, p in kinds.kinds.items())
        for cause in CAUSES
    }
    for cue in cues:
        for cause, ratio in table["cues"][cue]["ratios"].items():
            weights[cause] *= ratio
    answers = dict(message.request.answers)
    if "name_is_mine" not in answers and (own := _name_answer(message)):
        answers["name_is_mine"] = own
    for question, answer in answers.items():
        weights = _answered(weights, question, answer)
    probabilities = _normalised(weights)
    ranked = sorted(CAUSES, key=lambda c: -probabilities[c])
    return CauseEstimate(
        causes=tuple(Cause(c, probabilities[c], table["causes"][c]) for c in ranked),
        confidence=confidence(probabilities[ranked[0]]),
        question=next_question(message, probabilities, answers),
        cues=tuple(table["cues"][cue]["text"] for cue in cues),
    )


@cache
def load_table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))


def confidence(probability: float) -> Literal["high", "medium", "low"]:
    return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"


def find_cues(message: Message) -> Iterator[str]:
    """Names of the cues that hold: what the kind model, which reads only the words, cannot see."""
    if message.sender_class == "in_promotional":
        yield "sender_promotional"
    elif message.sender_class in ("in_service", "in_transactional"):
        yield "sender_service"
    elif message.sender_class == "personal":
        yield "sender_personal"
    if _sender_abroad(message):
        yield "sender_abroad"
    if message.orders:
        yield "speaks_to_a_program"
    links = [slot.text.casefold().split("?")[0] for slot in message.slots if slot.name == "link"]
    if any(link.endswith(".apk") for link in links):
        yield "app_file_link"
    elif foreign_link(message.slots):
        yield "foreign_link"
    if message.request.received_at:
        received = datetime.fromisoformat(message.request.received_at).date()
        dates = [d for s in message.slots if s.name == "date" and (d := read_date(s.text, received, message.country))]
        if dates and max(dates) < received:
            yield "date_past"
        elif dates and min(dates) > received:
            yield "date_ahead"


def next_question(message: Message, probabilities: Mapping[str, float], answers: Mapping[str, str]) -> Question | None:
    """The open question with the largest expected drop in entropy; None when no answer would change anything."""
    if probabilities["not_loan"] >= MEDIUM:
        return None
    best, best_gain = None, MIN_GAIN
    for question, row in load_table()["questions"].items():
        if question in answers or (question == "name_is_mine" and message.first("person") is None):
            continue
        p_yes = sum(probabilities[c] * p for c, p in row["yes"].items()) / (1 - probabilities["not_loan"])
        after = {a: _normalised(_answered(probabilities, question, a)) for a in ("yes", "no")}
        gain = _entropy(probabilities) - p_yes * _entropy(after["yes"]) - (1 - p_yes) * _entropy(after["no"])
        if gain > best_gain and any(_verdict(a) != _verdict(probabilities) for a in after.values()):
            best, best_gain = question, gain
    return Question(best, load_table()["questions"][best]["text"]) if best else None


def _verdict(probabilities: Mapping[str, float]) -> tuple[str, str]:
    """What a reader would notice: the leading cause and the word for how sure."""
    leading = max(probabilities, key=lambda c: probabilities[c])
    return leading, confidence(probabilities[leading])


def _answered(weights: Mapping[str, float], question: str, answer: str) -> dict[str, float]:
    """Weights after an answer; whether it is about a loan is for the text to say, so not_loan keeps its share."""
    if answer == "unknown":
        return dict(weights)
    yes = load_table()["questions"][question]["yes"]
    moved = {c: w * (yes[c] if answer == "yes" else 1 - yes[c]) for c, w in weights.items() if c != "not_loan"}
    before, after = sum(weights.values()) - weights["not_loan"], sum(moved.values())
    return {**moved, "not_loan": weights["not_loan"] * (after / before if before else 1.0)}


def _normalised(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {c: w / total for c, w in weights.items()}


def _entropy(probabilities: Mapping[str, float]) -> float:
    """In bits."""
    return -sum(p * math.log2(p) for p in probabilities.values() if p > 0)


def _name_answer(message: Message) -> str | None:
    """Is the name in the text the reader's own? Told only when the reader gave one and the text has one."""
    own = set((message.request.name or "").casefold().replace(".", " ").split())
    named = [set(s.text.casefold().replace(".", " ").split()) for s in message.slots if s.name == "person"]
    if not own or not named:
        return None
    return "yes" if any(own & words for words in named) else "no"


def _sender_abroad(message: Message) -> bool:
    sender = message.request.sender or ""
    if message.country is None or message.country_from == "phone number" or not sender.startswith("+"):
        return False
    import phonenumbers

    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(sender))
    except phonenumbers.NumberParseException:
        return False
    return region is not None and region != message.country
