"""The event stream on standard output: one JSON object a line, or text to read."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from steer.domain.codec import encode_record
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
from steer.render.clean import Cleaner, clean

SIGNS: Final = {"passed": "✓", "failed": "✗", "timeout": "✗", "not_run": "–"}


def write_out(text: str) -> None:
    """To standard output at once; a reader that has gone away ends the program quietly."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_err(text: str) -> None:
    """Diagnostics, a line each."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def dump(value: object) -> str:
    """One line of JSON; characters outside ASCII stay, lone surrogates become replacement characters."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")


def print_json(records: Sequence[Record]) -> None:
    """A reader of the event log: one line a record."""
    write_out("".join(dump(encode_record(record)) + "\n" for record in records))


@dataclass(slots=True)
class TextPrinter:
    """A reader of the event log for people: the answer on standard output, what is about it on standard error.

    What a model or a command wrote reaches the terminal without escape sequences.
    """

    out: Callable[[str], None] = write_out
    err: Callable[[str], None] = write_err
    _cleaner: Cleaner = field(default_factory=Cleaner)
    _open_line: bool = False

    def __call__(self, records: Sequence[Record]) -> None:
        for record in records:
            event = record.event
            match event:
                case (
                    SessionStarted()
                    | TurnStarted()
                    | TurnFinished()
                    | MessageAppended()
                    | CheckpointCreated()
                    | Notice()
                ):
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

    def _line(self, text: str) -> None:
        """One line of ours, on a line of its own."""
        if self._open_line:
            self.out("\n")
            self._open_line = False
        self.err(clean(text))

    def _session(self, event: SessionEvent) -> None:
        match event:
            case SessionStarted(session, folder, model):
                self._line(f"steer · {folder} · {model} · session {session}")
            case TurnFinished(status=status, files=files, added=added, removed=removed, seconds=seconds, reason=reason):
                why = f" ({reason})" if reason else ""
                self._line(f"turn {status}{why} · {len(files)} files +{added} −{removed} · {seconds:.1f} s")
            case Notice(text):
                self._line(f"note: {text}")
            case TurnStarted() | MessageAppended() | CheckpointCreated():
                pass
            case _:
                assert_never(event)

    def _model(self, event: ModelEvent) -> None:
        match event:
            case TextDelta(text):
                shown = self._cleaner.feed(text)
                if shown:
                    self.out(shown)
                    self._open_line = not shown.endswith("\n")
            case ErrorRaised(kind, message, retried):
                self._line(f"{'retrying' if retried else 'error'}: {kind}: {message}")
            case RequestStarted() | ReasoningDelta() | ToolDelta() | ResponseFinished() | Usage():
                pass
            case _:
                assert_never(event)

    def _tool(self, event: ToolEvent) -> None:
        match event:
            case ToolFinished(_, ok, summary):
                self._line(f"{'▸' if ok else '✗'} {summary}")
            case EditRefused(_, path, reason):
                self._line(f"✗ {path} refused: {reason}")
            case CommandFinished(command=command, committed=False):
                self._line(f"✗ undone: {command}")
            case ToolCalled() | EditApplied() | CommandOutput() | CommandFinished() | DiffUpdated():
                pass
            case _:
                assert_never(event)

    def _steering(self, event: SteeringEvent) -> None:
        match event:
            case InterruptedEvent(reason, kept):
                self._line(f"interrupted ({reason}), {kept} characters kept")
            case Steered() | QueueChanged() | ConstraintsChanged() | PausedChanged():
                pass
            case _:
                assert_never(event)

    def _guard(self, event: GuardEvent) -> None:
        match event:
            case ConstraintViolated(constraint, stage, _, _, detail):
                self._line(f"✗ constraint {constraint} ({stage}): {detail}")
            case ApprovalRequested(_, _, _, question):
                self._line(f"? {question}")
            case ApprovalResolved(_, _, allowed, reason):
                self._line(f"  {'allowed' if allowed else 'denied'}{f': {reason}' if reason else ''}")
            case _:
                assert_never(event)

    def _verify(self, event: VerifyEvent) -> None:
        match event:
            case GateFinished():
                self._line(gate_line(event))
                if event.status in ("failed", "timeout"):
                    for line in event.output.splitlines()[-20:]:
                        self._line(f"    {line}")
            case VerifyFinished(status, reason, proposal):
                self._line(f"verification: {status}. {reason}")
                for line in proposal.splitlines():
                    self._line(f"    {line}")
            case GatesPlanned() | GateStarted() | GateOutput():
                pass
            case _:
                assert_never(event)


def gate_line(event: GateFinished) -> str:
    """One gate's result in a line."""
    reason = f"  {event.reason}" if event.reason else ""
    return f"{SIGNS[event.status]} {event.gate}  {event.status} {event.seconds:.1f} s{reason}"
