"""The command line: explain one text, many texts, or list the sources."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from explainer.errors import BadInput, ExplainerError
from explainer.sources_cli import app as sources
from explainer.weights import check_ahead

app = typer.Typer(
    help="Why did I get this loan text, and what do I do now?", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
app.add_typer(sources, name="sources")
WriterName = Annotated[
    str, typer.Option("--writer", help="local, quoting, ADDRESS#MODEL of a server, or a chat model by folder or name.")
]
SAMPLE = "Dear customer, your loan EMI of Rs 2031 is due on 18-09-21. Maintain balance in your a/c. -Home Credit"


@app.command()
def explain(
    text: Annotated[str | None, typer.Argument(help="The text; - or nothing reads standard input.")] = None,
    sender: Annotated[str | None, typer.Option(help="Who sent it, as the phone shows it.")] = None,
    received_at: Annotated[str | None, typer.Option(help="When it came: 2026-03-02.")] = None,
    name: Annotated[str | None, typer.Option(help="Your own name, to tell it from another in the text.")] = None,
    country: Annotated[str | None, typer.Option(help="Your country: US, GB, IN, CN, KE ...")] = None,
    answer: Annotated[list[str] | None, typer.Option(help="Answer to a question: applied=yes.")] = None,
    already: Annotated[
        list[str] | None, typer.Option(help="What already happened: tapped, installed, paid, shared_code, shared_id.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
    letter: Annotated[bool, typer.Option("--letter", help="Print the letter to send too.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Explain a built-in sample.")] = False,
    encoder: Annotated[str | None, typer.Option(help="Another encoder for retrieval, by folder or name.")] = None,
    writer: WriterName = "local",
) -> None:
    """Explain one text."""
    given = SAMPLE if sample else _read_text(text)
    check_ahead(("reader", "encoder", *(("writer",) if writer == "local" else ())))
    from explainer.explainer import Explainer  # 0.2 s of imports, not needed for --help or a bad option

    explanation = Explainer.load(encoder, writer).explain(
        given,
        sender=sender,
        received_at=received_at,
        name=name,
        country=country,
        answers=_answers(answer or []),
        already=already or [],
    )
    if json:
        typer.echo(explanation.to_json(indent=1))
        return
    from rich.console import Console

    from explainer.terminal import show, show_letter

    console = Console(highlight=False)
    show(console, explanation, given)
    if letter:
        show_letter(console, explanation)


@app.command()
def bulk(
    source: Annotated[
        Path, typer.Argument(help="JSON lines, CSV or Parquet: id, text; sender, recipient, received_at, country.")
    ],
    target: Annotated[Path, typer.Argument(help="Where the answers go: .jsonl, .csv or .parquet.")],
    restart: Annotated[bool, typer.Option("--restart", help="Forget what an earlier, unfinished run left.")] = False,
    writer: WriterName = "local",
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="On a Ray cluster: local starts one here, auto joins this one's."),
    ] = None,
    actors: Annotated[int | None, typer.Option(help="With --ray: how many at once; else one a processor.")] = None,
) -> None:
    """Explain many texts; a run that was cut off goes on. Exit code 0 only if no row failed."""
    from rich.console import Console

    from explainer.bulk import Engine, explain_file
    from explainer.explainer import Explainer
    from explainer.rows import count_rows
    from explainer.terminal import progress

    total = count_rows(source)
    engine: Explainer | Engine
    if ray:
        from explainer.cluster import ray_engine

        engine = ray_engine(ray, actors, partial(Explainer.load, writer=writer))
    else:
        engine = Explainer.load(writer=writer, threads=2)
    console = Console(stderr=True)
    with progress(console) as bar:
        task = bar.add_task("explaining", total=total)
        summary = explain_file(engine, source, target, lambda: bar.advance(task), restart)
    for line in summary.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    picture = target.with_suffix(".summary.svg")
    picture.write_text(summary.picture(), "utf-8")
    console.print(
        f"{summary.rows} rows, {summary.failed} of them with an error, written to {target}; a picture in {picture}",
        soft_wrap=True,
    )
    if summary.failed:
        raise typer.Exit(1)


@app.command()
def page(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 7860 when not given.")] = None,
    country: Annotated[str | None, typer.Option(help="Country chosen beforehand: US, GB, IN ...")] = None,
    writer: WriterName = "local",
    origin: Annotated[list[str] | None, typer.Option(help="Address under which a proxy serves the page.")] = None,
    feedback: Annotated[Path | None, typer.Option(help="Ask whether it was right; keep the answers here.")] = None,
) -> None:
    """Open the page in a browser; nothing typed is kept or sent."""
    from explainer.explainer import Explainer
    from explainer.page import launch

    launch(
        lambda: Explainer.load(writer=writer, threads=2),
        host,
        port,
        country=country,
        feedback=feedback,
        origins=origin or (),
    )


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
    writer: WriterName = "local",
    origin: Annotated[list[str] | None, typer.Option(help="Address of a site that may call it from a browser.")] = None,
) -> None:
    """Answer over HTTP: POST /v1/explain, /v1/bulk; GET /healthz, /metrics. Keeps and logs no text."""
    from explainer.explainer import Explainer
    from explainer.serve import launch

    launch(lambda: Explainer.load(writer=writer, threads=2, own_documents=False), host, port, origin or ())


def _read_text(text: str | None) -> str:
    if text is not None and text != "-":
        return text
    if sys.stdin.isatty():
        typer.echo("Paste the text, then press Ctrl-D on a line of its own:", err=True)
    data = sys.stdin.buffer.read(1_000_000)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the input is not text in UTF-8 ({error.reason} at byte {error.start}): paste the message itself"
        ) from error


def _answers(pairs: list[str]) -> dict[str, str]:
    answers = {}
    for pair in pairs:
        question, sign, answer = pair.partition("=")
        if not sign:
            raise BadInput(f"answer {pair!r}: expected question=yes, such as applied=yes")
        answers[question] = answer
    return answers


def main() -> None:
    """Run the command; an error meant for the reader becomes one line and exit code 2."""
    try:
        app()
    except ExplainerError as error:
        typer.echo(f"explainer: {error}", err=True)
        sys.exit(2)
