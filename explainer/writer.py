"""Step 6: prompts to drafts. The local model writes headline and explanation; nothing that it writes is trusted yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from explainer.errors import BadModel
from explainer.pieces import BREAK, END, START, Pieces
from explainer.quoting import QuotingWriter
from explainer.records import Draft, Prompt
from explainer.tags import TAGS
from explainer.weights import model_folder, model_name

MOST_IN, MOST_OUT = 448, 160
"""Pieces. The situation comes first and the text last: what is too long is cut off at the end of the text."""
BEAM = 4
"""Drafts that are followed at once for a further attempt. Drawing pieces by chance would give other drafts each time:
the library's seed holds for one thread only."""
NO_REPEAT = 6
"""Pieces in a row that may not come twice: so long a repetition fails the judge anyway."""
LEAST_LIKELY = 4
ENDS = (".", "!", "?")
UNWRITABLE = ("<LINK_1>", "<LINK_2>", "<PHONE_1>", "<PHONE_2>", "<REFERENCE_1>", "<REFERENCE_2>")
"""Read but never written: an explanation that prints a sender's link or number invites to use it."""


class Writer(Protocol):
    """The seam: anything that turns prompts into drafts."""

    name: str

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        """One draft for each prompt, in order. A further attempt, after one that failed, gives another draft."""
        ...


class LocalWriter:
    """The project's own model: an encoder-decoder in CTranslate2 int8; imports no torch."""

    def __init__(self, folder: Path | str = "writer", threads: int = 1) -> None:
        import ctranslate2

        path = model_folder(folder)
        self.name = model_name(path)
        try:
            self._model = ctranslate2.Translator(
                str(path), compute_type="int8", inter_threads=threads, intra_threads=1
            )  # two texts on two threads, not one text on both: more of them for one text gain nothing
            self._pieces = Pieces.load(path)
        except Exception as error:  # both libraries raise bare Exception or RuntimeError
            raise BadModel(f"the writer in {path} cannot be loaded ({error}): restore it from the project") from error

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        """Attempt 0 takes the likeliest pieces; a later one another whole draft of a search over BEAM of them.

        Each text is written alone, so that the others of a batch change nothing.
        """
        sources = [self._pieces.encode_input(p.text, MOST_IN) for p in prompts]
        started = [self._start(source, BEAM if attempt else 1) for source in sources]
        written = [_said(one.result().hypotheses[attempt]) for one in started]
        scored = [self._score(source, pieces) for source, pieces in zip(sources, written, strict=True)]
        return [self._draft(pieces, one.result()) for pieces, one in zip(written, scored, strict=True)]

    def _start(self, source: list[str], beam: int) -> Any:
        """Begins to write; tags that the prompt does not hold cannot come."""
        unwritable = [[tag] for tag in TAGS if tag in UNWRITABLE or tag not in source]
        (started,) = self._model.translate_batch(
            [source], beam_size=beam, num_hypotheses=beam, max_decoding_length=MOST_OUT, asynchronous=True,
            suppress_sequences=unwritable, no_repeat_ngram_size=NO_REPEAT,
        )  # fmt: skip
        return started

    def _score(self, source: list[str], pieces: list[str]) -> Any:
        """Begins to read the draft over: how likely was each piece?"""
        (started,) = self._model.score_batch([source], [pieces], asynchronous=True)
        return started

    def _draft(self, pieces: list[str], scored: Any) -> Draft:
        headline, _, explanation = self._pieces.decode(pieces).partition(BREAK)
        return Draft(headline.strip(), explanation.strip(), sureness=sureness(scored.tokens, scored.log_probs))


def _said(pieces: Sequence[str]) -> list[str]:
    return [piece for piece in pieces if piece not in (START, END)]


def sureness(pieces: Sequence[str], log_probabilities: Sequence[float]) -> tuple[float, ...]:
    """Of headline and sentences, told apart by their end signs: the mean of the least likely pieces of each."""
    parts: list[list[float]] = [[]]
    for piece, p in zip(pieces, log_probabilities, strict=True):
        parts[-1].append(p)
        if piece in (*ENDS, BREAK) and len(parts[-1]) > 1:
            parts.append([])
        elif piece in (BREAK, END):
            parts[-1].clear()  # the break behind the headline's full stop, and the end, belong to no sentence
    worst = [sorted(part)[:LEAST_LIKELY] for part in parts if part]
    return tuple(round(sum(part) / len(part), 3) for part in worst)


def load_writer(name: str = "local", threads: int = 1) -> Writer:
    """local: the embedded model; quoting: no model; an address: a server; anything else: a model by folder or name."""
    if name == "local":
        return LocalWriter(threads=threads)
    if (Path(name) / "shared_vocabulary.json").is_file():  # one that explainer/training/writer.py made
        return LocalWriter(Path(name).resolve(), threads)
    if name == "quoting":
        return QuotingWriter()
    from explainer.chat import ServerWriter, TransformersWriter

    return ServerWriter(name) if name.startswith(("http://", "https://")) else TransformersWriter(name)
