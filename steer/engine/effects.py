"""What calls do to the workspace: judged, recorded in a checkpoint, then done; and looked at again where a command did it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from steer.domain.constraints import Effect, EffectKind, Judgement, Violation
from steer.domain.edits import FileChange
from steer.domain.errors import ToolError
from steer.domain.events import (
    CheckpointCreated,
    CommandFinished,
    ConstraintViolated,
    EditApplied,
    EditRefused,
)
from steer.domain.globs import matches_any
from steer.domain.values import Stage
from steer.engine.core import Core
from steer.engine.diffs import DiffWatch
from steer.engine.ledger import TurnLedger
from steer.engine.ports import CommandResult, TreeChanges

CACHES: Final = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "*.pyc", ".coverage")
"""What tools leave behind when they merely look: not judged as changes of the agent."""


@dataclass(slots=True)
class Effects:
    """The changes of one turn. ``blocked`` holds while the last thing tried was refused and nothing was changed after it."""

    core: Core
    base: "asyncio.Future[str]"
    watch: DiffWatch
    ledger: TurnLedger = field(default_factory=TurnLedger)
    blocked: str = ""

    async def apply(self, call_id: str, changes: Sequence[FileChange]) -> None:
        """Judge and write ``changes``, all or none. Raises ToolError with the reason where refused."""
        await self.base
        judgement = self._judge_edit(call_id, changes)
        await self._ask_edit(call_id, changes, judgement.asks)
        paths = [change.path for change in changes]
        await self._checkpoint(call_id, f"before {', '.join(paths)[:80]}", paths)
        await self.core.ports.workspace.apply(changes)
        self.ledger.record(changes)
        self.blocked = ""
        for change in changes:
            diff = change.diff
            if change.after is not None:
                self.core.seen.saw(change.path, change.after)
            self.core.log.emit(EditApplied(call_id, change.path, diff.added, diff.removed, diff.text))
        self.watch.touch()

    def _judge_edit(self, call_id: str, changes: Sequence[FileChange]) -> Judgement:
        effects = [change.effect() for change in changes]
        own = sum(effect.added + effect.removed for effect in effects)
        used = self.ledger.after(changes) - own
        judgement = self.core.transcript.constraints.judge(effects, used)
        if judgement.violations:
            self._refuse(call_id, [change.path for change in changes], judgement, "preflight")
        return judgement

    def _refuse(self, call_id: str, paths: Sequence[str], judgement: Judgement, stage: Stage) -> None:
        """Report violations and raise: nothing of the call is done, or what was done has been undone."""
        first = judgement.violations[0]
        for violation in judgement.violations:
            self.core.log.emit(
                ConstraintViolated(violation.constraint, stage, call_id, violation.path, violation.detail)
            )
        if stage == "preflight":
            for path in paths:
                self.core.log.emit(EditRefused(call_id, path, f"{first.constraint}: {first.detail}"))
        self.blocked = f"{first.constraint}: {first.detail}"
        details = "; ".join(f"{v.constraint} ({v.detail})" for v in judgement.violations)
        done = "Nothing was changed." if stage == "preflight" else "What the command did was undone."
        rules = " ".join(item.sentence() for item in self.core.transcript.constraints.items)
        raise ToolError(f"Refused by a constraint of the user: {details}. {done} In force: {rules}")

    async def _ask_edit(self, call_id: str, changes: Sequence[FileChange], asks: Sequence[tuple[str, str]]) -> None:
        if not asks:
            return
        kind = "delete" if any(each == "delete" for each, _ in asks) else "diff"
        paths = ", ".join(path for _, path in asks)
        question = f"Delete {paths}?" if kind == "delete" else f"Apply this change to {paths}?"
        await self._ask(
            call_id, kind, question, "".join(change.diff.text for change in changes), [path for _, path in asks]
        )

    async def _ask(self, call_id: str, kind: str, question: str, diff: str, paths: Sequence[str]) -> None:
        decision = await self.core.approvals.ask(call_id, kind, question, diff)
        if decision.allowed:
            return
        why = f" ({decision.reason})" if decision.reason else ""
        for path in paths:
            self.core.log.emit(EditRefused(call_id, path, f"not allowed{why}"))
        self.blocked = f"denied: {question}{why}"
        raise ToolError(f"The user did not allow this{why}. Nothing was changed. Go on without it.")

    async def _checkpoint(self, call_id: str, label: str, paths: Sequence[str] = ()) -> str:
        checkpoint = await self.core.ports.workspace.checkpoint(label, paths)
        self.core.log.emit(CheckpointCreated(checkpoint, label, call_id))
        return checkpoint

    async def run(self, call_id: str, command: str, work: Callable[[], Awaitable[CommandResult]]) -> CommandResult:
        """Judge ``command``, run ``work``, and undo what it did where that breaks a constraint."""
        constraints = self.core.transcript.constraints
        for kind in ("no-commands", "read-only"):
            if constraints.has(kind):
                violation = Violation(kind, "", f"commands are not allowed: {command[:120]}")
                self._refuse(call_id, (), Judgement((violation,)), "preflight")
        if constraints.has("show-diff"):
            await self._ask(call_id, "command", f"Run {command[:200]}?", "", ())
        await self.base
        before = await self._checkpoint(call_id, f"before $ {command[:80]}")
        try:
            result = await work()
        except asyncio.CancelledError:
            await self._cut_command(call_id, command, before)
            raise
        changes = await self._changed(before)
        await self._judge_command(call_id, command, result, changes, before)
        return result

    async def _cut_command(self, call_id: str, command: str, before: str) -> None:
        """A command was cut half way: what it did stays if it was allowed, and is undone if not."""
        changes = await self._changed(before)
        constraints = self.core.transcript.constraints
        forbidden = constraints.judge(command_effects(changes), self.ledger.lines()).violations
        if forbidden:
            await self.core.ports.workspace.restore(before)
            await self._changed(before)
        cut = CommandResult("cancelled", None, 0.0, "")
        self._finished(call_id, command, cut, changes, committed=not forbidden)

    async def _changed(self, before: str) -> TreeChanges:
        """What the command changed, and the turn's lines with it."""
        changes = await self.core.ports.workspace.changes(before)
        touched = (*changes.created, *changes.modified, *changes.deleted)
        for path in touched:
            self.core.seen.forget(path)
        if touched:
            report = await self.core.ports.workspace.diff(await self.base)
            self.ledger.record_total(report.added + report.removed)
            self.watch.touch()
        return changes

    def _finished(
        self, call_id: str, command: str, result: CommandResult, changes: TreeChanges, committed: bool
    ) -> None:
        self.core.log.emit(
            CommandFinished(
                call_id,
                command,
                result.exit_code,
                round(result.seconds, 3),
                changes.created,
                changes.modified,
                changes.deleted,
                committed,
                result.outcome,
            )
        )

    async def _judge_command(
        self, call_id: str, command: str, result: CommandResult, changes: TreeChanges, before: str
    ) -> None:
        effects = command_effects(changes)
        judgement = self.core.transcript.constraints.judge(effects, self.ledger.lines())
        deleted = [path for kind, path in judgement.asks if kind == "delete"]
        try:
            if judgement.violations:
                self._refuse(call_id, (), judgement, "effects")
            if deleted:
                question = f"Keep the deletion of {', '.join(deleted)[:200]} by: {command[:120]}?"
                await self._ask(call_id, "delete", question, "", deleted)
        except (ToolError, asyncio.CancelledError):
            await self.core.ports.workspace.restore(before)
            await self._changed(before)
            self._finished(call_id, command, result, changes, committed=False)
            raise
        self._finished(call_id, command, result, changes, committed=True)
        if effects:
            self.blocked = ""


def command_effects(changes: TreeChanges) -> list[Effect]:
    """A command's changes as effects to judge; lines are counted by the turn's ledger, caches are left out."""
    kinds: tuple[tuple[EffectKind, tuple[str, ...]], ...] = (
        ("created", changes.created),
        ("modified", changes.modified),
        ("deleted", changes.deleted),
    )
    return [Effect(kind, path) for kind, paths in kinds for path in paths if not matches_any(CACHES, path)]
