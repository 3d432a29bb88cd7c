"""Running the gates of a workspace's VERIFY.md."""

import asyncio
import difflib
import hashlib
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from steer.domain.values import GateStatus
from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.domain.verify_file import parse_verify
from steer.gates.artifacts import fingerprints, missing_artifacts
from steer.gates.propose import propose_verify
from steer.process import OutputCap, ShellResult, run_shell

FILE_NAME: Final = "VERIFY.md"
DEFAULT_TIMEOUT: Final = 600.0
"""Seconds a gate may take that names no timeout."""

_MAX_BYTES: Final = 256 * 1024
_CAP: Final = OutputCap(head=4_000, tail=12_000)
# POSIX shells: found but not executable, and not found.
_COULD_NOT_RUN: Final = (126, 127)


class TrustBook(Protocol):
    """Which contents of a file the user has trusted."""

    def trusted(self, path: Path, digest: str) -> bool: ...

    def trust(self, path: Path, digest: str, content: bytes = b"") -> None: ...

    def previous(self, path: Path) -> bytes | None:
        """The content trusted last; None where there is none."""
        ...


class ShellGateRunner:
    """The gates of the VERIFY.md in ``root``, run through the shell (``steer.engine.ports.GateRunner``).

    ``log_dir`` takes the full output of gates that print more than is kept. ``trusted_as`` is the file whose trust
    counts where ``root`` is a copy of another workspace; by default the VERIFY.md in ``root`` itself.
    """

    def __init__(self, root: Path, trust: TrustBook, log_dir: Path, trusted_as: Path | None = None) -> None:
        self._root = root
        self._path = root / FILE_NAME
        self._book = trust
        self._log_dir = log_dir
        self._trusted_as = trusted_as if trusted_as is not None else self._path
        self._content = b""
        self._file: VerifyFile | None = None

    async def load(self) -> VerifyFile | None:
        """The VERIFY.md as it is now, its digest the SHA-256 of its bytes; None where there is none."""
        self._file = await asyncio.to_thread(self._read)
        return self._file

    def trusted(self, digest: str) -> bool:
        return self._book.trusted(self._trusted_as, digest)

    def trust(self, digest: str) -> None:
        """Trust the content with this digest. Raises SteerError where that cannot be remembered on disk."""
        same = hashlib.sha256(self._content).hexdigest() == digest
        self._book.trust(self._trusted_as, digest, self._content if same else b"")

    def difference(self) -> str:
        """What changed from the content trusted last to the one loaded last, as a unified diff; empty if none was trusted."""
        old = self._book.previous(self._trusted_as)
        if old is None:
            return ""
        before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (old, self._content))
        return "".join(difflib.unified_diff(before, after, f"{FILE_NAME} (trusted)", FILE_NAME))

    async def run(self, gate: Gate, output: Callable[[str], None]) -> GateResult:
        """Run one gate; cancelling ends its process group. A gate of a loaded VERIFY.md that is not trusted does not run."""
        if self._file is not None and gate in self._file.gates and not self.trusted(self._file.digest):
            return GateResult(gate.name, gate.command, "not_run", None, 0.0, f"this {FILE_NAME} is not trusted yet", "")
        before = await asyncio.to_thread(fingerprints, self._root, gate.artifacts)
        timeout = gate.timeout if gate.timeout is not None else DEFAULT_TIMEOUT
        log = await asyncio.to_thread(self._log, gate)
        done = await run_shell(gate.command, cwd=self._root, timeout=timeout, output=output, cap=_CAP, log=log)
        status, reason = _judge(done, timeout)
        if status == "passed" and gate.artifacts:
            after = await asyncio.to_thread(fingerprints, self._root, gate.artifacts)
            if wrong := missing_artifacts(before, after):
                status, reason = "failed", "; ".join(wrong)
        return GateResult(gate.name, gate.command, status, done.exit_code, done.seconds, reason, done.output)

    async def propose(self) -> str:
        """A VERIFY.md text from the commands found in the project; empty where none was found."""
        return await asyncio.to_thread(propose_verify, self._root)

    def _read(self) -> VerifyFile | None:
        self._content = b""
        if not self._path.exists() and not self._path.is_symlink():
            return None
        problem = ""
        try:
            if self._path.is_file():
                with self._path.open("rb") as file:
                    self._content = file.read(_MAX_BYTES + 1)
            else:
                problem = f"{FILE_NAME} is not a file"
        except OSError as error:
            problem = f"{FILE_NAME} cannot be read: {error.strerror}"
        if len(self._content) > _MAX_BYTES:
            self._content, problem = b"", f"{FILE_NAME} is larger than {_MAX_BYTES // 1024} kB: it is not read"
        return self._parse(problem)

    def _parse(self, problem: str) -> VerifyFile:
        digest = hashlib.sha256(self._content).hexdigest()
        if problem:
            return VerifyFile((), digest, (problem,))
        try:
            return parse_verify(self._content.decode("utf-8"), digest)
        except UnicodeDecodeError as error:
            file = parse_verify(self._content.decode("utf-8", "replace"), digest)
            text = f"{FILE_NAME} is not UTF-8 (byte {error.start}): save it as UTF-8"
            return VerifyFile(file.gates, digest, (text, *file.problems))

    def _log(self, gate: Gate) -> Path | None:
        """Where this gate's full output goes; None where no folder can be made for it: it runs all the same."""
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", gate.name).strip("-.")[:40]
        mark = hashlib.sha256(gate.name.encode("utf-8", "replace")).hexdigest()[:8]
        try:
            self._log_dir.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        return self._log_dir / f"gate-{slug}-{mark}.log"


def _judge(done: ShellResult, timeout: float) -> tuple[GateStatus, str]:
    """Status and, unless it passed, the reason in words."""
    last = _last_line(done.output)
    match done.outcome:
        case "not_started":
            return "not_run", f"could not run: {last or 'the shell did not start'}"
        case "cancelled":
            return "not_run", "cut short"
        case "timeout":
            return "timeout", f"did not finish within {timeout:g} s"
        case "exited":
            code = done.exit_code
    if code == 0:
        return "passed", ""
    if code in _COULD_NOT_RUN:
        what = "command not found" if code == 127 else "the command cannot be executed"
        return "not_run", f"could not run: {last or what} (exit {code})"
    ended = _signal_name(code)
    words = f"ended by {ended}" if ended else f"exit {code}"
    return "failed", f"{words}: {last}" if last else words


def _signal_name(code: int | None) -> str:
    """The signal that an exit status of 128 + n (or -n) speaks of; empty for others."""
    number = 0 if code is None else code - 128 if code > 128 else -code
    return signal.Signals(number).name if number in {s.value for s in signal.Signals} else ""


def _last_line(output: str) -> str:
    """The last line that says something: runners print their summary there."""
    lines = (line.strip(" \t=-_*") for line in reversed(output.splitlines()))
    line = next((line for line in lines if line), "")
    return line if len(line) <= 160 else line[:159] + "…"
