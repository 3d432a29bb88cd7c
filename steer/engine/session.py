"""The session: takes commands in, runs one turn after the other, and publishes everything as events."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from steer.domain.commands import (
    Command,
    Decide,
    EditQueue,
    InitRepository,
    Interrupt,
    Pause,
    Restore,
    Steer,
    Submit,
    Trust,
    Verify,
)
from steer.domain.constraints import ConstraintSet, parse_constraint
from steer.domain.errors import SteerError, UsageError
from steer.domain.events import (
    ConstraintsChanged,
    Notice,
    PausedChanged,
    QueueChanged,
    Record,
    SessionStarted,
    Steered,
    TurnFinished,
)
from steer.domain.messages import Message
from steer.domain.transcript import Transcript, replay
from steer.engine.approvals import Approvals, Decision
from steer.engine.channel import Channel, EventLog
from steer.engine.conversation import UNKNOWN, system_text
from steer.engine.core import Core, SessionOptions
from steer.engine.meter import Meter
from steer.engine.ports import Ports
from steer.engine.steering import Waiting
from steer.engine.turn import Turn
from steer.engine.verification import Outcome


@dataclass(frozen=True, slots=True)
class Job:
    """Work for the session's loop: a turn with this task, putting back a checkpoint, git init, or the gates alone."""

    task: str = ""
    told: tuple[Waiting, ...] = ()
    checkpoint: str = ""
    initialise: bool = False


