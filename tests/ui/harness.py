"""Running the cockpit without a terminal, and looking at what it shows."""

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from steer.ui.app import SteerApp
from steer.ui.bridge import Opener
from tests.ui.fake_cockpit import FakeCockpit


class Hand:
    """A person at the cockpit: presses keys, lets the session say things, reads the screen."""

    def __init__(self, app: SteerApp, pilot: Pilot[None], cockpit: FakeCockpit, clock: "Clock") -> None:
        self.app, self.pilot, self.cockpit, self.clock = app, pilot, cockpit, clock
        self.screen = app.cockpit

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def say(self, *events: object) -> None:
        """The session says this, and the screen has drawn it."""
        self.cockpit.say(*events)  # type: ignore[arg-type]
        await self.drawn()

    async def drawn(self) -> None:
        """Run frames until the mailbox is empty."""
        while not self.screen.bridge.ready:
            await self.pilot.pause()
        for _ in range(200):
            await self.pilot.pause(0.01)
            if not self.cockpit._waiting:
                break
        self.screen.bridge._last_facts = -1.0
        self.screen.bridge._pace._due = 0.0
        self.screen.bridge.frame(self.screen)
        await self.pilot.pause()

    def text(self) -> str:
        """The screen as lines of text."""
        return screen_text(self.app)

    def line(self, widget: str) -> str:
        """The rows of one widget as text."""
        region = self.app.screen.query_one(widget).region
        rows = self.text().split("\n")[region.y : region.bottom]
        return "\n".join(row[region.x : region.right].rstrip() for row in rows)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def screen_text(app: SteerApp) -> str:
    """What the terminal shows, one line of text a row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    rows = ["".join(segment.text for segment in strip) for strip in strips[:height]]
    return "\n".join(row[:width].rstrip() for row in rows)


def at_the_cockpit(
    work: Callable[[Hand], Awaitable[None]],
    *,
    size: tuple[int, int] = (120, 40),
    cockpit: FakeCockpit | None = None,
    opener: Opener | None = None,
    theme: str = "tokyo-night",
    task: str | None = None,
) -> FakeCockpit:
    """Run ``work`` at a cockpit of this size; gives the session that it talked to."""
    session = cockpit or FakeCockpit()
    clock = Clock()

    async def run() -> None:
        app = SteerApp(opener or session.open, theme=theme, task=task)
        app.cockpit.clock = clock
        async with app.run_test(size=size) as pilot:
            hand = Hand(app, pilot, session, clock)
            if opener is None:
                await hand.drawn()
            await work(hand)

    asyncio.run(run())
    return session
