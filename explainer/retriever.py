"""Step 4: the passages that fit: filtered by cause and country, ranked by meaning and by words."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from explainer.encoder import Encoder
from explainer.records import CauseEstimate, Hit, KindEstimate, Message, Passage
from explainer.word_search import WordSearch
from explainer.words import CAUSE_WORDS, KIND_WORDS, cues_in

EXPLAINING = ("why", "sign", "decide")
"""The roles that the explanation is made from, one passage each: k = 3."""
HITS = 10
RRF = 60
"""Reciprocal rank fusion, the constant of its authors: 1 / (60 + rank), summed over the two rankings."""
LOCAL = 0.006
"""Bonus for a passage of the reader's own country: it outweighs about twenty ranks, for a local rule says more."""
OWN_CLOSE = 0.50
"""Cosine with the text from which an own passage is close, provided that no fitting shipped passage lies closer.
Tried with MiniLM: of 26 texts that a document speaks of, 17 get it, always the right document; of 282 other texts none
gets a stranger's loan agreement, and 30 a page on loan texts at large."""
DETAIL_WORDS = {
    "amount": "a sum", "date": "a date", "person": "a name", "phone": "a number", "link": "a link",
    "reference": "a reference",
}  # fmt: skip
LEADING = 0.012
"""Bonus for a passage about the likelier of the two leading causes; less where it names other causes first."""


class Retriever:
    """The passages, their vectors and their word index."""

    def __init__(self, passages: Sequence[Passage], encoder: Encoder, threads: int = 1) -> None:
        self.passages = tuple(p for p in passages if p.origin == "shipped" and p.role in (*EXPLAINING, "background"))
        self._own = tuple(p for p in passages if p.origin == "yours")
        self._encoder = encoder
        texts = [f"{p.title}. {p.text}" for p in self.passages]
        self._vectors = _cached_vectors(texts, encoder)  # [n_passages, dim], unit
        if self._own:
            # A file of their own: it goes when a document goes.
            own = [f"{p.title}. {p.text}" for p in self._own]
            self._own_vectors = _cached_vectors(own, encoder, "own-vectors")  # [n_own, dim], unit
        self._words = WordSearch(texts)

    def retrieve(
        self, messages: Sequence[Message], kinds: Sequence[KindEstimate], causes: Sequence[CauseEstimate]
    ) -> list[list[Hit]]:
        """The ten best passages for each message, best first."""
        queries = [situation_words(m, k, c) for m, k, c in zip(messages, kinds, causes, strict=True)]
        cosines = self._encoder.encode(queries) @ self._vectors.T  # [n_messages, n_passages]
        ranked = [
            self._rank(query, cosine, message, kind, cause)
            for query, cosine, message, kind, cause in zip(queries, cosines, messages, kinds, causes, strict=True)
        ]
        if not self._own:
            return ranked
        vectors = self._encoder.encode([m.judged for m in messages])  # [n_messages, dim]
        rows = zip(ranked, vectors, messages, kinds, causes, strict=True)
        return [_with_own(hits, self._closest_own(v, m, k, c)) for hits, v, m, k, c in rows]

    def _closest_own(
        self, vector: NDArray[np.float32], message: Message, kinds: KindEstimate, causes: CauseEstimate
    ) -> Passage | None:
        """The own passage closest to the text itself, if it is close: the words of the situation fit any loan page."""
        own = _fitting(self._own, message, kinds, causes)
        if message.language != "en" or not len(own):  # in no other language does the encoder read the text
            return None
        cosines = self._own_vectors[own] @ vector
        shipped = self._vectors[_fitting(self.passages, message, kinds, causes)] @ vector
        close = float(cosines.max()) >= max(OWN_CLOSE, float(shipped.max(initial=-1)))
        return self._own[own[int(cosines.argmax())]] if close else None

    def _rank(
        self, query: str, cosine: NDArray[np.float32], message: Message, kinds: KindEstimate, causes: CauseEstimate
    ) -> list[Hit]:
        leading = [c.cause for c in causes.causes[:2]]
        fits = _fitting(self.passages, message, kinds, causes)
        if not len(fits):
            return []
        words = self._words.scores(query)
        scores = np.zeros(len(fits))
        for values in (cosine[fits], words[fits]):
            scores[np.argsort(-values, kind="stable")] += 1 / (RRF + 1 + np.arange(len(fits)))
        for row, i in enumerate(fits):
            passage = self.passages[i]
            if leading[0] in passage.causes:
                scores[row] += LEADING / (1 + passage.causes.index(leading[0]))
            scores[row] += LOCAL * (passage.country != "any")
        best = np.argsort(-scores, kind="stable")[:HITS]
        return [Hit(self.passages[fits[row]], float(scores[row]), rank) for rank, row in enumerate(best, 1)]


