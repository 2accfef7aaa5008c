"""The cause table as a page that a person can read and check.

python -m explainer.cause_page > docs/causes.md
"""

from __future__ import annotations

import sys

from explainer.causes import HIGH, MEDIUM, load_table
from explainer.records import CAUSES
from explainer.words import CAUSE_WORDS, KIND_WORDS

_INTRO = f"""# From what a text is to why it came

Made from `explainer/causes.toml`; correct it there.

The probability of a cause is the sum, over the kinds, of how likely the text is of that kind times the row of the kind
below; times the ratio of every cue that holds; times how likely each answer given is under that cause; scaled to sum to
one. "I don't know" changes nothing. From {HIGH:.0%} the program is quite sure, from {MEDIUM:.0%} fairly sure; below, it
says that the text alone cannot tell.
"""


def as_markdown() -> str:
    table = load_table()
    lines = [_INTRO, "## The causes", "", "| cause | it came because | what would decide |", "|---|---|---|"]
    lines += [f"| {c} | {CAUSE_WORDS[c]} | {table['causes'][c]} |" for c in CAUSES]
    lines += ["", "## Kind to cause", ""]
    lines += _rows({f"{k}: {KIND_WORDS[k]}": row for k, row in table["table"].items()}, "weights")
    lines += ["", "## Cues: ratios for what the words alone do not show", ""]
    lines += _rows({row["text"]: row for row in table["cues"].values()}, "ratios")
    lines += ["", "## Questions: how likely a yes is under each cause", ""]
    lines += _rows({row["text"]: row for row in table["questions"].values()}, "yes")
    return "\n".join(lines) + "\n"


def _rows(rows: dict[str, dict[str, object]], numbers: str) -> list[str]:
    lines = ["| | numbers | reason | source |", "|---|---|---|---|"]
    for name, row in rows.items():
        values = row[numbers]
        assert isinstance(values, dict)
        shown = ", ".join(f"{cause} {value:g}" for cause, value in values.items())
        lines.append(f"| {name} | {shown} | {row['reason']} | {row['source']} |")
    return lines


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
