"""A person's own documents, kept in the user's data folder: add, list, remove.

What stands in them is text, never an instruction: their passages have the role `background`, from which no step,
no number to call and no ranking is made. A part that was held back is kept beside them with the reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, Literal

import platformdirs

from explainer.errors import BadInput, BadKnowledge
from explainer.records import CAUSES, Passage

MAX_PASSAGES = 5_000
"""Of all own documents together: encoding them for the first time then takes about half a minute."""
FORMAT = 1
_APP = "loan-text-explainer"


@dataclass(frozen=True, slots=True)
class OwnPassage:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A part that is never cited."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class OwnDocument:
    id: str
    name: str
    path: str
    added: str
    """ISO date."""
    country: str
    digest: str
    """Of the file as it was added."""
    passages: tuple[OwnPassage, ...]
    held: tuple[HeldBack, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    document: OwnDocument
    outcome: Literal["added", "updated", "unchanged"]
    """updated: the same path was there with other content or country, which is gone now."""


def library_folder() -> Path:
    return Path(platformdirs.user_data_dir(_APP)) / "documents"


def add_document(path: Path, country: str = "any", added: date | None = None) -> Addition:
    """Read a document and keep its passages. Raises BadInput when it cannot be read, MissingExtra for a missing reader.

    A document at the same path replaces the one that was there; the same content again changes nothing.
    """
    document = _read(path, _country(country), added or date.today())
    with _locked() as folder:
        kept = _stored(folder)
        old = [d for d in kept if d.path == document.path or d.id == document.id]
        for same in old:
            if (same.digest, same.country, same.passages) == (document.digest, document.country, document.passages):
                return Addition(same, "unchanged")
        total = sum(len(d.passages) for d in kept if d not in old) + len(document.passages)
        if total > MAX_PASSAGES:
            raise BadInput(
                f"{document.name}: your documents would have {total:,} passages, the limit is {MAX_PASSAGES:,}: "
                "take one out with  explainer sources remove"
            )
        _write(folder / f"{document.id}.json", json.dumps({"format": FORMAT, **asdict(document)}, ensure_ascii=False))
        for other in old:
            if other.id != document.id:
                (folder / f"{other.id}.json").unlink(missing_ok=True)
        forget_vectors()
    return Addition(document, "updated" if old else "added")


def own_documents() -> tuple[OwnDocument, ...]:
    """All documents that were added, by name. Raises BadKnowledge, naming the file, when one is damaged."""
    return tuple(_stored(library_folder()))


def remove_document(id: str) -> OwnDocument:
    """Take a document out, by its id or, where only one has it, its file name. Raises BadInput when there is none."""
    if not library_folder().is_dir():
        raise BadInput(f"no document {id!r}: you have added none")
    with _locked() as folder:
        documents = _stored(folder)
        found = [d for d in documents if d.id == id] or [d for d in documents if d.name == id]
        if len(found) != 1:
            what = f"{len(found)} documents have the name" if found else "no document"
            yours = ", ".join(d.id for d in found or documents) or "none"
            raise BadInput(f"{what} {id!r}: the ids of yours are {yours}")
        (folder / f"{found[0].id}.json").unlink()
        forget_vectors()
    return found[0]


def own_passages() -> tuple[Passage, ...]:
    """The passages of all own documents, as the retriever takes them: right for any cause, and background only."""
    return tuple(
        Passage(
            id=f"yours-{document.id}-{i}",
            title=passage.title,
            text=passage.text,
            role="background",
            causes=CAUSES,
            country=document.country,
            facts=(),
            source=f"your document {document.name}",
            url="",
            checked=document.added,
            confidence="yours",
            origin="yours",
        )
        for document in own_documents()
        for i, passage in enumerate(document.passages, 1)
    )


def forget_vectors() -> None:
    """Vectors tell what stood in a passage: none outlives its document."""
    for file in Path(platformdirs.user_cache_dir(_APP)).glob("own-vectors-*.npy"):
        with contextlib.suppress(OSError):
            file.unlink()


def _read(path: Path, country: str, added: date) -> OwnDocument:
    from explainer.documents import plain, read_document  # what adding needs, explaining does not

    reading = read_document(path)
    name = plain(path.name)
    if not reading.passages:
        why = (
            f"all was held back, {reading.held[0].reason}" if reading.held else "if it is a scan, save it with its text"
        )
        raise BadInput(f"{name} has no text that could be cited: {why}")
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.casefold()).strip("-")[:40] or "document"
    return OwnDocument(
        id=f"{slug}-{reading.digest[:8]}",
        name=name,
        path=str(path.resolve()),
        added=added.isoformat(),
        country=country,
        digest=reading.digest,
        passages=reading.passages,
        held=reading.held,
    )


def _country(code: str) -> str:
    import phonenumbers

    if code.casefold() == "any":
        return "any"
    if code.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise BadInput(f"unknown country {code!r}: give an ISO code of two letters, such as US, GB, IN, or any")
    return code.upper()


def _stored(folder: Path) -> list[OwnDocument]:
    loaded = (_load(file) for file in folder.glob("*.json"))
    return sorted((d for d in loaded if d is not None), key=lambda d: (d.name, d.id))


def _load(file: Path) -> OwnDocument | None:
    """None when another process has just taken it out."""
    try:
        fields = json.loads(file.read_text("utf-8"))
        if fields.pop("format") != FORMAT:
            raise ValueError("of another version of the program")
        passages = tuple(OwnPassage(**p) for p in fields.pop("passages"))
        held = tuple(HeldBack(**h) for h in fields.pop("held"))
        return OwnDocument(**fields, passages=passages, held=held)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadKnowledge(f"{file} is damaged ({error}): delete this file and add the document again") from error


@contextlib.contextmanager
def _locked() -> Iterator[Path]:
    """The folder, for one process at a time; the system lifts the lock of a process that dies."""
    folder = library_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "lock").open("a+b") as stream:
            _lock(stream)
            for left_over in folder.glob("*.partial"):  # of a process that was killed: nobody else writes now
                left_over.unlink()
            yield folder
    except OSError as error:
        raise BadInput(f"{folder} cannot be written ({error.strerror}): make room there, or allow writing") from error


def _lock(stream: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)


def _write(file: Path, text: str) -> None:
    """Whole or not at all, also when the power fails; readable by its owner only."""
    handle, partial = tempfile.mkstemp(dir=file.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
