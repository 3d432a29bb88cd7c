"""The least a Python program can do with the same stream: read it and write each token out. The floor of all tables.

``bare.py httpx`` reads with httpx and prints; ``bare.py socket`` reads a raw socket. A line and Enter asks, Esc interrupts.
"""

import asyncio
import json
import os
import sys
import termios
import tty
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

URL = urlsplit(os.environ["OPENAI_BASE_URL"])
Put = Callable[[str], None]
Reader = Callable[[bytes, Put], Coroutine[Any, Any, None]]


def token(line: bytes | str) -> str:
    """The text in one ``data:`` line; empty in every other line."""
    data = line.strip()[5:].strip()
    if not data.startswith(b"{" if isinstance(data, bytes) else "{"):
        return ""
    choices = json.loads(data)["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else ""


async def with_httpx(body: bytes, put: Put) -> None:
    import httpx  # here, so that the raw reader does not pay for it

    async with (
        httpx.AsyncClient(timeout=None) as client,
        client.stream("POST", f"{URL.geturl()}/chat/completions", content=body) as response,
    ):
        async for line in response.aiter_lines():
            if text := token(line):
                put(text)


async def with_socket(body: bytes, put: Put) -> None:
    reader, writer = await asyncio.open_connection(URL.hostname, URL.port)
    head = f"POST {URL.path}/chat/completions HTTP/1.1\r\nhost: {URL.netloc}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    rest = b""
    try:
        while data := await reader.read(1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    put(token(line))
            if any(line.startswith(b"data: [DONE]") for line in lines):
                break
    finally:
        writer.transport.abort()


class Prompt:
    """One line of input, and the answer that is being read."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._line = ""
        self._answer: asyncio.Task[None] | None = None
        self.left = asyncio.Event()

    def put(self, text: str) -> None:
        os.write(1, text.replace("\n", "\r\n").encode())

    def keys(self) -> None:
        for key in os.read(0, 4096).decode(errors="replace"):
            self._key(key)

    def _key(self, key: str) -> None:
        if key in "\x1b\x03":
            if self._answer is not None:
                self._answer.cancel()
        elif key == "\x04":
            self.left.set()
        elif key == "\x7f":
            self._line = self._line[:-1]
            self.put("\b \b")
        elif key == "\r":
            messages = [{"role": "user", "content": self._line}]
            body = json.dumps({"model": "bench", "stream": True, "messages": messages}).encode()
            self._line = ""
            self.put("\n")
            self._answer = asyncio.ensure_future(self._read(body, self.put))
            self._answer.add_done_callback(lambda _: self.put("\nREADY> "))
        else:
            self._line += key
            self.put(key)


async def converse(read: Reader) -> None:
    prompt = Prompt(read)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        asyncio.get_running_loop().add_reader(0, prompt.keys)
        prompt.put("READY> ")
        await prompt.left.wait()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


if __name__ == "__main__":
    asyncio.run(converse({"httpx": with_httpx, "socket": with_socket}[sys.argv[1]]))
