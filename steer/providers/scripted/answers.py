"""A reply as Chat Completions objects: chunks of a stream, one a token, or one whole object."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from steer.domain.messages import Message
from steer.domain.values import Json
from steer.providers.scripted.handbook import handbook
from steer.providers.scripted.pieces import estimate, pieces
from steer.providers.scripted.reply import Reply
from steer.providers.scripted.wire import Question

MODEL: Final = "scripted-demo (not a real model)"
_DONE: Final = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Answer:
    """One answer on its way. ``tokens`` counts what was made so far; ``reason`` is the finish reason at the end."""

    question: Question
    reply: Reply
    tokens: int = 0
    reason: str = "stop"
    _id: str = field(default="")

    def __post_init__(self) -> None:
        self._id = _digest(self.question.messages)

    def head(self) -> bytes:
        """What comes before the first token."""
        return self._event({"role": "assistant", "content": ""})

    def body(self) -> Iterator[bytes]:
        """One event a token, made as they are asked for; stops at the question's limit."""
        for delta in islice(self._deltas(), self.question.limit):
            self.tokens += 1
            yield self._event(delta)
        if self.question.limit is not None and self.tokens == self.question.limit:
            self.reason = "length"
        elif self.reply.calls:
            self.reason = "tool_calls"

    def tail(self) -> bytes:
        """The finish reason, the usage where it was asked for, and the end mark."""
        out = self._event({}, self.reason)
        if self.question.include_usage:
            out += _event({**self._base(), "choices": [], "usage": self._usage()})
        return out + _DONE

    def whole(self) -> bytes:
        """The answer as one object, for a request that does not stream."""
        message: dict[str, Json] = {"role": "assistant", "content": None}
        calls: list[dict[str, str]] = []
        for delta in islice(self._deltas(), self.question.limit):
            self.tokens += 1
            _merge(message, calls, delta)
        if calls:
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in calls
            ]
        cut = self.question.limit is not None and self.tokens == self.question.limit
        self.reason = "length" if cut else "tool_calls" if calls else "stop"
        choice: Json = {"index": 0, "message": message, "finish_reason": self.reason, "logprobs": None}
        return json.dumps(
            {**self._base(), "object": "chat.completion", "choices": [choice], "usage": self._usage()}
        ).encode()

    def _deltas(self) -> Iterator[dict[str, Json]]:
        for piece in pieces(self.reply.reasoning):
            yield {"reasoning_content": piece}
        for piece in chain(pieces(self.reply.text), handbook(self.reply.handbook)):
            yield {"content": piece}
        for index, call in enumerate(self.reply.calls):
            head: Json = {"name": call.name, "arguments": ""}
            call_id = f"call_{self._id[:12]}{index:02}"
            yield {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": head}]}
            for piece in pieces(json.dumps(call.arguments, ensure_ascii=False)):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _base(self) -> dict[str, Json]:
        # No clock: the same conversation gets the same bytes.
        return {"id": f"chatcmpl-{self._id}", "object": "chat.completion.chunk", "created": 0, "model": MODEL}

    def _event(self, delta: dict[str, Json], reason: str | None = None) -> bytes:
        return _event({**self._base(), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    def _usage(self) -> dict[str, Json]:
        prompt = estimate(self.question.characters)
        reasoning = min(self.tokens, sum(1 for _ in pieces(self.reply.reasoning)))
        return {
            "prompt_tokens": prompt,
            "completion_tokens": self.tokens,
            "total_tokens": prompt + self.tokens,
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }


def _event(value: dict[str, Json]) -> bytes:
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def _merge(message: dict[str, Json], calls: list[dict[str, str]], delta: dict[str, Json]) -> None:
    """Put one delta of this module into a whole message."""
    for key in ("reasoning_content", "content"):
        if isinstance(piece := delta.get(key), str):
            message[key] = f"{message.get(key) or ''}{piece}"
    for each in _parts(delta):
        if "id" in each:
            calls.append({"id": each["id"], "name": each["name"], "arguments": ""})
        else:
            calls[-1]["arguments"] += each["arguments"]


def _parts(delta: dict[str, Json]) -> Iterator[dict[str, str]]:
    value = delta.get("tool_calls")
    for each in value if isinstance(value, list) else ():
        flat = {key: text for key, text in each.items() if isinstance(text, str)}
        yield {**flat, **each["function"]}


def _digest(messages: tuple[Message, ...]) -> str:
    return hashlib.sha256(repr(messages).encode("utf-8", "backslashreplace")).hexdigest()[:24]
