"""Run a shell command in its own process group, stream what it prints, and leave nothing of it behind."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

from steer.process.environment import command_environment
from steer.process.family import Family
from steer.process.output import OutputCap
from steer.process.sink import Sink

GRACE: Final = 2.0
"""Seconds between SIGTERM and SIGKILL."""

_LINGER: Final = 0.5
"""Seconds that a child may hold the pipe open after the shell has exited."""

_REAP: Final = 1.0
_READ: Final = 65_536
_DRAIN: Final = 64


@dataclass(frozen=True, slots=True)
class ShellResult:
    """``output`` is cleaned head and tail with a note on the ``omitted`` bytes between.

    ``exit_code`` is the shell's (128 + n for signal n), None unless it exited by itself. ``not_started``: ``output`` says why.
    """

    outcome: Literal["exited", "timeout", "cancelled", "not_started"]
    exit_code: int | None
    seconds: float
    output: str
    omitted: int = 0


class CutShort(Exception):
    """The cause (``__cause__``) of a CancelledError out of ``run_shell``: ``result`` is what had come until then."""

    def __init__(self, result: ShellResult) -> None:
        super().__init__(result.output)
        self.result = result


class ShellOptions(TypedDict, total=False):
    """Optional keywords of ``run_shell``: variables to add, how much is kept, where the full log goes if not all is kept."""

    env: Mapping[str, str] | None
    cap: OutputCap
    log: Path | None


async def run_shell(
    command: str,
    *,
    cwd: Path,
    timeout: float | None,
    output: Callable[[str], None],
    **options: Unpack[ShellOptions],
) -> ShellResult:
    """Run ``command`` through bash (or sh), without standard input and terminal, in a session of its own.

    ``timeout`` in seconds, None for none. ``output`` gets text as it comes, without escape sequences; it must not
    block. Does not raise for what the command does. When the shell has exited, or must be ended, all that it
    started is ended too: SIGTERM, two seconds, SIGKILL. Cancelling does the same and then raises the CancelledError
    with ``CutShort`` as its cause; cancelling twice spares the two seconds.
    """
    sink = Sink(output, options.get("cap") or OutputCap(), options.get("log"))
    started = time.monotonic()
    try:
        running = await _start(command, cwd, options.get("env"), sink)
    except (OSError, ValueError) as error:
        return ShellResult("not_started", None, time.monotonic() - started, f"The command was not started: {error}")
    outcome: Literal["exited", "timeout", "cancelled"] = "cancelled"
    try:
        outcome = await running.wait(timeout)
        await running.family.end(GRACE)
        await running.reap()
    except asyncio.CancelledError as error:
        sink.mute()
        await running.end_in_any_case()
        raise error from CutShort(running.result("exited" if outcome == "exited" else "cancelled", started))
    return running.result(outcome, started)


class _Pipe:
    """The read end of a command's output, read as the loop finds it ready."""

    def __init__(self, fd: int, sink: Sink) -> None:
        self._fd = fd
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self.closed = asyncio.Event()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def _read(self) -> bool:
        """Whether there may be more."""
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.close()
            return False
        self._sink.feed(data)
        return True

    def drain(self) -> None:
        """Take what lies in the pipe, then close it whoever may still hold its other end."""
        for _ in range(_DRAIN):
            if self.closed.is_set() or not self._read():
                break
        self.close()

    def close(self) -> None:
        if not self.closed.is_set():
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self.closed.set()


@dataclass(slots=True)
class _Running:
    process: asyncio.subprocess.Process
    family: Family
    pipe: _Pipe
    sink: Sink

    async def wait(self, timeout: float | None) -> Literal["exited", "timeout"]:
        """Until the shell exits, and shortly for its children to close the pipe."""
        try:
            async with asyncio.timeout(timeout):
                await self.process.wait()
        except TimeoutError:
            return "timeout"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self.pipe.closed.wait()
        return "exited"

    async def reap(self) -> None:
        """Wait for the shell's exit code; not for ever, since a process in uninterruptible sleep cannot be ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP):
                await self.process.wait()

    async def end_in_any_case(self) -> None:
        """End the family; a cancellation on the way only makes it quicker."""
        ending = asyncio.ensure_future(self._end())
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            ending.cancel()
            self.family.send(signal.SIGKILL)

    async def _end(self) -> None:
        await self.family.end(GRACE)
        await self.reap()

    def result(self, outcome: Literal["exited", "timeout", "cancelled"], started: float) -> ShellResult:
        """Take the rest of the output and close the pipe."""
        self.pipe.drain()
        code = self.process.returncode if outcome == "exited" else None
        if code is not None and code < 0:
            code = 128 - code
        text, omitted = self.sink.finish()
        return ShellResult(outcome, code, time.monotonic() - started, text, omitted)


async def _start(command: str, cwd: Path, env: Mapping[str, str] | None, sink: Sink) -> _Running:
    """Start the shell; raises OSError or ValueError where that cannot be."""
    if "\0" in command:
        raise ValueError("it contains a NUL character")
    if not cwd.is_dir():
        raise NotADirectoryError(f"its working directory {cwd} is not there")
    shell = shutil.which("bash") or shutil.which("sh") or "/bin/sh"
    mark = uuid.uuid4().hex
    # An own pipe, not asyncio's: the process then counts as ended when it exits, not when its last child lets go.
    reading, writing = os.pipe()
    with contextlib.ExitStack() as undo:
        undo.callback(os.close, reading)
        try:
            process = await asyncio.create_subprocess_exec(
                *(shell, "-c", "--", command),
                cwd=cwd,
                env=command_environment(mark, env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        undo.pop_all()
    return _Running(process, Family.of(process.pid, mark), _Pipe(reading, sink), sink)
