"""Finding text, and saying where it almost is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.matching import Haystack, line_number, nearest, occurrences, split_lines

FILE = [
    "import os",
    "",
    "def total(items):",
    "    result = 0",
    "    for item in items:",
    "        result += item.price",
    "    return result",
    "",
    'print("done")',
]


@settings(max_examples=100, deadline=None)
@given(st.text("ab\r\n\u2028\f", max_size=40))
def test_split_lines_loses_nothing(text: str) -> None:
    lines, ends = split_lines(text)
    assert "".join(line + end for line, end in zip(lines, ends, strict=True)) == text
    assert all(ends[:-1])


def test_only_line_feeds_end_lines_where_there_are_some() -> None:
    assert split_lines("a\u2028b\x0cc\rd\r\ne") == (["a\u2028b\x0cc\rd", "e"], ["\r\n", ""])
    assert split_lines("a\rb") == (["a", "b"], ["\r", ""])


def test_occurrences_count_overlaps() -> None:
    assert occurrences("aaa", "aa") == (0, 1)
    assert occurrences("abc", "") == ()
    assert line_number("a\nb\nc", 4) == 3


@pytest.mark.parametrize(
    ("given_lines", "kind"),
    [
        (["    result = 0 ", "    for item in items:"], "trailing blanks"),
        (["\tresult = 0", "\tfor item in items:"], "tabs against blanks"),
        (["  result = 0", "  for item in items:"], "indentation"),
        (["    result\u00a0= 0"], "non-breaking or other special blanks"),
        (["print(\u201cdone\u201d)"], "curly quotes or dashes"),
        (["    Result = 0"], "upper and lower case"),
        (["    result  =  0"], "blanks inside lines"),
        (["    result\u200b = 0"], "invisible characters"),
        (["    result = 0", "", "    for item in items:"], "blank lines"),
    ],
)
def test_near_miss_names_the_kind_of_difference(given_lines: list[str], kind: str) -> None:
    near = nearest(FILE, given_lines)
    assert near is not None
    assert near.kinds == (kind,)
    assert kind in str(near)
    assert near.first in (4, 9)


def test_near_miss_shows_words_that_differ() -> None:
    near = nearest(FILE, ["    for item in items:", "        result += item.cost"])
    assert near is not None
    assert (near.first, near.last, near.kinds) == (5, 6, ())
    assert "-        result += item.cost\n+        result += item.price" in near.diff


def test_near_miss_finds_a_single_misspelt_line_and_nothing_where_nothing_is_like_it() -> None:
    near = nearest(FILE, ["def totl(itms):"])
    assert near is not None
    assert near.first == 3
    assert nearest(FILE, ["SELECT * FROM customers WHERE zip = 12345"]) is None
    assert nearest([], ["x"]) is None
    assert nearest(FILE, [" "]) is None


def test_near_miss_in_a_long_file_is_the_right_place() -> None:
    lines = [f"    value_{number} = compute({number}, {number % 7})" for number in range(20_000)]
    near = nearest(lines, ["    value_15000 = compute(15000, 6)", "\tvalue_15001 = compute(15001, 0)"])
    assert near is not None
    assert near.first == 15_001


@pytest.mark.parametrize(
    ("wanted", "loosened"),
    [
        ("    result = 0", ""),
        ("    result = 0  ", "trailing blanks ignored"),
        ("result = 0", "indentation and trailing blanks ignored"),
        ("result\u00a0= 0", "blanks, quotes and dashes ignored"),
    ],
)
def test_seek_loosens_in_order(wanted: str, loosened: str) -> None:
    found = Haystack(FILE).seek([wanted])
    assert found is not None
    assert (found.index, found.loosened) == (3, loosened)


def test_seek_start_end_and_near() -> None:
    haystack = Haystack(["x", "y", "x", "y", "x"])
    assert [found and found.index for found in (haystack.seek(["x"], 1), haystack.seek(["x"], at_end=True))] == [2, 4]
    near = haystack.seek(["x", "y"], near=3)
    assert near is not None
    assert near.index == 2
    assert haystack.seek(["x"], 5) is None
    assert haystack.seek(["x"] * 6) is None
