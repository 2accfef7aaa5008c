"""The command line of the sources: the knowledge and the reader's own documents. Adds no logic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from explainer.coverage import Cell, by_age, contacts, coverage
from explainer.errors import BadInput, ExplainerError
from explainer.knowledge import all_passages, load_passages
from explainer.library import OwnDocument, add_document, own_documents, remove_document
from explainer.records import CAUSES, Passage

app = typer.Typer(
    help="What the answers rest on: the knowledge, and documents of your own.", no_args_is_help=True,
    pretty_exceptions_enable=False,
)  # fmt: skip
STALE_DAYS = 180
"""Half a year: rules of this field change about that often."""

PIPE_WIDTH = 1000
"""Of lines that another program reads."""

Country = Annotated[str | None, typer.Option(help="Only this country, or any.")]
OneCause = Annotated[str | None, typer.Option("--cause", help="Only this cause.")]


@app.command("list")
def list_sources(
    country: Country = None,
    cause: OneCause = None,
    yours: Annotated[bool, typer.Option("--yours", help="Only your own documents.")] = False,
) -> None:
    """List the knowledge, every passage with its source, and your own documents."""
    documents = own_documents()
    if yours and not documents:
        typer.echo("You have added no documents yet: explainer sources add PATH")
    if documents:
        _print(
            ("id", "your document", "country", "added", "passages", "held back"),
            [
                (d.id, d.name, d.country, d.added, str(len(d.passages)), str(len(d.held)) if d.held else "")
                for d in documents
            ],
        )
    if not yours:
        _print(
            ("id", "role", "causes", "title", "source", "checked"),
            [
                (p.id, p.role, ", ".join(p.causes), p.title, p.source, p.checked)
                for p in _only(load_passages(), country, cause)
            ],
        )


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Text, Markdown, HTML or PDF.")],
    country: Annotated[str, typer.Option(help="The country they speak of: US, GB, IN ...")] = "any",
) -> None:
    """Add documents of your own; answers cite them, marked as yours. They stay on this machine."""
    failed = 0
    for path in paths:
        try:
            addition = add_document(path, country)
        except ExplainerError as error:
            if len(paths) == 1:
                raise
            failed += 1
            typer.echo(f"explainer: {error}", err=True)
            continue
        typer.echo(f"{addition.outcome} {addition.document.id}: {_size(addition.document)}")
        for held in addition.document.held:
            typer.echo(f"  held back, {held.reason}")
    if failed:
        raise typer.Exit(1)


@app.command()
def remove(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids, or file names, as `sources list` shows them.")
    ],
) -> None:
    """Take documents of your own out again."""
    for id in ids:
        typer.echo(f"removed {remove_document(id).id}")


@app.command()
def check(
    days: Annotated[int, typer.Option(help="Older than this many days is marked as old.")] = STALE_DAYS,
    country: Country = None,
    old: Annotated[bool, typer.Option("--old", help="Only what is old or replaced.")] = False,
) -> None:
    """List the passages by the age of their check, the oldest first."""
    ages = by_age(_only(all_passages(), country, None))
    shown = [a for a in ages if not old or a.days > days or a.replaced_by]
    rows = [
        (
            a.passage.checked,
            str(a.days),
            a.passage.id,
            a.passage.source,
            f"replaced by {a.replaced_by}" if a.replaced_by else "old" if a.days > days else "",
        )
        for a in shown
    ]
    _print(("checked", "days", "passage", "source", "note"), rows)
    n_old, n_replaced = sum(a.days > days for a in ages), sum(a.replaced_by is not None for a in ages)
    typer.echo(f"{len(ages)} passages, {n_old} checked more than {days} days ago, {n_replaced} replaced by a newer one")


@app.command("coverage")
def show_coverage(country: Country = None, cause: OneCause = None) -> None:
    """For each cause and country: how many local passages there are; general where there is none."""
    _check(load_passages(), country, cause)
    cells = [
        c
        for c in coverage(load_passages())
        if (not cause or c.cause == cause) and (not country or c.country.casefold() == country.casefold())
    ]
    rows: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        rows.setdefault((cell.cause, cell.country), []).append(cell)
    _print(
        ("cause", "country", "why", "sign", "step", "report"),
        [(*key, *(_count(cell) for cell in row)) for key, row in rows.items()],
    )
    local = [c for c in cells if c.country != "any"]
    typer.echo(f"{sum(bool(c.passages) for c in local)} of {len(local)} cells have local passages; the rest is general")


@app.command("contacts")
def show_contacts(
    country: Country = None,
    kind: Annotated[str | None, typer.Option(help="Only phone, address, deadline or hours.")] = None,
) -> None:
    """List every phone number, address, deadline and hour of the knowledge beside its source."""
    _print(
        ("kind", "value", "passage", "source", "checked", "url"),
        [
            (c.kind, c.value, c.passage.id, c.passage.source, c.passage.checked, c.passage.url)
            for c in contacts(_only(load_passages(), country, None))
            if not kind or c.kind == kind
        ],
    )


def _only(passages: Sequence[Passage], country: str | None, cause: str | None) -> list[Passage]:
    _check(passages, country, cause)
    return [
        p
        for p in passages
        if (not country or p.country.casefold() == country.casefold()) and (not cause or cause in p.causes)
    ]


def _check(passages: Sequence[Passage], country: str | None, cause: str | None) -> None:
    if cause and cause not in CAUSES:
        raise BadInput(f"unknown cause {cause!r}: expected one of {', '.join(CAUSES)}")
    covered = sorted({p.country for p in passages})
    if country and country.casefold() not in [c.casefold() for c in covered]:
        raise BadInput(f"no passage for the country {country!r}: there are some for {', '.join(covered)}")


def _count(cell: Cell) -> str:
    if cell.passages:
        return str(len(cell.passages))
    return "none" if cell.country == "any" else "general"


def _size(document: OwnDocument) -> str:
    n = len(document.passages)
    return f"{n} passage{'s' * (n != 1)}" + (f", {len(document.held)} parts held back" if document.held else "")


def _print(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Values are shown as they are, without markup; ids stay whole, and in a pipe no line is folded."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPE_WIDTH)
    table = Table(box=None)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in ("id", "passage", "value", "checked"))
    for row in rows:
        table.add_row(*(Text(value) for value in row))
    console.print(table)
