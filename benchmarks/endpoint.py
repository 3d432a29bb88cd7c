"""A model's endpoint on loopback that plays scripts: OpenAI Chat Completions and Responses, streamed.

It runs in a process of its own, prints ``port N``, and ends when its standard input does. Each thing it sees is a line of JSON
in the log with ``time.monotonic()``, which is one clock for all processes of a machine: ``request``, ``done`` (with the
time each marker was handed to the kernel) and ``gone`` (the client closed the connection in mid-answer).
"""

import argparse
import asyncio
import json
import socket
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from benchmarks.text import Scenario, Script, script

WIRES = {"/chat/completions": "chat", "/responses": "responses"}
BURST = 64
"""Tokens a write where the rate is not limited."""

IDLE = Script(("OK",), {})
"""For requests that name no scenario, or one already played: titles, summaries."""


def event(data: dict[str, Any], name: str | None = None) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


@lru_cache(maxsize=4096)
def quoted(token: str) -> str:
    return json.dumps(token)


Frames = tuple[bytes, list[bytes], bytes]
"""What goes before the tokens, one frame a token, what goes after them."""


def chat_frames(tokens: tuple[str, ...], usage: tuple[int, int], request: dict[str, Any]) -> Frames:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": request.get("model", "")}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return event(base | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    before, after = chunk({"content": "@"}).decode().split('"@"')
    tail = chunk({}, "stop")
    if (request.get("stream_options") or {}).get("include_usage"):
        prompt, completion = usage
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        tail += event(base | {"choices": [], "usage": counts})
    frames = [f"{before}{quoted(token)}{after}".encode() for token in tokens]
    return chunk({"role": "assistant", "content": ""}), frames, tail + b"data: [DONE]\n\n"


def responses_frames(tokens: tuple[str, ...], usage: tuple[int, int], request: dict[str, Any]) -> Frames:
    numbers = iter(range(1_000_000_000))

    def step(kind: str, **fields: Any) -> bytes:
        return event({"type": kind, "sequence_number": next(numbers)} | fields, kind)

    text = "".join(tokens)
    part = {"type": "output_text", "annotations": [], "text": text}
    item = {"type": "message", "id": "msg_1", "role": "assistant"}
    answer = {"id": "resp_1", "object": "response", "created_at": 1, "model": request.get("model", ""), "output": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    head = step("response.created", response=answer | {"status": "in_progress"})
    head += step("response.output_item.added", output_index=0, item=item | {"status": "in_progress", "content": []})
    head += step("response.content_part.added", part=part | {"text": ""}, **place)
    kind = "response.output_text.delta"
    frames = [
        f'event: {kind}\ndata: {{"type":"{kind}","sequence_number":{next(numbers)},"item_id":"msg_1",'
        f'"output_index":0,"content_index":0,"delta":{quoted(token)}}}\n\n'.encode()
        for token in tokens
    ]
    whole = item | {"status": "completed", "content": [part]}
    prompt, completion = usage
    counts = {
        "input_tokens": prompt,
        "output_tokens": completion,
        "total_tokens": prompt + completion,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    tail = step("response.output_text.done", text=text, **place)
    tail += step("response.output_item.done", output_index=0, item=whole)
    finished = answer | {"status": "completed", "output": [whole], "usage": counts}
    return head, frames, tail + step("response.completed", response=finished)


def whole_answer(wire: str, text: str, usage: tuple[int, int]) -> dict[str, Any]:
    """The answer to a request that does not want a stream."""
    prompt, completion = usage
    if wire == "responses":
        content = [{"type": "output_text", "annotations": [], "text": text}]
        output = [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}]
        return {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "output": output}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "choices": [choice], "usage": counts}


