"""Questions that wait for a person's yes or no."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from steer.domain.events import ApprovalRequested, ApprovalResolved
from steer.engine.channel import EventLog

Policy: TypeAlias = Literal["ask", "none", "edits", "all"]
"""Who answers: a person at the screen, or (headless) nobody, nobody but for edits, or yes to all."""
_EDIT_KINDS: Final = ("diff",)


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


@dataclass(slots=True)
class Approvals:
    """The open questions, by call."""

    log: EventLog
    policy: Policy
    _open: dict[str, asyncio.Future[Decision]] = field(default_factory=dict)

    async def ask(self, call_id: str, kind: str, question: str, diff: str) -> Decision:
        """Ask and wait for the answer; ``kind`` is diff, delete or command. Cancelled, the question is closed as denied."""
        self.log.emit(ApprovalRequested(call_id, kind, None, question, diff))
        decision = Decision(False, "interrupted")
        try:
            decision = await self._answer(call_id, kind)
        finally:
            self._open.pop(call_id, None)
            self.log.emit(ApprovalResolved(call_id, kind, decision.allowed, decision.reason))
        return decision

    async def _answer(self, call_id: str, kind: str) -> Decision:
        if self.policy == "ask":
            self._open[call_id] = asyncio.get_running_loop().create_future()
            return await self._open[call_id]
        if self.policy == "all" or (self.policy == "edits" and kind in _EDIT_KINDS):
            return Decision(True, f"--approve {self.policy}")
        return Decision(False, f"nobody is there to ask (--approve {self.policy})")

    def decide(self, call_id: str, decision: Decision) -> bool:
        """Answer an open question; False where it is open no more."""
        future = self._open.get(call_id)
        if future is None or future.done():
            return False
        future.set_result(decision)
        return True
