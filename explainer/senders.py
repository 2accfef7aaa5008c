"""What a sender does to many people, as the advice page asks operators to look: how many it reaches in a minute.

Counts in the order of the file, in bounded memory, and tells each text what was known of its sender when it came.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from explainer.message import sender_class
from explainer.rows import Row

NEEDED = ("sender", "recipient", "received_at")
MINUTE = 60.0
BY_HAND = 10
"""Different recipients in a minute, from an ordinary number: with six seconds each nobody types that by hand."""
BY_MACHINE = 60
"""From any other sender: one a second; usual for a bank's notices, so it tells mass text from personal text only."""
STRANGERS, ENOUGH = 0.9, 50
"""Share of texts that went to a number this sender had not texted before, and texts from which it is told: who lends
to people texts them again, month by month; who fishes takes new numbers each time."""
SENDERS_KEPT = 50_000
"""Those heard of last; one that fell silent for longer starts anew."""
SHOWN = 10
_BITS = 1 << 27
"""Of the filter that remembers who got a text from whom: 16 MB; at a million pairs one in a million is wrong."""


@dataclass(slots=True)
class Sender:
    """What one sender has done so far."""

    name: str
    number_class: str | None
    first_seen: str
    texts: int = 0
    strangers: int = 0
    """Texts to a recipient that this sender had not texted before."""
    fastest: int = 0
    """Most different recipients within a minute."""
    recent: deque[tuple[float, str]] = field(default_factory=deque)

    @property
    def threshold(self) -> int:
        return BY_HAND if self.number_class == "personal" else BY_MACHINE

    def signs(self) -> Iterator[str]:
        """What stands out, in plain words, with threshold and reason."""
        if self.fastest >= self.threshold:
            by = "nobody types that by hand" if self.threshold == BY_HAND else "a mass text, not one written to you"
            yield (
                f"the sender reached {self.fastest} different numbers within a minute, "
                f"first seen {self.first_seen} ({self.threshold} or more: {by})"
            )
        if self.texts >= ENOUGH and self.strangers >= STRANGERS * self.texts:
            yield (
                f"{self.strangers} of the sender's {self.texts} texts went to numbers it had not texted before "
                f"({STRANGERS:.0%} or more: a lender texts the same people again)"
            )


class SenderWatch:
    """Follows the senders of a stream of rows."""

    def __init__(self) -> None:
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._pairs = bytearray(_BITS // 8)
        self._flagged: dict[str, Sender] = {}
        self._missing = dict.fromkeys(NEEDED, 0)
        self.rows = self.watched = self.unordered = 0

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows; one whose sender stands out says so."""
        for row in rows:
            self.rows += 1
            signs = self._look(row)
            yield replace(row, request=replace(row.request, notes=signs)) if signs and row.request else row

    def _look(self, row: Row) -> tuple[str, ...]:
        request = row.request
        sender = request.sender.strip() if request and request.sender else ""
        time = _seconds(request.received_at) if request and request.received_at else None
        for name, value in zip(NEEDED, (sender, row.recipient, time), strict=True):
            self._missing[name] += value in (None, "")
        if request is None or not sender or not row.recipient or time is None:
            return ()
        self.watched += 1
        known = self._senders.setdefault(
            sender, Sender(sender, sender_class(sender, request.country), str(request.received_at))
        )
        self._senders.move_to_end(sender)
        if len(self._senders) > SENDERS_KEPT:
            self._senders.popitem(last=False)
        self._count(known, row.recipient, time)
        signs = tuple(known.signs())
        if signs:
            self._flagged[sender] = known
            if len(self._flagged) > SENDERS_KEPT:
                del self._flagged[min(self._flagged, key=lambda s: self._flagged[s].fastest)]
        return signs

    def _count(self, sender: Sender, recipient: str, time: float) -> None:
        sender.texts += 1
        sender.strangers += self._first_time(sender.name, recipient)
        if sender.recent and time < sender.recent[-1][0]:
            self.unordered += 1  # a minute cannot be cut out of a file that jumps in time
            return
        sender.recent.append((time, recipient))
        while sender.recent[0][0] <= time - MINUTE:
            sender.recent.popleft()
        if len(sender.recent) > 10 * BY_MACHINE:
            sender.recent.popleft()  # enough to tell; more only takes memory
        if len(sender.recent) > sender.fastest:
            sender.fastest = max(sender.fastest, len({r for _, r in sender.recent}))

    def _first_time(self, sender: str, recipient: str) -> bool:
        digest = hashlib.blake2b(f"{sender}\0{recipient}".encode(), digest_size=16).digest()
        new = False
        for i in range(0, 16, 4):
            bit = int.from_bytes(digest[i : i + 4], "little") % _BITS
            new |= not self._pairs[bit >> 3] & 1 << (bit & 7)
            self._pairs[bit >> 3] |= 1 << (bit & 7)
        return new

    def report(self) -> list[str]:
        """Lines for the summary: the senders that stand out, or why nothing can be said of them."""
        if not self.watched:
            missing = [name for name in NEEDED if self._missing[name] == self.rows] or list(NEEDED)
            return [
                f"senders were not looked at: no row has {' and '.join(missing)} "
                f"(the columns {', '.join(NEEDED)} are needed, with the time of day)"
            ]
        lines = []
        if self.watched < self.rows:
            lines.append(
                f"senders: {self.watched:,} of {self.rows:,} rows have {', '.join(NEEDED)}; the rest is left out"
            )
        if self.unordered:
            lines.append(
                f"{self.unordered:,} rows came before an earlier row of their sender: sort the file by received_at"
            )
        shown = sorted(self._flagged.values(), key=lambda s: (-s.fastest, s.name))[:SHOWN]
        for sender in shown:
            lines.append(f"{sender.name} ({sender.number_class or 'no class'}): {'; '.join(sender.signs())}")
        return [*lines, f"{len(self._flagged):,} senders stand out" if self._flagged else "no sender stands out"]


def _seconds(received_at: str) -> float | None:
    """None for a day without a time: of that no minute can be told."""
    if len(received_at) <= 10:
        return None
    try:
        time = datetime.fromisoformat(received_at)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