class Log:
    """Lines of JSON, each written at once."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.played: set[str] = set()

    def write(self, what: str, at: float, **fields: Any) -> None:
        self._file.write(json.dumps({"event": what, "at": at} | fields) + "\n")
        self._file.flush()


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._playing: asyncio.Task[None] | None = None
        self._label: str | None = None
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        link = transport.get_extra_info("socket")
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(1 << 16)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def eof_received(self) -> bool | None:
        self._gone()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()

    def _gone(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
            self._log.write("gone", time.monotonic(), label=self._label, sent=self._sent)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._playing is None and (request := self._next_request()):
            self._serve(*request)

    def _next_request(self) -> tuple[str, str, bytes] | None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return None
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (item.partition(":") for item in lines)}
        if "chunked" in headers.get("transfer-encoding", ""):
            body, rest, complete = unchunk(rest)
            if not complete:
                return None
        else:
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return None
            body, rest = rest[:length], rest[length:]
        self._buffer = rest
        method, path, *_ = line.split(" ")
        return method, path.split("?")[0], body

    def _serve(self, method: str, path: str, body: bytes) -> None:
        at = time.monotonic()
        if path.endswith("/models"):
            model = {"id": "bench", "object": "model", "created": 1, "owned_by": "bench"}
            return self._reply(200, {"object": "list", "data": [model], "models": []})
        wire = next((name for end, name in WIRES.items() if path.endswith(end)), None)
        if method != "POST" or wire is None:
            self._log.write("unknown", at, method=method, path=path)
            return self._reply(404, {"error": {"message": f"{method} {path} is not played here"}})
        try:
            request = json.loads(body)
        except ValueError:
            return self._reply(400, {"error": {"message": "the body is not JSON"}})
        scenario = Scenario.last_in(body.decode("utf-8", "replace"))
        if scenario is None or scenario.label in self._log.played:
            scenario, played = None, IDLE
        else:
            played = script(scenario.kind, scenario.tokens, scenario.every, scenario.label)
            self._log.played.add(scenario.label)
            self._log.write("request", at, label=scenario.label, bytes=len(body), wire=wire)
        usage = (len(body) // 5, len(played.tokens))
        if not request.get("stream"):
            return self._reply(200, whole_answer(wire, "".join(played.tokens), usage))
        make = chat_frames if wire == "chat" else responses_frames
        self._label, self._sent = scenario.label if scenario else None, 0
        rate = scenario.rate if scenario else 0
        self._playing = asyncio.ensure_future(self._play(make(played.tokens, usage, request), played.marks, rate))
        return None

    def _reply(self, status: int, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        assert self._transport is not None
        self._transport.write(head.encode() + body)

    async def _play(self, frames: Frames, marks: dict[int, int], rate: int) -> None:
        transport = self._transport
        assert transport is not None
        head, tokens, tail = frames
        body = [chunked(token) for token in tokens]  # an HTTP chunk a token, as servers flush them
        start = time.monotonic()
        transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n" + chunked(head)
        )
        stamps: dict[int, float] = {}
        at = 0
        while at < len(body):
            due = int((time.monotonic() - start) * rate) + 1 if rate else at + BURST
            due = min(due, len(body))
            if due > at:
                transport.write(b"".join(body[at:due]))
                now = time.monotonic()
                stamps |= {marks[index]: now for index in range(at, due) if index in marks}
                self._sent = at = due
                await self._writable.wait()
            await asyncio.sleep(max(0.0, start + at / rate - time.monotonic()) if rate else 0)
        transport.write(chunked(tail) + b"0\r\n\r\n")
        await self._writable.wait()
        self._playing = None
        if self._label is not None:
            done = {"label": self._label, "first": start, "sent": self._sent, "marks": stamps}
            self._log.write("done", time.monotonic(), **done)
        self.data_received(b"")


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def unchunk(data: bytes) -> tuple[bytes, bytes, bool]:
    """Body, what follows it, and whether the body is complete."""
    body = b""
    while True:
        size, end, rest = data.partition(b"\r\n")
        if not end:
            return body, data, False
        length = int(size.split(b";")[0], 16)
        if len(rest) < length + 2:
            return body, data, False
        body, data = body + rest[:length], rest[length + 2 :]
        if length == 0:
            return body, data, True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=Path, required=True, help="file for the lines of JSON")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    loop = asyncio.new_event_loop()
    with options.log.open("a") as file:
        log = Log(file)
        server = loop.run_until_complete(loop.create_server(lambda: Connection(log), "127.0.0.1", options.port))
        loop.add_reader(sys.stdin.fileno(), loop.stop)  # no endpoint outlives its measurement
        print("port", server.sockets[0].getsockname()[1], flush=True)
        loop.run_forever()


if __name__ == "__main__":
    main()
