"""What the engine needs of the outside, as Protocols. Adapters satisfy them without importing each other."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from steer.domain.deltas import Delta
from steer.domain.edits import FileChange
from steer.domain.events import Record
from steer.domain.messages import ModelRequest, ToolSpec
from steer.domain.values import JsonObject
from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.engine.cockpit import TokenCounter


class Provider(Protocol):
    """A model behind an endpoint."""

    @property
    def model(self) -> str: ...

    @property
    def window(self) -> int | None:
        """Context window in tokens; None where it is not known."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Sequence[Delta], None]:
        """Ask, and give the answer as batches of deltas, one batch a network read.

        Does not raise: the last delta is Finished or Failed. Closing the generator (or cancelling the task that
        reads it) closes the connection at once.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DiffReport:
    """The workspace against a checkpoint: a git patch (cut where ``truncated``), paths, lines added and removed."""

    patch: str
    files: tuple[str, ...]
    added: int
    removed: int
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """Paths that differ between a checkpoint and now, relative, sorted."""

    created: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


class Workspace(Protocol):
    """The git work tree that the agent changes, and its checkpoints."""

    @property
    def root(self) -> Path: ...

    @property
    def branch(self) -> str: ...

    @property
    def repository(self) -> Literal["own", "private"]: ...

    async def checkpoint(self, label: str, paths: Iterable[str] = ()) -> str:
        """Record the state now, ``paths`` also where git ignores them; gives an id. Touches no branch, index or stash."""
        ...

    async def restore(self, checkpoint: str) -> TreeChanges:
        """Put files back to a checkpoint exactly; gives what that changed."""
        ...

    async def changes(self, since: str) -> TreeChanges: ...

    async def diff(self, since: str) -> DiffReport: ...

    async def initialise(self) -> None:
        """Make the folder a git repository; this session goes on with its private one. Raises SteerError."""
        ...

    async def apply(self, changes: Sequence[FileChange]) -> None:
        """Write changes, all or none. Raises ConflictError if a file is not as ``before`` says."""
        ...


@dataclass(frozen=True, slots=True)
class CommandResult:
    """``output`` is head and tail within the cap, escape sequences stripped; ``exit_code`` None where it was ended."""

    outcome: Literal["exited", "timeout", "cancelled", "not_started"]
    exit_code: int | None
    seconds: float
    output: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """``content`` goes to the model, ``summary`` (one line) to the screen."""

    ok: bool
    content: str
    summary: str


class ToolContext(Protocol):
    """What a running tool may ask of the engine. Paths are relative to the workspace, with forward slashes."""

    @property
    def root(self) -> Path: ...

    def output(self, text: str) -> None:
        """Show output of a running command. Never blocks."""
        ...

    def saw(self, path: str, data: bytes) -> None:
        """The model has now seen this content of a file."""
        ...

    def check_unchanged(self, path: str, data: bytes) -> None:
        """Raises ConflictError, with a diff, if the file is not what the model saw last; then counts it as seen."""
        ...

    async def apply(self, changes: Sequence[FileChange]) -> None:
        """Judge, checkpoint and write changes, all or none. Raises ToolError with the reason where refused."""
        ...

    async def run(self, command: str, timeout: float, work: Callable[[], Awaitable[CommandResult]]) -> CommandResult:
        """Judge and checkpoint, then run ``work`` and report what it changed. Raises ToolError where refused."""
        ...


class Tool(Protocol):
    """One tool the model is given."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        """Carry the call out. Raises ToolError for what the model can mend; its message is the call's result."""
        ...


class GateRunner(Protocol):
    """VERIFY.md and its commands."""

    async def load(self) -> VerifyFile | None:
        """The VERIFY.md of the workspace as it is now; None where there is none."""
        ...

    def trusted(self, digest: str) -> bool: ...

    def trust(self, digest: str) -> None: ...

    async def run(self, gate: Gate, output: Callable[[str], None]) -> GateResult:
        """Run one gate; cancelling ends its process group."""
        ...

    async def propose(self) -> str:
        """A VERIFY.md text from the commands found in the project; empty where none was found."""
        ...


class Journal(Protocol):
    """Append-only record of the session."""

    def write(self, records: Sequence[Record]) -> None:
        """Append without waiting for the disk."""
        ...

    def sync(self) -> None:
        """Flush and fsync: at the end of a turn and before an interrupt is shown."""
        ...

    def close(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Monotonic seconds."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file of project memory as it is sent: AGENTS.md, PLAN.md, PROGRESS.md, VERIFY.md."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a session is built of. ``memory`` is read at the session's start."""

    provider: Provider
    workspace: Workspace
    gates: GateRunner
    journal: Journal
    counter: TokenCounter
    clock: Clock
    tools: tuple[Tool, ...]
    memory: tuple[MemoryFile, ...] = field(default=())
