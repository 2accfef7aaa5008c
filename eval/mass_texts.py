"""Generated mass texts: written messages, each sent to many people with another name, sum, reference and link path."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from explainer.training.messages import _MARK, FOLDER  # the inline marks tell where the details stand

NAMES = ("Anil", "Sunita", "Grace", "Wanjiku", "John", "Maria", "Tunde", "Priya", "Liam", "Chinedu", "Aisha", "Ramesh")
NAMES_ZH = ("王芳", "李伟", "张敏", "刘洋", "陈静", "杨磊", "赵强", "黄丽")


def mass_texts(n: int, repeats: int, seed: int = 0, shuffled: bool = True) -> Iterator[dict[str, Any]]:
    """n rows for bulk, `repeats` of each message: id, text, sender, recipient, received_at, country.

    Shuffled within blocks of about 2,000 rows, as mass texts arrive: in bursts, mixed with others. There are 10,842
    written messages; a stream that needs more uses them again with another text in front.
    """
    rng = random.Random(seed)
    block: list[dict[str, Any]] = []
    for number in range(n):
        block.append(_row(number, number // repeats, rng))
        if len(block) >= 2000 or number == n - 1:
            if shuffled:
                rng.shuffle(block)
            yield from block
            block = []


def _row(number: int, message: int, rng: random.Random) -> dict[str, Any]:
    marked = _marked()
    row = marked[message * 7919 % len(marked)]  # a prime: neighbours in a file are much alike
    turn = message // len(marked)
    text = _MARK.sub(lambda m: varied(m[1], m[2], rng), row["text"])
    time = datetime(2026, 3, 2) + timedelta(seconds=number // 20)
    return {
        "id": f"m{number}",
        "text": f"No. {turn}: {text}" if turn else text,
        "sender": row["sender"],
        "recipient": f"+9198{rng.randrange(10**8):08d}",
        "received_at": time.isoformat(),
        "country": row["country"],
    }


def varied(type: str, value: str, rng: random.Random) -> str:
    """Another value of the same form for what mass texts vary; the rest stays."""
    if type == "PERSON":
        return rng.choice(NAMES_ZH if value[0] > "\u3400" else NAMES)
    if type == "LINK":
        domain, slash, path = value.partition("/") if "://" not in value else _split_link(value)
        return domain + slash + _scrambled(path, rng)
    return _scrambled(value, rng) if type in ("AMOUNT", "REF") else value


def _split_link(link: str) -> tuple[str, str, str]:
    scheme, rest = link.split("://", 1)
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash, path


def _scrambled(value: str, rng: random.Random) -> str:
    """Other digits in the places of digits; no number begins with another 0 or loses its own."""
    return re.sub(r"\d+", lambda m: "".join(_digit(d, i, rng) for i, d in enumerate(m.group())), value)


def _digit(old: str, place: int, rng: random.Random) -> str:
    if old == "0":
        return "0"
    return str(rng.randrange(1 if place == 0 else 0, 10))


@cache
def _marked() -> list[dict[str, Any]]:
    return [json.loads(line) for f in sorted(FOLDER.glob("*.jsonl")) for line in f.read_text("utf-8").splitlines()]
