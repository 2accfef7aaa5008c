"""Bulk on a cluster: the same rows through the same Explainer, by actors of Ray Data, one thread each.

The driver reads and writes, in order; so formats, resuming and summary are those of a run on one machine.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from explainer.bulk import Engine, Record, explain_rows
from explainer.campaigns import Campaigns
from explainer.errors import BadInput, MissingExtra
from explainer.explainer import Explainer
from explainer.rows import Row

SEGMENT = 64
"""Windows an actor may have been given before the next ones are read: what bounds the driver's memory."""
OFF = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
Load = Callable[[], Explainer]


class WindowActor:
    """Lives on some machine: loads the explainer once and explains window after window."""

    def __init__(self, load: Load) -> None:
        self._explainer = load()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        records = explain_rows(self._explainer, pickle.loads(row["window"]), Campaigns())
        return {"records": json.dumps(list(records), ensure_ascii=False)}


def ray_engine(address: str, actors: int | None = None, load: Load | None = None) -> Engine:
    """Explains on the Ray cluster at `address`: local starts one here, auto joins the one this machine belongs to.

    `actors` is one for each processor of the cluster when not given. Raises MissingExtra without Ray, BadInput when
    there is no cluster.
    """
    os.environ.update({name: value for name, value in OFF.items() if name not in os.environ})
    try:
        ray: Any = import_module("ray")  # as Any: its own annotations are not complete
        data: Any = import_module("ray.data")
    except ImportError as error:
        raise MissingExtra("a cluster", "cluster") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, include_dashboard=False if address == "local" else None, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise BadInput(
                f"no Ray cluster at {address!r} ({error}): start one with  ray start --head , or give --ray local"
            ) from error
    size = actors or max(1, int(ray.cluster_resources().get("CPU", 1)))

    def explain(windows: Iterator[list[Row]]) -> Iterator[Record]:
        context = data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        # A machine that goes away takes its actors along: what they had begun is done again elsewhere.
        context.actor_task_retry_on_errors = False  # errors of a row are answered as rows; only deaths are retried
        for segment in iter(lambda: [{"window": pickle.dumps(w)} for w in islice(windows, SEGMENT)], []):
            rows = data.from_items(segment, override_num_blocks=len(segment)).map(
                WindowActor,
                fn_constructor_args=(load or Explainer.load,),
                compute=data.ActorPoolStrategy(min_size=1, max_size=min(size, len(segment))),
                num_cpus=1,
            )
            for row in rows.iter_rows():
                yield from json.loads(row["records"])

    return explain
