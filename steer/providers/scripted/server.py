"""The scripted model's endpoint: a real HTTP server on loopback, in a thread with an event loop of its own."""

import asyncio
import math
import socket
import threading
from types import TracebackType
from typing import Final

from steer.domain.errors import UsageError
from steer.providers.scripted.answers import MODEL
from steer.providers.scripted.http import Connection, Office

_JOIN_SECONDS: Final = 5.0


class ScriptedServer:
    """OpenAI Chat Completions at ``base_url``, answered by the script.

    Serves from construction until ``close``, also as a context manager. ``rate`` is in tokens a second, 0 as fast
    as the client takes them; raises UsageError where it is negative or no number.
    """

    def __init__(self, rate: float = 1200.0) -> None:
        if not math.isfinite(rate) or rate < 0:
            raise UsageError(
                f"A rate of {rate} tokens a second is impossible.", "Give a number from 0 (as fast as possible)."
            )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._socket.getsockname()[1]
        self._office = Office(rate)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        # A daemon: a program that dies without closing is not kept alive by its demo model.
        self._thread = threading.Thread(target=self._run, name="scripted-model", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """What a client is configured with: ``http://127.0.0.1:PORT/v1``."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def model(self) -> str:
        """The model's name, which says that it is none."""
        return MODEL

    @property
    def tokens(self) -> int:
        """Tokens made so far, by all answers."""
        return self._office.tokens

    @property
    def answering(self) -> int:
        """Answers being streamed now."""
        return self._office.answering

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is being streamed, ``timeout`` seconds at most; says whether that came about."""
        return self._office.idle.wait(timeout)

    def close(self) -> None:
        """Cut all connections and end the thread. May be called again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_JOIN_SECONDS)

    def __enter__(self) -> "ScriptedServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(lambda: Connection(self._office), sock=self._socket)
        await self._stop.wait()
        server.close()
        await self._office.hang_up()
