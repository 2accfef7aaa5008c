"""Keeps "was this right?" in a file of the host, if the host asked for it; a text only with the person's word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from explainer.records import Explanation, Request

MAX_BYTES = 50_000_000
"""When the file has grown to this, nothing more is kept: a page left alone must not fill a disk."""


def keep_feedback(path: Path, answer: Explanation, right: bool, request: Request, with_text: bool) -> None:
    """One line of JSON: what was answered and whether it was right; the text and its sender only when agreed."""
    row: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "right": right,
        "status": answer.status,
        "kind": answer.kind,
        "cause": answer.cause,
        "confidence": answer.confidence,
        "country": answer.given["country"],
        "answers": dict(answer.answers),
        "models": dict(answer.models),
        "version": answer.version,
    }
    if with_text:
        row |= {"text": request.text, "sender": request.sender}
    if path.exists() and path.stat().st_size > MAX_BYTES:
        return
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
