"""The stream as a document: events in, rows out."""

from typing import Final, assert_never

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
from steer.render import notes
from steer.render.calls import OUTPUT_FOLD, Call
from steer.render.clean import clean_line
from steer.render.diff import DiffDocument
from steer.render.entries import Entry, EntryKind, Fold
from steer.render.grow import Growing, Plain
from steer.render.lines import Line, LineBlock
from steer.render.markdown import Markdown
from steer.render.scrollback import Scrollback

ROW_LIMIT: Final = 100_000
"""Rows kept; above it the oldest turns are forgotten here. They stay in the session's journal."""


class Reasoning(Entry):
    """What the model thinks: one line with its size while folded, which it is at first."""

    def __init__(self, id: int, width: int) -> None:
        super().__init__(id, "reasoning", width, Fold())
        self._tokens = 0
        self._chars = 0
        self._exact = True
        self.grow(Growing(LineBlock(width), Plain("reasoning", lead="  ")))

    def think(self, text: str, tokens: int) -> None:
        self.feed(text)
        self._tokens += tokens
        self._chars += len(text)
        self._exact = self._exact and tokens > 0

    def flush(self) -> int | None:
        self._take_text()
        # Where no count is reported: four characters a token, the usual rule for English.
        tokens = self._tokens if self._exact else self._chars // 4
        self.set_head(notes.reasoning(tokens, self._exact, self.lines, self.opened, self._ended))
        return super().flush()


