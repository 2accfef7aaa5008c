"""What passes between the stages: frozen records, in the order in which they appear."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

KINDS = (
    "advert",
    "service_notice",
    "code",
    "reminder",
    "overdue_demand",
    "third_party_demand",
    "scam",
    "not_loan",
)
"""What a text is. Learnable from the text."""

CAUSES = (
    "marketing",
    "application",
    "repayment_due",
    "overdue",
    "contact_of_borrower",
    "wrong_number",
    "identity_theft",
    "phishing",
    "not_loan",
)
"""Why a text came to this person. The text alone often cannot tell."""

QUESTIONS = ("applied", "have_loan", "know_borrower", "name_is_mine", "number_new", "asked_to_pay")
ALREADY = ("tapped", "installed", "paid", "shared_code", "shared_id")
ROLES = ("why", "sign", "decide", "step", "avoid", "report", "letter", "background")

Status = Literal["written", "quoted", "declined"]


@dataclass(frozen=True, slots=True)
class Request:
    """One text and what is known beside it."""

    text: str
    sender: str | None = None
    received_at: str | None = None
    """ISO date or date and time."""
    name: str | None = None
    """The reader's own name, to tell it from another person's in the text."""
    country: str | None = None
    """ISO 3166 code of two letters; found from the text when not given."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Question id -> yes | no | unknown."""
    already: tuple[str, ...] = ()
    """What has already happened: see ALREADY."""
    id: str | None = None
    notes: tuple[str, ...] = ()
    """What only many texts together show of its sender, in plain words; joins the warnings of the answer."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A detail of the text; offsets count characters of the text as given."""

    name: str
    """lender, amount, date, person, phone, link or reference."""
    start: int
    end: int
    text: str
    value: str = ""
    """Canonical form: lender id, registered domain, E.164 number, currency code, ISO date; may be empty."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text made readable: normalised, with the way back to the text as given."""

    request: Request
    text: str
    """Normalised: NFKC, invisible characters out, look-alike letters folded."""
    starts: tuple[int, ...]
    """starts[i]: where normalised character i begins in the text as given."""
    ends: tuple[int, ...]
    """ends[i]: where it ends there."""
    language: str
    """en, zh or other."""
    country: str | None
    country_from: str | None
    slots: tuple[Slot, ...]
    sender_class: str | None
    warnings: tuple[str, ...]
    judged: str
    """`text` with blanks where it speaks to a program and not to the reader: what the stages judge."""
    orders: tuple[tuple[int, int], ...] = ()
    """Where it does so, as offsets in `text`."""

    def first(self, name: str) -> Slot | None:
        """The first slot of that name, if the text has one. What is said to a program names nothing, but its links lead
        somewhere all the same."""
        return next((s for s in self.slots if s.name == name and (name == "link" or not self.in_orders(s))), None)

    def in_orders(self, slot: Slot) -> bool:
        """Does it stand where the text speaks to a program?"""
        spans = (self.given_span(start, end) for start, end in self.orders)
        return any(start < slot.end and slot.start < end for start, end in spans)

    def given_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the normalised text -> offsets in the text as given."""
        return self.starts[start], self.ends[end - 1]

    def masked(self, mask: Callable[[Slot], str | None], text: str | None = None) -> str:
        """The normalised text, or `judged`, with other words in the places of its details; None keeps a detail."""
        text = self.text if text is None else text
        parts, position = [], 0
        for slot in self.slots:
            start, end = bisect_left(self.starts, slot.start), bisect_left(self.ends, slot.end) + 1
            words = mask(slot) if start >= position else None
            if words is not None:
                parts += [text[position:start], words]
                position = end
        return "".join([*parts, text[position:]])

    @property
    def lenders(self) -> set[str]:
        """Register ids of the lenders that the text names."""
        return {slot.value for slot in self.slots if slot.name == "lender" and slot.value}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the text that speak for its kind."""

    start: int
    end: int
    text: str
    cue: str
    """What these words do, in plain words."""
    weight: float
    """How far the log odds of the kind fall when they are left out, in nats."""


@dataclass(frozen=True, slots=True)
class KindEstimate:
    """What the text is."""

    kinds: Mapping[str, float]
    """Kind -> probability; sums to 1."""
    evidence: tuple[Evidence, ...]

    @property
    def kind(self) -> str:
        return max(self.kinds, key=self.kinds.__getitem__)


