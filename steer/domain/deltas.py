"""What a provider's stream says, piece by piece. A stream does not raise: failures are deltas too."""

from dataclasses import dataclass
from typing import TypeAlias

from steer.domain.values import ErrorKind


@dataclass(frozen=True, slots=True)
class TextPiece:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPiece:
    text: str


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of a tool call.

    ``slot`` is the call's position in this answer (0, 1, ...), worked out by the provider whatever index the endpoint
    sent; ``id`` and ``name`` are empty where this piece does not carry them; ``arguments`` is text to append.
    """

    slot: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class UsagePiece:
    """Token figures as reported, each replacing what was reported before in this answer; None where not reported."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The endpoint's ``finish_reason`` (stop, tool_calls, length, content_filter, ...); a stream that ended well without one says ``stop``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """The request failed before its first byte and is tried again after ``delay`` seconds."""

    kind: ErrorKind
    message: str
    delay: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a stream that did not end well. ``limit`` is the context window where an overflow error named it."""

    kind: ErrorKind
    message: str
    limit: int | None = None


Delta: TypeAlias = TextPiece | ReasoningPiece | CallPiece | UsagePiece | Finished | Retrying | Failed
