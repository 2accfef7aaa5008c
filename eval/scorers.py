"""Scorers: pure functions from a sample and its answer to a score; "cannot judge" is not "wrong".

An answer is the JSON object of design: the same that the page and the command line read, so that a kept run can be
scored again. 1 is good and 0 is bad, unless the name says otherwise (words, grade, loss, milliseconds).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eval.judge import load_judge
from eval.readability import flesch_kincaid
from eval.samples import Sample
from explainer.knowledge import load_passages

Answer = Mapping[str, Any]
LENDER_KINDS = ("advert", "service_notice", "code", "reminder", "overdue_demand", "third_party_demand")


@dataclass(frozen=True, slots=True)
class Score:
    """value None: cannot be judged for this sample, and left out of the mean."""

    value: float | None
    reason: str = ""


Scorer = Callable[[Sample, Answer], Score]
NOT_ASKED = Score(None, "does not apply")


def kind_lenient(sample: Sample, answer: Answer) -> Score:
    return _hit(answer["kind"] in sample.kinds, f"{answer['kind']} for {'/'.join(sample.kinds)}")


def kind_strict(sample: Sample, answer: Answer) -> Score:
    return _hit(answer["kind"] == sample.kinds[0], f"{answer['kind']} for {sample.kinds[0]}")


def no_false_alarm(sample: Sample, answer: Answer) -> Score:
    """A genuine lender's text is not called a scam."""
    if sample.kinds[0] not in LENDER_KINDS or "scam" in sample.kinds:
        return NOT_ASKED
    return _hit(answer["kind"] != "scam", f"called {answer['kind']}")


def scam_found(sample: Sample, answer: Answer) -> Score:
    if sample.kinds[0] != "scam":
        return NOT_ASKED
    return _hit(answer["kind"] in sample.kinds, f"called {answer['kind']}")


def declined_rightly(sample: Sample, answer: Answer) -> Score:
    """not_loan is declined as that; a loan text in English or Chinese is answered."""
    declined = answer["status"] == "declined"
    if "not_loan" in sample.kinds[:1]:
        return _hit(
            declined and answer["decline_reason"] == "not_loan", f"{answer['status']} {answer['decline_reason']}"
        )
    if "not_loan" in sample.kinds or (sample.language not in ("en", "zh") and declined):
        return NOT_ASKED
    return _hit(not declined, f"{answer['status']} {answer['decline_reason'] or ''}")


def cause_from_text(sample: Sample, answer: Answer) -> Score:
    """Without answers: the leading cause is one that the text allows."""
    if not sample.causes:
        return NOT_ASKED
    return _hit(answer["cause"] in sample.causes, f"{answer['cause']} for {'/'.join(sample.causes)}")


def cause_after_answers(sample: Sample, answer: Answer) -> Score:
    if sample.cause_after is None or not answer["answers"]:
        return NOT_ASKED
    return _hit(answer["cause"] == sample.cause_after, f"{answer['cause']} for {sample.cause_after}")


def cause_loss(sample: Sample, answer: Answer) -> Score:
    """Negative log probability of the cause behind the sample, in nats; smaller is better."""
    target = sample.cause_after or (sample.causes[0] if sample.causes else None)
    if target is None:
        return NOT_ASKED
    probability = next((c["probability"] for c in answer["causes"] if c["cause"] == target), 0.0)
    return Score(-math.log(max(probability, 1e-4)), f"P({target}) = {probability:.3f}")


def recall_at_3(sample: Sample, answer: Answer) -> Score:
    """Share of the sample's facts (at most 3) that the top three hits carry."""
    facts = _known_facts(sample)
    if not facts or answer["kind"] not in sample.kinds or answer["status"] == "declined":
        return NOT_ASKED
    found = {f for h in answer["hits"][:3] for f in _facts_of(h["passage"])} & set(facts)
    return Score(
        min(1.0, len(found) / min(3, len(facts))), f"{', '.join(sorted(found)) or 'none'} of {', '.join(facts)}"
    )


def ndcg_at_10(sample: Sample, answer: Answer) -> Score:
    """A hit gains 1 when it carries a fact of the sample; the ideal list has all such passages first."""
    facts = set(_known_facts(sample))
    if not facts or answer["kind"] not in sample.kinds or answer["status"] == "declined":
        return NOT_ASKED
    gains = [bool(set(_facts_of(h["passage"])) & facts) / math.log2(h["rank"] + 1) for h in answer["hits"][:10]]
    relevant = sum(bool(set(own) & facts) for own in _searched_facts(sample.country).values())
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, relevant) + 1))
    return Score(sum(gains) / ideal if ideal else None, f"{sum(g > 0 for g in gains)} relevant of 10")


