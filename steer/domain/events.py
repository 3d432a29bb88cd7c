"""The closed union of events: the one stream that the screen, ``--json`` and the journal read (README, "Events")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Literal, TypeAlias, get_args

from steer.domain.messages import Message
from steer.domain.values import Band, ErrorKind, GateStatus, JsonObject, Stage, TurnStatus, VerifyStatus, When


@dataclass(frozen=True, slots=True)
class SessionStarted:
    type: ClassVar[str] = "session.started"
    session: str
    dir: str
    model: str
    wire: str
    context_window: int | None
    constraints: tuple[str, ...]
    branch: str = ""
    repository: Literal["own", "private"] = "own"
    scripted: bool = False
    parent: str | None = None
    started: str = ""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    type: ClassVar[str] = "turn.started"
    turn: int
    task: str


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """``added`` and ``removed`` are lines, ``files`` paths changed since the turn's checkpoint, tokens are the turn's sums."""

    type: ClassVar[str] = "turn.finished"
    turn: int
    status: TurnStatus
    text: str
    files: tuple[str, ...]
    added: int
    removed: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MessageAppended:
    """The history grew: the conversation is the fold of these, and nothing else changes it."""

    type: ClassVar[str] = "message.appended"
    message: Message


@dataclass(frozen=True, slots=True)
class CheckpointCreated:
    """The workspace was recorded: at a turn's start (``call_id`` empty) or before a call that changes something."""

    type: ClassVar[str] = "checkpoint.created"
    checkpoint: str
    label: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that is no error: a missing VERIFY.md, a private repository, a retry."""

    type: ClassVar[str] = "notice"
    text: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class RequestStarted:
    type: ClassVar[str] = "request.started"
    step: int
    messages: int
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    type: ClassVar[str] = "reasoning.delta"
    text: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    type: ClassVar[str] = "text.delta"
    text: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of a call's arguments, as raw JSON text, while they still stream."""

    type: ClassVar[str] = "tool.delta"
    call_id: str
    name: str
    text: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class ResponseFinished:
    """The answer of one step ended. ``reason`` is the endpoint's finish reason; ``milliseconds`` from request to first piece."""

    type: ClassVar[str] = "response.finished"
    step: int
    reason: str
    first_ms: float
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Usage:
    type: ClassVar[str] = "usage"
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    estimate: int
    window: int | None
    fraction: float | None
    band: Band | None
    categories: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    type: ClassVar[str] = "error"
    kind: ErrorKind
    message: str
    retried: bool


@dataclass(frozen=True, slots=True)
class ToolCalled:
    type: ClassVar[str] = "tool.called"
    call_id: str
    name: str
    arguments: JsonObject | str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    type: ClassVar[str] = "tool.finished"
    call_id: str
    ok: bool
    summary: str


@dataclass(frozen=True, slots=True)
class EditApplied:
    type: ClassVar[str] = "edit.applied"
    call_id: str
    path: str
    added: int
    removed: int
    diff: str


@dataclass(frozen=True, slots=True)
class EditRefused:
    type: ClassVar[str] = "edit.refused"
    call_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class CommandOutput:
    type: ClassVar[str] = "command.output"
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """``exit_code`` is None where the command was ended at its timeout (``outcome`` says so) or by an interrupt."""

    type: ClassVar[str] = "command.finished"
    call_id: str
    command: str
    exit_code: int | None
    seconds: float
    created: tuple[str, ...]
    modified: tuple[str, ...]
    deleted: tuple[str, ...]
    committed: bool
    outcome: Literal["exited", "timeout", "cancelled", "not_started"] = "exited"


@dataclass(frozen=True, slots=True)
class DiffUpdated:
    """The workspace against ``base`` (turn, session, commit) as a git patch, cut at ``truncated`` if over the cap."""

    type: ClassVar[str] = "diff.updated"
    base: str
    patch: str
    files: tuple[str, ...]
    added: int
    removed: int
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Steered:
    type: ClassVar[str] = "steered"
    text: str
    constraints: tuple[str, ...]
    when: When
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The messages that wait for the end of the turn, first to be said first: (id, text)."""

    type: ClassVar[str] = "queue.changed"
    waiting: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ConstraintsChanged:
    type: ClassVar[str] = "constraints.changed"
    constraints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterruptedEvent:
    type: ClassVar[str] = "interrupted"
    reason: str
    kept_chars: int
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PausedChanged:
    type: ClassVar[str] = "paused.changed"
    paused: bool


@dataclass(frozen=True, slots=True)
class ConstraintViolated:
    type: ClassVar[str] = "constraint.violated"
    constraint: str
    stage: Stage
    call_id: str
    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    type: ClassVar[str] = "approval.requested"
    call_id: str
    kind: str
    allowed: bool | None = None
    question: str = ""
    diff: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalResolved:
    type: ClassVar[str] = "approval.resolved"
    call_id: str
    kind: str
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GatesPlanned:
    """The gates this verification will run, in order: (name, command)."""

    type: ClassVar[str] = "gates.planned"
    gates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GateStarted:
    type: ClassVar[str] = "gate.started"
    gate: str
    command: str


@dataclass(frozen=True, slots=True)
class GateOutput:
    type: ClassVar[str] = "gate.output"
    gate: str
    text: str


@dataclass(frozen=True, slots=True)
class GateFinished:
    type: ClassVar[str] = "gate.finished"
    gate: str
    status: GateStatus
    exit_code: int | None
    seconds: float
    reason: str
    output: str


@dataclass(frozen=True, slots=True)
class VerifyFinished:
    """``proposal`` is a VERIFY.md text to offer where none is there."""

    type: ClassVar[str] = "verify.finished"
    status: VerifyStatus
    reason: str
    proposal: str = ""


SessionEvent: TypeAlias = SessionStarted | TurnStarted | TurnFinished | MessageAppended | CheckpointCreated | Notice
ModelEvent: TypeAlias = RequestStarted | ReasoningDelta | TextDelta | ToolDelta | ResponseFinished | Usage | ErrorRaised
ToolEvent: TypeAlias = (
    ToolCalled | ToolFinished | EditApplied | EditRefused | CommandOutput | CommandFinished | DiffUpdated
)
SteeringEvent: TypeAlias = Steered | QueueChanged | ConstraintsChanged | InterruptedEvent | PausedChanged
GuardEvent: TypeAlias = ConstraintViolated | ApprovalRequested | ApprovalResolved
VerifyEvent: TypeAlias = GatesPlanned | GateStarted | GateOutput | GateFinished | VerifyFinished

Event: TypeAlias = SessionEvent | ModelEvent | ToolEvent | SteeringEvent | GuardEvent | VerifyEvent

EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType({cls.type: cls for cls in get_args(Event)})


@dataclass(frozen=True, slots=True)
class Record:
    """An event with its place in the session: ``seq`` from 1 without gaps, ``t`` seconds since the session started."""

    seq: int
    t: float
    event: Event
