"""From scores to figures with n and an interval; 95 % throughout."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explainer.records import KINDS

RESAMPLES = 1000
SMALL_SLICE = 30
"""Below this n a slice shows its figure and no verdict."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Metric:
    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Case:
    """One sample's scores and what the curves need."""

    id: str
    group: str
    kinds: tuple[str, ...]
    predicted: str
    probability: float
    """Of the predicted kind."""
    scores: Mapping[str, float | None]


def rate(values: Sequence[float], groups: Sequence[str], seed: int = 0) -> Metric:
    """Wilson's interval for hits and misses; a bootstrap over campaigns for anything else."""
    if not values:
        return Metric(math.nan, math.nan, math.nan, 0)
    if set(values) <= {0.0, 1.0} and len(set(groups)) == len(groups):
        low, high = wilson(sum(values), len(values))
        return Metric(sum(values) / len(values), low, high, len(values))
    array = np.array(values)
    low, high = bootstrap(lambda rows: float(array[rows].mean()), groups, seed)
    if set(values) <= {0.0, 1.0}:  # a bootstrap of all hits has no width; Wilson's interval is the honest floor
        wilson_low, wilson_high = wilson(sum(values), len(values))
        low, high = min(low, wilson_low), max(high, wilson_high)
    return Metric(float(array.mean()), low, high, len(values))


def wilson(hits: float, n: int, z: float = 1.96) -> tuple[float, float]:
    p = hits / n
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float], groups: Sequence[str], seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of a statistic of row numbers; whole campaigns are drawn, for their texts are alike."""
    rng = np.random.default_rng(seed)
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    clusters = [np.array(rows) for rows in members.values()]
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(clusters), size=len(clusters))
        values.append(statistic(np.concatenate([clusters[i] for i in drawn])))
    if np.isnan(values).all():  # such as an F1 of a kind that never occurs
        return math.nan, math.nan
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def all_metrics(cases: Sequence[Case], seed: int = 0) -> dict[str, Metric]:
    """Every scorer's mean, macro-F1 and calibration, and F1 of not_loan."""
    metrics = {}
    for name in dict.fromkeys(n for c in cases for n in c.scores):
        judged = [(v, c.group) for c in cases if (v := c.scores.get(name)) is not None]
        metrics[name] = rate([v for v, _ in judged], [g for _, g in judged], seed)
    groups = [c.group for c in cases]
    true = np.array([KINDS.index(c.kinds[0]) for c in cases])
    # Reference is the first kind; a defensible second counts as right.
    predicted = np.array([KINDS.index(c.kinds[0] if c.predicted in c.kinds else c.predicted) for c in cases])
    probability = np.array([c.probability for c in cases])
    right = (true == predicted).astype(float)
    curves: dict[str, Callable[[NDArray[np.int64]], float]] = {
        "macro_f1": lambda rows: macro_f1(true[rows], predicted[rows]),
        "not_loan_f1": lambda rows: f1(true[rows], predicted[rows], KINDS.index("not_loan")),
        "brier": lambda rows: float(np.mean((probability[rows] - right[rows]) ** 2)),
        "calibration_error": lambda rows: calibration_error(probability[rows], right[rows]),
    }
    every = np.arange(len(cases))
    for name, statistic in curves.items():
        metrics[name] = Metric(statistic(every), *bootstrap(statistic, groups, seed), len(cases))
    return metrics


def f1(true: NDArray[np.int64], predicted: NDArray[np.int64], kind: int) -> float:
    hits = int(((true == kind) & (predicted == kind)).sum())
    total = int((true == kind).sum() + (predicted == kind).sum())
    return 2 * hits / total if total else math.nan


def macro_f1(true: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Mean F1 over the kinds that occur."""
    return float(np.mean([f1(true, predicted, k) for k in sorted(set(true.tolist()))]))


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Expected calibration error over ten equal bins of the predicted kind's probability."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == b).mean() * abs(probability[bins == b].mean() - right[bins == b].mean())
        for b in range(BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def calibration_curve(cases: Sequence[Case]) -> list[tuple[float, float, int]]:
    """(mean probability, share right, n) of each bin that has cases."""
    curve = []
    for b in range(BINS):
        inside = [c for c in cases if min(int(c.probability * BINS), BINS - 1) == b]
        if inside:
            share = sum(c.predicted in c.kinds for c in inside) / len(inside)
            curve.append((sum(c.probability for c in inside) / len(inside), share, len(inside)))
    return curve


def case_of(record: Mapping[str, Any]) -> Case:
    """From a line of a run's samples.jsonl."""
    answer = record["answer"]
    return Case(
        id=record["id"],
        group=record["group"],
        kinds=tuple(record["kinds"]),
        predicted=answer["kind"],
        probability=max(answer["kinds"].values()),
        scores={name: score["value"] for name, score in record["scores"].items()},
    )
