"""One stream of events, several readers: numbering, merging of deltas, and a mailbox a reader empties when it likes."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from steer.domain.events import CommandOutput, Event, GateOutput, ReasoningDelta, Record, TextDelta, ToolDelta
from steer.engine.ports import Clock

Reader: TypeAlias = Callable[[Sequence[Record]], None]
_COUNTED: Final = (TextDelta.type, ReasoningDelta.type, ToolDelta.type)
"""Deltas that are the model's tokens; what a command or a gate prints is not counted."""


class Later(Protocol):
    """Runs a function once after so many seconds: ``loop.call_later``."""

    def __call__(self, delay: float, work: Callable[[], None], /) -> object: ...


class EventLog:
    """Stamps events with ``seq`` and ``t`` and hands them to every reader in order.

    Deltas are held until the next other event, the next ``flush`` (the screen asks once a frame) or ``hold`` seconds,
    and neighbours of one kind become one event: a fast model costs a list append a token, not an event a token.
    """

    def __init__(
        self, clock: Clock, later: Later, count: Callable[[str], int], hold: float = 0.05, origin: float | None = None
    ) -> None:
        self._clock, self._later, self._count, self._hold = clock, later, count, hold
        self._origin = clock.now() if origin is None else origin
        self._readers: list[Reader] = []
        self._pieces: list[str] = []
        self._kind: str = ""
        self._call: tuple[str, str] = ("", "")
        self._waiting = False
        self.seq = 0

    def subscribe(self, reader: Reader) -> None:
        """From now on ``reader`` gets every batch of records, in the order of their numbers."""
        self._readers.append(reader)

    def now(self) -> float:
        """Seconds since the session started."""
        return self._clock.now() - self._origin

    def continue_from(self, seq: int, t: float) -> None:
        """Number on from an earlier record of the same session."""
        self.seq, self._origin = seq, self._clock.now() - t

    def text(self, piece: str) -> None:
        """A piece of the answer's text."""
        self._hold_piece(TextDelta.type, ("", ""), piece)

    def reasoning(self, piece: str) -> None:
        """A piece of the model's reasoning."""
        self._hold_piece(ReasoningDelta.type, ("", ""), piece)

    def call(self, call_id: str, name: str, piece: str) -> None:
        """A piece of a call's arguments."""
        self._hold_piece(ToolDelta.type, (call_id, name), piece)

    def output(self, call_id: str, piece: str) -> None:
        """A piece of a running command's output."""
        self._hold_piece(CommandOutput.type, (call_id, ""), piece)

    def gate_output(self, gate: str, piece: str) -> None:
        """A piece of a running gate's output."""
        self._hold_piece(GateOutput.type, (gate, ""), piece)

    def _hold_piece(self, kind: str, call: tuple[str, str], piece: str) -> None:
        if self._pieces and (kind != self._kind or call != self._call):
            self.flush()
        self._kind, self._call = kind, call
        self._pieces.append(piece)
        if not self._waiting:
            self._waiting = True
            self._later(self._hold, self._on_time)

    def _on_time(self) -> None:
        self._waiting = False
        self.flush()

    def emit(self, *events: Event) -> None:
        """Publish events now, after the deltas that came before them."""
        self._publish((*self._held(), *events))

    def flush(self) -> None:
        """Publish the deltas that are held."""
        if self._pieces:
            self._publish(self._held())

    def _held(self) -> tuple[Event, ...]:
        if not self._pieces:
            return ()
        text, self._pieces = "".join(self._pieces), []
        owner, name = self._call
        tokens = self._count(text) if self._kind in _COUNTED else 0
        match self._kind:
            case TextDelta.type:
                return (TextDelta(text, tokens),)
            case ReasoningDelta.type:
                return (ReasoningDelta(text, tokens),)
            case ToolDelta.type:
                return (ToolDelta(owner, name, text, tokens),)
            case CommandOutput.type:
                return (CommandOutput(owner, text),)
            case _:
                return (GateOutput(owner, text),)

    def _publish(self, events: Sequence[Event]) -> None:
        t = max(0.0, self.now())
        records = [Record(self.seq + 1 + i, t, event) for i, event in enumerate(events)]
        self.seq += len(records)
        for reader in self._readers:
            reader(records)


class Channel:
    """A reader's mailbox: ``drain`` takes everything that has come, freshest deltas included.

    ``earlier`` are the records of a session that goes on: the first drain begins with them.
    """

    def __init__(self, log: EventLog, earlier: Sequence[Record] = ()) -> None:
        self._log = log
        self._records: list[Record] = list(earlier)
        log.subscribe(self._records.extend)

    def drain(self) -> list[Record]:
        """All records since the last drain, in order."""
        self._log.flush()
        out = self._records[:]
        self._records.clear()
        return out
