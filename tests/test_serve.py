"""The service: the same answers over HTTP, together when they come together, and no more than it can take."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from tests.conftest import HOME_CREDIT

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient  # noqa: E402

from explainer.errors import BadInput, ExplainerError  # noqa: E402
from explainer.explainer import Explainer  # noqa: E402
from explainer.serve import build_app  # noqa: E402
from explainer.serve_batch import Batcher, Busy  # noqa: E402

PLANTED = "+919812345678"


@pytest.fixture(scope="module")
def client(explainer: Explainer) -> Iterator[TestClient]:
    with TestClient(build_app(explainer), base_url="http://127.0.0.1:8000") as client:
        for _ in range(200):
            if client.get("/healthz").status_code == 200:
                break
            threading.Event().wait(0.05)
        yield client


def test_the_answer_is_that_of_the_explainer(client: TestClient, explainer: Explainer) -> None:
    given = {"text": HOME_CREDIT, "country": "IN", "sender": "JD-HOMECR-S", "answers": {"have_loan": "yes"}}
    response = client.post("/v1/explain", json=given)
    expected = explainer.explain(**given).to_dict()  # type: ignore[arg-type]
    assert response.status_code == 200
    assert {**response.json(), "timing_ms": 0} == {**expected, "timing_ms": 0}
    assert client.post("/v1/explain", json={**given, "id": 7}).json()["id"] == "7"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"loan", "not JSON"),
        (b"[1]", "the body is list"),
        (b'{"text": 7}', "text is int"),
        (b'{"text": ""}', "the text is empty"),
        (json.dumps({"text": "loan " * 1000}).encode(), "the limit is 4,000"),
        (b'{"text": "loan", "country": "XX"}', "unknown country"),
    ],
)
def test_what_cannot_be_read_is_told(client: TestClient, body: bytes, words: str) -> None:
    response = client.post("/v1/explain", content=body)
    assert response.status_code == 422 and words in response.json()["error"]["message"]


def test_a_large_body_a_strange_door_a_strange_host_and_another_site_are_refused(client: TestClient) -> None:
    assert client.post("/v1/explain", content=b"x" * 200_000).status_code == 413
    assert client.post("/v1/explain", content=iter([b"x" * 200_000])).status_code == 413
    for path in ("/", "/docs", "/openapi.json", "/v1", "/metrics/x"):
        assert client.get(path).status_code == 404, path
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421
    assert (
        client.post("/v1/explain", json={"text": "loan"}, headers={"origin": "https://evil.example"}).status_code == 403
    )
    headers = client.get("/healthz").headers
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_a_stream_is_answered_row_for_row(client: TestClient) -> None:
    rows = [json.dumps({"id": i, "text": f"Your EMI of Rs {i + 100} is due"}) for i in range(70)]
    rows[3], rows[5] = "not json", json.dumps({"id": "five", "text": ""})
    response = client.post("/v1/bulk", content="\n".join([*rows[:10], "", *rows[10:]]).encode())
    out = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"].startswith("application/x-ndjson") and len(out) == 70
    assert [r["id"] for r in out[:7]] == ["0", "1", "2", "4", "4", "five", "6"]
    assert ["error" in r for r in out] == [i in (3, 5) for i in range(70)]
    assert out[69]["slots"]["amount"][0]["text"] == "Rs 169"


def test_metrics_count_and_hold_no_text(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.post("/v1/explain", json={"text": f"Your loan is late, call {PLANTED}", "sender": PLANTED})
        client.post("/v1/explain", content=b'{"text": "' + PLANTED.encode())
        client.post("/v1/bulk", content=f'{{"text": "{PLANTED}" x'.encode())
    metrics = client.get("/metrics").text
    assert 'explainer_requests_total{path="/v1/explain",status="200"}' in metrics
    assert "explainer_batch_texts_count" in metrics and "explainer_waiting 0.0" in metrics
    logged = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(("explainer", "uvicorn", "asyncio")))
    assert PLANTED[3:] not in metrics and PLANTED[3:] not in logged


def test_the_first_answers_come_before_the_last_line_was_sent(explainer: Explainer) -> None:
    """Driven as a server drives it: the second half of the body comes only once an answer was seen."""
    app = build_app(explainer)
    sent: list[dict[str, Any]] = []

    async def run() -> None:
        first = asyncio.Event()
        parts = [b'{"id": 1, "text": "lend me 20"}\n{"id": 2', b', "text": "lend me 30"}']

        async def receive() -> dict[str, Any]:
            if len(parts) == 1:
                await first.wait()
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message.get("body"):
                first.set()

        headers = [(b"host", b"127.0.0.1:8000")]
        scope = {"type": "http", "method": "POST", "path": "/v1/bulk", "headers": headers, "query_string": b""}
        scope |= {"http_version": "1.1", "scheme": "http", "root_path": "", "raw_path": b"/v1/bulk"}
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(app(scope, receive, send), 120)

    asyncio.run(run())
    out = [json.loads(m["body"]) for m in sent if m.get("body")]
    assert [r["id"] for r in out] == ["1", "2"] and not any("error" in r for r in out)


class Slow:
    """Explains nothing, when it is let; notes the batches."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.batches: list[int] = []

    def __call__(self, requests: Any) -> list[Any]:
        self.batches.append(len(requests))
        self.go.wait(30)
        return [BadInput(r) for r in requests]


