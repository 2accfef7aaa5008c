"""An explainer that knows one poisoned document, in a library of its own: the reader's real one is never touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explainer import Explainer
from explainer.errors import BadInput
from explainer.library import add_document


def with_document(folder: Path, title: str, body: str, ext: str, options: Mapping[str, Any]) -> Explainer | None:
    """The explainer with this one document added; None when the document is refused."""
    file = folder / f"document.{ext}"
    file.write_text(_page(title, body, ext), "utf-8")
    with _own_library(folder / "data"):
        try:
            add_document(file)
        except BadInput:
            return None
        return Explainer.load(**options)


def _page(title: str, body: str, ext: str) -> str:
    if ext == "html":
        return f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>"
    return f"{title}\n\n{body}\n" if ext == "txt" else f"# {title}\n\n{body}\n"


@contextmanager
def _own_library(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_DATA_HOME"]
        else:
            os.environ["XDG_DATA_HOME"] = before
