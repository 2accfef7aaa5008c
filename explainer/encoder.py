"""Texts to unit vectors: the embedded encoder, or any other by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explainer.errors import BadModel, MissingExtra
from explainer.weights import model_folder, model_name, refuse_pickles

DIM = 384
MAX_PIECES = 256
"""What MiniLM was trained with; a text message seldom has more."""
BATCH_PIECES = 4096
"""Pieces in one call of the model, padding included; more gains no speed on two cores."""

Pieces = tuple[list[tuple[int, int]], NDArray[np.float32]]


class Encoder(Protocol):
    """The seam: anything that turns texts into unit vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """-> [n_texts, dim], each row of length 1."""
        ...


class EmbeddedEncoder:
    """A BERT-shaped sentence encoder in CTranslate2 int8, mean pooling; imports no torch."""

    def __init__(self, folder: Path | str = "encoder", threads: int = 1) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        path = model_folder(folder)
        self.name = model_name(path)
        try:
            self._model = ctranslate2.Encoder(str(path), compute_type="int8", intra_threads=threads)
            self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        except Exception as error:  # both libraries raise bare Exception or RuntimeError
            raise BadModel(f"the encoder in {path} cannot be loaded ({error}): restore it from the project") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)
        # A text that contains "[SEP]" must not make a control token.
        self._tokenizer.encode_special_tokens = True
        self._kept: dict[str, Pieces] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, DIM), dtype=np.float32)
        vectors = [hidden.mean(axis=0) for _, hidden in self.encode_pieces(texts)]
        return unit(np.array(vectors, dtype=np.float32))

    def encode_pieces(self, texts: Sequence[str], again: bool = False) -> list[Pieces]:
        """Each text's pieces: where they stand in it, and their vectors [n_pieces, dim], not scaled.

        `again`: the same texts will be asked for once more, and soon; until then they are kept.
        """
        kept = [self._kept.pop(text, None) for text in texts]
        fresh = iter(self._run([text for text, pieces in zip(texts, kept, strict=True) if pieces is None]))
        out = [pieces or next(fresh) for pieces in kept]
        self._kept = dict(zip(texts, out, strict=True)) if again else {}
        return out

    def _run(self, texts: list[str]) -> list[Pieces]:
        encoded = self._tokenizer.encode_batch(texts)
        out: list[Pieces] = [([(0, 0)], np.zeros((1, DIM), np.float32))] * len(encoded)
        for batch in _batches_of_similar_length([len(e.ids) for e in encoded]):
            output = self._model.forward_batch([encoded[i].ids for i in batch])
            hidden = np.array(output.last_hidden_state)  # [batch, pieces, dim]
            for row, i in enumerate(batch):
                out[i] = (encoded[i].offsets, hidden[row, : len(encoded[i].ids)])
        return out


class SentenceTransformerEncoder:
    """Any encoder that sentence-transformers can load, from a folder or by name."""

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra(f"the encoder {name!r}", "models") from error
        self.name = name
        if Path(name).is_dir():
            refuse_pickles(Path(name))
        try:
            self._model = SentenceTransformer(
                name, device="cpu", trust_remote_code=False, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the hub client raises many kinds
            raise BadModel(
                f"the encoder {name!r} cannot be loaded ({type(error).__name__}): give a folder with safetensors, "
                "or a name that is in the local cache"
            ) from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return unit(np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1))


def load_encoder(name: str | None = None, threads: int = 1) -> Encoder:
    """The embedded encoder, or another one by name."""
    return EmbeddedEncoder(threads=threads) if name is None else SentenceTransformerEncoder(name)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-9))
    return scaled


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return scaled


def _batches_of_similar_length(lengths: list[int]) -> list[list[int]]:
    """Indices grouped so that little is padded and no batch holds more than BATCH_PIECES."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or (len(batches[-1]) + 1) * lengths[i] > BATCH_PIECES:
            batches.append([])
        batches[-1].append(i)
    return batches