def with_batcher(explain: Callable[[Any], Any], waiting: int, use: Callable[[Batcher], Awaitable[None]]) -> None:
    async def run() -> None:
        batcher = Batcher(explain, waiting)
        work = asyncio.create_task(batcher.run())
        await asyncio.wait_for(use(batcher), 60)
        work.cancel()

    asyncio.run(run())


def test_requests_that_wait_together_are_explained_together_and_a_full_queue_says_when() -> None:
    slow = Slow()

    async def use(batcher: Batcher) -> None:
        first = await batcher.ask("0")  # type: ignore[arg-type]
        while not slow.batches:
            await asyncio.sleep(0.01)
        others = [await batcher.ask(str(i)) for i in range(1, 6)]  # type: ignore[arg-type]
        with pytest.raises(Busy) as busy:
            await batcher.ask("7")  # type: ignore[arg-type]
        assert busy.value.seconds >= 1
        slow.go.set()
        outcomes = await asyncio.gather(first, *others)
        assert [str(o) for o in outcomes] == [str(i) for i in range(6)]

    with_batcher(slow, 5, use)
    assert slow.batches == [1, 5]


def test_a_full_queue_is_429_with_retry_after(explainer: Explainer) -> None:
    app = build_app(explainer, waiting=1)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.post("/v1/explain", json={"text": "lend me 20"})  # waits for the models
        with ThreadPool(24) as pool:
            answers = pool.map(lambda i: client.post("/v1/explain", json={"text": f"lend me {i}"}), range(24))
    statuses = {a.status_code for a in answers}
    busy = [a for a in answers if a.status_code == 429]
    assert statuses == {200, 429}
    assert all(int(a.headers["retry-after"]) >= 1 and a.json()["error"]["code"] == "busy" for a in busy)


def test_one_poison_text_does_not_spoil_its_batch(caplog: pytest.LogCaptureFixture) -> None:
    def explain(requests: Any) -> list[Any]:
        if "poison" in requests:
            raise RuntimeError("poison words")
        return [BadInput(r) for r in requests]

    async def use(batcher: Batcher) -> None:
        answers = [await batcher.ask(t) for t in ("a", "poison", "b")]  # type: ignore[arg-type]
        outcomes = await asyncio.gather(*answers)
        assert [o.code for o in outcomes if isinstance(o, ExplainerError)] == ["bad_input", "internal", "bad_input"]

    with_batcher(explain, 5, use)
    assert "RuntimeError" in caplog.text and "poison" not in caplog.text


def test_before_the_models_are_loaded_health_says_so() -> None:
    hold = threading.Event()

    def load() -> Explainer:
        hold.wait(30)
        raise BadInput("no models")

    with TestClient(build_app(load), base_url="http://127.0.0.1:8000") as client:
        response = client.get("/healthz")
        assert (response.status_code, response.json()["status"]) == (503, "loading")
        hold.set()
        for _ in range(200):
            if (response := client.get("/healthz")).json()["status"] != "loading":
                break
            threading.Event().wait(0.05)
        assert (response.status_code, response.json()["error"]["message"]) == (503, "no models")
