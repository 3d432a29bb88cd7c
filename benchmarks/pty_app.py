"""A program under measurement: in a 120x40 pseudo terminal that is read at once, its screen replayed afterwards.

Emulating the screen while the program runs would compete with it for the processor. So bytes are only recorded with the time
of their arrival, and fed to the emulated screen when the measurement is over: each sighting then carries the time at
which its bytes came. The terminal is thereby infinitely fast; what a slow one costs is not measured here.
"""

import ctypes
import errno
import os
import re
import select
import signal
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyte
from ptyprocess import PtyProcess
from wcwidth import wcwidth

from benchmarks.common import TICKS, MeasurementError
from benchmarks.text import END, MARK
from tests.terminal import Filter, answer

COLUMNS: Final = 120
ROWS: Final = 40
SAME_FRAME: Final = 0.001
"""Reads closer together than this are one update of the screen."""

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
PR_SET_CHILD_SUBREAPER: Final = 36
now = time.monotonic


def adopt_orphans() -> None:
    """Keep helpers that detach themselves in our tree of processes, to be counted and ended (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@lru_cache(maxsize=65536)
def _glyph(character: str) -> tuple[pyte.screens.Char, int]:
    return pyte.screens.Char(character), wcwidth(character)


class PlainScreen(pyte.Screen):
    """pyte's screen without colours and character sets, several times as fast."""

    def draw(self, data: str) -> None:
        cursor, columns = self.cursor, self.columns
        row = self.buffer[cursor.y]
        for character in data:
            glyph, width = _glyph(character)
            if width < 1:
                continue
            if cursor.x + width > columns:
                self.dirty.add(cursor.y)
                cursor.x = 0
                self.index()
                row = self.buffer[cursor.y]
            row[cursor.x] = glyph
            if width == 2 and cursor.x + 1 < columns:
                row[cursor.x + 1] = _glyph("")[0]
            cursor.x += width
        self.dirty.add(cursor.y)

    def select_graphic_rendition(self, *attributes: int, **options: bool) -> None:
        """Colours are of no interest here."""


@dataclass
class Sightings:
    """When things were first on the screen."""

    marks: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    """By label: (time, highest marker seen by then), rising."""

    ended: dict[str, float] = field(default_factory=dict)
    watched: dict[str, float] = field(default_factory=dict)


class Replay:
    """The emulated screen and what was seen on it."""

    def __init__(self) -> None:
        self.seen = Sightings()
        self._screen = PlainScreen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen, strict=False)
        self._filter = Filter(ROWS, colours=False)
        self._watch: set[str] = set()

    def watch(self, *texts: str) -> None:
        """Note when these texts are next on a line."""
        self._watch = set(texts)
        for text in texts:
            self.seen.watched.pop(text, None)

    def line(self, row: int) -> str:
        cells = self._screen.buffer[row]
        return "".join([cells[column].data for column in range(COLUMNS)]) if len(cells) else ""

    def text(self) -> str:
        return "\n".join(self.line(row).rstrip() for row in range(ROWS))

    def cursor(self) -> tuple[int, int]:
        return self._screen.cursor.y + 1, min(self._screen.cursor.x, COLUMNS - 1) + 1

    def feed(self, at: float, data: bytes) -> list[bytes]:
        """Draw bytes that came at a time; gives the questions in them."""
        self._stream.feed(self._filter.feed(data))
        dirty, self._screen.dirty = sorted(self._screen.dirty), set()
        for row in dirty:
            if 0 <= row < ROWS:
                self._look(at, (self.line(row - 1) if row else "") + self.line(row))
        questions, self._filter.questions = self._filter.questions, []
        return questions

    def _look(self, at: float, text: str) -> None:
        # Joined with the line above: a marker may be wrapped anywhere.
        if "QM" in text:
            for label, number in MARK.findall(text):
                reached = self.seen.marks.setdefault(label, [])
                if not reached or int(number) > reached[-1][1]:
                    reached.append((at, int(number)))
        if "QE" in text:
            for label in END.findall(text):
                self.seen.ended.setdefault(label, at)
        for wanted in [wanted for wanted in self._watch if wanted in text]:
            self.seen.watched[wanted] = at
            self._watch.discard(wanted)


@dataclass(frozen=True)
class Sample:
    """Seconds of processor time and bytes of memory at a time: of the program's whole tree, and of everything."""

    at: float
    cpu: float
    memory: int
    everything: float
    instrument: float


