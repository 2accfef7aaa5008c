"""The explanations that the writer learns from: do they keep the contract, and how varied are they?

python -m explainer.training.variety
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence

from datasketch import MinHash, MinHashLSH

from explainer.grounding import strange_values
from explainer.pieces import BREAK
from explainer.quoting import MAX_EXPLANATION, MAX_HEADLINE
from explainer.tags import TAG, fill
from explainer.training.writer import Pair, load_pairs, passage_lines
from explainer.writer import UNWRITABLE

NEAR = 0.6
"""Two explanations are near-copies when this share of their words in threes is the same."""


def main() -> None:
    pairs = load_pairs()
    faulty = [(p.id, faults) for p in pairs if (faults := contract_faults(p))]
    for id, faults in faulty:
        print(f"{id}: {'; '.join(faults)}")
    for name, value in variety(pairs).items():
        print(f"{name}: {value}")
    sys.exit(1 if faulty else 0)


def contract_faults(pair: Pair) -> list[str]:
    """What a gold explanation may not do."""
    explanation = " ".join(text for text, _ in pair.sentences)
    faults = []
    for what, text, most in (
        ("headline", pair.headline, MAX_HEADLINE),
        ("explanation", explanation, MAX_EXPLANATION),
    ):
        if (n := len(fill(text, pair.values).split())) > most:
            faults.append(f"{what} has {n} words")
        if strange := [t for t in re.findall(r"<[^>]*>", text) if t not in pair.prompt or t in UNWRITABLE]:
            faults.append(f"{what} writes {strange[0]}, which it was not given")
        if match := re.search(r"\d|[^\x00-\x7f]|[\"\[\]()]", TAG.sub("", text)):
            faults.append(f"{what} writes {match.group()!r}")
    if BREAK in pair.headline + explanation or not pair.headline or not explanation:
        faults.append("headline or explanation is empty or holds the break")
    lines = [fill(line, pair.values) for line in passage_lines(pair)]
    for text, by in pair.sentences:
        if by > len(lines):
            faults.append(f"stands on line {by} of {len(lines)}")
        elif by and (strange := strange_values(fill(text, pair.values), lines[by - 1] + str(pair.values))):
            faults.append(f"a rule with {strange[0]}, which its passage does not hold")
    return faults


def variety(pairs: Sequence[Pair]) -> dict[str, str]:
    """How often the same words come again."""
    said = [TAG.sub("it", " ".join(text for text, _ in p.sentences)).casefold() for p in pairs]
    words = [re.findall(r"[a-z']+", text) for text in said]
    fours = Counter(tuple(w[i : i + 4]) for w in words for i in range(len(w) - 3))
    openings = Counter(" ".join(w[:5]) for w in words)
    headlines = Counter(TAG.sub("it", p.headline).casefold() for p in pairs)
    near = near_copies(words)
    return {
        "pairs": f"{len(pairs)}, of them {sum(p.split == 'test' for p in pairs)} kept apart",
        "words an explanation": f"{sum(map(len, words)) / len(words):.1f}",
        "different openings of five words": f"{len(openings) / len(pairs):.3f}",
        "different headlines": f"{len(headlines) / len(pairs):.3f}",
        "different sequences of four words": f"{len(fours) / sum(fours.values()):.3f}",
        "near-copies": f"{near} ({near / len(pairs):.2%})",
    }


def near_copies(words: Sequence[Sequence[str]]) -> int:
    """Explanations that have a near-copy before them."""
    index, count = MinHashLSH(threshold=NEAR, num_perm=64), 0
    for i, text in enumerate(words):
        sketch = MinHash(num_perm=64)
        sketch.update_batch([" ".join(text[j : j + 3]).encode() for j in range(max(1, len(text) - 2))])
        count += bool(index.query(sketch))
        index.insert(str(i), sketch)
    return count


if __name__ == "__main__":
    main()
