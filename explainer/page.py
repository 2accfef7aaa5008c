"""The page in a browser: paste a text, read the answer. Adds no logic; sends nothing anywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from explainer.errors import MissingExtra
from explainer.explainer import Explainer
from explainer.page_api import Models, typed_endpoints
from explainer.page_guard import LOCAL, Guard
from explainer.page_ocr import can_read_pictures

# Set and not only proposed: what the environment says otherwise must not turn a report to the makers on.
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
)

TITLE = "Why did I get this loan text?"
AT_ONCE = 2
"""Texts explained at the same time; more only wait for one another's processor."""
WAITING = 48
"""Requests that may wait; the next one is told that the page is busy."""
HERE = Path(__file__).parent
HEAD = (
    '<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">'  # no number becomes a link
    '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
)


def build_page(models: Models, *, country: str | None = None, feedback: Path | None = None, local: bool = True) -> Any:
    """The Gradio Blocks of the page."""
    import gradio as gr

    from explainer import page_parts

    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        for name, function in typed_endpoints(models, country).items():
            gr.api(function, api_name=name, concurrency_id="explain", concurrency_limit=AT_ONCE)  # type: ignore[attr-defined]
        page_parts.lay_out(page, models, country=country, feedback=feedback, local=local)
    return page


def launch(
    explainer: Explainer | Callable[[], Explainer],
    host: str = "127.0.0.1",
    port: int | None = None,
    wait: bool = True,
    *,
    country: str | None = None,
    feedback: Path | None = None,
    origins: Iterable[str] = (),
) -> Any:
    """Serve the page; every way out to the network, and every record of what is typed, is off.

    Give a function that loads the explainer instead of the explainer, and the page opens at once and says that it
    loads. `country` is chosen beforehand; `feedback` is a file for the answers to "was this right?", which is not
    asked without it; `origins` are addresses, such as https://help.example, under which a proxy serves the page.
    """
    try:
        from starlette.middleware import Middleware  # comes with gradio

        from explainer import page_parts
    except ImportError as error:
        raise MissingExtra("the page", "page") from error

    models = Models(explainer)
    script = (HERE / "page_script.js").read_text("utf-8")
    page = build_page(models, country=country, feedback=feedback, local=host in LOCAL)
    guard = Middleware(Guard, host=host, origins=tuple(origins), script=script, pictures=can_read_pictures())
    served = page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE, api_open=False).launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        run_history=False,
        mcp_server=False,
        allowed_paths=[],
        max_file_size=1,
        strict_cors=True,
        show_error=False,
        footer_links=[],
        state_session_capacity=1000,
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None, "middleware": [guard]},
        prevent_thread_lock=True,
        quiet=True,
        theme=page_parts.theme(),
        css_paths=[HERE / "page_style.css"],
        head=f"{HEAD}<script>{script}</script>",
    )
    if wait:
        sys.stdout.write(f"The page is at {served[1]} - press Ctrl-C to end it.\n")
        sys.stdout.flush()
        page.block_thread()
    return served
