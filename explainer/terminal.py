"""An explanation as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from explainer.records import Advice, Explanation
from explainer.words import CAUSE_NAMES

BAR = 24
"""Characters of a full bar."""
SHOWN_CAUSES = 4
_SURE = {
    "high": "quite sure of the cause",
    "medium": "fairly sure of the cause",
    "low": "not sure: the text alone cannot tell",
}


def show(console: Console, explanation: Explanation, text: str) -> None:
    """Headline, text with evidence, why, causes as bars, question, steps and sources."""
    console.print()
    console.print(Text(explanation.headline, style="bold"))
    if explanation.status != "declined":
        console.print(Text(_SURE[explanation.confidence], style="dim"))
    _section(console, "The text")
    console.print(_highlighted(explanation, text))
    for cue in explanation.evidence:
        console.print(Text.assemble(("  ▪ ", "yellow"), (f"“{cue.text.strip()}” ", "yellow"), cue.cue))
    for warning in explanation.warnings:
        console.print(Text(f"  ! {warning}", style="red"))
    _section(console, "Why")
    console.print(Text(explanation.explanation))
    if explanation.status != "declined":
        _section(console, "Likely causes, and what would decide")
        for cause in explanation.causes[:SHOWN_CAUSES]:
            share = round(cause.probability * 20) * 5
            bar = "█" * round(cause.probability * BAR)
            console.print(
                Text.assemble(
                    (f"  {CAUSE_NAMES[cause.cause]:<30}", "bold"), (f"{bar:<{BAR}} ", "cyan"), f"about {share} %"
                )
            )
            console.print(Text(f"  {cause.decided_by}", style="dim"))
    if explanation.question:
        _section(console, "One question would help most")
        console.print(Text(f"  {explanation.question.text}"))
        console.print(Text(f"  Answer with  --answer {explanation.question.id}=yes  (or no, unknown)", style="dim"))
    _advice(console, "What to do", explanation.steps, "□")
    _advice(console, "What to avoid", explanation.avoid, "×")
    _advice(console, "Where to report", explanation.report, "→")
    if explanation.letter:
        console.print()
        console.print(
            Text(
                f"  {explanation.letter.title} [{explanation.letter.citation}]: add  --letter  to print it.",
                style="dim",
            )
        )
    if explanation.citations:
        _section(console, "Sources")
        for citation in explanation.citations:
            yours = citation.origin == "yours"
            title = f"“{citation.title}”" if yours else f"{citation.title}."  # its words, and not ours
            dated = f"{'added' if yours else 'checked'} {citation.checked}"
            line = f"  [{citation.n}] {title} {citation.source}, {dated}."
            console.print(Text(line + (f" {citation.url}" if citation.url else ""), style="dim"), soft_wrap=True)
    console.print()


def show_letter(console: Console, explanation: Explanation) -> None:
    if explanation.letter:
        _section(console, explanation.letter.title)
        console.print(Text(explanation.letter.text))


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(f"[bold blue]{escape(title)}[/]")


def _advice(console: Console, title: str, lines: Sequence[Advice], mark: str) -> None:
    if lines:
        _section(console, title)
        for line in lines:
            console.print(Text(f"  {mark} {line.text} [{line.citation}]"))


def _highlighted(explanation: Explanation, text: str) -> Text:
    """The text as given, its evidence marked; control characters never reach the terminal."""
    shown = Text("".join(c if c.isprintable() or c == "\n" else " " for c in text), style="italic")
    for evidence in explanation.evidence:
        shown.stylize("black on yellow", evidence.start, evidence.end)
    return shown


class _Rate(ProgressColumn):
    """Texts a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f} texts/s" if speed else "")


def progress(console: Console) -> Progress:
    """A bar with count, rate and time left."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, speed_estimate_period=30)
