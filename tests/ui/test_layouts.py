"""Sizes: wide, stacked, tabs, and everything down to what no one should use, also while it streams."""

import os

import pytest

from steer.domain.events import DiffUpdated, TextDelta
from tests.ui.fake_cockpit import DIFF, STARTED, FakeCockpit, demo, turn
from tests.ui.harness import Hand, at_the_cockpit


def test_wide_has_the_three_side_by_side() -> None:
    async def work(hand: Hand) -> None:
        panes = [hand.screen.stream.region, hand.screen.diff.region, hand.screen.verify.region]
        assert len({pane.y for pane in panes}) == 1
        assert panes[0].right < panes[1].x
        assert panes[1].right < panes[2].x
        title = hand.text().split("\n")[panes[0].y - 1]
        assert "Diff +8 −1 · 2 files · 9/150 lines" in title
        assert "Verify ✓ lint ✗ tests ● types" in title

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(160, 45))


def test_stacked_has_the_stream_above() -> None:
    async def work(hand: Hand) -> None:
        stream, diff, verify = hand.screen.stream.region, hand.screen.diff.region, hand.screen.verify.region
        assert stream.bottom < diff.y == verify.y
        assert diff.right < verify.x

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(120, 40))


def active(hand: Hand) -> str:
    return hand.screen.panes.active


def test_narrow_has_tabs_that_tell_their_figures_and_can_be_clicked() -> None:
    async def work(hand: Hand) -> None:
        tabs = hand.text().split("\n")[2]
        assert "Stream" in tabs
        assert "Diff +8 −1" in tabs
        assert "Verify" in tabs
        assert not hand.screen.diff.display
        await hand.press("tab")
        assert active(hand) == "diff"
        assert "src/weeks.py" in hand.line("#diff")
        await hand.pilot.click("#panes", offset=(tabs.index("Stream"), 0))
        assert active(hand) == "stream"
        await hand.press("f4")
        assert "tests" in hand.line("#verify")

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(80, 24))


@pytest.mark.parametrize("size", [(40, 24), (40, 10), (24, 8), (12, 5), (10, 3), (300, 80), (150, 6), (100, 7)])
def test_U7_any_size_is_drawn(size: tuple[int, int]) -> None:
    async def work(hand: Hand) -> None:
        await hand.press("f3", "f5", "f1", "escape", *"text")
        assert len(hand.text().split("\n")) == size[1]

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=size)


def test_U7_the_size_changes_while_it_streams() -> None:
    async def work(hand: Hand) -> None:
        for width, height in ((160, 45), (80, 24), (40, 12), (120, 40), (99, 30), (100, 30), (150, 50)):
            await hand.pilot.resize_terminal(width, height)
            await hand.say(TextDelta(f"at {width} columns. ", 4))
            assert f"{width} columns." in " ".join(hand.line("#stream").split())

    at_the_cockpit(work, cockpit=FakeCockpit([STARTED, *turn()]))


def test_zoom_gives_a_pane_everything_and_back() -> None:
    async def work(hand: Hand) -> None:
        before = hand.screen.diff.region
        await hand.press("f3", "f5")
        assert hand.screen.diff.region.width == 158
        assert not hand.screen.stream.display
        await hand.press("ctrl+o")
        assert hand.screen.diff.region == before

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(160, 45))


def test_the_split_is_dragged() -> None:
    async def work(hand: Hand) -> None:
        column = hand.screen.panes.plan.columns[0]
        await hand.pilot.mouse_down("#panes", offset=(column, 10))
        await hand.pilot.hover("#panes", offset=(column + 12, 10))
        await hand.pilot.mouse_up("#panes", offset=(column + 12, 10))
        assert hand.screen.panes.plan.columns[0] == column + 12
        assert hand.screen.stream.region.width == column + 11

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(160, 45))


def test_figures_that_change_ask_for_no_layout() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(TextDelta("first words ", 4))
        before = hand.screen._layout_required, hand.screen.panes._layout_updates
        for number in range(20):
            await hand.say(TextDelta(f"word {number} ", 4))
        assert (hand.screen._layout_required, hand.screen.panes._layout_updates) == before

    at_the_cockpit(work, cockpit=FakeCockpit([STARTED, *turn()]), size=(160, 45))


def test_U6_a_large_patch_is_read_off_the_loop_and_only_the_last_one_counts() -> None:
    lines = "".join(f"+line {n}\n" for n in range(20_000))
    large = f"--- /dev/null\n+++ b/large.py\n@@ -0,0 +1,20000 @@\n{lines}"

    async def work(hand: Hand) -> None:
        await hand.say(DiffUpdated("turn", large, ("large.py",), 20_000, 0), DIFF)
        await hand.say(DiffUpdated("turn", large, ("large.py",), 20_000, 0, truncated=True))
        for _ in range(200):
            await hand.pilot.pause(0.02)
            if "large.py" in hand.line("#diff"):
                break
        assert hand.screen.diff.source.row_count > 20_000
        await hand.press("f3", "ctrl+end")
        assert "longer than what is shown" in hand.line("#diff")

    at_the_cockpit(work, cockpit=FakeCockpit([STARTED, *turn()]), size=(160, 45))


def test_U7_without_colour_every_state_has_its_sign_and_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")

    async def work(hand: Hand) -> None:
        assert hand.app.no_color
        shown = hand.text()
        for words in ("● streaming", "drifting", "✓ lint", "✗ tests", "failed", "running", "4 max 150 ●"):
            assert words in shown

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(160, 45))
