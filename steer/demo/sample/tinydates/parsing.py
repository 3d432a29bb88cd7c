"""Text to dates: the formats of ISO 8601."""

import re
from datetime import date, timedelta

_CALENDAR = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_ORDINAL = re.compile(r"([0-9]{4})-?([0-9]{3})")


def parse(text: str) -> date:
    """Read a date: 2021-01-03, 20210103, 2021-003 or 2021003; ValueError if it is none."""
    if match := _CALENDAR.fullmatch(text):
        return date(int(match[1]), int(match[3]), int(match[4]))
    if match := _ORDINAL.fullmatch(text):
        return _ordinal(int(match[1]), int(match[2]), text)
    raise ValueError(f"not a date: {text!r}")


def _ordinal(year: int, day: int, text: str) -> date:
    """Give the day-th day of a year, counted from 1."""
    found = date(year, 1, 1) + timedelta(days=day - 1)
    if found.year != year:
        raise ValueError(f"no such day in its year: {text!r}")
    return found
