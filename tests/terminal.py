"""A program in a real pseudo terminal: type at it, wait for what it draws, look at its screen.

The screen is emulated by pyte; what pyte does not understand (keyboard protocols, device control strings, scrolling by
command) is taken out or rewritten before it gets there, and the questions a program asks its terminal are answered as
an xterm does.
"""

import codecs
import errno
import os
import re
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte
from ptyprocess import PtyProcess

SEQUENCE: Final = re.compile(
    rb"\x1b(?:\[([<-?]?)([0-9;:]*)([ -/]*)([@-~])"  # CSI: prefix, parameters, intermediates, final
    rb"|\](.*?)(?:\x07|\x1b\\)"  # OSC
    rb"|([PX^_]).*?\x1b\\"  # DCS and the like
    rb"|[ -/]*[0-~])",
    re.DOTALL,
)
UNFINISHED: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[PX^_\]][^\x07\x1b]*\x1b?|[ -/]*)?\Z", re.DOTALL)
DRAWN: Final = frozenset(b"@ABCDEFGHJKLMPXadefgl`rm")
"""Final bytes of the sequences that change the emulated screen."""

READ_SIZE: Final = 1 << 16
"""Bytes read at once."""

SYNCHRONIZED: Final = 2026 << 5
"""The mode as pyte keeps it: private modes are shifted."""


class Filter:
    """Turns a program's bytes into text that pyte understands, and collects the questions in them."""

    def __init__(self, rows: int, *, colours: bool = True) -> None:
        self.rows = rows
        self.questions: list[bytes] = []
        self._colours = colours
        self._margins = (1, rows)
        self._rest = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> str:
        """Text for pyte; a sequence or character cut at the end of ``data`` waits for the rest."""
        data = self._rest + data
        cut = UNFINISHED.search(data, max(0, len(data) - 65536))
        end = cut.start() if cut else len(data)
        self._rest = data[end:]
        return self._decoder.decode(SEQUENCE.sub(self._rewrite, data[:end]))

    def _rewrite(self, match: "re.Match[bytes]") -> bytes:
        whole = match[0]
        if match[4] is not None:
            return self._control(match)
        if match[5] is not None:
            if b";?" in whole:
                self.questions.append(whole)
            return b""
        return b"" if match[6] is not None or len(whole) > 2 or whole[1:] in b"=>" else whole

    def _control(self, match: "re.Match[bytes]") -> bytes:
        prefix, parameters, between, final = match[1], match[2], match[3], match[4]
        if (final in b"cn" and prefix in (b"", b"?", b">")) or final in b"t" or (final == b"p" and between == b"$"):
            self.questions.append(match[0])
            return b""
        if final == b"q" and prefix == b">":
            self.questions.append(match[0])
            return b""
        if between or prefix not in (b"", b"?") or (prefix == b"?" and final not in b"hl"):
            return b""
        if final in b"ST" and not prefix:
            return self._scroll(final, int(parameters or b"1"))
        if final == b"r":
            top, _, bottom = parameters.partition(b";")
            self._margins = (int(top or 1), int(bottom or self.rows))
        if final == b"m":
            return match[0].replace(b":", b";") if self._colours else b""
        return match[0] if final[0] in DRAWN or prefix else b""

    def _scroll(self, final: bytes, lines: int) -> bytes:
        top, bottom = self._margins
        row, step = (bottom, b"\x1bD") if final == b"S" else (top, b"\x1bM")
        return b"\x1b7\x1b[%d;1H" % row + step * min(lines, self.rows) + b"\x1b8"


