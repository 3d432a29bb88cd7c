"""What a drawn line is made of: text and the names of its tokens. Colours belong to the themes."""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol, TypeAlias

TOKENS: Final = frozenset(
    {
        # prose
        "text", "dim", "heading", "bold", "italic", "strike", "code", "link", "quote", "rule", "bullet", "table",
        # code
        "kw", "str", "num", "comment", "func", "class", "op", "name", "const", "deco", "tag", "attr", "fence",
        # differences
        "added", "removed", "context", "added.word", "removed.word", "hunk", "file", "gutter", "unseen", "pending",
        # what happened
        "task", "steer", "tool", "reasoning", "output", "ok", "error", "warning", "notice", "running", "detail",
        "path", "separator", "control",
        # the widget's own
        "cursor", "match", "match.current", "thumb",
    }
)  # fmt: skip
"""Every name a span or a fill can carry; a theme gives each a style, and what it leaves out falls back to ``text``."""

Span: TypeAlias = tuple[int, int, str]
"""Start, end (characters of the row's text, end not included) and a name of ``TOKENS``."""

Spans: TypeAlias = tuple[Span, ...]


class Row(NamedTuple):
    """One line of the screen, before colours.

    ``text`` is safe to draw, without tabs or line ends. ``spans`` are in order and do not overlap. ``entry`` and
    ``line`` say to which entry and logical line the row belongs. ``fill`` is a token under the whole row, to the
    right edge. ``join`` stands between the previous row's text and this one when both are copied: a line end, or
    what a wrap swallowed. The first ``indent`` characters (gutter, hanging indent) are not copied.
    """

    text: str
    spans: Spans = ()
    entry: int = 0
    line: int = 0
    fill: str = ""
    join: str = "\n"
    indent: int = 0


class RowSource(Protocol):
    """Rows by index: what a line view draws. Asked only for the rows that are shown."""

    @property
    def row_count(self) -> int: ...

    def row(self, index: int) -> Row:
        """The row at ``index``, from 0 to ``row_count - 1``."""
        ...

    def set_width(self, width: int) -> None:
        """Wrap to ``width`` cells; ``row_count`` holds the new count afterwards."""
        ...

    def locate(self, row: Row) -> int:
        """The index of the first row of ``row``'s entry and line as it is now, or of the nearest before it."""
        ...


class RowList:
    """A source over rows that are there already, not wrapped: for short panes and for tests."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: list[Row] = list(rows)

    @property
    def row_count(self) -> int:
        return len(self.rows)

    def row(self, index: int) -> Row:
        return self.rows[index]

    def set_width(self, width: int) -> None:
        """Rows of a list stay as they are; the view cuts what is too wide."""

    def locate(self, row: Row) -> int:
        place = (row.entry, row.line)
        at = 0
        for index, candidate in enumerate(self.rows):
            if (candidate.entry, candidate.line) == place:
                return index
            if (candidate.entry, candidate.line) < place:
                at = index
        return at


def shift(spans: Spans, by: int) -> Spans:
    """The spans moved ``by`` characters to the right."""
    return tuple((start + by, end + by, name) for start, end, name in spans) if by else spans


def cut(spans: Spans, start: int, end: int, by: int = 0) -> Spans:
    """The part of the spans between two characters, counted from ``start``, moved ``by`` characters to the right."""
    move = by - start
    return tuple(
        (max(first, start) + move, min(last, end) + move, name)
        for first, last, name in spans
        if last > start and first < end
    )


def copied(rows: Iterable[Row]) -> str:
    """The text of rows as a person would copy it: without gutters, wraps joined again."""
    parts: list[str] = []
    for row in rows:
        if parts:
            parts.append(row.join)
        parts.append(row.text[row.indent :])
    return "".join(parts)
