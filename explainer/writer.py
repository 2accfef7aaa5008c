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
        """Attempt 0 takes the likeliest pieces, a later one the next best whole draft of a search over BEAM of them.

        Each text is written alone, so that the others of a batch change nothing.
        """
        started = [self._start(prompt, BEAM if attempt else 1) for prompt in prompts]
        return [self._draft(one.result(), max(0, attempt - 1)) for one in started]

    def _start(self, prompt: Prompt, beam: int) -> Any:
        """Begins to write; tags that the prompt does not hold cannot come."""
        source = self._pieces.encode_input(prompt.text, MOST_IN)
        unwritable = [[tag] for tag in TAGS if tag in UNWRITABLE or tag not in source]
        (started,) = self._model.translate_batch(
            [source], beam_size=beam, num_hypotheses=beam, max_decoding_length=MOST_OUT, return_scores=True,
            suppress_sequences=unwritable, no_repeat_ngram_size=NO_REPEAT, asynchronous=True,
        )  # fmt: skip
        return started

    def _draft(self, result: Any, rank: int) -> Draft:
        said = [p for p in result.hypotheses[rank] if p not in (START, END)]
        headline, _, explanation = self._pieces.decode(said).partition(BREAK)
        return Draft(headline.strip(), explanation.strip(), score=round(result.scores[rank], 4))


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
