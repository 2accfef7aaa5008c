"""How well the details of a text are found: F1 by type, exact words, on the evaluation samples.

python -m eval.slots
"""

from __future__ import annotations

from collections import Counter

from eval.samples import load_samples
from explainer.encoder import EmbeddedEncoder
from explainer.message import read_messages
from explainer.records import Message
from explainer.tagger import SLOTS, SlotTagger


def counts(tagger: SlotTagger | None) -> dict[str, tuple[int, int, int]]:
    """Type -> right, found, marked."""
    samples = [s for s in load_samples() if s.slots is not None]
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for sample, message in zip(samples, read_messages([s.request() for s in samples], tagger), strict=True):
        assert isinstance(message, Message) and sample.slots is not None
        expected = {(name, " ".join(value.split())) for name, values in sample.slots.items() for value in values}
        got = {(slot.name, " ".join(slot.text.split())) for slot in message.slots}
        for counter, pairs in ((right, expected & got), (found, got), (marked, expected)):
            counter.update(name for name, _ in pairs)
    return {name: (right[name], found[name], marked[name]) for name in SLOTS}


def main() -> None:
    for title, tagger in (
        ("patterns", None),
        ("patterns and reader", SlotTagger(EmbeddedEncoder("reader", threads=2))),
    ):
        print(title)
        for name, (right, found, marked) in counts(tagger).items():
            precision, recall = right / max(1, found), right / max(1, marked)
            f1 = 2 * right / max(1, found + marked)
            print(f"  {name:<10} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}  n={marked}")


if __name__ == "__main__":
    main()
