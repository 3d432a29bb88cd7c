import asyncio
import random
from collections.abc import Awaitable, Callable
from unittest.mock import patch

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from steer.render.cells import width
from steer.render.clean import clean, guard_line
from steer.render.rows import TOKENS, Row, RowList
from steer.ui.styles import StyleBook, parse_style
from steer.ui.widgets.line_view import LineView
from steer.ui.widgets.row_strips import Look, Thumb, build_strip
from tests.ui.rows_app import RowsApp

Check = Callable[[RowsApp, LineView, RowList, Pilot[None]], Awaitable[None]]

NASTY = [
    "👩\u200d👩\u200d👧",
    "🇩🇪",
    "👍🏽",
    "❤\ufe0f",
    "⌚\ufe0e",
    "1\ufe0f\u20e3",
    "e\u0301",
    "漢",
    "नि",
    "क्ष्म",
    "한",
    "각",
    "🏴\u200d☠\ufe0f",
    "a",
    " ",
]


def numbered(count: int, start: int = 0) -> list[Row]:
    return [Row(f"line {number}", entry=1, line=number) for number in range(start, start + count)]


def run(check: Check, count: int = 100, size: tuple[int, int] = (40, 10), follow: bool = True) -> None:
    async def main() -> None:
        source = RowList(numbered(count))
        view = LineView(source, follow=follow)
        app = RowsApp(view)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await check(app, view, source, pilot)

    asyncio.run(main())


def test_U4_it_follows_the_end_only_while_it_stands_there() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        assert app.lines()[-1] == "line 99"
        source.rows += numbered(5, 100)
        view.rows_changed(100)
        await pilot.pause()
        assert app.lines()[-1] == "line 104"
        await pilot.press("pageup")
        before = app.lines()
        source.rows += numbered(7, 105)
        view.rows_changed(105)
        await pilot.pause()
        assert app.lines() == before
        assert (view.following, view.new_rows) == (False, 7)
        assert app.told[-2:] == [("follow", False), ("new", 7)]
        await pilot.press("end")
        assert app.lines()[-1] == "line 111"
        assert (view.following, view.new_rows) == (True, 0)
        assert app.told[-2:] == [("follow", True), ("new", 0)]

    run(check)


def test_U4_the_wheel_lets_go_and_takes_up_again() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot._post_mouse_events([MouseScrollUp], view, (2, 2))
        await pilot.pause()
        assert app.lines()[-1] == "line 96"
        assert app.told[-2:] == [("follow", False), ("new", 0)]
        await pilot._post_mouse_events([MouseScrollDown], view, (2, 2))
        await pilot.pause()
        assert app.told[-2:] == [("follow", True), ("new", 0)]

    run(check)


def test_growing_asks_for_no_layout_and_keeps_textuals_figures_true() -> None:
    """What ``_grow`` leans on: if Textual changes how sizes and positions are kept, this notices."""

    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        with patch.object(app.screen, "_refresh_layout") as layout:
            source.rows += numbered(50, 100)
            view.rows_changed(100)
            await pilot.pause()
            assert not layout.called
        assert view.virtual_size.height == 150
        assert view.max_scroll_y == 140
        assert view.scroll_offset == Offset(0, 140)
        assert view.scroll_target_y == 140
        source.rows[:] = numbered(3)
        view.rows_changed(0)
        await pilot.pause()
        assert (view.max_scroll_y, view.scroll_offset.y) == (0, 0)
        assert app.lines()[:4] == ["line 0", "line 1", "line 2", ""]

    run(check)


def test_no_scrollbar_widget_is_ever_made() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot.press("pageup", "home", "end")
        assert view._vertical_scrollbar is None
        assert view.size == app.size

    run(check)


def test_only_what_is_visible_and_new_is_drawn() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot.press("home")
        source.rows += numbered(1, 100)
        with patch.object(source, "row", side_effect=source.row) as asked:
            view.rows_changed(100)
            await pilot.pause()
            assert max((call.args[0] for call in asked.call_args_list), default=0) < 10

    run(check)


def test_the_thumb_shows_where_one_is() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        assert app.edge() == "         ┃"
        await pilot.press("home")
        assert app.edge() == "┃         "
        await pilot.click(view, offset=(39, 9))
        assert view.following
        await pilot.mouse_down(view, offset=(39, 0))
        await pilot.mouse_up(view, offset=(39, 0))
        assert view.scroll_offset.y == 0

    run(check)
    assert Thumb.of(0, 5, 10).edge(0) == ""
    assert Thumb.of(50, 60, 10) == Thumb(9, 1)


def test_keys_page_cursor_and_activation() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot.press("up")
        assert view.cursor_row == 99
        await pilot.press("up", "up")
        assert (view.cursor_row, app.edge()[7]) == (97, "◂")
        await pilot.press("pageup")
        assert view.cursor_row == 88
        await pilot.press("home")
        assert (view.cursor_row, view.scroll_offset.y) == (0, 0)
        await pilot.press("down")
        view.action_activate_row()
        await pilot.pause()
        assert app.told[-1] == ("activated", 1)
        await pilot.press("end")
        assert ("cursor", None) in app.told
        assert view.following

    run(check)


def test_a_click_sets_the_cursor_and_a_double_click_activates() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot.click(view, offset=(2, 3))
        assert view.cursor_row == 93
        assert ("activated", 93) not in app.told
        await pilot.click(view, offset=(2, 4), times=2)
        await pilot.pause()
        assert ("activated", 94) in app.told
        assert not app.screen.selections

    run(check)


