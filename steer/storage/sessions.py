"""Where sessions live, how they are called, and that only one process writes to one."""

import difflib
import errno
import fcntl
import os
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from steer.domain.errors import UsageError
from steer.domain.events import Event, SessionStarted, TurnFinished, TurnStarted
from steer.storage.journal import decode_line
from steer.storage.private_files import private_folder, write_private

MAX_NAME: Final = 200
"""Characters of a session's name."""

_DERIVED_NAME: Final = 60
_ID: Final = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{9,}")
_MIN_PREFIX: Final = 4
# As the journal starts its lines: looking at these bytes costs a tenth of decoding the line.
_LANDMARKS: Final = tuple(f'{{"type":"{cls.type}"'.encode() for cls in (SessionStarted, TurnStarted, TurnFinished))


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session as it is listed. ``dir`` its workspace, ``updated`` ISO-8601 in UTC, ``tokens`` prompt and completion together."""

    session: str
    name: str
    dir: str
    turns: int
    updated: str
    parent: str | None
    tokens: int

    @property
    def dir_exists(self) -> bool:
        """Whether its workspace is still where it was."""
        return bool(self.dir) and Path(self.dir).is_dir()


def new_session_id() -> str:
    """An id that sorts by time: date, time and millisecond in UTC, then 24 random bits."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}{secrets.token_hex(3)}"


def session_folder(home: Path, session: str) -> Path:
    """The folder of a session: ``home/sessions/<id>``. Raises UsageError for what is no id."""
    if not _ID.fullmatch(session):
        raise UsageError(f"{session!r} is no session id.", "steer sessions lists them.")
    return home / "sessions" / session


def journal_path(home: Path, session: str) -> Path:
    """The journal of a session."""
    return session_folder(home, session) / "journal.jsonl"


def list_sessions(home: Path, directory: Path | None = None) -> tuple[SessionSummary, ...]:
    """All sessions that have a journal, the one changed last first; with ``directory`` only those of that workspace.

    Reads only the lines that say where a session and its turns start and end.
    """
    found = [
        (changed, summary) for name in _ids(home) if (entry := _summary(home, name)) for changed, summary in [entry]
    ]
    if directory is not None:
        here = os.path.realpath(directory)
        found = [(changed, each) for changed, each in found if each.dir and os.path.realpath(each.dir) == here]
    return tuple(each for _, each in sorted(found, key=lambda entry: (entry[0], entry[1].session), reverse=True))


