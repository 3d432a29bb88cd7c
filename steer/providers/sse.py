"""Server-sent events out of bytes that were cut anywhere.

Framing as in the WHATWG HTML standard, 9.2.6: lines end in LF, CRLF or CR and nothing else (U+2028 is text), a blank line
ends an event, several ``data`` lines are joined by LF. Beyond the standard, because endpoints do it: objects on
successive ``data`` lines without a blank line between, a last event without its blank line, and lines that are no field
(a bare JSON error, an HTML page), which the standard drops without a word.
"""

from typing import Final, NamedTuple

MAX_PENDING: Final = 64 * 1024 * 1024
"""Bytes an unfinished event may hold: a whole file as one call's arguments fits, an endless line does not eat the memory."""

_BOM: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event. ``name`` is its ``event`` field; ``stray`` marks lines that were no field, joined by LF."""

    data: bytes
    name: str = ""
    stray: bool = False


class PendingTooLarge(ValueError):
    """An event grew past the cap without ending."""


class EventSplitter:
    """Takes bytes as they come and gives the events they complete; linear in the bytes."""

    def __init__(self, limit: int = MAX_PENDING) -> None:
        self._limit = limit
        self._tail: list[bytes] = []
        self._pending = 0
        self._after_cr = False
        self._first = True
        self._name = ""
        self._data: list[bytes] = []
        self._stray: list[bytes] = []
        self._out: list[Event] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes. Raises PendingTooLarge."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._keep(chunk)
            return []
        text = b"".join([*self._tail, chunk]) if self._tail else chunk
        if b"\r" in text:
            self._after_cr = text.endswith(b"\r")
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = text.split(b"\n")
        self._pending -= sum(map(len, self._tail))
        self._tail = []
        self._keep(lines.pop())
        for line in lines:
            self._line(line)
        return self._take()

    def close(self) -> list[Event]:
        """The events left at the end of the body: a last line without its end, a last event without its blank line."""
        line = b"".join(self._tail)
        self._tail = []
        if line:
            self._line(line)
        self._flush_data()
        self._flush_stray()
        return self._take()

    def _take(self) -> list[Event]:
        out, self._out = self._out, []
        return out

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._tail.append(piece)
            self._count(len(piece))

    def _count(self, size: int) -> None:
        self._pending += size
        if self._pending > self._limit:
            raise PendingTooLarge(f"an event of more than {self._limit} bytes")

    def _line(self, line: bytes) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            self._flush_data()
            if self._stray and _closes(self._stray):
                self._flush_stray()
            self._name = ""
        elif line.startswith(b"data:"):
            self._add_data(line[6:] if line.startswith(b" ", 5) else line[5:])
        elif not line.startswith(b":"):
            self._other(line)

    def _add_data(self, value: bytes) -> None:
        if self._stray:
            self._flush_stray()
        # No JSON text goes on with "{" after "}" at a line's end, so this is a second object, not a second line of one.
        if self._data and (value == b"[DONE]" or (value.startswith(b"{") and _closes(self._data))):
            self._flush_data()
        self._data.append(value)
        self._count(len(value))

    def _other(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        match name:
            case b"event":
                self._name = value.strip().decode("utf-8", "replace")
            case b"id" | b"retry":
                pass
            case b"data":
                self._add_data(b"")
            case _ if not line.strip():
                pass
            case _ if name.strip() == b"data":
                self._add_data(value.strip())
            case _:
                if self._stray and line.startswith(b"{") and _closes(self._stray):
                    self._flush_stray()
                self._stray.append(line)
                self._count(len(line))

    def _flush_data(self) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            self._pending -= sum(map(len, self._data))
            self._data = []
            self._out.append(Event(data, self._name))

    def _flush_stray(self) -> None:
        if self._stray:
            self._pending -= sum(map(len, self._stray))
            self._out.append(Event(b"\n".join(self._stray), self._name, stray=True))
            self._stray = []


def _closes(lines: list[bytes]) -> bool:
    """Whether the lines look like a whole object."""
    return lines[0].lstrip().startswith(b"{") and lines[-1].rstrip().endswith(b"}")
