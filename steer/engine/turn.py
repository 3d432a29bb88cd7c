"""One turn: stream, run the calls, append the results, until the model stops, a limit is reached or a person cuts in."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar, assert_never

from steer.domain.deltas import CallPiece, Delta, Failed, Finished, ReasoningPiece, Retrying, TextPiece, UsagePiece
from steer.domain.errors import Interrupted
from steer.domain.events import (
    CheckpointCreated,
    ErrorRaised,
    InterruptedEvent,
    Notice,
    RequestStarted,
    ResponseFinished,
    TurnFinished,
    TurnStarted,
)
from steer.domain.messages import Message, ModelRequest
from steer.domain.values import TurnStatus
from steer.engine.assembler import Answer, Assembler
from steer.engine.conversation import NOT_RUN, failure_text, steer_text, user_text
from steer.engine.core import Core
from steer.engine.diffs import DiffWatch
from steer.engine.effects import Effects
from steer.engine.executor import run_calls
from steer.engine.steering import Waiting
from steer.engine.verification import Outcome

T = TypeVar("T")
CutKind: TypeAlias = Literal["interrupt", "redirect"]


class TurnFailed(Exception):
    """The model or its endpoint failed; the error event has been published."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A person's hand: stop the turn, or stop this answer and go on with new words. ``at`` is time.perf_counter seconds."""

    kind: CutKind
    reason: str
    keep_partial: bool
    at: float


