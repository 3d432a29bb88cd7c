"""Running git through GitPython: a scrubbed environment, no hooks, no prompts, no pager, nothing of a hostile configuration."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, Final

from steer.domain.errors import SteerError, UsageError

try:
    from git.cmd import Git
    from git.exc import CommandError, GitCommandNotFound
except ImportError as error:
    # GitPython refuses to load where it finds no git; the reason belongs to the person, not to a traceback.
    raise UsageError("git was not found.", "Install git 2.30 or newer and make sure that it is on PATH.") from error

MINIMUM_VERSION: Final = (2, 30)

_PIPE: Final = -1
"""What Popen takes for "a new pipe"; GitPython hands it on."""

# An empty core.fsmonitor is off for every version: older ones take any other value as the path of a program.
_OPTIONS: Final = (
    *("--no-pager", "--literal-pathspecs", "--no-replace-objects"),
    *("-c", "core.fsmonitor=", "-c", "core.untrackedCache=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false"),
)
# No locks for the user's sake, no prompts, and no transport: an object that a partial clone lacks is never fetched.
_ENVIRONMENT: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
}
_INHERITED: Final = frozenset({"GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})


class GitFailed(SteerError):
    """A git command did not succeed; the message holds its own words."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a git command gave: exit status, standard output as it came, standard error as text."""

    status: int
    stdout: bytes
    stderr: str


@dataclass(slots=True)
class Streams:
    """A running git command. ``finish`` closes its input, waits and gives what is left of its output."""

    stdin: BinaryIO | None
    stdout: BinaryIO


@dataclass(frozen=True, slots=True)
class GitCommands:
    """Runs git in ``directory`` with ``environment`` added to a scrubbed one (GIT_DIR and the like are not inherited)."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: BinaryIO | None = None, check: bool = True) -> Output:
        """Run to the end; raises GitFailed where ``check`` and the status is not 0."""
        environment = {**_ENVIRONMENT, **self.environment}
        try:
            status, stdout, stderr = Git(self.directory).execute(
                _command(arguments, environment),
                istream=stdin,
                env=environment,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except (GitCommandNotFound, OSError) as error:
            raise GitFailed(f"git could not be started: {error}.", "Is git on PATH?") from error
        if check and status != 0:
            raise _failed(arguments, stderr)
        return Output(status, stdout, stderr)

    @contextmanager
    def stream(self, *arguments: str, stdin: BinaryIO | None = None) -> Iterator[Streams]:
        """Run with open pipes; a pipe for its input unless ``stdin`` is given. Leaving with output unread ends the command.

        Raises GitFailed where it ran to its end and the status is not 0.
        """
        environment = {**_ENVIRONMENT, **self.environment}
        try:
            handle = Git(self.directory).execute(
                _command(arguments, environment), istream=stdin or _PIPE, env=environment, as_process=True
            )
        except (GitCommandNotFound, OSError) as error:
            raise GitFailed(f"git could not be started: {error}.", "Is git on PATH?") from error
        with ExitStack() as stack:
            stack.callback(_end, handle)
            # It may end before its input did (BrokenPipeError): then its status and words say why.
            with suppress(BrokenPipeError):
                yield Streams(handle.stdin, handle.stdout)
            if handle.stdin is not None:
                _close(handle.stdin)
            if not handle.stdout.read(1):
                words = handle.stderr.read().decode("utf-8", "replace")
                if handle.proc is not None and handle.proc.wait() != 0:
                    raise _failed(arguments, words)


def git_version() -> tuple[int, ...]:
    """The version of the git on PATH, as numbers; raises UsageError where there is none."""
    try:
        return Git().version_info
    except (CommandError, OSError) as error:
        raise UsageError("git was not found.", "Install git 2.30 or newer and make sure that it is on PATH.") from error


def require_version() -> None:
    """Raises UsageError, naming both versions, where git is older than 2.30."""
    found = git_version()
    if found[:2] < MINIMUM_VERSION:
        text = ".".join(str(part) for part in found)
        raise UsageError(f"git {text} is too old: 2.30 or newer is needed.", "Update git and start again.")


def _command(arguments: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
    executable = Git.GIT_PYTHON_GIT_EXECUTABLE or "git"
    return [*_scrub(environment), executable, *_OPTIONS, *arguments]


def _scrub(environment: Mapping[str, str]) -> list[str]:
    """A prefix that removes inherited GIT_ variables: GitPython can add to the environment but not take away."""
    names = [
        name
        for name in os.environ
        if name.startswith("GIT_")
        and not name.startswith("GIT_PYTHON_")
        and name not in _INHERITED
        and name not in environment
    ]
    return ["env", *(part for name in names for part in ("-u", name))] if names else []


def _failed(arguments: tuple[str, ...], stderr: str) -> GitFailed:
    name = next((word for word in arguments if not word.startswith("-")), "")
    words = " ".join(stderr.split())[:500] or "it gave no reason"
    return GitFailed(f"git {name} failed: {words}")


def _end(handle: Git.AutoInterrupt) -> None:
    """End a command that still runs, and its pipes."""
    if handle.proc is None:
        return
    handle.proc.kill()
    for pipe in (handle.proc.stdin, handle.proc.stdout, handle.proc.stderr):
        if pipe is not None:
            _close(pipe)
    handle.proc.wait()


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()
