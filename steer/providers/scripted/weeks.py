"""The first piece of work: ISO week dates in the sample project, with a slip that the gates find."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from steer.providers.scripted.source import function

CODE: Final = "tinydates/parsing.py"
TESTS: Final = "tests/test_weeks.py"

Reader: TypeAlias = Literal["split", "regex"]
Rule: TypeAlias = Literal["slip", "fixed", "library"]
RULES: Final[tuple[Rule, ...]] = ("slip", "fixed", "library")

_HEAD: Final = '''\
def parse_week(text: str) -> date:
    """Read an ISO week date: 2020-W53-7, or 2020-W53 for the Monday of that week."""
'''
_READERS: Final[dict[Reader, str]] = {
    "split": """\
    parts = text.split("-")
    if [len(part) for part in parts] not in ([4, 3], [4, 3, 1]) or parts[1][0] != "W":
        raise ValueError(f"not a week date: {text!r}")
    # Without a day the week's Monday is meant.
    year, week, day = int(parts[0]), int(parts[1][1:]), int(parts[2]) if parts[2:] else 1
""",
    "regex": """\
    match = re.fullmatch(r"([0-9]{4})-W([0-9]{2})(?:-([1-7]))?", text)
    if match is None:
        raise ValueError(f"not a week date: {text!r}")
    # Without a day the week's Monday is meant.
    year, week, day = int(match[1]), int(match[2]), int(match[3] or 1)
""",
}
_RULES: Final[dict[Rule, str]] = {
    "slip": """\
    # 4 January is in week 1 of every year.
    fourth = date(year, 1, 4)
    monday = fourth - timedelta(days=fourth.isoweekday())
    return monday + timedelta(weeks=week - 1, days=day - 1)
""",
    "fixed": """\
    # 28 December is in the last week of every year.
    last = date(year, 12, 28).isocalendar()[1]
    if not (1 <= week <= last and 1 <= day <= 7):
        raise ValueError(f"no such week day: {text!r}")
    # 4 January is in week 1 of every year.
    fourth = date(year, 1, 4)
    monday = fourth - timedelta(days=fourth.weekday())
    return monday + timedelta(weeks=week - 1, days=day - 1)
""",
    "library": """\
    return date.fromisocalendar(year, week, day)
""",
}
_LAST: Final = '    raise ValueError(f"not a date: {text!r}")\n'
_DISPATCH: Final = '    if "W" in text:\n        return parse_week(text)\n'
_TEST: Final = """
    def test_every_day_of_28_years_comes_back(self) -> None:
        for number in range(date(2000, 1, 1).toordinal(), date(2028, 1, 1).toordinal()):
            day = date.fromordinal(number)
            text = "{:04}-W{:02}-{}".format(*day.isocalendar())
            self.assertEqual(parse(text), day, text)
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write ``parse_week``."""

    reader: Reader = "split"
    rule: Rule = "slip"
    comments: bool = True


def render(shape: Shape) -> str:
    """The function in that shape, without a newline at its end."""
    text = _HEAD + _READERS[shape.reader] + _RULES[shape.rule]
    if not shape.comments:
        text = "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))
    return text.rstrip("\n")


def shape_in(source: str) -> Shape | None:
    """The shape of the ``parse_week`` in a file; None where there is none."""
    found = function(source, "parse_week")
    if not found:
        return None
    rule: Rule = "slip"
    if "fromisocalendar" in found:
        rule = "library"
    elif ".weekday()" in found and "isocalendar" in found:
        rule = "fixed"
    return Shape("regex" if "fullmatch" in found else "split", rule, "#" in found)


def put(source: str, shape: Shape) -> str:
    """The file with ``parse_week`` in that shape; unchanged where there is no place for it."""
    found = function(source, "parse_week")
    if found:
        return source.replace(found, render(shape))
    if source.count(_LAST) != 1:
        return source
    return source.replace(_LAST, f"{_DISPATCH}{_LAST}\n\n{render(shape)}\n")


def put_test(source: str) -> str:
    """The acceptance test with one case more: there and back for 28 years of days."""
    if "comes_back" in source or "class IsoWeeks" not in source:
        return source
    main = "\n\nif __name__"
    head, mark, tail = source.partition(main)
    return f"{head.rstrip()}\n{_TEST}{mark}{tail}" if mark else f"{source.rstrip()}\n{_TEST}"


_DAYS: Final = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\) != datetime\.date\((\d+), (\d+), (\d+)\)")


def read_failure(report: str) -> str:
    """What a test report says about week dates, in one or two sentences; empty where it says nothing on them."""
    names = re.findall(r"^(?:FAIL|ERROR): (\w+)", report, re.MULTILINE)
    parts: list[str] = []
    if match := _DAYS.search(report):
        numbers = [int(group) for group in match.groups()]
        got, wanted = date(*numbers[:3]), date(*numbers[3:])
        early = ": my Monday is one day early" if (wanted - got).days == 1 else ""
        parts.append(f"The tests get {got} and want {wanted}{early}.")
    if "ValueError not raised" in report:
        parts.append("And a week that the year does not have goes through.")
    if not parts and names:
        parts.append(f"Failing: {', '.join(dict.fromkeys(names))}.")
    return " ".join(parts)
