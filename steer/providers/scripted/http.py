"""HTTP/1.1 for one connection of the scripted model: requests in, paced server-sent events out."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Final

from steer.domain.values import Json
from steer.providers.scripted.answers import MODEL, Answer
from steer.providers.scripted.conversation import read_conversation
from steer.providers.scripted.dialogue import answer
from steer.providers.scripted.wire import BadRequest, read_question

_TICK: Final = 0.004
"""Seconds between two writes at most: a quarter of a frame at 60 Hz looks even, and wakes a busy core 250 times a second only."""
_BURST: Final = 64
"""Tokens of one write when there is no rate: small enough to notice at once that the client has gone."""
_MOST_HEADERS: Final = 64 * 1024
_MOST_BODY: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Office:
    """What the connections of one server share. Written by the server's thread only; ``idle`` can be waited for elsewhere."""

    rate: float
    tokens: int = 0
    answering: int = 0
    idle: threading.Event = field(default_factory=threading.Event)
    connections: set["Connection"] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.idle.set()

    def begin(self) -> None:
        self.answering += 1
        self.idle.clear()

    def end(self) -> None:
        self.answering -= 1
        if not self.answering:
            self.idle.set()

    async def hang_up(self) -> None:
        """Cut every connection and wait for their answers to end."""
        tasks = [each.task for each in self.connections if each.task is not None]
        for each in tuple(self.connections):
            each.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close in the loop's next round


@dataclass(frozen=True, slots=True)
class Request:
    """A whole HTTP request."""

    method: str
    path: str
    body: bytes
    keep: bool


