"""Two runs side by side, sample by sample.

    python -m eval.compare A B [--metric NAME]

B minus A, with an interval, wins and losses; the ten worst regressions. Refuses runs on different samples.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.metrics import bootstrap
from explainer.errors import BadInput, ExplainerError

SMALLER_IS_BETTER = ("cause_loss", "milliseconds", "headline_words", "explanation_words", "grade")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare two runs on the same samples.")
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument("--metric", default="kind_lenient", help="whose worst regressions are listed")
    options = parser.parse_args()
    try:
        compare(options.a, options.b, options.metric, Console(width=120))
    except ExplainerError as error:
        sys.exit(f"eval: {error}")


def compare(a: Path, b: Path, metric: str, console: Console) -> None:
    first, second = _records(a), _records(b)
    settings = [json.loads((folder / "settings.json").read_text("utf-8")) for folder in (a, b)]
    if settings[0]["samples"] != settings[1]["samples"]:
        raise BadInput(f"{a} and {b} were run on different samples: only runs on the same ones can be compared")
    table = Table("metric", "A", "B", "B - A", "95 % interval", "wins", "losses", "n", box=None)
    for name in dict.fromkeys(n for r in first.values() for n in r["scores"]):
        pairs = paired(first, second, name)
        if not pairs:
            continue
        ids, old, new = [p[0] for p in pairs], np.array([p[1] for p in pairs]), np.array([p[2] for p in pairs])
        change = new - old
        low, high = bootstrap(lambda rows, c=change: float(c[rows].mean()), [first[i]["group"] for i in ids])  # type: ignore[misc]
        better = -change if name in SMALLER_IS_BETTER else change
        table.add_row(
            name, f"{old.mean():.3f}", f"{new.mean():.3f}", f"{change.mean():+.3f}", f"[{low:+.3f}, {high:+.3f}]",
            str(int((better > 1e-9).sum())), str(int((better < -1e-9).sum())), str(len(ids)),
        )  # fmt: skip
    console.print(table)
    for id, old_value, new_value in regressions(first, second, metric):
        console.print(
            f"{id}  {old_value:.2f} -> {new_value:.2f}  {second[id]['scores'][metric]['reason']}", markup=False
        )
        console.print(f"    {second[id]['text'][:110]}", markup=False)


def paired(first: dict[str, Any], second: dict[str, Any], metric: str) -> list[tuple[str, float, float]]:
    """(id, A, B) of the samples that both runs judged."""
    rows = []
    for id, record in first.items():
        old = record["scores"].get(metric, {}).get("value")
        new = second[id]["scores"].get(metric, {}).get("value")
        if old is not None and new is not None:
            rows.append((id, old, new))
    return rows


def regressions(
    first: dict[str, Any], second: dict[str, Any], metric: str, n: int = 10
) -> list[tuple[str, float, float]]:
    sign = -1 if metric in SMALLER_IS_BETTER else 1
    rows = [row for row in paired(first, second, metric) if sign * (row[2] - row[1]) < 0]
    return sorted(rows, key=lambda row: sign * (row[2] - row[1]))[:n]


def _records(folder: Path) -> dict[str, Any]:
    file = folder / "samples.jsonl"
    if not file.is_file():
        raise BadInput(f"{folder} holds no run: expected samples.jsonl in it")
    return {r["id"]: r for r in map(json.loads, file.read_text("utf-8").splitlines())}


if __name__ == "__main__":
    main()
