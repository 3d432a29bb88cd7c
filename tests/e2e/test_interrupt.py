"""The order of an interrupt: the connection goes first, everything else after it (EDGE-CASES I1, P14)."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from steer.domain.commands import Interrupt, Submit
from steer.domain.events import TextDelta, TurnFinished
from steer.engine.core import SessionOptions
from steer.engine.session import create_session
from steer.providers.client import open_provider
from tests.engine.play import Played
from tests.fakes import MemoryJournal, ScriptedProvider, ports
from tests.providers.server import HANG, Answer, Server, chunk, sse


@contextmanager
def server_elsewhere(answer: Answer) -> Iterator[tuple[str, threading.Event]]:
    """A server in a thread of its own: its address, and an event that is set when the client has hung up."""
    gone, ready, stop = threading.Event(), threading.Event(), threading.Event()
    address: list[str] = []

    async def serve() -> None:
        async with Server([answer]) as server:
            address.append(server.url)
            ready.set()
            request = await server.arrived()
            await request.gone.wait()
            gone.set()
            await asyncio.to_thread(stop.wait, 20)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield address[0], gone
    finally:
        stop.set()
        thread.join(10)


class StuckJournal(MemoryJournal):
    """A disk that answers only after the endpoint has seen the connection go."""

    def __init__(self, gone: threading.Event) -> None:
        super().__init__()
        self.gone = gone
        self.in_order: list[bool] = []

    def sync(self) -> None:
        self.in_order.append(self.gone.wait(5))


def test_I1_the_endpoint_sees_the_connection_go_before_anything_is_written() -> None:
    with server_elsewhere(Answer.raw(sse(chunk("half")), HANG)) as (url, gone):
        journal = StuckJournal(gone)

        async def main() -> None:
            made = replace(ports(ScriptedProvider([])), provider=open_provider(url, "key", "m"), journal=journal)
            session = create_session(made, SessionOptions("s"))
            session.start()
            played = Played(session, journal)
            session.post(Submit("go"))
            await played.until(TextDelta)
            session.post(Interrupt(1))
            await played.until(TurnFinished)
            await session.close()

        asyncio.run(main())
        assert journal.in_order
        assert all(journal.in_order), "the disk was waited for before the connection was closed"
