"""One thing that happened, as rows: a head that is always shown and a body that can be folded."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from steer.render.grow import Growing
from steer.render.lines import Line, LineBlock
from steer.render.rows import Row, copied

EntryKind: TypeAlias = Literal["task", "text", "reasoning", "call", "gate", "steer", "approval", "notice", "turn"]

_HEAD: Final = -1_000
"""The line number of a head's first line: below those of the body, so that places compare as they stand."""

BODY_LIMIT: Final = 10_000
"""Lines a body keeps of an endless output; when it has twice as many, the older half goes."""

_BURST: Final = 256 * 1024
"""Characters of one frame's output that are read; of more only the second half of that, so that a flood costs no frame."""


class Body(Protocol):
    """Rows under a head."""

    @property
    def row_count(self) -> int: ...
    def row(self, index: int) -> Row: ...
    def set_width(self, width: int) -> None: ...
    def locate(self, row: Row) -> int: ...
    def find(self, needle: str) -> list[int]: ...


class Fold(NamedTuple):
    """How many rows of a body's beginning and end are shown while it is folded; 0 and 0 is the head alone."""

    head: int = 0
    tail: int = 0


def line_of(*parts: tuple[str, str], hang: str = "") -> Line:
    """A line from (text, token) pairs; an empty token is plain text."""
    text = "".join(part for part, _ in parts)
    spans: list[tuple[int, int, str]] = []
    at = 0
    for part, token in parts:
        if token and part:
            spans.append((at, at + len(part), token))
        at += len(part)
    return Line(text, tuple(spans), hang=hang)


