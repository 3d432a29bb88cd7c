"""The diff: the workspace against the start of the turn, and below it the edit that is just being written."""

import asyncio
from collections.abc import Sequence
from typing import Final

from steer.domain.events import (
    ConstraintViolated,
    DiffUpdated,
    EditApplied,
    EditRefused,
    Event,
    InterruptedEvent,
    RequestStarted,
    ToolCalled,
    ToolDelta,
    ToolFinished,
    TurnFinished,
)
from steer.render.diff import DiffDocument
from steer.render.lines import Line, LineBlock
from steer.render.rows import Row
from steer.ui.facts import EDIT_TOOLS
from steer.ui.pending import PendingView
from steer.ui.widgets.line_view import LineView

_LARGE: Final = 120_000
"""Characters (about 2,000 lines) from which a patch is read in a thread."""
_PENDING_ENTRY: Final = 1 << 30


class DiffSource:
    """Rows of a document, then of a pending edit, or a word where there is neither."""

    def __init__(self, width: int = 80) -> None:
        self.document: DiffDocument | None = None
        self.pending: PendingView | None = None
        self.truncated = False
        self._width = width
        self._empty = LineBlock(width)
        self._empty.append(Line("No changes yet.", ((0, 15, "dim"),)))
        self._cut = LineBlock(width)
        self._cut.append(Line("The diff is longer than what is shown.", ((0, 38, "warning"),)))

    @property
    def width(self) -> int:
        return self._width

    @property
    def document_rows(self) -> int:
        """Rows of the document, and of the word about its cut."""
        rows = self.document.row_count if self.document is not None else 0
        return rows + (self._cut.row_count if self.truncated else 0)

    @property
    def row_count(self) -> int:
        rows = self.document_rows + (self.pending.row_count if self.pending is not None else 0)
        return rows or self._empty.row_count

    def row(self, index: int) -> Row:
        document = self.document.row_count if self.document is not None else 0
        if self.document is not None and index < document:
            return self.document.row(index)
        if index < self.document_rows:
            return self._cut.row(index - document, _PENDING_ENTRY - 1)
        if self.pending is not None:
            return self.pending.row(index - self.document_rows, _PENDING_ENTRY)
        return self._empty.row(index)

    def set_width(self, width: int) -> None:
        self._width = width
        for part in (self.document, self._cut, self._empty, self.pending):
            if part is not None:
                part.set_width(width)

    def locate(self, row: Row) -> int:
        if row.entry == _PENDING_ENTRY and self.pending is not None:
            return self.document_rows + self.pending.first_row(row.line)
        return self.document.locate(row) if self.document is not None else 0


class DiffPane(LineView):
    """Shows ``DiffUpdated`` patches and pending edits. Follows an edit that grows, else keeps its place."""

    def __init__(self, *, id: str | None = None) -> None:
        self._diff = DiffSource()
        super().__init__(self._diff, id=id, follow=True)
        self._generation = 0
        self._touched = ""

    @property
    def pending(self) -> PendingView | None:
        """The edit that is being written or waits to be applied."""
        return self._diff.pending

    def feed(self, events: Sequence[Event]) -> None:
        """Take the events of a frame."""
        for event in events:
            self._take(event)
        latest = next((event for event in reversed(events) if isinstance(event, DiffUpdated)), None)
        if latest is not None:
            self._show(latest)
        if self.pending is not None and (first := self.pending.flush()) is not None:
            self.rows_changed(self._diff.document_rows + first)

    def _take(self, event: Event) -> None:
        """What an event means for the edit that is being written."""
        match event:
            case ToolDelta():
                self._write(event)
            case ToolCalled():
                if self.pending is not None and event.call_id == self.pending.call_id:
                    self.pending.finish()
            case EditApplied():
                self._touched = event.path
                self._drop_pending(event.call_id)
            case EditRefused() | ToolFinished() | ConstraintViolated():
                self._drop_pending(event.call_id)
            case InterruptedEvent() | TurnFinished() | RequestStarted():
                self._drop_pending("")
            case _:
                pass

    def _write(self, event: ToolDelta) -> None:
        if event.name not in EDIT_TOOLS:
            return
        if self._diff.pending is None or self._diff.pending.call_id != event.call_id:
            self._diff.pending = PendingView(event.call_id, event.name, self._diff.width)
            self.follow()
        self._diff.pending.feed(event.text)

    def _drop_pending(self, call_id: str) -> None:
        """The edit has become part of the diff, or nothing."""
        if self.pending is not None and call_id in ("", self.pending.call_id):
            self._diff.pending = None
            self.rows_changed(self._diff.document_rows)

    # -- documents -------------------------------------------------------------------------------------------------

    def _show(self, event: DiffUpdated) -> None:
        self._generation += 1
        if len(event.patch) > _LARGE:
            self.run_worker(self._read_in_thread(event, self._generation), exclusive=True, group="diff")
        else:
            self._install(DiffDocument(event.patch, self._diff.width) if event.patch.strip() else None, event)

    async def _read_in_thread(self, event: DiffUpdated, generation: int) -> None:
        document = await asyncio.to_thread(DiffDocument, event.patch, self._diff.width)
        if generation == self._generation:
            self._install(document, event)

    def _install(self, document: DiffDocument | None, event: DiffUpdated) -> None:
        top, held = self.scroll_offset.y, not self.following
        fresh = DiffSource(self._diff.width)
        fresh.document, fresh.truncated, fresh.pending = document, event.truncated, self._diff.pending
        fresh.set_width(self._diff.width)
        self._diff = fresh
        self.set_source(fresh)
        if held:
            self.move_top(top)
        elif fresh.pending is None:
            self._reveal_touched()

    def _reveal_touched(self) -> None:
        """Show the file that was changed last: that is what a person wants to look at."""
        document = self._diff.document
        if document is None:
            return
        touched = [index for index, file in enumerate(document.files) if file.path == self._touched]
        self.reveal(document.file_row(touched[0]) if touched else 0, at_top=True)

    # -- walking ---------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The file under the cursor; without a cursor the one being edited, else the one on top of the view."""
        document = self._diff.document
        if self.cursor_row is None and self.pending is not None:
            return self.pending.path
        row = self.cursor_row if self.cursor_row is not None else self.scroll_offset.y
        if document is None or row >= document.row_count:
            return self.pending.path if self.pending is not None else ""
        at = document.file_at(row)
        return document.files[at].path if at is not None else ""

    def walk(self, by: int) -> bool:
        """Move the cursor to the next (1) or previous (-1) hunk; gives whether there is one."""
        document = self._diff.document
        if document is None:
            return False
        rows = [document.hunk_row(index) for index in range(len(document.hunks))]
        at = self.cursor_row if self.cursor_row is not None else self.scroll_offset.y - 1
        found = [row for row in rows if row > at][:1] if by > 0 else [row for row in rows if row < at][-1:]
        if not found:
            return False
        self.cursor_row = found[0]
        self.reveal(max(0, found[0] - 1), at_top=True)
        return True
