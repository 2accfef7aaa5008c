"""Step 5: the situation as the writer sees it: one template, values as tags, fixed budgets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from explainer.errors import BadPrompt
from explainer.records import CauseEstimate, KindEstimate, Prompt, Situation
from explainer.tags import INVENTORY, TAG, Tagging
from explainer.words import ANSWER_WORDS, CAUSE_WORDS, KIND_WORDS, TYPICAL

TEXT_CHARACTERS = 600
"""The window of the text that is shown, round its evidence: about 128 pieces."""
PASSAGE_WORDS = 60
OTHER_KIND = 0.25
"""From this probability on, the second kind is named too."""
STRENGTHS = ((0.80, "very likely"), (0.50, "likely"), (0.20, "possible"), (0.0, "unlikely"))
"""Probability of a cause, from this on, in words: a number in the prompt would be a number to repeat."""
EDGES = " .,;:!?-–/"
WRITERS_LANGUAGE = "en"
OTHER_LANGUAGE = "(not in English) "
_HARMLESS = str.maketrans("<>[]\n", "()() ")
PROMPTS = (Path(__file__).parent / "prompts", Path(__file__).parents[1] / "prompts")
"""In the installed package, or beside it in a clone."""


def build_prompt(situation: Situation) -> Prompt:
    """A situation rendered for a writer. Raises BadPrompt when the template asks for a name that nothing fills."""
    tags = Tagging()
    text = tag_text(situation, tags)  # first: the details of the text get the first tags
    values = {
        "kind": _kind(situation.kinds),
        "causes": _causes(situation.causes),
        "decided_by": situation.causes.causes[0].decided_by,
        "signs": _signs(situation, tags),
        "answers": _answers(situation.message.request.answers),
        "passages": "\n".join(
            f"{p.role}: {tags.numbers_and_names(' '.join(p.text.split()[:PASSAGE_WORDS]))}" for p in situation.passages
        ),
        "text": text,
    }
    return Prompt(situation, render("situation", values), tags.values)


def instructions(prompt: Prompt) -> str:
    """The whole request to a chat model: what to do, and the situation."""
    return render("explain", {"situation": prompt.text})


def render(name: str, values: Mapping[str, str]) -> str:
    """Fill the template prompts/<name>.txt; values are data and are never expanded themselves."""
    template = _template(name)
    missing = sorted(set(template.get_identifiers()) - set(values))
    if missing:
        raise BadPrompt(f"prompts/{name}.txt asks for ${missing[0]}: known names are {', '.join(sorted(values))}")
    return template.substitute(values).strip()


@cache
def _template(name: str) -> Template:
    for folder in PROMPTS:
        file = folder / f"{name}.txt"
        if file.is_file():
            return Template(file.read_text("utf-8"))
    raise BadPrompt(f"prompts/{name}.txt not found in {' or '.join(map(str, PROMPTS))}: restore it from the project")


def _kind(kinds: KindEstimate) -> str:
    ranked = sorted(kinds.kinds.items(), key=lambda item: -item[1])
    return " or ".join(KIND_WORDS[kind] for i, (kind, p) in enumerate(ranked[:2]) if i == 0 or p >= OTHER_KIND)


def _causes(causes: CauseEstimate) -> str:
    """The two leading causes and how strong each is."""
    strength = [next(words for least, words in STRENGTHS if c.probability >= least) for c in causes.causes[:2]]
    named = "; ".join(f"{s}: {CAUSE_WORDS[c.cause]}" for s, c in zip(strength, causes.causes, strict=False))
    return named + ("; the text alone cannot tell" if causes.confidence == "low" else "")


def _signs(situation: Situation, tags: Tagging) -> str:
    """What the strongest words of the text do, and what speaks beside them.

    Words of which no more can be said than that they are typical are left out: quoted, they tell a reader nothing.
    """
    telling = [e for e in situation.kinds.evidence if not e.cue.startswith(TYPICAL)]
    strongest = sorted(telling, key=lambda e: -e.weight)[: INVENTORY["words"]]
    signs = [f"{tags.tag('words', f'“{plain(e.text).strip(EDGES)}”')} {e.cue}" for e in strongest]
    return "; ".join([*signs, *situation.causes.cues]) or "none"


def _answers(answers: Mapping[str, str]) -> str:
    said = [ANSWER_WORDS[question, answer] for question, answer in answers.items() if answer != "unknown"]
    return "; ".join(said) or "none"


def tag_text(situation: Situation, tags: Tagging) -> str:
    """The text in a window round its evidence, its details and numbers as tags.

    Of a text in another language only the details are shown: the writer reads English, and guesses at the rest.
    """
    message = situation.message
    given = message.request.text
    for first, last in message.orders:  # what speaks to a program is not told to one
        a, b = message.given_span(first, last)
        given = given[:a] + " " * (b - a) + given[b:]
    start, end = _window(len(given), [(e.start, e.end) for e in situation.kinds.evidence])
    parts: list[str] = []
    position = start
    for slot in message.slots:
        if slot.start < position or slot.end > end or message.in_orders(slot):
            continue
        parts += [plain(given[position : slot.start]), tags.tag(slot.name, slot.text)]
        position = slot.end
    text = " ".join(tags.numbers("".join([*parts, plain(given[position:end])])).split())
    return text if message.language == WRITERS_LANGUAGE else OTHER_LANGUAGE + " ".join(TAG.findall(text))


def plain(text: str) -> str:
    """On one line; a tag or a control token that the sender typed must not pass for a real one."""
    return text.translate(_HARMLESS)


def _window(length: int, spans: list[tuple[int, int]]) -> tuple[int, int]:
    if length <= TEXT_CHARACTERS:
        return 0, length
    middle = (min(a for a, _ in spans) + max(b for _, b in spans)) // 2 if spans else 0
    start = max(0, min(middle - TEXT_CHARACTERS // 2, length - TEXT_CHARACTERS))
    return start, start + TEXT_CHARACTERS
