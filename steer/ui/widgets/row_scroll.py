"""Following the end of growing rows without layouts: the scrolling half of a line view."""

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.widget import Widget

from steer.render.rows import Row, RowList, RowSource
from steer.ui.widgets.row_strips import Thumb


class RowScroll(ScrollView):
    """Scrolls over the rows of a ``RowSource`` and keeps its place while they change.

    It follows the end if it stood there before a change; else its top row stays, found again by entry and line.
    """

    following: reactive[bool] = reactive(True, repaint=False)
    new_rows: reactive[int] = reactive(0, repaint=False)
    """Rows that came while the view was held: for a pill that says so."""
    cursor_row: reactive[int | None] = reactive(None, repaint=False)

    class FollowChanged(Message, namespace="line_view"):
        """Whether the view follows the end, and how many rows are new below while it does not."""

        def __init__(self, view: "RowScroll", following: bool, new_rows: int) -> None:
            super().__init__()
            self.view = view
            self.following = following
            self.new_rows = new_rows

        @property
        def control(self) -> "RowScroll":
            return self.view

    def __init__(self, source: RowSource | None, *, id: str | None, classes: str | None, follow: bool) -> None:
        super().__init__(id=id, classes=classes)
        self._source: RowSource = source if source is not None else RowList()
        self._follow_end = follow
        self.set_reactive(RowScroll.following, follow)
        self._wrapped_to = 0
        self._rows_known = 0
        self._anchor: tuple[Row, int] | None = None
        self._told = (follow, 0)
        self._moving = False

    @property
    def source(self) -> RowSource:
        return self._source

    @property
    def wrap_width(self) -> int:
        """Cells for a row's text: the widget without its thumb."""
        return max(1, self.size.width - 1)

    def set_source(self, source: RowSource) -> None:
        """Show other rows, from their beginning, or from their end where the view follows."""
        self._source = source
        self._wrapped_to = 0
        self._rows_known = 0
        self.cursor_row = None
        self._anchor = None
        self._rewrap()
        self._move_to(self.max_scroll_y if self._follow_end else 0)
        self._note_follow(0)
        self.refresh()

    def rows_changed(self, first: int) -> None:
        """The source's rows from ``first`` on are new or gone. Cheap: no layout, only what is visible is drawn again."""
        was_at_end = self.following
        before_thumb = self._thumb()
        old_count = self._rows_known
        count = self._grow()
        if was_at_end:
            self._move_to(self.max_scroll_y)
        else:
            if first <= self.scroll_offset.y:
                self._restore_anchor()
            self._note_follow(max(0, self.new_rows + count - old_count))
        self._keep_anchor()
        top = self.scroll_offset.y
        if before_thumb != self._thumb():
            self.refresh()
        elif first < top + self.size.height:
            first = max(first, top)
            self.refresh(Region(0, first - top, self.size.width, self.size.height - (first - top)))

    def reveal(self, row: int, at_top: bool = False) -> None:
        """Scroll as little as needed to show a row; with ``at_top`` it becomes the first one."""
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if at_top or row < top:
            self.move_top(row)
        elif row >= top + height:
            self.move_top(row - height + 1)

    def move_top(self, row: int) -> None:
        """Make ``row`` the top row, as far as there are rows; reaching the end makes the view follow again."""
        self._move_to(row)
        self._note_position()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.move_top(self.max_scroll_y)

    def _thumb(self) -> Thumb:
        return Thumb.of(self.scroll_offset.y, self._rows_known, self.size.height)

    @property
    def allow_vertical_scroll(self) -> bool:
        return not self._check_disabled()

    def _grow(self) -> int:
        """Take over the source's count of rows. The one place that sets the size without asking for a layout.

        Assigning ``virtual_size`` lays the whole screen out again, two frames' worth of work at every flush; nothing
        but this widget depends on it.
        """
        count = self._source.row_count
        self._rows_known = count
        self.set_reactive(Widget.virtual_size, Size(max(1, self.size.width), count))
        if self.cursor_row is not None and self.cursor_row >= count:
            self.cursor_row = count - 1 if count else None
        return count

    def _scroll_update(self, virtual_size: Size) -> None:
        """Textual's hook after a change of size; there is no scrollbar to update, only the position to keep valid."""
        self._move_to(self.max_scroll_y if self.following else round(self.scroll_y))

    def _move_to(self, row: int) -> None:
        row = min(max(0, row), self.max_scroll_y)
        self._moving = True
        self.scroll_target_y = row
        self.scroll_y = row
        self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if round(old_value) == round(new_value):
            return
        self.refresh()
        if not self._moving:
            # Textual moved the view itself: a selection dragged over the edge.
            self._note_position()

    def _rewrap(self) -> None:
        width = self.wrap_width
        if self.size.width and width != self._wrapped_to:
            self._wrapped_to = width
            self._source.set_width(width)
        self._grow()

    def on_resize(self, event: events.Resize) -> None:
        self._resized()

    def _resized(self) -> None:
        follows = self.following
        self._rewrap()
        if follows:
            self._move_to(self.max_scroll_y)
        else:
            self._restore_anchor()
        self._note_position()
        self.refresh()

    def on_show(self) -> None:
        self._rewrap()
        if self.following:
            self._move_to(self.max_scroll_y)

    def _keep_anchor(self) -> None:
        """Remember the top row and the offset within its line, to find it again after rows above have changed."""
        top = self.scroll_offset.y
        if self.following or top >= self._source.row_count:
            self._anchor = None
            return
        row = self._source.row(top)
        self._anchor = (row, top - self._source.locate(row))

    def _restore_anchor(self) -> None:
        if self._anchor is not None:
            row, below = self._anchor
            self._move_to(self._source.locate(row) + below)

    def _note_position(self) -> None:
        """After the user or a resize moved the view: does it stand at the end?"""
        self.following = self._follow_end and self.scroll_offset.y >= self.max_scroll_y
        self._note_follow(0 if self.following else self.new_rows)
        self._keep_anchor()

    def _note_follow(self, new_rows: int) -> None:
        self.new_rows = new_rows
        told = (self.following, new_rows)
        if told != self._told:
            self._told = told
            self.post_message(self.FollowChanged(self, *told))
