"""What the service counts: requests, texts, times and the queue; never a word of a text."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from explainer.errors import ExplainerError
from explainer.explainer import BATCH, Outcome

SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 2, 5, 10, 30)
"""Edges of the time buckets; 0.35 and 0.8 are the project's goals."""


class Metrics:
    """Counters of one application."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        r = self._registry
        self._requests = Counter("explainer_requests", "Requests answered", ("path", "status"), registry=r)
        self._seconds = Histogram("explainer_request_seconds", "Time", ("path",), buckets=SECONDS, registry=r)
        self._texts = Counter("explainer_texts", "Texts by how they were answered", ("status",), registry=r)
        self._kinds = Counter("explainer_kinds", "Texts by kind", ("kind",), registry=r)
        self._batches = Histogram(
            "explainer_batch_texts", "Texts in one batch", buckets=(1, 2, 4, 8, 16, 32, BATCH), registry=r
        )
        Gauge("explainer_waiting", "Texts that wait", registry=r).set_function(waiting)
        Gauge("explainer_streams", "Streams of many texts", registry=r).set_function(lambda: self.streams)
        self.streams = 0

    def request(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self, outcome: Outcome | None) -> None:
        if outcome is None or isinstance(outcome, ExplainerError):
            self._texts.labels("error").inc()
        else:
            self._texts.labels(outcome.status).inc()
            self._kinds.labels(outcome.kind).inc()

    def batch(self, size: int) -> None:
        self._batches.observe(size)

    def text_format(self) -> bytes:
        return generate_latest(self._registry)
