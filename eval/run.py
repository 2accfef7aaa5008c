"""Score the program and its baselines on the evaluation set.

    python -m eval.run [--limit N] [--slice NAME] [--writer NAME] [--encoder NAME] [--seed N] [--out FOLDER]
    python -m eval.run --messages FILE        kinds only, on any labelled JSON lines file
    python -m eval.run --rescore FOLDER       score a kept run again, without generating

A run is a folder: settings.json, samples.jsonl (everything per case), metrics.json, report.html. A run that was cut off
goes on where it stopped when it is given the same --out. Exit code 1: crash; 2: a gate of eval/gates.toml fell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eval import baselines
from eval.judge import load_judge, measure
from eval.metrics import Metric, all_metrics, case_of
from eval.overlap import check
from eval.probes import run_probes
from eval.report import print_table, write_report
from eval.samples import Sample, load_messages, load_samples, samples_hash
from eval.scorers import FINAL, FROM_TEXT, Scorer, cause_loss, kind_lenient, kind_strict, mrr, ndcg_at_10, recall_at_3
from explainer import Explainer
from explainer.answer import decline_reason
from explainer.errors import BadInput, ExplainerError
from explainer.message import read_message
from explainer.training.messages import load_messages as load_training

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
BATCH = 32


def main() -> None:
    options = parse()
    try:
        fallen = rescore(options.rescore) if options.rescore else run(options)
    except ExplainerError as error:
        sys.exit(f"eval: {error}")
    for line in fallen:
        print(f"gate fell: {line}")
    sys.exit(2 if fallen else 0)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the program and its baselines on the evaluation set.")
    parser.add_argument("--limit", type=int, help="only the first N samples, spread over the set")
    parser.add_argument("--slice", help='only samples of a slice, such as "kind: scam" or adversarial')
    parser.add_argument(
        "--writer", default="local", help="local, quoting, ADDRESS#MODEL of a server, or a model by name"
    )
    parser.add_argument("--encoder", help="another encoder for retrieval")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="the run's folder; a new one below eval/runs when not given")
    parser.add_argument("--messages", type=Path, help="a labelled file of messages instead: kinds only")
    parser.add_argument("--rescore", type=Path, help="a kept run to score again")
    parser.add_argument("--no-probes", action="store_true", help="leave out the probes, which run the explainer again")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> list[str]:
    """Score, write the run's folder, print the table; -> the gates that fell."""
    samples = select(load_messages(options.messages) if options.messages else load_samples(), options)
    if not options.messages and (pairs := check({s.id: s.text for s in samples}, _training())):
        raise BadInput(f"{len(pairs)} samples overlap, first {pairs[0]}: see python -m eval.overlap")
    out = options.out or FOLDER / "runs" / time.strftime("%Y%m%d-%H%M%S")
    out.mkdir(parents=True, exist_ok=True)
    explainer = Explainer.load(encoder=options.encoder, writer=options.writer, threads=2, own_documents=False)
    resolved = settings(options, samples, explainer)
    _same_settings(out / "settings.json", resolved)
    records = list(_resumed(out / "samples.jsonl", samples, explainer, bool(options.messages)))
    tables = {"program": metrics_of(records, options.seed), **baseline_tables(samples, explainer, options)}
    if not options.messages and not options.no_probes:
        tables["program"] |= run_probes(explainer, samples, options.seed)
    return finish(out, resolved, records, tables)


def finish(out: Path, resolved: dict[str, Any], records: list[dict[str, Any]], tables: dict[str, Any]) -> list[str]:
    plain = {name: {k: m.to_dict() for k, m in table.items()} for name, table in tables.items()}
    (out / "metrics.json").write_text(json.dumps(plain, indent=1) + "\n", "utf-8")
    write_report(out / "report.html", resolved, records, tables)
    print_table(tables, resolved)
    print(f"report: {out / 'report.html'}")
    return [] if resolved["messages"] or resolved["partial"] else fallen_gates(tables["program"])