def test_resize_keeps_the_top_row() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        view.move_top(30)
        await pilot.pause()
        await pilot.resize_terminal(60, 20)
        assert app.lines()[0] == "line 30"
        assert not view.following
        view.follow()
        await pilot.resize_terminal(40, 5)
        assert app.lines()[-1] == "line 99"

    run(check)


def test_rows_that_go_above_leave_the_top_row() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        view.move_top(50)
        del source.rows[:20]
        view.rows_changed(0)
        await pilot.pause()
        assert app.lines()[0] == "line 50"

    run(check)


def test_a_view_that_does_not_follow_begins_at_its_top() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        assert app.lines()[0] == "line 0"
        source.rows += numbered(5, 100)
        view.rows_changed(100)
        await pilot.pause()
        assert app.lines()[0] == "line 0"

    run(check, follow=False)


def test_selecting_with_the_mouse_copies_without_gutters() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        source.rows[:] = [
            Row("12 + one two", indent=5),
            Row("     three", indent=5, join=" "),
            Row("13 - four", indent=5),
        ]
        view.rows_changed(0)
        await pilot.pause()
        selection = Selection(Offset(7, 0), Offset(7, 2))
        assert view.get_selection(selection) == ("e two three\nfo", "\n")
        assert view.get_selection(Selection(None, None)) == ("one two three\nfour", "\n")
        await pilot.mouse_down(view, offset=(5, 0))
        await pilot.hover(view, offset=(9, 2))
        await pilot.mouse_up(view, offset=(9, 2))
        assert app.screen.get_selected_text() == "one two three\nfour"
        assert view.text_of(0, 99) == "one two three\nfour"

    run(check)


def test_search_marks_are_drawn() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        await pilot.press("home")
        view.search("LINE 3", current=3)
        await pilot.pause()
        strip = app.screen._compositor.render_strips()[3]
        marked = [segment.text for segment in strip if segment.style is not None and segment.style.reverse]
        assert marked == ["line 3"]

    run(check)


def test_U7_another_theme_draws_everything_anew() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        def background() -> object:
            segment = next(iter(app.screen._compositor.render_strips()[0]))
            assert segment.style is not None
            return segment.style.bgcolor

        dark = background()
        app.theme = "textual-light"
        await pilot.pause()
        assert background() != dark

    run(check)


def test_a_border_is_drawn_by_textual_around_the_rows() -> None:
    async def check(app: RowsApp, view: LineView, source: RowList, pilot: Pilot[None]) -> None:
        view.styles.border = ("solid", "white")
        await pilot.pause()
        lines = [strip.text for strip in app.screen._compositor.render_strips()]
        assert lines[0].startswith("┌")
        assert lines[8].startswith("│line 99 ")
        assert view._wrapped_to == 37

    run(check)


def test_U2_markup_and_controls_are_text() -> None:
    rng = random.Random(2)
    pieces = [
        "[/]",
        "[link=x]",
        "[bold]",
        "[@click=app.quit]",
        "\x1b[31m",
        "\x1b]52;c;QQ==\x07",
        "\u202e",
        "\x00",
        "a",
        " ",
        "漢",
    ]
    book = StyleBook(Style(color="white", bgcolor="black"), {})
    for _ in range(2_000):
        text = guard_line(clean("".join(rng.choices(pieces, k=8)))).replace("\n", " ")
        strip = build_strip(Row(text), Look(30), book, Style())
        assert strip.cell_length == 31
        assert "\x1b" not in strip.text
        assert "\u202e" not in strip.text


@pytest.mark.parametrize("cells", [1, 2, 5, 8, 20])
def test_U5_strips_are_as_wide_as_textual_counts(cells: int) -> None:
    rng = random.Random(3)
    book = StyleBook(Style(color="white", bgcolor="black"), {})
    for _ in range(300):
        text = "".join(rng.choices(NASTY, k=rng.randrange(14)))
        spans = tuple((at, at + 1, "kw") for at in range(0, len(text), 3))
        look = Look(cells, cursor=rng.random() < 0.5, selected=(1, 4), needle="a")
        strip = build_strip(Row(text, spans), look, book, Style(reverse=True))
        assert strip.cell_length == cells + 1
        assert sum(cell_len(segment.text) for segment in strip) == cells + 1
        for segment in strip:
            assert not segment.text.startswith(("\u200d", "\ufe0f", "\u0301", "\u20e3")), (
                "a style began inside a cluster"
            )


@pytest.mark.parametrize("text", NASTY)
def test_U5_no_cluster_is_measured_narrower_than_textual_does(text: str) -> None:
    assert width(text) >= cell_len(text)


def test_styles_come_from_the_theme_and_bad_ones_are_left_out() -> None:
    variables = {"token-added-word": "bold #102030 on $panel", "panel": "#000010", "token-kw": "no-such-thing"}
    book = StyleBook(Style(color="white", bgcolor="black"), variables)
    word = book.style("added.word")
    assert (word.bold, str(word.color and word.color.name), str(word.bgcolor and word.bgcolor.name)) == (
        True,
        "#102030",
        "#000010",
    )
    assert book.style("kw") == book.base
    assert book.style("no-such-token") == book.style("text")
    assert {book.style(token) for token in TOKENS}
    half = parse_style("#ffffff80", {}, Color(0, 0, 0))
    assert half.color is not None
    assert half.color.triplet == (128, 128, 128)


def test_a_fill_reaches_the_edge() -> None:
    book = StyleBook(Style(color="white", bgcolor="black"), {"token-added": "on #003300"})
    strip = build_strip(Row("x", fill="added"), Look(5), book, Style())
    colours = [
        segment.style.bgcolor.name
        for segment in list(strip)[:-1]
        if isinstance(segment, Segment) and segment.style and segment.style.bgcolor
    ]
    assert set(colours) == {"#003300"}
