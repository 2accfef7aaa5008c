"""Convert all-MiniLM-L6-v2 into the embedded encoder.

    python -m explainer.training.encoder FOLDER

FOLDER holds the original weights (Apache-2.0), as sentence-transformers saves them. Their hash is checked.
Writes explainer/models/encoder and the reference vectors for the tests, then says how far the two agree.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from explainer.encoder import EmbeddedEncoder, SentenceTransformerEncoder
from explainer.errors import BadModel
from explainer.weights import MODELS, sha256, write_manifest

ORIGINAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the published model.safetensors."""
OUT = MODELS / "encoder"
REFERENCE = Path(__file__).parents[2] / "tests" / "data" / "reference_vectors.json"
SENTENCES = Path(__file__).parents[2] / "tests" / "data" / "reference_texts.txt"


def main(source: Path) -> None:
    if sha256(source / "model.safetensors") != ORIGINAL:
        raise BadModel(
            f"{source / 'model.safetensors'} is not the published all-MiniLM-L6-v2 (sha256 {ORIGINAL[:12]}...)"
        )
    convert(source, OUT)
    texts = SENTENCES.read_text("utf-8").splitlines()
    expected = SentenceTransformerEncoder(str(source)).encode(texts)
    rows = [{"text": t, "vector": [round(float(x), 5) for x in v]} for t, v in zip(texts, expected, strict=True)]
    REFERENCE.write_text(json.dumps(rows, ensure_ascii=False) + "\n", "utf-8")
    cosines = (EmbeddedEncoder(OUT).encode(texts) * expected).sum(axis=1)
    print(f"{len(texts)} texts: cosine to the original at least {np.min(cosines):.4f}, mean {np.mean(cosines):.4f}")


def convert(source: Path, out: Path) -> None:
    """A folder as sentence-transformers saves it -> a CTranslate2 int8 folder with tokenizer and manifest."""
    from ctranslate2.converters import TransformersConverter

    card = (out / "README.md").read_text("utf-8") if (out / "README.md").exists() else None
    TransformersConverter(str(source)).convert(str(out), quantization="int8", force=True)
    shutil.copy(source / "tokenizer.json", out / "tokenizer.json")
    if card is not None:
        (out / "README.md").write_text(card, "utf-8")
    write_manifest(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
