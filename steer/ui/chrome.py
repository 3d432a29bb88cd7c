"""Lines of the cockpit's own: parts of text with style names, drawn as strips in the theme's styles."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from steer.ui.styles import PREFIX, StyleBook, parse_style

Part: TypeAlias = tuple[str, str]
"""Text that is safe to draw, and the name of its style."""
Line: TypeAlias = Sequence[Part]

CHROME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bar": "$foreground",
        "bar.name": "bold reverse $primary",
        "bar.project": "bold",
        "bar.dim": "$text-muted",
        "bar.live": "bold $text-success",
        "bar.state": "$text-primary",
        "bar.hold": "bold reverse $warning",
        "meter.sharp": "$text-success",
        "meter.drifting": "$text-warning",
        "meter.degrading": "$text-accent",
        "meter.restart": "bold $text-error",
        "meter.rest": "$border",
        "meter.mark": "$text-muted",
        "frame": "$border",
        "frame.on": "$primary",
        "title": "$text-muted",
        "title.on": "bold",
        "button": "$text-muted",
        "button.on": "bold reverse $success",
        "button.key": "bold $text-primary",
        "prompt.glyph": "bold $text-primary",
        "prompt.enter": "$text-warning",
        "prompt.hint": "$text-muted",
        "prompt.key": "bold",
        "ask": "bold reverse $warning",
        "ask.key": "bold $text-warning",
        "wait": "$text-accent",
    }
)
"""The style names of the cockpit's own lines, with what a theme that does not style them gets."""


class ChromeBook:
    """The style of each name of ``CHROME`` and of each row token, under one theme."""

    def __init__(self, base: Style, variables: Mapping[str, str]) -> None:
        self.base = base
        under = Color(0, 0, 0) if base.bgcolor is None else Color.from_rich_color(base.bgcolor)
        self._rows = StyleBook(base, variables)
        self._styles = {
            name: base + parse_style(variables.get(PREFIX + name.replace(".", "-"), default), variables, under)
            for name, default in CHROME.items()
        }

    def style(self, name: str) -> Style:
        """The whole style of a name; an unknown one is the row token of that name, else plain text."""
        return self._styles.get(name) or self._rows.style(name)

    def strip(self, line: Line, width: int) -> Strip:
        """A line of exactly ``width`` cells."""
        strip = Strip([Segment(text, self.style(name)) for text, name in line if text])
        return strip.adjust_cell_length(width, self.base)


def cells(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def fit(text: str, width: int) -> str:
    """The text if it fits into ``width`` cells, else its beginning and an ellipsis."""
    if cell_len(text) <= width:
        return text
    return "" if width < 1 else set_cell_size(text, width - 1).rstrip() + "…"


def spread(left: Line, right: Line, width: int) -> list[Part]:
    """Left and right part of a line of ``width`` cells; the right one gives way where both do not fit."""
    gap = width - cells(left) - cells(right)
    return [*left, (" " * gap, ""), *right] if gap >= 1 else list(left)


class LineWidget(Widget):
    """Draws a few lines of parts, each anew only where it has changed. Never scrolls; its height is fixed from outside.

    Subclasses build the lines in ``lines(width)`` and call ``show`` when what they are made of has changed.
    """

    DEFAULT_CSS = """
    LineWidget { height: 1; width: 1fr; background: $background; color: $foreground; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._book: ChromeBook | None = None
        self._width = -1

    def lines(self, width: int) -> Iterable[Line]:
        """The lines for a widget of ``width`` cells."""
        raise NotImplementedError

    @property
    def book(self) -> ChromeBook:
        """The styles of the theme in force."""
        if self._book is None:
            self._book = ChromeBook(self.rich_style, self.app.theme_variables)
        return self._book

    def show(self) -> None:
        """Build the lines again and draw those that differ."""
        if not self.is_mounted or self.size.width <= 0:
            return
        before, self._lines, self._width = self._lines, list(self.lines(self.size.width)), self.size.width
        for y in range(max(len(before), len(self._lines))):
            if before[y : y + 1] != self._lines[y : y + 1]:
                self.refresh_row(y)

    def refresh_row(self, y: int) -> None:
        """Draw one line again."""
        self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if width != self._width:
            self._lines, self._width = list(self.lines(width)), width
        if y >= len(self._lines):
            return Strip.blank(width, self.book.base)
        return self.book.strip(self._lines[y], width)

    def on_mount(self) -> None:
        self.auto_links = False
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.restyle())

    def on_resize(self, _: events.Resize) -> None:
        self.show()

    def restyle(self) -> None:
        """Draw everything in the styles of the theme in force."""
        self._book = None
        self.refresh()
