"""The explainer as a service: one text, or a stream of them, over HTTP. Keeps and logs no text; adds no logic.

Requests that arrive while others are worked on are explained together, as one batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

from explainer.errors import BadInput, ExplainerError, MissingExtra
from explainer.explainer import Explainer
from explainer.page_api import Models
from explainer.page_guard import LOCAL, Guard
from explainer.rows import Row, row_of
from explainer.serve_batch import WAITING, Batcher, Busy, error_record

STREAMS = 4
"""Streams of many texts at the same time."""
DOORS = r"/v1/(?:explain|bulk)|/healthz|/metrics"
logger = logging.getLogger(__name__)


def build_app(explainer: Explainer | Callable[[], Explainer], host: str = "127.0.0.1", waiting: int = WAITING,
              origins: Iterable[str] = ()) -> Any:  # fmt: skip
    """The ASGI application. Raises MissingExtra without FastAPI or the Prometheus client."""
    try:
        from fastapi import FastAPI
        from starlette.middleware import Middleware

        from explainer.serve_metrics import Metrics
    except ImportError as error:
        raise MissingExtra("the service", "serve") from error

    models = Models(explainer)
    batcher = Batcher(lambda requests: list(models.get().outcomes(requests)), waiting)
    metrics = Metrics(lambda: batcher.waiting)
    batcher.on_batch = metrics.batch

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        work = asyncio.create_task(batcher.run())
        yield
        work.cancel()

    guard = Middleware(Guard, host=host, origins=tuple(origins), doors=DOORS, bounded_inside=("/v1/bulk",))
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan, middleware=[guard])
    _add_routes(app, models, batcher, metrics)
    return app


def _add_routes(app: Any, models: Models, batcher: Batcher, metrics: Any) -> None:
    from fastapi import Request as HttpRequest
    from fastapi.responses import JSONResponse, Response

    from explainer.serve_stream import Stream

    def answered(path: str, start: float, status: int, content: Any, headers: dict[str, str] | None = None) -> Any:
        metrics.request(path, status, time.monotonic() - start)
        return JSONResponse(content, status, headers)

    async def explain(request: HttpRequest) -> Any:
        start = time.monotonic()
        try:
            row = _row(await request.body())
            outcome = row.error if row.request is None else await (await batcher.ask(row.request))
        except Busy as busy:
            return answered("/v1/explain", start, 429, error_record(busy), {"retry-after": str(busy.seconds)})
        metrics.text(outcome)
        if isinstance(outcome, BadInput):
            return answered("/v1/explain", start, 422, error_record(outcome))
        if outcome is None or isinstance(outcome, ExplainerError):
            return answered("/v1/explain", start, 500, error_record(outcome))
        return answered("/v1/explain", start, 200, outcome.to_dict())

    async def bulk(request: HttpRequest) -> Any:
        if metrics.streams >= STREAMS:
            return answered("/v1/bulk", time.monotonic(), 429, error_record(Busy(5)), {"retry-after": "5"})
        return Stream(batcher, metrics)

    async def healthz() -> Any:
        if not models.loaded:
            return JSONResponse({"status": "loading"}, 503)
        try:
            models.get()
        except ExplainerError as error:
            return JSONResponse({"status": "failed", **error_record(error)}, 503)
        return JSONResponse({"status": "ok"})

    async def show_metrics() -> Any:
        return Response(metrics.text_format(), media_type="text/plain; version=0.0.4; charset=utf-8")

    # The annotations are strings here, and the classes that they name are known only inside this function.
    explain.__annotations__ = bulk.__annotations__ = {"request": HttpRequest}
    app.add_api_route("/v1/explain", explain, methods=["POST"], response_model=None)
    app.add_api_route("/v1/bulk", bulk, methods=["POST"], response_model=None)
    app.add_api_route("/healthz", healthz, methods=["GET"], response_model=None)
    app.add_api_route("/metrics", show_metrics, methods=["GET"], response_model=None)


def _row(body: bytes) -> Row:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return Row("1", None, BadInput('the body is not JSON: send an object such as {"text": "..."}'))
    if not isinstance(fields, dict):
        return Row("1", None, BadInput(f"the body is {type(fields).__name__}, expected an object with text"))
    row = row_of(fields, 1)
    if row.request is None or fields.get("id") not in (None, ""):
        return row
    return replace(row, request=replace(row.request, id=None))  # one text needs no number


def launch(explainer: Callable[[], Explainer], host: str, port: int, origins: Iterable[str] = ()) -> None:
    """Serve until stopped; no access log, for addresses of requests are private too."""
    app = build_app(explainer, host, origins=origins)
    import uvicorn

    shown = f"[{host}]" if ":" in host else host
    logger.warning("serving on http://%s:%d%s", shown, port, "" if host in LOCAL else " - open to the network")
    uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", server_header=False)
