import asyncio
import json
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from steer.domain.events import Event, Notice, ReasoningDelta, TextDelta, ToolDelta, TurnStarted
from steer.ui.widgets.stream import StreamView
from tests.ui.rows_app import RowsApp

Check = Callable[[RowsApp, StreamView, Pilot[None]], Awaitable[None]]


def run(check: Check, size: tuple[int, int] = (40, 10)) -> None:
    async def main() -> None:
        view = StreamView()
        app = RowsApp(view)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await check(app, view, pilot)

    asyncio.run(main())


async def show(view: StreamView, pilot: Pilot[None], *events: Event) -> None:
    view.feed(events)
    view.flush()
    await pilot.pause()


def test_feeding_draws_nothing_before_the_flush() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        view.feed([TextDelta("hello")])
        await pilot.pause()
        assert app.lines()[0] == ""
        view.flush()
        await pilot.pause()
        assert app.lines()[0] == "hello"

    run(check)


def test_an_edit_grows_on_the_screen_and_is_followed() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        text = json.dumps({"path": "a.py", "content": "".join(f"x{n} = {n}\n" for n in range(60))})
        for at in range(0, len(text), 50):
            await show(view, pilot, ToolDelta("c", "write_file", text[at : at + 50]))
        assert app.lines()[-1] == "+ x59 = 59"
        assert view.following

    run(check)


def test_U4_a_view_held_still_is_not_moved_by_what_comes() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, TextDelta("".join(f"line {n}\n" for n in range(50))))
        await pilot.press("pageup")
        before = app.lines()
        for n in range(20):
            await show(view, pilot, TextDelta(f"more {n}\n"), Notice("x"))
        assert app.lines() == before
        assert view.new_rows == 40
        await pilot.press("end")
        assert app.lines()[-1] == "· x"

    run(check)


def test_U2_model_text_is_drawn_as_text() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, TextDelta("[/] [bold]x[/bold] \x1b[31mred\x1b[0m \x1b]52;c;QQ==\x07"))
        assert app.lines()[:2] == ["[/] [bold]x[/bold] red ␛]52;c;QQ==␇", ""]

    run(check)


def test_U5_nasty_text_keeps_every_line_as_wide_as_the_screen() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, TextDelta("👩\u200d👩\u200d👧🇩🇪漢字e\u0301❤\ufe0fनि\tx " * 20))
        assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {40}

    run(check)


def test_U7_another_width_wraps_anew_and_keeps_the_place() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, TextDelta("".join(f"paragraph {n} " + "word " * 20 + "\n" for n in range(30))))
        row = view.document.entries()[0].row
        place = next(
            i for i in range(row, view.document.row_count) if view.document.row(i).text.startswith("paragraph 10 ")
        )
        view.move_top(place)
        await pilot.resize_terminal(70, 12)
        assert app.lines()[0].startswith("paragraph 10 ")
        view.follow()
        await pilot.resize_terminal(30, 8)
        assert app.lines()[-1] == "word word word word word"
        assert view.document.width == 29

    run(check)


def test_folds_open_by_double_click_and_by_command() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, ReasoningDelta("one\ntwo", 5), TextDelta("done\n"))
        assert app.lines()[:2] == ["▸ reasoning 5 tokens, 2 lines", "done"]
        await pilot.click(view, offset=(3, 0), times=2)
        await pilot.pause()
        assert app.lines()[:3] == ["▾ reasoning 5 tokens, 2 lines", "  one", "  two"]
        view.cursor_row = None
        assert view.toggle_fold()
        await pilot.pause()
        assert app.lines()[:2] == ["▸ reasoning 5 tokens, 2 lines", "done"]
        assert not view.toggle_fold(1)

    run(check)


def test_jumping_between_turns() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        for turn in range(1, 4):
            await show(view, pilot, TurnStarted(turn, f"task {turn}"), TextDelta("text\n" * 20))
        assert view.jump(-1)
        assert view.entry is not None
        assert view.entry.title == "› task 3"
        assert view.jump(-1)
        assert view.jump(-1)
        assert view.entry.title == "› task 1"
        assert not view.jump(-1)
        assert view.jump(1)
        assert view.entry.title == "› task 2"
        assert view.jump(1)
        assert view.jump(1)
        assert view.following
        assert not view.jump(1)

    run(check)


def test_finding_goes_from_hit_to_hit() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        await show(view, pilot, TextDelta("".join(f"line {n} {'needle' if n % 10 == 5 else ''}\n" for n in range(40))))
        assert view.find("Needle") == (4, 4)
        assert view.cursor_row == 35
        assert view.find("Needle", -1) == (3, 4)
        assert view.find("Needle") == (4, 4)
        assert view.find("Needle") == (1, 4)
        assert view.find("nothing") == (0, 0)
        assert view.find("") == (0, 0)

    run(check)


def test_an_entry_is_copied_whole() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        text = "a long line that wraps over more than one row of the view\n- item\nlast"
        await show(view, pilot, TextDelta(text))
        assert view.entry_text() == text

    run(check, size=(20, 10))


def test_U11_few_strips_and_no_widgets_for_a_long_session() -> None:
    async def check(app: RowsApp, view: StreamView, pilot: Pilot[None]) -> None:
        for turn in range(30):
            await show(view, pilot, TurnStarted(turn, "go"), TextDelta("word " * 2_000 + "\n"), Notice("x"))
        assert view.document.row_count > 5_000
        assert len(view._strips._cache) <= 512
        assert len(list(app.screen.walk_children())) < 5

    run(check)


def test_rows_fed_before_the_first_paint_are_there_after_it() -> None:
    async def main() -> None:
        view = StreamView()
        view.feed([TextDelta("early\n" * 30)])
        view.flush()
        app = RowsApp(view)
        async with app.run_test(size=(30, 5)) as pilot:
            await pilot.pause()
            assert app.lines() == ["early"] * 5
            assert view.following

    asyncio.run(main())
