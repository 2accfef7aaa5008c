"""The source documents on disk, and the passages in them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from explainer.errors import BadKnowledge
from explainer.library import own_passages
from explainer.records import ALREADY, CAUSES, KINDS, ROLES, Passage
from explainer.words import SENDER_CLASSES

KNOWLEDGE = Path(__file__).parent / "knowledge"
_PASSAGE = re.compile(
    r"^## +(?P<id>\S+)\s*\n```ya?ml\n(?P<block>.*?)\n```\s*\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
_REQUIRED = ("title", "role", "causes", "country", "facts", "source", "url", "checked", "confidence")


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file of passages."""

    path: Path
    text: str


def load_documents(folder: Path = KNOWLEDGE) -> list[Document]:
    """All source documents below a folder, in the order of their paths. Raises BadKnowledge when there is none."""
    documents = [Document(path, path.read_text("utf-8")) for path in sorted(folder.glob("*/*.md"))]
    if not documents:
        raise BadKnowledge(
            f"no documents in {folder}: expected <country>/<topic>.md; restore the folder from the project"
        )
    return documents


def split_passages(document: Document) -> Iterator[Passage]:
    """The passages of a document. Raises BadKnowledge, naming file and passage, when one has not the agreed form."""
    headings = re.findall(r"^## +(\S+)", document.text, re.MULTILINE)
    matches = list(_PASSAGE.finditer(document.text))
    if len(matches) != len(headings):
        broken = sorted(set(headings) - {m["id"] for m in matches}) or headings
        raise BadKnowledge(
            f"{document.path}: passage {broken[0]} has no yaml block under its heading: add ```yaml ... ```"
        )
    for match in matches:
        yield _passage(document.path, match["id"], match["block"], match["body"].strip())


def _passage(path: Path, id: str, block: str, body: str) -> Passage:
    import yaml  # only when a document changed

    # The C loader, where PyYAML was built with it, is ten times faster.
    fields = yaml.load(block, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    where = f"{path}: passage {id}"
    missing = [key for key in _REQUIRED if not isinstance(fields, dict) or key not in fields]
    if missing:
        raise BadKnowledge(f"{where} lacks {', '.join(missing)}: add it to the yaml block")
    for key, allowed in (("causes", CAUSES), ("kinds", KINDS), ("already", ALREADY)):
        unknown = set(fields.get(key, ())) - set(allowed)
        if unknown:
            raise BadKnowledge(
                f"{where}: unknown {key} {', '.join(sorted(unknown))}: expected some of {', '.join(allowed)}"
            )
    strange = set(_listed(fields.get("sender", ()))) - {"known", "unknown", "none", *SENDER_CLASSES}
    if strange:
        expected = "known, unknown, none or a class of explainer/words.py"
        raise BadKnowledge(f"{where}: unknown sender {', '.join(sorted(strange))}: expected {expected}")
    if fields["role"] not in ROLES:
        raise BadKnowledge(f"{where}: unknown role {fields['role']!r}: expected one of {', '.join(ROLES)}")
    if not body:
        raise BadKnowledge(f"{where} has no text under its yaml block")
    return Passage(
        id=id,
        title=str(fields["title"]),
        text=body if fields["role"] == "letter" else " ".join(body.split()),
        role=fields["role"],
        causes=tuple(fields["causes"]),
        country=str(fields["country"]),
        facts=tuple(fields["facts"]),
        source=str(fields["source"]),
        url=str(fields["url"] or ""),
        checked=str(fields["checked"]),
        confidence=str(fields["confidence"]),
        kinds=tuple(fields.get("kinds", ())),
        senders=_listed(fields.get("sender", ())),
        lender=fields.get("lender"),
        already=tuple(fields.get("already", ())),
        since=str(fields.get("since") or ""),
        replaces=str(fields.get("replaces") or ""),
    )


def _listed(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@cache
def load_passages(folder: Path = KNOWLEDGE) -> tuple[Passage, ...]:
    """All shipped passages. Raises BadKnowledge when an id occurs twice, or one replaces what is not there."""
    passages = _parsed(load_documents(folder))
    seen: set[str] = set()
    for passage in passages:
        if passage.id in seen:
            raise BadKnowledge(f"passage id {passage.id} occurs twice below {folder}: rename one")
        seen.add(passage.id)
    return _with_successors(passages)


def _parsed(documents: list[Document]) -> tuple[Passage, ...]:
    """The passages of the documents, kept on disk under the hash of all that makes them: YAML is slow to read."""
    parts = [Path(__file__).read_text("utf-8"), *(f"{d.path}\0{d.text}" for d in documents)]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    file = Path(platformdirs.user_cache_dir("loan-text-explainer")) / f"passages-{digest}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))
        return tuple(map(_kept_passage, rows))
    passages = tuple(p for document in documents for p in split_passages(document))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps([asdict(p) for p in passages], ensure_ascii=False), "utf-8")
        partial.replace(file)  # whole or not at all, also when two processes write
    return passages


def _kept_passage(row: dict[str, Any]) -> Passage:
    lists: dict[str, Any] = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Passage(**(row | lists))


def all_passages() -> tuple[Passage, ...]:
    """The shipped passages, then those of the reader's own documents as they are now."""
    return load_passages() + own_passages()


def successors(passages: Iterable[Passage]) -> dict[str, Passage]:
    """Id of an older passage -> the passage that replaces it."""
    return {p.replaces: p for p in passages if p.replaces}


def _with_successors(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """A replaced passage says so in its title, wherever it is cited, and gives no advice any more."""
    newer = successors(passages)
    for old, passage in newer.items():
        if old == passage.id or old not in {p.id for p in passages}:
            raise BadKnowledge(f"passage {passage.id} replaces {old!r}: expected the id of another passage")
    return tuple(
        replace(p, title=f"{p.title} (replaced by: {newer[p.id].title})", role="background") if p.id in newer else p
        for p in passages
    )


def knowledge_name(passages: tuple[Passage, ...]) -> str:
    """Name and short hash of what the passages say, as the answer states them."""
    digest = hashlib.sha256("\n".join(f"{p.id}\t{p.text}" for p in passages).encode()).hexdigest()
    return f"knowledge-{digest[:8]}"


def first_sentence(text: str) -> str:
    """The sentence that an answer prints; it stands alone by the form of the knowledge."""
    match = re.match(r".+?[.!?](?=\s+[A-Z\"“\[{]|\s*$)(?<!\bNo\.)(?<!\bU\.S\.)(?<!\bCo\.)(?<!\bMr\.)", text, re.DOTALL)
    return match.group().strip() if match else text.strip()
