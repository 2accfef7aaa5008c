"""The report of a run: one page that needs nothing from outside, and the table in the terminal."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from eval.metrics import SMALL_SLICE, Metric, all_metrics, calibration_curve, case_of
from explainer.records import KINDS

SLICE_METRICS = (
    "kind_lenient",
    "cause_from_text",
    "cause_after_answers",
    "recall_at_3",
    "vital_facts",
    "declined_rightly",
)
SIZE = 260
"""Pixels of a picture's side."""


def print_table(tables: Mapping[str, Mapping[str, Metric]], settings: Mapping[str, Any]) -> None:
    title = f"{settings['n']} samples, commit {settings['commit']}, {settings['date']}"
    table = Table(
        "metric", *tables, box=None, title=f"{title}, {settings['messages']}" if settings["messages"] else title
    )
    for name in dict.fromkeys(n for metrics in tables.values() for n in metrics):
        table.add_row(name, *(_cell(metrics.get(name)) for metrics in tables.values()))
    console = Console(width=max(120, 30 + 38 * len(tables)))
    console.print(table)
    console.print(f"support judge, measured on its test pairs: {settings['judge']}")


def _cell(metric: Metric | None) -> str:
    return "" if metric is None or metric.n == 0 else str(metric)


def write_report(
    file: Path,
    settings: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    tables: Mapping[str, Mapping[str, Metric]],
) -> None:
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    cases = sorted(records, key=_worst_first)
    page = environment.get_template("report.html.j2").render(
        settings=settings,
        names=list(dict.fromkeys(n for metrics in tables.values() for n in metrics)),
        tables=tables,
        slices=slice_rows(records, settings["seed"]),
        slice_metrics=SLICE_METRICS,
        small=SMALL_SLICE,
        confusion=confusion_rows(records),
        kinds=KINDS,
        calibration=calibration_picture(records),
        coverage=coverage_picture(records),
        cases=cases,
    )
    file.write_text(page, "utf-8")


def slice_rows(records: Sequence[Mapping[str, Any]], seed: int) -> list[tuple[str, int, dict[str, Metric]]]:
    """Name, n and figures of every slice."""
    names = sorted({name for r in records for name in r["slices"]})
    rows = []
    for name in names:
        cases = [case_of(r) for r in records if name in r["slices"]]
        rows.append((name, len(cases), all_metrics(cases, seed)))
    return rows


def confusion_rows(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[int]]]:
    """For each true kind, how often each kind was said."""
    return [
        (true, [sum(r["kinds"][0] == true and r["before"]["kind"] == said for r in records) for said in KINDS])
        for true in KINDS
    ]


def calibration_picture(records: Sequence[Mapping[str, Any]]) -> str:
    """How often it was right (up) at each stated probability (across); the diagonal is honest."""
    points = calibration_curve([case_of(r) for r in records])
    circles = "".join(
        f'<circle cx="{p * SIZE:.0f}" cy="{SIZE - right * SIZE:.0f}" r="{3 + n**0.5 / 2:.1f}"><title>said {p:.2f}, '
        f"right {right:.2f}, n {n}</title></circle>"
        for p, right, n in points
    )
    return _picture(f'<line x1="0" y1="{SIZE}" x2="{SIZE}" y2="0"/>{circles}')


def coverage_picture(records: Sequence[Mapping[str, Any]]) -> str:
    """Texts answered (across) against unsupported sentences among them (up), as less confidence is asked for."""
    judged = [
        (max(r["answer"]["kinds"].values()), 1 - r["scores"]["citation_recall"]["value"])
        for r in records
        if r["scores"].get("citation_recall", {}).get("value") is not None
    ]
    judged.sort(reverse=True)
    total, points = 0.0, []
    for n, (_, unsupported) in enumerate(judged, 1):
        total += unsupported
        points.append(f"{n / len(judged) * SIZE:.1f},{SIZE - total / n * SIZE:.1f}")
    return _picture(f'<polyline points="{" ".join(points)}"/>')


def _picture(inside: str) -> str:
    return (
        f'<svg viewBox="-30 -10 {SIZE + 50} {SIZE + 40}" width="{SIZE + 50}" role="img">'
        f'<rect x="0" y="0" width="{SIZE}" height="{SIZE}"/>{inside}'
        f'<text x="0" y="{SIZE + 18}">0</text><text x="{SIZE - 6}" y="{SIZE + 18}">1</text>'
        '<text x="-16" y="8">1</text></svg>'
    )


def _worst_first(record: Mapping[str, Any]) -> tuple[float, str]:
    """By the number of scores that are plainly bad."""
    asked = (
        *("kind_lenient", "cause_from_text", "cause_after_answers", "vital_facts", "declined_rightly"),
        *("nothing_forbidden", "citations_exist", "nothing_from_nowhere"),
    )
    values = [record["scores"].get(name, {}).get("value") for name in asked]
    return sum(v for v in values if v is not None) - sum(v is not None for v in values), html.escape(record["id"])