@dataclass(slots=True)
class Turn:
    """One turn of a session. ``cut`` may be called at any moment from the same event loop."""

    core: Core
    number: int
    task: str
    told: tuple[Waiting, ...] = ()
    outcome: Outcome | None = None
    status: TurnStatus = "completed"
    reason: str = ""
    _cut: Cut | None = None
    _activity: "asyncio.Task[object] | None" = None
    _effects: Effects = field(init=False)
    _watch: DiffWatch = field(init=False)
    _texts: list[str] = field(default_factory=list)
    _prompt_tokens: int = 0
    _completion_tokens: int = 0
    _step: int = 0
    _fixes: int = 0
    _blank: int = 0
    _acted: bool = False

    def cut(self, kind: CutKind, reason: str = "user", keep_partial: bool = True) -> None:
        """Stop what runs at once. The first cut counts until it has taken effect; an interrupt outranks a redirect."""
        if self._cut is None or (self._cut.kind == "redirect" and kind == "interrupt"):
            self._cut = Cut(kind, reason, keep_partial, time.perf_counter())
        if self._activity is not None:
            self._activity.cancel()

    async def run(self) -> TurnFinished:
        """Run to the end; gives the event that it published last."""
        core, started = self.core, time.perf_counter()
        core.log.emit(TurnStarted(self.number, self.task))
        core.append(Message("user", user_text(self.task, core.transcript.cut, self.told)))
        # The request need not wait for the checkpoint: only the first change does.
        base = asyncio.ensure_future(self._checkpoint())
        self._watch = DiffWatch(core, base)
        self._effects = Effects(core, base, self._watch)
        try:
            await self._work()
        except Interrupted:
            self.status, self.reason = "interrupted", self._cut.reason if self._cut else "user"
        except TurnFailed as error:
            self.status, self.reason = "failed", str(error)
        return await self._finish(time.perf_counter() - started)

    async def _checkpoint(self) -> str:
        label = f"turn {self.number}"
        checkpoint = await self.core.ports.workspace.checkpoint(label)
        self.core.log.emit(CheckpointCreated(checkpoint, label))
        return checkpoint

    async def _work(self) -> None:
        """Steps until the model stops, then gates, then steps again where a gate fails and tries are left."""
        while True:
            await self._steps()
            outcome = await self._verify()
            if outcome is None or self.core.steering.urgent():
                self._deliver()
                continue
            self.outcome = outcome
            if not outcome.failing or self._fixes >= self.core.options.max_fix or self.status == "blocked":
                return
            self._fixes += 1
            text = failure_text(outcome.failing, self._fixes, self.core.options.max_fix)
            self.core.append(Message("user", text))

    async def _steps(self) -> None:
        while self._step < self.core.options.max_steps:
            self._step += 1
            answer = await self._answer()
            if answer is None:
                self._deliver()
                continue
            if answer.failure is not None:
                raise TurnFailed(answer.failure.message)
            more = await self._act(answer)
            if not more and not self.core.steering.urgent():
                # A constraint alone is told with the next words: it holds already, and needs no answer of its own.
                return
            self._deliver()
        limit = self.core.options.max_steps
        self.status, self.reason = "blocked", f"the limit of {limit} steps was reached (--max-steps)"
        self.core.log.emit(Notice(f"Stopped: {self.reason}.", "limit"))

    def _deliver(self) -> None:
        """Append what a person said meanwhile."""
        waiting = self.core.steering.take()
        if waiting:
            self.core.append(Message("user", steer_text(waiting, self.core.transcript.cut)))

    async def _act(self, answer: Answer) -> bool:
        """Run the answer's calls, or see to an answer that cannot stand; whether another request follows."""
        if answer.calls and answer.runnable:
            self._acted = True
            try:
                await self._cuttable(run_calls(self.core, self._effects, answer.calls))
            finally:
                self.core.close_calls(NOT_RUN)
            self._take_cut(kept=0)
            return True
        if answer.calls:
            text = f"[Your answer ended early ({answer.reason}) inside a call; no call of it was run. Make the call again, in smaller pieces.]"
            self.core.append(Message("user", text))
            return True
        if answer.reason == "length":
            self.core.log.emit(
                Notice("The answer was cut at the model's output limit. Say 'continue' to go on.", "length")
            )
        return answer.empty and self._again()

    def _again(self) -> bool:
        """A blank answer is asked for once more; after work was done it is taken as the end, else it is an error."""
        self._blank += 1
        if self._blank == 1:
            return True
        if self._acted:
            return False
        message = "The model answered with nothing but reasoning, twice."
        self.core.log.emit(ErrorRaised("bad_stream", message, retried=False))
        raise TurnFailed(message)

    async def _answer(self) -> Answer | None:
        """One request and its answer; None where it was cut and the turn goes on. The history has the answer by then."""
        core = self.core
        used = frozenset(call.id for message in core.transcript.messages for call in message.tool_calls)
        assembler = Assembler(self._step, used)
        asked = core.meter.raw()
        await self._cuttable(self._stream(assembler))
        answer = assembler.answer()
        cut = self._cut
        text = answer.text if cut is None or cut.keep_partial else ""
        whole = cut is None and answer.failure is None
        self._keep(answer, text, whole)
        self._count(assembler.usage, asked)
        self._take_cut(kept=len(text))
        return None if cut is not None else answer

    def _keep(self, answer: Answer, text: str, whole: bool) -> None:
        """The answer enters the history: without blank ends where it was cut, without calls that will not be run."""
        calls = tuple(call.stored() for call in answer.calls) if whole and answer.runnable else ()
        text = text if whole else text.rstrip()
        if calls or text.strip():
            self.core.append(Message("assistant", text, calls, reasoning=answer.reasoning or None))
        if text.strip():
            self._texts.append(text)

    def _count(self, usage: UsagePiece | None, asked: int) -> None:
        self.core.meter.learn(asked, usage)
        if usage is not None:
            self._prompt_tokens += usage.prompt_tokens or 0
            self._completion_tokens += usage.completion_tokens or 0
        self.core.log.emit(self.core.meter.event(usage))

    async def _stream(self, assembler: Assembler) -> None:
        core = self.core
        request = ModelRequest(tuple(core.transcript.messages), core.tool_specs())
        core.log.emit(RequestStarted(self._step, len(request.messages), core.meter.estimate()))
        started, first, tokens = time.perf_counter(), 0.0, core.transcript.rate.total
        async with aclosing(core.ports.provider.stream(request)) as batches:
            async for batch in batches:
                if not core.running.is_set():
                    await core.running.wait()
                first = first or time.perf_counter()
                self._take(batch, assembler)
        core.log.flush()
        now = time.perf_counter()
        wait = (first - started) * 1000 if first else 0.0
        tokens = core.transcript.rate.total - tokens
        core.log.emit(ResponseFinished(self._step, assembler.reason, round(wait, 1), round(now - started, 3), tokens))

    def _take(self, batch: Sequence[Delta], assembler: Assembler) -> None:
        log = self.core.log
        for delta in batch:
            assembler.take(delta)
            match delta:
                case TextPiece(text):
                    log.text(text)
                case ReasoningPiece(text):
                    log.reasoning(text)
                case CallPiece():
                    log.call(*assembler.label(delta.slot), delta.arguments)
                case Retrying(kind, message, delay):
                    log.emit(ErrorRaised(kind, f"{message} Trying again in {delay:.1f} s.", retried=True))
                case Failed(kind, message):
                    log.emit(ErrorRaised(kind, message, retried=False))
                case UsagePiece() | Finished():
                    pass
                case _:
                    assert_never(delta)

    def _is_cut(self) -> bool:
        return self._cut is not None

    async def _cuttable(self, work: Coroutine[object, object, T]) -> T | None:
        """Run ``work`` so that ``cut`` ends it at once; None where it was cut."""
        if self._is_cut():
            work.close()
            return None
        task = asyncio.ensure_future(work)
        self._activity = task
        try:
            return await task
        except asyncio.CancelledError:
            if not self._is_cut():
                raise
            return None
        finally:
            self._activity = None

    def _take_cut(self, kept: int) -> None:
        """A cut has taken effect: publish it, and leave the turn where it was an interrupt."""
        cut, core = self._cut, self.core
        if cut is None:
            return
        milliseconds = round((time.perf_counter() - cut.at) * 1000, 1)
        core.log.emit(InterruptedEvent(cut.reason if cut.kind == "interrupt" else "redirect", kept, milliseconds))
        # Here the loop does wait for the disk: the connection is closed by now, and the mark of an interrupt is kept before
        # any reader can say that there was one.
        core.ports.journal.sync()
        if cut.kind == "interrupt":
            raise Interrupted
        self._cut = None

    async def _verify(self) -> Outcome | None:
        """The gates; None where a redirect cut them."""
        self._take_cut(kept=0)
        core = self.core
        edited, changed = self._effects.ledger.changed, None
        if edited:
            changes = await core.ports.workspace.changes(await self._effects.base)
            changed = (*changes.created, *changes.modified, *changes.deleted)
        outcome = await self._cuttable(core.verifier().run(changed, edited=bool(changed)))
        self._take_cut(kept=0)
        return outcome

    async def _finish(self, seconds: float) -> TurnFinished:
        report = await self._watch.final()
        if self.status == "completed" and self._effects.blocked:
            self.status, self.reason = "blocked", self._effects.blocked
        event = TurnFinished(
            self.number,
            self.status,
            "\n\n".join(self._texts),
            report.files,
            report.added,
            report.removed,
            self._prompt_tokens,
            self._completion_tokens,
            round(seconds, 3),
            self.reason,
        )
        self.core.log.emit(event)
        # In a thread: the disk's pace is not the screen's.
        await asyncio.to_thread(self.core.ports.journal.sync)
        return event
