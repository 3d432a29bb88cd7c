"""The scripted model's endpoint, asked over real HTTP."""

import http.client
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from steer.domain.errors import UsageError
from steer.providers.scripted import MODEL, ScriptedServer
from steer.providers.scripted.handbook import handbook
from steer.providers.scripted.pieces import CHARACTERS, pieces

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("read_file", "edit_file")]
TASK: list[dict[str, Any]] = [{"role": "user", "content": "Read ISO week dates such as 2020-W53-7"}]
CALL = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(rate=0) as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url + "/", timeout=20) as client:
        yield client


def body(messages: Sequence[object], **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": messages, **more}


def long(tokens: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"write {tokens} tokens"}]


def stream(client: httpx.Client, messages: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """The events of a streamed answer, the end mark checked and taken off."""
    answer = client.post("chat/completions", json=body(messages, stream=True, **more))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, end = answer.text.removesuffix("\n\n").split("\n\n")
    assert end == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


def deltas(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["choices"][0]["delta"] for event in events if event["choices"]]


def test_a_stream_has_reasoning_then_text_then_calls_in_small_pieces(client: httpx.Client) -> None:
    events = stream(client, TASK, tools=TOOLS)
    kinds = [next(iter(delta), "end") for delta in deltas(events)]
    order = ["role", "reasoning_content", "content", "tool_calls", "end"]
    assert list(dict.fromkeys(kinds)) == order
    assert kinds == sorted(kinds, key=order.index)
    assert {event["model"] for event in events} == {MODEL}
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert all(len(delta.get("content", "")) <= 8 for delta in deltas(events))


def test_call_arguments_come_in_pieces_and_are_json(client: httpx.Client) -> None:
    calls: dict[int, list[dict[str, Any]]] = {}
    for delta in deltas(stream(client, TASK, tools=TOOLS)):
        for part in delta.get("tool_calls", ()):
            calls.setdefault(part["index"], []).append(part)
    assert len(calls) == 2
    assert len({parts[0]["id"] for parts in calls.values()}) == 2
    for parts in calls.values():
        assert parts[0]["function"] == {"name": "read_file", "arguments": ""}
        assert all("id" not in part for part in parts[1:])
        assert len(parts) > 5
        assert set(json.loads("".join(part["function"]["arguments"] for part in parts))) == {"path"}


def test_usage_comes_last_and_only_when_asked_for(client: httpx.Client) -> None:
    plain = stream(client, TASK, tools=TOOLS)
    assert not any("usage" in event for event in plain)
    asked = stream(client, TASK, tools=TOOLS, stream_options={"include_usage": True})
    usage = asked[-1]["usage"]
    assert asked[-1]["choices"] == []
    assert usage["completion_tokens"] == len(plain) - 2
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > 10


def test_a_request_that_does_not_stream_gets_the_same_answer_whole(client: httpx.Client) -> None:
    parts = deltas(stream(client, TASK, tools=TOOLS))
    answer = client.post("chat/completions", json=body(TASK, tools=TOOLS)).json()
    message = answer["choices"][0]["message"]
    assert message["content"] == "".join(part.get("content", "") for part in parts)
    assert message["reasoning_content"] == "".join(part.get("reasoning_content", "") for part in parts)
    streamed = [part["tool_calls"][0] for part in parts if "tool_calls" in part]
    assert [call["id"] for call in message["tool_calls"]] == [each["id"] for each in streamed if "id" in each]
    assert "".join(call["function"]["arguments"] for call in message["tool_calls"]) == "".join(
        each["function"]["arguments"] for each in streamed
    )
    assert answer["choices"][0]["finish_reason"] == "tool_calls"


def test_the_same_messages_get_the_same_bytes(client: httpx.Client) -> None:
    first = client.post("chat/completions", json=body(TASK, tools=TOOLS, stream=True)).content
    client.post("chat/completions", json=body(long(50), stream=True))
    assert client.post("chat/completions", json=body(TASK, tools=TOOLS, stream=True)).content == first


@pytest.mark.parametrize("tokens", [1, 4, 5, 300, 20_000])
def test_a_long_answer_has_exactly_the_tokens_asked_for(client: httpx.Client, tokens: int) -> None:
    parts = [delta["content"] for delta in deltas(stream(client, long(tokens))) if delta.get("content")]
    assert len(parts) == tokens
    assert "".join(parts).count("```") % 2 == 0


def test_a_long_answer_is_prose_and_code_that_holds() -> None:
    text = "".join(handbook(60_000))
    blocks = [block for block in text.split("```python\n")[1:] if "```" in block]
    assert len(blocks) > 50
    for block in blocks[:-1]:
        exec("from datetime import date\n" + block.partition("```")[0], {})


def test_max_tokens_cuts_the_answer(client: httpx.Client) -> None:
    events = stream(client, long(500), max_tokens=20)
    assert sum(bool(delta.get("content")) for delta in deltas(events)) == 20
    assert events[-1]["choices"][0]["finish_reason"] == "length"
    whole = client.post("chat/completions", json=body(long(500), max_completion_tokens=20)).json()
    assert whole["choices"][0]["finish_reason"] == "length"
    assert whole["usage"]["completion_tokens"] == 20


def test_a_client_that_goes_stops_the_answer() -> None:
    with ScriptedServer(rate=2000) as server, httpx.Client(base_url=server.base_url + "/", timeout=20) as client:
        with client.stream("POST", "chat/completions", json=body(long(200_000), stream=True)) as answer:
            lines = answer.iter_lines()
            seen = [next(lines) for _ in range(40)]
            assert server.answering == 1
        assert server.wait_idle(10)
        assert len(seen) == 40
        assert server.tokens < 200_000
        assert server.answering == 0


def test_a_client_that_goes_while_nothing_paces_the_answer() -> None:
    with ScriptedServer(rate=0) as server, httpx.Client(base_url=server.base_url + "/", timeout=20) as client:
        with client.stream("POST", "chat/completions", json=body(long(200_000), stream=True)) as answer:
            next(answer.iter_lines())
        assert server.wait_idle(10)
        assert server.tokens < 200_000


def test_the_rate_paces_one_event_a_token() -> None:
    with (
        ScriptedServer(rate=5000) as server,
        httpx.stream("POST", f"{server.base_url}/chat/completions", json=body(long(400), stream=True)) as answer,
    ):
        sizes = [raw.count(b"data: ") for raw in answer.iter_raw() if raw]
    assert sum(sizes) == 403
    assert len(sizes) > 4, "the answer came in one go"


def test_two_answers_at_once(client: httpx.Client) -> None:
    with client.stream("POST", "chat/completions", json=body(long(5000), stream=True)) as first:
        lines = first.iter_lines()
        next(lines)
        assert client.get("models").json()["data"][0]["id"] == MODEL
        rest = list(lines)
    assert rest[-2] == "data: [DONE]"


def test_a_connection_is_kept(server: ScriptedServer) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", int(server.base_url.split(":")[2].split("/")[0]), timeout=20)
    try:
        for _ in range(2):
            kept.request("POST", "/v1/chat/completions", json.dumps(body(long(30), stream=True)))
            sock = kept.sock
            assert kept.getresponse().read().endswith(b"data: [DONE]\n\n")
            assert kept.sock is sock
    finally:
        kept.close()


def test_a_body_sent_in_chunks(client: httpx.Client) -> None:
    text = json.dumps(body(TASK, tools=TOOLS)).encode()

    def parts() -> Iterator[bytes]:
        for at in range(0, len(text), 7):
            yield text[at : at + 7]

    answer = client.post("chat/completions", content=parts(), headers={"content-type": "application/json"})
    assert answer.json() == client.post("chat/completions", content=text).json()


def test_models(client: httpx.Client) -> None:
    assert client.get("models").json()["object"] == "list"
    assert "not a real model" in client.get(f"models/{MODEL}").json()["id"]
    assert client.get("nothing").status_code == 404
    assert client.get("chat/completions").status_code == 405


RESULT = {"role": "tool", "tool_call_id": "c1", "content": "text"}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
WORD = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    ("request_body", "says"),
    [
        (body([WORD, ASKED]), "did not have response messages: c1"),
        (body([WORD, ASKED, WORD, RESULT]), "did not have response messages: c1"),
        (body([WORD, RESULT]), "must be a response to a preceding message"),
        (body([WORD, ASKED, RESULT, RESULT]), "must be a response to a preceding message"),
        (body([WORD, {"role": "assistant", "content": ""}]), "needs 'content' or 'tool_calls'"),
        (body([WORD, {**ASKED, "tool_calls": []}, WORD]), "too short"),
        (body([WORD, {**ASKED, "tool_calls": [CALL, CALL]}, RESULT]), "Duplicate ids"),
        (
            body([WORD, {**ASKED, "tool_calls": [{**CALL, "function": {"name": "x", "arguments": '{"a'}}]}, RESULT]),
            "not valid JSON",
        ),
        (body([{"role": "robot", "content": "x"}]), "Supported values"),
        (body([]), "at least one message"),
        ({"messages": [WORD]}, "model parameter"),
        (body([WORD], stream_options={"include_usage": True}), "only allowed when 'stream'"),
        (body([WORD], stream="yes"), "expected a boolean"),
        (body([WORD], max_tokens=0), "positive integer"),
        (body([WORD], tools=[{"type": "retrieval"}]), "type 'function'"),
        (body([WORD], n=2), "'n' of 1"),
        (body([{"role": "user", "content": 7}]), "expected a string"),
        ([1], "expected an object"),
    ],
)
def test_bad_requests_are_refused_as_a_strict_endpoint_does(
    client: httpx.Client, request_body: object, says: str
) -> None:
    answer = client.post("chat/completions", json=request_body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert says in error["message"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"


def test_H10_a_lone_surrogate_is_refused(client: httpx.Client) -> None:
    text = '{"model": "m", "messages": [{"role": "user", "content": "\\ud83d"}]}'
    answer = client.post("chat/completions", content=text)
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["error"]["message"]


def test_bytes_that_are_no_request(client: httpx.Client) -> None:
    assert client.post("chat/completions", content=b"\xff{").status_code == 400
    address = ("127.0.0.1", client.base_url.port or 0)
    for raw in (b"hello\r\n\r\n", b"POST /v1/models HTTP/1.1\r\ncontent-length: 1e3\r\n\r\n", b"x" * 70_000):
        with socket.create_connection(address, timeout=20) as raw_client:
            raw_client.sendall(raw)
            assert raw_client.recv(100).startswith(b"HTTP/1.1 4")


def test_complete_histories_are_taken(client: httpx.Client) -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "hello"}]}
    history = [
        {"role": "developer", "content": "rules"},
        parts,
        ASKED,
        RESULT,
        {"role": "assistant", "content": "x"},
        WORD,
    ]
    assert (
        "scripted model"
        in client.post("chat/completions", json=body(history)).json()["choices"][0]["message"]["content"]
    )


@pytest.mark.parametrize("text", ["", "a b  c\n\n\tünï 日本語 👍🏽 x_y=1234.5 ```py\n", "\r\n\x00\u2028", "word " * 50])
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_the_estimate_fits_the_pieces() -> None:
    found = list(handbook(20_000))
    assert CHARACTERS * 0.8 < len("".join(found)) / len(found) < CHARACTERS * 1.2


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none(rate: float) -> None:
    with pytest.raises(UsageError, match="from 0"):
        ScriptedServer(rate)


def test_closing_cuts_what_streams_and_may_be_repeated() -> None:
    server = ScriptedServer(rate=100)
    with httpx.Client(base_url=server.base_url + "/", timeout=20) as client:
        with client.stream("POST", "chat/completions", json=body(long(10_000), stream=True)) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.close()
            with pytest.raises(httpx.TransportError):
                list(lines)
        server.close()
        with pytest.raises(httpx.ConnectError):
            client.get("models")
    assert server.answering == 0
