"""The conversation as a request body."""

import itertools
import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.messages import Message, ModelRequest, ToolCall, ToolSpec
from steer.domain.values import JsonObject
from steer.providers.dialect import Dialect
from steer.providers.options import ChatOptions
from steer.providers.request import CLOSER, NO_OUTPUT, write_body

READ = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
HISTORY = (
    Message("system", "Be brief."),
    Message("user", "Read a.py"),
    Message("assistant", "", (ToolCall("call_1", "read_file", '{"path":"a.py"}'),), reasoning="first"),
    Message("tool", "print(1)", tool_call_id="call_1"),
    Message("assistant", "It prints 1.  \n"),
    Message("user", "Thanks"),
)


def write(*messages: Message, options: ChatOptions | None = None, dialect: Dialect | None = None) -> dict[str, Any]:
    body = write_body(ModelRequest(messages, (READ,)), "m", options or ChatOptions(), dialect or Dialect())
    out: dict[str, Any] = json.loads(body.data)
    return out


def test_the_body_in_full() -> None:
    assert write(*HISTORY) == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {"name": "read_file", "description": "Read a file.", "parameters": READ.parameters},
            }
        ],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Read a.py"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "read_file", "arguments": '{"path":"a.py"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "print(1)"},
            {"role": "assistant", "content": "It prints 1."},
            {"role": "user", "content": "Thanks"},
        ],
    }


def test_parameters_are_sent_only_where_set() -> None:
    options = ChatOptions(
        temperature=0.2, max_tokens=100, reasoning_effort="low", parallel_tool_calls=False, extra={"seed": 1}
    )
    body = write(*HISTORY, options=options)
    assert (body["temperature"], body["max_tokens"], body["reasoning_effort"]) == (0.2, 100, "low")
    assert (body["parallel_tool_calls"], body["seed"]) == (False, 1)


def test_a_frozen_schema_is_written_like_any_other() -> None:
    inner: JsonObject = MappingProxyType({"a\ud800": ("x", 1)})
    frozen: JsonObject = MappingProxyType({"type": "object", "properties": inner})
    request = ModelRequest((Message("user", "x"),), (ToolSpec("f", "d", frozen),))
    body = json.loads(write_body(request, "m", ChatOptions(), Dialect()).data)
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {"a\ufffd": ["x", 1]}}


def test_without_tools_nothing_of_tools_is_sent() -> None:
    request = ModelRequest((Message("user", "x"),), ())
    body = json.loads(write_body(request, "m", ChatOptions(parallel_tool_calls=False), Dialect()).data)
    assert "tools" not in body
    assert "parallel_tool_calls" not in body


def test_H4_S7_the_next_body_begins_with_this_one() -> None:
    for cut in range(1, len(HISTORY)):
        short = write_body(ModelRequest(HISTORY[:cut], (READ,)), "m", ChatOptions(), Dialect()).data
        again = write_body(ModelRequest(HISTORY[:cut], (READ,)), "m", ChatOptions(), Dialect()).data
        longer = write_body(ModelRequest(HISTORY[: cut + 1], (READ,)), "m", ChatOptions(), Dialect()).data
        assert short == again
        assert longer.startswith(short.removesuffix(b"]}"))


def test_H8_empty_messages_are_not_sent() -> None:
    body = write(
        Message("user", "a"), Message("assistant", " \n"), Message("user", ""), Message("assistant", "", reasoning="r")
    )
    assert body["messages"] == [{"role": "user", "content": "a"}]


def test_an_empty_tool_result_says_so() -> None:
    assert write(Message("tool", "", tool_call_id="c"))["messages"][0]["content"] == NO_OUTPUT


def test_reasoning_is_sent_back_only_where_asked() -> None:
    assert "reasoning_content" not in write(*HISTORY)["messages"][2]
    assert write(*HISTORY, options=ChatOptions(send_reasoning=True))["messages"][2]["reasoning_content"] == "first"
    assert write(*HISTORY, dialect=Dialect(reasoning=True))["messages"][2]["reasoning_content"] == "first"


