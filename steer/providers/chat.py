"""The Chat Completions wire as a Provider of the engine."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from steer.domain.deltas import Delta, Failed, Retrying
from steer.domain.messages import ModelRequest
from steer.providers.decode import AnswerDecoder
from steer.providers.dialect import Dialect, adapted
from steer.providers.endpoint import Endpoint
from steer.providers.exchange import Exchange
from steer.providers.failures import Failure, Where
from steer.providers.options import ChatOptions, Patience
from steer.providers.request import write_body
from steer.providers.waits import backoff, spoken


class ChatProvider:
    """A model behind an endpoint that speaks Chat Completions.

    Retries are made here and not by the SDK: the SDK's cannot be seen (its only trace is a log line), wait up to two
    minutes in silence, and count a used-up quota as worth waiting for. ``sleep`` is what waits between two tries.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        window: int | None = None,
        options: ChatOptions | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._window = window
        self._options = options or ChatOptions()
        self._patience = patience or Patience()
        self._sleep = sleep
        self._dialect = Dialect()
        self._where = Where(model, endpoint.url, endpoint.key)
        self._closed = False

    @property
    def model(self) -> str:
        return self._model

    @property
    def window(self) -> int | None:
        """Context window in tokens; None where it is not known."""
        return self._window

    @property
    def takes_tools(self) -> bool:
        """False once the endpoint has refused tools: its answers are then text only."""
        return self._dialect.tools

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Sequence[Delta], None]:
        """Ask, and give the answer as batches of deltas, one batch a network read; does not raise.

        Closing the generator, or cancelling the task that reads it, closes the connection at once.
        """
        tools = tuple(spec.name for spec in request.tools)
        tries = 0
        while True:
            if self._closed:
                yield [Failed("network", "The provider is closed.")]
                return
            body = write_body(request, self._model, self._options, self._dialect)
            exchange = Exchange(self._endpoint, self._where, self._patience, AnswerDecoder(self._where, tools))
            try:
                exchange.start(body.data)
                while not exchange.over:
                    batch = await exchange.read()
                    if batch:
                        yield batch
            finally:
                await exchange.close()
            failure = exchange.failure
            if failure is None:
                return
            dialect = adapted(self._dialect, failure, body.sent)
            if dialect is not None:
                self._dialect = dialect
                continue
            step = self._after(failure, tries)
            yield [step]
            if isinstance(step, Failed):
                return
            tries += 1
            await self._sleep(step.delay)

    async def close(self) -> None:
        """Close every connection; answers still read end as failed."""
        self._closed = True
        await self._endpoint.close()

    def _after(self, failure: Failure, tries: int) -> Retrying | Failed:
        """What follows a failure before the first byte."""
        if not failure.transient:
            return failure.failed()
        if failure.wait is not None and failure.wait > self._patience.longest_wait:
            message = f"{failure.message} The endpoint asks to wait {spoken(failure.wait)}."
            return Failed(failure.kind, message, failure.limit)
        if tries >= self._patience.max_retries:
            times = f" (tried {tries + 1} times)" if tries else ""
            return Failed(failure.kind, failure.message + times, failure.limit)
        # Never earlier than asked, and not all clients at the same moment.
        jitter = random.random()
        delay = backoff(tries, jitter) if failure.wait is None else failure.wait + min(1.0, 0.1 * failure.wait) * jitter
        return Retrying(failure.kind, failure.message, delay)
