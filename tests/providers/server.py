"""An HTTP/1.1 server on loopback that answers from a script, for tests against a real socket.

    async with Server([Answer.events(chunk("Hello"), chunk(finish="stop"))]) as server:
        ... open_provider(server.url, "key", "model") ...
        assert server.requests[0].json()["model"] == "model"

Each request takes the next answer; the last one is given again and again. An answer is a list of parts sent one after the
other, each flushed by itself: bytes, an ``asyncio.Event`` to wait for, a number of seconds to wait, ``ABORT`` (the
connection is reset) or ``HANG`` (nothing more comes until the client goes). What the client did is in ``requests``:
the body, the headers, and whether and when it hung up.
"""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self, TypeAlias


class Mark(Enum):
    """What an answer can do besides sending and waiting."""

    ABORT = "reset the connection"
    HANG = "send nothing until the client goes"


ABORT: Final = Mark.ABORT
HANG: Final = Mark.HANG

Step: TypeAlias = bytes | asyncio.Event | float | Mark


@dataclass(frozen=True)
class Answer:
    """One scripted answer. ``before`` happens before the status line; ``chunked`` False sends the body up to the connection's
    end, without a length, as HTTP/1.0 servers do."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    parts: Sequence[Step] = ()
    before: Sequence[Step] = ()
    chunked: bool = True

    @classmethod
    def events(cls, *events: object, done: bool = True) -> "Answer":
        """A stream of JSON objects as events, with the end mark unless ``done`` is False."""
        return cls(parts=[*(sse(event) for event in events), *([b"data: [DONE]\n\n"] if done else [])])

    @classmethod
    def raw(cls, *parts: Step, content_type: str = "text/event-stream") -> "Answer":
        """A 200 with these parts as its body."""
        return cls(headers={"content-type": content_type}, parts=parts)

    @classmethod
    def error(cls, status: int, body: object = "", **headers: str) -> "Answer":
        """A status with a body: a string as it is, anything else as JSON. Underscores in header names become dashes."""
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if text.startswith("<") else "application/json"
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, {"content-type": kind, **names}, [text.encode()] if text else [])


@dataclass
class Request:
    """A request as it came. ``gone`` is set when the client has hung up, ``gone_at`` then is ``time.monotonic()``."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    at: float
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at: float | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class _Reader(asyncio.StreamReader):
    """A reader that tells when the client has gone, without reading: the next request's bytes stay where they are."""

    def __init__(self) -> None:
        super().__init__(limit=1 << 26)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.gone.set()


class Server:
    """Serves a script on a free port of 127.0.0.1 while its ``async with`` block runs.

    ``url`` is the base URL to give to a client; ``requests`` fills as they come; ``arrived`` waits for the nth;
    ``connections`` counts the sockets that were opened.
    """

    def __init__(self, answers: Sequence[Answer] = ()) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.connections = 0
        self.url = ""
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def arrived(self, count: int = 1) -> Request:
        """Wait until ``count`` requests have come; gives the last of them."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    def bodies(self) -> list[Any]:
        """The JSON bodies of the requests so far."""
        return [request.json() for request in self.requests]

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = _Reader()

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connected(reader, writer)

        return asyncio.StreamReaderProtocol(reader, connected)

    async def _connected(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        number = self.connections
        try:
            while await self._serve(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: _Reader, writer: asyncio.StreamWriter, number: int) -> bool:
        """Answer one request; whether the connection goes on."""
        request = await _read_request(reader, number)
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        async with self._news:
            self._news.notify_all()
        watch = asyncio.create_task(_watch(reader, request))
        play = asyncio.create_task(_play(answer, writer))
        try:
            await asyncio.wait((watch, play), return_when=asyncio.FIRST_COMPLETED)
            going_on = play.done() and not play.cancelled() and play.exception() is None and play.result()
        finally:
            for task in (watch, play):
                task.cancel()
            await asyncio.gather(watch, play, return_exceptions=True)
            request.finished.set()
        return going_on and not request.gone.is_set()


async def _read_request(reader: asyncio.StreamReader, number: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, number, time.monotonic())


async def _watch(reader: _Reader, request: Request) -> None:
    """Note when the client hangs up."""
    await reader.gone.wait()
    request.gone_at = time.monotonic()
    request.gone.set()


async def _play(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Send an answer; whether the connection can serve another."""
    for step in answer.before:
        if not await _step(step, writer, chunked=False):
            return False
    headers = dict(answer.headers)
    if answer.chunked:
        headers["transfer-encoding"] = "chunked"
    else:
        headers["connection"] = "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {answer.status} Scripted\r\n{lines}\r\n".encode("latin-1"))
    for step in answer.parts:
        if not await _step(step, writer, chunked=answer.chunked):
            return False
    if answer.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return answer.chunked


async def _step(step: Step, writer: asyncio.StreamWriter, *, chunked: bool) -> bool:
    """Do one step; False where the connection ended with it."""
    if isinstance(step, bytes):
        if step:
            writer.write(b"%x\r\n%s\r\n" % (len(step), step) if chunked else step)
            await writer.drain()
            # Two parts are two reads of the client, as far as the kernel lets one say so.
            await asyncio.sleep(0)
    elif isinstance(step, asyncio.Event):
        await step.wait()
    elif step is ABORT:
        peer = writer.get_extra_info("socket")
        # Lingering for zero seconds makes closing send a reset.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False
    elif step is HANG:
        await asyncio.Event().wait()
    elif isinstance(step, float | int):
        await asyncio.sleep(step)
    return True


def sse(event: object) -> bytes:
    """An object as one event."""
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def chunk(text: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chat.completion.chunk with this text, finish reason and further fields of its delta."""
    if text is not None:
        delta["content"] = text
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def usage(prompt: int, completion: int, **more: Any) -> dict[str, Any]:
    """The chunk that carries usage alone."""
    figures = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [],
        "usage": figures,
    }
