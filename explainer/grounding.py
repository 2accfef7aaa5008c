"""Step 7: judge a draft; code owns the citations and lets nothing through that nobody can check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from explainer.knowledge import first_sentence
from explainer.quoting import MAX_EXPLANATION, MAX_HEADLINE, headline, report_sentence, rival_sentence
from explainer.records import Draft, Grounded, Message, Passage, Prompt, Situation
from explainer.support import SupportJudge
from explainer.tags import TAG, fill

RULE = 0.35
"""From this P(states a rule) on, a sentence must be supported by a passage."""
SUPPORTED = 0.85
"""From this P(the passage says so) on, a passage supports a sentence."""
SURE, SURE_RULE, SURE_HEADLINE = -1.0, -0.55, -0.6
"""Below this sureness a sentence is left out, a headline composed. What the writer makes up, it is unsure of: of the 25
least sure sentences of 60 real texts (development) nearly all were nonsense, of the 100 surest none."""
_DETAIL = re.compile("<(?:LENDER|AMOUNT|DATE|PERSON|WORDS)_")
LEAST_SENTENCES, LEAST_WORDS = 2, 14
"""What must be left of a draft whose other sentences have a fault."""
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
    "repayment_due": r"your own loan|loan of (?:yours|your own)",
    "overdue": r"your own loan|loan of (?:yours|your own)|missed payment",
}
"""How a draft names a cause; only sentences that name exactly one are looked at."""
_SURE = re.compile(r"(?<!un)(?<!less )(?<!not )\b(?:very likely|most likely|likely|probably)\b(?! not)", re.I)
_ANSWER_SAID = {
    "applied": (r"\byou (?:did|have) (?:once )?appl(?:y|ied)|\byou applied", r"\byou (?:never|did not|have not) appl"),
    "have_loan": (r"\byou (?:do )?have a loan", r"\byou have no loan|\byou (?:do not|don't) have a loan"),
}
"""Claims about the reader that an answer may contradict: said yes, said no."""
_SAID_OF_TEXT = {
    "link": (r"\bno (?:web )?link\b", r"\b(?:a|the|this|by) link\b"),
    "amount": (r"\bno (?:exact )?(?:sum|amount)\b", r"\b(?:an?|the|this) (?:exact |small |odd )?(?:sum|amount)\b"),
    "date": (r"\bno (?:due )?date\b", r"\bthe (?:due )?date\b"),
    "person": (r"\bno (?:person's )?name\b|\bwithout (?:a|any) name\b|\bnames? nobody\b", r"(?!)"),
    "lender": (r"\bno lender\b|\bno firm is named\b", r"(?!)"),
    "phone": (r"\bno (?:phone )?number\b", r"\b(?:a|the) phone number\b|\bnumber to call\b"),
}
"""What a draft says of the text that code can look up: that it has no such detail, that it has one."""
_FEE = re.compile(
    r"\bfees?\b|charges?\b|deposit|advance|insurance|\btax\b|pay(?:ment)? (?:first|of)|费|保证金|押金", re.IGNORECASE
)
_DECIDES = re.compile(r"\b(?:decid|settle|whether|shows? (?:if|whether)|can tell|the test|the point)", re.IGNORECASE)
_HOLLOW = (
    (r"\bunlikely\b", "rules out without a reason"),
    (r"\bno (?:\w+ )?names?\b.*\bso\b", "reasons from a missing name"),
    (r"\blink\b.*\bso\b(?!.*(?:trap|trick|cheat|scam|no (?:real )?loan))", "reasons from a link to what it shows not"),
    (r"\b(\w{2,})(?: (?:or|and|of|at|to) (?:a |an |the |no |your )?| )\1\b", "says a word twice"),
    (r"\b(\w+ \w+) (?:or|and) (?:a |an |the |no )?\1\b|\b(\w+ \w+ \w+)\b.*\b\2\b", "says the same twice"),
)
"""What a careful reader found most often wrong with drafts, as far as its form tells."""
_CODE = re.compile(r"\bcodes?\b|\botp\b|\bpin\b|\bpassw|验证码|动态码|密码", re.IGNORECASE)
_OPEN = re.compile(r"\b(?:if|whether|when|should|unless|or)\b", re.IGNORECASE)


def ground(draft: Draft, prompt: Prompt, judge: SupportJudge) -> Grounded | list[str]:
    """The draft with its citations, or the reasons for which it fails."""
    said = [fill(sentence, prompt.tags) for sentence in sentences(draft.explanation)]
    return with_citations(draft, prompt, cite(said, prompt.situation.relevant_passages, judge))


def with_citations(draft: Draft, prompt: Prompt, support: Sequence[Passage | None]) -> Grounded | list[str]:
    """The same, where it is known already which passage supports which sentence: for a draft that a campaign shares.

    Headline and explanation fail apart: a bad headline over a good explanation is composed from kind and details. A
    sentence with a fault is left out; the draft fails when too little is left.
    """
    situation, tags = prompt.situation, prompt.tags
    filled = replace(draft, headline=fill(draft.headline, tags), explanation=fill(draft.explanation, tags))
    said = sentences(draft.explanation)
    sure = draft.sureness if len(draft.sureness) == 1 + len(said) else (0.0,) * (1 + len(said))
    if sure[0] < SURE_HEADLINE or headline_faults(draft, filled, situation):
        filled = replace(filled, headline=headline(situation))
    faults = [sentence_faults(one, prompt, by, draft.quoted) for one, by in zip(said, support, strict=True)]
    for sentence, sureness, by, bad in zip(said, sure[1:], support, faults, strict=True):
        bad += [f"unsure: {sentence}"] if sureness < (SURE_RULE if by else SURE) else []
    stands = [(one, by) for one, by, bad in zip(said, support, faults, strict=True) if not bad]
    kept = [(fill(one, tags), by) for one, by in stands]
    reasons = explanation_faults(draft, filled, situation)
    if any(faults) and not _enough([one for one, _ in kept]):
        reasons += [reason for bad in faults for reason in bad]
    if not draft.quoted and not reasons:
        kept = completed(kept, bool(stands) and bool(_DETAIL.search(stands[0][0])), situation)
    cited = list(dict.fromkeys(by for _, by in kept if by is not None))
    parts = [f"{one[:-1].rstrip()} [{cited.index(by) + 1}]{one[-1]}" if by else one for one, by in kept]
    return reasons or Grounded(filled.headline, " ".join(parts), tuple(cited), tuple(support))


def completed(
    kept: list[tuple[str, Passage | None]], names_a_detail: bool, situation: Situation
) -> list[tuple[str, Passage | None]]:
    """What the writer left out, or what fell out of its draft, where there is room for it: a detail of the text, why
    such texts come, what else it could be, what decides."""
    passages = {p.role: p for p in situation.relevant_passages}
    cited = [by for _, by in kept if by is not None]
    *before, last = kept
    ends = bool(_DECIDES.search(last[0]))
    why, decide = passages.get("why"), passages.get("decide")
    wanted: list[tuple[int, str, Passage | None]] = []  # where: 0 first, 1 behind the report, 2 before the end, 3 last
    if not names_a_detail:
        wanted.append((0, report_sentence(situation), None))
    if decide and not any(_DECIDES.search(one) for one, _ in kept):
        wanted.append((3, first_sentence(decide.text), decide))
    if why and why not in cited:
        wanted.append((1, first_sentence(why.text), why))
    if (rival := rival_sentence(situation)) and not _names_a_rival(kept, situation):
        wanted.append((2, rival, None))
    room = MAX_EXPLANATION - sum(len(one.split()) for one, _ in kept)
    parts: dict[int, list[tuple[str, Passage | None]]] = {i: [] for i in range(4)}
    for where, sentence, by in wanted:
        if len(sentence.split()) <= room and sentence not in [one for one, _ in kept]:
            parts[where].append((sentence, by))
            room -= len(sentence.split())
    body = before if ends else kept
    report, rest = (body[:1], body[1:]) if names_a_detail else ([], body)
    return [*parts[0], *report, *parts[1], *rest, *parts[2], *([last] if ends else []), *parts[3]]


def _names_a_rival(kept: Sequence[tuple[str, Passage | None]], situation: Situation) -> bool:
    rival = situation.causes.causes[1].cause
    return any(by is None and re.search(_CAUSE_SAID.get(rival, "(?!)"), one, re.IGNORECASE) for one, by in kept)


def off_topic(sentence: str, situation: Situation) -> list[str]:
    """Speaks of a fee or a code of which this text does not."""
    text, faults = situation.message.text, []
    if re.search(r"\bfees?\b", sentence, re.IGNORECASE) and not _FEE.search(text) and not _OPEN.search(sentence):
        faults.append(f"the text asks for no fee: {sentence}")
    if re.search(r"\ba code\b", sentence, re.IGNORECASE) and not _CODE.search(text) and situation.kinds.kind != "code":
        faults.append(f"the text has no code: {sentence}")
    return faults


def _enough(kept: Sequence[str]) -> bool:
    return len(kept) >= LEAST_SENTENCES and sum(len(one.split()) for one in kept) >= LEAST_WORDS


def sentence_faults(tagged: str, prompt: Prompt, support: Passage | None, quoted: bool) -> list[str]:
    """Why one sentence cannot stand."""
    situation, sentence = prompt.situation, fill(tagged, prompt.tags)
    if support is UNSUPPORTED:
        return [f"no passage supports: {sentence}"]
    allowed = situation.message.request.text + (" " + support.text if support else "")
    faults = [f"not from the text or the cited passage: {v}" for v in strange_values(sentence, allowed)]
    if not quoted:
        faults += own_words_faults(tagged, situation, leading=2, rule=support is not None)
        if re.search(r"\bthe lender itself\b", tagged, re.IGNORECASE) and situation.message.first("lender") is None:
            faults.append(f"sends to a lender whom nobody named: {tagged}")
    return faults


def own_words_faults(tagged: str, situation: Situation, leading: int, rule: bool = False) -> list[str]:
    """What is wrong with a headline or sentence that a model wrote, whatever stands behind it."""
    faults = disagreements(tagged, situation, leading)
    faults += [] if re.search(r"\bno fee\b", tagged, re.IGNORECASE) else off_topic(tagged, situation)
    faults += [] if rule else untrue_of_text(tagged, situation.message)
    faults += [f"{what}: {tagged}" for form, what in _HOLLOW if re.search(form, tagged, re.IGNORECASE)]
    tags = TAG.findall(tagged)
    return faults + [f"says {tag} twice: {tagged}" for tag in dict.fromkeys(tags) if tags.count(tag) > 1]


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
        faults += own_words_faults(draft.headline, situation, leading=1)
    return faults + _said_never(filled.headline, situation)


def explanation_faults(draft: Draft, filled: Draft, situation: Situation) -> list[str]:
    """Why the explanation as a whole cannot stand."""
    faults = _faults("explanation", draft.explanation, filled.explanation, MAX_EXPLANATION, draft.quoted)
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


def untrue_of_text(sentence: str, message: Message) -> list[str]:
    """That the text has, or lacks, a link, a sum, a date, a name or a fee, when code sees otherwise."""
    has = {slot.name for slot in message.slots}
    faults = []
    for detail, (lacks, holds) in _SAID_OF_TEXT.items():
        denied = bool(re.search(lacks, sentence, re.IGNORECASE))
        if denied and detail in has or not denied and re.search(holds, sentence, re.IGNORECASE) and detail not in has:
            faults.append(f"the text has {'a' if denied else 'no'} {detail}: {sentence}")
    if re.search(r"\bno fee\b", sentence, re.IGNORECASE) and _FEE.search(message.text):
        faults.append(f"the text may ask for a fee: {sentence}")
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
