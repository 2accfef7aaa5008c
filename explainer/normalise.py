"""A text as given -> the same text made plain, with the way back to every character."""

from __future__ import annotations

import re
import unicodedata

_ALPHABETS = {
    # Cyrillic, Greek, Armenian, small capitals: letter, and the Latin one it is taken for, in pairs.
    "Cyrillic": "аaеeоoрpсcхxуyіiјjѕsһhԁdӏlвbкkмmнhтtѵvԛqԝwАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSԌGӀl",
    "Greek": "αaοoρpνvιiκkτtυuΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX",
    "Armenian": "օoոnսuցqհh",
    "small capitals": "ᴀaᴄcᴅdᴇeᴊjᴋkᴍmᴏoᴘpᴛtᴜuᴠvᴡwᴢzʟlɴnʀrɪiɡgıi",
}
LOOKALIKES = {pairs[i]: pairs[i + 1] for pairs in _ALPHABETS.values() for i in range(0, len(pairs), 2)}
"""Letters of other scripts that look Latin, after Unicode's list of confusable characters (UTS 39)."""

_WIDE = "\x00"
"""Stands for a run of blanks until spelt words are joined: between "l o a n" and "n o w" the gap is wider."""
_SPACED = re.compile(r"(?<![\w.-])[A-Za-z](?:([ .\-*_])[A-Za-z])(?:\1[A-Za-z]){2,}(?![\w-])")
"""Four letters or more, each set apart by the same sign: shorter runs are abbreviations."""


def normalise(given: str, join_spelt: bool = True) -> tuple[str, tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """-> normalised text, start and end of each of its characters in `given`, and what was found hidden.

    A document that spells words letter by letter is damaged, not disguised: there, leave them (join_spelt=False).
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    hidden = folded = 0
    latin = _mostly_latin(given)
    for start, end in _clusters(given):
        cluster = given[start:end]
        plain = unicodedata.normalize("NFKC", cluster)
        kept = "".join(c for c in plain if not _invisible(c))
        if kept != plain and not _joins_emoji_or_indic(given, start):
            hidden += 1
        if latin:
            latinised = "".join(LOOKALIKES.get(c, c) for c in kept)
            folded += latinised != kept
            kept = latinised
        for character in kept:
            character = " " if character.isspace() or character == "\ufffc" else character
            if character == " " and (not out or out[-1] in (" ", _WIDE)):
                if out:
                    out[-1] = _WIDE
                continue  # runs of white space become one blank
            out.append(character)
            starts.append(start)
            ends.append(end)
    if out and out[-1] in (" ", _WIDE):
        out.pop(), starts.pop(), ends.pop()
    joined = _join_spaced(out, starts, ends) if join_spelt else 0
    out = [" " if character == _WIDE else character for character in out]
    warnings = []
    if joined:
        warnings.append(f"{joined} word{'s' * (joined > 1)} spelt letter by letter; that is a way to slip past filters")
    if hidden:
        warnings.append(
            f"{hidden} hidden character{'s' * (hidden > 1)} found in the text and removed; "
            "they are a way to slip past filters"
        )
    if folded:
        warnings.append(
            f"{folded} letter{'s' * (folded > 1)} of another alphabet made to look Latin; "
            "they are a way to slip past filters"
        )
    return "".join(out), tuple(starts), tuple(ends), tuple(warnings)


def _join_spaced(out: list[str], starts: list[int], ends: list[int]) -> int:
    """Join words spelt letter by letter, "l-o-a-n" or "l o a n", in place; -> how many there were."""
    runs = list(_SPACED.finditer("".join(out)))
    for run in reversed(runs):
        for i in range(run.end() - 2, run.start(), -2):
            del out[i], starts[i], ends[i]
    return len(runs)


def _clusters(text: str) -> list[tuple[int, int]]:
    """A base character with the marks that follow it, so that NFKC can join them."""
    bounds: list[int] = []
    for i, character in enumerate(text):
        if not bounds or not unicodedata.combining(character):
            bounds.append(i)
    return list(zip(bounds, [*bounds[1:], len(text)], strict=False))


def _invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cf", "Cc", "Co", "Cs")
        and not character.isspace()
        or "\ufe00" <= character <= "\ufe0f"
        or character in "\u115f\u1160\u3164\uffa0\u2800\u034f"
    )


def _joins_emoji_or_indic(text: str, at: int) -> bool:
    """Joiners and variation selectors have honest uses in emoji and in Indic and Arabic scripts."""
    if text[at] not in "\u200c\u200d\ufe0e\ufe0f" and not "\ufe00" <= text[min(at + 1, len(text) - 1)] <= "\ufe0f":
        return False
    around = text[max(0, at - 1) : at] + text[at : at + 1] + text[at + 1 : at + 2]
    return any(c > "\u20e2" and not "\ufe00" <= c <= "\ufe0f" or "\u0600" <= c <= "\u0dff" for c in around)


def _mostly_latin(text: str) -> bool:
    """Look-alikes are folded only where Latin is the script of the text: real Russian stays Russian."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(c < "\u0250" for c in letters)
    return latin * 2 >= len(letters)
