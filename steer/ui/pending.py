"""The edit that is just being written, as the diff pane shows it: a head with its state, and its growing lines."""

from steer.render.clean import clean_line
from steer.render.lines import Line, LineBlock
from steer.render.pending import PendingEdit
from steer.render.rows import Row


class PendingView:
    """Rows of one call: feed pieces of its arguments, then ``flush`` once a frame."""

    def __init__(self, call_id: str, name: str, width: int) -> None:
        self.call_id = call_id
        self.open = True
        self._edit = PendingEdit(name, width)
        self._head = LineBlock(width)
        self._head.append(self._head_line())
        self._changed = True

    @property
    def path(self) -> str:
        """The file it changes, as far as known."""
        return self._edit.path

    @property
    def row_count(self) -> int:
        return self._head.row_count + self._edit.block.row_count

    def row(self, index: int, entry: int) -> Row:
        head = self._head.row_count
        if index < head:
            return self._head.row(index, entry, -1)
        return self._edit.block.row(index - head, entry)

    def first_row(self, line: int) -> int:
        """The first row of a line; -1 is the head."""
        if line < 0 or line >= len(self._edit.block):
            return 0
        return self._head.row_count + self._edit.block.first_row(line)

    def set_width(self, width: int) -> None:
        self._head.set_width(width)
        self._edit.block.set_width(width)

    def feed(self, text: str) -> None:
        """The next piece of the call's arguments, raw JSON text."""
        self._edit.feed(text)
        self._changed = True

    def finish(self) -> None:
        """The arguments are whole; the edit is not applied yet."""
        self.open, self._changed = False, True

    def flush(self) -> int | None:
        """Take over what has come; gives the first row that changed, None where none did."""
        if not self._changed:
            return None
        self._changed = False
        first = self._edit.flush()
        head = self._head_line()
        if head != self._head.line(0):
            self._head.replace_last(head)
            return 0
        return None if first is None else self._head.row_count + first

    def _head_line(self) -> Line:
        name = clean_line(self._edit.path) or "…"
        added, removed = self._edit.counts()
        text = f"{name}  +{added} −{removed}  pending: {'streaming…' if self.open else 'not applied yet'}"
        return Line(text, ((0, len(name), "file"), (len(name), len(text), "pending")))
