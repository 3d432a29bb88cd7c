"""Where a command's output goes: to the screen as it comes, to the model in short, to a log in full."""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from steer.process.output import Cleaner, HeadTail, Lines, OutputCap

_BURST: Final = 1_000_000
_RATE: Final = 16_000
"""Characters: shown at once, then a second. A command that prints without end must not fill the session with it."""

_REPAINT: Final = 1.0
"""Seconds between two pictures of a progress bar."""


@dataclass(slots=True)
class LiveText:
    """Gives text on as it comes: only appended, so a line that is painted over is shown about once a second."""

    output: Callable[[str], None]
    _shown: str = ""
    _painted: float = 0.0
    _credit: float = _BURST
    _refilled: float = field(default_factory=time.monotonic)
    _skipped: int = 0

    def update(self, settled: str, lines: Lines, final: bool = False) -> None:
        """Show ``settled`` text and what of the unfinished line can be shown."""
        now = time.monotonic()
        out = self._after_shown(settled) if settled else ""
        if settled:
            self._shown = ""
        line = lines.open.rstrip("\r")
        due = not lines.painted_over or final or now - self._painted >= _REPAINT
        if due and line and line != self._shown:
            out += self._after_shown(line)
            self._shown, self._painted = line, now
        if out:
            self._give(out, now)
        if final and self._skipped:
            self.output(f"[{self._skipped} characters not shown]\n")

    def _after_shown(self, text: str) -> str:
        """``text`` without what of its first line stands already; on a new line where that is now another."""
        if not self._shown or text.startswith(self._shown):
            return text[len(self._shown) :]
        return "\n" + text

    def _give(self, text: str, now: float) -> None:
        self._credit = min(_BURST, self._credit + (now - self._refilled) * _RATE)
        self._refilled = now
        if len(text) > self._credit:
            self._skipped += len(text)
            return
        self._credit -= len(text)
        if self._skipped:
            text = f"\n[{self._skipped} characters not shown]\n{text}"
            self._skipped = 0
        self.output(text)


@dataclass(slots=True)
class Log:
    """The raw bytes on disk, from the first one on, written only once they are more than ``keep``. Up to ``limit`` bytes."""

    path: Path | None
    keep: int
    limit: int
    _held: list[bytes] = field(default_factory=list)
    _size: int = 0
    _file: BinaryIO | None = None

    def add(self, data: bytes) -> None:
        before, self._size = self._size, self._size + len(data)
        if self.path is None or before >= self.limit:
            return
        data = data[: self.limit - before]
        if self._file is None:
            self._held.append(data)
            if self._size > self.keep:
                self._open(self.path)
            return
        self._write(data)

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # For the user only: output may hold what others should not read.
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        except OSError:
            self.path = None
        held, self._held = self._held, []
        self._write(b"".join(held))

    def _write(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError:
            # A full disk: a log that is not whole is worse than none.
            self.close(False)

    def close(self, wanted: bool) -> str:
        """Finish; gives the words for the note on omitted bytes. A log that nothing was omitted from is removed."""
        file, self._file = self._file, None
        path, self.path = self.path, None
        if file is None or path is None:
            return ""
        try:
            file.close()
        except OSError:
            wanted = False
        if not wanted:
            with contextlib.suppress(OSError):
                path.unlink()
            return ""
        return f", full log at {path}" if self._size <= self.limit else f", first {self.limit} bytes in {path}"


class Sink:
    """Takes the bytes of one command."""

    def __init__(self, output: Callable[[str], None], cap: OutputCap, log: Path | None) -> None:
        self._cleaner = Cleaner()
        self._lines = Lines()
        self._kept = HeadTail(cap)
        self._live: LiveText | None = LiveText(output)
        self._log = Log(log, cap.head + cap.tail, cap.log)

    def feed(self, data: bytes, final: bool = False) -> None:
        self._log.add(data)
        settled = self._lines.feed(self._cleaner.feed(data, final))
        if self._live is not None:
            self._live.update(settled, self._lines, final)
        self._kept.add(settled)

    def mute(self) -> None:
        """From now on collect only: who interrupts a command wants to see no more of it."""
        self._live = None

    def finish(self) -> tuple[str, int]:
        """The text for the model and the bytes left out of it."""
        self.feed(b"", final=True)
        self._kept.add(self._lines.finish())
        _, omitted = self._kept.result()
        return self._kept.result(self._log.close(omitted > 0))
