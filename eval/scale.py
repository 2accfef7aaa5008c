"""What work costs as it grows: python -m eval.scale [--sizes 1 10 100 ...] [--repeats 1 10 100] [--out FOLDER]

Texts through `bulk` in a fresh process each: time, memory and texts a second, as a table and a picture. Also:
    --agree N     with grouping and without: status, kind, cause and every digit must agree; exit code 1 else
    --actors N    one Ray actor against two, on this machine, N texts
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.mass_texts import mass_texts
from explainer import Explainer
from explainer.campaigns import Campaigns
from explainer.records import Explanation, Request

RESULTS = Path(__file__).parent / "results" / "scale"
SIZES = (1, 10, 100, 1000)
DAY, TARGET = 86_400, 100_000_000
WIDTH, HEIGHT, LEFT = 420, 240, 70
RUN = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from explainer.bulk import explain_file
from explainer.explainer import Explainer
explainer = Explainer.load(threads=int(sys.argv[3]), own_documents=False)
loaded = time.perf_counter()
explain_file(explainer, Path(sys.argv[1]), Path(sys.argv[2]))
end, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"load_s": round(loaded - start, 2), "work_s": round(end - loaded, 2),
    "processor_s": round(used.ru_utime + used.ru_stime, 2), "peak_mb": used.ru_maxrss // 1024}))
"""


def write_rows(file: Path, n: int, repeats: int) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for row in mass_texts(n, repeats, seed=3):
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def measure(n: int, repeats: int, threads: int = 2) -> dict[str, Any]:
    """One run of bulk in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        write_rows(source, n, repeats)
        command = [sys.executable, "-c", RUN, str(source), str(target), str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        with target.open("rb") as stream:
            if (rows := sum(1 for _ in stream)) != n:
                raise SystemExit(f"{n} rows in, {rows} out")
    return {"texts": n, "repeats": repeats, **figures, "texts_a_second": round(n / figures["work_s"], 2)}


def agree(n: int, repeats: int) -> dict[str, Any]:
    """How many of n texts differ, field by field, when the members of a campaign share a draft."""
    requests = [
        Request(r["text"], r["sender"], r["received_at"], None, r["country"], id=r["id"])
        for r in mass_texts(n, repeats)
    ]
    explainer = Explainer.load(threads=2, own_documents=False)
    differ: Counter[str] = Counter()
    grouped = explainer.outcomes(requests, Campaigns())
    for alone, shared in zip(explainer.outcomes(requests), grouped, strict=True):
        assert isinstance(alone, Explanation) and isinstance(shared, Explanation)
        for name in ("status", "kind", "cause", "headline", "explanation", "evidence", "steps"):
            differ[name] += getattr(alone, name) != getattr(shared, name)
        differ["digits"] += _digits(alone) != _digits(shared)
    return {"texts": n, "repeats": repeats, "differ": dict(differ)}


def _digits(answer: Explanation) -> list[str]:
    lines = [answer.headline, answer.explanation, *(a.text for a in (*answer.steps, *answer.avoid, *answer.report))]
    return re.findall(r"\d[\d,.:/-]*", " ".join(lines))


def actors(n: int) -> list[dict[str, Any]]:
    """The same rows through one Ray actor and through two."""
    from explainer.bulk import explain_file
    from explainer.cluster import ray_engine

    found = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        write_rows(source, n, 10)
        for count in (1, 2):
            start = time.perf_counter()
            explain_file(ray_engine("local", count), source, Path(folder) / f"{count}.jsonl", window=max(1, n // 8))
            seconds = time.perf_counter() - start
            found.append(
                {"actors": count, "texts": n, "seconds": round(seconds, 1), "texts_a_second": round(n / seconds, 2)}
            )
    return found


def picture(runs: Sequence[Mapping[str, Any]]) -> str:
    """Seconds of work and peak memory against the number of texts, both axes logarithmic."""
    import math

    groups = sorted({run["repeats"] for run in runs})
    top_n = max(math.log10(max(2, run["texts"])) for run in runs)
    charts = []
    for index, (key, title) in enumerate((("work_s", "seconds of work"), ("peak_mb", "peak memory, MB"))):
        values = [math.log10(max(0.01, run[key])) for run in runs]
        low, high = (
            math.floor(min(values)),
            math.ceil(max(values)) + (math.ceil(max(values)) == math.floor(min(values))),
        )
        top = index * (HEIGHT + 70) + 30
        parts = [f'<text x="{LEFT}" y="{top - 10}" font-weight="bold">{title}</text>']
        for power in range(low, high + 1):
            y = top + HEIGHT * (high - power) / (high - low)
            parts.append(f'<path d="M{LEFT} {y:.0f}h{WIDTH}" stroke="#ddd"/><text x="{LEFT - 8}" y="{y + 4:.0f}" '
                         f'text-anchor="end">{10.0**power:g}</text>')  # fmt: skip
        for power in range(math.ceil(top_n) + 1):
            x = LEFT + WIDTH * power / math.ceil(top_n)
            parts.append(f'<text x="{x:.0f}" y="{top + HEIGHT + 18}" text-anchor="middle">{10**power:,}</text>')
        for group, colour in zip(groups, ("#3a6ea5", "#b5651d", "#4b8b3b", "#777"), strict=False):
            points = [
                (LEFT + WIDTH * math.log10(run["texts"]) / math.ceil(top_n),
                 top + HEIGHT * (high - math.log10(max(0.01, run[key]))) / (high - low))
                for run in sorted(runs, key=lambda r: r["texts"]) if run["repeats"] == group
            ]  # fmt: skip
            line = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
            dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>' for x, y in points)
            name = f'<text x="{points[-1][0] + 6:.0f}" y="{points[-1][1] + 4:.0f}" fill="{colour}">{group}:1</text>'
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>{dots}{name}')
        charts.append("".join(parts))
    height = 2 * (HEIGHT + 70)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {height}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>Cost as the number of texts grows</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(charts)}</svg>\n'
    )


def on_paper(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Cores that 100 million texts a day need, were every core as fast as these: the largest run of each kind."""
    largest = {run["repeats"]: run for run in sorted(runs, key=lambda r: r["texts"])}
    return {
        f"{repeats}:1": {"cores": round(TARGET / DAY * run["processor_s"] / run["texts"]), "from_texts": run["texts"]}
        for repeats, run in largest.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What work costs as it grows.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--repeats", type=int, nargs="+", default=(1, 10, 100))
    parser.add_argument("--agree", type=int, metavar="N")
    parser.add_argument("--actors", type=int, metavar="N")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.agree:
        found = agree(options.agree, 10)
        print(json.dumps(found))
        sys.exit(any(found["differ"][name] for name in ("status", "kind", "cause", "digits")))
    if options.actors:
        print(json.dumps(actors(options.actors)))
        return
    runs = []
    for repeats in options.repeats:
        for n in options.sizes:
            if n >= repeats or repeats == min(options.repeats):
                runs.append(measure(n, repeats))
                print(json.dumps(runs[-1]), flush=True)
    busy = [round(load, 2) for load in os.getloadavg()]
    figures = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "busy_after": busy, "runs": runs,
               "on_paper_100_million_a_day": on_paper(runs)}  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scale.json").write_text(json.dumps(figures, indent=1) + "\n")
    (options.out / "scale.svg").write_text(picture(runs), "utf-8")


if __name__ == "__main__":
    main()
