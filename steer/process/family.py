"""All processes a command has started, also those that left its group: find them, end them."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.process.environment import MARK

_PROC: Final = Path("/proc")
_POLL: Final = 0.03
_KILL_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class _Status:
    """What /proc/PID/stat says, proc(5): ``start`` in clock ticks since boot."""

    pid: int
    parent: int
    group: int
    session: int
    start: int


@dataclass(frozen=True, slots=True)
class Family:
    """The processes of one command. ``leader`` is the shell's id, which is also its group's and session's."""

    leader: int
    mark: str
    since: int = 0

    @classmethod
    def of(cls, leader: int, mark: str) -> "Family":
        status = _status(leader)
        return cls(leader, mark, status.start if status else 0)

    def members(self) -> frozenset[int]:
        """Ids of those alive. Where there is no /proc, the leader stands for its group.

        Found by group, session, descent, and the mark in the environment: a daemon that forked twice into a session
        of its own has lost the first three, but still carries the mark.
        """
        if not _PROC.is_dir():
            return frozenset({self.leader}) if _signal_group(self.leader, 0) else frozenset()
        # Nothing of the command can be older than its shell, which spares reading most environments.
        young = [status for status in _all() if status.start >= self.since]
        found = {
            status.pid
            for status in young
            if self.leader in (status.pid, status.group, status.session) or self._marked(status.pid)
        }
        grown = True
        while grown:
            more = {status.pid for status in young if status.parent in found} - found
            found |= more
            grown = bool(more)
        return frozenset(found - {os.getpid()})

    def send(self, number: int) -> None:
        """Signal the group and each member outside it."""
        _signal_group(self.leader, number)
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    async def end(self, grace: float) -> None:
        """SIGTERM, up to ``grace`` seconds, SIGKILL; returns when none is left, or none more can be done."""
        if not await asyncio.to_thread(self.members):
            return
        await asyncio.to_thread(self.send, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            await asyncio.sleep(_POLL)
            if not await asyncio.to_thread(self.members):
                return
        for _ in range(_KILL_ROUNDS):
            await asyncio.to_thread(self.send, signal.SIGKILL)
            await asyncio.sleep(_POLL)
            if not await asyncio.to_thread(self.members):
                return

    def _marked(self, pid: int) -> bool:
        try:
            environment = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            return False
        return f"{MARK}={self.mark}".encode() in environment.split(b"\0")


def _all() -> Iterator[_Status]:
    for name in os.listdir(_PROC):  # noqa: PTH208 (names only: half the time of Path objects)
        if name.isdigit() and (status := _status(int(name))) is not None:
            yield status


def _status(pid: int) -> _Status | None:
    """None for a process that is gone or only waits to be reaped."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, blanks and parentheses included.
    fields = text[text.rfind(")") + 2 :].split()
    if len(fields) < 20 or fields[0] in "ZX":
        return None
    return _Status(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def _signal_group(group: int, number: int) -> bool:
    """Whether the group is there to be signalled."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
