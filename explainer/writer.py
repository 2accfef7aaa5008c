"""Step 6: prompts to drafts. The local model writes headline and explanation; nothing that it writes is trusted yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from explainer.errors import BadModel
from explainer.pieces import BREAK, END, START, Pieces
from explainer.quoting import QuotingWriter
from explainer.records import Draft, Prompt
from explainer.weights import model_folder, model_name

MOST_IN, MOST_OUT = 448, 160
"""Pieces. The situation comes first and the text last: what is too long is cut off at the end of the text."""
SAMPLED_FROM, TEMPERATURE = 30, 0.7
"""Further attempts draw each piece from the 30 likeliest; the first takes the likeliest."""
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
            self._model = ctranslate2.Translator(str(path), compute_type="int8", intra_threads=threads)
            self._pieces = Pieces.load(path)
        except Exception as error:  # both libraries raise bare Exception or RuntimeError
            raise BadModel(f"the writer in {path} cannot be loaded ({error}): restore it from the project") from error
        self._set_seed = ctranslate2.set_random_seed

    def generate(self, prompts: Sequence[Prompt], attempt: int = 0) -> list[Draft]:
        """Attempt 0 takes the likeliest pieces; a later one draws, text by text, so that a batch changes nothing."""
        sources = [self._pieces.encode_input(p.text, MOST_IN) for p in prompts]
        if attempt == 0:
            return self._translate(sources)
        drafts = []
        for source in sources:
            self._set_seed(attempt)
            drafts += self._translate([source], sampling_topk=SAMPLED_FROM, sampling_temperature=TEMPERATURE)
        return drafts

    def _translate(self, sources: Sequence[list[str]], **sampling: float) -> list[Draft]:
        if not sources:
            return []
        results = self._model.translate_batch(
            list(sources), beam_size=1, max_decoding_length=MOST_OUT, max_batch_size=16, return_scores=True,
            suppress_sequences=[[tag] for tag in UNWRITABLE], **sampling,
        )  # fmt: skip
        return [self._draft(r.hypotheses[0], r.scores[0]) for r in results]

    def _draft(self, pieces: list[str], score: float) -> Draft:
        said = [p for p in pieces if p not in (START, END)]
        headline, _, explanation = self._pieces.decode(said).partition(BREAK)
        return Draft(headline.strip(), explanation.strip(), score=round(score, 4))


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
