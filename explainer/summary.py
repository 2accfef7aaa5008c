"""What many texts were, in numbers: as lines of a table, and as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from explainer.words import CAUSE_NAMES, KIND_WORDS

CAMPAIGNS_KEPT = 50_000
"""Campaigns counted together; beyond it the smallest are forgotten, so that memory stays bounded."""
SHOWN = 10
BAR, LINE, LEFT = 260, 20, 330
"""Of the picture, in pixels: longest bar, height of a line, width of the names."""


@dataclass(slots=True)
class Summary:
    """Counts over the rows of a run."""

    rows: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    campaigns: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    senders: Sequence[str] = ()
    campaign_kinds: dict[str, str] = field(default_factory=dict)
    forgot: bool = False

    def add(self, record: Mapping[str, Any]) -> None:
        self.rows += 1
        if "error" in record:
            self.failed += 1
            self.errors[record["error"]["code"]] += 1
            return
        self.kinds[record["kind"]] += 1
        self.causes[record["cause"]] += 1
        if campaign := record.get("campaign"):
            self.campaigns[campaign] += 1
            self.campaign_kinds.setdefault(campaign, record["kind"])
            if len(self.campaigns) > CAMPAIGNS_KEPT:
                self._forget()

    def _forget(self) -> None:
        kept = self.campaigns.most_common(CAMPAIGNS_KEPT // 2)
        self.campaigns = Counter(dict(kept))
        self.campaign_kinds = {name: self.campaign_kinds[name] for name, _ in kept}
        self.forgot = True

    def groups(self) -> list[tuple[str, int]]:
        """Campaigns of two texts or more, the largest first."""
        return [(name, n) for name, n in self.campaigns.most_common() if n > 1]

    def sections(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """Title and counted lines, the most frequent first."""
        groups = self.groups()
        grouped = sum(n for _, n in groups)
        title = f"campaigns: {'at least ' if self.forgot else ''}{len(groups):,}, with {grouped:,} texts; the largest"
        largest = [(f"{name}  {KIND_WORDS[self.campaign_kinds[name]]}", n) for name, n in groups[:SHOWN]]
        return [
            ("kinds", [(KIND_WORDS[kind], n) for kind, n in self.kinds.most_common()]),
            ("causes", [(CAUSE_NAMES[cause], n) for cause, n in self.causes.most_common()]),
            (title, largest),
            ("errors", self.errors.most_common()),
        ]

    def lines(self) -> Iterable[str]:
        """The table, line by line."""
        for title, counts in self.sections():
            if counts:
                yield title
                width = max(len(name) for name, _ in counts)
                yield from (f"  {name:<{width}}  {n:>9,}  {n / self.rows:6.1%}" for name, n in counts)
        yield from self.senders

    def picture(self) -> str:
        """The same as bars, an SVG that needs nothing else."""
        parts, y = [], 24
        for title, counts in self.sections():
            if not counts:
                continue
            parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(title)}</text>')
            for name, n in counts:
                y += LINE
                width = max(1.0, BAR * n / self.rows)
                parts.append(
                    f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(name)}</text>'
                    f'<rect x="{LEFT}" y="{y - 11}" width="{width:.1f}" height="13" fill="#3a6ea5"/>'
                    f'<text x="{LEFT + width + 6:.1f}" y="{y}">{n:,}</text>'
                )
            y += LINE + 14
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + BAR + 100} {y}" width="{LEFT + BAR + 100}" '
            f'font-family="sans-serif" font-size="12" role="img"><title>{self.rows:,} texts</title>'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
        )