class Document(Scrollback):
    """Feed it events in their order; ``flush`` then makes the rows of what is new.

    Deltas cost a list append each until the flush. Rows are a function of the events and the width alone, however the
    deltas were cut.
    """

    def __init__(self, width: int = 80) -> None:
        super().__init__(width)
        self._fed = 0
        self._turn = 0
        self._task: Entry | None = None
        self._text: Entry | None = None
        self._thought: Reasoning | None = None
        self._calls: dict[str, Call] = {}
        self._gates: dict[str, Entry] = {}
        self._approvals: dict[str, tuple[Entry, ApprovalRequested]] = {}
        self._forgotten = 0

    def feed(self, event: Event) -> None:
        """Take the next event."""
        if type(event) is TextDelta:
            self._write(event.text)
        else:
            self._dispatch(event)
        self._fed += 1

    def flush(self, width: int | None = None) -> int | None:
        """Make the rows of what was fed; gives the first row that changed, None where none did."""
        if width is not None and width != self.width:
            self.set_width(width)
            self.update()
            return 0
        first = self.update()
        if self.row_count > ROW_LIMIT and self._forget():
            return 0
        return first

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, ModelEvent):
            self._model(event)
        elif isinstance(event, ToolEvent):
            self._tool(event)
        elif isinstance(event, VerifyEvent):
            self._verify(event)
        elif isinstance(event, SteeringEvent):
            self._steering(event)
        elif isinstance(event, GuardEvent):
            self._guard(event)
        elif isinstance(event, SessionEvent):
            self._session(event)
        else:
            assert_never(event)

    # -- the groups of events --------------------------------------------------------------------------------------

    def _model(self, event: ModelEvent) -> None:
        match event:
            case TextDelta():
                self._write(event.text)
            case ReasoningDelta():
                self._think(event)
            case ToolDelta():
                self._call(event.call_id, event.name).stream(event.name, event.text)
            case ResponseFinished():
                self._close()
                if event.reason == "length":
                    self._note("notice", notes.notice("the answer was cut at the model's output limit"))
            case ErrorRaised():
                self._note("notice", notes.error(event))
            case RequestStarted() | Usage():
                pass
            case _:
                assert_never(event)

    def _tool(self, event: ToolEvent) -> None:
        match event:
            case ToolCalled():
                self._call(event.call_id, event.name).called(event.name, event.arguments)
            case ToolFinished():
                self._call(event.call_id).finished(event.ok, event.summary)
            case EditApplied():
                self._call(event.call_id).applied(event)
            case EditRefused():
                refused = f"✗ refused {clean_line(event.path)}: {clean_line(event.reason)}"
                self._call(event.call_id).note(refused, "error")
            case CommandOutput():
                self._call(event.call_id, "run_command").output(event.text)
            case CommandFinished():
                self._call(event.call_id, "run_command").command(event)
            case DiffUpdated():
                pass
            case _:
                assert_never(event)

    def _steering(self, event: SteeringEvent) -> None:
        match event:
            case Steered():
                self._note("steer", notes.steered(event))
            case ConstraintsChanged():
                said = ", ".join(clean_line(text) for text in event.constraints) or "none"
                self._note("notice", notes.notice(f"constraints in force: {said}"))
            case InterruptedEvent():
                self._stop_calls("interrupted")
                self._note("notice", notes.interrupted(event))
            case PausedChanged():
                self._note("notice", notes.notice("‖ paused" if event.paused else "▶ resumed"))
            case QueueChanged():
                pass
            case _:
                assert_never(event)

    def _guard(self, event: GuardEvent) -> None:
        match event:
            case ConstraintViolated():
                call = self._calls.get(event.call_id)
                if call is not None:
                    call.stopped(f"stopped by {clean_line(event.constraint)}")
                    self.touch(call)
                self._note("notice", notes.violated(event)).call_id = event.call_id
            case ApprovalRequested():
                self._ask(event)
            case ApprovalResolved():
                self._answer(event)
            case _:
                assert_never(event)

    def _verify(self, event: VerifyEvent) -> None:
        match event:
            case GateStarted():
                self._gates[event.gate] = self._note("gate", notes.gate_running(event.gate, event.command), Fold())
            case GateFinished():
                self._gate_ended(event)
            case VerifyFinished():
                self._note("gate", notes.verified(event))
            case GatesPlanned() | GateOutput():
                pass
            case _:
                assert_never(event)

    def _session(self, event: SessionEvent) -> None:
        match event:
            case SessionStarted():
                self._note("notice", notes.session(event))
            case TurnStarted():
                self._turn = event.turn
                self._calls.clear()
                self._gates.clear()
                self._task = self._note("task", notes.task(event.task))
            case TurnFinished():
                self._stop_calls("not finished")
                self._note("turn", notes.turn(event))
            case CheckpointCreated():
                self._checkpoint(event)
            case Notice():
                self._note("notice", notes.notice(event.text))
            case MessageAppended():
                pass
            case _:
                assert_never(event)

    # -- entries ---------------------------------------------------------------------------------------------------

    def _placed(self, entry: Entry) -> None:
        entry.turn, entry.event = self._turn, self._fed
        self.add(entry)

    def _write(self, text: str) -> None:
        entry = self._text
        if entry is None:
            self._close()
            entry = self._text = Entry(self.new_id(), "text", self.width)
            entry.grow(Growing(LineBlock(self.width), Markdown()))
            self._placed(entry)
        entry.feed(text)
        self.touch(entry)

    def _think(self, event: ReasoningDelta) -> None:
        entry = self._thought
        if entry is None:
            self._close()
            entry = self._thought = Reasoning(self.new_id(), self.width)
            self._placed(entry)
        entry.think(event.text, event.tokens)
        self.touch(entry)

    def _close(self) -> None:
        """Text and reasoning end where something else begins."""
        for entry in (self._text, self._thought):
            if entry is not None:
                entry.end()
                self.touch(entry)
        self._text = self._thought = None

    def _note(self, kind: EntryKind, lines: list[Line], fold: Fold | None = None) -> Entry:
        self._close()
        entry = Entry(self.new_id(), kind, self.width, fold)
        entry.set_head(lines)
        self._placed(entry)
        return entry

    def _call(self, call_id: str, name: str = "") -> Call:
        """The card of a call, made when the first is heard of it."""
        call = self._calls.get(call_id)
        if call is None:
            self._close()
            call = self._calls[call_id] = Call(self.new_id(), self.width, call_id, name)
            self._placed(call)
        self.touch(call)
        return call

    def _checkpoint(self, event: CheckpointCreated) -> None:
        """Remember the way back to before a call, or to before the turn."""
        entry = self._calls.get(event.call_id) if event.call_id else self._task
        if entry is not None:
            entry.checkpoint = event.checkpoint

    def _stop_calls(self, reason: str) -> None:
        for call in self._calls.values():
            call.stopped(reason)
            self.touch(call)

    def _ask(self, event: ApprovalRequested) -> None:
        entry = self._note("approval", notes.approval(event), Fold(16, 6))
        entry.call_id = event.call_id
        if event.diff:
            entry.set_body(DiffDocument(event.diff, self.width))
        self._approvals[event.call_id] = (entry, event)

    def _answer(self, event: ApprovalResolved) -> None:
        entry, asked = self._approvals.pop(event.call_id, (None, None))
        if entry is None:
            self._note("approval", notes.approved(None, event)).call_id = event.call_id
            return
        entry.set_head(notes.approved(asked, event))
        entry.fold = Fold()
        self.touch(entry)

    def _gate_ended(self, event: GateFinished) -> None:
        entry = self._gates.pop(event.gate, None)
        if entry is None:
            entry = self._note("gate", [], Fold())
        entry.fold = Fold() if event.status == "passed" else OUTPUT_FOLD
        if event.output:
            entry.grow(Growing(LineBlock(self.width), Plain("output", lead="    "), "overwrite"))
            entry.feed(event.output)
            entry.end()
        entry.set_head(notes.gate_finished(event, ""))
        self.touch(entry)

    # -- bounds ----------------------------------------------------------------------------------------------------

    def _forget(self) -> bool:
        """Drop the oldest turns down to half of the limit; the turn in progress stays whole."""
        starts = [info for info in self.entries("task") if info.row]
        keep = next((info for info in starts if self.row_count - info.row <= ROW_LIMIT // 2), None)
        keep = keep or (starts[-1] if starts else None)
        if keep is None:
            return False
        self._forgotten += keep.row
        self.drop_first(self._index[keep.id])
        return True

    @property
    def forgotten(self) -> int:
        """Rows that are no longer kept; their turns are in the session's journal."""
        return self._forgotten
