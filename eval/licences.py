"""The licences of all packages that are installed with the project, as they state them.

python -m eval.licences            # prints the table; docs/licences.md keeps one
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
LONGEST = 60
"""Characters of a stated licence: some packages put its whole text there."""


def stated(package: Distribution) -> str:
    """The expression, else the classifiers, else the first line of the field; "not stated" where there is none."""
    about = package.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    named = [c for c in classifiers if c != "OSI Approved"]
    field = (str(about.json.get("license", "")).strip().splitlines() or [""])[0]
    return " / ".join(named) or field[:LONGEST] or "not stated"


def table() -> str:
    """Name, version and licence of every pinned package that is here, and the names of those that are not."""
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==", CONSTRAINTS.read_text("utf-8"), re.MULTILINE)
    here = {_plain(d.metadata["Name"]): d for d in distributions() if d.metadata["Name"]}
    lines = ["| package | version | licence as stated |", "|---|---|---|"]
    for name in sorted(pinned, key=str.casefold):
        if found := here.get(_plain(name)):
            lines.append(f"| {name} | {found.version} | {stated(found)} |")
    absent = sorted(n for n in pinned if _plain(n) not in here)
    return "\n".join(lines) + (f"\n\nNot installed here: {', '.join(absent)}." if absent else "")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()


if __name__ == "__main__":
    print(table())
