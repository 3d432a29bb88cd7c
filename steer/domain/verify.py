"""VERIFY.md as values: gates, and what running one gave."""

from dataclasses import dataclass

from steer.domain.values import GateStatus


@dataclass(frozen=True, slots=True)
class Gate:
    """One command of VERIFY.md. ``timeout`` in seconds; ``when`` globs (run only if one matches a changed path);
    ``artifacts`` globs the command must leave; ``group`` the heading's kind of task, empty for those that always run."""

    name: str
    command: str
    timeout: float | None = None
    when: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    slow: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class VerifyFile:
    """A parsed VERIFY.md. ``digest`` is the SHA-256 of its bytes in hex; ``problems`` name lines that look like gates but are none."""

    gates: tuple[Gate, ...]
    digest: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """``output`` is the tail of what the command printed; ``reason`` says why where it did not pass; ``seconds`` wall time."""

    gate: str
    command: str
    status: GateStatus
    exit_code: int | None
    seconds: float
    reason: str
    output: str
