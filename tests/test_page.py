"""The page answers through its interface, shows text as text, and keeps its doors shut."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from explainer.page import as_markdown, launch
from tests.conftest import HOME_CREDIT


@pytest.fixture(scope="module")
def page_url(explainer: Any) -> Iterator[str]:
    app, url, _ = launch(explainer, wait=False)
    yield url
    app.close() if hasattr(app, "close") else None


def test_the_page_explains_a_text(page_url: str) -> None:
    from gradio_client import Client

    client = Client(page_url, verbose=False)
    answer = client.predict(HOME_CREDIT, "", "", api_name="/explain")
    assert "Home Credit" in answer and "What to do" in answer
    assert "the text is empty" in client.predict("", "", "", api_name="/explain")


def test_doors_that_stay_shut(page_url: str) -> None:
    for path in ("openapi.json", "docs", "monitoring"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(page_url + path)


def test_markup_in_a_text_is_shown_as_text(explainer: Any) -> None:
    shown = as_markdown(
        explainer.explain("Dear <script>alert(1)</script> [x](http://evil.top), your loan EMI of <b>Rs 5</b> is due")
    )
    assert "<script>" not in shown and "](http" not in shown and "<b>" not in shown
