"""The page in a browser: paste a text, read the answer. Adds no logic; sends nothing anywhere."""

from __future__ import annotations

import os
from typing import Any

from explainer.errors import ExplainerError, MissingExtra
from explainer.explainer import Explainer
from explainer.records import Explanation
from explainer.words import CAUSE_NAMES

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def build_page(explainer: Explainer) -> Any:
    """The Gradio Blocks of the page. Raises MissingExtra when gradio is not installed."""
    try:
        import gradio as gr
    except ImportError as error:
        raise MissingExtra("the page", "page") from error

    def explain(text: str, sender: str, country: str) -> str:
        try:
            answer = explainer.explain(text or "", sender=sender.strip() or None, country=country.strip() or None)
        except ExplainerError as error:
            return f"**{_plain(str(error))}**"
        return as_markdown(answer)

    with gr.Blocks(title="Why did I get this loan text?", analytics_enabled=False) as page:
        gr.Markdown("# Why did I get this loan text?\nEverything stays on this machine.")
        text = gr.Textbox(label="The text", lines=5, max_lines=12)
        with gr.Accordion("More", open=False):
            sender = gr.Textbox(label="Sender, as your phone shows it")
            country = gr.Textbox(label="Your country, as two letters (US, GB, IN ...)")
        button = gr.Button("Explain", variant="primary")
        answer = gr.Markdown(sanitize_html=True)
        button.click(explain, [text, sender, country], answer, api_name="explain")
    return page


def launch(explainer: Explainer, host: str = "127.0.0.1", port: int | None = None, wait: bool = True) -> Any:
    """Serve the page; every way out to the network, and every record of what is typed, is off."""
    page = build_page(explainer)
    return page.queue(max_size=32).launch(
        server_name=host,
        server_port=port,
        share=False,
        ssr_mode=False,
        enable_monitoring=False,
        run_history=False,
        mcp_server=False,
        allowed_paths=[],
        strict_cors=True,
        show_error=False,
        footer_links=[],
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None},
        prevent_thread_lock=not wait,
        quiet=not wait,
    )


def as_markdown(answer: Explanation) -> str:
    """The answer for reading; what came from the text is shown as text, never as markup or link."""
    lines = [f"## {_plain(answer.headline)}", _plain(answer.explanation)]
    if answer.status != "declined":
        lines.append("### Likely causes")
        lines += [
            f"- **{CAUSE_NAMES[c.cause]}**, about {round(c.probability * 20) * 5} %: {c.decided_by}"
            for c in answer.causes[:4]
        ]
    for title, advice in (
        ("What to do", answer.steps),
        ("What to avoid", answer.avoid),
        ("Where to report", answer.report),
    ):
        if advice:
            lines += [f"### {title}", *(f"- {_plain(a.text)} [{a.citation}]" for a in advice)]
    if answer.warnings:
        lines += ["### Notes", *(f"- {_plain(w)}" for w in answer.warnings)]
    if answer.citations:
        lines += [
            "### Sources",
            *(f"{c.n}. {_plain(c.title)}. {_plain(c.source)}, checked {c.checked}" for c in answer.citations),
        ]
    return "\n\n".join(lines).replace("\n\n- ", "\n- ")


def _plain(text: str) -> str:
    """Characters that Markdown or HTML would read are shown as they are."""
    return "".join(f"&#{ord(c)};" if c in "<>&*_`[]()#!|\\~" else c for c in text).replace("://", "&#58;//")
