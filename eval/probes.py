"""Probes run the explainer again: is the evidence what decided, and does the answer follow its passages?"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence

from eval.metrics import Metric, rate
from eval.samples import Sample
from explainer import Explainer
from explainer.knowledge import load_passages
from explainer.message import read_message
from explainer.records import Grounded, Passage, Situation

PROBED = 120
"""Samples that the probes look at, spread over the set: they cost several answers each."""


def run_probes(explainer: Explainer, samples: Sequence[Sample], seed: int) -> dict[str, Metric]:
    chosen = [samples[i * len(samples) // PROBED] for i in range(PROBED)] if len(samples) > PROBED else list(samples)
    situations, _ = explainer.situate([read_message(s.request()) for s in chosen])
    groups = [s.group or s.id for s in chosen]
    metrics = evidence_probe(explainer, situations, groups, seed)
    loan = [
        (s, g) for s, g in zip(situations, groups, strict=True) if s.kinds.kind != "not_loan" and len(s.passages) > 1
    ]
    return metrics | passage_probes(explainer, [s for s, _ in loan], [g for _, g in loan], seed)


def evidence_probe(
    explainer: Explainer, situations: Sequence[Situation], groups: Sequence[str], seed: int
) -> dict[str, Metric]:
    """Comprehensiveness and sufficiency after ERASER, against as many random words.

    Comprehensiveness: how far the kind's probability falls without the evidence; larger is better.
    Sufficiency: how far it falls when only the evidence is left; smaller is better.
    """
    rng = random.Random(seed)
    shown = [(s, g) for s, g in zip(situations, groups, strict=True) if s.kinds.evidence]
    variants: list[str] = []
    for situation, _ in shown:
        given = situation.message.request.text
        spans = [(e.start, e.end) for e in situation.kinds.evidence]
        chance = _random_spans(given, spans, rng)
        variants += [_without(given, spans), _only(given, spans), _without(given, chance), _only(given, chance)]
    probabilities = explainer.kind_probabilities([v if v.strip() else "-" for v in variants])
    rows: dict[str, list[float]] = {
        name: []
        for name in (
            "comprehensiveness",
            "sufficiency",
            "comprehensiveness_of_random_words",
            "sufficiency_of_random_words",
        )
    }
    for i, (situation, _) in enumerate(shown):
        kind = situation.kinds.kind
        for name, row in zip(
            ("comprehensiveness", "sufficiency", "comprehensiveness_of_random_words", "sufficiency_of_random_words"),
            probabilities[4 * i : 4 * i + 4],
            strict=True,
        ):
            rows[name].append(situation.kinds.kinds[kind] - row[kind])
    return {name: rate(values, [g for _, g in shown], seed) for name, values in rows.items()}


def passage_probes(
    explainer: Explainer, situations: Sequence[Situation], groups: Sequence[str], seed: int
) -> dict[str, Metric]:
    """What becomes of the answer when its passages change; 1 is right, each time."""
    rng = random.Random(seed)
    dropped, replaced, altered, altered_groups = [], [], [], []
    for situation, group in zip(situations, groups, strict=True):
        first, *rest = situation.passages
        dropped.append(float(first.id not in _cited(explainer, dataclasses.replace(situation, passages=tuple(rest)))))
        other = rng.choice(_strangers(situation))
        cited = _cited(explainer, dataclasses.replace(situation, passages=(other, *rest)))
        replaced.append(float(other.id not in cited))
        if (follows := _follows_change(situation, explainer)) is not None:
            altered.append(follows)
            altered_groups.append(group)
    return {
        "dropped_passage_not_cited": rate(dropped, groups, seed),
        "irrelevant_passage_not_cited": rate(replaced, groups, seed),
        "altered_passage_followed_or_not_cited": rate(altered, altered_groups, seed),
    }


def _follows_change(situation: Situation, explainer: Explainer) -> float | None:
    """One detail of a cited sentence is changed in its passage: the old sentence may not stay and keep its citation."""
    result = _grounded(explainer, situation)
    if result is None:
        return None
    for passage in result.cited:
        sentence = next(s for s in cited_sentences(result.explanation, result.cited) if s[1] == passage.id)[0]
        changed = _altered(passage, sentence)
        if changed is None:
            continue
        passages = tuple(changed if p.id == passage.id else p for p in situation.passages)
        again = _grounded(explainer, dataclasses.replace(situation, passages=passages))
        kept = again is not None and (sentence, passage.id) in cited_sentences(again.explanation, again.cited)
        return float(not kept)
    return None


def cited_sentences(explanation: str, cited: Sequence[Passage]) -> list[tuple[str, str]]:
    """(sentence, passage id) of every sentence with a citation."""
    found = re.findall(r"([^.!?\[\]]+) \[(\d+)\]([.!?])", explanation)
    return [(f"{words.strip()}{end}", cited[int(n) - 1].id) for words, n, end in found]


def _altered(passage: Passage, sentence: str) -> Passage | None:
    """The passage with one detail of that sentence changed, or None when it does not hold the sentence or a detail."""
    if sentence not in passage.text:
        return None
    for pattern, new in (
        (r"\d+", "77"),
        (r"\bmay\b", "must"),
        (r"\bnot\b", "always"),
        (r"\bcan\b", "cannot"),
        (r"\bis\b", "is never"),
    ):
        changed, n = re.subn(pattern, new, sentence, count=1)
        if n:
            return dataclasses.replace(passage, text=passage.text.replace(sentence, changed))
    return None


def _cited(explainer: Explainer, situation: Situation) -> list[str]:
    result = _grounded(explainer, situation)
    return [p.id for p in result.cited] if result else []


def _grounded(explainer: Explainer, situation: Situation) -> Grounded | None:
    return explainer.write([situation])[0].grounded


def _strangers(situation: Situation) -> list[Passage]:
    """Passages about none of the situation's likely causes."""
    likely = {c.cause for c in situation.causes.causes[:4]}
    return [p for p in load_passages() if p.role == "why" and not set(p.causes) & likely]


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + " " + text[end:]
    return text


def _only(text: str, spans: Sequence[tuple[int, int]]) -> str:
    return " ".join(text[start:end] for start, end in sorted(spans))


def _random_spans(text: str, spans: Sequence[tuple[int, int]], rng: random.Random) -> list[tuple[int, int]]:
    """As many spans of the same lengths, anywhere."""
    out = []
    for start, end in spans:
        at = rng.randrange(max(1, len(text) - (end - start) + 1))
        out.append((at, at + end - start))
    return _merged(out)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