def test_a_name_that_no_endpoint_takes_is_made_one() -> None:
    message = Message("assistant", "", (ToolCall("a", "functions.read file", "{}"), ToolCall("b", "", "")))
    calls = write(message)["messages"][0]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["functions_read_file", "unknown"]
    assert calls[1]["function"]["arguments"] == "{}"


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=20), st.integers(0, 20))
def test_H10_any_text_cut_anywhere_can_be_sent(text: str, cut: int) -> None:
    half = ("👍" + text).encode("utf-16-le", "surrogatepass")[: 2 * cut].decode("utf-16-le", "surrogatepass")
    message = Message("assistant", half + "x", (ToolCall("a" + half, "f", json.dumps(half)),), reasoning=half)
    body = write(Message("user", half + "x"), message, options=ChatOptions(send_reasoning=True))
    json.dumps(body, ensure_ascii=False).encode()


def test_H10_a_pair_in_two_halves_is_joined() -> None:
    assert write(Message("user", "\ud83d\udc4d \ud83d"))["messages"][0]["content"] == "👍 \ufffd"


def mistral_accepts(messages: list[dict[str, Any]]) -> None:
    """What Mistral's chat template checks."""
    roles = [m["role"] for m in messages]
    while roles and roles[0] == "system":
        roles.pop(0)
    assert "system" not in roles
    for before, after in itertools.pairwise(roles):
        assert (before, after) not in {("user", "user"), ("tool", "user"), ("assistant", "assistant"), ("user", "tool")}
    ids: list[str] = []
    for message in messages:
        ids += [call["id"] for call in message.get("tool_calls", [])]
        if message["role"] == "tool":
            assert message["tool_call_id"] in ids
    assert all(len(i) == 9 and i.isalnum() for i in ids)


def test_H7_strict_alternation() -> None:
    steered = (
        *HISTORY[:4],
        Message("user", "Stop."),
        Message("user", "Use b.py"),
        Message("assistant", "One"),
        Message("assistant", " "),
        Message("assistant", "Two"),
        Message("system", "Constraint."),
        Message("user", "Go"),
    )
    messages = write(*steered, options=ChatOptions(strict_alternation=True))["messages"]
    mistral_accepts(messages)
    assert [m["content"] for m in messages[4:]] == [CLOSER, "Stop.\n\nUse b.py", "One\n\nTwo", "Constraint.\n\nGo"]


def test_H7_ids_that_fit_are_kept() -> None:
    message = replace(HISTORY[2], tool_calls=(ToolCall("abcDEF123", "read_file", "{}"),))
    assert (
        write(message, options=ChatOptions(strict_alternation=True))["messages"][0]["tool_calls"][0]["id"]
        == "abcDEF123"
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["user", "round", "answer", "system", "blank"]), max_size=12))
def test_H7_any_history_alternates(kinds: list[str]) -> None:
    history: list[Message] = [Message("system", "s"), Message("user", "u")]
    for number, kind in enumerate(kinds):
        match kind:
            case "round":
                history += [
                    Message(
                        "assistant", "", (ToolCall(f"call_{number}", "f", "{}"), ToolCall(f"call_{number}b", "f", "{}"))
                    ),
                    Message("tool", "r", tool_call_id=f"call_{number}"),
                    Message("tool", "", tool_call_id=f"call_{number}b"),
                ]
            case "blank":
                history.append(Message("assistant", " "))
            case "answer":
                history.append(Message("assistant", "a"))
            case _:
                history.append(Message("system" if kind == "system" else "user", kind))
    mistral_accepts(write(*history, options=ChatOptions(strict_alternation=True))["messages"])


def test_a_model_without_tools_is_told_calls_and_results_as_text() -> None:
    body = write(*HISTORY, dialect=Dialect(tools=False))
    assert "tools" not in body
    assert [m["role"] for m in body["messages"]] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "read_file" in body["messages"][2]["content"]
    assert "print(1)" in body["messages"][3]["content"]
