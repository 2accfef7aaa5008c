"""A document of any kind to the passages that may be cited: read, judge, split.

Text, Markdown, HTML and PDF become paragraphs under their headings; what is damaged or unsafe is held back with the
reason; the rest is packed into passages of 30 to 60 words.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explainer.errors import BadInput, MissingExtra
from explainer.library import HeldBack, OwnPassage
from explainer.normalise import normalise

MAX_BYTES = 10_000_000
MAX_PAGES = 300
MAX_NESTING = 200
"""HTML elements inside one another; people write some thirty."""
MAX_CHARACTERS = 1_000_000
"""Of text in one document: a long book."""
MIN_WORDS, MAX_WORDS = 30, 60
PARAGRAPH_WORDS = 150
"""A longer paragraph, such as a whole page of a PDF, is judged in parts."""
LONGEST_WORD = 80
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u3000-\u303f\uff00-\uffef"
"""Characters of scripts that set no blanks between words."""
SUFFIXES = {
    **dict.fromkeys((".txt", ".text"), "text"),
    **dict.fromkeys((".md", ".markdown"), "Markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "HTML"),
    ".pdf": "PDF",
}

_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
GARBLED = (
    (r"\ufffd|\(cid:\d+\)|[ÃÂ][\x80-\xbf]|â€|锟斤拷", "damaged letters"),
    (r"(?:\b[^\W\d_] ){6,}", "letters set apart"),
    (r"\d\+\d+ ?\d* ?(?:day|month|year)s?\b|(?i:\b(?:on|in|since)) (?:\d+ )?\d{3,}\+\d", "a number that is no date"),
    (
        r"(?i:\b(?:in|on|since|from|until|by|before|after|year|to)) (?:19|20) \d\d\b"
        r"(?![-%]| ?\d| (?:minute|hour|day)s?\b)",
        "a year broken in two",
    ),
    (
        r"\b(?:19|20)\d\d[-/](?:(?:1[3-9]|[2-9]\d|00)[-/]\d{1,2}|\d{1,2}[-/](?:3[2-9]|[4-9]\d|00))\b"
        rf"|\b(?:3[2-9]|[4-9]\d|0)(?:st|nd|rd|th)? (?:of )?{_MONTH}\b|\b3[01](?:st|th)? (?:of )?February\b",
        "a date that no calendar has",
    ),
)
"""What shows that a text was damaged on its way, and how that is told. One such sign holds back its whole paragraph:
where one number broke, the names and sums beside it cannot be trusted either."""
UNSAFE = (
    (
        r"(?i)\b(?:ignore|disregard|forget|override) (?:\w+ ){0,3}"
        r"(?:above|previous|prior|earlier|instructions?|rules)\b",
        "an order to the program",
    ),
    (r"(?i)\b(?:is|are|as|looks?|was|be) (?:\w+ )?(?:safe|genuine|legitimate|trustworthy)\b", "calls something safe"),
    (r"(?i)\b(?:need not|not have to|no need to|without having to) (?:re)?(?:pay|bear)", "says that nothing is owed"),
    (
        r"(?i)(?<!not )(?<!never )\b(?:tap|click|open|follow) (?:on )?(?:the|this) link\b|\bapply\b.{0,40}\binvit",
        "tells to follow a link or an offer",
    ),
)
"""What this program never says, and so does not quote either: one such sentence is held back alone. A courtesy to the
reader and not the defence: that lies in what own passages are used for, which no wording can change."""


_OFTEN_OPEN = frozenset("area base br col embed hr img input link meta param source p li tr td th dt dd option".split())


@dataclass(frozen=True, slots=True)
class Paragraph:
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document holds."""

    digest: str
    passages: tuple[OwnPassage, ...]
    held: tuple[HeldBack, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a piece of a long one: what is never cut."""

    text: str
    words: float
    paragraph: int
    heading: str


def read_document(path: Path) -> Reading:
    """The passages of a document. Raises BadInput when it cannot be read, MissingExtra when its reader is absent."""
    data = _bytes(path)
    kind = SUFFIXES.get(path.suffix.casefold())
    if kind is None:
        raise BadInput(f"{path.name} is of an unknown kind: expected one of {', '.join(SUFFIXES)}")
    if kind == "PDF":
        paragraphs = _pdf(data, path.name)
    elif kind == "HTML":
        paragraphs = _markdown(_html(data, path.name))
    else:
        text = _decoded(data, path.name)
        paragraphs = _markdown(text) if kind == "Markdown" else _text(text)
    size = sum(len(p.text) for p in paragraphs)
    if size > MAX_CHARACTERS:
        raise BadInput(f"{path.name} has {size:,} characters of text, the limit is {MAX_CHARACTERS:,}: split it")
    passages, held = split_paragraphs(paragraphs, plain(path.stem))
    return Reading(hashlib.sha256(data).hexdigest(), passages, held)


def plain(text: str) -> str:
    """One line without hidden characters, rows of signs or words longer than a screen is wide."""
    shown = re.sub(r"(?:(?<=\s)[^\w\s]+\s){4,}", "", normalise(text, join_spelt=False)[0])
    return re.sub(rf"([^\s{_UNSPACED}]{{{LONGEST_WORD}}})[^\s{_UNSPACED}]+", r"\1", shown).strip()


# 1) bytes to paragraphs


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            what = "is a folder: name the documents in it" if path.is_dir() else "not found: give the path of a file"
            raise BadInput(f"{path} {what}")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): give a file that you may open") from error
    if len(data) > MAX_BYTES:
        raise BadInput(f"{path.name} has more than {MAX_BYTES:,} bytes, the limit: split it")
    return data


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not text in UTF-8 (byte {error.start}): save it as UTF-8 first") from error
    if "\0" in text or text.startswith("%PDF-"):
        raise BadInput(f"{name} is no text, whatever its name says: give it the ending of what it is")
    return text


def _text(text: str) -> list[Paragraph]:
    """Blank lines part paragraphs; a short line alone, without the end of a sentence, is a heading."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
    if len(blocks) == 1:  # no blank lines at all: each line stands for itself
        blocks = [" ".join(line.split()) for line in text.splitlines()]
    heading, paragraphs = "", []
    for block in filter(None, blocks):
        if re.fullmatch(r"(?![-*•\d])(?:\S+\s){0,11}\S*[\w)]|(?:\S+\s){0,19}\S*[?？]", block):
            heading = block
        else:
            paragraphs.append(Paragraph(heading, block))
    return paragraphs or [Paragraph("", block) for block in filter(None, blocks)]


def _markdown(text: str) -> list[Paragraph]:
    """Headings, paragraphs and list items; code and blocks of settings are text like any other."""
    path: list[str] = []
    lines: list[str] = []
    paragraphs: list[Paragraph] = []

    def end() -> None:
        joined = " ".join(" ".join(lines).split())
        if re.search(r"\w", joined):
            paragraphs.append(Paragraph(" / ".join(filter(None, path[-2:])), joined))
        lines.clear()

    for line in _uncommented(text).splitlines():
        line = re.sub(r"^[\s>]+", "", line)
        heading = re.match(r"#{1,6}(?=\s)", line)
        if heading:
            end()
            level = heading.end()
            path[level - 1 :] = [*[""] * (level - 1 - len(path)), _unmarked(line.strip("# "))]
        elif not line or re.fullmatch(r"```\S*|~~~\S*|[-*_=]{3,}|[|:\s-]+", line):
            if re.fullmatch(r"=+|-+", line) and len(lines) == 1:  # a title underlined
                path[:] = [lines.pop()]
            end()
        else:
            item = re.match(r"(?:[-*+]|\d{1,3}[.)])\s+", line)
            if item:
                end()
            lines.append(_unmarked(line[item.end() :] if item else line))
    end()
    return paragraphs


def _uncommented(text: str) -> str:
    """Without HTML comments, which a reader of the page never saw."""
    first, *rest = text.split("<!--")
    return first + "".join(part.partition("-->")[2] if "-->" in part else part for part in rest)


def _unmarked(line: str) -> str:
    line = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", line)
    line = re.sub(r"</?[A-Za-z][^<>]*>|\*\*|__|`", "", line)
    return line.replace("|", " ").strip()


def _html(data: bytes, name: str) -> str:
    """The main text as Markdown."""
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtra("an HTML document", "ingest") from error
    if _nesting(data.decode("latin-1")) > MAX_NESTING:
        raise BadInput(f"{name} nests more than {MAX_NESTING} elements, the limit: save the page's text instead")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        text = trafilatura.extract(
            data, output_format="markdown", include_comments=False, include_formatting=True, favor_recall=True
        )
    except Exception as error:  # lxml and trafilatura raise many kinds
        raise BadInput(f"{name} cannot be read as HTML ({type(error).__name__}): save the page's text") from error
    return text or ""


def _nesting(html: str) -> int:
    """How deep elements stand inside one another; those that are often left open are not counted."""
    depth = deepest = 0
    for match in re.finditer(r"<(/?)([a-zA-Z][\w-]*)[^<>]*>", html.replace("\0", "")):
        if match[2].lower() not in _OFTEN_OPEN:
            depth = max(0, depth - 1) if match[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _pdf(data: bytes, name: str) -> list[Paragraph]:
    try:
        import pypdf
    except ImportError as error:
        raise MissingExtra("a PDF document", "ingest") from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends in silence is no news to the reader
    lines: list[str] = []
    size = 0
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadInput(f"{name} is locked with a password: save a copy without one")
        if len(reader.pages) > MAX_PAGES:
            raise BadInput(f"{name} has {len(reader.pages):,} pages, the limit is {MAX_PAGES}: split it")
        for page in reader.pages:
            text = page.extract_text()
            size += len(text)
            if size > MAX_CHARACTERS:
                raise BadInput(f"{name} has more than {MAX_CHARACTERS:,} characters of text, the limit: split it")
            lines += [*text.splitlines(), ""]
    except BadInput:
        raise
    except Exception as error:  # a broken file makes pypdf raise nearly anything, RecursionError too
        raise BadInput(f"{name} cannot be read as PDF ({type(error).__name__}): print it to a new PDF") from error
    return _text(_unwrapped(lines))


def _unwrapped(lines: Sequence[str]) -> str:
    """Lines of a page joined again: a line clearly shorter than the widest ends a paragraph."""
    lines = [
        line.strip() for line in lines if not re.fullmatch(r"\s*(?:page\s*)?\d+(?:\s*(?:of|/)\s*\d+)?\s*", line, re.I)
    ]
    wide = max((len(line) for line in lines), default=0)
    joined, last = [], ""
    for line in lines:
        if last.endswith((".", "!", "?", ":")) and len(line) < 0.5 * wide and re.match(r"[A-Z\d][^.!]*$", line):
            joined.append("\n")  # a heading under a full last line
        joined.append(line[:-1] if re.search(r"[a-z]-$", line) else line + ("\n\n" if len(line) < 0.7 * wide else "\n"))
        last = line
    return "".join(joined)


# 2) paragraphs to what may be cited


def split_paragraphs(
    paragraphs: Sequence[Paragraph], title: str
) -> tuple[tuple[OwnPassage, ...], tuple[HeldBack, ...]]:
    """Passages, and what is held back: damaged paragraphs and unsafe sentences."""
    units: list[_Unit] = []
    held: list[HeldBack] = []
    for number, paragraph in enumerate(_judged_apart(paragraphs)):
        reason = _sign(GARBLED, f"{paragraph.heading}. {paragraph.text}")
        if reason:
            held.append(HeldBack(paragraph.text, reason))
            continue
        heading = "" if _sign(UNSAFE, paragraph.heading) else paragraph.heading
        for sentence in _sentences(paragraph.text):
            if not re.search(r"\w", sentence):
                continue
            if reason := _sign(UNSAFE, sentence):
                held.append(HeldBack(sentence, reason))
            else:
                units += [_Unit(piece, _words(piece), number, heading) for piece in _pieces(sentence)]
    return tuple(_passage(chunk, title) for chunk in _packed(units)), tuple(held)


def _judged_apart(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph]:
    for paragraph in paragraphs:
        heading, texts, size = plain(paragraph.heading), [], 0.0
        for sentence in _sentences(plain(paragraph.text)):
            texts.append(sentence)
            size += _words(sentence)
            if size > PARAGRAPH_WORDS:
                yield Paragraph(heading, " ".join(texts))
                texts, size = [], 0.0
        if texts:
            yield Paragraph(heading, " ".join(texts))


def _sign(signs: Sequence[tuple[str, str]], text: str) -> str | None:
    """The reason of the first sign that the text has, with the words that show it."""
    for pattern, reason in signs:
        if match := re.search(pattern, text):
            return f"{reason}: “{text[max(0, match.start() - 10) : match.end() + 10][:80].strip()}”"
    return None


def _sentences(text: str) -> list[str]:
    """Split after . ! ? where a new sentence begins; "1." and "Rs." end none."""
    ends = r"(?<=[.!?;])(?<!\b\d\.)(?<!\b\d\d\.)(?<!\b[A-Z]\.)(?<!\b(?:Rs|No|Mr|Co|Dr|St)\.)(?<!\bMrs\.)(?<!\bArt\.)"
    return [s for s in re.split(rf"{ends}\s+|(?<=[。！？；])\s*", text) if s.strip()]


def _words(text: str) -> float:
    """Words; two Chinese characters count as one."""
    return len(re.findall(rf"[^\s{_UNSPACED}]+", text)) + len(re.findall(rf"[{_UNSPACED}]", text)) / 2


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence that is longer than a passage, cut into equal runs of words."""
    count = 1 if _words(sentence) <= MAX_WORDS else math.ceil(_words(sentence) * 2 / (MIN_WORDS + MAX_WORDS))
    spaced = " " in sentence
    words = sentence.split() if spaced else list(sentence)
    size = math.ceil(len(words) / count)
    for start in range(0, len(words), size):
        yield (" " if spaced else "").join(words[start : start + size])


def _packed(units: Sequence[_Unit]) -> list[Sequence[_Unit]]:
    """The cheapest way to cut the row of units: 30 to 60 words first, then few headings and paragraphs torn."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(units) + 1):
        options = []
        words = 0.0
        torn = end < len(units) and units[end].paragraph == units[end - 1].paragraph
        crossed = 0
        for start in range(end - 1, -1, -1):
            words += units[start].words
            if start < end - 1 and units[start].heading != units[start + 1].heading:
                crossed += 1
                words += _words(units[start + 1].heading)
            if words > MAX_WORDS and start < end - 1:
                break
            short = max(0.0, MIN_WORDS - words)
            options.append((best[start][0] + 100 * short + 3 * crossed + torn + (words - 45) ** 2 / 1000, start))
        best.append(min(options))
    chunks = []
    end = len(units)
    while end:
        start = best[end][1]
        chunks.append(units[start:end])
        end = start
    return chunks[::-1]


def _passage(chunk: Sequence[_Unit], title: str) -> OwnPassage:
    """Its first heading is the title; a heading that comes later in it stays in the text."""
    texts = [chunk[0].text]
    for before, unit in zip(chunk, chunk[1:], strict=False):
        if unit.heading and unit.heading != before.heading:
            texts.append(unit.heading if re.search(r"[.?!:？]$", unit.heading) else f"{unit.heading}:")
        texts.append(unit.text)
    return OwnPassage(chunk[0].heading[:120] or title, " ".join(texts))
