"""run_command."""

import asyncio
import signal
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.errors import Interrupted, ToolError
from steer.domain.messages import ToolSpec
from steer.domain.values import JsonObject
from steer.engine.ports import CommandResult, ToolContext, ToolResult
from steer.process import CutShort, ShellResult, run_shell
from steer.tools.arguments import Arguments, declare
from steer.tools.shown import one_line

_DEFAULT: Final = 120.0
_LONGEST: Final = 600.0

_SPEC: Final = declare(
    "run_command",
    "Run a command with bash in the workspace's root and give its exit code and output (stdout and stderr together; "
    "head and tail of a long one). There is no terminal and no input: use options that do not ask. Processes that still "
    "run when the command's shell exits are ended.",
    {
        "command": {"type": "string", "description": "The command line."},
        "timeout": {
            "type": "number",
            "description": f"Seconds after which it is ended; default {_DEFAULT:.0f}, at most {_LONGEST:.0f}.",
        },
    },
    ("command",),
)


class RunCommand:
    """Runs a shell command under the engine's eyes.

    ``log_dir`` takes the full output where it is too long for the result. When the call is cancelled, the command is
    ended and the CancelledError's ``__cause__`` is an ``Interrupted`` whose text is the result for the model so far.
    """

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("run_command", arguments)
        command, asked = given.text("command"), given.optional_number("timeout")
        if not command.strip():
            raise ToolError("run_command: the command is empty.")
        if asked is not None and not asked > 0:
            raise ToolError(f"run_command: the timeout must be more than 0 seconds, not {asked:g}.")
        timeout = min(asked or _DEFAULT, _LONGEST)
        work = _Work(command, timeout, self._log_dir / f"command-{uuid.uuid4().hex}.log", context)
        try:
            result = await context.run(command, timeout, work.run)
        except asyncio.CancelledError as error:
            if isinstance(error.__cause__, CutShort):
                cut = _command_result(error.__cause__.result)
                raise error from Interrupted(_content(cut, timeout))
            raise
        note = f"\n[the longest timeout is {_LONGEST:.0f} s]" if asked and asked > _LONGEST else ""
        return ToolResult(
            result.outcome == "exited" and result.exit_code == 0,
            _content(result, timeout) + note + given.note(),
            f"$ {one_line(command)} · {_ending(result)} · {result.seconds:.1f} s",
        )


@dataclass(frozen=True, slots=True)
class _Work:
    command: str
    timeout: float
    log: Path
    context: ToolContext

    async def run(self) -> CommandResult:
        root, output = self.context.root, self.context.output
        result = await run_shell(self.command, cwd=root, timeout=self.timeout, output=output, log=self.log)
        return _command_result(result)


def _command_result(result: ShellResult) -> CommandResult:
    return CommandResult(result.outcome, result.exit_code, result.seconds, result.output)


def _ending(result: CommandResult) -> str:
    """How it ended, in a word or two."""
    match result.outcome:
        case "exited":
            return f"exit {result.exit_code}"
        case "timeout":
            return "timeout"
        case "cancelled":
            return "cancelled"
        case "not_started":
            return "not started"


def _content(result: CommandResult, timeout: float) -> str:
    """The result for the model: how it ended, then what it printed."""
    seconds = f"{result.seconds:.1f} s"
    match result.outcome:
        case "exited":
            head = f"exit code {result.exit_code}{_signal(result.exit_code)}, {seconds}"
        case "timeout":
            head = f"timeout: ended after {timeout:g} s, not finished"
        case "cancelled":
            head = f"cancelled by the user after {seconds}, not finished; what it did until then stays"
        case "not_started":
            return result.output
    return f"{head}\n{result.output}" if result.output else f"{head}\n(no output)"


def _signal(code: int | None) -> str:
    """The signal behind a shell's code of 128 + n."""
    if code is None or code <= 128:
        return ""
    try:
        return f" ({signal.Signals(code - 128).name})"
    except ValueError:
        return ""
