"""Word wrap by cells: each row takes the words that fit, and blanks at a break are swallowed."""

from dataclasses import dataclass, field

from steer.render.cells import is_narrow, take


def row_end(text: str, start: int, width: int) -> tuple[int, int]:
    """The row of ``text`` that begins at ``start``: where its text ends, and where the next row begins.

    Between the two lie only blanks, swallowed by the break. A word wider than ``width`` cells is cut between clusters.
    """
    size = len(text)
    end = min(size, start + width) if text.isascii() else take(text, width, start)
    if end >= size:
        return size, size
    if text[end] != " ":
        blank = text.rfind(" ", start, end)
        # Blanks at the row's own beginning are its indentation, not a place to break.
        if blank < 0 or not text[start:blank].strip(" "):
            return end, end
        following = blank + 1
    else:
        following = end
        while following < size and text[following] == " ":
            following += 1
        if following == size:
            # Blanks that end the line are nobody's next row.
            return end, size
        blank = end
    while blank > start and text[blank - 1] == " ":
        blank -= 1
    return (blank, following) if blank > start else (end, following)


@dataclass(slots=True)
class OpenWrap:
    """The wrap of a line that may still grow: only its last row is wrapped again, so a line of 1 MB stays linear.

    ``first`` is the width of the first row in cells, ``width`` that of the others. ``rows`` are (start, end) in the
    text. The text must only grow; anything else needs a new one.
    """

    first: int
    width: int
    rows: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])

    def grow(self, text: str) -> int:
        """Take the whole text as it is now; gives the index of the first row that changed."""
        rows = self.rows
        first = len(rows) - 1
        start, size = rows.pop()[0], len(text)
        while start < size:
            end, following = row_end(text, start, self.width if rows else self.first)
            rows.append((start, end))
            start = following
        if not rows:
            rows.append((0, 0))
        return min(first, len(rows) - 1)


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """The rows of ``text`` as (start, end) positions; at least one row, none wider than ``width`` cells.

    A cluster of two cells is a row of its own where ``width`` is 1.
    """
    if len(text) <= width and is_narrow(text):
        return [(0, len(text))]
    grown = OpenWrap(width, width)
    grown.grow(text)
    return grown.rows
