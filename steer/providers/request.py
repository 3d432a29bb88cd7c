"""The request's body: the conversation in Chat Completions' words, the same bytes for the same history.

``messages`` comes last and each message is written by itself, so that the next step's body starts with this one's bytes:
what a provider's prompt cache lives on. The exception is ``strict_alternation``, which merges what follows each other.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from steer.domain.messages import Message, ModelRequest, ToolCall, ToolSpec
from steer.domain.values import Json
from steer.providers.dialect import Dialect
from steer.providers.options import ChatOptions
from steer.providers.scalars import encodable

NO_OUTPUT: Final = "(no output)"
"""Sent for an empty tool result: several endpoints refuse an empty content."""

CLOSER: Final = "Understood."
"""The assistant's word between a tool's result and the user's next message, where a template demands one."""

_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")
_MISTRAL_ID: Final = re.compile(r"[a-zA-Z0-9]{9}")


def _plain(value: object) -> dict[object, object]:
    """A mapping of another kind, such as a frozen one in a tool's schema, as the dict that the encoder knows."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


_ENCODE: Final = msgspec.json.Encoder(enc_hook=_plain).encode


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON, and what is in it that an endpoint may refuse (see ``dialect.adapted``)."""

    data: bytes
    sent: frozenset[str]


def write_body(request: ModelRequest, model: str, options: ChatOptions, dialect: Dialect) -> Body:
    """The body of one streaming request."""
    out = _parameters(model, options, dialect)
    if request.tools and dialect.tools:
        out["tools"] = [_tool(spec) for spec in request.tools]
    if "tools" not in out:
        out.pop("parallel_tool_calls", None)
    messages = request.messages if dialect.tools else _without_tools(request.messages)
    if options.strict_alternation:
        messages = _alternating(messages)
    reasoning = options.send_reasoning if dialect.reasoning is None else dialect.reasoning
    written = [message for item in messages if (message := _message(item, dialect, reasoning=reasoning))]
    sent = {*out, *_features(written)}
    out["messages"] = written
    return Body(_encode(out), frozenset(sent))


def _parameters(model: str, options: ChatOptions, dialect: Dialect) -> dict[str, Json]:
    wanted: dict[str, Json] = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": options.temperature,
        dialect.token_limit: options.max_tokens,
        "reasoning_effort": options.reasoning_effort,
        "parallel_tool_calls": options.parallel_tool_calls,
        **options.extra,
    }
    return {name: value for name, value in wanted.items() if value is not None and name not in dialect.without}


def _encode(out: dict[str, Json]) -> bytes:
    try:
        return _ENCODE(out)
    except UnicodeEncodeError:
        # A lone surrogate somewhere, from a cut inside a character: rare, so only then is every string looked at.
        return _ENCODE(_clean(out))


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {encodable(name): _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _tool(spec: ToolSpec) -> dict[str, Json]:
    function: dict[str, Json] = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}


def _message(message: Message, dialect: Dialect, *, reasoning: bool) -> dict[str, Json] | None:
    """One message; None where it would be empty, which endpoints refuse."""
    match message.role:
        case "tool":
            content = message.content if message.content.strip() else NO_OUTPUT
            return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": content}
        case "assistant":
            return _assistant(message, dialect, reasoning=reasoning)
        case _:
            return {"role": message.role, "content": message.content} if message.content.strip() else None


def _assistant(message: Message, dialect: Dialect, *, reasoning: bool) -> dict[str, Json] | None:
    # Endpoints refuse a last assistant message that ends in a blank. Stripped wherever it stands: it may be last in one
    # request and not in the next, and the bytes must stay.
    text = message.content.rstrip()
    thought = message.reasoning if reasoning and message.reasoning else ""
    if not text and not message.tool_calls and not thought:
        return None
    empty: Json = None if message.tool_calls and dialect.null_content else ""
    out: dict[str, Json] = {"role": "assistant", "content": text or empty}
    if thought:
        out["reasoning_content"] = thought
    if message.tool_calls:
        out["tool_calls"] = [_call(call) for call in message.tool_calls]
    return out


def _call(call: ToolCall) -> dict[str, Json]:
    # The name is the model's own, of a call that may have failed for it: an endpoint checks it again in the history.
    name = _NOT_IN_NAMES.sub("_", call.name)[:64] or "unknown"
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": call.arguments or "{}"}}


def _features(messages: Iterable[dict[str, Json]]) -> set[str]:
    out: set[str] = set()
    for message in messages:
        if "tool_calls" in message:
            out.add("assistant_calls")
            if message["content"] is None:
                out.add("null_content")
        if "reasoning_content" in message:
            out.add("reasoning_content")
    return out


def _without_tools(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The history for a model that takes no tools: calls and results told as text, nothing left out."""
    out = []
    for message in messages:
        if message.role == "tool":
            out.append(Message("user", f"Result of the call {message.tool_call_id}:\n{message.content or NO_OUTPUT}"))
        elif message.tool_calls:
            calls = "\n".join(f"Call {call.id}: {call.name}({call.arguments})" for call in message.tool_calls)
            out.append(Message("assistant", f"{message.content}\n{calls}".strip(), reasoning=message.reasoning))
        else:
            out.append(message)
    return tuple(out)


def _alternating(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The history as Mistral's template wants it: one system message first, then user and assistant in turn, results right
    behind their calls, call ids of nine letters and digits."""
    out: list[Message] = []
    for item in messages:
        message = _short_ids(item)
        if message.role in ("user", "assistant") and not message.content.strip() and not message.tool_calls:
            continue
        if message.role == "system" and out:
            message = Message("system" if all(m.role == "system" for m in out) else "user", message.content)
        last = out[-1] if out else None
        if last is not None and last.role == "tool" and message.role == "user":
            out.append(Message("assistant", CLOSER))
        elif last is not None and last.role == message.role and message.role != "tool" and not last.tool_calls:
            out[-1] = _merged(last, message)
            continue
        out.append(message)
    return tuple(out)


def _merged(first: Message, second: Message) -> Message:
    content = "\n\n".join(text for text in (first.content.rstrip(), second.content) if text)
    return Message(second.role, content, second.tool_calls, reasoning=second.reasoning or first.reasoning)


def _short_ids(message: Message) -> Message:
    if message.tool_calls:
        calls = tuple(ToolCall(_short_id(call.id), call.name, call.arguments) for call in message.tool_calls)
        return Message(message.role, message.content, calls, reasoning=message.reasoning)
    if message.tool_call_id:
        return Message(message.role, message.content, tool_call_id=_short_id(message.tool_call_id))
    return message


def _short_id(identity: str) -> str:
    if _MISTRAL_ID.fullmatch(identity):
        return identity
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:9]
