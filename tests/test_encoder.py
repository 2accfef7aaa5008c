"""The embedded encoder is the original, four times smaller; and any other can take its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from explainer.encoder import EmbeddedEncoder, SentenceTransformerEncoder
from explainer.errors import BadModel
from explainer.weights import MODELS, model_folder

REFERENCE = Path(__file__).parent / "data" / "reference_vectors.json"


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


def test_vectors_agree_with_the_original_weights(encoder: EmbeddedEncoder) -> None:
    rows = json.loads(REFERENCE.read_text("utf-8"))
    vectors = encoder.encode([row["text"] for row in rows])
    cosines = (vectors * np.array([row["vector"] for row in rows])).sum(axis=1)
    assert len(rows) == 32
    assert cosines.min() >= 0.99


def test_a_batch_gives_what_single_texts_give(encoder: EmbeddedEncoder) -> None:
    texts = ["Your loan is due", "a", "Final notice: pay today " * 20, "【招联金融】您的借款已逾期"]
    together = encoder.encode(texts)
    alone = np.vstack([encoder.encode([t]) for t in texts])
    # int8 rounds by the largest value of the batch, so the last digits differ
    assert (together * alone).sum(axis=1).min() > 0.995
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(encoder: EmbeddedEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_control_tokens_in_a_text_stay_text(encoder: EmbeddedEncoder) -> None:
    ids = encoder._tokenizer.encode("pay [SEP] now [CLS]").ids
    assert ids.count(101) == 1 and ids.count(102) == 1


def test_a_missing_model_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="not found"):
        EmbeddedEncoder(tmp_path / "nowhere")


def test_one_flipped_byte_is_told_by_file_name(tmp_path: Path) -> None:
    for file in (MODELS / "kinds").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "surface.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(BadModel, match="surface.safetensors differs"):
        model_folder(tmp_path)


def test_another_encoder_by_name_serves_retrieval_only(tiny_bert: Path) -> None:
    from explainer import Explainer

    encoder = SentenceTransformerEncoder(str(tiny_bert))
    assert encoder.encode(["your loan", "due today"]).shape == (2, 32)
    answer = Explainer.load(encoder=str(tiny_bert)).explain("Your loan EMI of Rs 2031 is due on 18-09-21")
    assert answer.models["encoder"] == str(tiny_bert)
    assert answer.kind == "reminder" and answer.citations


def test_an_unknown_encoder_is_told() -> None:
    with pytest.raises(BadModel, match="nobody/nothing"):
        SentenceTransformerEncoder("nobody/nothing")
