"""Fakes are scripts: a model that says what a test wrote down, a workspace in memory, a clock that stands still."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steer.domain.deltas import CallPiece, Delta, Finished, TextPiece
from steer.domain.edits import FileChange, text_diff
from steer.domain.errors import ConflictError
from steer.domain.events import Record
from steer.domain.messages import Message, ModelRequest, ToolSpec
from steer.domain.values import JsonObject
from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.engine.ports import CommandResult, DiffReport, Ports, Tool, ToolContext, ToolResult, TreeChanges

Step = Sequence[Delta | asyncio.Event]
"""One answer: deltas, each a batch of its own; an Event is waited for before going on."""


def says(*texts: str, reason: str = "stop") -> list[Delta | asyncio.Event]:
    """An answer of text pieces."""
    return [*(TextPiece(text) for text in texts), Finished(reason)]


def calls(*made: tuple[str, str, str], text: str = "") -> list[Delta | asyncio.Event]:
    """An answer of calls: (id, name, arguments as JSON text)."""
    pieces: list[Delta | asyncio.Event] = [TextPiece(text)] if text else []
    pieces.extend(CallPiece(slot, call_id, name, raw) for slot, (call_id, name, raw) in enumerate(made))
    return [*pieces, Finished("tool_calls")]


@dataclass
class ScriptedProvider:
    """Plays ``steps`` in order, one a request, and keeps what it was asked. ``closed`` counts streams that were cut."""

    steps: list[Step]
    model: str = "scripted"
    window: int | None = 10_000
    requests: list[ModelRequest] = field(default_factory=list)
    closed: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    shut: bool = False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Sequence[Delta], None]:
        self.requests.append(request)
        self.started.set()
        assert self.steps, "the script has no answer for this request"
        whole = False
        try:
            for item in self.steps.pop(0):
                if isinstance(item, asyncio.Event):
                    await item.wait()
                else:
                    yield [item]
            whole = True
        finally:
            self.closed += not whole

    async def close(self) -> None:
        self.shut = True


@dataclass
class MemoryWorkspace:
    """Files in a dict. Checkpoints are copies."""

    files: dict[str, bytes] = field(default_factory=dict)
    root: Path = Path("/workspace")
    branch: str = "main"
    repository: Literal["own", "private"] = "own"
    saved: dict[str, dict[str, bytes]] = field(default_factory=dict)

    async def checkpoint(self, label: str, paths: Iterable[str] = ()) -> str:
        name = f"c{len(self.saved) + 1}"
        self.saved[name] = dict(self.files)
        return name

    async def restore(self, checkpoint: str) -> TreeChanges:
        before = dict(self.files)
        self.files = dict(self.saved[checkpoint])
        return _changes(before, self.files)

    async def changes(self, since: str) -> TreeChanges:
        return _changes(self.saved[since], self.files)

    async def diff(self, since: str) -> DiffReport:
        changed = _changes(self.saved[since], self.files)
        paths = sorted((*changed.created, *changed.modified, *changed.deleted))
        diffs = [text_diff(path, self.saved[since].get(path), self.files.get(path)) for path in paths]
        patch = "".join(diff.text for diff in diffs)
        return DiffReport(patch, tuple(paths), sum(d.added for d in diffs), sum(d.removed for d in diffs))

    async def initialise(self) -> None:
        self.files[".git"] = b""

    async def apply(self, changes: Sequence[FileChange]) -> None:
        for change in changes:
            if self.files.get(change.path) != change.before:
                raise ConflictError(f"{change.path} is not what it was")
        for change in changes:
            if change.after is None:
                del self.files[change.path]
            else:
                self.files[change.path] = change.after


def _changes(old: dict[str, bytes], new: dict[str, bytes]) -> TreeChanges:
    return TreeChanges(
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(path for path in new.keys() & old.keys() if new[path] != old[path])),
        tuple(sorted(old.keys() - new.keys())),
    )


@dataclass
class ScriptedGates:
    """A VERIFY.md with these gates; ``results`` are played in order, an Event is waited for."""

    gates: tuple[Gate, ...] = ()
    results: list[Literal["passed", "failed", "timeout", "not_run"] | asyncio.Event] = field(default_factory=list)
    is_trusted: bool = True
    exists: bool = True
    running: asyncio.Event = field(default_factory=asyncio.Event)
    proposal: str = "- tests: `pytest`\n"

    async def load(self) -> VerifyFile | None:
        return VerifyFile(self.gates, "digest") if self.exists else None

    def trusted(self, digest: str) -> bool:
        return self.is_trusted

    def trust(self, digest: str) -> None:
        self.is_trusted = True

    async def run(self, gate: Gate, output: Callable[[str], None]) -> GateResult:
        self.running.set()
        result = self.results.pop(0)
        while isinstance(result, asyncio.Event):
            await result.wait()
            result = self.results.pop(0)
        output(f"{gate.name} says {result}\n")
        code = {"passed": 0, "failed": 1}.get(result)
        return GateResult(
            gate.name, gate.command, result, code, 0.1, "" if code == 0 else "it failed", f"{gate.name} output"
        )

    async def propose(self) -> str:
        return self.proposal


@dataclass
class MemoryJournal:
    records: list[Record] = field(default_factory=list)
    synced: int = 0
    closed: bool = False

    def write(self, records: Sequence[Record]) -> None:
        self.records.extend(records)

    def sync(self) -> None:
        self.synced = len(self.records)

    def close(self) -> None:
        self.closed = True


class WordCounter:
    """A token a word."""

    def count(self, text: str) -> int:
        return len(text.split())

    def message(self, message: Message) -> int:
        return 3 + self.count(message.content) + sum(self.count(call.arguments) for call in message.tool_calls)

    def tools(self, tools: Sequence[ToolSpec]) -> int:
        return 10 * len(tools)


@dataclass
class StillClock:
    time: float = 100.0

    def now(self) -> float:
        return self.time


@dataclass
class WriteTool:
    """write(path, text): the simplest changing tool."""

    spec: ToolSpec = field(default_factory=lambda: ToolSpec("write", "Write a file.", {"type": "object"}))
    files: dict[str, bytes] = field(default_factory=dict)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        path, text = str(arguments["path"]), arguments.get("text")
        after = None if text is None else str(text).encode()
        await context.apply([FileChange(path, self.files.get(path), after)])
        return ToolResult(True, f"wrote {path}", f"wrote {path}")


@dataclass
class WaitTool:
    """Runs a command that prints ``said``, waits for ``release``, and does ``work`` to the files before."""

    release: asyncio.Event
    work: Callable[[], None] = lambda: None
    said: str = "half way\n"
    running: asyncio.Event = field(default_factory=asyncio.Event)
    spec: ToolSpec = field(default_factory=lambda: ToolSpec("wait", "Wait.", {"type": "object"}))

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        async def command() -> CommandResult:
            context.output(self.said)
            self.work()
            self.running.set()
            await self.release.wait()
            return CommandResult("exited", 0, 0.5, self.said)

        result = await context.run("wait", 10.0, command)
        return ToolResult(True, result.output, "waited")


def ports(
    provider: ScriptedProvider,
    workspace: MemoryWorkspace | None = None,
    gates: ScriptedGates | None = None,
    tools: tuple[Tool, ...] = (),
) -> Ports:
    """Ports over fakes."""
    return Ports(
        provider=provider,
        workspace=workspace or MemoryWorkspace(),
        gates=gates or ScriptedGates(exists=False),
        journal=MemoryJournal(),
        counter=WordCounter(),
        clock=StillClock(),
        tools=tools,
    )
