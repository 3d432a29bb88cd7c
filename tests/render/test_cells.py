from hypothesis import given, settings
from hypothesis import strategies as st

from steer.render.cells import boundaries, clip, clusters, expand_tabs, take, width

FAMILY, FLAG, THUMB, HEART, KEYCAP = "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3"
NASTY = st.text(
    alphabet=["a", " ", "漢", "e", "\u0301", "👩", "\u200d", "👧", "🇩", "🇪", "❤", "\ufe0f", "한", "न", "\u093f"],
    max_size=40,
)


def test_U5_widths_of_nasty_clusters() -> None:
    for text, cells in (
        (FAMILY, 2),
        (FLAG, 2),
        (THUMB, 2),
        (HEART, 2),
        (KEYCAP, 2),
        ("e\u0301", 1),
        ("漢字", 4),
        ("한", 2),
    ):
        assert width(text) == cells, ascii(text)
        assert [cluster for cluster, _ in clusters(text)] == (["漢", "字"] if text == "漢字" else [text])


def test_U5_take_never_splits_a_cluster() -> None:
    text = f"ab{FAMILY}c{FLAG}"
    assert text[: take(text, 3)] == "ab"
    assert text[: take(text, 4)] == f"ab{FAMILY}"
    assert text[: take(text, 6)] == f"ab{FAMILY}c"
    assert text[: take(text, 7)] == text


def test_take_gives_at_least_one_cluster() -> None:
    assert take("漢字", 1) == 1
    assert take("e\u0301x", 0) == 2


def test_a_mark_behind_the_last_cell_belongs_to_it() -> None:
    assert take("abc\u0301d", 3) == 4


@settings(max_examples=200, deadline=None)
@given(NASTY, st.integers(1, 12))
def test_U5_take_fits_and_ends_between_clusters(text: str, cells: int) -> None:
    end = take(text, cells)
    assert end in boundaries(text)
    assert width(text[:end]) <= max(cells, 2)
    assert end or not text


@settings(max_examples=200, deadline=None)
@given(NASTY)
def test_clusters_are_the_whole_text(text: str) -> None:
    assert "".join(cluster for cluster, _ in clusters(text)) == text


def test_a_pile_of_marks_does_not_grow_without_bound() -> None:
    assert max(len(cluster) for cluster, _ in clusters("a" + "\u0301" * 1_000)) <= 32


def test_tabs_go_to_the_next_stop_by_cells() -> None:
    assert expand_tabs("a\tb\t\tc") == "a   b       c"
    assert expand_tabs("漢\tb") == "漢  b"
    assert expand_tabs("漢字\tb") == "漢字    b"


def test_clip_says_that_something_is_missing() -> None:
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdef", 5) == "abcd…"
    assert width(clip("漢字漢字", 4)) <= 4
    assert clip("abc", 0) == ""
