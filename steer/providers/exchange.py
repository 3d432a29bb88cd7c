"""One request and its answer: sent once, read as it comes, closed at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import httpx
import openai

from steer.domain.deltas import Delta
from steer.providers.decode import AnswerDecoder
from steer.providers.endpoint import Endpoint
from steer.providers.failures import Failure, Reply, Where, from_connection, from_reply
from steer.providers.options import Patience
from steer.providers.waits import spoken
from steer.providers.watchdog import Stalled, Watchdog

_PATH: Final = "/chat/completions"
_DRAIN: Final = 0.2
"""Seconds to wait, after the end mark, for the body's own end: read to it, the connection serves the next step too."""
_GATHER: Final = 0.005
"""Seconds for which tokens may gather in the kernel while they come fast. Waking for each of 1,200 small chunks a second
costs a quarter of a core (0.2 ms each through httpx and h11), and nobody draws more often than 30 times a second."""
_AHEAD: Final = 8 * 1024 * 1024
"""Bytes read ahead of a reader that pauses; then the connection's own flow control holds the endpoint back."""

_BROKEN = (httpx.HTTPError, httpx.StreamError, OSError)


class Exchange:
    """A request under way, in a task of its own. ``read`` until ``over``; ``close`` in any case.

    The task is there for the interrupt: httpcore closes a connection with awaits of its own, and a second cancellation in
    the middle of them leaves it open for ever, the endpoint generating and the pool a connection short (measured, with
    httpcore 1.0). A reader may be cancelled as often as it likes; this task is cancelled once.

    ``failure`` is set where the request failed before the first byte of a body: only then may it be sent again.
    """

    def __init__(self, endpoint: Endpoint, where: Where, patience: Patience, decoder: AnswerDecoder) -> None:
        self.failure: Failure | None = None
        self.over = False
        self._endpoint = endpoint
        self._where = where
        self._patience = patience
        self._decoder = decoder
        self._task: asyncio.Task[None] | None = None
        self._started = False
        self._waited = False
        self._deltas: list[Delta] = []
        self._ahead = 0
        self._ended = False
        self._news = asyncio.Event()
        self._taken = asyncio.Event()

    def start(self, body: bytes) -> None:
        """Send the request."""
        self._task = asyncio.create_task(self._run(body), name="steer request")

    async def read(self) -> Sequence[Delta]:
        """What has come since the last time, waiting for something; with the last of it, ``over``."""
        while not self._deltas and not self._ended:
            self._news.clear()
            await self._news.wait()
        if self._ended:
            self.over = True
            if self._task is not None:
                # Raises what must not have happened; failures of the endpoint are deltas.
                await self._task
        deltas, self._deltas = self._deltas, []
        self._ahead = 0
        self._taken.set()
        return deltas

    async def close(self) -> None:
        """Close the response; where its body was not read to the end, the connection with it."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            # Cancelled here, the waiting ends and the closing goes on.
            await asyncio.wait((task,))

    async def _run(self, body: bytes) -> None:
        watchdog = Watchdog()
        response: httpx.Response | None = None
        try:
            first_byte_by = asyncio.get_running_loop().time() + self._patience.first_byte_timeout
            response = await self._send(body, watchdog)
            if response is not None:
                await self._receive(response.aiter_bytes(), watchdog, first_byte_by)
        finally:
            watchdog.close()
            try:
                if response is not None:
                    await response.aclose()
            finally:
                self._ended = True
                self._news.set()

    async def _send(self, body: bytes, watchdog: Watchdog) -> httpx.Response | None:
        """Send the request and wait for the status; None where that failed."""
        watchdog.start(self._patience.first_byte_timeout)
        try:
            return await self._endpoint.post(_PATH, body)
        except asyncio.CancelledError:
            if not watchdog.expired():
                raise
            self.failure = self._stalled()
        except openai.APIStatusError as error:
            self.failure = from_reply(_reply(error), self._where)
        except (openai.OpenAIError, httpx.InvalidURL, *_BROKEN) as error:
            self.failure = from_connection(error, self._where)
        finally:
            watchdog.stop()
        return None

    async def _receive(self, body: AsyncIterator[bytes], watchdog: Watchdog, first_byte_by: float) -> None:
        """Decode the body to its end, and tell how it ended."""
        try:
            await self._decode(body, watchdog, first_byte_by)
        except Stalled:
            self._break_off(self._stalled())
        except _BROKEN as error:
            self._break_off(from_connection(error, self._where, answering=self._started))
        else:
            if not self._decoder.failed:
                self._put(self._decoder.end(None), 0)

    async def _decode(self, body: AsyncIterator[bytes], watchdog: Watchdog, first_byte_by: float) -> None:
        """Decode the body as it comes, to its end, the end mark or an error in it."""
        loop = asyncio.get_running_loop()
        while not self._decoder.failed and not self._decoder.done:
            asked, self._waited = loop.time(), False
            turn = loop.call_soon(self._turned)
            data = await _next(body, watchdog, self._limit(first_byte_by))
            turn.cancel()
            if data is None:
                return
            self._started = True
            self._put(self._decoder.feed(data), len(data))
            if self._waited and loop.time() - asked < _GATHER and not self._decoder.complete:
                # The connection is not read meanwhile; an interrupt ends this wait like any other.
                await asyncio.sleep(_GATHER)
            if self._ahead > _AHEAD:
                self._taken.clear()
                await self._taken.wait()
        if self._decoder.done:
            await _drain(body, watchdog)

    def _turned(self) -> None:
        """The loop came round: the bytes asked for were not here yet, and the next ones will not be either."""
        self._waited = True

    def _put(self, deltas: list[Delta], size: int) -> None:
        if deltas:
            self._deltas += deltas
            self._ahead += size
            self._news.set()

    def _limit(self, first_byte_by: float) -> float:
        if not self._started:
            return first_byte_by - asyncio.get_running_loop().time()
        return self._patience.settle_timeout if self._decoder.complete else self._patience.stall_timeout

    def _stalled(self) -> Failure:
        seconds = self._patience.stall_timeout if self._started else self._patience.first_byte_timeout
        what = "stopped sending" if self._started else "sent nothing"
        return Failure("stalled", f"{self._where.url} {what} for {spoken(seconds)}.")

    def _break_off(self, failure: Failure) -> None:
        if self._started:
            self._put(self._decoder.end(failure.failed()), 0)
        else:
            self.failure = failure


async def _next(body: AsyncIterator[bytes], watchdog: Watchdog, limit: float) -> bytes | None:
    """The next bytes, None at the body's end. Only the wait here is timed, so a reader that pauses is no stall."""
    watchdog.start(limit)
    try:
        return await anext(body, None)
    except asyncio.CancelledError:
        if watchdog.expired():
            raise Stalled from None
        raise
    finally:
        watchdog.stop()


async def _drain(body: AsyncIterator[bytes], watchdog: Watchdog) -> None:
    try:
        while await _next(body, watchdog, _DRAIN) is not None:
            pass
    except (Stalled, *_BROKEN):
        # The answer is whole; all that is lost is the connection.
        return


def _reply(error: openai.APIStatusError) -> Reply:
    # The SDK types the response as its own httpx2; with an httpx client it is httpx's, which reads the same.
    try:
        body = error.response.text
    except RuntimeError:
        # Not read: a redirect without an address, say. The SDK's own words are then all there is.
        body = error.message
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    return Reply(error.status_code, headers, body)
