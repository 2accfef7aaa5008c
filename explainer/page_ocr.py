"""Reads the words off a screenshot, in memory; the optional extra "ocr" brings the reader and its weights."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import io
import logging
from functools import cache
from threading import Lock
from typing import Any

from explainer.errors import BadInput, MissingExtra

MAX_PIXELS = 8_000_000
"""The page sends at most 1,600 on the longer side; a larger picture did not come from it."""
SURE = 0.5
"""Lines that the reader is less sure of are mostly icons and the clock."""
_reading = Lock()


def can_read_pictures() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("rapidocr") is not None and importlib.util.find_spec("onnxruntime") is not None


def read_picture(data_url: str) -> str:
    """The text in a screenshot (PNG, JPEG or WebP as a data address), line by line; for the person to check."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    _, comma, encoded = data_url.partition(",")
    try:
        if not comma or not data_url.startswith("data:image/"):
            raise ValueError
        picture = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)), formats=("PNG", "JPEG", "WEBP"))
        if picture.width * picture.height > MAX_PIXELS:  # before any of it is unpacked
            raise BadInput(f"the picture has more than {MAX_PIXELS:,} pixels: cut it to the message")
        pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]  # the reader expects blue first
    except (ValueError, OSError, UnidentifiedImageError, binascii.Error, Image.DecompressionBombError):
        raise BadInput("the picture cannot be read: give a screenshot as PNG, JPEG or WebP") from None
    with _reading:
        found = _reader()(pixels)
    lines = [text for text, score in zip(found.txts or (), found.scores or (), strict=True) if score >= SURE]
    if not lines:
        raise BadInput("no words were found in the picture: type or copy the message instead")
    return "\n".join(lines)


@cache
def _reader() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingExtra("reading a screenshot", "ocr") from error
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})