@dataclass(slots=True)
class Session:
    """Satisfies ``ports.Cockpit``. Everything here runs on one event loop; nothing in it waits for a reader of its events."""

    core: Core
    channel: Channel
    turn: Turn | None = None
    outcome: Outcome | None = None
    _jobs: list[Job] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: "asyncio.Task[None] | None" = None
    _verifying: "asyncio.Task[Outcome] | None" = None
    on_close: Callable[[], None] = lambda: None
    _held: bool = False
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def transcript(self) -> Transcript:
        """The session's state; owned here, changed by events only."""
        return self.core.transcript

    def start(self, parent: str | None = None) -> None:
        """Publish the session's beginning (or its return) and serve commands from now on."""
        core, ports = self.core, self.core.ports
        resumed = bool(core.transcript.messages)
        core.log.emit(
            SessionStarted(
                core.options.session,
                os.fspath(ports.workspace.root),
                ports.provider.model,
                core.options.wire,
                ports.provider.window,
                core.options.constraints,
                ports.workspace.branch,
                ports.workspace.repository,
                core.options.scripted,
                parent,
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )
        core.meter.start(core.tool_specs(), ports.memory)
        if resumed:
            self._continue()
        else:
            core.append(Message("system", system_text(core.transcript.constraints, ports.memory)))
        core.log.emit(core.meter.event())
        self._loop = asyncio.ensure_future(self._serve())

    def _continue(self) -> None:
        """Pick up a recorded conversation: count it, close calls that were cut by the end, keep what waited."""
        core = self.core
        for message in core.transcript.messages:
            core.meter.add(message)
        core.close_calls(UNKNOWN)
        core.steering.restore(core.transcript.queue)
        core.steering.skip_ids(max((int(i.removeprefix("m")) for i, _ in core.transcript.queue), default=0))
        self._held = bool(core.transcript.queue)

    # -- what a person asks

    def post(self, command: Command) -> None:
        """Take a command. An interrupt or a redirect has cut the stream's task before this returns."""
        match command:
            case Submit(text):
                self._submit(text)
            case Steer():
                self._steer(command)
            case Interrupt(turn, reason):
                self._interrupt(turn, reason)
            case Pause(paused):
                self._pause(paused)
            case Decide(call_id, allowed, reason):
                self.core.approvals.decide(call_id, Decision(allowed, reason))
            case EditQueue() | Trust() | Verify() | Restore() | InitRepository():
                self._manage(command)
            case _:
                assert_never(command)

    def _manage(self, command: EditQueue | Trust | Verify | Restore | InitRepository) -> None:
        match command:
            case EditQueue(message_id, text):
                self.core.steering.edit(message_id, text)
                self._tell_queue()
            case Trust(digest):
                self.core.verifier().give_trust(digest)
                self._when_idle(Job())
            case Verify():
                self._when_idle(Job())
            case Restore(checkpoint):
                self._push(Job(checkpoint=checkpoint))
            case InitRepository():
                self._push(Job(initialise=True))
            case _:
                assert_never(command)

    def _submit(self, text: str, told: tuple[Waiting, ...] = ()) -> None:
        if not text.strip():
            return
        if self._busy() and not self._held:
            self.core.steering.add(text, "queued", tuple(sentence for item in told for sentence in item.told))
            self._tell_queue()
            return
        # A task right behind an interrupt goes before what the interrupt has held back.
        self._held = False
        self._push(Job(text, told))

    def _steer(self, command: Steer) -> None:
        try:
            told = self._constrain(command.constraints, command.clear)
        except UsageError as error:
            self.core.log.emit(Notice(str(error), "constraints"))
            return
        when = command.when if command.text.strip() else "next"
        if command.text.strip() and (self._held or not self._busy()):
            self.core.log.emit(Steered(command.text, command.constraints, "now"))
            self._submit(command.text, (Waiting("", "", told),))
            return
        message_id = self.core.steering.add(command.text, when, told)
        self.core.log.emit(Steered(command.text, command.constraints, when, message_id))
        self._tell_queue()
        if when == "now" and self.turn is not None:
            self._pause(False)
            self.turn.cut("redirect", keep_partial=command.keep_partial)

    def _constrain(self, add: Sequence[str], clear: Sequence[str]) -> tuple[str, ...]:
        """Set and lift constraints at once; gives the sentences that tell the model. Raises UsageError for an unknown one."""
        if not add and not clear:
            return ()
        before = self.core.transcript.constraints
        after = before.without(clear).with_(add)
        told = [parse_constraint(text).sentence() for text in add]
        gone = [item for item in before.items if not any(item.kind == kept.kind for kept in after.items)]
        told.extend(f"No longer in force: {item.sentence()}" for item in gone)
        self.core.log.emit(ConstraintsChanged(after.strings()))
        return tuple(told)

    def _interrupt(self, turn: int | None, reason: str) -> None:
        if self._verifying is not None:
            self._verifying.cancel()
        if self.turn is None or (turn is not None and turn != self.turn.number):
            return
        self._held = True
        self.turn.cut("interrupt", reason)
        self._pause(False)

    def _pause(self, paused: bool) -> None:
        if paused == self.core.transcript.paused or (paused and not self._busy()):
            return
        (self.core.running.clear if paused else self.core.running.set)()
        self.core.log.emit(PausedChanged(paused))

    async def _restore(self, checkpoint: str) -> None:
        try:
            changes = await self.core.ports.workspace.restore(checkpoint)
        except SteerError as error:
            self.core.log.emit(Notice(str(error), "restore"))
            return
        count = len(changes.created) + len(changes.modified) + len(changes.deleted)
        self.core.log.emit(Notice(f"Put {count} files back.", "restore"))

    async def _initialise(self) -> None:
        try:
            await self.core.ports.workspace.initialise()
        except SteerError as error:
            self.core.log.emit(Notice(str(error), "repository"))
            return
        text = "Made a git repository here. This session keeps its checkpoints where they are; the next one uses it."
        self.core.log.emit(Notice(text, "repository"))

    def _tell_queue(self) -> None:
        waiting = self.core.steering.queue()
        if waiting != self.core.transcript.queue:
            self.core.log.emit(QueueChanged(waiting))

    async def idle(self) -> None:
        """Wait until nothing runs and nothing is about to."""
        if self._jobs:
            await self._idle.wait()

    # -- the loop that runs turns

    def _busy(self) -> bool:
        return self.turn is not None or self._verifying is not None or bool(self._jobs)

    def _push(self, job: Job) -> None:
        self._jobs.append(job)
        self._idle.clear()
        self._wake.set()

    def _when_idle(self, job: Job) -> None:
        """The gates run at the end of a running turn anyway."""
        if not self._busy():
            self._push(job)

    async def _serve(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._jobs:
                await self._run(self._jobs[0])
                del self._jobs[0]
                self._next_job()
            self._idle.set()

    async def _run(self, job: Job) -> None:
        if job.task:
            await self.run_turn(job.task, job.told)
        elif job.checkpoint:
            await self._restore(job.checkpoint)
        elif job.initialise:
            await self._initialise()
        else:
            await self._gates()

    def _next_job(self) -> None:
        """What waits after a turn: words that came too late for it, then the queue unless an interrupt holds it."""
        waiting = self.core.steering.take()
        words = "\n\n".join(item.text for item in waiting if item.text.strip())
        if words and not self._held:
            self._jobs.append(Job(words, waiting))
            return
        for item in waiting:
            # After an interrupt nothing goes out by itself: words wait visibly, constraints are told with the next task.
            self.core.steering.add(item.text, "queued" if item.text.strip() else "next", item.told)
        queued = None if self._held or self._jobs else self.core.steering.take_queued()
        if queued is not None:
            self._jobs.append(Job(queued.text, (queued,)))
        self._tell_queue()

    async def run_turn(self, task: str, told: tuple[Waiting, ...] = ()) -> TurnFinished:
        """Run one turn to its end. An unforeseen failure ends the turn as failed, with the history still valid."""
        pending = self.core.steering.take()
        words = [item.text for item in pending if item.text.strip()]
        self.turn = Turn(self.core, self.transcript.turns + 1, "\n\n".join([*words, task]), (*pending, *told))
        try:
            event = await supervise(self.core, self.turn)
            self.outcome = self.turn.outcome
            return event
        finally:
            self.turn = None
            self.core.running.set()

    async def _gates(self) -> None:
        self._verifying = asyncio.ensure_future(self.core.verifier().run(None))
        try:
            self.outcome = await self._verifying
        except asyncio.CancelledError:
            if not self._verifying.cancelled():
                raise
        finally:
            self._verifying = None

    # -- the cockpit's seam

    def drain(self) -> list[Record]:
        return self.channel.drain()

    def now(self) -> float:
        return self.core.log.now()

    async def close(self) -> None:
        """Interrupt what runs, let it end, and let go of everything."""
        self._interrupt(None, "closed")
        if self._loop is not None:
            del self._jobs[1:]
            if not self._loop.done():
                await self.idle()
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        self.core.log.flush()
        await self.core.ports.provider.close()
        self.core.ports.journal.sync()
        self.core.ports.journal.close()
        # Shutting the workspace's thread down waits for what runs in it.
        await asyncio.to_thread(self.on_close)


async def supervise(core: Core, turn: Turn) -> TurnFinished:
    """Run a turn; the one place where an unforeseen error is caught, told, and turned into a failed turn."""
    try:
        return await turn.run()
    except Exception as error:  # noqa: BLE001 (the task supervisor)
        core.close_calls(UNKNOWN)
        reason = f"{type(error).__name__}: {error}"
        core.log.emit(Notice(f"The turn failed inside Steer: {reason}", "internal"))
        event = TurnFinished(turn.number, "failed", "", (), 0, 0, 0, 0, 0.0, reason)
        core.log.emit(event)
        core.ports.journal.sync()
        return event


def create_session(ports: Ports, options: SessionOptions, earlier: Sequence[Record] = ()) -> Session:
    """A session over these ports; ``earlier`` are the records of the session to continue."""
    loop = asyncio.get_running_loop()
    transcript = replay(earlier)
    log = EventLog(ports.clock, loop.call_later, ports.counter.count)
    if earlier:
        log.continue_from(transcript.last_seq, transcript.now)

    def follow(records: Sequence[Record]) -> None:
        for record in records:
            transcript.apply(record)

    # The engine's own state first: what it reads after an emit is never behind what others have seen.
    log.subscribe(follow)
    log.subscribe(ports.journal.write)
    transcript.constraints = ConstraintSet.parse(options.constraints)
    running = asyncio.Event()
    running.set()
    core = Core(
        ports,
        options,
        log,
        transcript,
        Approvals(log, options.approve),
        Meter(ports.counter, ports.provider.window),
        running=running,
    )
    return Session(core, Channel(log, earlier))
