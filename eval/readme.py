"""Write the README's sample answer, and its results table from the kept runs in eval/results.

    python -m eval.readme [RUN_FOLDER [NAME]]

With a run's folder, keeps its settings and metrics as eval/results/NAME (samples when no name is given) first.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from explainer import Explainer
from explainer.cli import SAMPLE
from explainer.terminal import show

README = Path(__file__).parents[1] / "README.md"
RESULTS = Path(__file__).parent / "results"
SAMPLE_BEGIN, SAMPLE_END = "<!-- sample answer: python -m eval.readme -->", "<!-- end of sample -->"
BEGIN, END = "<!-- results: python -m eval.readme -->", "<!-- end of results -->"
ROWS = (
    ("kind, right or defensible", "kind_lenient"),
    ("kind, macro-F1", "macro_f1"),
    ("genuine lender not called a scam", "no_false_alarm"),
    ("scam found", "scam_found"),
    ("leading cause, from the text alone", "cause_from_text"),
    ("leading cause, after the reader's answers", "cause_after_answers"),
    ("calibration error of the kind", "calibration_error"),
    ("facts in the top 3 passages", "recall_at_3"),
    ("nDCG@10 of the passages", "ndcg_at_10"),
    ("every citation exists", "citations_exist"),
    ("no number or link from nowhere", "nothing_from_nowhere"),
    ("vital facts told", "vital_facts"),
    ("20 and 75 words, grade 8 at most", "short_and_plain"),
    ("milliseconds a text, in batches, two threads", "milliseconds"),
)


def main() -> None:
    if len(sys.argv) > 1:
        keep(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "samples")
    text = README.read_text("utf-8")
    README.write_text(replaced(text), "utf-8")


def keep(run: Path, name: str) -> None:
    target = RESULTS / name
    target.mkdir(parents=True, exist_ok=True)
    for file in ("settings.json", "metrics.json"):
        (target / file).write_bytes((run / file).read_bytes())


def replaced(readme: str) -> str:
    """The README with the sample answer and the table of the kept runs between their marks."""
    for begin, end, inside in ((SAMPLE_BEGIN, SAMPLE_END, f"```text\n{sample_answer()}```"), (BEGIN, END, table())):
        block = f"{begin}\n{inside}\n{end}"
        readme = re.sub(rf"{re.escape(begin)}.*?{re.escape(end)}", lambda _, b=block: b, readme, flags=re.DOTALL)  # type: ignore[misc]
    return readme


def sample_answer() -> str:
    """What the command in the README prints."""
    console = Console(width=100, record=True, file=io.StringIO(), highlight=False)
    show(console, Explainer.load(own_documents=False).explain(SAMPLE), SAMPLE)
    return "\n".join(line.rstrip() for line in console.export_text().strip("\n").splitlines()) + "\n"


def table() -> str:
    settings, metrics = _kept("samples")
    names = [n for n in ("program", "TF-IDF", "keyword rules", "filter + BM25") if n in metrics]
    lines = [
        f"{settings['n']} samples, commit {settings['commit']}, {settings['date']}; 95 % intervals.",
        "",
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for title, key in ROWS:
        cells = [_cell(metrics[n].get(key)) for n in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines.append("")
    lines.append(f"Support judge: {settings['judge']}.")
    for name, title in (("real", "Real messages, development set (looked at, chosen by)"),):
        if (RESULTS / name).is_dir():
            kept, figures = _kept(name)
            both = ", ".join(
                f"{n} {_cell(figures[n]['kind_lenient'])}" for n in names if "kind_lenient" in figures.get(n, {})
            )
            lines.append(f"{title}, kind right or defensible, n {kept['n']}: {both}.")
    return "\n".join(lines)


def _kept(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = RESULTS / name
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    return settings, json.loads((folder / "metrics.json").read_text("utf-8"))


def _cell(metric: dict[str, float] | None) -> str:
    if metric is None or not metric["n"]:
        return ""
    digits = 0 if metric["value"] > 5 else 3
    return f"{metric['value']:.{digits}f} [{metric['low']:.{digits}f}, {metric['high']:.{digits}f}]"


if __name__ == "__main__":
    main()
