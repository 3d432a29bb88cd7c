from hypothesis import given, settings
from hypothesis import strategies as st

from steer.render.cells import width
from steer.render.wrap import OpenWrap, wrap

TEXTS = st.text(alphabet="ab  漢e\u0301👩\u200d🇩x-", max_size=60)


def rows(text: str, cells: int) -> list[str]:
    return [text[start:end] for start, end in wrap(text, cells)]


def test_words() -> None:
    assert rows("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert rows("exactly ten", 7) == ["exactly", "ten"]
    assert rows("unbreakable", 4) == ["unbr", "eaka", "ble"]
    assert rows("", 5) == [""]
    assert rows("漢字漢字", 5) == ["漢字", "漢字"]


def test_an_indentation_is_no_place_to_break() -> None:
    assert rows("    abcdefgh", 6) == ["    ab", "cdefgh"]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 12))
def test_U5_wrap_loses_nothing_and_fits(text: str, cells: int) -> None:
    at = 0
    for start, end in wrap(text, cells):
        assert start >= at
        assert end >= start
        assert not text[at:start].strip(" "), "only blanks are swallowed"
        assert width(text[start:end]) <= max(cells, 2)
        at = end
    assert not text[at:].strip(" ")


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 12), st.data())
def test_a_growing_line_wraps_as_the_whole_one(text: str, cells: int, data: st.DataObject) -> None:
    grown = OpenWrap(cells, cells)
    for end in [*sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6))), len(text)]:
        grown.grow(text[:end])
    assert grown.rows == wrap(text, cells)


def test_a_growing_line_is_wrapped_from_its_last_row_only() -> None:
    grown = OpenWrap(10, 10)
    text = "word " * 1_000
    grown.grow(text)
    assert grown.grow(text + "more") >= len(grown.rows) - 2