class _Malformed(Exception):
    """The bytes are no HTTP request that this server takes."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other; an answer ends the moment the client goes."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._buffer = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None
        self._promised = False
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._office.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._office.connections.discard(self)
        self._transport = None
        if self.task is not None:
            self.task.cancel()

    def eof_received(self) -> None:
        # A client that ended its side is gone: what is still buffered for it must not delay the end of the answer.
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def abort(self) -> None:
        """Cut the connection without a goodbye."""
        if self._transport is not None:
            self._transport.abort()
        if self.task is not None:
            self.task.cancel()

    def _next(self) -> None:
        """Answer the next request in the buffer, if it is whole and none is being answered."""
        while self.task is None and self._transport is not None:
            try:
                request = self._take()
            except _Malformed as error:
                self._buffer.clear()
                self._send_error(error.status, error.message, keep=False)
                return
            if request is None:
                return
            self._answer(request)

    def _take(self) -> Request | None:
        """The first whole request of the buffer, taken out of it; None while it is not whole."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MOST_HEADERS:
                raise _Malformed(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.")
            return None
        first, *rest = self._buffer[:end].decode("latin-1").split("\r\n")
        match = re.fullmatch(r"([A-Z]+) (\S+) HTTP/1\.[01]", first)
        if match is None:
            raise _Malformed(HTTPStatus.BAD_REQUEST, "This is no HTTP request.")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        body, used = self._body(headers, end + 4)
        if body is None:
            self._promise(headers)
            return None
        del self._buffer[:used]
        self._promised = False
        return Request(match[1], match[2].partition("?")[0], body, headers.get("connection", "").lower() != "close")

    def _promise(self, headers: dict[str, str]) -> None:
        if headers.get("expect", "").lower() == "100-continue" and not self._promised and self._transport is not None:
            self._promised = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _body(self, headers: dict[str, str], start: int) -> tuple[bytes | None, int]:
        """The body and the position after it; None while it is not whole."""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks(start)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise _Malformed(HTTPStatus.BAD_REQUEST, f"Content-Length is {length!r}.")
        size = int(length)
        if size > _MOST_BODY:
            raise _Malformed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has {size} bytes, {_MOST_BODY} at most.")
        if len(self._buffer) < start + size:
            return None, start
        return bytes(self._buffer[start : start + size]), start + size

    def _chunks(self, at: int) -> tuple[bytes | None, int]:
        out = bytearray()
        while (line_end := self._buffer.find(b"\r\n", at)) >= 0:
            head = bytes(self._buffer[at:line_end]).partition(b";")[0].strip()
            if re.fullmatch(rb"[0-9A-Fa-f]{1,8}", head) is None:
                raise _Malformed(HTTPStatus.BAD_REQUEST, "A chunk has no size.")
            size, at = int(head, 16), line_end + 2
            if len(out) + size > _MOST_BODY:
                raise _Malformed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {_MOST_BODY} bytes.")
            if len(self._buffer) < at + size + 2:
                break
            out += self._buffer[at : at + size]
            at += size + 2
            if size == 0:
                return bytes(out), at
        return None, at

    def _answer(self, request: Request) -> None:
        path = request.path.rstrip("/")
        if path == "/v1/models" and request.method == "GET":
            self._send_json(HTTPStatus.OK, {"object": "list", "data": [_model()]}, request.keep)
        elif path.startswith("/v1/models/") and request.method == "GET":
            self._send_json(HTTPStatus.OK, _model(), request.keep)
        elif path == "/v1/chat/completions" and request.method == "POST":
            self._complete(request)
        elif path in ("/v1/models", "/v1/chat/completions"):
            self._send_error(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not for {path}.", request.keep)
        else:
            self._send_error(HTTPStatus.NOT_FOUND, f"Unknown address {request.method} {request.path}.", request.keep)

    def _complete(self, request: Request) -> None:
        try:
            question = read_question(request.body)
        except BadRequest as error:
            self._send_error(HTTPStatus.BAD_REQUEST, error.message, request.keep, error.param, error.code)
            return
        reply = Answer(question, answer(read_conversation(question.messages, question.tools)))
        if not question.stream:
            self._send(HTTPStatus.OK, reply.whole(), request.keep)
            self._office.tokens += reply.tokens
            return
        self._office.begin()
        self.task = asyncio.get_running_loop().create_task(self._stream(reply, request.keep))
        self.task.add_done_callback(self._streamed)

    def _streamed(self, task: asyncio.Task[None]) -> None:
        self._office.end()
        self.task = None
        if not task.cancelled() and task.exception() is not None:
            self.abort()
        self._next()

    async def _stream(self, reply: Answer, keep: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        close = "" if keep else "connection: close\r\n"
        transport.write(f"{head}{close}transfer-encoding: chunked\r\n\r\n".encode() + _chunk(reply.head()))
        await self._pace(transport, reply.body())
        transport.write(_chunk(reply.tail()) + b"0\r\n\r\n")
        if not keep:
            transport.close()

    async def _pace(self, transport: asyncio.Transport, events: Iterator[bytes]) -> None:
        """Write the events at the rate. Every event is due at its own time, so what came late is caught up with."""
        loop = asyncio.get_running_loop()
        rate, sent, start = self._office.rate, 0, loop.time()
        while True:
            due = int((loop.time() - start) * rate) + 1 - sent if rate else _BURST
            batch = [_chunk(event) for event in islice(events, max(1, due))]
            if not batch:
                return
            transport.write(b"".join(batch))
            sent += len(batch)
            self._office.tokens += len(batch)
            await self._writable.wait()
            await asyncio.sleep(max(0.0, start + sent / rate - loop.time(), _TICK) if rate else 0)

    def _send_error(
        self, status: HTTPStatus, message: str, keep: bool, param: str | None = None, code: str | None = None
    ) -> None:
        error: Json = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self._send_json(status, {"error": error}, keep)

    def _send_json(self, status: HTTPStatus, value: Json, keep: bool) -> None:
        self._send(status, json.dumps(value).encode(), keep)

    def _send(self, status: HTTPStatus, body: bytes, keep: bool) -> None:
        if self._transport is None:
            return
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self._transport.write(f"{head}{'' if keep else 'connection: close' + chr(13) + chr(10)}\r\n".encode() + body)
        if not keep:
            self._transport.close()


def _model() -> dict[str, Json]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "steer"}


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
