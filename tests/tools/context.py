"""A ToolContext that really changes a folder, and the short way to call a tool with it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from steer.domain.edits import FileChange
from steer.domain.errors import ConflictError
from steer.domain.values import JsonObject
from steer.engine.ports import CommandResult, Tool, ToolResult


class FolderContext:
    """Writes changes to ``root``, all or none, and keeps what it was told."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.shown: list[str] = []
        self.first_output = asyncio.Event()
        self.seen: dict[str, bytes] = {}
        self.applied: list[list[FileChange]] = []
        self.commands: list[tuple[str, float]] = []

    @property
    def root(self) -> Path:
        return self._root

    def output(self, text: str) -> None:
        self.shown.append(text)
        self.first_output.set()

    def saw(self, path: str, data: bytes) -> None:
        self.seen[path] = data

    def check_unchanged(self, path: str, data: bytes) -> None:
        before, self.seen[path] = self.seen.get(path), data
        if before is not None and before != data:
            raise ConflictError(f"{path} has changed since you read it.")

    async def apply(self, changes: Sequence[FileChange]) -> None:
        for change in changes:
            full = self._root / change.path
            there = full.read_bytes() if full.exists() else None
            if there != change.before:
                raise ConflictError(f"{change.path} is not as expected.")
        self.applied.append(list(changes))
        for change in changes:
            full = self._root / change.path
            if change.after is None:
                full.unlink()
                continue
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(change.after)
            if change.mode is not None:
                full.chmod(change.mode)

    async def run(self, command: str, timeout: float, work: Callable[[], Awaitable[CommandResult]]) -> CommandResult:
        self.commands.append((command, timeout))
        return await work()


def call(tool: Tool, context: FolderContext, **arguments: str | int | float | None) -> ToolResult:
    """Run one call to its end."""
    given: JsonObject = arguments
    return asyncio.run(tool.run(given, context))