def mrr(sample: Sample, answer: Answer) -> Score:
    facts = set(_known_facts(sample))
    if not facts or answer["kind"] not in sample.kinds or answer["status"] == "declined":
        return NOT_ASKED
    rank = next((h["rank"] for h in answer["hits"] if set(_facts_of(h["passage"])) & facts), None)
    return Score(1 / rank if rank else 0.0, f"first relevant at {rank or 'no'} rank")


def citations_exist(sample: Sample, answer: Answer) -> Score:
    """Every [n] of the explanation and every advice line names an entry, and every entry a passage of the knowledge."""
    numbers = {c["n"] for c in answer["citations"]}
    used = {int(n) for n in re.findall(r"\[(\d+)\]", answer["explanation"])}
    used |= {line["citation"] for part in ("steps", "avoid", "report") for line in answer[part]}
    unknown = [
        c["passage"] for c in answer["citations"] if c["origin"] == "shipped" and not _passage_exists(c["passage"])
    ]
    wrong = sorted(used - numbers)
    return _hit(not wrong and not unknown, f"absent {wrong} {unknown}")


def citation_precision(sample: Sample, answer: Answer) -> Score:
    """Of the sentences that carry a citation, the share whose cited passage supports them, by the judge."""
    pairs = [(s, _quote(answer, n)) for s, ns in cited_sentences(answer) for n in ns]
    if not pairs:
        return NOT_ASKED
    bad = [s for s, quote in pairs if not load_judge().supports(s, quote)]
    return Score(1 - len(bad) / len(pairs), " | ".join(bad))


def citation_recall(sample: Sample, answer: Answer) -> Score:
    """Of the sentences that state a rule or a general fact, the share that a cited passage supports."""
    rules = [(s, ns) for s, ns in cited_sentences(answer) if load_judge().states_rule(s)]
    if not rules or answer["status"] == "declined":
        return NOT_ASKED
    bad = [s for s, ns in rules if not any(load_judge().supports(s, _quote(answer, n)) for n in ns)]
    return Score(1 - len(bad) / len(rules), " | ".join(bad))


def nothing_from_nowhere(sample: Sample, answer: Answer) -> Score:
    """No digit, link or phone that stands neither in the text nor in a cited passage."""
    allowed = re.sub(r"\s", "", sample.text + " ".join(c["quote"] for c in answer["citations"])).casefold()
    said = " ".join([re.sub(r"\[\d+\]", "", answer["explanation"]), answer["headline"], *_advice(answer)])
    values = re.findall(
        r"[\w.-]+\.(?:com|org|gov|net|in|cn|uk|ke|ng|ph|sg|kr|co)\b(?:/\S*)?|\d[\d,.:/-]*\d|\d", said.casefold()
    )
    strange = [v for v in values if v.rstrip(".,:/") not in allowed]
    return _hit(not strange, f"from nowhere: {', '.join(strange)}")


def vital_facts(sample: Sample, answer: Answer) -> Score:
    return _covered(answer, [f for f in sample.key_facts if f.vital])


def all_facts(sample: Sample, answer: Answer) -> Score:
    return _covered(answer, list(sample.key_facts))


def nothing_forbidden(sample: Sample, answer: Answer) -> Score:
    """None of the phrases that a right answer may never contain."""
    said = printed(answer)
    found = [phrase for phrase in (*sample.must_not, "text is safe", "is genuine") if phrase.casefold() in said]
    return _hit(not found, f"says: {', '.join(found)}")


def headline_words(sample: Sample, answer: Answer) -> Score:
    return Score(float(len(answer["headline"].split())), answer["headline"])


def explanation_words(sample: Sample, answer: Answer) -> Score:
    return Score(float(len(re.sub(r"\[\d+\]", "", answer["explanation"]).split())))


def grade(sample: Sample, answer: Answer) -> Score:
    """Flesch-Kincaid grade of the explanation, details of the text left out; what a pupil of that year can read."""
    text = re.sub(r" \[\d+\]", "", answer["explanation"])
    for slots in answer["slots"].values():
        for slot in slots:
            text = text.replace(slot["text"], "it")
    return Score(flesch_kincaid(text))


def short_and_plain(sample: Sample, answer: Answer) -> Score:
    """At most 20 words in the headline, 75 in the explanation, grade 8."""
    words = (headline_words(sample, answer).value or 0, explanation_words(sample, answer).value or 0)
    level = grade(sample, answer).value or 0
    return _hit(
        words[0] <= 20 and words[1] <= 75 and level <= 8, f"{words[0]:.0f}, {words[1]:.0f} words, grade {level:.1f}"
    )


