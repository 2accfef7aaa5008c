"""The scripts that measure speed and cost: their arithmetic, and that the generated texts are what they say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eval.mass_texts import mass_texts
from eval.scale import on_paper, picture
from eval.speed import decoder_bytes, spread
from explainer.weights import MODELS


def test_mass_texts_repeat_a_message_with_other_details_and_are_the_same_each_time() -> None:
    rows = list(mass_texts(200, 100, seed=5))
    assert rows == list(mass_texts(200, 100, seed=5)) and len({r["id"] for r in rows}) == 200
    assert 2 < len({r["text"] for r in rows}) <= 200
    assert sorted(Counter(int(r["id"][1:]) // 100 for r in rows).values()) == [100, 100]


def test_cores_on_paper_are_those_of_the_largest_run() -> None:
    runs = [{"repeats": 1, "texts": n, "processor_s": n * 0.0864} for n in (10, 1000)]
    assert on_paper(runs) == {"1:1": {"cores": 100, "from_texts": 1000}}


def test_the_picture_shows_every_run() -> None:
    runs = [{"repeats": r, "texts": n, "work_s": n / 10, "peak_mb": 300} for r in (1, 10) for n in (1, 100)]
    root = ElementTree.fromstring(picture(runs))
    assert len(root.findall("{*}circle")) == 8


def test_the_spread_is_the_middle_and_the_slow_end() -> None:
    assert spread([float(i) for i in range(1, 101)]) == {"p50_ms": 51.0, "p95_ms": 95.0, "p95_over_p50": 1.86}


def test_a_model_is_read_to_its_end(tmp_path: Path) -> None:
    assert decoder_bytes(MODELS / "encoder" / "model.bin") == 0  # an encoder has no decoder
    (tmp_path / "cut.bin").write_bytes((MODELS / "encoder" / "model.bin").read_bytes()[:100])
    with pytest.raises(Exception, match="unpack|buffer"):
        decoder_bytes(tmp_path / "cut.bin")
