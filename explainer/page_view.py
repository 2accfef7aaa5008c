"""An explanation as the parts of the page; every word of a text or a document is escaped by the template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from explainer.errors import ExplainerError
from explainer.message import sender_class
from explainer.records import Advice, Explanation
from explainer.words import CAUSE_NAMES, KIND_WORDS, LANGUAGES, SENDER_CLASSES

TEMPLATE = Path(__file__).with_name("page_answer.html")
SHOWN_CAUSES = 4
TONES = {"scam": "alarm", "third_party_demand": "warm", "overdue_demand": "warm", "not_loan": "calm"}
MARKS = ("#ffe08a", "#bfe3d0", "#c9d8f5", "#f3cfe0", "#e3dcc4", "#d5d0ee")
"""Behind dark ink in both themes; told apart by the legend's words, not by colour alone."""
SURE = {"high": "Quite sure", "medium": "Fairly sure", "low": "Not sure"}
HAPPENED = {
    "tapped": "tapped the link",
    "paid": "paid",
    "installed": "installed the app",
    "shared_code": "gave a code",
    "shared_id": "gave ID or card details",
}
SAID = {
    "applied": ("you applied or opened an account there", "you never applied there"),
    "have_loan": ("you have a loan with them", "you have no loan with them"),
    "know_borrower": ("you know the person, or someone could have given your number", "you do not know the person"),
    "name_is_mine": ("the name in the text is yours", "the name in the text is not yours"),
    "number_new": ("you have had this number for less than two years", "you have had this number for years"),
    "asked_to_pay": ("you were asked to pay first", "nobody asked you to pay first"),
}
"""Question -> what a person said with yes, and with no."""
COUNTRIES = {
    "US": "the United States", "GB": "the United Kingdom", "IN": "India", "CN": "China", "KE": "Kenya",
    "NG": "Nigeria", "PH": "the Philippines", "SG": "Singapore", "KR": "South Korea",
}  # fmt: skip
"""Those that the knowledge has advice of its own for."""
COUNTRY_FROM = {"given": "as you chose", "currency": "by the currency", "language": "by its language"}


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    share: str
    width: int
    decided_by: str


@dataclass(frozen=True, slots=True)
class View:
    """What the template reads."""

    answer: Explanation
    kind: str
    tone: str
    sure: str
    """Empty when the answer was declined."""
    dots: int
    happened: str
    urgent: tuple[Advice, ...]
    first: Advice | None
    changed: str
    explanation: tuple[tuple[str, int | None], ...]
    bars: tuple[Bar, ...]
    rest: str
    report_title: str
    notes: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    made: tuple[tuple[str, str], ...]


def view_of(answer: Explanation, already: tuple[str, ...] = (), changed: str = "") -> View:
    declined = answer.status == "declined"
    shown = answer.causes[:SHOWN_CAUSES]
    kind = KIND_WORDS[answer.kind]
    ranked = sorted(answer.kinds.items(), key=lambda item: -item[1])
    return View(
        answer=answer,
        kind="" if declined else kind[0].upper() + kind[1:],
        tone=TONES.get(answer.kind, "plain") if not declined else "calm",
        sure="" if declined else SURE[answer.confidence],
        dots={"high": 3, "medium": 2, "low": 1}[answer.confidence],
        happened=" and ".join(f"you {HAPPENED[a]}" for a in already),
        urgent=answer.steps[:2] if already else (),
        first=answer.steps[0] if answer.steps and not declined else None,
        changed=changed,
        explanation=split_citations(answer.explanation, len(answer.citations)),
        bars=tuple(Bar(CAUSE_NAMES[c.cause], about(c.probability), fives(c.probability), c.decided_by) for c in shown),
        rest=about(sum(c.probability for c in answer.causes[SHOWN_CAUSES:])) if len(answer.causes) > len(shown) else "",
        report_title=_report_title(answer),
        notes=notes_of(answer),
        kinds=tuple((KIND_WORDS[k], percent(p)) for k, p in ranked),
        made=_made(answer),
    )


def render(part: str, *arguments: Any) -> str:
    """One part of the template as HTML."""
    return str(getattr(_template().module, part)(*arguments)).strip()


def what_changed(before: Explanation, after: Explanation, question: str, option: str) -> str:
    """One sentence: what the person said, and what it did to the causes."""
    lead = after.causes[0]
    name = CAUSE_NAMES[lead.cause]
    if option == "unknown":
        return f"You do not know. {_capital(name)} stays the likeliest reading, {about(lead.probability)}."
    said = SAID[question][0 if option == "yes" else 1]
    earlier = next((c.probability for c in before.causes if c.cause == lead.cause), 0.0)
    if lead.cause != before.cause:
        return f"You said {said}: {name} is now the likelier reading, {about(lead.probability)}."
    moved = f"now {about(lead.probability)} instead of {about(earlier)}"
    if fives(earlier) == fives(lead.probability):
        moved = f"still {about(lead.probability)}"
    return f"You said {said}: {name} remains the likeliest reading, {moved}."


