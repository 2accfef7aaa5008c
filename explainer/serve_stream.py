"""A stream of texts over HTTP: JSON lines in, answers out in order, the first before the last line came."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.responses import Response

from explainer.errors import BadInput, ExplainerError
from explainer.explainer import BATCH, Outcome
from explainer.rows import row_of_line
from explainer.serve_batch import Batcher, error_record
from explainer.serve_metrics import Metrics

MAX_LINE = 128 * 1024
MAX_STREAM = 32 * 1024 * 1024
"""Bytes of one stream, which is read as fast as it comes: a client that sends all before it reads must not block."""


class Stream(Response):
    """Reads the body itself while it answers."""

    def __init__(self, batcher: Batcher, metrics: Metrics) -> None:
        super().__init__()
        self._batcher = batcher
        self._metrics = metrics

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        lines: asyncio.Queue[bytes | ExplainerError | None] = asyncio.Queue()
        start = time.monotonic()
        self._metrics.streams += 1
        reading = asyncio.create_task(_read_lines(receive, lines))
        try:
            headers = [(b"content-type", b"application/x-ndjson; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for record in self._records(lines):
                body = json.dumps(record, ensure_ascii=False).encode() + b"\n"
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            reading.cancel()
            self._metrics.streams -= 1
            self._metrics.request("/v1/bulk", 200, time.monotonic() - start)

    async def _records(self, lines: asyncio.Queue[bytes | ExplainerError | None]) -> AsyncIterator[dict[str, Any]]:
        waiting: deque[tuple[str, asyncio.Future[Outcome] | ExplainerError]] = deque()
        number, ended = 0, False
        while waiting or not ended:
            while not ended and len(waiting) < BATCH and (not waiting or not lines.empty()):
                line = await lines.get()
                if line is None or isinstance(line, ExplainerError):
                    ended = True
                    waiting.extend([("", line)] if line else [])
                    break
                number += 1
                row = row_of_line(line, number)
                error = row.error or BadInput("no text")
                waiting.append((row.id, await self._batcher.ask(row.request, True) if row.request else error))
            if waiting:
                id, answer = waiting.popleft()
                outcome = await answer if isinstance(answer, asyncio.Future) else answer
                self._metrics.text(outcome)
                yield {
                    "id": id,
                    **(error_record(outcome) if isinstance(outcome, ExplainerError) else outcome.to_dict()),
                }


async def _read_lines(
    receive: Callable[[], Awaitable[Any]], lines: asyncio.Queue[bytes | ExplainerError | None]
) -> None:
    """The body as lines, then None; or why reading stopped."""
    rest, total, more = b"", 0, True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        total += len(message.get("body", b""))
        *whole, rest = (rest + message.get("body", b"")).split(b"\n")
        for line in whole:
            if line.strip():
                lines.put_nowait(line)
        if total > MAX_STREAM or len(rest) > MAX_LINE:
            what = f"the stream is longer than {MAX_STREAM >> 20} MB" if total > MAX_STREAM else "a line is too long"
            lines.put_nowait(BadInput(f"{what}: what came after it was not read; send it as a stream of its own"))
            return
    if rest.strip():
        lines.put_nowait(rest)
    lines.put_nowait(None)
