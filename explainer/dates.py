"""A date as a text writes it -> a day of the calendar, read from the day the text came."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_RELATIVE = {
    **{"today": 0, "tonight": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1, "yesterday": -1},
    **{"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2},
}


def read_date(text: str, received: date, country: str | None) -> date | None:
    """None when the words name no single day; a day without a year is the nearest one to `received`."""
    plain = text.casefold().strip()
    if plain in _RELATIVE:
        return received + timedelta(days=_RELATIVE[plain])
    numbers = [int(n) for n in re.findall(r"\d+", plain)]
    month = next((m for name, m in _MONTHS.items() if re.search(rf"(?<![a-z]){name}", plain)), None)
    if month is not None and numbers:
        return _day(numbers[1] if len(numbers) > 1 else None, month, numbers[0], received)
    if "月" in plain and len(numbers) >= 2:
        year = numbers[0] if len(numbers) == 3 else None
        return _day(year, numbers[-2], numbers[-1], received)
    if len(numbers) == 3 and numbers[0] > 31:
        return _day(numbers[0], numbers[1], numbers[2], received)
    if len(numbers) >= 2 and re.fullmatch(r"[\d/.\-]+", plain):
        first, second = numbers[:2]
        month_first = country == "US" and first <= 12 or second > 12
        day, month = (second, first) if month_first else (first, second)
        return _day(numbers[2] if len(numbers) == 3 else None, month, day, received)
    return None


def _day(year: int | None, month: int, day: int, received: date) -> date | None:
    try:
        if year is not None:
            return date(year + 2000 if year < 100 else year, month, day)
        options = [date(received.year + k, month, day) for k in (-1, 0, 1)]
    except ValueError:
        return None
    return min(options, key=lambda d: abs((d - received).days))
