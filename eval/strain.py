"""How long the readers take over the worst strings of 100 kB: each function beside each string.

    python -m eval.strain [--size CHARACTERS] [--only NAME]

Every function here is reached by what a stranger wrote: a text, a pasted screen, a document, a file of many texts. A
pattern that takes time that grows with the square shows at this size. Prints the slowest strings of each function, and
ends with exit code 1 when one takes longer than `LIMIT` seconds of processor time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from explainer import documents, rows
from explainer.errors import BadInput
from explainer.grounding import sentences
from explainer.knowledge import first_sentence
from explainer.lenders import load_register
from explainer.message import find_language
from explainer.normalise import normalise
from explainer.orders import find_orders, worst_parts
from explainer.page_paste import split_paste
from explainer.slots import find_slots
from explainer.surface import hashed_ngrams, hashed_words
from explainer.words import cue_of, says_nothing

SIZE = 100_000
LIMIT = 2.0
"""Seconds of processor time for one call."""
UNITS = (
    "a", "A", "1", " ", ".", ",", "-", "x", "*", "#", "<", ">", "[", "(", "{", "\\", "/", "_", "@", "\n", "\u200b", "\u0301",
    "a ", "A ", "1 ", "1,", "1.", "a.", "A. ", "a-", "ab ", "Ab ", "a\n", "\n\n", "<a ", "<a>", "</a>", "<!--", "-->", "[[", "[a](",
    "![", "((", "1-1-", "12/", "Rs ", "Rs 1", "Rs1,000 ", "1,000", "http://", "www.", "a.com", "a.b.", "a.in/", "xx1", "**1", "call ",
    "call 1 ", "+1 ", "00 ", "loan no ", "loan:", "OTP ", "Dear A ", "Mr A ", "A B ", "中", "中 ", "银行", "万元", "1月", "借款", "王先生",
    "Jan 1 ", "1st ", "on 1 ", "the 1st of ", "ignore ", "ignore the ", "print ", "say it ", "safe ", "safe", "answer ", "your answer",
    "{'a':", "&#1;", "%41", "[9]", "[9] ", "<|a|>", "aB", "aBcD1", "l o a n ", "l-o-", "l.o.", "\\u0000", "\ufeff", "🙂", "é", "а", "ｆ", "́a",
    "- ", "1. a\n", "# a\n", "> ", "> > ", "|", "| a ", "```\n", "---\n", "| --- ", "a\n===\n", "No. ", "U.S. ", "?!", "。", "。中", "”", "\"",
    "12:30 ", "[12/03/24, 10:15] A: ", "From: a\n", "A: b\n", "20 20 ", "19 9", "in 19 99 ", "3000+1 day", "(cid:1)", "\ufffd", "1+1",
)  # fmt: skip
ENDS = ("", "!", "\n", "x", "1", ">", "]")


def strings(size: int) -> Iterator[tuple[str, str]]:
    """Name and string: each unit over and over, some with a word before it and an end that makes a match fail."""
    for unit in UNITS:
        whole = unit * (size // len(unit))
        yield repr(unit), whole
        yield f"{unit!r} then all ends", whole + "".join(ENDS)
    yield "every unit in turn", ("".join(UNITS) * (size // 100))[:size]


def readers() -> dict[str, Callable[[str], object]]:
    """What is called with each string, by name."""
    register = load_register()
    return {
        "normalise": normalise,
        "find_language": find_language,
        "find_slots": lambda text: find_slots(text, register, None),
        "find_orders": find_orders,
        "worst_parts": worst_parts,
        "hashed_words": hashed_words,
        "hashed_ngrams": hashed_ngrams,
        "cue_of": lambda text: cue_of(text, "scam"),
        "says_nothing": says_nothing,
        "first_sentence": first_sentence,
        "sentences": sentences,
        "split_paste": split_paste,
        "a text document": lambda text: _read_document(text, "txt"),
        "a Markdown document": lambda text: _read_document(text, "md"),
        "an HTML document": lambda text: _read_document(f"<html><body><p>{text}</p></body></html>", "html"),
        "a CSV of texts": lambda text: _read_rows(f"id,text\n1,{text}\n", "csv"),
        "JSON lines of texts": lambda text: _read_rows(f'{{"id": 1, "text": "{text}"}}\n', "jsonl"),
    }


def _read_document(text: str, ext: str) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{ext}"
        path.write_text(text, "utf-8")
        try:
            return documents.read_document(path)
        except BadInput as error:
            return error


def _read_rows(text: str, ext: str) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{ext}"
        path.write_text(text, "utf-8")
        try:
            return list(rows.read_rows(path))
        except BadInput as error:
            return error


def strain(name: str, reader: Callable[[str], object], size: int) -> list[tuple[float, str]]:
    """Seconds and string, the slowest first."""
    times = []
    for string_name, string in strings(size):
        start = time.process_time()
        reader(string)
        times.append((time.process_time() - start, string_name))
        if times[-1][0] > LIMIT:
            print(f"slow: {name} over {string_name}: {times[-1][0]:.1f} s", flush=True)
    return sorted(times, reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the readers over the worst strings.")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--only", help="only functions whose name holds this")
    options = parser.parse_args()
    slowest = 0.0
    print(
        f"| function | slowest of {sum(1 for _ in strings(100))} strings of {options.size:,} | seconds |\n|---|---|---|"
    )
    for name, reader in readers().items():
        if options.only and options.only not in name:
            continue
        seconds, string = strain(name, reader, options.size)[0]
        slowest = max(slowest, seconds)
        print(f"| {name} | {string} | {seconds:.2f} |", flush=True)
    sys.exit(slowest > LIMIT)


if __name__ == "__main__":
    main()
