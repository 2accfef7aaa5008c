"""Requests that arrive together are explained together, and no more may wait than can be answered soon."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from explainer.errors import ExplainerError, Unexplained
from explainer.explainer import BATCH, Outcome
from explainer.records import Request

WAITING = 256
"""Texts that may wait; the next one is told to come back: 429."""
logger = logging.getLogger(__name__)


class Busy(ExplainerError):
    """Too many texts wait."""

    code = "busy"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the queue is full: send the text again in {seconds} s")
        self.seconds = seconds


class Batcher:
    """Explains together what waits together, in one thread beside the one that answers."""

    def __init__(self, explain: Callable[[Sequence[Request]], list[Outcome]], waiting: int = WAITING) -> None:
        self._explain = explain
        self._queue: asyncio.Queue[tuple[Request, asyncio.Future[Outcome]]] = asyncio.Queue(waiting)
        self._seconds_a_text = 0.1
        self.on_batch: Callable[[int], None] = lambda size: None

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    async def ask(self, request: Request, patient: bool = False) -> asyncio.Future[Outcome]:
        """The answer to come. Raises Busy when the queue is full, unless `patient`."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if self._queue.full() and not patient:
            raise Busy(max(1, math.ceil(self.waiting * self._seconds_a_text)))
        await self._queue.put((request, answer))
        return answer

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            batch = [(request, answer) for request, answer in batch if not answer.cancelled()]
            start = time.monotonic()
            outcomes = await asyncio.to_thread(self._safely, [request for request, _ in batch])
            if batch:
                self._seconds_a_text += 0.2 * ((time.monotonic() - start) / len(batch) - self._seconds_a_text)
                self.on_batch(len(batch))
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if not answer.done():
                    answer.set_result(outcome)

    def _safely(self, requests: Sequence[Request]) -> list[Outcome]:
        try:
            return self._explain(requests)
        except ExplainerError as error:
            return [error] * len(requests)
        except Exception as error:
            if len(requests) > 1:  # one of them is to blame, and only that one pays
                return [outcome for request in requests for outcome in self._safely([request])]
            failure = Unexplained(error)
            logger.error("%s", failure)  # its words tell the place and no text
            return [failure]


def error_record(error: ExplainerError | None) -> dict[str, Any]:
    return {"error": {"code": error.code if error else "error", "message": str(error)}}
