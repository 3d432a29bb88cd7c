"""A scrolling view of rows: the line API, no layout when it grows, strips built when first shown."""

from typing import ClassVar, Final, NamedTuple

from rich.style import Style
from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from steer.render.rows import Row, RowSource, copied
from steer.ui.styles import StyleBook
from steer.ui.widgets.row_scroll import RowScroll
from steer.ui.widgets.row_strips import Look, StripCache, Thumb

_WHEEL_LINES: Final = 3


class _Frame(NamedTuple):
    """What all lines of one drawing share. ``top`` is the first row shown, ``chosen`` the style of selected text."""

    book: StyleBook
    top: int
    width: int
    thumb: Thumb
    selection: Selection | None
    chosen: Style


class LineView(RowScroll, can_focus=True):
    """Draws the rows of a ``RowSource``.

    ``set_source`` gives it rows, ``rows_changed(first)`` says that the source's rows from ``first`` on are new. The
    view follows the end if it stood there before the change; else its top row stays. The last column is the scroll
    thumb. ``cursor_row`` is the row a person points at, None while there is none.
    """

    DEFAULT_CSS = """
    LineView { overflow: hidden hidden; background: $surface; color: $foreground; }
    """
    ALLOW_MAXIMIZE: ClassVar[bool] = False

    class CursorMoved(Message):
        """The cursor is on another row, or gone (None)."""

        def __init__(self, view: "LineView", row: int | None) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> "LineView":
            return self.view

    class RowActivated(Message):
        """A row was chosen: Enter's action, or a double click."""

        def __init__(self, view: "LineView", row: int) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> "LineView":
            return self.view

    def __init__(
        self, source: RowSource | None = None, *, id: str | None = None, classes: str | None = None, follow: bool = True
    ) -> None:
        super().__init__(source, id=id, classes=classes, follow=follow)
        self._strips = StripCache()
        self._book: StyleBook | None = None
        self._kept_book: StyleBook | None = None
        self._book_key: tuple[object, ...] = ()
        self._needle = ""
        self._current_hit: int | None = None
        self._dragging_thumb = False

    def restyle(self) -> None:
        """Draw everything again with the styles of the theme in force."""
        self._book = self._kept_book = None
        self._strips.clear()
        self.refresh()

    def search(self, needle: str, current: int | None = None) -> None:
        """Mark ``needle`` (any case) wherever it is shown, and more strongly in the row ``current``. Empty: no marks."""
        self._needle, self._current_hit = needle, current
        self.refresh()

    def text_of(self, first: int, last: int) -> str:
        """The text of rows ``first`` to ``last`` (included) as a person copies it."""
        last = min(last, self._source.row_count - 1)
        return copied(self._source.row(index) for index in range(max(0, first), last + 1))

    def on_mount(self) -> None:
        self.auto_links = False
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.restyle())

    # -- drawing ---------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._book = None

    def _styles(self) -> StyleBook:
        """The styles in force, made anew only when the theme or the widget's own colours have changed."""
        if self._book is None:
            base, variables = self.rich_style, self.app.theme_variables
            base = Style(color=base.color, bgcolor=base.bgcolor)
            key = (base, id(variables), self.app.theme)
            if key != self._book_key or self._kept_book is None:
                self._book_key, self._kept_book = key, StyleBook(base, variables)
                self._strips.clear()
            self._book = self._kept_book
        return self._book

    def _frame(self) -> _Frame:
        if self.wrap_width != self._wrapped_to:
            # A border or padding has changed the room without a resize.
            self.call_next(self._resized)
        return _Frame(
            self._styles(),
            self.scroll_offset.y,
            self.size.width,
            self._thumb(),
            self.text_selection,
            self.screen.get_component_rich_style("screen--selection"),
        )

    def _line(self, y: int, frame: _Frame) -> Strip:
        """The strip of line ``y`` of the view."""
        index = y + frame.top
        if not 0 <= index < self._rows_known:
            return Strip.blank(frame.width, frame.book.base)
        cursor = index == self.cursor_row
        look = Look(
            max(1, frame.width - 1),
            "cursor" if cursor else frame.thumb.edge(y),
            cursor,
            frame.selection.get_span(index) if frame.selection is not None else None,
            self._needle,
            index == self._current_hit,
        )
        return self._strips.strip(self._source.row(index), look, frame.book, frame.chosen)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter:
            # A border or padding: Textual's own way draws it, and asks render_line for the inside.
            return super().render_lines(crop)
        frame = self._frame()
        strips = [self._line(y, frame) for y in range(crop.y, crop.bottom)]
        # Rows are drawn in the theme's own colours: turning the 16 named ones into true colour would find nothing to do.
        filters = [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]
        if filters:
            background = self.background_colors[1]
            for line_filter in filters:
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        left, right = crop.column_span
        if (left, right) != (0, frame.width):
            strips = [strip.crop(left, right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line with the offsets that Textual's text selection reads."""
        frame = self._frame()
        return self._line(y, frame).apply_offsets(0, y + frame.top)

    # -- selection -------------------------------------------------------------------------------------------------

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        count = self._source.row_count
        if not count:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = min(selection.end.y if selection.end is not None else count - 1, count - 1)
        rows: list[Row] = []
        for index in range(first, last + 1):
            row = self._source.row(index)
            start, end = selection.get_span(index) or (0, -1)
            start, end = max(start, row.indent), len(row.text) if end < 0 else end
            rows.append(row._replace(text=row.text[start:end], indent=0))
        return copied(rows), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    # -- hands -----------------------------------------------------------------------------------------------------

    def watch_cursor_row(self, before: int | None, after: int | None) -> None:
        for row in (before, after):
            if row is not None:
                self.refresh_line(row)
        if after is not None:
            self.reveal(after)
        self.post_message(self.CursorMoved(self, after))

    def _step_cursor(self, by: int) -> None:
        count = self._source.row_count
        if not count:
            return
        top, bottom = self.scroll_offset.y, min(count, self.scroll_offset.y + self.size.height) - 1
        if self.cursor_row is None:
            self.cursor_row = bottom if by < 0 else top
        else:
            self.cursor_row = min(max(0, self.cursor_row + by), count - 1)

    def action_scroll_up(self) -> None:
        self._step_cursor(-1)

    def action_scroll_down(self) -> None:
        self._step_cursor(1)

    def action_page_up(self) -> None:
        self._page(-1)

    def action_page_down(self) -> None:
        self._page(1)

    def _page(self, way: int) -> None:
        step = way * max(1, self.size.height - 1)
        self.move_top(self.scroll_offset.y + step)
        if self.cursor_row is not None:
            self.cursor_row = min(max(0, self.cursor_row + step), max(0, self._source.row_count - 1))

    def action_scroll_home(self) -> None:
        self.move_top(0)
        if self.cursor_row is not None:
            self.cursor_row = 0

    def action_scroll_end(self) -> None:
        """To the end, following it, without a cursor."""
        self.cursor_row = None
        self.move_top(self.max_scroll_y)

    def action_activate_row(self) -> None:
        if self.cursor_row is not None:
            self.post_message(self.RowActivated(self, self.cursor_row))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.move_top(self.scroll_offset.y + by)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.x >= self.wrap_width and self._thumb().height:
            self._dragging_thumb = True
            self.capture_mouse()
            self._drag_to(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging_thumb:
            self._drag_to(event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragging_thumb:
            self._dragging_thumb = False
            self.release_mouse()

    def _drag_to(self, y: int) -> None:
        height = max(1, self.size.height - 1)
        self.screen.clear_selection()
        self.move_top(round(self.max_scroll_y * y / height))

    def on_click(self, event: events.Click) -> None:
        # Textual's own answer to a double click is to select all of the widget.
        event.prevent_default()
        offset = event.get_content_offset(self) or Offset(event.x, event.y)
        row = offset.y + self.scroll_offset.y
        if offset.x >= self.wrap_width or row >= self._source.row_count:
            return
        self.cursor_row = row
        if event.chain == 2:
            self.post_message(self.RowActivated(self, row))
