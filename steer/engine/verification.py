"""The end of a turn: the gates of VERIFY.md, and a result or a clear reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from steer.domain.events import GateFinished, GatesPlanned, GateStarted, Notice, VerifyFinished
from steer.domain.globs import matches_any
from steer.domain.values import VerifyStatus
from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.engine.core import Core

Skipped: TypeAlias = tuple[Gate, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``failing`` gates in the order they ran; ``blocked`` where gates are defined but could not run."""

    status: VerifyStatus
    reason: str
    failing: tuple[GateResult, ...] = ()
    blocked: bool = False


def select(gates: Sequence[Gate], changed: Sequence[str] | None) -> tuple[list[Gate], list[Skipped]]:
    """The gates to run for these changed paths (None: all of them), and those left out with the reason."""
    run: list[Gate] = []
    skipped: list[Skipped] = []
    for gate in gates:
        if changed is None or not gate.when or any(matches_any(gate.when, path) for path in changed):
            run.append(gate)
        else:
            skipped.append((gate, f"no changed file matches {' '.join(gate.when)}"))
    return run, skipped


async def verify(core: Core, changed: Sequence[str] | None, edited: bool = True) -> Outcome:
    """Run the gates and publish each step. ``edited`` False: the turn changed nothing, which is the reason not to run them."""
    outcome, proposal = await _verify(core, changed, edited)
    core.log.emit(VerifyFinished(outcome.status, outcome.reason, proposal))
    return outcome


async def _verify(core: Core, changed: Sequence[str] | None, edited: bool) -> tuple[Outcome, str]:
    if not core.options.verify:
        return Outcome("not_run", "Verification was switched off (--no-verify)."), ""
    if not edited:
        return Outcome("not_run", "This turn changed no file, so there is nothing to verify."), ""
    file = await core.ports.gates.load()
    if file is None:
        proposal = await core.ports.gates.propose()
        found = (
            "A VERIFY.md made from the commands found in this project is proposed." if proposal else "Run steer init."
        )
        return Outcome("not_run", f"There is no VERIFY.md, so no gate is defined. {found}"), proposal
    for problem in file.problems:
        core.log.emit(Notice(f"VERIFY.md: {problem}", "verify"))
    if not file.gates:
        return Outcome("not_run", "VERIFY.md defines no gate."), ""
    return await _gates(core, file, changed), ""


async def _gates(core: Core, file: VerifyFile, changed: Sequence[str] | None) -> Outcome:
    run, skipped = select(file.gates, changed)
    core.log.emit(GatesPlanned(tuple((gate.name, gate.command) for gate in file.gates)))
    if core.options.trust:
        core.ports.gates.trust(file.digest)
    if not core.ports.gates.trusted(file.digest):
        return _untrusted(core, file)
    for gate, reason in skipped:
        core.log.emit(GateFinished(gate.name, "not_run", None, 0.0, reason, ""))
    results = [await _gate(core, gate) for gate in run]
    return judge(results)


def _untrusted(core: Core, file: VerifyFile) -> Outcome:
    reason = "VERIFY.md is not trusted yet: its commands run only after you have said so once (--trust, or the screen's key)."
    for gate in file.gates:
        core.log.emit(GateFinished(gate.name, "not_run", None, 0.0, "VERIFY.md is not trusted yet", ""))
    core.log.emit(Notice(reason, f"trust:{file.digest}"))
    return Outcome("not_run", reason, blocked=True)


async def _gate(core: Core, gate: Gate) -> GateResult:
    await core.running.wait()
    core.log.emit(GateStarted(gate.name, gate.command))
    result = await core.ports.gates.run(gate, lambda text: core.log.gate_output(gate.name, text))
    seconds = round(result.seconds, 3)
    core.log.emit(GateFinished(gate.name, result.status, result.exit_code, seconds, result.reason, result.output))
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
