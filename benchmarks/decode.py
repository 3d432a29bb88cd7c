"""CPU seconds to read an answer of one-token chunks: Steer's path beside the SDK's own objects, from the same server.

    python benchmarks/decode.py [--tokens 10000] [--runs 5]

The server is another process on loopback. Counted is this process's CPU time from the request to the end of the answer,
HTTP included. "decode" is the decoder alone, the bytes already at hand. Prints a table and one line of JSON.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection

import openai

from steer.domain.deltas import TextPiece
from steer.domain.messages import Message, ModelRequest
from steer.providers.client import open_provider
from steer.providers.decode import AnswerDecoder
from steer.providers.failures import Where


def events(tokens: int) -> list[bytes]:
    """One event a token, shaped as most endpoints send them."""
    base = {
        "id": "chatcmpl-7a1c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "system_fingerprint": "fp_1",
    }
    deltas = [{"role": "assistant", "content": ""}, *({"content": f" tok{i}"} for i in range(tokens))]
    out = [base | {"choices": [{"index": 0, "delta": d, "logprobs": None, "finish_reason": None}]} for d in deltas]
    out.append(base | {"choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]})
    return [*(b"data: %s\n\n" % json.dumps(event).encode() for event in out), b"data: [DONE]\n\n"]


def serve(port: Connection, tokens: int) -> None:
    """Answer every request with the events; the path's first part says how many of them go into one HTTP chunk."""
    body = events(tokens)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
        await reader.readexactly(length)
        group = int(head.split(b"/")[1])
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        for start in range(0, len(body), group):
            piece = b"".join(body[start : start + group])
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def by_steer(url: str) -> int:
    """Tokens read through the provider."""
    provider = open_provider(url, "key", "m")
    count = 0
    async for batch in provider.stream(ModelRequest((Message("user", "go"),), ())):
        count += sum(isinstance(delta, TextPiece) for delta in batch)
    await provider.close()
    return count


async def by_sdk(url: str) -> int:
    """Tokens read through the SDK's objects."""
    client = openai.AsyncOpenAI(base_url=url, api_key="key")
    stream = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "go"}], stream=True)
    count = 0
    async for chunk in stream:
        count += bool(chunk.choices and chunk.choices[0].delta.content)
    await client.close()
    return count


async def alone(body: list[bytes]) -> int:
    """Tokens read by the decoder from bytes at hand."""
    decoder = AnswerDecoder(Where("m", "http://127.0.0.1/v1"))
    return sum(isinstance(delta, TextPiece) for data in body for delta in decoder.feed(data))


def measure(tokens: int, runs: int, work: Callable[[], Awaitable[int]]) -> float:
    """Median CPU seconds of ``runs`` runs, scaled to 10,000 tokens."""

    async def once() -> float:
        start = time.process_time()
        count = await work()
        if count != tokens:
            raise SystemExit(f"read {count} of {tokens} tokens")
        return time.process_time() - start

    asyncio.run(once())
    return statistics.median(asyncio.run(once()) for _ in range(runs)) * 10_000 / tokens


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, asked.tokens), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{mine.recv()}"
    figures = {"decode": measure(asked.tokens, asked.runs, partial(alone, events(asked.tokens)))}
    for group in (1, 64):
        url = f"{base}/{group}/v1"
        figures[f"steer_{group}"] = measure(asked.tokens, asked.runs, partial(by_steer, url))
        figures[f"sdk_{group}"] = measure(asked.tokens, asked.runs, partial(by_sdk, url))
    server.terminate()
    names = {"decode": "Steer's decoder alone", "steer": "Steer's provider", "sdk": "the SDK's objects"}
    print("| CPU s per 10,000 one-token chunks | s |\n| --- | --- |")
    for name, seconds in figures.items():
        kind, _, group = name.partition("_")
        print(f"| {names[kind]}{f', {group} events an HTTP chunk' if group else ''} | {seconds:.3f} |")
    print(
        json.dumps(
            {
                "benchmark": "decode",
                "tokens": asked.tokens,
                "runs": asked.runs,
                **{k: round(v, 4) for k, v in figures.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
