"""The journal of a session: one JSON object a line, only ever appended to, readable whatever cut it off."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from steer.domain.codec import decode_record, encode_record
from steer.domain.errors import UsageError
from steer.domain.events import CommandOutput, Event, GateOutput, ReasoningDelta, Record, TextDelta, ToolDelta
from steer.domain.values import Json
from steer.storage.masking import Masker
from steer.storage.private_files import private_folder

_FLUSH_SECONDS: Final = 0.1
_MAX_WAITING: Final = 64 * 1024 * 1024
"""Bytes kept in memory while the disk takes nothing."""

_MAX_PROBLEMS: Final = 20


class JsonlJournal:
    """Appends records to a file (``steer.engine.ports.Journal``), from a thread of its own, every tenth of a second.

    What the disk refuses is kept and written once it takes it again; ``problem`` says what is wrong while it is, and
    ``on_problem`` is told once, from inside ``write``, ``sync`` or ``close``. ``secrets`` are values that must not be
    written, besides what looks like a key; text is masked also where a secret lies across streamed pieces.
    """

    def __init__(
        self, path: Path, *, secrets: Iterable[str] = (), on_problem: Callable[[str], None] | None = None
    ) -> None:
        self._path = path
        self._masker = Masker(secrets)
        self._on_problem = on_problem
        self._told = False
        self._lost = False
        self.problem = ""
        # ``_pending`` is shared with the callers, all below only with whoever holds ``_disk``.
        self._guard = threading.Lock()
        self._pending: list[Record] = []
        self._disk = threading.Lock()
        self._held: list[Record] = []
        self._waiting = bytearray()
        self._file = -1
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def write(self, records: Sequence[Record]) -> None:
        """Append without waiting for the disk."""
        self._tell()
        if self._closing.is_set():
            return
        with self._guard:
            self._pending.extend(records)
        self._wake.set()

    def sync(self) -> None:
        """Write all that was appended so far and wait until the disk has it. A refusal of the disk is no error here."""
        with self._disk:
            self._flush(final=True)
            if self._file >= 0 and not self._waiting:
                try:
                    os.fsync(self._file)
                except OSError as error:
                    self._refused(error)
        self._tell()

    def close(self) -> None:
        """Sync and end; later writes are dropped. May be called twice."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self.sync()
        with self._disk:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            with self._disk:
                self._flush(final=False)
            self._closing.wait(_FLUSH_SECONDS)

    def _tell(self) -> None:
        problem = self.problem
        if problem and not self._told and self._on_problem is not None:
            self._told = True
            self._on_problem(problem)

    def _flush(self, *, final: bool) -> None:
        with self._guard:
            records, self._pending = self._held + self._pending, []
        cut = len(records) if final else self._settled(records)
        self._held = records[cut:]
        if len(self._waiting) < _MAX_WAITING:
            self._waiting += b"".join(self._lines(records[:cut]))
        elif cut:
            self._lost = True
        if not self._waiting:
            return
        try:
            self._put()
        except OSError as error:
            self._refused(error)
        else:
            self.problem = f"Part of the session is missing in {self._path}." if self._lost else ""

    def _put(self) -> None:
        """Write what waits; what a full disk took of it is not written twice."""
        if self._file < 0:
            self._file = _open_for_append(self._path)
        while self._waiting:
            done = os.write(self._file, self._waiting[: 1 << 20])
            del self._waiting[:done]

    def _refused(self, error: OSError) -> None:
        self.problem = f"The session cannot be written to {self._path}: {error.strerror}. It goes on in memory; make room or set STEER_HOME."

    def _settled(self, records: Sequence[Record]) -> int:
        """How many records may be written now: the streamed pieces in which a secret may still be growing wait."""
        start = len(records)
        key = _stream(records[-1].event) if records else None
        while key is not None and start > 0 and _stream(records[start - 1].event) == key:
            start -= 1
        return start + self._masker.settled([_text(record.event) for record in records[start:]])

    def _lines(self, records: Sequence[Record]) -> list[bytes]:
        """Each record as a line; the pieces of one stream are masked as one text."""
        out: list[bytes] = []
        at = 0
        while at < len(records):
            key, end = _stream(records[at].event), at + 1
            while key is not None and end < len(records) and _stream(records[end].event) == key:
                end += 1
            run = records[at:end]
            texts = self._masker.mask_pieces([_text(record.event) for record in run]) if len(run) > 1 else []
            for n, record in enumerate(run):
                try:
                    out.append(self._line(record, texts[n] if texts else None))
                except (TypeError, ValueError, RecursionError):
                    self._lost = True
            at = end
        return out

    def _line(self, record: Record, text: str | None) -> bytes:
        """Raises TypeError, ValueError or RecursionError where an event has no JSON form."""
        obj = encode_record(record)
        if text is not None:
            obj["text"] = text
        clean = {name: value if name == "type" else _clean(value, self._masker) for name, value in obj.items()}
        try:
            return msgspec.json.encode(clean) + b"\n"
        except OverflowError:  # A model's arguments may hold integers of any size.
            return json.dumps(clean, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _stream(event: Event) -> tuple[str, str] | None:
    """Which stream of pieces an event belongs to; None for events that stand alone."""
    match event:
        case TextDelta() | ReasoningDelta():
            return event.type, ""
        case ToolDelta() | CommandOutput():
            return event.type, event.call_id
        case GateOutput():
            return event.type, event.gate
        case _:
            return None


def _text(event: Event) -> str:
    match event:
        case TextDelta() | ReasoningDelta() | ToolDelta() | CommandOutput() | GateOutput():
            return event.text
        case _:
            return ""


def _clean(value: Json, masker: Masker) -> Json:
    """A value without secrets and without lone surrogates, which no JSON reader takes back."""
    if isinstance(value, str):
        return masker.mask(value if value.isascii() else _whole(value))
    if isinstance(value, dict):
        return {_whole(key): _clean(item, masker) for key, item in value.items()}
    return [_clean(item, masker) for item in value] if isinstance(value, list) else value


def _whole(text: str) -> str:
    """Surrogate pairs joined, lone surrogates replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _open_for_append(path: Path) -> int:
    """Open a journal; if its last line was cut off, the next record starts a line of its own. Raises OSError."""
    private_folder(path.parent)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")
    return file


@dataclass(frozen=True, slots=True)
class JournalRead:
    """The records that could be read, in order; what was passed over, in words; how many events are of unknown types."""

    records: tuple[Record, ...]
    problems: tuple[str, ...] = ()
    unknown: int = 0


def read_journal(path: Path) -> JournalRead:
    """Read a journal as far as it can be read: broken lines are named and passed over, gaps in ``seq`` are taken as they are.

    Raises UsageError if the file itself cannot be read.
    """
    records: list[Record] = []
    problems: list[str] = []
    unknown = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = decode_line(line)
                except ValueError as error:
                    problems.append(_broken(number, line, error))
                    continue
                unknown += record is None and bool(line.strip())
                if record is not None:
                    records.append(record)
    except OSError as error:
        raise UsageError(
            f"The session's journal {path} cannot be read: {error.strerror}.", "See steer sessions."
        ) from error
    if unknown:
        problems.append(f"{unknown} events of types that this version does not know were passed over")
    if len(problems) > _MAX_PROBLEMS:
        problems[_MAX_PROBLEMS:] = [f"and {len(problems) - _MAX_PROBLEMS} more problems"]
    return JournalRead(tuple(records), tuple(problems), unknown)


def decode_line(line: bytes) -> Record | None:
    """One line of a journal; None for a blank line or a type of event not known. Raises ValueError for a broken line."""
    if not line.strip():
        return None
    try:
        obj = msgspec.json.decode(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(obj, dict):
        raise ValueError("not a JSON object")
    return decode_record(obj)


def _broken(number: int, line: bytes, error: ValueError) -> str:
    if not line.endswith(b"\n"):
        return f"line {number} is cut off: the last event was left out"
    return f"line {number} was left out: {error}"
