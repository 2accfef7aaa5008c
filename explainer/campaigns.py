"""Mass texts: those that differ only in name, amount and link path are written once; each keeps its own details."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from explainer.answer import decline_reason
from explainer.dates import read_date
from explainer.grounding import with_citations
from explainer.prompting import build_prompt
from explainer.records import CauseEstimate, Grounded, KindEstimate, Message, Prompt, Slot, Written
from explainer.tags import TAG
from explainer.words import cues_in

PERMUTATIONS = 64
SIMILAR = 0.7
"""Estimated Jaccard similarity of four-letter pieces from which two masked texts are compared word by word."""
MAX_STRANGE_WORDS = 3
"""Words that may differ between near copies, each of them a name that the reader of details missed."""
RIVAL = 0.15
"""From this probability on a draft may name the second cause, so members must agree on whether it does."""

Judged = tuple[Message, KindEstimate, CauseEstimate]
_REPLY = re.compile(
    r"\b(?:reply|text|txt|send|sms|type)\s+(?:with\s+)?[\"'“]?([A-Za-z0-9]{1,12})(?:\W+(?:to|on|at)\s+(\d{3,}))?"
    r"|(?:回复|回|发送)\s*[\"“]?([A-Za-z0-9]{1,12})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\ue000[a-z]+ \d+\ue001|[\u3400-\u9fff]|[^\W\d_]+|\d+(?:[.,:/-]\d+)*")


@dataclass(frozen=True, slots=True)
class Mask:
    """A text without its details, and what must be the same in every text of its campaign."""

    words: tuple[str, ...]
    """In lower case, a detail as its tag, digits as #."""
    names: frozenset[int]
    """Places of words that look like a name which the reader of details missed."""
    firm: tuple[Hashable, ...]
    """Link domains, call-back numbers, reply words, lenders, sender class, country, which dates had passed."""


class Campaigns:
    """The campaigns among some texts: who belongs together, and the drafts that they share."""

    def __init__(self) -> None:
        self._names: dict[tuple[Hashable, ...], str] = {}
        self._masks: dict[str, Mask] = {}
        self._drafts: dict[tuple[Hashable, ...], Written] = {}
        self._near = _near_index()

    def share(self, judged: Sequence[Judged], write: Callable[[list[int]], list[Written]]) -> list[Written]:
        """What is written for each; `write` is asked for those whose draft none of their campaign has yet.

        A draft is shared only among texts of one campaign with one verdict, so a member whose kind or cause differs
        has a draft of its own; so has one into whose place the shared words do not fit.
        """
        campaigns = [self.name(message) for message, _, _ in judged]
        keys = [(name, *verdict(*row)) for name, row in zip(campaigns, judged, strict=True)]
        first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in self._drafts}
        rows = sorted(first.values())
        done = dict(zip(rows, write(rows), strict=True))
        self._drafts.update({keys[i]: written for i, written in done.items()})
        for i, row in enumerate(judged):
            if i not in done and (own := fitted(self._drafts[keys[i]], *row)):
                done[i] = own
        alone = [i for i in range(len(judged)) if i not in done]
        done.update(zip(alone, write(alone), strict=True))
        return [replace(done[i], campaign=name) for i, name in enumerate(campaigns)]

    def name(self, message: Message) -> str:
        """The campaign of a text: that of the texts with its mask, else of a near copy, else a new one."""
        mask = mask_text(message)
        key = (mask.words, mask.firm)
        if key not in self._names:
            self._names[key] = self._near_copy(mask) or self._new(mask)
        return self._names[key]

    def _new(self, mask: Mask) -> str:
        name = hashlib.blake2b(repr((mask.words, mask.firm)).encode(), digest_size=6).hexdigest()
        self._masks[name] = mask
        if self._near:
            self._near.insert(name, _min_hash(mask))
        return name

    def _near_copy(self, mask: Mask) -> str | None:
        if not self._near:
            return None
        candidates = sorted(self._near.query(_min_hash(mask)))
        return next((name for name in candidates if near_copies(self._masks[name], mask)), None)


def can_find_near_copies() -> bool:
    """Whether datasketch is there; without it only texts with the very same mask are grouped."""
    return _near_index() is not None


