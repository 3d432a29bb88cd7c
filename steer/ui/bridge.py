"""Between the engine and the screen: once a frame drain, apply, hand on. The one module of ``ui`` that knows the engine."""

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter, thread_time
from typing import Final, Protocol, TypeAlias

from steer.domain.commands import Command
from steer.domain.events import Event, ReasoningDelta, Record, TextDelta, ToolDelta
from steer.domain.transcript import Transcript
from steer.engine.cockpit import Cockpit
from steer.ui.facts import Facts, facts_of, phase_of

Opener: TypeAlias = Callable[[], Awaitable[Cockpit]]
"""Builds the session; awaited once after the first paint. Raises SteerError with words for a person."""

FRAME: Final = 1 / 31
SLOWEST: Final = 1 / 5
IDLE_POLL: Final = 1 / 10
"""Seconds between two looks into the mailbox while nothing goes on."""
_SHARE: Final = 3
"""A frame may take a third of the time to the next one."""
_WEIGHT: Final = 0.25
"""Of the latest frame in what frames usually cost: one dear frame does not hold up the next."""
_FACTS_EVERY: Final = 0.2
"""Seconds between two updates of figures that run by themselves: a rate that changes 30 times a second is not read."""
_EARLY: Final = 0.004
"""Seconds by which a timer's tick may come early."""
_REST_AFTER: Final = 0.5
"""Seconds without a record and without a running turn after which the frames pause."""

_DELTAS: Final = (TextDelta, ReasoningDelta, ToolDelta)


class Sink(Protocol):
    """What the bridge draws on."""

    def on_events(self, events: Sequence[Event]) -> None:
        """Events of one frame in order, applied to the replica already."""
        ...

    def on_facts(self, facts: Facts) -> None: ...

    def on_second(self) -> None:
        """A few times a second while something runs: for clocks that run by themselves."""
        ...


class Pace:
    """When the next frame is due: 31 a second, fewer where frames are dear, so that the screen takes a third of a core.

    The cost of a frame is what the thread has computed since the one before: drawing happens after the frame's own code.
    """

    def __init__(self) -> None:
        self._due = 0.0
        self._usual = 0.0
        self.interval = FRAME

    def begin(self, now: float) -> bool:
        """Whether a frame is due at ``now`` (seconds)."""
        return now >= self._due - _EARLY

    def wait(self, now: float) -> float:
        """Seconds until the next frame is due."""
        return max(0.001, self._due - now)

    def end(self, now: float, cost: float) -> None:
        """A frame that began at ``now`` ended; ``cost`` in seconds of computing."""
        self._usual += _WEIGHT * (cost - self._usual)
        self.interval = min(SLOWEST, max(FRAME, _SHARE * self._usual))
        self._due = now + self.interval


class Bridge:
    """Holds the replica of the session's transcript and the way to its engine. Commands before the session is ready wait."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.facts = Facts()
        self._cockpit: Cockpit | None = None
        self._held: list[Command] = []
        self.failure = ""
        """Why there will be no session; empty as long as there may be one."""
        self._pace = Pace()
        self._computed = 0.0
        self._last_record = 0.0
        self._last_facts = 0.0

    @property
    def ready(self) -> bool:
        """Whether the session is there."""
        return self._cockpit is not None

    def fail(self, failure: str) -> list[Command]:
        """There will be no session; gives the commands that waited for it."""
        self.failure = failure
        held, self._held = self._held, []
        return held

    def connect(self, cockpit: Cockpit) -> None:
        """The session is there: deliver what waited, in order."""
        self._cockpit = cockpit
        held, self._held = self._held, []
        for command in held:
            cockpit.post(command)

    def post(self, command: Command) -> None:
        """Send a command, or keep it until the session is ready. Takes effect before this returns."""
        if self._cockpit is None:
            self._held.append(command)
        else:
            self._cockpit.post(command)

    def now(self) -> float:
        """Session seconds; the replica's last ones while there is no session."""
        return self._cockpit.now() if self._cockpit is not None else self.transcript.now

    async def close(self) -> None:
        """End the session: what runs is ended and written down."""
        cockpit, self._cockpit = self._cockpit, None
        if cockpit is not None:
            await cockpit.close()

    # -- frames ----------------------------------------------------------------------------------------------------

    def frame(self, sink: Sink) -> bool:
        """One frame, if it is due: drain, apply, hand on. Gives whether frames should go on; False: nothing happens."""
        if self._cockpit is None:
            return False
        now = perf_counter()
        if not self._pace.begin(now):
            return True
        computed = thread_time()
        cost, self._computed = computed - self._computed, computed
        records = self._cockpit.drain()
        if records:
            self._last_record = now
            self._apply(records, sink)
        self._figures(sink, now, records)
        self._pace.end(now, cost)
        return phase_of(self.transcript) != "idle" or now - self._last_record < _REST_AFTER

    def wait(self) -> float:
        """Seconds until the next frame is due."""
        return self._pace.wait(perf_counter())

    def rested(self) -> None:
        """Frames begin again after a pause, whose computing is no frame's cost."""
        self._computed = thread_time()

    def _apply(self, records: Sequence[Record], sink: Sink) -> None:
        for record in records:
            self.transcript.apply(record)
        sink.on_events([record.event for record in records])

    def _figures(self, sink: Sink, now: float, records: Sequence[Record]) -> None:
        told = any(not isinstance(record.event, _DELTAS) for record in records)
        if not told and now - self._last_facts < _FACTS_EVERY:
            return
        self._last_facts = now
        facts = facts_of(self.transcript, self.now())
        if facts != self.facts:
            self.facts = facts
            sink.on_facts(facts)
        sink.on_second()
