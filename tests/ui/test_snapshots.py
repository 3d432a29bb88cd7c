"""The whole screen as text and as styles, compared with what was looked at and found good.

A snapshot is the screen's text, then each row's styles in runs. To accept a new look: ``STEER_SNAPSHOTS=write pytest
tests/ui/test_snapshots.py`` and read the difference before committing it.
"""

import os
from pathlib import Path

import pytest
from rich.style import Style

from steer.domain.events import ApprovalRequested, QueueChanged
from tests.ui.fake_cockpit import PATCH, FakeCockpit, demo
from tests.ui.harness import Hand, at_the_cockpit

FOLDER = Path(__file__).parent / "snapshots"


def picture(hand: Hand) -> str:
    """Text, then styles: ``row: cells style, cells style, ...``."""
    strips = hand.app.screen._compositor.render_strips()
    rows: list[str] = []
    for number, strip in enumerate(strips):
        runs: list[tuple[str, int]] = []
        for segment in strip:
            style = short(segment.style)
            if runs and runs[-1][0] == style:
                runs[-1] = (style, runs[-1][1] + segment.cell_length)
            else:
                runs.append((style, segment.cell_length))
        rows.append(f"{number}: " + ", ".join(f"{count} {style}" for style, count in runs))
    return hand.text() + "\n---\n" + "\n".join(rows) + "\n"


def short(style: Style | None) -> str:
    """A style in words: attributes, text colour, background."""
    if style is None:
        return "-"
    return str(
        Style(color=style.color, bgcolor=style.bgcolor, bold=style.bold, italic=style.italic, underline=style.underline)
    )


def compare(hand: Hand, name: str) -> None:
    made = picture(hand)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("STEER_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(made)
    assert made == path.read_text(), f"{name} looks different; STEER_SNAPSHOTS=write accepts the new look"


@pytest.mark.parametrize("theme", ["tokyo-night", "paper"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 45)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_the_cockpit_in_mid_turn(size: tuple[int, int], theme: str) -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"shorter")
        compare(hand, f"cockpit-{size[0]}x{size[1]}-{theme}")

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=size, theme=theme)


def test_what_waits_above_the_prompt() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(
            QueueChanged((("m1", "Then write the changelog."), ("m2", "And say which cases are not covered."))),
            ApprovalRequested("c3", "diff", None, "Change src/dates.py (+4 −1)?", PATCH),
        )
        hand.clock.seconds += 1
        compare(hand, "waiting-120x40")

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(120, 40))


@pytest.mark.parametrize("keys", ["help", "context"])
def test_pages(keys: str) -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*f"/{keys}", "enter")
        compare(hand, f"{keys}-120x40")

    at_the_cockpit(work, cockpit=FakeCockpit(demo()), size=(120, 40))
