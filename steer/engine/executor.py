"""Running the calls of an answer, one after the other, so that each gets exactly one result."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steer.domain.edits import FileChange
from steer.domain.errors import ToolError
from steer.domain.events import ToolCalled, ToolFinished
from steer.domain.messages import Message
from steer.engine.assembler import Call
from steer.engine.core import Core
from steer.engine.effects import Effects
from steer.engine.ports import CommandResult, Tool, ToolResult

_SHOWN = 65_536
"""Characters of a command's output that reach the screen and the journal live; all of it is in the capped result."""
_KEPT = 4_000
"""Characters of output that an interrupted command's result keeps for the model."""


@dataclass(slots=True)
class CallContext:
    """What one running call may do; satisfies ``ports.ToolContext``."""

    core: Core
    effects: Effects
    call_id: str
    _shown: int = 0
    tail: str = field(default="")

    @property
    def root(self) -> Path:
        return self.core.ports.workspace.root

    def output(self, text: str) -> None:
        """Show output of the running command, up to a cap; keep its tail for the case that it is cut."""
        self.tail = (self.tail + text)[-_KEPT:]
        room = _SHOWN - self._shown
        if room <= 0:
            return
        self._shown += len(text)
        more = "" if len(text) < room else "\n… more output, not shown live\n"
        self.core.log.output(self.call_id, text[:room] + more)

    def saw(self, path: str, data: bytes) -> None:
        self.core.seen.saw(path, data)

    def check_unchanged(self, path: str, data: bytes) -> None:
        self.core.seen.check(path, data)

    async def apply(self, changes: Sequence[FileChange]) -> None:
        await self.effects.apply(self.call_id, changes)

    async def run(self, command: str, timeout: float, work: Callable[[], Awaitable[CommandResult]]) -> CommandResult:
        return await self.effects.run(self.call_id, command, work)


async def run_calls(core: Core, effects: Effects, calls: Sequence[Call]) -> None:
    """Run ``calls`` in order. May be cut at any point, also before its first step: the turn then closes the rest."""
    for call in calls:
        await core.running.wait()
        await _run_call(core, effects, call)


async def _run_call(core: Core, effects: Effects, call: Call) -> None:
    core.log.emit(ToolCalled(call.id, call.name, call.arguments if call.arguments is not None else call.raw))
    context = CallContext(core, effects, call.id)
    try:
        result = await _result(core, call, context)
    except asyncio.CancelledError:
        said = f"\nOutput so far:\n{context.tail}" if context.tail else ""
        result = ToolResult(
            False, f"Cancelled by the user while it ran; it may have done part of its work.{said}", "cancelled"
        )
        _finish(core, call, result)
        raise
    _finish(core, call, result)


def _finish(core: Core, call: Call, result: ToolResult) -> None:
    core.log.emit(ToolFinished(call.id, result.ok, result.summary))
    core.append(Message("tool", result.content or "(no output)", tool_call_id=call.id))


async def _result(core: Core, call: Call, context: CallContext) -> ToolResult:
    tool = next((each for each in core.ports.tools if each.spec.name == call.name), None)
    if tool is None:
        known = ", ".join(each.spec.name for each in core.ports.tools)
        return ToolResult(
            False, f"There is no tool {call.name!r}. The tools are: {known}.", f"unknown tool {call.name}"
        )
    if call.arguments is None:
        shown = call.raw[:300]
        text = f"The arguments are not a JSON object; the call was not run. They began: {shown}"
        return ToolResult(False, text, f"{call.name}: arguments are not JSON")
    return await _guarded(tool, call, context)


async def _guarded(tool: Tool, call: Call, context: CallContext) -> ToolResult:
    try:
        return await tool.run(call.arguments or {}, context)
    except ToolError as error:
        return ToolResult(
            False, str(error), f"{call.name}: {error.message.splitlines()[0] if error.message else 'failed'}"
        )
