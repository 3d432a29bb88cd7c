"""The seam between a session and its screen: small, since the first paint waits for what it imports."""

from collections.abc import Sequence
from typing import Protocol

from steer.domain.commands import Command
from steer.domain.events import Record
from steer.domain.messages import Message, ToolSpec


class TokenCounter(Protocol):
    """Counts tokens as the model's family does; usable before its vocabulary is loaded, then by an estimate."""

    def count(self, text: str) -> int: ...

    def message(self, message: Message) -> int:
        """Tokens of one message as it is sent, its own overhead included."""
        ...

    def tools(self, tools: Sequence[ToolSpec]) -> int:
        """Tokens of the tools' declarations as the endpoint renders them."""
        ...


class Cockpit(Protocol):
    """A session as its screen sees it: commands go in, records come out, and neither waits for the other."""

    def post(self, command: Command) -> None:
        """Ask for something. Never blocks; an interrupt takes effect before this returns."""
        ...

    def drain(self) -> list[Record]:
        """All records since the last drain, in order; the freshest deltas included."""
        ...

    def now(self) -> float:
        """Seconds since the session started, as records are stamped."""
        ...

    async def close(self) -> None:
        """End what runs, write the journal out, let go of everything."""
        ...
