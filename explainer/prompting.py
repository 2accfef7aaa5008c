"""Step 5: the situation as the writer sees it: one template, values as tags, fixed budgets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from explainer.errors import BadPrompt
from explainer.records import Prompt, Situation
from explainer.words import CAUSE_WORDS, KIND_WORDS

TEXT_CHARACTERS = 600
"""The window of the text that is shown, round its evidence: about 128 pieces."""
PASSAGE_WORDS = 60
PROMPTS = (Path(__file__).parent / "prompts", Path(__file__).parents[1] / "prompts")
"""In the installed package, or beside it in a clone."""


def build_prompt(situation: Situation) -> Prompt:
    """A situation rendered for a writer. Raises BadPrompt when the template asks for a name that nothing fills."""
    tagged, tags = tag_text(situation)
    causes = situation.causes
    values = {
        "kind": KIND_WORDS[situation.kinds.kind],
        "causes": "; ".join(f"{CAUSE_WORDS[c.cause]} ({c.probability:.0%})" for c in causes.causes[:2]),
        "decided_by": causes.causes[0].decided_by,
        "confidence": causes.confidence,
        "cues": "; ".join(dict.fromkeys([*causes.cues, *(e.cue for e in situation.kinds.evidence)])) or "none",
        "answers": "; ".join(f"{q}: {a}" for q, a in situation.message.request.answers.items()) or "none",
        "country": situation.message.country or "unknown",
        "text": tagged,
        "passages": "\n".join(
            f"({i}) {' '.join(p.text.split()[:PASSAGE_WORDS])}" for i, p in enumerate(situation.passages, 1)
        ),
    }
    return Prompt(situation, render("explain", values), tags)


def render(name: str, values: Mapping[str, str]) -> str:
    """Fill the template prompts/<name>.txt; values are data and are never expanded themselves."""
    template = _template(name)
    missing = sorted(set(template.get_identifiers()) - set(values))
    if missing:
        raise BadPrompt(f"prompts/{name}.txt asks for ${missing[0]}: known names are {', '.join(sorted(values))}")
    return template.substitute(values)


@cache
def _template(name: str) -> Template:
    for folder in PROMPTS:
        file = folder / f"{name}.txt"
        if file.is_file():
            return Template(file.read_text("utf-8"))
    raise BadPrompt(f"prompts/{name}.txt not found in {' or '.join(map(str, PROMPTS))}: restore it from the project")


def tag_text(situation: Situation) -> tuple[str, dict[str, str]]:
    """The text in a window round its evidence, its details as tags such as <AMOUNT_1>; and what the tags stand for."""
    message = situation.message
    given = message.request.text
    start, end = _window(len(given), [(e.start, e.end) for e in situation.kinds.evidence])
    tags: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    parts, position = [], start
    for slot in message.slots:
        if slot.start < position or slot.end > end:
            continue
        key = (slot.name, slot.text.casefold())
        if key not in names:
            count = sum(name == slot.name for name, _ in names) + 1
            names[key] = f"<{slot.name.upper()}_{count}>"
            tags[names[key]] = slot.text
        parts += [_plain(given[position : slot.start]), names[key]]
        position = slot.end
    return "".join([*parts, _plain(given[position:end])]).strip(), tags


def _plain(text: str) -> str:
    """A tag that the sender typed must not pass for one of ours."""
    return text.replace("<", "(").replace(">", ")")


def _window(length: int, spans: list[tuple[int, int]]) -> tuple[int, int]:
    if length <= TEXT_CHARACTERS:
        return 0, length
    middle = (min(a for a, _ in spans) + max(b for _, b in spans)) // 2 if spans else 0
    start = max(0, min(middle - TEXT_CHARACTERS // 2, length - TEXT_CHARACTERS))
    return start, start + TEXT_CHARACTERS