def rescore(folder: Path) -> list[str]:
    """Score the kept answers again; nothing is generated, baselines and probes stay as they were."""
    if not (folder / "samples.jsonl").is_file():
        raise BadInput(f"{folder} holds no run: expected settings.json and samples.jsonl in it")
    resolved = json.loads((folder / "settings.json").read_text("utf-8"))
    samples = {s.id: s for s in load_samples()}
    records = [json.loads(line) for line in (folder / "samples.jsonl").read_text("utf-8").splitlines()]
    for record in records:
        record["scores"] = scores(samples[record["id"]], record["before"], record["answer"])
    kept = json.loads((folder / "metrics.json").read_text("utf-8")) if (folder / "metrics.json").is_file() else {}
    tables = {name: {k: Metric(**m) for k, m in table.items()} for name, table in kept.items()}
    tables["program"] = {**tables.get("program", {}), **metrics_of(records, resolved["seed"])}
    (folder / "samples.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return finish(folder, resolved, records, tables)


def select(samples: list[Sample], options: argparse.Namespace) -> list[Sample]:
    chosen = [s for s in samples if not options.slice or options.slice in s.slices]
    if not chosen:
        names = sorted({name for s in samples for name in s.slices})
        raise BadInput(f"no sample in the slice {options.slice!r}: the slices are {', '.join(names)}")
    if options.limit and options.limit < len(chosen):
        chosen = [chosen[i * len(chosen) // options.limit] for i in range(options.limit)]
    return chosen


def _resumed(file: Path, samples: list[Sample], explainer: Explainer, kinds_only: bool) -> Iterator[dict[str, Any]]:
    """Records already in the file, then the missing ones, each written as soon as it is known."""
    done: dict[str, dict[str, Any]] = {}
    if file.is_file():
        for line in file.read_text("utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                break  # cut off in the middle of a line: that sample and all after it are done again
            done[record["id"]] = record
        file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in done.values()), "utf-8")
    missing = [s for s in samples if s.id not in done]
    with file.open("a", encoding="utf-8") as stream:
        for i in range(0, len(missing), BATCH):
            for record in explain_and_score(missing[i : i + BATCH], explainer, kinds_only):
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                done[record["id"]] = record
            stream.flush()
    yield from (done[s.id] for s in samples)


def explain_and_score(samples: list[Sample], explainer: Explainer, kinds_only: bool) -> Iterator[dict[str, Any]]:
    before = [e.to_dict() for e in explainer.explain_many([s.request() for s in samples])]
    answered = [s for s in samples if s.answers]
    explained = explainer.explain_many([s.request(answered=True) for s in answered])
    after = {s.id: e.to_dict() for s, e in zip(answered, explained, strict=True)}
    for sample, first in zip(samples, before, strict=True):
        answer = after.get(sample.id, first)
        yield {
            "id": sample.id,
            "group": sample.group or sample.id,
            "text": sample.text,
            "kinds": sample.kinds,
            "slices": sample.slices,
            "before": first,
            "answer": answer,
            "scores": scores(sample, first, answer, (kind_lenient, kind_strict) if kinds_only else None),
        }


def scores(
    sample: Sample, before: dict[str, Any], answer: dict[str, Any], only: tuple[Scorer, ...] | None = None
) -> dict[str, dict[str, Any]]:
    """Every scorer's value and reason; the loss of probability before and after the answers stand side by side."""
    judged = [(s, before) for s in only or FROM_TEXT] + ([] if only else [(s, answer) for s in FINAL])
    out = {}
    for scorer, seen in judged:
        score = scorer(sample, seen)
        out[scorer.__name__] = {"value": score.value, "reason": score.reason}
    if not only and sample.answers and sample.cause_after:
        first = cause_loss(sample, before).value or 0.0
        drop = (first - (cause_loss(sample, answer).value or 0.0)) / len(sample.answers)
        out["loss_drop_per_answer"] = {"value": drop, "reason": f"from {first:.2f}"}
    return out


def metrics_of(records: list[dict[str, Any]], seed: int) -> dict[str, Metric]:
    return all_metrics([case_of(record) for record in records], seed)


def baseline_tables(samples: list[Sample], explainer: Explainer, options: argparse.Namespace) -> dict[str, Any]:
    """The same figures for what a claim must beat."""
    groups = [s.group or s.id for s in samples]
    guesses = {
        "keyword rules": [baselines.keyword_kind(s.text) for s in samples],
        "TF-IDF": baselines.tfidf_kinds([s.text for s in samples]),
    }
    tables: dict[str, Any] = {}
    for name, kinds in guesses.items():
        answers = [{"kind": kind, "kinds": baselines.one_hot(kind)} for kind in kinds]
        records = [
            {
                "id": s.id,
                "group": g,
                "kinds": s.kinds,
                "answer": a,
                "scores": scores(s, a, a, (kind_lenient, kind_strict)),
            }
            for s, g, a in zip(samples, groups, answers, strict=True)
        ]
        tables[name] = metrics_of(records, options.seed)
    if not options.messages:
        tables |= retrieval_tables(samples, explainer, options.seed)
    return tables


def retrieval_tables(samples: list[Sample], explainer: Explainer, seed: int) -> dict[str, Any]:
    words = baselines.Bm25Alone(explainer.retriever)
    situations, _ = explainer.situate([read_message(s.request()) for s in samples])
    lists = {
        "BM25 alone": [words.hits(s.text) for s in samples],
        "filter + BM25": [words.filtered_hits(s.message, s.kinds, s.causes) for s in situations],
    }
    tables = {}
    for name, hits in lists.items():
        records = []
        for sample, situation, found in zip(samples, situations, hits, strict=True):
            answer = {
                "kind": situation.kinds.kind,
                "kinds": dict(situation.kinds.kinds),
                "status": "declined" if decline_reason(situation.message, situation.kinds) else "quoted",
                "hits": [{"passage": h.passage.id, "rank": h.rank} for h in found],
            }
            judged = scores(sample, answer, answer, (recall_at_3, ndcg_at_10, mrr))
            records.append(
                {"id": sample.id, "group": sample.group, "kinds": sample.kinds, "answer": answer, "scores": judged}
            )
        tables[name] = {k: m for k, m in metrics_of(records, seed).items() if k in ("recall_at_3", "ndcg_at_10", "mrr")}
    return tables


def settings(options: argparse.Namespace, samples: list[Sample], explainer: Explainer) -> dict[str, Any]:
    """Everything that the figures depend on."""
    code = hashlib.sha256(
        b"".join(f.read_bytes() for d in ("explainer", "eval") for f in sorted((ROOT / d).glob("*.py")))
    )
    prompts = hashlib.sha256(b"".join(f.read_bytes() for f in sorted((ROOT / "prompts").glob("*.txt"))))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    packages = ("ctranslate2", "tokenizers", "numpy", "bm25s", "scikit-learn")
    return {
        "commit": commit or "unknown",
        "date": time.strftime("%Y-%m-%d"),
        "code": code.hexdigest()[:12],
        "prompts": prompts.hexdigest()[:12],
        "samples": samples_hash(samples),
        "n": len(samples),
        "models": explainer.models,
        "judge": str(measure(load_judge())),
        "seed": options.seed,
        "writer": options.writer,
        "encoder": options.encoder,
        "messages": f"{options.messages.name} (development, looked at)" if options.messages else None,
        "partial": bool(options.limit or options.slice),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def _same_settings(file: Path, resolved: dict[str, Any]) -> None:
    """A run goes on only with what it began with."""
    if file.is_file():
        kept = json.loads(file.read_text("utf-8"))
        changed = [
            k for k in ("samples", "models", "code", "prompts", "writer", "encoder") if kept.get(k) != resolved[k]
        ]
        if changed:
            raise BadInput(f"{file.parent} holds a run with other {', '.join(changed)}: give another --out")
    file.write_text(json.dumps(resolved, indent=1, ensure_ascii=False) + "\n", "utf-8")


def fallen_gates(metrics: dict[str, Metric]) -> list[str]:
    gates = tomllib.loads((FOLDER / "gates.toml").read_text("utf-8"))
    fallen = [f"{k} {metrics[k].value:.3f} < {v}" for k, v in gates["at_least"].items() if metrics[k].value < v]
    return fallen + [f"{k} {metrics[k].value:.3f} > {v}" for k, v in gates["at_most"].items() if metrics[k].value > v]


def _training() -> dict[str, str]:
    return {f"training {m.batch} {m.id}": m.text for m in load_training()}


if __name__ == "__main__":
    main()
