"""Text that comes in pieces, as a block of lines: finished lines are styled once, the open one as it grows."""

from typing import Final, Protocol

from steer.render.cells import boundaries, expand_tabs
from steer.render.clean import Carriage, Cleaner, guard_line
from steer.render.highlight import Highlighter, language_of
from steer.render.lines import Line, LineBlock

_PIECE: Final = 4_096
"""Characters; a longer line is shown in pieces that follow one another, so that its growth costs no more than theirs."""

_SLACK: Final = 64
"""Characters around that limit in which a blank, or the end of a cluster, is looked for."""


class Styler(Protocol):
    """Styles the lines of a text in order."""

    def line(self, text: str) -> Line:
        """The next line, finished."""
        ...

    def peek(self, text: str) -> Line:
        """The next line as far as it has come."""
        ...

    def more(self, text: str) -> Line:
        """What goes on from a line too long to be styled whole."""
        ...


class Plain:
    """Every line in one token."""

    def __init__(self, token: str = "text", lead: str = "", mark: str = "dim") -> None:
        self._token, self._lead, self._mark = token, lead, mark

    def line(self, text: str) -> Line:
        text = expand_tabs(guard_line(text))
        spans = ((0, len(text), self._token),) if text else ()
        return Line(text, spans, lead=self._lead, hang=self._lead, mark=self._mark)

    peek = line

    def more(self, text: str) -> Line:
        return self.line(text)._replace(join="")


class Code:
    """Lines of a file, highlighted; ``sign`` stands before each, ``fill`` lies under them."""

    def __init__(self, path: str, fill: str = "", sign: str = "  ") -> None:
        self._highlighter = Highlighter(language_of(path) if path else "")
        self._fill, self._sign = fill, sign

    def line(self, text: str) -> Line:
        text = expand_tabs(guard_line(text))
        return self._made(text, self._highlighter.line(text))

    def peek(self, text: str) -> Line:
        text = expand_tabs(guard_line(text))
        return self._made(text, self._highlighter.peek(text))

    def more(self, text: str) -> Line:
        return self._made(expand_tabs(text), ())._replace(join="")

    def _made(self, text: str, spans: tuple[tuple[int, int, str], ...]) -> Line:
        return Line(text, spans, self._fill, self._sign, " " * len(self._sign), self._fill or "dim")


class Growing:
    """Feeds a block of lines from pieces of foreign text. The pieces' borders make no difference to the lines.

    With ``overwrite`` a carriage return begins its line anew, as a command's progress bar means it.
    """

    def __init__(self, block: LineBlock, styler: Styler, carriage: Carriage = "newline") -> None:
        self.block = block
        self._styler = styler
        self._cleaner = Cleaner(carriage)
        self._tail = ""
        self._open = self._continued = False

    def feed(self, text: str) -> int | None:
        """The next piece; gives the first row of the block that changed, None where nothing is to be seen of it."""
        return self._take(self._cleaner.feed(text))

    def finish(self) -> int | None:
        """The text has ended: show what was kept back, settle the open line."""
        first = self._take(self._cleaner.finish())
        if not self._open:
            return first
        settled = self._settle(self._tail)
        self._tail = ""
        return settled if first is None else min(first, settled)

    def _take(self, text: str) -> int | None:
        if not text:
            return None
        first: int | None = None
        *done, tail = (self._tail + text).split("\n")
        for line in done:
            settled = self._settle(line)
            first = settled if first is None else first
        self._tail, row = self._shorten(tail)
        first = row if first is None else first
        shown = self._tail.rstrip("\r")
        if shown or self._open:
            style = self._styler.more if self._continued else self._styler.peek
            row = self._put(style(shown), stays_open=True)
            first = row if first is None else first
        return first

    def _settle(self, line: str) -> int:
        """A finished line; gives its first row."""
        rest, first = self._shorten(line)
        style = self._styler.more if self._continued else self._styler.line
        row = self._put(style(rest.rstrip("\r")))
        self._continued = False
        return row if first is None else first

    def _shorten(self, line: str) -> tuple[str, int | None]:
        """Take off what is settled of a line: pieces of one too long, and what a carriage return has overwritten.

        Gives the rest, and the first row of the pieces. Both are decided from the line's beginning, so that it does not
        matter in which portions it came.
        """
        first: int | None = None
        while len(line) > _PIECE or "\r" in line:
            at = line.find("\r")
            if len(line) - _SLACK > _PIECE and not 0 <= at <= _PIECE + _SLACK:
                end = _piece_end(line)
                style = self._styler.more if self._continued else self._styler.peek
                row = self._put(style(line[:end]))
                first = row if first is None else first
                self._continued, line = True, line[end:]
                continue
            if at < 0 or not line[at:].strip("\r"):
                break
            line = line[at:].lstrip("\r")
        return line, first

    def _put(self, line: Line, stays_open: bool = False) -> int:
        row = self.block.replace_last(line) if self._open else self.block.append(line)
        self._open = stays_open
        return row


def _piece_end(line: str) -> int:
    """Where to cut a line too long: behind a blank near the limit, else between two clusters."""
    blank = line.rfind(" ", _PIECE - _SLACK, _PIECE)
    if blank >= 0:
        return blank + 1
    start = _PIECE - _SLACK
    return start + max(at for at in boundaries(line[start : _PIECE + _SLACK]) if at <= _SLACK)
