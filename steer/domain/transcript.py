"""The session's state: the fold of its events, and nothing else. ``Transcript.apply`` is the only reducer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from steer.domain.constraints import ConstraintSet
from steer.domain.context import Forecast, forecast
from steer.domain.events import (
    ApprovalRequested,
    ApprovalResolved,
    CheckpointCreated,
    CommandFinished,
    CommandOutput,
    ConstraintsChanged,
    ConstraintViolated,
    DiffUpdated,
    EditApplied,
    EditRefused,
    ErrorRaised,
    Event,
    GateFinished,
    GateOutput,
    GatesPlanned,
    GateStarted,
    GuardEvent,
    InterruptedEvent,
    MessageAppended,
    ModelEvent,
    Notice,
    PausedChanged,
    QueueChanged,
    ReasoningDelta,
    Record,
    RequestStarted,
    ResponseFinished,
    SessionEvent,
    SessionStarted,
    Steered,
    SteeringEvent,
    TextDelta,
    ToolCalled,
    ToolDelta,
    ToolEvent,
    ToolFinished,
    TurnFinished,
    TurnStarted,
    Usage,
    VerifyEvent,
    VerifyFinished,
)
from steer.domain.messages import Message
from steer.domain.values import GateStatus, TurnStatus

Phase: TypeAlias = Literal["idle", "waiting", "streaming", "tool", "verifying"]
"""waiting: the request is out and nothing has come yet."""
GateState: TypeAlias = Literal["planned", "running"] | GateStatus
_RATE_WINDOW = 2.0
"""Seconds of the stream that the live rate is taken over."""


@dataclass(slots=True)
class GateView:
    """A gate as the verify pane shows it. ``output`` pieces in order; ``seconds`` once it has finished; ``started`` session seconds."""

    name: str
    command: str
    state: GateState = "planned"
    seconds: float = 0.0
    started: float = 0.0
    reason: str = ""
    output: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CallView:
    """A call from its first piece to its result. ``arguments`` is raw JSON text as it streams."""

    call_id: str
    name: str
    arguments: list[str] = field(default_factory=list)
    state: Literal["streaming", "called", "done", "failed"] = "streaming"


@dataclass(slots=True)
class TurnView:
    """What the header tells of a turn. Lines are added + removed by edits and commands since its checkpoint."""

    number: int
    task: str
    checkpoint: str = ""
    started: float = 0.0
    status: TurnStatus | None = None


@dataclass(slots=True)
class Rate:
    """Tokens a second over the last two seconds of the stream; ``history`` one figure for each started second, newest last."""

    marks: list[tuple[float, int]] = field(default_factory=list)
    total: int = 0
    history: list[int] = field(default_factory=list)
    second: int = -1

    def add(self, t: float, tokens: int) -> None:
        self.total += tokens
        self.marks.append((t, tokens))
        if len(self.marks) > 512:
            del self.marks[:256]
        if int(t) != self.second:
            self.second = int(t)
            self.history = [*self.history[-31:], 0]
        self.history[-1] += tokens

    def restart(self) -> None:
        """A new request: pauses between requests do not count as slow streaming."""
        self.marks = []

    def at(self, t: float) -> float:
        """The rate at session second ``t``; 0 before two marks have come."""
        recent = [mark for mark in self.marks if mark[0] > t - _RATE_WINDOW]
        if len(recent) < 2:
            return 0.0
        span = max(t, recent[-1][0]) - recent[0][0]
        return sum(tokens for _, tokens in recent[1:]) / span if span > 0 else 0.0


@dataclass(slots=True)
class Transcript:
    """Everything that a session's events say. Times are seconds since the session started."""

    started: SessionStarted | None = None
    messages: list[Message] = field(default_factory=list)
    phase: Phase = "idle"
    paused: bool = False
    turn: TurnView | None = None
    turns: int = 0
    step: int = 0
    constraints: ConstraintSet = field(default_factory=ConstraintSet)
    usage: Usage | None = None
    rate: Rate = field(default_factory=Rate)
    partial_tokens: int = 0
    call: CallView | None = None
    diff: DiffUpdated | None = None
    gates: dict[str, GateView] = field(default_factory=dict)
    verify: VerifyFinished | None = None
    queue: tuple[tuple[str, str], ...] = ()
    approvals: dict[str, ApprovalRequested] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)
    cut: str = ""
    """Why the last answer ended early, until the model has been told so by the next user message."""
    last_error: ErrorRaised | None = None
    violations: int = 0
    last_seq: int = 0
    now: float = 0.0

    def apply(self, record: Record) -> None:
        """Fold one record in. Records come in order of ``seq``."""
        self.last_seq, self.now = record.seq, record.t
        event: Event = record.event
        match event:
            case SessionStarted() | TurnStarted() | TurnFinished() | MessageAppended() | CheckpointCreated() | Notice():
                self._session(event)
            case (
                RequestStarted()
                | ReasoningDelta()
                | TextDelta()
                | ToolDelta()
                | ResponseFinished()
                | Usage()
                | ErrorRaised()
            ):
                self._model(event)
            case (
                ToolCalled()
                | ToolFinished()
                | EditApplied()
                | EditRefused()
                | CommandOutput()
                | CommandFinished()
                | DiffUpdated()
            ):
                self._tool(event)
            case Steered() | QueueChanged() | ConstraintsChanged() | InterruptedEvent() | PausedChanged():
                self._steering(event)
            case ConstraintViolated() | ApprovalRequested() | ApprovalResolved():
                self._guard(event)
            case GatesPlanned() | GateStarted() | GateOutput() | GateFinished() | VerifyFinished():
                self._verify(event)
            case _:
                assert_never(event)

    def tokens(self) -> int:
        """Tokens in the window as far as is known: the last usage and what has streamed since."""
        return (self.usage.estimate if self.usage else 0) + self.partial_tokens

    def forecast(self, t: float) -> Forecast:
        """When the next bands begin at the rate of session second ``t``."""
        return forecast(self.tokens(), self.usage.window if self.usage else None, self.rate.at(t))

    def _in_turn(self) -> bool:
        return self.turn is not None and self.turn.status is None

    def _session(self, event: SessionEvent) -> None:
        match event:
            case SessionStarted():
                self.started = event
                self.constraints = ConstraintSet.parse(event.constraints)
            case TurnStarted():
                self.turn = TurnView(event.turn, event.task, started=self.now)
                self.turns = event.turn
                self.step = 0
                self.phase = "waiting"
                self.verify = None
                self.last_error = None
            case TurnFinished():
                self._turn_finished(event)
            case MessageAppended():
                self.messages.append(event.message)
                self.cut = "" if event.message.role == "user" else self.cut
            case CheckpointCreated():
                self._checkpoint(event)
            case Notice():
                pass
            case _:
                assert_never(event)

    def _turn_finished(self, event: TurnFinished) -> None:
        if self.turn is not None:
            self.turn.status = event.status
        self.phase, self.call, self.paused = "idle", None, False
        self.approvals = {}

    def _checkpoint(self, event: CheckpointCreated) -> None:
        self.checkpoints.append(event.checkpoint)
        if self.turn is not None and not event.call_id:
            self.turn.checkpoint = event.checkpoint

    def _model(self, event: ModelEvent) -> None:
        match event:
            case RequestStarted():
                self.step, self.phase, self.call, self.partial_tokens = event.step, "waiting", None, 0
                self.rate.restart()
            case ReasoningDelta() | TextDelta():
                self._streamed(event.tokens)
            case ToolDelta():
                self._streamed(event.tokens)
                call = self._call(event.call_id, event.name)
                call.name = event.name
                call.arguments.append(event.text)
            case ResponseFinished():
                self.phase = "tool"
            case Usage():
                self.usage, self.partial_tokens = event, 0
            case ErrorRaised():
                self.last_error = event
                self.cut = self.cut if event.retried else event.kind
            case _:
                assert_never(event)

    def _streamed(self, tokens: int) -> None:
        self.phase = "streaming"
        self.partial_tokens += tokens
        self.rate.add(self.now, tokens)

    def _call(self, call_id: str, name: str) -> CallView:
        if self.call is None or self.call.call_id != call_id:
            self.call = CallView(call_id, name)
        return self.call

    def _tool(self, event: ToolEvent) -> None:
        match event:
            case ToolCalled():
                self.phase = "tool"
                self._call(event.call_id, event.name).state = "called"
            case ToolFinished():
                if self.call is not None and self.call.call_id == event.call_id:
                    self.call.state = "done" if event.ok else "failed"
            case DiffUpdated():
                self.diff = event
            case EditApplied() | EditRefused() | CommandOutput() | CommandFinished():
                pass
            case _:
                assert_never(event)

    def _steering(self, event: SteeringEvent) -> None:
        match event:
            case QueueChanged():
                self.queue = event.waiting
            case ConstraintsChanged():
                self.constraints = ConstraintSet.parse(event.constraints)
            case InterruptedEvent():
                self.call, self.cut = None, event.reason
            case PausedChanged():
                self.paused = event.paused
            case Steered():
                pass
            case _:
                assert_never(event)

    def _guard(self, event: GuardEvent) -> None:
        match event:
            case ConstraintViolated():
                self.violations += 1
            case ApprovalRequested():
                self.approvals[event.call_id] = event
            case ApprovalResolved():
                self.approvals.pop(event.call_id, None)
            case _:
                assert_never(event)

    def _verify(self, event: VerifyEvent) -> None:
        match event:
            case GatesPlanned():
                self.phase, self.verify = "verifying", None
                self.gates = {name: GateView(name, command) for name, command in event.gates}
            case GateStarted():
                self.phase = "verifying"
                self.gates[event.gate] = GateView(event.gate, event.command, "running", started=self.now)
            case GateOutput():
                self.gates[event.gate].output.append(event.text)
            case GateFinished():
                gate = self.gates.setdefault(event.gate, GateView(event.gate, ""))
                gate.state, gate.seconds, gate.reason = event.status, event.seconds, event.reason
                gate.output = [event.output]
            case VerifyFinished():
                self.verify = event
                self.phase = "verifying" if self._in_turn() else "idle"
            case _:
                assert_never(event)


def replay(records: Iterable[Record]) -> Transcript:
    """The transcript of a recorded session."""
    transcript = Transcript()
    for record in records:
        transcript.apply(record)
    return transcript