def mask_text(message: Message) -> Mask:
    """A text with its details as tags. A lender's name stays: another lender, another campaign."""
    tags: dict[tuple[str, str], str] = {}

    def tag(slot: Slot) -> str | None:
        if slot.name == "lender":
            return None
        known = (slot.name, slot.text.casefold())
        return tags.setdefault(known, f"\ue000{slot.name} {sum(name == slot.name for name, _ in tags) + 1}\ue001")

    plain = message.masked(tag)  # no text holds these brackets: reading takes such characters out
    tokens = list(_TOKEN.finditer(plain))
    words = tuple("#" if t.group()[0].isdigit() else t.group().casefold() for t in tokens)
    names = frozenset(i for i, t in enumerate(tokens) if _may_be_a_name(t, plain))
    return Mask(words, names, _firm(message))


def _may_be_a_name(token: re.Match[str], plain: str) -> bool:
    """A capital in the middle of a sentence, and no word by which a kind is known."""
    word, before = token.group(), plain[: token.start()].rstrip()
    begins = not before or before[-1] in ".!?:;"
    return word[0].isupper() and word[1:].islower() and not begins and not cues_in(word)


def _firm(message: Message) -> tuple[Hashable, ...]:
    slots = message.slots
    return (
        tuple(sorted({s.value or s.text.casefold() for s in slots if s.name == "link"})),
        tuple(sorted({s.value or re.sub(r"\D", "", s.text) for s in slots if s.name == "phone"})),
        tuple(m.group().casefold() for m in _REPLY.finditer(message.text)),
        tuple(s.value or s.text.casefold() for s in slots if s.name == "lender"),
        message.language,
        message.sender_class,
        message.country,
        _dates_passed(message),
    )


def _dates_passed(message: Message) -> tuple[bool | None, ...]:
    """Of each date, whether it lies before the day the text came; None where that cannot be told."""
    if not message.request.received_at:
        return ()
    received = datetime.fromisoformat(message.request.received_at).date()
    days = [read_date(s.text, received, message.country) for s in message.slots if s.name == "date"]
    return tuple(None if day is None else day < received for day in days)


def near_copies(one: Mask, other: Mask) -> bool:
    """The same but for a few words, all of which look like names in both."""
    if one.firm != other.firm or len(one.words) != len(other.words):
        return False
    strange = [i for i, pair in enumerate(zip(one.words, other.words, strict=True)) if pair[0] != pair[1]]
    return len(strange) <= MAX_STRANGE_WORDS and all(i in one.names and i in other.names for i in strange)


def verdict(message: Message, kinds: KindEstimate, causes: CauseEstimate) -> tuple[Hashable, ...]:
    """All that a draft says beside the words of the text: texts that differ in it do not share one."""
    lure = max(kinds.evidence, key=lambda e: e.weight, default=None) if kinds.kind == "scam" else None
    return (
        kinds.kind,
        tuple(c.cause for c in causes.causes[:2]),
        causes.causes[1].probability >= RIVAL,
        causes.confidence,
        causes.cues,
        lure.cue if lure else None,
        tuple(sorted(message.request.answers.items())),
    )


def fitted(shared: Written, message: Message, kinds: KindEstimate, causes: CauseEstimate) -> Written | None:
    """The shared draft with this text's own details, checked against this text; None when it does not fit.

    It fits when the writer would be told the same: the tags stand for other values, and all else is alike.
    """
    prompt = build_prompt(replace(shared.prompt.situation, message=message, kinds=kinds, causes=causes))
    if shared.grounded is None or shared.draft is None or shared.draft.quoted or decline_reason(message, kinds):
        return None  # nothing was written that could be shared
    if _without_text(prompt) != _without_text(shared.prompt) or _strangers(shared, prompt):
        return None
    result = with_citations(shared.draft, prompt, shared.grounded.support)
    return replace(shared, prompt=prompt, grounded=result) if isinstance(result, Grounded) else None


def _without_text(prompt: Prompt) -> str:
    return prompt.text.rpartition("\ntext: ")[0]


def _strangers(shared: Written, prompt: Prompt) -> set[str]:
    """Words of the draft that only the text it was written for can have given it: another person's details."""
    own = _words(prompt.situation.message.request.text)
    passages = set().union(*(_words(p.text) for p in prompt.situation.passages))
    only_there = _words(shared.prompt.situation.message.request.text) - own - passages
    draft = shared.draft
    return only_there & _words(TAG.sub("", f"{draft.headline} {draft.explanation}")) if draft else set()


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _near_index() -> Any:
    try:
        from datasketch import MinHashLSH
    except ImportError:
        return None
    return MinHashLSH(threshold=SIMILAR, num_perm=PERMUTATIONS)


def _min_hash(mask: Mask) -> Any:
    from datasketch import MinHash

    plain = " ".join(mask.words)
    pieces = {plain[i : i + 4] for i in range(max(1, len(plain) - 3))}
    sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update_batch([piece.encode() for piece in pieces])
    return sketch
