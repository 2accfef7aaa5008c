"""How the writer does: thresholds of its judge, ablations, and pairs for a blind reading.

    python -m eval.writing curve                      what each threshold lets through, on the evaluation samples
    python -m eval.writing ablations [--untrained-language FOLDER]
    python -m eval.writing pairs FILE --out FOLDER    written against quoted on real texts, order hidden

Rates come with n and a 95 % interval. Sentences that state a rule are told, and judged, by the evaluation's own judge
(see python -m eval.judge for how far it reaches); the last word has a blind reading.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.judge import load_judge
from eval.metrics import wilson
from eval.samples import load_messages, load_samples
from eval.scorers import Scorer, cited_sentences, names_a_detail, short_and_plain, vital_facts
from explainer import Explainer, grounding
from explainer import explainer as flow
from explainer.advice import choose_advice
from explainer.answer import assemble, decline_reason
from explainer.knowledge import load_passages
from explainer.message import read_message
from explainer.records import Draft, Passage, Prompt, Situation
from explainer.retriever import EXPLAINING
from explainer.writer import Writer, load_writer

RESULTS = Path(__file__).parent / "results"
PAIRS = 60
Answer = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Thresholds, ablations and blind pairs of the writer.")
    parser.add_argument("what", choices=["curve", "ablations", "pairs"])
    parser.add_argument("file", type=Path, nargs="?", help="with pairs: labelled real messages, JSON lines")
    parser.add_argument("--writer", default="local")
    parser.add_argument("--untrained-language", help="a writer that was fine-tuned without pre-training")
    parser.add_argument("--out", type=Path, help="with pairs: where pairs.jsonl and key.json go")
    options = parser.parse_args()
    if options.what == "pairs":
        blind_pairs(options.file, options.out, options.writer)
        return
    explainer = Explainer.load(writer=options.writer, threads=2, own_documents=False)
    rows = curve(explainer) if options.what == "curve" else ablations(explainer, options.untrained_language)
    table = {"writer": explainer.models["writer"], "rows": rows}
    (RESULTS / f"writing_{options.what}.json").write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


class Remembering:
    """A writer that is asked once for each prompt and attempt."""

    def __init__(self, writer: Writer) -> None:
        self.name = writer.name
        self._writer = writer
        self._drafts: dict[tuple[str, int], Draft] = {}

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        new = [p for p in prompts if (p.text, attempt) not in self._drafts]
        for prompt, draft in zip(new, self._writer.generate(new, attempt), strict=True):
            self._drafts[prompt.text, attempt] = draft
        return [self._drafts[p.text, attempt] for p in prompts]


def curve(explainer: Explainer) -> list[dict[str, str]]:
    """Share written and share of unsupported rules, as the two thresholds of step 7 move."""
    explainer._writer = Remembering(explainer._writer)
    cases = sample_situations(explainer)
    rows = []
    kept = grounding.RULE, grounding.SUPPORTED
    for rule in (0.2, 0.35, 0.5):
        for supported in (0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
            grounding.RULE, grounding.SUPPORTED = rule, supported
            rows.append({"rule": str(rule), "supported": str(supported), **figures(explainer, cases)})
    grounding.RULE, grounding.SUPPORTED = kept
    return rows


def ablations(explainer: Explainer, untrained_language: str | None) -> list[dict[str, str]]:
    """The same samples with a part taken away."""
    cases = sample_situations(explainer)
    rng, every = random.Random(0), [p for p in load_passages() if p.role in EXPLAINING]
    rows = [{"": "as shipped", **figures(explainer, cases)}]
    without = [(s, replace(situation, passages=())) for s, situation in cases]
    rows.append({"": "no retrieval", **figures(explainer, without)})
    strange = [(s, replace(situation, passages=_random_passages(situation, every, rng))) for s, situation in cases]
    rows.append({"": "random passages", **figures(explainer, strange)})
    attempts, flow.ATTEMPTS = flow.ATTEMPTS, 1
    rows.append({"": "greedy draft only", **figures(explainer, cases)})
    flow.ATTEMPTS = attempts
    others = {"quoting": "quoting"} | ({"no pre-training": untrained_language} if untrained_language else {})
    for name, writer in others.items():
        explainer._writer = load_writer(writer, threads=2)
        rows.append({"": name, **figures(explainer, cases)})
    return rows


def _random_passages(situation: Situation, every: Sequence[Passage], rng: random.Random) -> tuple[Passage, ...]:
    return tuple(rng.choice([p for p in every if p.role == old.role]) for old in situation.passages)


def sample_situations(explainer: Explainer) -> list[tuple[Any, Situation]]:
    """The evaluation samples that get an explanation, with the reader's answers where a sample has them."""
    samples = load_samples()
    situations, _ = explainer.situate([read_message(s.request(bool(s.answers)), explainer._tagger) for s in samples])
    rows = zip(samples, situations, strict=True)
    return [(sample, s) for sample, s in rows if decline_reason(s.message, s.kinds) is None]


