"""A long answer of any length: a commented calendar, year by year, with every figure worked out."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from steer.providers.scripted.pieces import pieces

_FIRST: Final = 1970
_LAST: Final = 9998
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FENCE: Final = "```"


def handbook(tokens: int) -> Iterator[str]:
    """Exactly ``tokens`` pieces of prose and code; an open code fence is closed within that number."""
    if tokens <= 4:
        yield from itertools.islice(_text(), max(0, tokens))
        return
    fenced = False
    for piece in itertools.islice(_text(), tokens - 2):
        if _FENCE in piece:
            fenced = not fenced
        yield piece
    yield "\n"
    yield _FENCE if fenced else "\n"


def _text() -> Iterator[str]:
    opening = "# ISO weeks, year by year\n\nEvery figure below is worked out, none is looked up. Esc stops me.\n\n"
    yield from pieces(opening)
    for year in itertools.cycle(range(_FIRST, _LAST + 1)):
        yield from pieces(_section(year))


def _weeks(year: int) -> int:
    return date(year, 12, 28).isocalendar().week


def _section(year: int) -> str:
    first, next_first = date.fromisocalendar(year, 1, 1), date.fromisocalendar(year + 1, 1, 1)
    new_year, fourth = date(year, 1, 1), date(year, 1, 4)
    weeks, days = _weeks(year), (date(year + 1, 1, 1) - new_year).days
    belongs = new_year.isocalendar()
    long_year = (
        f"It is a long year: 1 January or 31 December is a Thursday, so {year}-W53 exists and `{year}-W54` never does."
        if weeks == 53
        else f"It is an ordinary year: `{year}-W53` does not exist, and a parser has to refuse it."
    )
    return (
        f"## {year}\n\n"
        f"{year} has {days} days and {weeks} weeks. 1 January is a **{_DAYS[new_year.weekday()]}** and belongs to "
        f"`{belongs.year}-W{belongs.week:02}-{belongs.weekday}`; the week that counts as the first is the one with "
        f"{_DAYS[fourth.weekday()]}, 4 January in it. {long_year}\n\n"
        f"- first Monday of week 1: {first.isoformat()}\n"
        f"- last Sunday: {(next_first - timedelta(days=1)).isoformat()}\n"
        f"- days of {year} that belong to another ISO year: {_strays(year)}\n\n"
        f"{_FENCE}python\n"
        f"def week_of_{year}(day: date) -> int:\n"
        f'    """Give the ISO week of a day in {year}, 1 to {weeks}."""\n'
        f"    monday = date({first.year}, {first.month}, {first.day})\n"
        f"    week, rest = divmod((day - monday).days, 7)\n"
        f"    if not 0 <= week < {weeks}:\n"
        f'        raise ValueError(f"{{day}} is in another ISO year")\n'
        f"    return week + 1\n\n\n"
        f"assert week_of_{year}(date({year}, 7, 1)) == {date(year, 7, 1).isocalendar().week}\n"
        f"{_FENCE}\n\n"
    )


def _strays(year: int) -> int:
    edges = [date(year, 1, day) for day in range(1, 4)] + [date(year, 12, day) for day in range(29, 32)]
    return sum(day.isocalendar().year != year for day in edges)
