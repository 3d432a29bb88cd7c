"""Running a session over fakes and looking at what it said."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from steer.domain.events import Event, Record
from steer.domain.messages import Message
from steer.domain.transcript import replay
from steer.engine.core import SessionOptions
from steer.engine.ports import Ports
from steer.engine.session import Session, create_session
from tests.fakes import MemoryJournal

T = TypeVar("T")
E = TypeVar("E")


@dataclass
class Played:
    """A session at work and everything it has published."""

    session: Session
    journal: MemoryJournal

    @property
    def events(self) -> list[Event]:
        self.session.core.log.flush()
        return [record.event for record in self.journal.records]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def messages(self) -> list[Message]:
        return self.session.transcript.messages

    async def until(self, kind: type[Event], count: int = 1) -> None:
        """Wait until ``count`` events of a kind were published."""
        done = asyncio.Event()

        def look(_: object) -> None:
            if not done.is_set() and sum(isinstance(record.event, kind) for record in self.journal.records) >= count:
                done.set()

        self.session.core.log.subscribe(look)
        look(())
        await asyncio.wait_for(done.wait(), 10)


def play(
    ports: Ports,
    work: Callable[[Played], Awaitable[T]],
    options: SessionOptions | None = None,
    earlier: list[Record] | None = None,
) -> T:
    """Run ``work`` against a session over ``ports``; then check what holds for every session."""

    async def main() -> T:
        session = create_session(ports, options or SessionOptions("s1"), earlier or ())
        journal = ports.journal
        assert isinstance(journal, MemoryJournal)
        played = Played(session, journal)
        session.start()
        try:
            return await asyncio.wait_for(work(played), 20)
        finally:
            await session.close()
            check(played, earlier or [])

    return run(main())


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def check(played: Played, earlier: list[Record]) -> None:
    """The invariants: numbers without gaps, state is the fold of the events, calls and results pair up."""
    records = [*earlier, *played.journal.records]
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert replay(records) == played.session.transcript
    valid_history(played.messages)


def valid_history(messages: list[Message]) -> None:
    """What a strict endpoint checks: results follow their calls at once, each exactly once, and nothing is empty (H1, H8)."""
    open_calls: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in open_calls, f"result without call: {message}"
            open_calls.remove(message.tool_call_id)
        else:
            assert not open_calls, f"{open_calls} have no result before {message}"
            open_calls = [call.id for call in message.tool_calls]
        assert message.content.strip() or message.tool_calls, f"empty message: {message}"
    assert not open_calls
    ids = [call.id for message in messages for call in message.tool_calls]
    assert len(ids) == len(set(ids))
