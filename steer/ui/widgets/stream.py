"""The stream: all that happens in a session as one scrollback that follows its end."""

from collections.abc import Sequence

from steer.domain.events import Event
from steer.render.document import Document
from steer.render.scrollback import EntryInfo
from steer.ui.widgets.line_view import LineView


class StreamView(LineView):
    """Draws a ``Document``. ``feed`` only takes events; ``flush`` does one frame's work, its caller paces it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self.document = Document()
        super().__init__(self.document, id=id, classes=classes)
        self._inbox: list[Event] = []
        self._sought = ""

    def feed(self, events: Sequence[Event]) -> None:
        """Take events in their order; nothing is drawn before ``flush``."""
        self._inbox.extend(events)

    def flush(self) -> None:
        """Make the rows of what was fed and have them drawn."""
        inbox, self._inbox = self._inbox, []
        document = self.document
        for event in inbox:
            document.feed(event)
        first = document.flush()
        if first is not None:
            self.rows_changed(first)

    # -- hands -----------------------------------------------------------------------------------------------------

    @property
    def entry(self) -> EntryInfo | None:
        """The entry under the cursor; without a cursor the one at the end, or on top of a view held still."""
        return self.document.entry_at(self._row)

    @property
    def _row(self) -> int:
        if self.cursor_row is not None:
            return self.cursor_row
        return self.document.row_count - 1 if self.following else self.scroll_offset.y

    def toggle_fold(self, row: int | None = None) -> bool:
        """Fold or unfold the entry of a row; without one that under the cursor, else the last visible one that folds.

        Gives whether there was one.
        """
        if row is None:
            row = self.cursor_row
        if row is None:
            top = self.scroll_offset.y
            visible = range(min(self.document.row_count, top + self.size.height) - 1, top - 1, -1)
            row = next((index for index in visible if self.document.foldable(index)), None)
        first = self.document.toggle(row) if row is not None else None
        if first is None:
            return False
        self.rows_changed(first)
        return True

    def jump(self, by: int) -> bool:
        """To the beginning of the next (1) or the previous (-1) turn; behind the last one to the end. Gives whether it moved."""
        rows = [info.row for info in self.document.entries("task")]
        at = self.cursor_row if self.cursor_row is not None else self.scroll_offset.y
        if self.cursor_row is None and self.following and by < 0:
            at = self.document.row_count
        found = [row for row in rows if row > at][:1] if by > 0 else [row for row in rows if row < at][-1:]
        if not found:
            if by > 0 and not self.following:
                self.action_scroll_end()
                return True
            return False
        self.move_top(found[0])
        self.cursor_row = found[0]
        return True

    def find(self, needle: str, by: int = 1) -> tuple[int, int]:
        """Mark ``needle`` and go to its next (1) or previous (-1) place; gives which of how many, (0, 0) for none.

        The first search looks backwards from the end, where a person is reading. An empty needle takes the marks away.
        """
        hits = self.document.search(needle)
        fresh = needle != self._sought
        self._sought = needle
        if not hits:
            self.search(needle)
            return 0, 0
        at = self._row
        if fresh:
            place = max((index for index, row in enumerate(hits) if row <= at), default=0)
        else:
            ahead = next((index for index, row in enumerate(hits) if row > at), 0)
            back = max((index for index, row in enumerate(hits) if row < at), default=len(hits) - 1)
            place = ahead if by > 0 else back
        self.search(needle, hits[place])
        self.cursor_row = hits[place]
        return place + 1, len(hits)

    def entry_text(self) -> str:
        """The text of the entry under the cursor, folded or not, for copying."""
        return self.document.entry_text(self._row)

    def on_line_view_row_activated(self, event: LineView.RowActivated) -> None:
        event.stop()
        self.toggle_fold(event.row)