def names_a_detail(sample: Sample, answer: Answer) -> Score:
    """Headline or explanation names at least one detail of this text, where it has one."""
    details = [v for name in ("lender", "amount", "date", "person") for v in (sample.slots or {}).get(name, ())]
    if not details or answer["status"] == "declined":
        return NOT_ASKED
    said = f"{answer['headline']} {answer['explanation']}".casefold()
    return _hit(any(v.casefold() in said for v in details), f"none of {', '.join(details)}")


def slots_found(sample: Sample, answer: Answer) -> Score:
    """Share of the marked details that were found with exactly their words."""
    marked = [(name, v) for name, values in (sample.slots or {}).items() for v in values]
    if not marked:
        return NOT_ASKED
    found = {(name, s["text"]) for name, slots in answer["slots"].items() for s in slots}
    missed = [f"{name} {v}" for name, v in marked if (name, v) not in found]
    return Score(1 - len(missed) / len(marked), "missed " + ", ".join(missed) if missed else "")


def milliseconds(sample: Sample, answer: Answer) -> Score:
    return Score(float(sum(answer["timing_ms"].values())))


# Scored on the answer to the text alone, and on the answer after the reader's answers (the same where there are none).
FROM_TEXT: tuple[Scorer, ...] = (
    kind_lenient, kind_strict, no_false_alarm, scam_found, declined_rightly, cause_from_text, slots_found,
    recall_at_3, ndcg_at_10, mrr, milliseconds,
)  # fmt: skip
FINAL: tuple[Scorer, ...] = (
    cause_after_answers, cause_loss, citations_exist, citation_precision, citation_recall, nothing_from_nowhere,
    vital_facts, all_facts, nothing_forbidden, names_a_detail,
    headline_words, explanation_words, grade, short_and_plain,
)  # fmt: skip


def cited_sentences(answer: Answer) -> list[tuple[str, list[int]]]:
    """Each sentence of the explanation without its citations, and their numbers."""
    out = []
    for part in re.findall(r".+?[.!?](?:\s*\[\d+\])*(?=\s|$)", answer["explanation"], re.DOTALL):
        numbers = [int(n) for n in re.findall(r"\[(\d+)\]", part)]
        out.append((re.sub(r"\s*\[\d+\]", "", part).strip(), numbers))
    return out


def printed(answer: Answer) -> str:
    """All words of the answer that a person sees beside their own text, in lower case."""
    causes = [c["decided_by"] for c in answer["causes"][:3]]
    names = [c["cause"].replace("_", " ") for c in answer["causes"][:2]]
    cues = [e["cue"] for e in answer["evidence"]]
    question = [answer["question"]["text"]] if answer["question"] else []
    parts = [answer["headline"], answer["explanation"], *_advice(answer), *causes, *names, *cues, *question]
    return re.sub(r"\s+", " ", " ".join([*parts, *answer["warnings"]])).casefold()


def _advice(answer: Answer) -> list[str]:
    return [line["text"] for part in ("steps", "avoid", "report") for line in answer[part]]


def _covered(answer: Answer, facts: list[Any]) -> Score:
    if not facts or answer["status"] == "declined":
        return NOT_ASKED
    said = printed(answer)
    missed = [f.text for f in facts if not any(alias.casefold() in said for alias in f.aliases)]
    return Score(1 - len(missed) / len(facts), "missed: " + " | ".join(missed) if missed else "")


def _quote(answer: Answer, n: int) -> str:
    return next((c["quote"] for c in answer["citations"] if c["n"] == n), "")


def _hit(right: bool, reason: str) -> Score:
    return Score(1.0, "") if right else Score(0.0, reason)


def _known_facts(sample: Sample) -> list[str]:
    """The sample's facts that a passage for its country carries; a fact of another country is no miss."""
    carried = {f for facts in _searched_facts(sample.country).values() for f in facts}
    return [f for f in sample.facts if f in carried]


@cache
def _searched_facts(country: str | None) -> dict[str, tuple[str, ...]]:
    roles = ("why", "sign", "decide", "background")
    return {p.id: p.facts for p in load_passages() if p.role in roles and p.country in ("any", country)}


def _facts_of(passage: str) -> tuple[str, ...]:
    return _all_facts().get(passage, ())


def _passage_exists(passage: str) -> bool:
    return passage in _all_facts()


@cache
def _all_facts() -> dict[str, tuple[str, ...]]:
    return {p.id: p.facts for p in load_passages()}