def highlighted(answer: Explanation, text: str) -> tuple[list[tuple[str, str | None]], dict[str, str]]:
    """The text as given in pieces, each with what it does, and the colour of each of these."""
    shown = "".join(_visible(c) for c in text)
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for evidence in sorted(answer.evidence, key=lambda e: e.start):
        start = max(at, evidence.start)
        if start >= evidence.end:
            continue
        pieces += [(shown[at:start], None)] if start > at else []
        pieces.append((shown[start : evidence.end], evidence.cue))
        at = evidence.end
    pieces += [(shown[at:], None)] if at < len(shown) else []
    cues = dict.fromkeys(cue for _, cue in pieces if cue)
    return pieces, {cue: MARKS[i % len(MARKS)] for i, cue in enumerate(cues)}


def letter_label(answer: Explanation) -> str:
    """What stands on the folded letter."""
    title = re.sub("^letter: ", "", answer.letter.title, flags=re.IGNORECASE) if answer.letter else ""
    return f"A letter you can send: {title[:1].lower() + title[1:] if title[1:2] != ' ' else title}"


def beginning(text: str, width: int = 68) -> str:
    """As much of a text as fits two lines of a button; a Chinese character is as wide as two letters."""
    for at, character in enumerate(text):
        width -= 2 if character > "\u2e80" else 1
        if width < 0:
            return re.sub(r"\s\S*$", "", text[:at]).rstrip(" ,.") + " …"
    return text


def notes_of(answer: Explanation) -> tuple[str, ...]:
    """What the reader should know of the text and its sender beside the answer."""
    notes = [_capital(w) + "." for w in answer.warnings]
    sender, country = answer.given["sender"], answer.given["country"]
    header = sender_class(sender, country)
    if header and answer.status != "declined":
        notes.append(f"The sender {sender} is {SENDER_CLASSES[header]}.")
    return tuple(notes)


def sorry_words(error: ExplainerError) -> tuple[str, str]:
    """A kind sentence for what cannot be explained: title and text."""
    reason = str(error)
    if reason.startswith("the text is empty"):
        return "There is no text yet.", "Paste the message that you got, or choose one of the examples."
    if "characters, the limit is" in reason:
        return "That is too long for one text.", _capital(reason) + "."
    return "That cannot be read as it stands.", _capital(reason) + "."


def about(probability: float) -> str:
    """A share in steps of five, as far as such shares can be trusted."""
    share = fives(probability)
    return "under 5 %" if share == 0 else "over 95 %" if share == 100 else f"about {share} %"


def percent(probability: float) -> str:
    return "under 1 %" if probability < 0.01 else "over 99 %" if probability > 0.99 else f"{probability * 100:.0f} %"


def fives(probability: float) -> int:
    return round(probability * 20) * 5


def split_citations(text: str, n_citations: int) -> tuple[tuple[str, int | None], ...]:
    """`Words [1]. More` -> (("Words.", 1), (" More", None)); only numbers of real citations count."""
    parts: list[tuple[str, int | None]] = []
    at = 0
    for match in re.finditer(r" ?\[(\d+)\]", text):
        if 1 <= int(match[1]) <= n_citations:
            stop = text[match.end() : match.end() + 1]
            stop = stop if stop in (".", "!", "?") else ""  # set before the number: never alone on the next line
            parts.append((f"{text[at : match.start()]}{stop}\u00a0", int(match[1])))
            at = match.end() + len(stop)
    return (*parts, (text[at:], None))


def _report_title(answer: Explanation) -> str:
    country = COUNTRIES.get(answer.given["country"] or "")
    return f"Where to report in {country}" if country else "Where to report"


def _made(answer: Explanation) -> tuple[tuple[str, str], ...]:
    country, found = answer.given["country"], answer.given["country_from"]
    where = COUNTRIES.get(country or "", country or "unknown")
    found = COUNTRY_FROM.get(found or "", f"by its {found}" if found else "")
    how = {"written": "written by the model", "quoted": "quoted from the sources"}.get(answer.status, "none")
    rows = [
        ("Language", LANGUAGES.get(answer.language, "another")),
        ("Country", f"{where}, {found}" if found else where),
        ("Explanation", how),
        *((name.capitalize(), value) for name, value in answer.models.items()),
        ("Version", answer.version),
        ("Time", f"{sum(answer.timing_ms.values()):.0f} ms"),
    ]  # fmt: skip
    return tuple(rows)


def _visible(character: str) -> str:
    """Hidden and control characters are shown as a box: they neither vanish nor turn the line round."""
    return (
        character if character.isprintable() or character in "\n\u200d\ufe0f" else " " if character.isspace() else "▯"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined  # comes with gradio

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text("utf-8"))
