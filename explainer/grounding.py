"""Step 7: judge a draft; code owns the citations and lets nothing through that nobody can check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from explainer.records import Draft, Passage, Situation

MAX_EXPLANATION = 75
MAX_HEADLINE = 20
SUPPORTED = 0.75
"""Share of a sentence's content words that a passage must hold to support it; quoted sentences reach 1."""
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "but",
        "if",
        "is",
        "are",
        "was",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "you",
        "your",
        "they",
        "their",
        "he",
        "she",
        "with",
        "by",
        "from",
        "as",
        "not",
        "no",
        "do",
        "does",
        "can",
        "may",
        "will",
        "would",
        "have",
        "has",
        "had",
        "who",
        "which",
        "what",
        "when",
        "than",
        "then",
        "so",
        "there",
        "here",
        "any",
        "some",
        "one",
        "also",
        "only",
        "such",
        "out",
        "up",
        "into",
        "about",
    ]
)
_REPORTS = re.compile(
    r"^(?:this|the) (?:text|message)\b|^it (?:says|names|asks|speaks|could also|most likely|may)\b|^most likely\b", re.I
)
"""Openings of sentences that report the message or the ranking, and state no rule."""
_NEVER = re.compile(
    r"\b(?:is|looks|seems) (?:safe|genuine|legitimate|real and safe)\b"
    r"|\byou need not (?:re)?pay\b|\byou owe nothing\b(?! unless)"
    r"|(?<!not )(?<!never )\b(?:tap|click|open|follow) (?:on )?the link\b(?! only)"
    r"|\bapply (?:now|after the invitation)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".+?[.!?](?:[\"”’)])*(?=\s+[\"“(]?[A-Z<]|\s*$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Grounded:
    """A draft that passed: [n] counts the cited passages from 1."""

    headline: str
    explanation: str
    cited: tuple[Passage, ...]


def ground(draft: Draft, situation: Situation) -> Grounded | list[str]:
    """The draft with its citations, or the reasons for which it fails."""
    reasons = _whole_draft(draft, situation)
    cited: list[Passage] = []
    parts = []
    for sentence in sentences(draft.explanation):
        if states_no_rule(sentence):
            allowed = situation.message.request.text
            parts.append(sentence)
        else:
            passage = supporting(sentence, situation.relevant_passages)
            if passage is None:
                reasons.append(f"no passage supports: {sentence}")
                continue
            if passage not in cited:
                cited.append(passage)
            allowed = situation.message.request.text + " " + passage.text
            parts.append(f"{sentence.rstrip()[:-1].rstrip()} [{cited.index(passage) + 1}]{sentence.rstrip()[-1]}")
        reasons += [f"not from the text or the cited passage: {value}" for value in strange_values(sentence, allowed)]
    if reasons:
        return reasons
    return Grounded(draft.headline, " ".join(parts), tuple(cited))


def _whole_draft(draft: Draft, situation: Situation) -> list[str]:
    reasons = []
    if not draft.headline.strip() or not draft.explanation.strip():
        reasons.append("headline or explanation is empty")
    if (n := len(draft.headline.split())) > MAX_HEADLINE:
        reasons.append(f"headline has {n} words, at most {MAX_HEADLINE}")
    if (n := len(draft.explanation.split())) > MAX_EXPLANATION:
        reasons.append(f"explanation has {n} words, at most {MAX_EXPLANATION}")
    own_words = _without_quotes(f"{draft.headline} {draft.explanation}", situation)
    if match := _NEVER.search(own_words):
        reasons.append(f"says what is never said: {match.group()}")
    if match := re.search(r"<[A-Z]\w*>|\[\d+\]", f"{draft.headline} {draft.explanation}"):
        reasons.append(f"a tag or a citation of its own: {match.group()}")
    reasons += [f"not from the text: {v}" for v in strange_values(draft.headline, situation.message.request.text)]
    said = sentences(draft.explanation)
    if len(set(said)) < len(said):
        reasons.append("repeats a sentence")
    return reasons


def _without_quotes(text: str, situation: Situation) -> str:
    """Details quoted from the message are the sender's words, not ours."""
    for slot in situation.message.slots:
        text = text.replace(slot.text, "")
    return text


def sentences(text: str) -> list[str]:
    """Split into sentences; what has no end sign counts as one."""
    found = [m.group().strip() for m in _SENTENCE.finditer(text)]
    return [s for s in found if s] or ([text.strip()] if text.strip() else [])


def states_no_rule(sentence: str) -> bool:
    """Reports the message or the ranking, so that no passage needs to support it."""
    return bool(_REPORTS.match(sentence))


def supporting(sentence: str, passages: Sequence[Passage]) -> Passage | None:
    """The passage that says it: word for word, or nearly all of its content words and all of its numbers."""
    for passage in passages:
        if sentence in passage.text:
            return passage
    best = max(passages, key=lambda p: support(sentence, p.text), default=None)
    return best if best is not None and support(sentence, best.text) >= SUPPORTED else None


def support(sentence: str, passage: str) -> float:
    """Share of the sentence's content words that the passage holds, 0 when it lacks a number of the sentence."""
    words = [w for w in re.findall(r"[a-z']+|\d[\d,.]*", sentence.casefold()) if w not in _STOP]
    held = set(map(_stem, re.findall(r"[a-z']+|\d[\d,.]*", passage.casefold())))
    if not words or any(w[0].isdigit() and _stem(w) not in held for w in words):
        return 0.0
    return sum(_stem(w) in held for w in words) / len(words)


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.rstrip(".,")
    return re.sub(r"(?:'s|ies|es|s|ed|ing|er|ers)$", "", word) if len(word) > 4 else word


def strange_values(sentence: str, allowed: str) -> list[str]:
    """Numbers and links of a sentence that stand neither in the text nor in the cited passage."""
    plain = allowed.casefold()
    values = re.findall(
        r"(?:https?://\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|gov|net|in|cn|uk|ke|ng|ph|sg|kr)\b\S*)|\d[\d,.:/-]*\d|\d",
        sentence,
    )
    return [v for v in values if v.rstrip(".,:;").casefold() not in plain]
