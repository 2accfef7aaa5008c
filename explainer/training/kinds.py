"""Train the kind model: a linear head on the embedding and on hashed character n-grams.

    python -m explainer.training.kinds [--out FOLDER] [--dev FILE] [--smoke]

Trains on explainer/training/messages. The temperature comes from held-out batches: each file was written by another
hand, so a file left out is as strange to the head as a text from the world. --dev scores a file of labelled real texts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from explainer.encoder import EmbeddedEncoder, Encoder
from explainer.kinds import BUCKETS, NGRAMS, KindModel, hashed_ngrams, softmax
from explainer.normalise import normalise
from explainer.records import KINDS
from explainer.training.messages import TrainingMessage, load_messages, soft_label
from explainer.weights import MODELS, write_manifest

C = 10.0
"""Inverse strength of the L2 penalty; 3, 10 and 30 measure alike."""
SMALL = 2e-3
"""Weights below this are stored as zero: they change no probability by more than a thousandth."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the kind model.")
    parser.add_argument("--out", type=Path, default=MODELS / "kinds")
    parser.add_argument("--dev", type=Path, help="labelled real texts, JSON lines with text, lang and kinds")
    parser.add_argument("--smoke", action="store_true", help="400 messages only: does the recipe run?")
    options = parser.parse_args()
    messages = load_messages()[:: 20 if options.smoke else 1]
    encoder = EmbeddedEncoder(threads=2)
    features = featurise([m.text for m in messages], encoder)
    temperature = held_out_temperature(messages, features)
    save(fit(messages, features), temperature, options.out)
    print(f"{len(messages)} messages, temperature {temperature:.2f}, written to {options.out}")
    if options.dev:
        report(KindModel(options.out.resolve(), encoder), options.dev)


def featurise(texts: list[str], encoder: Encoder) -> sp.csr_matrix:
    """-> [n_texts, dim + BUCKETS]: the embedding, then the n-grams, scaled as KindModel scales them."""
    plain = [normalise(text)[0] for text in texts]
    rows, columns, values = [], [], []
    for i, text in enumerate(plain):
        buckets, _ = hashed_ngrams(text)
        rows.append(np.full(len(buckets), i))
        columns.append(buckets)
        values.append(np.full(len(buckets), 1 / np.sqrt(max(1, len(buckets)))))
    shape = (len(texts), BUCKETS)
    ngrams = sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    return sp.hstack([sp.csr_matrix(encoder.encode(plain)), ngrams], format="csr")


def fit(messages: list[TrainingMessage], features: sp.csr_matrix) -> LogisticRegression:
    """Logistic regression on soft labels: each message once for each of its kinds, weighted."""
    rows, labels, weights = [], [], []
    for i, message in enumerate(messages):
        for kind, weight in soft_label(message).items():
            rows.append(i)
            labels.append(KINDS.index(kind))
            weights.append(weight)
    return LogisticRegression(C=C, max_iter=300).fit(features[rows], labels, sample_weight=weights)


def held_out_temperature(messages: list[TrainingMessage], features: sp.csr_matrix) -> float:
    """The temperature that makes the probabilities honest on batches that the head has not seen."""
    logits, labels = [], []
    for batch in sorted({m.batch for m in messages}):
        inside = np.array([m.batch == batch for m in messages])
        if inside.all() or inside.mean() > 0.3:
            continue
        head = fit([m for m, i in zip(messages, inside, strict=True) if not i], features[~inside])
        logits.append(head.decision_function(features[inside]))
        labels += [KINDS.index(m.kind) for m, i in zip(messages, inside, strict=True) if i]
    if not logits:
        return 1.0
    stacked = np.concatenate(logits)

    def loss(temperature: float) -> float:
        p = softmax((stacked / temperature).astype(np.float32))
        return float(-np.log(p[np.arange(len(labels)), labels] + 1e-9).mean())

    accuracy = (stacked.argmax(axis=1) == np.array(labels)).mean()
    print(f"held-out batches: {len(labels)} messages, strict accuracy {accuracy:.3f}")
    return float(minimize_scalar(loss, bounds=(0.3, 5), method="bounded").x)


def save(head: LogisticRegression, temperature: float, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    dim = head.coef_.shape[1] - BUCKETS
    sparse: NDArray[np.float16] = np.where(np.abs(head.coef_[:, dim:]) < SMALL, 0, head.coef_[:, dim:]).T.astype(
        np.float16
    )
    tensors = {
        "dense": np.ascontiguousarray(head.coef_[:, :dim].T.astype(np.float32)),
        "sparse": np.ascontiguousarray(sparse),
        "bias": head.intercept_.astype(np.float32),
    }
    save_file(tensors, out / "head.safetensors")
    (out / "head.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    config = {"kinds": KINDS, "buckets": BUCKETS, "ngrams": NGRAMS, "temperature": round(temperature, 4)}
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_manifest(out)


def report(model: KindModel, file: Path) -> None:
    """Kind accuracy on labelled real texts, by language; development, looked at."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    probabilities = model.probabilities([normalise(row["text"])[0] for row in rows])
    guesses = [KINDS[int(p.argmax())] for p in probabilities]
    for language in sorted({row["lang"] for row in rows}):
        mine = [(row, guess) for row, guess in zip(rows, guesses, strict=True) if row["lang"] == language]
        lenient = np.mean([guess in row["kinds"] for row, guess in mine])
        strict = np.mean([guess == row["kinds"][0] for row, guess in mine])
        print(f"{language}: n {len(mine)}, lenient {lenient:.3f}, strict {strict:.3f}")


if __name__ == "__main__":
    main()
