"""The application: paints first, opens the session behind that, and leaves the terminal as it was."""

import asyncio
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Final

from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from steer.render.clean import clean_line
from steer.ui.actions import ACTIONS, keys_of
from steer.ui.bridge import Opener
from steer.ui.driver import SteerDriver
from steer.ui.facts import Header
from steer.ui.screens.cockpit import CockpitScreen
from steer.ui.screens.page import Page
from steer.ui.themes import DEFAULT, load_themes

_SCREENS: Final = Path(__file__).parent / "screens"
_END: Final = (signal.SIGTERM, signal.SIGHUP)


class SteerApp(App[None], inherit_bindings=False):
    """The cockpit of one session.

    ``opener`` builds the session after the first paint; ``label`` names the project until it is there. ``suggestion``
    lies in the prompt at the start, ``task`` is submitted as soon as the session is ready. ``themes`` are folders of
    further themes.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f24"  # The palette opens through the action table.
    # Absolute, as Textual looks beside the file of a subclass.
    CSS_PATH = [_SCREENS / "cockpit.tcss", _SCREENS / "page.tcss"]  # noqa: RUF012 (declared without ClassVar by Textual)
    TITLE = "steer"

    def __init__(
        self,
        opener: Opener,
        *,
        label: str = "",
        suggestion: str = "",
        theme: str = DEFAULT,
        task: str | None = None,
        themes: Iterable[Path] = (),
    ) -> None:
        super().__init__(driver_class=SteerDriver)
        self.animation_level = "none"
        for name in list(self.available_themes):
            self.unregister_theme(name)
        for found in load_themes(themes).values():
            self.register_theme(found)
        self.theme = theme if theme in self.available_themes else DEFAULT
        self.unknown_theme = "" if theme in self.available_themes else theme
        self.cockpit = CockpitScreen(opener, Header(project=clean_line(label)), task, suggestion)

    def get_default_screen(self) -> Screen[None]:
        return self.cockpit

    # -- keys ------------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """The brake before anything else: other keys wait their turn behind the typing that came before them."""
        if isinstance(event, events.Key) and not event.is_forwarded and self._brakes(event.key):
            return
        await super().on_event(event)

    def _brakes(self, key: str) -> bool:
        """Interrupt at once if that is what the key means now."""
        if not self.screen_stack or not self.cockpit.is_mounted:
            return False
        return self.cockpit.press(key, only="interrupt")

    async def on_key(self, event: events.Key) -> None:
        """A key that nothing under a page has taken."""
        screen = self.screen
        if not isinstance(screen, Page):
            return
        event.stop()
        if event.key in ("pageup", "pagedown"):
            screen.scroll_page(1 if event.key == "pagedown" else -1)
        else:
            self.cockpit.press(event.key)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette's entries: the table's actions."""
        for action in ACTIONS:
            if action.label and action.id not in ("close", "older", "newer", "newline", "send"):
                title = f"{action.label.capitalize()}  {keys_of(action)}"
                yield SystemCommand(
                    title, action.text, lambda action_id=action.id: self.cockpit.press_action(action_id)
                )

    # -- beginning and end -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        if self.unknown_theme:
            names = ", ".join(sorted(self.available_themes))
            self.cockpit.flash(f"There is no theme {self.unknown_theme!r}; there are {names}.")
        if self.is_headless:
            return
        # Back from the shell the terminal's screen is empty, which Textual does not know.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        loop = asyncio.get_running_loop()
        for number in _END:
            loop.add_signal_handler(number, self._ended, number)

    def _ended(self, number: signal.Signals) -> None:
        """The terminal has gone, or someone asked the process to end: leave as from the keyboard."""
        if number == signal.SIGHUP and isinstance(self._driver, SteerDriver):
            self._driver.hang_up()
        self.exit(return_code=128 + number)

    async def on_unmount(self, _: Message) -> None:
        """Whatever ended the program: what runs is ended and the journal written."""
        await self.cockpit.bridge.close()
