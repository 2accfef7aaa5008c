"""On a cluster the answers are those of one machine, whatever dies on the way."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

from explainer.bulk import explain_file  # noqa: E402
from explainer.cluster import ray_engine  # noqa: E402
from explainer.errors import BadInput  # noqa: E402
from explainer.explainer import Explainer, Outcome  # noqa: E402
from tests.conftest import HOME_CREDIT  # noqa: E402


class Quick:
    """Stands in for the explainer on the cluster's machines; a text may make its process die, once."""

    def outcomes(self, requests: Any, campaigns: Any = None) -> Iterator[Outcome]:
        for request in requests:
            if request.text.startswith("die "):
                marker = Path(request.text[4:])
                if not marker.exists():
                    marker.touch()
                    os._exit(1)
            if request.text == "poison":
                raise IndexError("poison")
            yield BadInput(f"{os.getpid()} {request.text}")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two machines of one processor each, on this one."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def source(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"id": i, "text": t, "country": "IN"}) + "\n" for i, t in enumerate(texts)))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [{**json.loads(line), "timing_ms": None} for line in path.read_text("utf-8").splitlines()]


def test_row_for_row_the_answers_are_those_of_one_machine(cluster: Any, explainer: Explainer, tmp_path: Path) -> None:
    texts = [HOME_CREDIT.replace("2031", str(100 + i)) if i % 3 else "" if i % 2 else "lend me 20" for i in range(24)]
    file = source(tmp_path / "in.jsonl", texts)
    here, there = tmp_path / "here.jsonl", tmp_path / "there.jsonl"
    explain_file(explainer, file, here, window=6)
    summary = explain_file(ray_engine("auto", load=load), file, there, window=6)
    assert lines(there) == lines(here) and summary.rows == 24 and summary.failed == 4
    assert sum(n > 1 for n in summary.campaigns.values()) >= 1


def load() -> Explainer:
    return Explainer.load(own_documents=False)


def test_work_is_shared_deaths_and_poison_cost_no_row_and_a_cut_run_goes_on(cluster: Any, tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(40)]
    texts[11], texts[23] = f"die {tmp_path / 'died'}", "poison"
    file, target = source(tmp_path / "in.jsonl", texts), tmp_path / "out.jsonl"
    engine = ray_engine("auto", actors=2, load=Quick)  # type: ignore[arg-type]

    def cut(windows: Any) -> Iterator[dict[str, Any]]:
        for number, record in enumerate(engine(windows)):
            if number == 7:
                raise KeyboardInterrupt
            yield record

    with pytest.raises(KeyboardInterrupt):
        explain_file(cut, file, target, window=4)
    assert not target.exists()
    explain_file(engine, file, target, window=4)
    out = lines(target)
    assert [r["id"] for r in out] == [str(i) for i in range(40)] and (tmp_path / "died").exists()
    said = [r["error"]["message"].split(" ", 1) for r in out]
    assert all(text == texts[i] for i, (_, text) in enumerate(said) if i != 23)
    assert out[23]["error"]["code"] == "internal" and "poison" not in out[23]["error"]["message"]
    assert len({process for i, (process, _) in enumerate(said) if i != 23}) >= 2
