"""Details that no pattern tells: the fine-tuned encoder reads lender, person and reference piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file

from explainer.encoder import EmbeddedEncoder, softmax
from explainer.weights import model_folder

SLOTS = ("lender", "amount", "date", "person", "phone", "link", "reference")
TAGS = ("outside", *(f"{place} {slot}" for slot in SLOTS for place in ("begin", "inside")))


SURE = 0.5
"""A piece tagged with less is taken for no detail."""


class SlotTagger:
    """A linear head on each piece of the reading encoder."""

    def __init__(self, encoder: EmbeddedEncoder, folder: str = "reader") -> None:
        heads = load_file(model_folder(folder) / "heads.safetensors")
        self._weights, self._bias = heads["tags"], heads["tag_bias"]  # [dim, n_tags], [n_tags]
        self._encoder = encoder

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """Normalised texts -> the details of each, in order."""
        tagged = []
        # The kind model reads the same texts next.
        for text, (offsets, hidden) in zip(texts, self._encoder.encode_pieces(texts, again=True), strict=True):
            chances = softmax(hidden @ self._weights + self._bias)  # [n_pieces, n_tags]
            best = np.where(chances.max(axis=1) >= SURE, chances.argmax(axis=1), 0)
            tagged.append(spans([TAGS[i] for i in best], offsets, text))
        return tagged


class Tagged(NamedTuple):
    """A detail in the normalised text."""

    name: str
    start: int
    end: int


def spans(tags: Sequence[str], offsets: Sequence[tuple[int, int]], text: str) -> list[Tagged]:
    """Tags of pieces and their places in the text -> details, whole words without signs at the ends."""
    found: list[Tagged] = []
    for tag, (start, end) in zip(tags, offsets, strict=True):
        if tag == "outside" or start == end:
            continue
        place, name = tag.split(" ", 1)
        last = found[-1] if found else None
        touching = last is not None and last.name == name and start - last.end <= 1
        if last is not None and touching and (place == "inside" or start == last.end or name in ("lender", "person")):
            found[-1] = Tagged(name, last.start, end)
        else:
            found.append(Tagged(name, start, end))
    return [whole for span in found if (whole := _whole_words(span, text)).end > whole.start]


def _whole_words(span: Tagged, text: str) -> Tagged:
    start, end = span.start, span.end
    while start > 0 and _same_word(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _same_word(text[end - 1], text[end]):
        end += 1
    while end > start and text[end - 1] in " .,:;!?-–()[]【】\"'":
        end -= 1
    while start < end and text[start] in " .,:;!?-–()[]【】\"'":
        start += 1
    return Tagged(span.name, start, end)


def _same_word(left: str, right: str) -> bool:
    """No word ends between these two; Chinese has no such ends."""
    return left.isalnum() and right.isalnum() and not ("\u4e00" <= left <= "\u9fff" or "\u4e00" <= right <= "\u9fff")