@dataclass(frozen=True, slots=True)
class Cause:
    cause: str
    probability: float
    decided_by: str
    """The fact that would settle whether this is the cause."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    options: tuple[str, ...] = ("yes", "no", "unknown")


@dataclass(frozen=True, slots=True)
class CauseEstimate:
    """Why the text came to this person."""

    causes: tuple[Cause, ...]
    """Sorted by probability, which sums to 1."""
    confidence: Literal["high", "medium", "low"]
    question: Question | None
    """The open question whose answer is expected to settle most; None when none would."""
    cues: tuple[str, ...]
    """What spoke beside the kind, in plain words."""

    @property
    def cause(self) -> str:
        return self.causes[0].cause


@dataclass(frozen=True, slots=True)
class Passage:
    """One idea from a source document."""

    id: str
    title: str
    text: str
    role: str
    causes: tuple[str, ...]
    country: str
    facts: tuple[str, ...]
    source: str
    url: str
    checked: str
    confidence: str
    origin: Literal["shipped", "yours"] = "shipped"
    kinds: tuple[str, ...] = ()
    """Kinds of text it is meant for; empty means all."""
    senders: tuple[str, ...] = ()
    """known, unknown, sender classes or none (not given), when it is right only for such senders; empty means all."""
    lender: str | None = None
    """Id of the one lender it is about, if any."""
    already: tuple[str, ...] = ()
    """What must have happened for this step to be urgent."""
    since: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that the retriever found."""

    passage: Passage
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What the writer is told: everything that was found out, in one place."""

    message: Message
    kinds: KindEstimate
    causes: CauseEstimate
    passages: tuple[Passage, ...]
    """At most three: why, sign, deciding fact."""

    @property
    def relevant_passages(self) -> tuple[Passage, ...]:
        """Those about one of the two leading causes: nothing else may be said or cited."""
        leading = {c.cause for c in self.causes.causes[:2]}
        return tuple(p for p in self.passages if leading & set(p.causes))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A situation, and the same rendered for a model."""

    situation: Situation
    text: str
    tags: Mapping[str, str]
    """Tag -> the value it stands for, such as <AMOUNT_1> -> Rs 2031."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer proposes; nothing in it is trusted yet. A model's draft holds tags, not values."""

    headline: str
    explanation: str
    quoted: bool = False
    """Composed from passages, word for word, and not by a model."""
    sureness: tuple[float, ...] = ()
    """How sure the writer was of the headline, then of each sentence: mean log probability of its four least likely
    pieces, in nats. Empty where the writer does not tell."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """A draft that passed the judge: values filled in, [n] counting the cited passages from 1."""

    headline: str
    explanation: str
    cited: tuple[Passage, ...]
    support: tuple[Passage | None, ...] = ()
    """For each sentence of the draft the passage that says so; None where it only reports the text."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for a text, and all that it was written from."""

    prompt: Prompt
    draft: Draft | None = None
    grounded: Grounded | None = None
    """None when there is nothing to explain, or when not even a quoted draft passed."""
    hits: tuple[Hit, ...] = ()
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    n: int
    passage: str
    title: str
    quote: str
    source: str
    url: str
    checked: str
    origin: str = "shipped"


@dataclass(frozen=True, slots=True)
class Advice:
    text: str
    citation: int


@dataclass(frozen=True, slots=True)
class Letter:
    title: str
    text: str
    citation: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. The page, the command line and the evaluation read nothing else."""

    schema: int
    id: str | None
    status: Status
    decline_reason: str | None
    """not_loan, language or unclear when declined."""
    kind: str
    kinds: Mapping[str, float]
    cause: str
    causes: tuple[Cause, ...]
    confidence: str
    headline: str
    explanation: str
    evidence: tuple[Evidence, ...]
    question: Question | None
    answers: Mapping[str, str]
    steps: tuple[Advice, ...]
    avoid: tuple[Advice, ...]
    report: tuple[Advice, ...]
    letter: Letter | None
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    given: Mapping[str, str | None]
    language: str
    slots: Mapping[str, tuple[Slot, ...]]
    warnings: tuple[str, ...]
    campaign: str | None
    """Texts of one run with the same name differ only in their details; None when texts were not compared."""
    models: Mapping[str, str]
    version: str
    timing_ms: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and dicts, in the form of the JSON answer."""
        out: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.id is None:
            del out["id"]
        for name in ("causes", "evidence", "steps", "avoid", "report", "citations"):
            out[name] = [asdict(record) for record in out[name]]
        out["kinds"] = {kind: round(p, 4) for kind, p in self.kinds.items()}
        out["question"] = asdict(self.question) if self.question else None
        out["letter"] = asdict(self.letter) if self.letter else None
        out["hits"] = [{"passage": h.passage.id, "score": round(h.score, 4), "rank": h.rank} for h in self.hits]
        out["slots"] = {
            name: [{"start": s.start, "end": s.end, "text": s.text} for s in slots]
            for name, slots in self.slots.items()
        }
        for name in ("answers", "given", "models", "timing_ms"):
            out[name] = dict(out[name])
        out["warnings"] = list(self.warnings)
        return out

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)
