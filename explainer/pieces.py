"""Text to pieces and back: an uncased vocabulary that carries case and spacing, letter for letter.

The vocabulary is that of MiniLM, which knows neither capitals nor spaces. Rules restore what English nearly always does
(a capital after a full stop, no space before a comma); where a text differs, a mark says so, one piece each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.tags import TAGS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CAPITAL, CAPITALS, SMALL, JOINED, APART, BREAK = MARKS = ("<CAP>", "<CAPS>", "<SMALL>", "<JOIN>", "<SPACE>", "<BREAK>")
"""The next word has a capital, is all capitals, is small after a full stop; no space here, a space here; and BREAK
parts the headline from the explanation."""
START, END, PAD, UNKNOWN, MASK = "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"
_UNIT = re.compile(
    "|".join(
        [
            *map(re.escape, TAGS),
            re.escape(BREAK),
            r"[A-Z]{2,}(?![a-z])",
            r"[A-Z]?[a-z]+",
            r"[^\W\d_]",
            r"\d",
            r"[^\w\s]|_",
        ]
    )
)
"""Words of one case: "IDs" is two of them, joined."""
_OPENING, _CLOSING = "([{“‘$€£₹#", ")]},.;:!?%”’"
_BOTH = "'-/&_"
"""Between letters these take no space on either side."""


class Pieces:
    """The tokenizer of the writer, with the marks."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a text is four pieces of text
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path) -> Pieces:
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")))

    def encode_input(self, text: str, most: int) -> list[str]:
        """What the writer reads: small letters, no marks; START, at most `most` pieces in all, END."""
        return [START, *self.tokenizer.encode(text, add_special_tokens=False).tokens[: most - 2], END]

    def encode_output(self, text: str) -> list[str]:
        """What the writer writes: pieces with marks, so that `decode` gives the same letters again."""
        out: list[str] = []
        written = ""
        for unit, gap in _units(text):
            if gap != _gap_before(written, unit):
                out.append(APART if gap else JOINED)
            if unit in TAGS or unit == BREAK:
                out.append(unit)
            else:
                out += _case_mark(unit, _begins(written))
                out += self.tokenizer.encode(unit, add_special_tokens=False).tokens
            written += (" " if gap else "") + unit
        return out

    def decode(self, pieces: Sequence[str]) -> str:
        """Pieces with marks -> text. Tags stay as they are."""
        written, case, gap = "", "", None
        for word in _words(pieces):
            if word in (CAPITAL, CAPITALS, SMALL):
                case = word
            elif word in (JOINED, APART):
                gap = word == APART
            else:
                shown = word if word in TAGS or word == BREAK else _cased(word, case, _begins(written))
                written += (" " if (_gap_before(written, shown) if gap is None else gap) else "") + shown
                case, gap = "", None
        return written


def _units(text: str) -> Iterator[tuple[str, bool]]:
    """Words, digits, signs and tags, and whether a space stands before each."""
    end = 0
    for match in _UNIT.finditer(text):
        yield match.group(), match.start() > end
        end = match.end()


def _words(pieces: Sequence[str]) -> Iterator[str]:
    """Pieces that continue a word, joined to it."""
    word = ""
    for piece in pieces:
        if piece.startswith("##") and word:
            word += piece[2:]
            continue
        if word:
            yield word
        word = piece
    if word:
        yield word


def _begins(written: str) -> bool:
    """Does a sentence begin here, so that a capital is expected?"""
    return not written or written.endswith((".", "!", "?", BREAK))


def _gap_before(written: str, unit: str) -> bool:
    """Is a space expected between what is written and this unit?"""
    if not written or written.endswith(BREAK) or unit == BREAK:
        return False
    last = written[-1]
    if last in _OPENING or unit[0] in _CLOSING or last in _BOTH or unit[0] in _BOTH:
        return False
    return not (last.isdigit() and unit.isdigit())


def _case_mark(unit: str, begins: bool) -> list[str]:
    if unit.islower() or not unit.isalpha():
        return [SMALL] if begins and unit.islower() else []
    if unit.isupper() and len(unit) > 1:
        return [CAPITALS]
    return [] if begins else [CAPITAL]


def _cased(word: str, case: str, begins: bool) -> str:
    if case == CAPITALS:
        return word.upper()
    capital = case == CAPITAL or (begins and case != SMALL)
    return word[0].upper() + word[1:] if capital else word