def processes() -> dict[int, tuple[int, float, int]]:
    """Of each process: its parent, its processor seconds with those of ended children, its resident bytes."""
    found: dict[int, tuple[int, float, int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICKS, int(fields[21]) * PAGE)
    return found


def everything_busy() -> float:
    with open("/proc/stat") as file:
        spent = list(map(int, file.readline().split()[1:9]))
    return (sum(spent) - spent[3] - spent[4]) / TICKS


class PtyApp:
    """A program in a pseudo terminal. ``apart`` are processes of ours that are not the program's."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: dict[str, str], apart: Sequence[int] = ()) -> None:
        self.replay = Replay()
        self.samples: list[Sample] = []
        self.ended = False
        self._apart = set(apart)
        self._chunks: list[tuple[float, bytes]] = []
        self._fed = 0
        self._sizes: list[tuple[float, int]] = [(0.0, 0)]
        self._next_sample = 0.0
        self._tail = b""
        self.started = now()
        self._pty = PtyProcess.spawn(list(argv), cwd=str(cwd), env=env, echo=False, dimensions=(ROWS, COLUMNS))
        self.sample()

    @property
    def seen(self) -> Sightings:
        return self.replay.seen

    def send(self, data: bytes) -> float:
        """Type; gives the time at which the bytes were handed over."""
        os.write(self._pty.fd, data)
        return now()

    def sample(self) -> None:
        """Note what the program has cost so far."""
        at, table = now(), processes()
        mine = self._descendants(table)
        instrument = sum(table[pid][1] for pid in (os.getpid(), *self._apart) if pid in table)
        cpu, memory = sum(table[pid][1] for pid in mine), sum(table[pid][2] for pid in mine)
        self.samples.append(Sample(at, cpu, memory, everything_busy(), instrument))
        self._next_sample = at + 0.2

    def _descendants(self, table: dict[int, tuple[int, float, int]]) -> list[int]:
        children: dict[int, list[int]] = defaultdict(list)
        for pid, (parent, *_) in table.items():
            children[parent].append(pid)
        found: list[int] = []
        waiting = [pid for pid in children[os.getpid()] if pid not in self._apart]
        while waiting:
            found.append(pid := waiting.pop())
            waiting += children[pid]
        return found

    def pump(self, timeout: float, until: Callable[[], bool] | None = None, *, live: bool = False) -> bool:
        """Read for ``timeout`` seconds or until something is true; gives whether it became true.

        ``live`` keeps the emulated screen up to date meanwhile; without it the program has the processor to itself.
        """
        end, next_look = now() + timeout, 0.0
        while not self.ended and (at := now()) < end:
            if select.select([self._pty.fd], [], [], min(0.01, end - at))[0]:
                self._read()
            if live:
                self.catch_up()
            if at >= self._next_sample:
                self.sample()
            if until is not None and at >= next_look:
                if until():
                    return True
                next_look = at + 0.004
        return until is not None and until()

    def _read(self) -> None:
        try:
            data = os.read(self._pty.fd, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        at = now()
        if not data:
            self.ended = True
            return
        self._chunks.append((at, data))
        self._sizes.append((at, self._sizes[-1][1] + len(data)))
        self._tail = (self._tail + data)[-4096:]
        if _ASKS.search(data):
            self.catch_up()

    def catch_up(self) -> None:
        """Draw everything that was recorded and not yet drawn."""
        while self._fed < len(self._chunks):
            at, data = self._chunks[self._fed]
            self._fed += 1
            while self._fed < len(self._chunks) and self._chunks[self._fed][0] - at < SAME_FRAME:
                data += self._chunks[self._fed][1]
                self._fed += 1
            for question in self.replay.feed(at, data):
                if reply := answer(question, self.replay.cursor(), (COLUMNS, ROWS)):
                    self.send(reply)
        self._chunks.clear()
        self._fed = 0

    def lately(self, text: str) -> bool:
        """Whether a text was in the last bytes, escape sequences left out; cheap, but an update by cells hides it."""
        return text.encode() in _ESCAPES.sub(b"", self._tail)

    def size(self, start: float, end: float) -> int:
        """Bytes written to the terminal between two times."""
        times = [at for at, _ in self._sizes]
        first, last = bisect_left(times, start) - 1, bisect_left(times, end) - 1
        return self._sizes[max(0, last)][1] - self._sizes[max(0, first)][1]

    def cpu(self, start: float, end: float) -> tuple[float, float]:
        """Processor seconds between two times: the program's, and those of everything foreign to the measurement."""
        mine = self._at(end, "cpu") - self._at(start, "cpu")
        rest = self._at(end, "everything") - self._at(start, "everything")
        instrument = self._at(end, "instrument") - self._at(start, "instrument")
        return mine, max(0.0, rest - mine - instrument)

    def _at(self, moment: float, name: str) -> float:
        before = self.samples[0]
        for sample in self.samples:
            if sample.at >= moment:
                span = sample.at - before.at
                part = min(1.0, max(0.0, (moment - before.at) / span)) if span else 1.0
                low: float = getattr(before, name)
                return low + part * (getattr(sample, name) - low)
            before = sample
        last: float = getattr(before, name)
        return last

    def peak_memory(self) -> int:
        return max(sample.memory for sample in self.samples)

    def fail(self, what: str) -> MeasurementError:
        """An error with the screen in it."""
        self.catch_up()
        state = "it has ended; " if self.ended else ""
        return MeasurementError(f"{what} ({state}the screen:)\n{self.replay.text().rstrip()}")

    def close(self) -> None:
        """End the program and all its descendants."""
        for number, patience in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
            deadline = now() + patience
            for pid in self._descendants(processes()):
                _kill(pid, number)
            while now() < deadline and self._reap():
                self.pump(0.02)
                if self.ended:
                    select.select([], [], [], 0.02)
        if not self._pty.closed:
            self._pty.fileobj.close()
            self._pty.closed = True

    def _reap(self) -> bool:
        """Collect ended children that are not ``apart``; whether any is left."""
        left = self._descendants(processes())
        for pid in left:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        return bool(left)


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


_ESCAPES: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_ASKS: Final = re.compile(rb"\x1b\[[?>]?[0-9]*[cntq]|\x1b\[\?[0-9]+\$p|\x1b\][0-9;]+;?\?")
