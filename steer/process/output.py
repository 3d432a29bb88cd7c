"""What a command printed, made safe and short: escape sequences out, progress bars collapsed, head and tail kept."""

import codecs
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

_OPEN_LINE: Final = 65_536
"""Characters of an unfinished line that are held back for a carriage return to replace; more is settled as it is."""

_CSI: Final = r"(?:\x1b\[|\x9b)[0-?]{0,256}+[ -/]{0,16}+"
_STRING: Final = r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,65536}+"
_SEQUENCE: Final = re.compile(
    rf"{_CSI}[@-~]"  # control sequences: colours, cursor, modes
    rf"|{_STRING}(?:\x07|\x1b\\|\x9c|(?=\n)|(?=\x1b))"  # OSC, DCS, SOS, PM, APC; a line feed or another escape aborts
    r"|\x1b[ -/]{0,16}+[0-~]?"  # two-character escapes and charset choices
    r"|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]"  # what is left of C0 and C1, but backspace, tab and line ends
)
_UNFINISHED: Final = re.compile(rf"(?:{_CSI}|{_STRING}\x1b?|\x1b[ -/]{{0,16}}+)\Z")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class OutputCap:
    """How much is kept, in characters of cleaned text: the first ``head`` and the last ``tail``; ``log`` in bytes on disk."""

    head: int = 8_000
    tail: int = 16_000
    log: int = 512_000_000


@dataclass(slots=True)
class Cleaner:
    """Bytes into text without escape sequences and control characters; carriage returns and backspaces stay for ``Lines``.

    A sequence, or a character, that is cut by the end of a read is kept until the next one. Strings of ECMA-48
    (titles, clipboard, links) end at their terminator, at a line feed, or after 65,536 characters.
    """

    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )
    _carry: str = ""

    def feed(self, data: bytes, final: bool = False) -> str:
        text = self._carry + self._decoder.decode(data, final)
        self._carry = ""
        if _CONTROL.search(text) is None:
            return text
        if (cut := _UNFINISHED.search(text)) is not None:
            text, self._carry = text[: cut.start()], "" if final else cut[0]
        return _SEQUENCE.sub("", text)


def _overstruck(text: str) -> str:
    """What is left of a line after its backspaces: ``_\\bX`` of an old manual page is ``X``."""
    out: list[str] = []
    for char in text:
        if char != "\b":
            out.append(char)
        elif out:
            out.pop()
    return "".join(out)


def _last_painting(line: str) -> str:
    """What a terminal would show last of a line that was painted over: the text after the last carriage return."""
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part), "")
    return _overstruck(line) if "\b" in line else line


@dataclass(slots=True)
class Lines:
    """Settles lines: ``feed`` gives the text that can change no more; ``open`` is the unfinished line as it stands."""

    open: str = ""
    painted_over: bool = False

    def feed(self, text: str) -> str:
        *done, rest = (self.open + text).split("\n")
        settled = "".join([_last_painting(line) + "\n" for line in done])
        if done:
            self.painted_over = False
        self.painted_over = self.painted_over or "\r" in rest.rstrip("\r")
        self.open = self._shortened(rest)
        if len(self.open) > _OPEN_LINE:
            settled, self.open = settled + _last_painting(self.open), ""
        return settled

    def finish(self) -> str:
        """The unfinished line, at the end of the output."""
        rest, self.open = _last_painting(self.open), ""
        return rest

    @staticmethod
    def _shortened(rest: str) -> str:
        """Forget paintings that are painted over; a return at the very end may yet be half of a line end."""
        body = rest.rstrip("\r")
        return _last_painting(body) + "\r" if rest != body else _last_painting(body)


@dataclass(slots=True)
class HeadTail:
    """Keeps the first and the last characters of a text of any length, and counts the bytes between."""

    cap: OutputCap
    omitted: int = 0
    _head: list[str] = field(default_factory=list)
    _head_size: int = 0
    _tail: deque[str] = field(default_factory=deque)
    _tail_size: int = 0

    def add(self, text: str) -> None:
        room = self.cap.head - self._head_size
        if room > 0:
            self._head.append(text[:room])
            self._head_size += min(room, len(text))
            text = text[room:]
        if text:
            self._tail.append(text)
            self._tail_size += len(text)
        while self._tail and self._tail_size - len(self._tail[0]) >= self.cap.tail:
            gone = self._tail.popleft()
            self._tail_size -= len(gone)
            self.omitted += _size(gone)

    def result(self, note: str = "") -> tuple[str, int]:
        """The text and the number of bytes left out of it.

        Head, a line on what is left out (``note`` at its end), tail; cut at line ends where some are near.
        """
        head, tail = "".join(self._head), "".join(self._tail)
        if len(tail) <= self.cap.tail and not self.omitted:
            return head + tail, 0
        kept_head = head[: head.rfind("\n", len(head) // 2) + 1] or head
        kept_tail = tail[-self.cap.tail :] if self.cap.tail else ""
        kept_tail = kept_tail[kept_tail.find("\n", 0, len(kept_tail) // 2) + 1 :]
        omitted = _size(head) - _size(kept_head) + self.omitted + _size(tail) - _size(kept_tail)
        line_end = "" if not kept_head or kept_head.endswith("\n") else "\n"
        return f"{kept_head}{line_end}[{omitted} bytes omitted{note}]\n{kept_tail}", omitted


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
