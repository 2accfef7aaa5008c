"""Are the samples unlike each other, and unlike anything that was trained on?

    python -m eval.overlap [--messages FILE]

Texts are masked (digits, links, case, signs) and cut into letter 5-grams, 3-grams in Chinese. Near-copies are searched
with MinHash and confirmed by their exact overlap, so that nothing is told by chance.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from datasketch import MinHash, MinHashLSH

from eval.samples import load_messages, load_samples
from explainer.training.messages import load_messages as load_training

NEAR = 0.5
"""Share of common n-grams (Jaccard) from which two texts count as near-copies."""
PERMUTATIONS = 96


class Pair(NamedTuple):
    first: str
    second: str
    overlap: float


def masked(text: str) -> str:
    """What stays when the values are taken out: two texts of one template mask alike."""
    plain = re.sub(r"(?:https?:|www\.)[!-~]+|[!-~]+\.[!-~]+/[!-~]*", " link ", text.casefold())
    return re.sub(r"[\W_]+", " ", re.sub(r"\d+", "0", plain)).strip()


def ngrams(text: str) -> frozenset[str]:
    plain = masked(text).replace(" ", "_")
    n = 3 if re.search(r"[\u4e00-\u9fff]", plain) else 5
    return frozenset(plain[i : i + n] for i in range(max(1, len(plain) - n + 1)))


def near_copies(texts: dict[str, str], others: dict[str, str] | None = None, near: float = NEAR) -> Iterator[Pair]:
    """Pairs of `texts` that are near-copies of each other, or of `others` when those are given."""
    index = MinHashLSH(threshold=max(0.3, near - 0.15), num_perm=PERMUTATIONS)
    against = texts if others is None else others
    grams = {id: ngrams(text) for id, text in against.items()}
    for id, mine in grams.items():
        index.insert(id, _minhash(mine))
    for id, text in texts.items():
        mine = ngrams(text)
        for other in index.query(_minhash(mine)):
            overlap = len(mine & grams[other]) / len(mine | grams[other])
            if overlap >= near and (others is not None or id < other):
                yield Pair(id, str(other), overlap)


def _minhash(grams: Iterable[str]) -> MinHash:
    sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update_batch([g.encode() for g in grams])
    return sketch


def check(samples: dict[str, str], training: dict[str, str]) -> list[Pair]:
    """Everything that is wrong: near-copies among the samples, and samples that were trained on."""
    return [*near_copies(samples, near=0.7), *near_copies(samples, training)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Near-copies among samples, and between samples and training.")
    parser.add_argument(
        "--messages", type=Path, help="check these labelled messages against the training messages instead"
    )
    options = parser.parse_args()
    training = {f"training {m.batch} {m.id}": m.text for m in load_training()}
    if options.messages:
        pairs = list(near_copies({s.id: s.text for s in load_messages(options.messages)}, training))
    else:
        pairs = check({s.id: s.text for s in load_samples()}, training)
    for pair in pairs:
        print(f"{pair.overlap:.2f}  {pair.first}  ~  {pair.second}")
    print(f"{len(pairs)} near-copies")
    sys.exit(1 if pairs else 0)


if __name__ == "__main__":
    main()
