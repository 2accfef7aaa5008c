"""The recipes run, and what they make can be loaded."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from eval.overlap import masked
from explainer.encoder import EmbeddedEncoder, SentenceTransformerEncoder
from explainer.records import KINDS
from explainer.tagger import SlotTagger
from explainer.training import noise
from explainer.training.messages import load_messages, soft_label, unmark


def test_the_conversion_keeps_what_the_model_says(tiny_bert: Path, tmp_path: Path) -> None:
    from explainer.training.encoder import convert

    convert(tiny_bert, tmp_path / "converted")
    texts = ["your loan is due today", "pay now", "a"]
    original = SentenceTransformerEncoder(str(tiny_bert)).encode(texts)
    converted = EmbeddedEncoder(tmp_path / "converted").encode(texts)
    assert (original * converted).sum(axis=1).min() > 0.98


def test_the_reader_recipe_runs_and_its_model_loads(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explainer.training import reader

    dev = tmp_path / "dev.jsonl"
    dev.write_text(json.dumps({"text": "your loan is due", "lang": "en", "kinds": ["reminder"]}) + "\n")
    out = tmp_path / "reader"
    monkeypatch.setattr(sys, "argv", ["reader", str(tiny_bert), "--out", str(out), "--dev", str(dev), "--smoke"])
    reader.main()
    encoder = EmbeddedEncoder(out)
    assert encoder.encode(["您的贷款"]).shape == (1, 32)
    assert len(SlotTagger(encoder, out).tag(["pay Rs 20 to Hero", ""])) == 2


def test_marks_become_plain_text_and_places() -> None:
    text, slots = unmark("Pay {AMOUNT:Rs 20} to {LENDER:Hero}")
    assert text == "Pay Rs 20 to Hero"
    assert [(n, text[a:b]) for n, a, b in slots] == [("amount", "Rs 20"), ("lender", "Hero")]


def test_the_training_messages_are_varied() -> None:
    messages = load_messages()
    assert len(messages) >= 9000 and len({m.id for m in messages}) == len(messages)
    assert {m.kind for m in messages} == set(KINDS)
    templates: dict[str, int] = {}
    for message in messages:
        templates[masked(message.text)] = templates.get(masked(message.text), 0) + 1
    assert max(templates.values()) <= 2
    words = [re.findall(r"[a-z']+|[\u4e00-\u9fff]", m.text.casefold()) for m in messages]
    grams = [tuple(w[i : i + 4]) for w in words for i in range(len(w) - 3)]
    assert len(set(grams)) / len(grams) > 0.8


def test_labels_share_their_weight_with_a_defensible_second_kind() -> None:
    for message in load_messages()[::50]:
        label = soft_label(message)
        assert sum(label.values()) == pytest.approx(1) and max(label, key=label.__getitem__) == message.kind


def test_noise_is_reproducible_and_never_empties_a_text() -> None:
    texts = [m.text for m in load_messages()[::40]]
    for change in (noise.noisy, noise.disguised):
        first = [change(t, random.Random(i)) for i, t in enumerate(texts)]
        again = [change(t, random.Random(i)) for i, t in enumerate(texts)]
        assert first == again and all(first)
    assert np.mean([noise.noisy(t, random.Random(i)) == t for i, t in enumerate(texts)]) < 0.7
