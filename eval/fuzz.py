"""A guided search for texts and files that break the readers, for as long as it is given.

    python -m eval.fuzz [--seconds N]          # in an environment that has atheris; it is no dependency of the project

Coverage of the program's own modules guides what is tried next. Reading a text, finding its details, a document of each
kind, a file of many texts, a pasted screen and what the browser sends back are tried in turn. A crash, a call of more
than two seconds or more than 600 MB ends the search and is written down by the fuzzer as a file that brings it about
again: python -m eval.fuzz FILE.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["explainer"]):
    from explainer import documents, grounding, knowledge, message, page_api, page_paste, rows, surface
    from explainer.errors import ExplainerError
    from explainer.orders import worst_parts
    from explainer.records import Request

SECONDS = 1200
MEGABYTES = 600
SLOWEST = 2
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
ENDINGS = (".txt", ".md", ".html", ".pdf", ".csv", ".jsonl")


def try_one(data: bytes) -> None:
    """One input: the first byte chooses the reader. Only an error meant for the reader may be raised."""
    if not data:
        return
    text = data[1:].decode("utf-8", "surrogatepass" if data[0] & 1 else "replace")[:20_000] if _decodes(data) else ""
    try:
        match data[0] % 5:
            case 0:
                found = message.read_message(Request(text, sender=text[:20] or None))
                assert all(found.request.text[s.start : s.end] == s.text for s in found.slots)
                assert len(found.judged) == len(found.text)
                assert all(len(part) == len(found.text) for part in worst_parts(found.judged))
            case 1:
                _file(data[1:])
            case 2:
                page_paste.split_paste(text)
                grounding.sentences(text)
                knowledge.first_sentence(text)
            case 3:
                page_api.Asked.from_dict({"text": text, "sender": text, "country": text[:2], "received_at": text[:10],
                                          "name": text, "already": [text], "answers": [[text, text]]})  # fmt: skip
            case _:
                surface.hashed_words(text)
                surface.hashed_ngrams(text)
    except ExplainerError:
        return


def _decodes(data: bytes) -> bool:
    try:
        data[1:].decode("utf-8", "surrogatepass" if data[0] & 1 else "replace")
    except UnicodeDecodeError:
        return False
    return True


def _file(data: bytes) -> None:
    if not data:
        return
    path = FOLDER / f"a{ENDINGS[data[0] % len(ENDINGS)]}"
    path.write_bytes(data[1:])
    if path.suffix in (".csv", ".jsonl"):
        list(rows.read_rows(path))
    else:
        documents.read_document(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Search for texts and files that break the readers.")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    options, rest = parser.parse_known_args()
    limits = [
        f"-max_total_time={options.seconds}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-timeout={SLOWEST}",
        "-max_len=20000",
    ]
    atheris.Setup([sys.argv[0], *limits, *rest], try_one)
    message.read_message(Request("Your loan EMI of Rs 5 is due, pay at a.in/x or call +919830012345"))  # load all first
    atheris.Fuzz()


if __name__ == "__main__":
    main()
