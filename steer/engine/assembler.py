"""Deltas into an answer: linear in their number, whatever order the pieces of several calls come in."""

import json
from dataclasses import dataclass, field
from typing import Final, assert_never

from steer.domain.deltas import (
    CallPiece,
    Delta,
    Failed,
    Finished,
    ReasoningPiece,
    Retrying,
    TextPiece,
    UsagePiece,
)
from steer.domain.messages import ToolCall
from steer.domain.values import Json, JsonObject

_NOT_RUNNABLE: Final = ("length", "content_filter", "max_tokens", "safety")
"""Finish reasons after which the last call may be half written, whether or not its JSON happens to parse."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the model made it: ``raw`` is its arguments' text, ``arguments`` their object, None where it is none."""

    id: str
    name: str
    raw: str
    arguments: JsonObject | None

    def stored(self) -> ToolCall:
        """The call as the history keeps it: arguments always valid JSON, so that the next request is not refused."""
        return ToolCall(self.id, self.name or "unknown", self.raw if self.arguments is not None and self.raw else "{}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One step's answer. ``calls`` are to be run only where ``runnable``."""

    text: str
    reasoning: str
    calls: tuple[Call, ...]
    reason: str
    runnable: bool
    failure: Failed | None = None

    @property
    def empty(self) -> bool:
        """Nothing to show or run: blank, or reasoning only."""
        return not self.text.strip() and not self.calls


@dataclass(slots=True)
class _Draft:
    id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Assembler:
    """Takes a step's deltas. ``used_ids`` are the ids of earlier calls: an endpoint that numbers from 0 in each answer
    would otherwise give two calls of one history the same id."""

    step: int
    used_ids: frozenset[str] = frozenset()
    usage: UsagePiece | None = None
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _drafts: dict[int, _Draft] = field(default_factory=dict)
    _reason: str = ""
    _failure: Failed | None = None

    def take(self, delta: Delta) -> None:
        """Add one delta."""
        match delta:
            case TextPiece(text):
                self._text.append(text)
            case ReasoningPiece(text):
                self._reasoning.append(text)
            case CallPiece():
                self._call(delta)
            case UsagePiece():
                self.usage = delta
            case Finished(reason):
                self._reason = reason
            case Failed():
                self._failure = delta
            case Retrying():
                pass
            case _:
                assert_never(delta)

    def _call(self, piece: CallPiece) -> None:
        draft = self._drafts.get(piece.slot)
        if draft is None:
            draft = self._drafts[piece.slot] = _Draft(self._new_id(piece))
        if piece.name and not draft.name:
            draft.name = piece.name
        if piece.arguments:
            draft.pieces.append(piece.arguments)

    def _new_id(self, piece: CallPiece) -> str:
        taken = self.used_ids | {draft.id for draft in self._drafts.values()}
        wanted = piece.id or f"call_{self.step}_{piece.slot}"
        if wanted not in taken:
            return wanted
        # Deterministic, so that a history serialises to the same bytes each time (the provider's prompt cache).
        return next(name for n in range(2, len(taken) + 3) if (name := f"{wanted}-{n}") not in taken)

    def label(self, slot: int) -> tuple[str, str]:
        """Id and name of a call so far."""
        draft = self._drafts[slot]
        return draft.id, draft.name

    @property
    def reason(self) -> str:
        """The endpoint's finish reason; empty while none has come."""
        return self._reason

    def answer(self) -> Answer:
        """What has come so far, as an answer."""
        calls = tuple(
            Call(draft.id, draft.name, raw := "".join(draft.pieces), parse_arguments(raw))
            for _, draft in sorted(self._drafts.items())
        )
        ended = bool(self._reason) and self._failure is None
        return Answer(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            calls=calls,
            reason=self._reason,
            runnable=ended and self._reason not in _NOT_RUNNABLE,
            failure=self._failure,
        )


def parse_arguments(raw: str) -> JsonObject | None:
    """The object of a call's arguments; no text at all is an empty object, anything else that is no object None."""
    if not raw.strip():
        return {}
    try:
        value: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
