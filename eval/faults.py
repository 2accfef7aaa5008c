"""What is lost or doubled when the program is killed, the disk is full, or the clock goes back?

    python -m eval.faults [--times N] [--only NAME]

Each fault is brought about N times (50) and what is there afterwards is counted. Works where there is fork: a child
does the work and is killed at a random moment. Bulk is begun again from the start after a kill.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from explainer import Explainer
from explainer.bulk import explain_file
from explainer.errors import BadInput
from explainer.library import add_document, own_documents
from explainer.records import Passage
from explainer.retriever import Retriever

DOCUMENTS = 6
TEXT = "The lender may text you before the payment date. A late fee of 2 % follows after ten days. Note {}."


class Count(NamedTuple):
    """Of one fault: how often it was brought about, what was lost and what doubled, and where it could not go on."""

    times: int
    lost: int
    doubled: int
    stuck: int


def killed(work: Callable[[], object], longest: float, rng: random.Random) -> bool:
    """Do the work in a child and kill it at a random moment; was it killed before it had ended?"""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
        os._exit(0)
    time.sleep(rng.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes in a child."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - start


def kill_while_adding(folder: Path, times: int, rng: random.Random) -> Count:
    """A child adds documents and is killed; then all are added again: each must be there once, and whole."""
    files = [folder / f"note-{i}.txt" for i in range(DOCUMENTS)]
    for i, file in enumerate(files):
        file.write_text(TEXT.format(i))

    def work() -> None:
        for file in files:
            add_document(file)

    os.environ["XDG_DATA_HOME"] = str(folder / "measure")
    longest = timed(work)
    lost = doubled = stuck = 0
    for n in range(times):
        os.environ["XDG_DATA_HOME"] = str(folder / f"data-{n}")
        killed(work, longest, rng)
        try:
            kept = own_documents()  # every one that is there is whole
            work()
            after = own_documents()
        except Exception as error:
            print(f"adding, {n}: {error}", file=sys.stderr)
            stuck += 1
            continue
        paths = [d.path for d in after]
        lost += len({d.path for d in kept} - set(paths)) + len({str(f.resolve()) for f in files} - set(paths))
        doubled += len(paths) - len(set(paths))
    return Count(times, lost, doubled, stuck)


class HashedEncoder:
    """Vectors without a model, so that only the writing of the index is tried."""

    name = "hashed"

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        rows = [np.random.default_rng(len(text)).standard_normal(384) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), 384)


def kill_while_indexing(folder: Path, times: int, rng: random.Random) -> Count:
    """A child builds the vectors of the passages and is killed; the next one must read or build them whole."""
    passages = [
        Passage(f"p{i}", f"Title {i}", TEXT.format(i), "why", ("marketing",), "any", (), "s", "", "2026-11-23", "firm")
        for i in range(800)
    ]
    encoder = HashedEncoder()
    expected = encoder.encode([f"{p.title}. {p.text}" for p in passages])

    def work() -> None:
        Retriever(passages, encoder)  # type: ignore[arg-type]

    os.environ["XDG_CACHE_HOME"] = str(folder / "measure")
    longest = timed(work)
    lost = stuck = 0
    for n in range(times):
        os.environ["XDG_CACHE_HOME"] = str(folder / f"cache-{n}")
        killed(work, longest, rng)
        try:
            vectors = Retriever(passages, encoder)._vectors  # type: ignore[arg-type]
        except Exception as error:
            print(f"indexing, {n}: {error}", file=sys.stderr)
            stuck += 1
            continue
        lost += not np.array_equal(vectors, expected)
    return Count(times, lost, 0, stuck)


def kill_during_bulk(folder: Path, times: int, rng: random.Random) -> Count:
    """A child explains a file and is killed; begun again, every row must be answered once, and be whole."""
    explainer = Explainer.load(own_documents=False)
    source = folder / "in.jsonl"
    rows = [{"id": f"r{i}", "text": f"Your loan EMI of Rs {1000 + i} is due on 5 Nov."} for i in range(130)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    longest = timed(lambda: explain_file(explainer, source, folder / "measure.jsonl"))
    lost = doubled = stuck = 0
    for n in range(times):
        target = folder / f"out-{n}.jsonl"
        killed(lambda target=target: explain_file(explainer, source, target), longest, rng)  # type: ignore[misc]
        try:
            explain_file(explainer, source, target)
            ids = [json.loads(line)["id"] for line in target.read_text("utf-8").splitlines()]
        except Exception as error:
            print(f"bulk, {n}: {error}", file=sys.stderr)
            stuck += 1
            continue
        lost += len({row["id"] for row in rows} - set(ids))
        doubled += len(ids) - len(set(ids))
    return Count(times, lost, doubled, stuck)


def disk_full(folder: Path, times: int, rng: random.Random) -> Count:
    """Writing fails after some bytes while a document is updated: the old one must stay, and the error be told."""
    os.environ["XDG_DATA_HOME"] = str(folder / "data")
    file = folder / "note.txt"
    lost = stuck = 0
    for n in range(times):
        file.write_text(TEXT.format("old"))
        add_document(file)
        file.write_text(TEXT.format(n))

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        try:
            with patch.object(os, rng.choice(["fsync", "replace"]), full):
                add_document(file)
            stuck += 1  # it said nothing
        except BadInput as error:
            stuck += "No space left" not in str(error)
        kept = own_documents()
        lost += [d.passages[0].text for d in kept] != [TEXT.format("old")]
    return Count(times, lost, 0, stuck)


def read_only_home(folder: Path, times: int, rng: random.Random) -> Count:
    """Nothing can be written: texts are explained all the same, and adding a document is refused in words."""
    blocked = folder / "file"
    blocked.write_text("no folder can be made below a file")
    os.environ.update(XDG_DATA_HOME=str(blocked / "data"), XDG_CACHE_HOME=str(blocked / "cache"))
    note = folder / "note.txt"
    note.write_text(TEXT.format(1))
    stuck = 0
    for _ in range(min(times, 3)):
        answer = Explainer.load().explain("Your loan EMI of Rs 2031 is due on 18-09-21. -Home Credit")
        stuck += answer.kind != "reminder"
        try:
            add_document(note)
            stuck += 1
        except BadInput:
            pass
    return Count(min(times, 3), 0, 0, stuck)


def clock_going_back(folder: Path, times: int, rng: random.Random) -> Count:
    """A document is added, then again under an earlier date with other content: the newer content must win."""
    os.environ["XDG_DATA_HOME"] = str(folder / "data")
    file = folder / "note.txt"
    lost = doubled = 0
    for n in range(times):
        file.write_text(TEXT.format(n))
        add_document(file, added=date(2026, 11, 28) if n % 2 else date(1999, 1, 1))
        kept = own_documents()
        lost += not any(f"Note {n}." in p.text for d in kept for p in d.passages)
        doubled += len(kept) - 1
    return Count(times, lost, doubled, 0)


def processes_at_once(folder: Path, times: int, rng: random.Random) -> Count:
    """Two children add the same and other documents at the same time: each must be there once."""
    lost = doubled = stuck = 0
    for n in range(times):
        os.environ["XDG_DATA_HOME"] = str(folder / f"data-{n}")
        files = [folder / f"{n}-{i}.txt" for i in range(4)]
        for i, file in enumerate(files):
            file.write_text(TEXT.format(f"{n} {i}"))
        children = []
        for mine in (files[:3], files[1:]):
            child = os.fork()
            if child == 0:
                with suppress(BaseException):
                    for file in mine:
                        add_document(file)
                    os._exit(0)
                os._exit(1)
            children.append(child)
        stuck += sum(os.waitpid(child, 0)[1] != 0 for child in children)
        paths = [d.path for d in own_documents()]
        lost += len({str(f.resolve()) for f in files} - set(paths))
        doubled += len(paths) - len(set(paths))
    return Count(times, lost, doubled, stuck)


FAULTS: dict[str, Callable[[Path, int, random.Random], Count]] = {
    "killed while documents are added": kill_while_adding,
    "killed while the index is built": kill_while_indexing,
    "killed during bulk": kill_during_bulk,
    "disk full while a document is updated": disk_full,
    "home folder cannot be written": read_only_home,
    "clock goes back between two additions": clock_going_back,
    "two processes add at once": processes_at_once,
}


def run(name: str, times: int, seed: int = 0) -> Count:
    """Bring a fault about in a folder of its own; the environment is as before afterwards."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"XDG_CACHE_HOME": f"{folder}/cache"}):
        return FAULTS[name](Path(folder), times, random.Random(seed))


def main() -> None:
    parser = argparse.ArgumentParser(description="Bring faults about, and count what is lost or doubled.")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--only", default="", help="only faults whose name holds this")
    options = parser.parse_args()
    print("| fault | times | lost | doubled | could not go on |\n|---|---|---|---|---|", flush=True)
    wrong = 0
    for name in (n for n in FAULTS if options.only in n):
        count = run(name, options.times)
        wrong += count.lost + count.doubled + count.stuck
        print(f"| {name} | {count.times} | {count.lost} | {count.doubled} | {count.stuck} |", flush=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
