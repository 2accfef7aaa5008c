"""Step 7: judge a draft; code owns the citations and lets nothing through that nobody can check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from explainer.quoting import MAX_EXPLANATION, MAX_HEADLINE, headline
from explainer.records import Draft, Grounded, Passage, Prompt, Situation
from explainer.support import SupportJudge
from explainer.tags import TAG, fill

RULE = 0.35
"""From this P(states a rule) on, a sentence must be supported by a passage."""
SUPPORTED = 0.60
"""From this P(the passage says so) on, a passage supports a sentence."""
_REPORTS = re.compile(r"^(?:this|the) (?:text|message) |^it could also be that ", re.I)
"""Openings of the quoting writer's own sentences, which report the message or the ranking."""
_NEVER = re.compile(
    r"\b(?:is|looks|seems) (?:safe|genuine|legitimate|real and safe)\b"
    r"|\byou need not (?:re)?pay\b|\byou owe nothing\b(?! unless)"
    r"|(?<!not )(?<!never )\b(?:tap|click|open|follow) (?:on )?the link\b(?! only)"
    r"|\bapply (?:now|after the invitation)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".+?[.!?](?:[\"”’)])*(?=\s+[\"“(]?[A-Z<]|\s*$)", re.DOTALL)
_CAUSE_SAID = {
    "marketing": r"marketing list|advertis|\badvert\b|mass mailing",
    "phishing": r"\btrap\b|\bscam\b|\bfraud\b|\bcheats?\b|\bbait\b|no (?:real )?loan (?:is|stands|lies)",
    "wrong_number": r"wrong number|mistyped|meant for (?:some(?:one|body)|another)|(?:former|earlier|old) owner",
    "contact_of_borrower": r"phone ?book|(?:named|gave) (?:you|your)|some(?:one|body) else's (?:loan|debt)",
    "identity_theft": r"in your name|identity theft|stolen",
    "application": r"your own application|you (?:did )?appl(?:y|ied)|opened an account",
    "repayment_due": r"your own loan|a loan of yours",
    "overdue": r"your own loan|a loan of yours|missed payment",
}
"""How a draft names a cause; only sentences that name exactly one are looked at."""
_SURE = re.compile(r"(?<!un)(?<!less )(?<!not )\b(?:very likely|most likely|likely|probably)\b(?! not)", re.I)
_ANSWER_SAID = {
    "applied": (r"\byou (?:did|have) (?:once )?appl(?:y|ied)|\byou applied", r"\byou (?:never|did not|have not) appl"),
    "have_loan": (r"\byou (?:do )?have a loan", r"\byou have no loan|\byou (?:do not|don't) have a loan"),
}
"""Claims about the reader that an answer may contradict: said yes, said no."""
_OPEN = re.compile(r"\b(?:if|whether|when|should|unless|or)\b", re.IGNORECASE)


def ground(draft: Draft, prompt: Prompt, judge: SupportJudge) -> Grounded | list[str]:
    """The draft with its citations, or the reasons for which it fails."""
    said = [fill(sentence, prompt.tags) for sentence in sentences(draft.explanation)]
    return with_citations(draft, prompt, cite(said, prompt.situation.relevant_passages, judge))


def with_citations(draft: Draft, prompt: Prompt, support: Sequence[Passage | None]) -> Grounded | list[str]:
    """The same, where it is known already which passage supports which sentence: for a draft that a campaign shares.

    Headline and explanation fail apart: a bad headline over a good explanation is composed from kind and details.
    """
    situation, tags = prompt.situation, prompt.tags
    filled = replace(draft, headline=fill(draft.headline, tags), explanation=fill(draft.explanation, tags))
    if headline_faults(draft, filled, situation):
        filled = replace(filled, headline=headline(situation))
    reasons, parts = explanation_faults(draft, filled, situation), []
    cited = list(dict.fromkeys(p for p in support if p is not None and p is not UNSUPPORTED))
    for tagged, passage in zip(sentences(draft.explanation), support, strict=True):
        sentence, allowed = fill(tagged, tags), situation.message.request.text
        if passage is UNSUPPORTED:
            reasons.append(f"no passage supports: {sentence}")
        elif passage is not None:
            allowed += " " + passage.text
        reasons += [f"not from the text or the cited passage: {v}" for v in strange_values(sentence, allowed)]
        mark = f" [{cited.index(passage) + 1}]" if passage in cited else ""
        parts.append(f"{sentence[:-1].rstrip()}{mark}{sentence[-1]}" if mark else sentence)
    return reasons or Grounded(filled.headline, " ".join(parts), tuple(cited), tuple(support))


UNSUPPORTED = Passage("", "", "", "", (), "", (), "", "", "", "")
"""Stands where a rule has no passage."""


def cite(said: Sequence[str], passages: Sequence[Passage], judge: SupportJudge) -> list[Passage | None]:
    """For each sentence the passage that supports it, None where it needs none, UNSUPPORTED where it lacks one."""
    if not said:
        return []
    vectors = judge.encode(said)
    rules = judge.states_rule(said, vectors)
    support: list[Passage | None] = []
    for sentence, vector, rule in zip(said, vectors, rules, strict=True):
        quoted = next((p for p in passages if sentence in p.text), None)
        if quoted is not None or _REPORTS.match(sentence) or rule < RULE:
            support.append(quoted)
            continue
        chances = [judge.supports(sentence, vector, p.text) for p in passages]
        best = max(range(len(chances)), key=chances.__getitem__, default=None)
        support.append(passages[best] if best is not None and chances[best] >= SUPPORTED else UNSUPPORTED)
    return support


def headline_faults(draft: Draft, filled: Draft, situation: Situation) -> list[str]:
    """Why the headline cannot stand."""
    faults = _faults("headline", draft.headline, filled.headline, MAX_HEADLINE, draft.quoted)
    faults += [f"not from the text: {v}" for v in strange_values(filled.headline, situation.message.request.text)]
    if not draft.quoted:
        faults += disagreements(draft.headline, situation, leading=1)
    return faults + _said_never(filled.headline, situation)


def explanation_faults(draft: Draft, filled: Draft, situation: Situation) -> list[str]:
    """Why the explanation as a whole cannot stand."""
    faults = _faults("explanation", draft.explanation, filled.explanation, MAX_EXPLANATION, draft.quoted)
    if not draft.quoted:
        for sentence in sentences(draft.explanation):
            faults += disagreements(sentence, situation, leading=2)
    said = sentences(filled.explanation)
    if len({s.casefold() for s in said}) < len(said) or _repeats(draft.explanation):
        faults.append("repeats itself")
    return faults + _said_never(filled.explanation, situation)


def _faults(what: str, tagged: str, filled: str, most: int, quoted: bool) -> list[str]:
    faults = []
    if not filled.strip():
        faults.append(f"{what} is empty")
    if (n := len(filled.split())) > most:
        faults.append(f"{what} has {n} words, at most {most}")
    if match := re.search(r"<[A-Za-z]\w*>|\[\d+\]|\[unk\]", filled, re.I):
        faults.append(f"{what}: a tag or a citation of its own: {match.group()}")
    if not quoted and (match := re.search(r"\d\S*", TAG.sub("", tagged))):
        faults.append(f"{what}: a number outside a tag: {match.group()}")
    return faults


def _said_never(text: str, situation: Situation) -> list[str]:
    """Details quoted from the message are the sender's words, not ours."""
    for slot in situation.message.slots:
        text = text.replace(slot.text, "")
    match = _NEVER.search(re.sub(r"“[^”]*”", "", text))
    return [f"says what is never said: {match.group()}"] if match else []


def _repeats(text: str) -> bool:
    """Five words in a row that come twice."""
    words = re.findall(r"[\w<>']+", text.casefold())
    runs = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
    return len(set(runs)) < len(runs)


def disagreements(sentence: str, situation: Situation, leading: int) -> list[str]:
    """A cause called likely that is none of the leading ones; a claim about the reader against the answers."""
    named = [cause for cause, said in _CAUSE_SAID.items() if re.search(said, sentence, re.IGNORECASE)]
    ranked = [c.cause for c in situation.causes.causes[:leading]]
    faults = []
    if _SURE.search(sentence) and len(named) == 1 and named[0] not in ranked and not _OPEN.search(sentence):
        faults.append(f"calls {named[0]} likely: {sentence}")
    answers = situation.message.request.answers
    for question, (yes, no) in _ANSWER_SAID.items():
        for answer, said in (("yes", yes), ("no", no)):
            if re.search(said, sentence, re.IGNORECASE) and not _OPEN.search(sentence):
                given = answers.get(question)
                if given is not None and given != answer:
                    faults.append(f"the reader answered {question}={given}: {sentence}")
    if re.search(r"\byou (?:say|said|answered|told)\b", sentence, re.IGNORECASE) and not answers:
        faults.append(f"the reader answered nothing: {sentence}")
    return faults


def sentences(text: str) -> list[str]:
    """Split into sentences; what has no end sign counts as one."""
    found = [m.group().strip() for m in _SENTENCE.finditer(text)]
    return [s for s in found if s] or ([text.strip()] if text.strip() else [])


def strange_values(sentence: str, allowed: str) -> list[str]:
    """Numbers and links of a sentence that stand neither in the text nor in the cited passage."""
    plain = allowed.casefold()
    values = re.findall(
        r"(?:https?://\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|gov|net|in|cn|uk|ke|ng|ph|sg|kr)\b\S*)|\d[\d,.:/-]*\d|\d",
        sentence,
    )
    return [v for v in values if v.rstrip(".,:;”").casefold() not in plain]
