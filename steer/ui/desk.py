"""What the commander needs of the screen: the prompt's text, and the desk around it."""

from typing import Protocol

from steer.ui.geometry import Pane


class Draft(Protocol):
    """The prompt's text."""

    @property
    def text(self) -> str: ...

    @property
    def written(self) -> str: ...

    @property
    def offered(self) -> str:
        """What an empty prompt sends; empty where nothing is offered."""
        ...

    def put(self, text: str) -> None: ...

    def offer(self, task: str) -> None: ...

    def take(self) -> str: ...

    def older(self) -> None: ...

    def newer(self) -> None: ...

    def break_line(self) -> None: ...


class Desk(Protocol):
    """What the commander needs of the screen."""

    def flash(self, text: str) -> None:
        """Say something in passing."""
        ...

    def leave(self) -> None: ...

    def show_pane(self, pane: Pane) -> None: ...

    def move(self, how: str) -> None:
        """Move in the active pane, or to another: one of ``MOVES``."""
        ...

    def find(self, needle: str) -> None:
        """Mark words in the stream and go to the next place; empty: the words sought last."""
        ...

    def open_page(self, name: str) -> None:
        """Lay a page over the cockpit: help or context; close takes it away, palette opens the command palette."""
        ...

    def copy(self) -> None: ...

    def suspend(self) -> None: ...

    def set_theme(self, name: str) -> None:
        """Switch the theme; empty: to the next one."""
        ...

    def trust_digest(self) -> str:
        """The VERIFY.md that waits to be trusted."""
        ...

    def file_at_hand(self) -> str:
        """The file under the diff cursor, or the one being edited; empty where there is none."""
        ...

    def trusted(self) -> None: ...

    def changed(self) -> None:
        """The prompt's meaning may have changed."""
        ...
