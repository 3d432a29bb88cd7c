"""Rows to strips: the styles of a row's spans, with cursor, selection and search marks laid over them."""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from steer.render.cells import boundaries, is_narrow, take
from steer.render.rows import Row
from steer.ui.styles import StyleBook

_CACHED: Final = 512
"""Strips kept: a few viewports. One takes about 1.3 kB."""

EDGES: Final = {"": " ", "thumb": "┃", "cursor": "◂"}
"""What the last column shows, by its token."""

_Piece: TypeAlias = tuple[int, int, Style]


class Look(NamedTuple):
    """All that changes a row's picture besides the row and the theme. ``selected`` is a span of its characters, -1 for its end."""

    width: int
    edge: str = ""
    cursor: bool = False
    selected: tuple[int, int] | None = None
    needle: str = ""
    current: bool = False


class Thumb(NamedTuple):
    """The scroll thumb: its first line in the view and its height in lines; height 0 where everything fits."""

    top: int
    height: int

    @classmethod
    def of(cls, first: int, rows: int, visible: int) -> "Thumb":
        """The thumb for a view of ``visible`` lines that shows the rows from ``first`` on."""
        if rows <= visible or visible <= 0:
            return cls(0, 0)
        height = max(1, visible * visible // rows)
        return cls(round((visible - height) * first / (rows - visible)), height)

    def edge(self, line: int) -> str:
        """The token of the last column at a line of the view."""
        # Only the thumb is drawn: a track beside it would be 20 bytes a row of each frame (a sixth of all).
        return "thumb" if self.top <= line < self.top + self.height else ""


class StripCache:
    """Strips built when a row is first shown, the least recently shown dropped first."""

    def __init__(self) -> None:
        self._cache: LRUCache[tuple[Row, Look], Strip] = LRUCache(_CACHED)

    def clear(self) -> None:
        self._cache.clear()

    def strip(self, row: Row, look: Look, book: StyleBook, selection: Style) -> Strip:
        """The strip of a row, exactly ``look.width`` cells and the edge column."""
        key = (row, look)
        found = self._cache.get(key)
        if found is None:
            found = build_strip(row, look, book, selection)
            self._cache[key] = found
        return found


def build_strip(row: Row, look: Look, book: StyleBook, selection: Style) -> Strip:
    """Draw one row. Widths are Rich's own, as Textual's compositor counts with those."""
    text = row.text
    if len(text) > look.width:
        text = text[: take(text, look.width)]
    pieces = list(_pieces(row, text, book))
    for first, last, style in _overlays(row, text, look, book, selection):
        pieces = _lay_over(pieces, first, last, style)
    if not is_narrow(text):
        pieces = _snapped(pieces, text)
    segments = [Segment(text[first:last], style) for first, last, style in pieces if last > first]
    under = book.style("cursor", row.fill) if look.cursor else book.style("", row.fill)
    strip = Strip(segments).adjust_cell_length(look.width, under)
    edge = Segment(EDGES[look.edge], book.style(look.edge))
    return Strip([*strip, edge], look.width + 1)


def _pieces(row: Row, text: str, book: StyleBook) -> Iterator[_Piece]:
    """The text in stretches of one style, without gaps."""
    at, end, fill = 0, len(text), row.fill
    for first, last, token in row.spans:
        first, last = max(first, at), min(last, end)
        if first >= last:
            continue
        if first > at:
            yield at, first, book.style("", fill)
        yield first, last, book.style(token, fill)
        at = last
    if at < end:
        yield at, end, book.style("", fill)


def _overlays(row: Row, text: str, look: Look, book: StyleBook, selection: Style) -> Iterator[_Piece]:
    if look.cursor:
        yield 0, len(text), book.mark("cursor")
    if look.needle:
        mark = book.mark("match.current" if look.current else "match")
        for start in find_all(text, look.needle):
            yield start, start + len(look.needle), mark
    if look.selected is not None:
        first, last = look.selected
        yield max(first, row.indent), len(text) if last < 0 else last, selection


def find_all(text: str, needle: str) -> Iterator[int]:
    """Where ``needle`` begins in ``text``, any case, without overlaps."""
    low, want = text.lower(), needle.lower()
    if len(low) != len(text):
        # A few letters change their length with their case; positions must stay true.
        low, want = text, needle
    at = low.find(want)
    while at >= 0 and want:
        yield at
        at = low.find(want, at + len(want))


def _lay_over(pieces: list[_Piece], first: int, last: int, style: Style) -> list[_Piece]:
    out: list[_Piece] = []
    for start, end, under in pieces:
        left, right = max(start, first), min(end, last)
        if left >= right:
            out.append((start, end, under))
            continue
        if start < left:
            out.append((start, left, under))
        out.append((left, right, under + style))
        if right < end:
            out.append((right, end, under))
    return out


def _snapped(pieces: list[_Piece], text: str) -> list[_Piece]:
    """The same pieces with every cut moved to the next place between two clusters."""
    allowed = boundaries(text)

    def snap(at: int) -> int:
        while at not in allowed:
            at += 1
        return at

    return [(snap(first), snap(last), style) for first, last, style in pieces]
