"""Running a provider or a decoder in tests, and folding what it says into one value."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field

from steer.domain.deltas import (
    CallPiece,
    Delta,
    Failed,
    Finished,
    ReasoningPiece,
    Retrying,
    TextPiece,
    UsagePiece,
)
from steer.domain.messages import Message, ModelRequest
from steer.providers.chat import ChatProvider
from steer.providers.decode import AnswerDecoder
from steer.providers.failures import Where

WHERE = Where("m", "http://127.0.0.1:1/v1", "sk-configured-secret")
ASK = ModelRequest((Message("user", "Hello"),), ())


@dataclass
class Folded:
    """An answer: texts joined, calls as (id, name, arguments) by slot, the last usage, the end."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    usage: UsagePiece | None = None
    end: Finished | Failed | None = None
    retries: list[Retrying] = field(default_factory=list)


def fold(deltas: Iterable[Delta]) -> Folded:
    """Fold deltas; fails where something follows the end or a slot is skipped."""
    out = Folded()
    for delta in deltas:
        assert out.end is None, f"{delta} after {out.end}"
        match delta:
            case TextPiece(text):
                assert text
                text.encode()
                out.text += text
            case ReasoningPiece(text):
                assert text
                text.encode()
                out.reasoning += text
            case CallPiece():
                _fold_call(out.calls, delta)
            case UsagePiece():
                out.usage = delta
            case Finished() | Failed():
                out.end = delta
            case Retrying():
                out.retries.append(delta)
    return out


def _fold_call(calls: list[tuple[str, str, str]], piece: CallPiece) -> None:
    piece.arguments.encode()
    while len(calls) <= piece.slot:
        calls.append(("", "", ""))
    identity, name, arguments = calls[piece.slot]
    assert not (identity and piece.id), "an id is told once"
    assert not (name and piece.name), "a name is told once"
    calls[piece.slot] = (identity or piece.id, name or piece.name, arguments + piece.arguments)


def decode(pieces: Iterable[bytes], problem: Failed | None = None, tools: Iterable[str] = ()) -> Folded:
    """Fold what a decoder makes of a body that came in these pieces."""
    decoder = AnswerDecoder(WHERE, tools)
    deltas: list[Delta] = []
    for piece in pieces:
        deltas += decoder.feed(piece)
        if decoder.failed:
            return fold(deltas)
    return fold([*deltas, *decoder.end(problem)])


async def collect(stream: AsyncGenerator[Sequence[Delta], None]) -> Folded:
    """Fold a provider's whole stream."""
    deltas: list[Delta] = []
    async for batch in stream:
        deltas += batch
    return fold(deltas)


async def ask(provider: ChatProvider, request: ModelRequest = ASK) -> Folded:
    """One request, folded, with a limit so that a hanging test says so."""
    async with asyncio.timeout(20):
        return await collect(provider.stream(request))