class Entry:
    """A head of lines and a body of rows. ``fold`` None means the body is never folded.

    ``turn`` is the turn's number, ``event`` how many events came before it, ``call_id`` the call it belongs to,
    ``checkpoint`` the workspace before it where it was recorded.
    """

    def __init__(self, id: int, kind: EntryKind, width: int, fold: Fold | None = None) -> None:
        self.id = id
        self.kind: EntryKind = kind
        self.turn = 0
        self.event = 0
        self.call_id = ""
        self.checkpoint = ""
        self.fold = fold
        self.opened = False
        self.omitted = 0
        self._width = width
        self._head = LineBlock(width)
        self._body: Body = LineBlock(width)
        self._skip = 0
        self._pending: list[str] = []
        self._growing: Growing | None = None
        self._ended = False
        self._changed: int | None = 0

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def foldable(self) -> bool:
        """Whether there is anything to fold or unfold."""
        return self.fold is not None and self._body_rows > self.fold.head + self.fold.tail + bool(sum(self.fold))

    @property
    def is_open(self) -> bool:
        return self.fold is None or self.opened or not self.foldable

    @property
    def lines(self) -> int:
        """Lines of text that its body has grown to, those no longer kept included."""
        return self.omitted + (len(self._body) if isinstance(self._body, LineBlock) else 0)

    def set_head(self, lines: Sequence[Line]) -> None:
        if len(lines) == len(self._head) and all(a == b for a, b in zip(lines, self._head, strict=True)):
            return
        self._head.clear()
        for line in lines:
            self._head.append(line)
        self._touch(0)

    def set_body(self, body: Body, skip: int = 0) -> None:
        """Show another body from its row ``skip`` on."""
        self._body, self._skip = body, skip
        body.set_width(self._width)
        self._pending.clear()
        self._growing = None
        self._touch(0)

    def grow(self, growing: Growing) -> None:
        """Let the body grow by ``feed``; ``growing`` writes into its own block, which becomes the body."""
        self.set_body(growing.block)
        self._growing = growing

    def feed(self, text: str) -> None:
        self._pending.append(text)

    def end(self) -> None:
        """No more text comes."""
        self._ended = True

    def flush(self) -> int | None:
        """Bring the rows up to date; gives the first row that changed, None where none did."""
        self._take_text()
        changed, self._changed = self._changed, None
        return changed

    def _take_text(self) -> None:
        growing = self._growing
        if growing is None:
            return
        first: int | None = None
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            if self.fold is not None and len(text) > _BURST:
                growing.finish()
                text = self._skip_flood(text)
                self._touch(0)
            first = growing.feed(text)
        if self._ended:
            last = growing.finish()
            first = last if first is None else first
            self._growing = None
        if first is None:
            return
        self._drop_old(growing)
        if self.is_open or self.fold is None:
            self._touch(self._shown(first))
        elif sum(self.fold):
            # The last rows move up with every new one.
            self._touch(self._head.row_count + min(self.fold.head, max(0, first - self._skip)))

    def _skip_flood(self, text: str) -> str:
        """The end of a flood of output, from the beginning of a line; what is left out is counted."""
        least = len(text) - _BURST // 2
        start = text.find("\n", least) + 1 or least
        self.omitted += text.count("\n", 0, start)
        return text[start:]

    def _drop_old(self, growing: Growing) -> None:
        block = growing.block
        if self.fold is not None and len(block) > 2 * BODY_LIMIT:
            self.omitted += len(block) - BODY_LIMIT
            block.keep_last(BODY_LIMIT)
            self._touch(0)

    def _touch(self, row: int) -> None:
        self._changed = row if self._changed is None else min(self._changed, row)

    # -- rows ------------------------------------------------------------------------------------------------------

    @property
    def _body_rows(self) -> int:
        return max(0, self._body.row_count - self._skip)

    @property
    def row_count(self) -> int:
        if self.is_open or self.fold is None:
            return self._head.row_count + self._body_rows
        shown = self.fold.head + self.fold.tail
        return self._head.row_count + (shown + 1 if shown else 0)

    def row(self, index: int) -> Row:
        """The row at ``index``, from 0."""
        head = self._head.row_count
        if index < head:
            return self._head.row(index, self.id, _HEAD)
        inside = index - head
        if not self.is_open and self.fold is not None:
            hidden = self._body_rows - self.fold.head - self.fold.tail
            if inside == self.fold.head:
                return self._marker(hidden)
            if inside > self.fold.head:
                inside += hidden - 1
        body = self._body
        if isinstance(body, LineBlock):
            return body.row(inside + self._skip, self.id)
        return body.row(inside + self._skip)._replace(entry=self.id)

    def _marker(self, hidden: int) -> Row:
        """The row that stands for what is folded."""
        text = f"  … {hidden:,} more rows, folded"
        if self.omitted:
            text += f" ({self.omitted:,} older lines are no longer kept here)"
        line = self._body.row(self.fold.head + self._skip).line if self.fold is not None else 0
        return Row(text[: self._width], ((0, min(len(text), self._width), "dim"),), self.id, line)

    def _shown(self, inside: int) -> int:
        """Where a row of the body is shown: folded rows are at their marker."""
        head = self._head.row_count
        inside = max(0, inside - self._skip)
        if self.is_open or self.fold is None:
            return head + inside
        if not sum(self.fold):
            return max(0, head - 1)
        hidden = self._body_rows - self.fold.head - self.fold.tail
        if inside < self.fold.head:
            return head + inside
        return head + max(self.fold.head, inside - hidden + 1)

    def set_width(self, width: int) -> None:
        self._width = width
        self._head.set_width(width)
        self._body.set_width(width)

    def locate(self, row: Row) -> int:
        """The first row of the line that ``row`` belongs to."""
        if row.line < 0:
            return self._head.locate(row._replace(line=row.line - _HEAD))
        return min(self._shown(self._body.locate(row)), max(0, self.row_count - 1))

    def toggle(self) -> bool:
        """Fold or unfold; whether there was anything to fold."""
        if not self.foldable:
            return False
        self.opened = not self.opened
        self._touch(0)
        return True

    # -- text ------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The first line."""
        rows = (self.row(index).text.strip() for index in range(self.row_count))
        return next((text for text in rows if text), "")

    def text(self) -> str:
        """All of it, folded or not, as a person copies it."""
        head = [self._head.row(index) for index in range(self._head.row_count)]
        body = [self._body.row(index) for index in range(self._skip, self._body.row_count)]
        return copied([*head, *body]).strip("\n")

    def find(self, needle: str) -> list[int]:
        """The rows that show ``needle`` (lower case), or the fold that hides it."""
        found = [*self._head.find(needle), *(self._shown(row) for row in self._body.find(needle))]
        return list(dict.fromkeys(found))
