"""How full the window is: counted before each request, corrected by what the endpoint reports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from steer.domain.calibration import Calibration
from steer.domain.context import Category, fraction_of, next_band
from steer.domain.deltas import UsagePiece
from steer.domain.events import Usage
from steer.domain.messages import Message, ToolSpec
from steer.domain.values import Band, Role
from steer.engine.cockpit import TokenCounter
from steer.engine.ports import MemoryFile

_REPLY = 3
"""Tokens that prime the answer, by the published counting rule for chat models."""


_CATEGORY: Final[Mapping[Role, Category]] = MappingProxyType(
    {"system": "instructions", "user": "conversation", "assistant": "conversation", "tool": "tool_results"}
)


@dataclass(slots=True)
class Meter:
    """Counts what will be sent, by category. ``window`` in tokens, None where it is not known."""

    counter: TokenCounter
    window: int | None
    memory_tokens: int = 0
    calibration: Calibration = field(default_factory=Calibration)
    band: Band | None = None
    _tokens: dict[Category, int] = field(default_factory=dict)

    def start(self, tools: Sequence[ToolSpec], memory: Iterable[MemoryFile]) -> None:
        """Count what is the same in every request."""
        self._tokens["tools"] = self.counter.tools(tools) if tools else 0
        self.memory_tokens = sum(self.counter.count(each.text) for each in memory)

    def add(self, message: Message) -> None:
        """The history grew by one message."""
        tokens = self.counter.message(message)
        category = _CATEGORY[message.role]
        if message.role == "system":
            self._tokens["memory"] = min(tokens, self.memory_tokens)
            tokens -= self._tokens["memory"]
        self._tokens[category] = self._tokens.get(category, 0) + tokens

    def raw(self) -> int:
        """Tokens of the next request by our own count."""
        return sum(self._tokens.values()) + _REPLY

    def estimate(self) -> int:
        """Tokens of the next request as the endpoint would count them."""
        return self.calibration.apply(self.raw())

    def by_category(self) -> Mapping[str, int]:
        """Tokens of the next request by our own count; the reply's priming counts as conversation."""
        counts = {str(category): tokens for category, tokens in self._tokens.items()}
        counts["conversation"] = counts.get("conversation", 0) + _REPLY
        return counts

    def learn(self, asked: int, usage: UsagePiece | None) -> None:
        """``asked`` was our own count of a request, ``usage`` what the endpoint reported for it."""
        if usage is not None and usage.prompt_tokens is not None:
            self.calibration = self.calibration.learn(asked, usage.prompt_tokens, usage.cached_tokens or 0)

    def event(self, usage: UsagePiece | None = None) -> Usage:
        """The meter's state now; ``usage`` what the endpoint reported for the request that just ended."""
        estimate = self.estimate()
        fraction = fraction_of(estimate, self.window)
        self.band = None if fraction is None else next_band(fraction, self.band)
        categories: Mapping[str, int] = {k: self.calibration.apply(v) for k, v in self.by_category().items()}
        return Usage(
            usage.prompt_tokens if usage else None,
            usage.completion_tokens if usage else None,
            usage.cached_tokens if usage else None,
            estimate,
            self.window,
            None if fraction is None else round(fraction, 6),
            self.band,
            categories,
        )
