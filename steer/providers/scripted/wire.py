"""Chat Completions requests, checked as a strict endpoint checks them (https://platform.openai.com/docs/api-reference/chat)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from steer.domain.messages import Message, ToolCall
from steer.domain.values import Json, Role

_ROLES: Final[tuple[Role, ...]] = get_args(Role)


class BadRequest(Exception):
    """The request breaks the protocol: ``message`` says how, ``param`` where, ``code`` is the endpoint's word for it."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A checked request. ``limit`` is the most tokens of answer that are wanted, None without a limit."""

    messages: tuple[Message, ...]
    tools: frozenset[str]
    stream: bool
    include_usage: bool
    limit: int | None
    characters: int


def read_question(body: bytes) -> Question:
    """Parse and check a request's body; raises BadRequest."""
    try:
        parsed: Json = json.loads(body.decode("utf-8"))
    except ValueError as error:
        raise BadRequest(f"The body of your request is not valid JSON: {error}") from error
    request = _object(parsed, "body")
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise BadRequest("you must provide a model parameter", "model")
    messages = tuple(
        _message(each, f"messages[{at}]") for at, each in enumerate(_array(request.get("messages"), "messages"))
    )
    if not messages:
        raise BadRequest("'messages' must have at least one message.", "messages", "empty_array")
    check_pairing(messages)
    stream = _flag(request, "stream")
    options = _object(request.get("stream_options") or {}, "stream_options")
    if options and not stream:
        raise BadRequest("'stream_options' is only allowed when 'stream' is true.", "stream_options")
    if request.get("n") not in (None, 1):
        raise BadRequest("Only 'n' of 1 is supported.", "n")
    tools = frozenset() if request.get("tool_choice") == "none" else _tools(request.get("tools"))
    limits = [_limit(request, key) for key in ("max_completion_tokens", "max_tokens")]
    limit = next((each for each in limits if each is not None), None)
    return Question(messages, tools, stream, _flag(options, "include_usage"), limit, len(body))


def check_pairing(messages: Sequence[Message]) -> None:
    """Every call is answered once, right after its message, and nothing else is: raises BadRequest where not so."""
    open_calls: list[str] = []
    for at, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                text = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                raise BadRequest(f"Invalid parameter: {text}", f"messages[{at}].role")
            open_calls.remove(message.tool_call_id)
            continue
        _check_answered(open_calls, at)
        open_calls = [call.id for call in message.tool_calls]
        if len(set(open_calls)) != len(open_calls):
            raise BadRequest("Duplicate ids in 'tool_calls'.", f"messages[{at}].tool_calls")
    _check_answered(open_calls, len(messages))


def _check_answered(open_calls: Sequence[str], at: int) -> None:
    if open_calls:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
            f"The following tool_call_ids did not have response messages: {', '.join(open_calls)}",
            f"messages[{at}].role",
        )


def _message(value: Json, where: str) -> Message:
    message = _object(value, where)
    role = next((each for each in _ROLES if each == message.get("role")), None)
    if message.get("role") == "developer":
        role = "system"
    if role is None:
        raise BadRequest(f"Invalid value: {message.get('role')!r}. Supported values are {_ROLES}.", f"{where}.role")
    calls = _calls(message.get("tool_calls"), f"{where}.tool_calls") if role == "assistant" else ()
    content = _content(message.get("content"), f"{where}.content", optional=bool(calls))
    if role == "assistant" and not calls and not content:
        raise BadRequest("An assistant message needs 'content' or 'tool_calls'.", f"{where}.content")
    call_id = _text(message.get("tool_call_id"), f"{where}.tool_call_id") if role == "tool" else None
    return Message(role, content, calls, call_id)


def _calls(value: Json, where: str) -> tuple[ToolCall, ...]:
    if value is None:
        return ()
    out: list[ToolCall] = []
    for at, each in enumerate(_array(value, where)):
        here = f"{where}[{at}]"
        call = _object(each, here)
        function = _object(call.get("function"), f"{here}.function")
        arguments = _text(function.get("arguments"), f"{here}.function.arguments")
        try:
            json.loads(arguments)
        except ValueError as error:
            raise BadRequest(f"Arguments are not valid JSON: {error}", f"{here}.function.arguments") from error
        name = _text(function.get("name"), f"{here}.function.name")
        if not name:
            raise BadRequest("A function needs a name.", f"{here}.function.name")
        out.append(ToolCall(_text(call.get("id"), f"{here}.id"), name, arguments))
    if not out:
        raise BadRequest("[] is too short.", where, "empty_array")
    return tuple(out)


def _tools(value: Json) -> frozenset[str]:
    if value is None:
        return frozenset()
    names: set[str] = set()
    for at, each in enumerate(_array(value, "tools")):
        tool = _object(each, f"tools[{at}]")
        if tool.get("type") != "function":
            raise BadRequest("Only tools of type 'function' are supported.", f"tools[{at}].type")
        function = _object(tool.get("function"), f"tools[{at}].function")
        names.add(_text(function.get("name"), f"tools[{at}].function.name"))
    return frozenset(names)


def _content(value: Json, where: str, optional: bool) -> str:
    if value is None and optional:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        parts = [_object(each, f"{where}[{at}]") for at, each in enumerate(value)]
        return "".join(_text(part.get("text"), where) for part in parts if part.get("type") == "text")
    return _text(value, where)


def _object(value: Json, where: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise BadRequest(f"Invalid type for '{where}': expected an object.", where, "invalid_type")
    return value


def _array(value: Json, where: str) -> Sequence[Json]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadRequest(f"Invalid type for '{where}': expected an array.", where, "invalid_type")
    return value


def _text(value: Json, where: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"Invalid type for '{where}': expected a string.", where, "invalid_type")
    if any("\ud800" <= char <= "\udfff" for char in value) if not value.isascii() else False:
        raise BadRequest(f"Invalid string in '{where}': a surrogate stands alone.", where)
    return value


def _flag(request: Mapping[str, Json], key: str) -> bool:
    value = request.get(key)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"Invalid type for '{key}': expected a boolean.", key, "invalid_type")
    return bool(value)


def _limit(request: Mapping[str, Json], key: str) -> int | None:
    value = request.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadRequest(f"Invalid value for '{key}': expected a positive integer.", key)
    return value
