"""The three panes with their frame and titles: one container that lays out and draws the lines between them."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from textual import events
from textual.geometry import NULL_OFFSET, NULL_SPACING, Size
from textual.layout import DockArrangeResult, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from steer.ui.chrome import Line, LineWidget, Part, cells, fit
from steer.ui.geometry import PANES, Pane, Splits, dragged, plan


class Panes(LineWidget):
    """Holds the three views; ``title`` sets what stands in a pane's frame or tab."""

    DEFAULT_CSS = """
    Panes { height: 1fr; width: 1fr; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    class Activated(Message):
        """A pane was chosen by its title, its tab or a click into it."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, views: Mapping[Pane, Widget], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.views = views
        self.active: Pane = "stream"
        self.zoomed = False
        self.splits = Splits()
        self.plan = plan(Size(80, 20), "stream", False, self.splits)
        self._titles: dict[Pane, Line] = {pane: [(pane.capitalize(), "")] for pane in PANES}
        self._tab_spans: list[tuple[int, int, Pane]] = []
        self._dragging: int | Literal["row"] | None = None

    def compose(self) -> Iterable[Widget]:
        yield from self.views.values()

    # -- layout ----------------------------------------------------------------------------------------------------

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        self.plan = plan(size, self.active, self.zoomed, self.splits)
        self._width = -1
        return super().arrange(size, optimal)

    def process_layout(self, placements: list[WidgetPlacement]) -> list[WidgetPlacement]:
        """Textual's hook: the default layout's places are replaced by the plan's."""
        by_widget = {self.views[pane]: region for pane, region in self.plan.regions.items()}
        return [
            WidgetPlacement(by_widget[placed.widget], NULL_OFFSET, NULL_SPACING, placed.widget)
            for placed in placements
            if placed.widget in by_widget
        ]

    def on_resize(self, _: events.Resize) -> None:
        self.rearrange()

    def rearrange(self) -> None:
        """Show the panes that the size, the zoom and the choice leave room for."""
        self.plan = plan(self.size, self.active, self.zoomed, self.splits)
        for pane, view in self.views.items():
            view.display = pane in self.plan.regions
        self._width = -1
        # Textual forgets the arrangements of a widget's ancestors only; ours has changed at the same size.
        self._clear_arrangement_cache()
        self.refresh(layout=True)

    def activate(self, pane: Pane) -> None:
        """Make a pane the one that keys act on; in tabs and zoomed it is the one shown."""
        if pane == self.active:
            return
        self.active = pane
        if self.plan.mode in ("tabs", "zoom"):
            self.rearrange()
        else:
            self.plan = plan(self.size, self.active, self.zoomed, self.splits)
            self._width = -1
            self.refresh()

    def zoom(self) -> None:
        """Give the active pane everything, or give it back."""
        self.zoomed = not self.zoomed
        self.rearrange()

    def title(self, pane: Pane, line: Line) -> None:
        """Set a pane's title: parts of text and style names; unstyled parts take the title's own."""
        if self._titles[pane] != line:
            self._titles[pane] = line
            self.show()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def lines(self, width: int) -> Iterable[Line]:
        """The frame, row by row; what the views cover is blank."""
        height = self.size.height
        now = self.plan
        if now.mode == "tabs":
            return [self._tabs(width), *([] for _ in range(height - 1))]
        rows: list[Line] = [self._top(width)]
        for y in range(1, height - 1):
            rows.append(self._middle(width) if y == now.row else self._sides(y))
        return [*rows, self._bottom(width)]

    def _style(self, pane: Pane) -> str:
        return "frame.on" if pane == self.active else "frame"

    def _label(self, pane: Pane, room: int) -> list[Part]:
        """A title in ``room`` cells: its first part is the name, the others carry their own style."""
        own = "title.on" if pane == self.active else "title"
        parts: list[Part] = [(" ", "")]
        for text, style in self._titles[pane]:
            left = room - cells(parts) - 1
            if left <= 0:
                break
            parts.append((fit(text, left), style or own))
        return [*parts, (" ", "")] if room > 4 else []

    def _stretch(self, pane: Pane, room: int) -> list[Part]:
        """A title and the line behind it, ``room`` cells."""
        label = self._label(pane, room)
        return [*label, ("─" * max(0, room - cells(label)), self._style(pane))]

    def _top(self, width: int) -> Line:
        now = self.plan
        if now.mode == "wide":
            first, second = now.columns
            return [
                ("╭", self._style("stream")),
                *self._stretch("stream", first - 1),
                ("┬", "frame"),
                *self._stretch("diff", second - first - 1),
                ("┬", "frame"),
                *self._stretch("verify", width - second - 2),
                ("╮", self._style("verify")),
            ]
        pane: Pane = self.active if now.mode == "zoom" else "stream"
        return [("╭", self._style(pane)), *self._stretch(pane, width - 2), ("╮", self._style(pane))]

    def _middle(self, width: int) -> Line:
        (column,) = self.plan.columns
        return [
            ("├", "frame"),
            *self._stretch("diff", column - 1),
            ("┬", "frame"),
            *self._stretch("verify", width - column - 2),
            ("┤", "frame"),
        ]

    def _sides(self, y: int) -> Line:
        now = self.plan
        line: list[Part] = [("│", "frame")]
        columns = now.columns if now.row is None or y > now.row else ()
        at = 1
        for column in (*columns, now.size.width - 1):
            line += [(" " * (column - at), ""), ("│", "frame")]
            at = column + 1
        return line

    def _bottom(self, width: int) -> Line:
        columns = self.plan.columns
        text = "".join("┴" if x in columns else "─" for x in range(1, width - 1))
        return [("╰" + text + "╯", "frame")]

    def _tabs(self, width: int) -> Line:
        """The tab line: each label tells its figures."""
        line: list[Part] = []
        self._tab_spans = []
        for pane in PANES:
            start = cells(line)
            rest = 9 * (len(PANES) - 1 - PANES.index(pane))
            label = self._label(pane, max(9, width - start - rest - 1))
            line += [("▌" if pane == self.active else " ", "frame.on"), *label]
            self._tab_spans.append((start, cells(line), pane))
        return line

    # -- mouse -----------------------------------------------------------------------------------------------------

    def _line_at(self, x: int, y: int) -> int | Literal["row"] | None:
        now = self.plan
        if now.row is not None and y == now.row:
            return "row"
        if x in now.columns and (now.row is None or y > now.row):
            return now.columns.index(x)
        return None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        # The event may have bubbled up from a view; its coordinates are then the view's.
        under, _ = self.screen.get_widget_at(event.screen_x, event.screen_y)
        for pane, view in self.views.items():
            if under is view:
                self.post_message(self.Activated(pane))
        if under is not self:
            return
        if self.plan.mode == "tabs":
            for first, last, pane in self._tab_spans:
                if event.y == 0 and first <= event.x < last:
                    self.post_message(self.Activated(pane))
            return
        self._dragging = self._line_at(event.x, event.y)
        if self._dragging is not None:
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging is not None:
            self.splits = dragged(self.plan, self.splits, self._dragging, event.x, event.y)
            self.rearrange()

    def on_mouse_up(self, _: events.MouseUp) -> None:
        if self._dragging is not None:
            self._dragging = None
            self.release_mouse()
