"""Train the surface of the kind model, n-grams and words, and weigh the reader against it.

    python -m explainer.training.kinds --dev FILE [--out FOLDER] [--smoke]

Trains on explainer/training/messages; the reader (explainer.training.reader) must be there. FILE holds labelled real
texts (JSON lines with text, lang, kinds) on which nothing was trained: the weight of the reader and the temperature are
those that make them likeliest. Figures on that file are therefore "development, chosen by".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression

from explainer.encoder import EmbeddedEncoder, softmax
from explainer.normalise import normalise
from explainer.records import KINDS
from explainer.surface import BUCKETS, NGRAMS, hashed_ngrams, hashed_words
from explainer.training.messages import TrainingMessage, load_messages, soft_label
from explainer.weights import MODELS, write_manifest

C = 30.0
"""Inverse strength of the L2 penalty; 10 and 30 measure alike."""
WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
TEMPERATURES = tuple(round(0.5 + 0.1 * i, 1) for i in range(26))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the surface of the kind model.")
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODELS / "kinds")
    parser.add_argument("--smoke", action="store_true", help="a twentieth of the messages: does the recipe run?")
    options = parser.parse_args()
    messages = load_messages()[:: 20 if options.smoke else 1]
    texts = [m.text for m in messages]
    rarity = word_rarity(texts)
    ngram_head, word_head = fit(messages, ngram_table(texts)), fit(messages, word_table(texts, rarity))
    rows = [json.loads(line) for line in options.dev.read_text("utf-8").splitlines()]
    dev = [row["text"] for row in rows]
    ngrams = ngram_head.decision_function(ngram_table(dev))
    words = word_head.decision_function(word_table(dev, rarity))
    reader = reader_logits(dev)
    for name, logits in (("n-grams", ngrams), ("words", words), ("reader", reader), ("surface", ngrams + words)):
        print(f"{name} alone: {accuracy(logits, rows)}")
    weight, temperature = weigh(reader, ngrams + words, rows)
    print(f"reader x {weight} + surface, temperature {temperature}: {accuracy(reader * weight + ngrams + words, rows)}")
    save(ngram_head, word_head, rarity, weight, temperature, options.out)
    print(f"{len(messages)} messages, written to {options.out}")


def ngram_table(texts: list[str]) -> sp.csr_matrix:
    """-> [n_texts, BUCKETS], scaled as KindModel scales them."""
    return _table([hashed_ngrams(normalise(t)[0]).distinct().buckets for t in texts], np.ones(BUCKETS))


def word_table(texts: list[str], rarity: NDArray[np.float64]) -> sp.csr_matrix:
    """-> [n_texts, BUCKETS], each word by its rarity, scaled as KindModel scales them."""
    return _table([hashed_words(normalise(t)[0]).distinct().buckets for t in texts], rarity)


def word_rarity(texts: list[str]) -> NDArray[np.float64]:
    """Inverse document frequency of every bucket; 0 for one seen in a single text, which would be learnt by heart."""
    buckets = [hashed_words(normalise(t)[0]).distinct().buckets for t in texts]
    counts = np.bincount(np.concatenate(buckets), minlength=BUCKETS)
    return np.where(counts > 1, np.log((1 + len(texts)) / (1 + counts)) + 1, 1e-6)


def _table(buckets: list[NDArray[np.int64]], weights: NDArray[np.float64]) -> sp.csr_matrix:
    rows = np.concatenate([np.full(len(b), i) for i, b in enumerate(buckets)])
    values = [weights[b] / max(1e-9, float(np.linalg.norm(weights[b]))) for b in buckets]
    return sp.csr_matrix((np.concatenate(values), (rows, np.concatenate(buckets))), shape=(len(buckets), BUCKETS))


def fit(messages: list[TrainingMessage], features: sp.csr_matrix) -> LogisticRegression:
    """Logistic regression on soft labels: each message once for each of its kinds, weighted."""
    rows, labels, weights = [], [], []
    for i, message in enumerate(messages):
        for kind, weight in soft_label(message).items():
            rows.append(i)
            labels.append(KINDS.index(kind))
            weights.append(weight)
    return LogisticRegression(C=C, max_iter=300).fit(features[rows], labels, sample_weight=weights)


def reader_logits(texts: list[str]) -> NDArray[np.float32]:
    heads = load_file(MODELS / "reader" / "heads.safetensors")
    plain = [normalise(text)[0] for text in texts]
    logits: NDArray[np.float32] = EmbeddedEncoder("reader", threads=2).encode(plain) @ heads["dense"] + heads["bias"]
    return logits


def weigh(reader: NDArray[np.float32], surface: NDArray[np.float64], rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Weight and temperature under which the acceptable kinds are likeliest."""
    right = np.array([[kind in row["kinds"] for kind in KINDS] for row in rows])

    def loss(weight: float, temperature: float) -> float:
        p = softmax(((reader * weight + surface) / temperature).astype(np.float32))
        return float(-np.log((p * right).sum(axis=1) + 1e-6).mean())

    return min(((w, t) for w in WEIGHTS for t in TEMPERATURES), key=lambda pair: loss(*pair))


def accuracy(logits: NDArray[Any], rows: list[dict[str, Any]]) -> str:
    guesses = [KINDS[i] for i in logits.argmax(axis=1)]
    parts = []
    for language in ("en", "zh"):
        right = [g in row["kinds"] for g, row in zip(guesses, rows, strict=True) if row["lang"] == language]
        if right:
            parts.append(f"{language} lenient {np.mean(right):.3f} (n {len(right)})")
    return ", ".join(parts)


def save(
    ngram_head: LogisticRegression,
    word_head: LogisticRegression,
    rarity: NDArray[np.float64],
    weight: float,
    temperature: float,
    out: Path,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    tensors = {
        "ngrams": np.ascontiguousarray(ngram_head.coef_.T.astype(np.float16)),
        "words": np.ascontiguousarray(word_head.coef_.T.astype(np.float16)),
        "rarity": rarity.astype(np.float16),
        "bias": (ngram_head.intercept_ + word_head.intercept_).astype(np.float32),
    }
    save_file(tensors, out / "surface.safetensors")
    (out / "surface.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    config = {
        "kinds": KINDS,
        "buckets": BUCKETS,
        "ngrams": NGRAMS,
        "reader_weight": weight,
        "temperature": temperature,
    }
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_manifest(out)


if __name__ == "__main__":
    main()
