"""Logical lines and the rows they wrap to: rows are made when asked for, only their counts are kept."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from steer.render.cells import is_narrow, width
from steer.render.rows import Row, Spans, cut
from steer.render.wrap import OpenWrap


class Line(NamedTuple):
    """A logical line, styled but not wrapped.

    ``lead`` stands before its first row and ``hang`` before the others, both drawn as token ``mark`` and not copied.
    ``join`` is empty where the line goes on from the one before.
    """

    text: str
    spans: Spans = ()
    fill: str = ""
    lead: str = ""
    hang: str = ""
    mark: str = "dim"
    join: str = "\n"


class LineBlock:
    """Lines that grow at their end, and their rows at a width. The last line may be open: replaced as it grows."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[Line] = []
        self._starts = array("L")
        self._cuts: dict[int, tuple[tuple[int, int], ...]] = {}
        self._open: OpenWrap | None = None
        self.row_count = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def line(self, index: int) -> Line:
        return self._lines[index]

    def append(self, line: Line) -> int:
        """Add a line at the end; gives its first row."""
        self._settle()
        start = self.row_count
        self._lines.append(line)
        self._starts.append(start)
        self.row_count = start + self._wrap(line)
        return start

    def replace_last(self, line: Line) -> int:
        """The last line is now ``line``; gives the first row that changed. Linear over all growth of a line."""
        old, start = self._lines[-1], self._starts[-1]
        self._lines[-1] = line
        grown = self._open
        if grown is None or line[3:] != old[3:] or not line.text.startswith(old.text):
            self.row_count = start + self._wrap(line)
            return start
        first = grown.grow(line.text)
        self.row_count = start + len(grown.rows)
        plain = not line.spans and not old.spans and line.fill == old.fill
        return start + (first if plain else 0)

    def pop(self) -> Line:
        """Take the last line away."""
        self._settle()
        line = self._lines.pop()
        self.row_count = self._starts.pop()
        self._cuts.pop(len(self._lines), None)
        return line

    def clear(self) -> None:
        self._lines.clear()
        self._cuts.clear()
        self._open = None
        del self._starts[:]
        self.row_count = 0

    def keep_last(self, count: int) -> None:
        """Forget all but the last ``count`` lines; an open last line goes on growing."""
        lines = self._lines[-count:]
        self.clear()
        for line in lines:
            self.append(line)

    def set_width(self, width: int) -> None:
        """Wrap everything to another width."""
        if width == self._width:
            return
        self._width = width
        lines = list(self._lines)
        self.clear()
        for line in lines:
            self.append(line)

    def first_row(self, index: int) -> int:
        """The first row of a line."""
        return self._starts[index]

    def locate(self, row: Row) -> int:
        """The first row of the line that ``row`` belongs to, or of the last one where there are fewer."""
        return self._starts[min(max(0, row.line), len(self._lines) - 1)] if self._lines else 0

    def find(self, needle: str) -> list[int]:
        """The rows in which ``needle`` (lower case) begins, in any case."""
        out: list[int] = []
        for index, line in enumerate(self._lines):
            low = line.text.lower()
            at = low.find(needle)
            while at >= 0:
                row = self.row_at(index, at)
                if not out or out[-1] != row:
                    out.append(row)
                at = low.find(needle, at + len(needle))
        return out

    def row_at(self, index: int, position: int) -> int:
        """The row that shows character ``position`` of a line."""
        rows = self._rows(index)
        inside = next((at for at, (_, end) in enumerate(rows) if position < end), len(rows) - 1)
        return self._starts[index] + inside

    def row(self, index: int, entry: int = 0, line_base: int = 0) -> Row:
        """The row at ``index``; its ``line`` counts from ``line_base``."""
        at = bisect_right(self._starts, index) - 1
        text, spans, fill, lead, hang, mark, before = self._lines[at]
        inside, number = index - self._starts[at], line_base + at
        rows = self._rows(at)
        start, end = rows[inside]
        if inside == 0 and not lead and end == len(text):
            return Row(text, spans, entry, number, fill, before)
        prefix = lead if inside == 0 else self._hang(hang)
        size = len(prefix)
        shown = cut(spans, start, end, size) if spans else ()
        if prefix and not prefix.isspace():
            shown = ((0, size, mark), *shown)
        join = before if inside == 0 else text[rows[inside - 1][1] : start]
        return Row(prefix + text[start:end], shown, entry, number, fill, join, size)

    def _rows(self, index: int) -> Sequence[tuple[int, int]]:
        if self._open is not None and index == len(self._lines) - 1:
            return self._open.rows
        return self._cuts.get(index) or ((0, len(self._lines[index].text)),)

    def _hang(self, hang: str) -> str:
        """What stands before continued rows; nothing where it would leave less than half of the width."""
        return hang if width(hang) * 2 <= self._width else ""

    def _settle(self) -> None:
        """The last line grows no more: keep where it was cut."""
        if self._open is not None:
            self._cuts[len(self._lines) - 1] = tuple(self._open.rows)
            self._open = None

    def _wrap(self, line: Line) -> int:
        """Wrap the last line anew; gives its count of rows."""
        room = max(1, self._width - width(line.lead))
        if len(line.text) <= room and is_narrow(line.text):
            self._open = None
            return 1
        self._open = OpenWrap(room, max(1, self._width - width(self._hang(line.hang))))
        self._open.grow(line.text)
        return len(self._open.rows)
