"""Does a scam keep its kind when it is spelt to slip past filters?

    python -m eval.disguise [--n 500]

Scam texts of the evaluation set in spaced, leet, look-alike and zero-width spelling, made with a fixed seed by
explainer/training/noise.py, which also disguises some training texts; agreement of the kind with the clean text's.
"""

from __future__ import annotations

import argparse
import random

from eval.metrics import rate
from eval.samples import load_samples
from explainer import Explainer
from explainer.training import noise

SPELLINGS = {
    "spaced": noise.spaced,
    "leet": noise.leet,
    "look-alike": noise.look_alike,
    "zero-width": noise.zero_width,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Agreement of the kind between clean and disguised scams.")
    parser.add_argument("--n", type=int, default=500)
    n = parser.parse_args().n
    explainer, rng = Explainer.load(threads=2, own_documents=False), random.Random(0)
    texts = [s.text for s in load_samples() if s.kinds[0] == "scam" and s.language == "en"]
    kinds = dict(zip(texts, explainer.kind_probabilities(texts), strict=True))
    drawn = [(name, texts[i % len(texts)]) for i in range(n) for name in [list(SPELLINGS)[i % len(SPELLINGS)]]]
    disguised = [SPELLINGS[name](text, rng) for name, text in drawn]
    agree = [
        (name, text, float(max(now, key=now.__getitem__) == max(kinds[text], key=kinds[text].__getitem__)))
        for (name, text), now in zip(drawn, explainer.kind_probabilities(disguised), strict=True)
    ]
    for name in (*SPELLINGS, "all"):
        mine = [(text, value) for spelling, text, value in agree if name in (spelling, "all")]
        print(f"{name}: {rate([v for _, v in mine], [t for t, _ in mine])}")


if __name__ == "__main__":
    main()
