"""Fewer bytes, the same picture: judged by a terminal's own reading of both."""

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.ui.thrift import PLAIN, change, erases, parse, shrink

CODES = st.sampled_from(
    [
        "0",
        "",
        "1",
        "38;2;1;2;3",
        "1;38;2;9;9;9;48;2;4;5;6",
        "48;2;4;5;6",
        "4;31",
        "7",
        "3;38;5;120;48;5;16",
        "2;97;104",
        "39;49;1",
    ]
)
TEXT = st.sampled_from(["a", "word ", " " * 30, " " * 5, "é", "界", "", "end" + " " * 20])
PIECES = st.lists(st.tuples(CODES, TEXT), max_size=12)


def picture(data: str) -> list[tuple[object, ...]]:
    screen = pyte.Screen(80, 12)
    pyte.Stream(screen).feed(data)
    rows = range(screen.lines)
    return [(screen.buffer[y][x].data, *screen.buffer[y][x][1:]) for y in rows for x in range(screen.columns)]


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8))
def test_a_terminal_shows_the_same(rows: list[list[tuple[str, str]]]) -> None:
    # As Textual writes: each row at its place, each run with its style behind a reset.
    data = "".join(
        f"\x1b[{y + 1};1H"
        + "".join(f"\x1b[0m\x1b[{codes}m{text}\x1b[0m" for codes, text in row)
        + f"\x1b[{y + 1};79H\r\n"
        for y, row in enumerate(rows)
    )
    if any(sum(len(text) + 1 for _, text in row) > 78 for row in rows):
        return
    small = shrink(data)
    assert picture(small) == picture(data)
    assert len(small) <= len(data) + 4


def test_a_row_of_textual_costs_half() -> None:
    style = "38;2;192;202;245;48;2;26;27;38"
    row = "".join(f"\x1b[{style}m{word}\x1b[0m" for word in ["def ", "f", "(", ")", ":", " " * 60])
    assert shrink(row) == f"\x1b[{style}mdef f():\x1b[60X\x1b[60C\x1b[0m"
    assert shrink(row, blanks=False).count("\x1b") == 2


def test_what_has_no_style_is_left_alone() -> None:
    assert shrink("\x1b[?1049h\x1b[2J plain") == "\x1b[?1049h\x1b[2J plain"


def test_underlined_blanks_are_written() -> None:
    assert " " * 20 in shrink(f"\x1b[4m{' ' * 20}\x1b[0m")


def test_attributes_are_only_taken_off_by_a_reset() -> None:
    assert change(parse("1;31"), parse("31")) == "\x1b[0;31m"
    assert change(parse("31"), parse("1;31")) == "\x1b[1m"
    assert change(parse("1;31;44"), PLAIN) == "\x1b[0m"
    assert change(parse("31;44"), parse("31")) == "\x1b[49m"


@pytest.mark.parametrize(
    ("term", "does"),
    [("xterm-256color", True), ("tmux-256color", True), ("screen-256color", False), ("linux", False), ("", False)],
)
def test_only_terminals_that_erase_in_colour_are_asked_to(term: str, does: bool) -> None:
    assert erases(term) is does
