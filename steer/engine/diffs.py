"""The turn's diff, kept fresh beside the work: one computation at a time, the newest state last."""

import asyncio
from dataclasses import dataclass

from steer.domain.events import DiffUpdated
from steer.engine.core import Core
from steer.engine.ports import DiffReport


@dataclass(slots=True)
class DiffWatch:
    """Publishes the workspace against the turn's start after each change. ``touch`` never waits."""

    core: Core
    base: "asyncio.Future[str]"
    _task: "asyncio.Task[None] | None" = None
    _stale: bool = False
    _last: DiffReport | None = None

    def touch(self) -> None:
        """Something changed."""
        self._stale = True
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._refresh())

    async def _refresh(self) -> None:
        while self._stale:
            self._stale = False
            self._publish(await self.core.ports.workspace.diff(await self.base))

    def _publish(self, report: DiffReport) -> None:
        if report == self._last:
            return
        self._last = report
        self.core.log.emit(
            DiffUpdated("turn", report.patch, report.files, report.added, report.removed, report.truncated)
        )

    async def final(self) -> DiffReport:
        """The diff at the turn's end, after everything that was under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        report = await self.core.ports.workspace.diff(await self.base)
        self._publish(report)
        return report
