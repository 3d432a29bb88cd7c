"""The JSON of a Chat Completions answer as structs: a strict, fast decoder, and a patient one for what it refuses.

Shapes from the OpenAI API reference, and beyond it what other endpoints send: reasoning under four names, content as a
list of parts (Mistral), ``x_groq`` usage (Groq), usage inside a choice (Moonshot), the legacy ``function_call``.
"""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from steer.domain.values import Json


class Part(msgspec.Struct):
    """One part of a content or reasoning list: ``thinking`` holds parts again, or text."""

    type: str = ""
    text: str | None = None
    thinking: "str | list[Part] | None" = None
    summary: str | None = None


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, object] | None = None


class Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Piece(msgspec.Struct):
    """A ``delta`` of a stream or the ``message`` of a whole answer."""

    content: str | list[Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    thinking: str | None = None
    reasoning_details: list[Part] | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None


class PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Choice(msgspec.Struct):
    index: int | None = None
    delta: Piece | None = None
    message: Piece | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    error: object = None


class Groq(msgspec.Struct):
    usage: Usage | None = None
    error: object = None


class Chunk(msgspec.Struct):
    """One event of a stream, or a whole answer. ``detail`` and ``kind`` (the field ``object``) tell an error."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    x_groq: Groq | None = None
    error: object = None
    detail: object = None
    kind: str | None = msgspec.field(name="object", default=None)


_FAST: Final = msgspec.json.Decoder(Chunk)


def decode_chunk(data: bytes) -> Chunk | None:
    """The chunk in ``data``; None where it is no JSON object."""
    try:
        return _FAST.decode(data)
    except (ValueError, RecursionError):
        value = parse_json(data)
    if isinstance(value, list):
        # Google answers errors as a list of one.
        value = next((item for item in value if isinstance(item, Mapping)), None)
    return _chunk(value) if isinstance(value, Mapping) else None


def parse_json(data: bytes) -> Json:
    """Any JSON, tolerating broken UTF-8, lone surrogates and raw control characters; None where it is none."""
    try:
        value: Json = json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e15:
        return None
    return int(value)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _parts(value: object) -> list[Part]:
    return [
        Part(
            _text(part.get("type")) or "",
            _text(part.get("text")),
            _content(part.get("thinking")),
            _text(part.get("summary")),
        )
        for item in _list(value)
        for part in [item if isinstance(item, Mapping) else {"type": "text", "text": item}]
    ]


def _content(value: object) -> str | list[Part] | None:
    if isinstance(value, Mapping):
        value = [value]
    return _parts(value) if isinstance(value, list) else _text(value)


def _reasoning(value: object) -> str | None:
    """Reasoning as text, also where it came as parts or an object."""
    content = _content(value)
    return flatten(content) if isinstance(content, list) else content


def flatten(parts: list[Part]) -> str:
    """The text of reasoning parts, nested ones included."""
    out = []
    for part in parts:
        inner = part.thinking
        out.append(flatten(inner) if isinstance(inner, list) else inner or part.text or part.summary or "")
    return "".join(out)


def _function(value: object) -> Function | None:
    if not isinstance(value, Mapping):
        return None
    arguments = value.get("arguments")
    if not isinstance(arguments, str | dict):
        arguments = None if arguments is None else json.dumps(arguments, ensure_ascii=False)
    return Function(_text(value.get("name")), arguments)


def _call(value: Mapping[str, object]) -> Call:
    return Call(_number(value.get("index")), _text(value.get("id")), _function(value.get("function")))


def _piece(value: object) -> Piece | None:
    if not isinstance(value, Mapping):
        return None
    return Piece(
        content=_content(value.get("content")),
        reasoning_content=_reasoning(value.get("reasoning_content")),
        reasoning=_reasoning(value.get("reasoning")),
        thinking=_reasoning(value.get("thinking")),
        reasoning_details=_parts(value.get("reasoning_details")),
        refusal=_text(value.get("refusal")),
        tool_calls=[_call(call) for call in _list(value.get("tool_calls")) if isinstance(call, Mapping)],
        function_call=_function(value.get("function_call")),
    )


def _usage(value: object) -> Usage | None:
    if not isinstance(value, Mapping):
        return None
    return Usage(
        prompt_tokens=_number(value.get("prompt_tokens")),
        completion_tokens=_number(value.get("completion_tokens")),
        prompt_tokens_details=PromptDetails(_number(_mapping(value.get("prompt_tokens_details")).get("cached_tokens"))),
        completion_tokens_details=CompletionDetails(
            _number(_mapping(value.get("completion_tokens_details")).get("reasoning_tokens"))
        ),
        prompt_cache_hit_tokens=_number(value.get("prompt_cache_hit_tokens")),
        cached_tokens=_number(value.get("cached_tokens")),
        reasoning_tokens=_number(value.get("reasoning_tokens")),
    )


def _choice(value: Mapping[str, object]) -> Choice:
    return Choice(
        index=_number(value.get("index")),
        delta=_piece(value.get("delta")),
        message=_piece(value.get("message")),
        finish_reason=_text(value.get("finish_reason")),
        usage=_usage(value.get("usage")),
        error=value.get("error"),
    )


def _chunk(value: Mapping[str, object]) -> Chunk:
    choices = value.get("choices")
    groq = _mapping(value.get("x_groq"))
    return Chunk(
        choices=[_choice(choice) for choice in choices if isinstance(choice, Mapping)]
        if isinstance(choices, list)
        else None,
        usage=_usage(value.get("usage")),
        x_groq=Groq(_usage(groq.get("usage")), groq.get("error")) if groq else None,
        error=value.get("error"),
        detail=value.get("detail"),
        kind=_text(value.get("object")),
    )