def find_session(home: Path, id_or_name: str) -> SessionSummary:
    """The session with this id, this name (letter case aside), or whose id starts or ends so (four characters or more).

    Raises UsageError that names near ones if there is none, and all of them if there are several.
    """
    wanted = id_or_name.strip()
    if wanted in _ids(home) and (entry := _summary(home, wanted)) is not None:
        return entry[1]
    every = list_sessions(home)
    for found in (
        [each for each in every if each.name == wanted],
        [each for each in every if each.name.casefold() == wanted.casefold()],
        [each for each in every if len(wanted) >= _MIN_PREFIX and _part_of(each.session, wanted)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{len(found)} sessions answer to {id_or_name!r}:", f"{_named(found)}. Give the id.")
    raise UsageError(f"There is no session {id_or_name!r}.", _near(every, wanted))


def rename_session(home: Path, session: str, name: str) -> str:
    """Give a session a name, also while another process runs it; gives the name as kept. Raises UsageError if it cannot be."""
    clean = clean_name(name)
    folder = session_folder(home, session)
    if not folder.is_dir():
        raise UsageError(f"There is no session {session!r}.", _near(list_sessions(home), session))
    try:
        write_private(folder / "name", clean.encode())
    except OSError as error:
        raise UsageError(f"The name cannot be written to {folder}: {error.strerror}.") from error
    return clean


def clean_name(name: str) -> str:
    """A name on one line, without control and direction characters. Raises UsageError if it is empty or over 200 characters."""
    clean = _plain(name)
    if not clean:
        raise UsageError("A session's name cannot be empty.")
    if len(clean) > MAX_NAME:
        raise UsageError(f"A session's name has at most {MAX_NAME} characters; this one has {len(clean)}.")
    return clean


class SessionLock:
    """Holds a session for this process until ``release``; the system releases it if the process dies."""

    def __init__(self, home: Path, session: str) -> None:
        """Raises UsageError, which names the other process, if one has the session open."""
        folder = session_folder(home, session)
        path = folder / "lock"
        try:
            private_folder(folder)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            text = f"The session cannot be kept in {folder}: {error.strerror}."
            raise UsageError(text, "Make the folder writable, or set STEER_HOME to another.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise _locked(session, path, holder, error) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go; may be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _locked(session: str, path: Path, holder: str, error: OSError) -> UsageError:
    if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
        text = f"The session's lock {path} cannot be taken: {error.strerror}."
        return UsageError(text, "Set STEER_HOME to a folder on a local disk.")
    who = f"process {holder}" if holder.isdigit() else "another process"
    return UsageError(
        f"Session {session} is open in {who}.", f"End that one first, or go on in a copy: steer fork {session}"
    )


def _ids(home: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(home / "sessions") if _ID.fullmatch(entry.name)]
    except OSError:
        return []


def _summary(home: Path, session: str) -> tuple[float, SessionSummary] | None:
    """The time of the last change and the summary; None where there is no journal to read."""
    path = journal_path(home, session)
    start: SessionStarted | None = None
    task, turns, tokens = "", 0, 0
    try:
        changed = path.stat().st_mtime
        with path.open("rb") as file:
            for line in file:
                match _landmark(line):
                    case SessionStarted() as event if start is None:
                        start = event
                    case TurnStarted() as event:
                        turns += 1
                        task = task or _plain(event.task)
                    case TurnFinished() as event:
                        tokens += event.prompt_tokens + event.completion_tokens
        name = _given_name(path.parent) or _derived_name(task)
    except OSError:
        return None
    updated = datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    where, parent = (start.dir, start.parent) if start is not None else ("", None)
    return changed, SessionSummary(session, name, where, turns, updated, parent, tokens)


def _landmark(line: bytes) -> Event | None:
    """The event of a line, if it is one that a summary needs; broken lines are none."""
    if not line.startswith(_LANDMARKS):
        return None
    try:
        record = decode_line(line)
    except ValueError:
        return None
    return None if record is None else record.event


def _given_name(folder: Path) -> str:
    try:
        return _plain((folder / "name").read_bytes()[: 4 * MAX_NAME].decode("utf-8", "replace"))
    except FileNotFoundError:
        return ""


def _derived_name(task: str) -> str:
    """The first task, cut to a line's length."""
    return task if len(task) <= _DERIVED_NAME else task[: _DERIVED_NAME - 1].rstrip() + "…"


def _plain(text: str) -> str:
    """Text on one line without control, format and surrogate characters; joiners stay, for they hold emoji together."""
    kept = (
        c if c == "\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else _gap(c) for c in text
    )
    return " ".join("".join(kept).split())


def _gap(char: str) -> str:
    return " " if char.isspace() else ""


def _part_of(session: str, wanted: str) -> bool:
    return session.startswith(wanted) or session.endswith(wanted)


def _named(found: Sequence[SessionSummary]) -> str:
    return ", ".join(f"{each.session} ({each.name})" if each.name else each.session for each in found[:5])


def _near(every: Sequence[SessionSummary], wanted: str) -> str:
    """What to try instead: what is written alike, else the newest."""
    if not every:
        return "There are no sessions yet."
    by_text = {text: each for each in reversed(every) for text in (each.session, each.name) if text}
    alike = [by_text[text] for text in difflib.get_close_matches(wanted, by_text, n=3, cutoff=0.5)]
    if alike:
        return f"Near it: {_named(list(dict.fromkeys(alike)))}."
    return f"The newest: {_named(every[:3])}."
