"""How long an endpoint asks to wait, and how long to wait where it does not say."""

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

FIRST: Final = 0.5
"""Seconds before the first retry; doubled each time."""
LONGEST: Final = 8.0

_SAID: Final = re.compile(
    r"(?:try again|retry|retry after|retrying|wait|resets?)(?: again)?(?: in| after| for)?:? *"
    r"((?:\d+(?:\.\d+)? *(?:ms|milliseconds?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?|d(?:ays?)?)(?![a-z])[ ,]*(?:and )?)+)"
)
_DELAY: Final = re.compile(r'"retrydelay"\s*:\s*"((?:\d+(?:\.\d+)?)s)"')
_UNIT: Final = re.compile(r"(\d+(?:\.\d+)?) *(ms|mill|[hmsd])")
_SECONDS: Final = {"ms": 0.001, "mill": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def requested_wait(headers: Mapping[str, str], body: str, now: datetime | None = None) -> float | None:
    """Seconds the endpoint asks to wait, from ``retry-after-ms``, ``retry-after`` (seconds or a date) or its words; None without."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, ""))
        if seconds is not None:
            return max(0.0, seconds * unit)
    date = _date(headers.get("retry-after", ""))
    if date is not None:
        return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
    return said_wait(body)


def said_wait(text: str) -> float | None:
    """Seconds from words such as ``try again in 1m26.4s`` (Groq, OpenAI) or ``"retryDelay": "34s"`` (Google)."""
    low = text[:20_000].lower()
    match = _DELAY.search(low) or _SAID.search(low)
    if match is None:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _UNIT.findall(match[1]))


def backoff(attempt: int, jitter: float) -> float:
    """Seconds before retry ``attempt`` (0 is the first): doubled each time up to 8, less up to a quarter (``jitter`` 0 to 1)."""
    return float(min(FIRST * 2.0 ** min(attempt, 30), LONGEST) * (1 - 0.25 * jitter))


def spoken(seconds: float) -> str:
    """A duration in words: ``45 s``, ``5 min 20 s``, ``2 h 3 min``."""
    if not math.isfinite(seconds):
        return "for ever"
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _date(text: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
