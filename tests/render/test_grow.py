import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.render import grow
from steer.render.cells import width
from steer.render.clean import Carriage
from steer.render.grow import Growing, Plain
from steer.render.lines import LineBlock
from steer.render.markdown import Markdown
from steer.render.rows import Row, copied

TEXTS = st.text(alphabet="aab \n\r`*\t漢\u0301👩\u200d-#\x1b[m", max_size=150)


def grown(parts: list[str], cells: int = 80, carriage: Carriage = "newline") -> list[Row]:
    block = LineBlock(cells)
    growing = Growing(block, Markdown(), carriage)
    for part in parts:
        growing.feed(part)
    growing.finish()
    return [block.row(index) for index in range(block.row_count)]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(["newline", "overwrite"]), st.integers(3, 20), st.data())
def test_any_cutting_gives_the_same_rows(text: str, carriage: Carriage, cells: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert grown(parts, cells, carriage) == grown([text], cells, carriage)
    for row in grown(parts, cells, carriage):
        assert width(row.text) <= cells
        assert "\x1b" not in row.text


@pytest.mark.parametrize("size", [1, 7, 4_095, 4_097, 100_000])
def test_a_line_too_long_is_shown_whole_in_pieces(size: int) -> None:
    text = "".join(f"word{number} " for number in range(3_000)) + "漢" * 5_000
    rows = grown([text[at : at + size] for at in range(0, len(text), size)], 60)
    assert copied(rows) == text.rstrip()
    assert rows == grown([text], 60)


def test_the_cost_of_a_long_line_is_that_of_its_last_piece() -> None:
    block = LineBlock(80)
    growing = Growing(block, Markdown())
    for _ in range(1_000):
        growing.feed("x" * 1_000)
    longest = max(len(line.text) for line in block)
    assert longest <= grow._PIECE + grow._SLACK
    assert sum(len(line.text) for line in block) == 1_000_000


def test_T3_a_progress_bar_is_one_line() -> None:
    block = LineBlock(80)
    growing = Growing(block, Plain(), "overwrite")
    for percent in range(101):
        growing.feed(f"\r{percent} %")
    growing.feed("\r\ndone\r")
    growing.finish()
    assert [block.row(index).text for index in range(block.row_count)] == ["100 %", "done"]


def test_an_open_line_is_shown_as_it_grows() -> None:
    block = LineBlock(80)
    growing = Growing(block, Markdown())
    assert growing.feed("some **bo") == 0
    assert block.row(0).text == "some **bo"
    assert growing.feed("ld** text") == 0
    assert block.row(0).text == "some bold text"
    assert growing.feed("\n") == 0
    assert block.row_count == 1
    assert growing.feed("next") == 1