def answer(question: bytes, cursor: tuple[int, int], size: tuple[int, int]) -> bytes:
    """What an xterm with true colour and without the kitty keyboard protocol says; empty where it stays silent.

    ``cursor`` is (row, column) from 1, ``size`` (columns, rows).
    """
    columns, rows = size
    if question.startswith(b"\x1b]"):
        code = question[2:].split(b";?", 1)[0]
        colour = b"1e1e/1e1e/2e2e" if code == b"11" else b"d4d4/d4d4/d4d4"
        return b"\x1b]%s;rgb:%s\x1b\\" % (code, colour)
    body, final = question[2:-1], question[-1:]
    if final == b"p":
        mode = body.strip(b"?$")
        return b"\x1b[?%s;%d$y" % (mode, 2 if mode in (b"2026", b"1004", b"2004") else 0)
    if final == b"c":
        return b"\x1b[>41;380;0c" if body.startswith(b">") else b"\x1b[?62;22c"
    known = {
        b"6n": b"\x1b[%d;%dR" % cursor,
        b"?6n": b"\x1b[?%d;%dR" % cursor,
        b"5n": b"\x1b[0n",
        b"?996n": b"\x1b[?997;1n",
        b">q": b"\x1bP>|XTerm(380)\x1b\\",
        b">0q": b"\x1bP>|XTerm(380)\x1b\\",
        b"14t": b"\x1b[4;%d;%dt" % (rows * 20, columns * 10),
        b"16t": b"\x1b[6;20;10t",
        b"18t": b"\x1b[8;%d;%dt" % (rows, columns),
    }
    return known.get(body + final, b"")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: colours are ``default``, a name such as ``brightred``, or six hexadecimal digits.

    ``text`` is empty in the second cell of a wide character.
    """

    text: str
    foreground: str = "default"
    background: str = "default"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    reverse: bool = False


class ScreenTimeout(AssertionError):
    """What was waited for did not appear; the message shows the screen."""


class TerminalApp:
    """A program in a pseudo terminal. Use it in a ``with`` statement, or close it."""

    def __init__(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], columns: int = 120, rows: int = 40
    ) -> None:
        """Start ``argv`` in ``cwd`` with exactly ``env`` (TERM and COLORTERM are added where missing)."""
        environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **env}
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen, strict=False)
        self._filter = Filter(rows)
        self._recorded: list[bytes] = []
        self._ended = False
        self.started = time.monotonic()
        # Without the kernel's echo, typed text on the screen was drawn by the program.
        self._pty = PtyProcess.spawn(list(argv), cwd=str(cwd), env=environment, echo=False, dimensions=(rows, columns))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def raw(self) -> bytes:
        """All bytes the program has written so far."""
        return b"".join(self._recorded)

    @property
    def pid(self) -> int:
        return int(self._pty.pid)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return int(self._screen.columns), int(self._screen.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column from 1."""
        return int(self._screen.cursor.y) + 1, min(int(self._screen.cursor.x), self.size[0] - 1) + 1

    @property
    def drawing(self) -> bool:
        """Whether the program is in the middle of a frame (synchronized output, DEC private mode 2026)."""
        return SYNCHRONIZED in self._screen.mode

    def send(self, data: bytes) -> None:
        """Type bytes, as one write, as a terminal would send them."""
        os.write(self._pty.fd, data)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the program gets SIGWINCH."""
        self._screen.resize(lines=rows, columns=columns)
        self._filter.rows = rows
        self._pty.setwinsize(rows, columns)

    def screen(self) -> str:
        """The screen as text, a line a row, without trailing blanks."""
        return "\n".join("".join(cell.text for cell in row).rstrip() for row in self.cells())

    def cells(self) -> list[list[Cell]]:
        """The screen as rows of cells."""
        columns, rows = self.size
        buffer = self._screen.buffer
        return [[_cell(buffer[row][column]) for column in range(columns)] for row in range(rows)]

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 10.0) -> str:
        """Wait until a text, or what a predicate of the screen accepts, is on the screen; gives the screen.

        Raises ScreenTimeout after ``timeout`` seconds, or at once where the program has ended without showing it.
        """
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if not self.drawing and (wanted in screen if isinstance(wanted, str) else wanted(screen)):
                return screen
            if self._ended:
                raise ScreenTimeout(f"The program ended and did not show {_name(wanted)}:\n{screen}")
            if not self._read(deadline - time.monotonic()) and time.monotonic() >= deadline:
                raise ScreenTimeout(f"{_name(wanted)} did not appear in {timeout:g} s:\n{screen}")

    def wait_quiet(self, quiet: float = 0.3, timeout: float = 10.0) -> str:
        """Wait until the program has written nothing for ``quiet`` seconds, at most ``timeout``; gives the screen."""
        deadline = time.monotonic() + timeout
        while not self._ended and time.monotonic() < deadline and self._read(quiet):
            pass
        return self.screen()

    def wait_exit(self, timeout: float = 10.0) -> int:
        """Wait for the program's end; gives its exit code, or minus the number of the signal that ended it."""
        deadline = time.monotonic() + timeout
        while self._pty.isalive():
            if time.monotonic() > deadline:
                raise ScreenTimeout(f"The program did not end in {timeout:g} s:\n{self.screen()}")
            self._read(0.02)
        while not self._ended and self._read(0):
            pass
        status: int = -self._pty.signalstatus if self._pty.signalstatus else self._pty.exitstatus
        return status

    def close(self, timeout: float = 3.0) -> int:
        """Hang up as a closing terminal does, then kill the process group if need be; gives the exit status."""
        try:
            for ending, patience in ((signal.SIGHUP, timeout), (signal.SIGKILL, timeout)):
                if self._pty.isalive():
                    self._signal(ending)
                    self._await_end(patience)
            return self.wait_exit(timeout)
        finally:
            if not self._pty.closed:
                self._pty.fileobj.close()
                self._pty.closed = True

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            self._pty.isalive()

    def _await_end(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self._pty.isalive() and time.monotonic() < deadline:
            self._read(0.02)

    def _read(self, timeout: float) -> bool:
        """Read what there is, waiting for it at most ``timeout`` seconds; whether there was anything."""
        if self._ended:
            # Nothing more will come, but the process may still be ending.
            select.select([], [], [], max(0.0, min(timeout, 0.02)))
            return False
        if not select.select([self._pty.fd], [], [], max(0.0, timeout))[0]:
            return False
        try:
            data = os.read(self._pty.fd, READ_SIZE)
        except OSError as error:
            if error.errno != errno.EIO:  # how Linux reports the end of a pseudo terminal
                raise
            data = b""
        if not data:
            self._ended = True
            return False
        self._recorded.append(data)
        self._stream.feed(self._filter.feed(data))
        for question in self._filter.questions:
            if reply := answer(question, self.cursor, self.size):
                self.send(reply)
        self._filter.questions.clear()
        return True


def _cell(char: pyte.screens.Char) -> Cell:
    return Cell(
        text=char.data,
        foreground=char.fg,
        background=char.bg,
        bold=char.bold,
        italic=char.italics,
        underline=char.underscore,
        strike=char.strikethrough,
        reverse=char.reverse,
    )


def _name(wanted: str | Callable[[str], bool]) -> str:
    return repr(wanted) if isinstance(wanted, str) else getattr(wanted, "__name__", "what was waited for")
