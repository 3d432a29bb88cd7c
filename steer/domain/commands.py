"""What a person asks of a session. The screen and the command line send these; nothing answers but events."""

from dataclasses import dataclass
from typing import TypeAlias

from steer.domain.values import When


@dataclass(frozen=True, slots=True)
class Submit:
    """A task: starts a turn, or is queued while one runs."""

    text: str


@dataclass(frozen=True, slots=True)
class Steer:
    """Words and constraints for the running turn; a constraint in ``clear`` is lifted. Without a turn it acts as Submit."""

    text: str
    when: When = "now"
    constraints: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    keep_partial: bool = True


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop ``turn``; does nothing if another turn runs by then. ``turn`` None means whichever runs."""

    turn: int | None = None
    reason: str = "user"


@dataclass(frozen=True, slots=True)
class Pause:
    paused: bool


@dataclass(frozen=True, slots=True)
class Decide:
    """Answer to an open approval."""

    call_id: str
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EditQueue:
    """Replace the text of a waiting message; an empty text takes it back."""

    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Trust the VERIFY.md with this content hash and run the gates."""

    digest: str


@dataclass(frozen=True, slots=True)
class Verify:
    """Run the gates now."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Put the workspace back to a checkpoint."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class InitRepository:
    """Make the folder a git repository: the answer to the offer where it is none."""


Command: TypeAlias = Submit | Steer | Interrupt | Pause | Decide | EditQueue | Trust | Verify | Restore | InitRepository
