"""The workspace that a session works in: one thread of its own does what blocks, in the order it was asked."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from steer.domain.edits import FileChange
from steer.domain.errors import SteerError, UsageError
from steer.engine.ports import DiffReport, TreeChanges
from steer.workspace.capture import Capturer
from steer.workspace.checkpoints import Checkpoints
from steer.workspace.commands import require_version
from steer.workspace.discover import Location, init_repository, locate, read_branch
from steer.workspace.paths import relative
from steer.workspace.store import Store
from steer.workspace.writes import apply_changes

_T = TypeVar("_T")


class GitWorkspace:
    """A git work tree, or a plain folder with a private repository, and its checkpoints (``engine.ports.Workspace``).

    A checkpoint holds tracked and untracked files; ignored ones that lie directly beside those, up to 5 MB each and 50 MB
    in all; and every path that was asked for by name. Content of ignored folders (node_modules), pipes, sockets, devices and
    other repositories inside (submodules) are not captured and never touched by a restore.
    """

    def __init__(self, location: Location, checkpoints: Checkpoints, capturer: Capturer) -> None:
        self._location = location
        self._checkpoints = checkpoints
        self._capturer = capturer
        self._undo: str | None = None
        # One thread: checkpoint, restore and apply never overlap, whoever was cancelled while waiting.
        self._thread = ThreadPoolExecutor(1, "workspace")

    @property
    def root(self) -> Path:
        """The work tree's top folder, resolved."""
        return self._location.root

    @property
    def branch(self) -> str:
        """The branch now, "detached at abc1234", "no commits yet"; "" in a folder without a repository."""
        return read_branch(self._location)

    @property
    def repository(self) -> Literal["own", "private"]:
        """Whether the folder has a repository of its own or Steer keeps a private one for it."""
        return "private" if self._location.gitdir is None else "own"

    @property
    def undo_checkpoint(self) -> str | None:
        """The checkpoint that the latest restore took first: restoring it undoes that one."""
        return self._undo

    @property
    def problems(self) -> tuple[str, ...]:
        """What the latest look at the work tree could not capture, in sentences."""
        last = self._checkpoints.last
        return last.problems if last is not None else ()

    @property
    def nested(self) -> tuple[str, ...]:
        """Other repositories inside the work tree (submodules among them), which are left alone."""
        last = self._checkpoints.last
        return last.nested if last is not None else ()

    @property
    def hashed(self) -> int:
        """How many files the latest look at the work tree had to read."""
        last = self._checkpoints.last
        return last.hashed if last is not None else 0

    async def checkpoint(self, label: str, paths: Iterable[str] = ()) -> str:
        """Record the state now, ``paths`` (with all below them) also where git ignores them; gives an id.

        An unchanged work tree gives the same id again. Raises ToolError for a path outside the workspace.
        """
        names = [relative(path) for path in paths]
        return await self._run(partial(self._checkpoints.take, label, names))

    async def restore(self, checkpoint: str) -> TreeChanges:
        """Put files back to a checkpoint exactly; gives what that changed. ``undo_checkpoint`` undoes it.

        Files created since are removed. Raises SteerError for an unknown checkpoint and where a file could not be put back.
        """
        return await self._run(partial(self._restore, checkpoint), settle=True)

    def _restore(self, checkpoint: str) -> TreeChanges:
        changes, self._undo = self._checkpoints.restore(checkpoint)
        return changes

    async def changes(self, since: str) -> TreeChanges:
        """Paths that differ between a checkpoint and now; a rename is a deletion and a creation."""
        return await self._run(partial(self._checkpoints.changes, since))

    async def diff(self, since: str) -> DiffReport:
        """The git patch from a checkpoint to now; untracked files are in it, ignored ones are not."""
        return await self._run(partial(self._checkpoints.diff, since))

    async def initialise(self) -> None:
        """Make the folder a git repository, as ``git init`` does; this session goes on with its private one.

        Raises SteerError where it has a repository already, and where git refuses.
        """
        if self.repository == "own":
            raise SteerError(f"{self.root} is a git repository already.")
        await self._run(partial(init_repository, self.root), settle=True)

    async def apply(self, changes: Sequence[FileChange]) -> None:
        """Write changes, all or none. Raises ConflictError if a file is not as ``before`` says, ToolError if it cannot be."""
        await self._run(partial(apply_changes, self.root, tuple(changes)), settle=True)

    async def _run(self, work: Callable[[], _T], settle: bool = False) -> _T:
        """Run in the workspace's thread. ``settle``: when cancelled, wait first until what was begun is whole."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        if not settle:
            return await future
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not future.done():
                await asyncio.wait({future})
            raise

    def close(self) -> None:
        """Finish what runs and keep what is known of the files for the next session. Blocking; may be called twice."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        with suppress(OSError):  # A full disk costs the next session one slower look.
            self._capturer.save()


def open_workspace(directory: Path, state_home: Path) -> GitWorkspace:
    """Open the work tree that ``directory`` lies in; what Steer keeps of it goes below ``state_home``. Blocking.

    Raises UsageError for a git older than 2.30, a bare repository, a folder that cannot be opened or written to.
    """
    require_version()
    location = locate(directory)
    key = hashlib.sha256(os.fsencode(location.root)).hexdigest()[:16]
    state = state_home.expanduser().absolute() / "workspaces" / key
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"{state} cannot be made: {error.strerror}.", "Set STEER_HOME to a folder you can write to."
        ) from error
    session = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
    store = Store(state / "checkpoints.git", session)
    capturer = Capturer(location, store, state, (state_home,))
    return GitWorkspace(location, Checkpoints(location, store, capturer), capturer)