def choose(hits: Sequence[Hit], causes: CauseEstimate) -> tuple[Passage, ...]:
    """The best passage of each explaining role; one about the leading cause where there is one."""
    leading = causes.cause
    chosen = []
    for role in EXPLAINING:
        of_role = [h.passage for h in hits if h.passage.role == role]
        best = next((p for p in of_role if leading in p.causes), next(iter(of_role), None))
        if best is not None:
            chosen.append(best)
    return tuple(chosen)


def _with_own(hits: list[Hit], own: Passage | None) -> list[Hit]:
    """An own passage in front; the order of the shipped ones, from which the answer is made, stays."""
    if own is None:
        return hits
    first = Hit(own, hits[0].score if hits else 0.0, 1)
    return [first, *(Hit(h.passage, h.score, h.rank + 1) for h in hits)]


def _fitting(
    passages: Sequence[Passage], message: Message, kinds: KindEstimate, causes: CauseEstimate
) -> NDArray[np.int64]:
    leading = [c.cause for c in causes.causes[:2]]
    fits = [i for i, p in enumerate(passages) if fits_situation(p, message, kinds.kind, leading)]
    return np.array(fits, dtype=np.int64)


def fits_situation(passage: Passage, message: Message, kind: str, causes: Sequence[str]) -> bool:
    """Right for one of these causes, this country, this kind and this lender."""
    return (
        any(cause in passage.causes for cause in causes)
        and passage.country in ("any", message.country)
        and (not passage.kinds or kind in passage.kinds)
        and (not passage.senders or (message.sender_class or "none") in passage.senders)
        and (passage.lender is None or passage.lender in message.lenders)
    )


def situation_words(message: Message, kinds: KindEstimate, causes: CauseEstimate) -> str:
    """The query: the situation and what the text does in English words, and the text itself where it is English.

    Without its details, so that two texts that differ only in a name or a sum are answered from the same passages.
    """
    text = message.masked(lambda slot: DETAIL_WORDS.get(slot.name), message.judged)
    parts = [KIND_WORDS[kinds.kind], *(CAUSE_WORDS[c.cause] for c in causes.causes[:2]), *causes.cues, *cues_in(text)]
    if message.language == "en":
        parts.append(" ".join(text.split())[:400])
    return ". ".join(dict.fromkeys(parts))


def _cached_vectors(texts: list[str], encoder: Encoder, name: str = "vectors") -> NDArray[np.float32]:
    """Vectors of passages, kept on disk under the hash of texts and encoder; without a disk, computed."""
    digest = hashlib.sha256("\0".join([encoder.name, *texts]).encode()).hexdigest()[:16]
    file = Path(platformdirs.user_cache_dir("loan-text-explainer")) / f"{name}-{digest}.npy"
    with contextlib.suppress(OSError, ValueError, EOFError):
        vectors: NDArray[np.float32] = np.load(file, allow_pickle=False)
        if vectors.shape[0] == len(texts):
            return vectors
    vectors = encoder.encode(texts)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.npy")
        np.save(partial, vectors)
        partial.replace(file)  # whole or not at all, also when two processes write
    return vectors
