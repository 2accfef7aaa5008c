"""What a person pasted -> the texts in it: chat headers taken off, several texts told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

MAX_TEXTS = 20
"""More are not offered for choice: nobody reads such a list on a phone."""
LEAST = 40
"""Characters of a block that may be a text of its own; shorter ones are a greeting or a signature."""

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_CHAT = (
    re.compile(rf"^\[(?P<date>{_DATE}),? +{_TIME}\] *(?P<sender>[^:\n]{{1,40}}): (?P<text>.*)$"),
    re.compile(rf"^(?P<date>{_DATE}),? +{_TIME} +[-–] +(?P<sender>[^:\n]{{1,40}}): (?P<text>.*)$"),
    re.compile(rf"^(?P<sender>[^\[\]\n]{{1,40}}), \[(?P<date>[^\],]{{6,20}}),? +{_TIME}\]:?(?P<text>.*)$"),
)
"""How the usual chat programs copy or export a message: one line of date, time and sender before its text."""
_LABEL = re.compile(
    r"^(?P<label>from|sender|date|received|sent|time|to|recipient|message|text|body|发件人|发送者|时间|日期|内容)"
    r" *[:：] *(?P<value>.*)$",
    re.IGNORECASE,
)
_SENDERS, _DATES = ("from", "sender", "发件人", "发送者"), ("date", "received", "sent", "时间", "日期")
_BODIES = ("message", "text", "body", "内容")
_RULE = re.compile(r"^\s*[-=_*~—]{3,}\s*$")
_OPENING = re.compile(
    r"^(?:【|\[|dear\b|hi\b|hello\b|hey\b|final\b|urgent\b|congrat|reminder\b|尊敬的|您)", re.IGNORECASE
)
_INVISIBLE = str.maketrans({"\u200e": "", "\u200f": "", "\u202f": " ", "\u00a0": " "})
"""Chat exports set direction marks and narrow blanks round the header; the text itself is left as it is."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """One text of those that were pasted, with what its header told."""

    text: str
    sender: str = ""
    received_at: str = ""
    """ISO date, only where the header can be read in one way."""


def split_paste(raw: str) -> tuple[Pasted, ...]:
    """The texts in what was pasted: none for nothing, one for most, several when their borders show."""
    if not raw.strip():
        return ()
    lines = raw.splitlines()
    for split in (_by_chat_headers, _by_labels, _by_rules, _by_openings):
        found = tuple(piece for piece in split(lines) if piece.text)
        if found:
            return found
    return (Pasted(raw),)


def preview(piece: Pasted, width: int = 90) -> str:
    """The beginning of a text on one line, to choose it by."""
    text = " ".join(piece.text.split())
    text = text if len(text) <= width else text[: width - 1].rstrip() + "…"
    return f"{piece.sender}: {text}" if piece.sender else text


def _by_chat_headers(lines: list[str]) -> Iterator[Pasted]:
    piece: Pasted | None = None
    for line in lines:
        plain = line.translate(_INVISIBLE).strip()
        match = next((m for form in _CHAT if (m := form.match(plain))), None)
        if match:
            if piece:
                yield piece
            piece = Pasted(match["text"].strip(), match["sender"].strip(), read_header_date(match["date"]))
        elif piece:
            piece = replace(piece, text=f"{piece.text}\n{line}".strip())
    if piece:
        yield piece


def _by_labels(lines: list[str]) -> Iterator[Pasted]:
    """A block such as `From: ...` and `Date: ...` at the very beginning; needs two labels, or a body label."""
    labels: dict[str, str] = {}
    for at, line in enumerate(lines):
        match = _LABEL.match(line.translate(_INVISIBLE).strip())
        if match is None:
            if line.strip() or not labels:
                break
            continue
        labels[match["label"].casefold()] = match["value"].strip()
        if match["label"].casefold() in _BODIES:
            at += 1
            break
    else:
        at = len(lines)
    body = next((labels[name] for name in _BODIES if name in labels), None)
    if len(labels) < 2 and body is None or not set(labels) & {*_SENDERS, *_DATES}:
        return
    sender = next((labels[name] for name in _SENDERS if name in labels), "")
    date = next((labels[name] for name in _DATES if name in labels), "")
    yield Pasted("\n".join([body or "", *lines[at:]]).strip(), sender, read_header_date(date))


def _by_rules(lines: list[str]) -> Iterator[Pasted]:
    """Lines of dashes between texts."""
    blocks = _blocks(lines, lambda line: bool(_RULE.match(line)))
    if len(blocks) > 1 and all(len(block) >= LEAST // 2 for block in blocks):
        yield from map(Pasted, blocks)


def _by_openings(lines: list[str]) -> Iterator[Pasted]:
    """Blank lines between blocks that each open like a text of its own."""
    blocks = _blocks(lines, lambda line: not line.strip())
    if len(blocks) > 1 and all(len(b) * (2 if b[0] == "【" else 1) >= LEAST and _OPENING.match(b) for b in blocks):
        yield from map(Pasted, blocks)


def _blocks(lines: list[str], border: object) -> list[str]:
    assert callable(border)
    blocks: list[list[str]] = [[]]
    for line in lines:
        if border(line):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [text for block in blocks if (text := "\n".join(block).strip())]


def read_header_date(date: str) -> str:
    """ISO date of a header; empty when day and month could be swapped."""
    date = re.sub(rf",? +{_TIME}.*$", "", date.strip())
    for form in ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"):
        try:
            return datetime.strptime(date, form).date().isoformat()
        except ValueError:
            continue
    match = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2}|\d{4})", date)
    if not match:
        return ""
    first, second, year = int(match[1]), int(match[2]), int(match[3]) % 100 + 2000
    if first > 12 >= second:
        first, second = second, first
    elif not (second > 12 >= first or first == second):
        return ""
    try:
        return datetime(year, first, second).date().isoformat()
    except ValueError:
        return ""