def figures(explainer: Explainer, cases: Sequence[tuple[Any, Situation]]) -> dict[str, str]:
    """What is told of a set of answers."""
    answers = answered(explainer, [situation for _, situation in cases])
    written = [a for a in answers if a["status"] == "written"]
    judge = load_judge()
    rules = [
        any(judge.supports(s, q["quote"]) for q in a["citations"] if q["n"] in ns)
        for a in written
        for s, ns in cited_sentences(a)
        if ns or judge.states_rule(s)
    ]
    scored = {name: _mean(scorer, cases, answers) for name, scorer in SCORED.items()}
    return {
        "written": _rate(len(written), len(answers)),
        "unsupported rules by judge": _rate(len(rules) - sum(rules), len(rules)),
        "cited sentences an answer": f"{sum(len(a['citations']) > 0 for a in written) / max(1, len(written)):.2f}",
        **scored,
    }


SCORED: dict[str, Scorer] = {
    "names a detail": names_a_detail,
    "vital facts": vital_facts,
    "short and plain": short_and_plain,
}


def answered(explainer: Explainer, situations: Sequence[Situation]) -> list[Answer]:
    passages, out = load_passages(), []
    for start in range(0, len(situations), 64):
        for one in explainer.write(situations[start : start + 64]):
            situation = one.prompt.situation
            advice = choose_advice(passages, situation.message, situation.kinds, situation.causes)
            out.append(assemble(one, advice, explainer.models, {}).to_dict())
    return out


def _mean(
    scorer: Callable[[Any, Answer], Any], cases: Sequence[tuple[Any, Situation]], answers: Sequence[Answer]
) -> str:
    values = [scorer(sample, answer).value for (sample, _), answer in zip(cases, answers, strict=True)]
    known = [v for v in values if v is not None]
    return f"{sum(known) / len(known):.3f} (n {len(known)})"


def _rate(count: int, n: int) -> str:
    low, high = wilson(count, n) if n else (0.0, 1.0)
    return f"{count / max(1, n):.3f} [{low:.3f}, {high:.3f}] (n {n})"


def blind_pairs(file: Path, out: Path, writer: str) -> None:
    """Written against quoted for PAIRS texts spread over their kinds: two answers A and B, and apart who is which."""
    explainer, rng = Explainer.load(writer=writer, threads=2, own_documents=False), random.Random(3)
    samples = [s for s in load_messages(file) if s.kinds[0] != "not_loan"]
    situations, _ = explainer.situate([read_message(s.request(), explainer._tagger) for s in samples])
    cases = [s for s in situations if decline_reason(s.message, s.kinds) is None]
    written = answered(explainer, cases)
    explainer._writer = load_writer("quoting")
    quoted = answered(explainer, cases)
    by_kind: dict[str, list[tuple[Situation, Answer, Answer]]] = defaultdict(list)
    for case in zip(cases, written, quoted, strict=True):
        if case[1]["status"] == "written":
            by_kind[case[1]["kind"]].append(case)
    chosen: list[tuple[Situation, Answer, Answer]] = []
    for group in by_kind.values():
        rng.shuffle(group)
    while len(chosen) < PAIRS and any(by_kind.values()):
        chosen += [group.pop() for group in by_kind.values() if group]
    out.mkdir(parents=True, exist_ok=True)
    key = {}
    with (out / "pairs.jsonl").open("w", encoding="utf-8") as stream:
        for n, (situation, first, second) in enumerate(chosen[:PAIRS], 1):
            order = [("written", first), ("quoted", second)]
            rng.shuffle(order)
            key[n] = [name for name, _ in order]
            shown = {label: _shown(answer) for label, (_, answer) in zip("AB", order, strict=True)}
            row = {"n": n, "text": situation.message.request.text, "sender": situation.message.request.sender, **shown}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    (out / "key.json").write_text(json.dumps(key) + "\n", "utf-8")
    print(f"{len(key)} pairs in {out / 'pairs.jsonl'}; who is which in {out / 'key.json'}")


def _shown(answer: Answer) -> dict[str, Any]:
    sources = {c["n"]: c["quote"] for c in answer["citations"] if f"[{c['n']}]" in answer["explanation"]}
    return {"headline": answer["headline"], "explanation": answer["explanation"], "sources": sources}


if __name__ == "__main__":
    main()
