"""The end of a turn: the gates of VERIFY.md, and a result or a clear reason why there is none."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from steer.domain.errors import SteerError
from steer.domain.events import GateFinished, GatesPlanned, GateStarted, Notice, VerifyFinished
from steer.domain.gate_select import select_gates
from steer.domain.values import VerifyStatus
from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.engine.channel import EventLog
from steer.engine.ports import GateRunner


@dataclass(frozen=True, slots=True)
class Outcome:
    """``failing`` gates in the order they ran; ``blocked`` where gates are defined but could not run."""

    status: VerifyStatus
    reason: str
    failing: tuple[GateResult, ...] = ()
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Verifier:
    """Runs the gates and publishes each step. ``enabled`` False: --no-verify. ``running`` is clear while the user pauses."""

    log: EventLog
    gates: GateRunner
    running: asyncio.Event
    enabled: bool = True
    trust: bool = False

    async def run(self, changed: Sequence[str] | None, edited: bool = True) -> Outcome:
        """Run the gates for these changed paths (None: all of them). ``edited`` False: the turn changed nothing."""
        try:
            outcome, proposal = await self._run(changed, edited)
        except asyncio.CancelledError:
            self.log.emit(VerifyFinished("not_run", "Verification was interrupted."))
            raise
        self.log.emit(VerifyFinished(outcome.status, outcome.reason, proposal))
        return outcome

    async def _run(self, changed: Sequence[str] | None, edited: bool) -> tuple[Outcome, str]:
        if not self.enabled:
            return Outcome("not_run", "Verification was switched off (--no-verify)."), ""
        if not edited:
            return Outcome("not_run", "This turn changed no file, so there is nothing to verify."), ""
        file = await self.gates.load()
        if file is None:
            proposal = await self.gates.propose()
            found = "A VERIFY.md made from the commands found here is proposed." if proposal else "Run steer init."
            return Outcome("not_run", f"There is no VERIFY.md, so no gate is defined. {found}"), proposal
        for problem in file.problems:
            self.log.emit(Notice(f"VERIFY.md: {problem}", "verify"))
        if not file.gates:
            return Outcome("not_run", "VERIFY.md defines no gate."), ""
        return await self._gates(file, changed), ""

    async def _gates(self, file: VerifyFile, changed: Sequence[str] | None) -> Outcome:
        selection = select_gates(file, changed)
        self.log.emit(GatesPlanned(tuple((gate.name, gate.command) for gate in file.gates)))
        if self.trust:
            self.give_trust(file.digest)
        if not self.gates.trusted(file.digest):
            return self._untrusted(file)
        for gate, reason in selection.skipped:
            self.log.emit(GateFinished(gate.name, "not_run", None, 0.0, reason, ""))
        return judge([await self._gate(gate) for gate in selection.run])

    def give_trust(self, digest: str) -> None:
        """Trust this content; where that cannot be written down it holds for this run, and is told."""
        try:
            self.gates.trust(digest)
        except SteerError as error:
            self.log.emit(Notice(str(error), "verify"))

    def _untrusted(self, file: VerifyFile) -> Outcome:
        reason = "VERIFY.md is not trusted yet: its commands run once you have said so (--trust, or the screen's key)."
        for gate in file.gates:
            self.log.emit(GateFinished(gate.name, "not_run", None, 0.0, "VERIFY.md is not trusted yet", ""))
        self.log.emit(Notice(reason, f"trust:{file.digest}"))
        return Outcome("not_run", reason, blocked=True)

    async def _gate(self, gate: Gate) -> GateResult:
        await self.running.wait()
        self.log.emit(GateStarted(gate.name, gate.command))
        started = self.log.now()
        try:
            result = await self.gates.run(gate, lambda text: self.log.gate_output(gate.name, text))
        except asyncio.CancelledError:
            seconds = round(self.log.now() - started, 3)
            self.log.emit(GateFinished(gate.name, "not_run", None, seconds, "interrupted", ""))
            raise
        seconds = round(result.seconds, 3)
        self.log.emit(GateFinished(gate.name, result.status, result.exit_code, seconds, result.reason, result.output))
        return result


def judge(results: Sequence[GateResult]) -> Outcome:
    """One status for all: failed if any failed or ran out of time, not_run if any could not run, else passed."""
    failing = tuple(result for result in results if result.status in ("failed", "timeout"))
    if failing:
        return Outcome("failed", f"Failing: {', '.join(result.gate for result in failing)}.", failing)
    stuck = [result for result in results if result.status == "not_run"]
    if stuck:
        return Outcome("not_run", f"Could not run: {'; '.join(f'{r.gate} ({r.reason})' for r in stuck)}.", blocked=True)
    if not results:
        return Outcome("not_run", "No gate applies to the files that changed.")
    return Outcome("passed", f"{len(results)} of {len(results)} gates passed.")
