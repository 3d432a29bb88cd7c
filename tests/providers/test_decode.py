"""Answers out of bytes: every provider's shape, however it is cut, and how streams end."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.deltas import Failed, Finished, TextPiece, UsagePiece
from steer.providers.decode import AnswerDecoder
from tests.providers.folding import WHERE, Folded, decode
from tests.providers.server import chunk, sse
from tests.providers.shapes import SHAPES, Shape

LOST = Failed("network", "lost")


def failure(folded: Folded) -> Failed:
    assert isinstance(folded.end, Failed)
    return folded.end


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_shape(shape: Shape) -> None:
    assert decode([shape.wire]) == shape.folded


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_P3_split_at_every_byte(shape: Shape) -> None:
    wire = shape.wire
    assert decode(wire[i : i + 1] for i in range(len(wire))) == shape.folded
    for at in range(0, len(wire), 7):
        assert decode([wire[:at], wire[at:]]) == shape.folded


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SHAPES), st.lists(st.integers(0, 3000), max_size=12))
def test_P3_any_cut_folds_to_the_same(shape: Shape, cuts: list[int]) -> None:
    wire = shape.wire
    at = sorted({0, len(wire), *(cut % len(wire) for cut in cuts)})
    assert decode(wire[a:b] for a, b in pairwise(at)) == shape.folded


def test_P1_a_read_gives_what_it_completes_and_no_later() -> None:
    decoder = AnswerDecoder(WHERE)
    wire = sse(chunk("Hello"))
    assert decoder.feed(wire[:-1]) == []
    assert decoder.feed(wire[-1:]) == [TextPiece("Hello")]


def test_P5_usage_that_is_null_empty_or_partial() -> None:
    folded = decode(
        [
            sse({**chunk("a"), "usage": None}),
            sse({**chunk("b"), "usage": {}}),
            sse({**chunk("c"), "usage": {"prompt_tokens": 10, "completion_tokens": None}}),
            sse({**chunk(finish="stop"), "usage": {"completion_tokens": "3", "prompt_tokens": 10.0}}),
        ]
    )
    assert folded.text == "abc"
    assert folded.usage == UsagePiece(10, 3)


def test_P5_no_usage_is_no_error() -> None:
    assert decode([sse(chunk("a", finish="stop"))]).usage is None


def test_P13_reasoning_only() -> None:
    folded = decode([sse(chunk(reasoning_content="only")), sse(chunk(finish="stop"))])
    assert folded == Folded(reasoning="only", end=Finished("stop"))


def test_P13_a_tool_call_written_inside_reasoning_is_no_call() -> None:
    folded = decode(
        [sse(chunk('<think><tool_call>{"name": "x"}</tool_call>')), sse(chunk("</think>ok", finish="stop"))]
    )
    assert folded.calls == []
    assert folded.text == "ok"


def test_refusal_is_text() -> None:
    assert decode([sse(chunk(refusal="I cannot.")), sse(chunk(finish="stop"))]).text == "I cannot."


def test_reasoning_as_an_object_or_parts() -> None:
    folded = decode(
        [
            sse(chunk(reasoning={"text": "a"})),
            sse(chunk(thinking=[{"type": "text", "text": "b"}])),
            sse(chunk(finish="stop")),
        ]
    )
    assert folded.reasoning == "ab"


def test_broken_utf8_costs_a_character_and_not_the_answer() -> None:
    folded = decode([b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\n', sse(chunk(finish="stop"))])
    assert folded == Folded("a\ufffdb", end=Finished("stop"))


def test_a_raw_control_character_in_a_string_is_taken() -> None:
    assert decode([b'data: {"choices":[{"delta":{"content":"a\tb"}}]}\n\n', sse(chunk(finish="stop"))]).text == "a\tb"


def test_finish_reasons_have_one_spelling() -> None:
    for theirs, ours in (
        ("function_call", "tool_calls"),
        ("MAX_TOKENS", "length"),
        ("STOP", "stop"),
        ("weird", "weird"),
    ):
        assert decode([sse(chunk("x", finish=theirs))]).end == Finished(ours)
    assert decode([sse(chunk("x", finish="")), sse(chunk("y", finish="null"))]).end == Finished("stop")


def test_P9_a_connection_lost_after_the_finish_reason_is_success() -> None:
    assert decode([sse(chunk("all", finish="stop")), b'data: {"cho'], LOST) == Folded("all", end=Finished("stop"))


def test_P9_a_connection_lost_after_the_end_mark_is_success() -> None:
    assert decode([sse(chunk("all")), b"data: [DONE]\n\n"], LOST).end == Finished("stop")


def test_P9_length_is_passed_on() -> None:
    assert decode([sse(chunk("cut", finish="length"))]).end == Finished("length")


def test_a_connection_lost_in_the_middle_keeps_what_came() -> None:
    folded = decode([sse(chunk("half")), b'data: {"choices":[{"delta":{"content":"lo'], LOST)
    assert folded == Folded("half", end=LOST)


def test_a_body_that_ends_in_the_middle_of_an_event_is_a_bad_stream() -> None:
    folded = decode([sse(chunk("half")), b'data: {"choices":[{"delta":{"content":"lo'])
    assert folded.text == "half"
    assert failure(folded).kind == "bad_stream"


def test_what_is_held_back_is_given_before_a_failure() -> None:
    held = {"index": 0, "id": "c", "function": {"name": "no_such_tool", "arguments": ""}}
    folded = decode([sse(chunk("<thi")), sse(chunk(tool_calls=[held])), sse({"error": {"message": "boom"}})])
    assert folded.text == "<thi"
    assert folded.calls == [("c", "no_such_tool", "")]
    assert failure(folded).kind == "overloaded"


def test_an_event_that_is_no_json_is_a_bad_stream_that_shows_it() -> None:
    folded = decode([sse(chunk("a")), b'data: {"choices": oops}\n\n', sse(chunk("b"))])
    assert folded.text == "a"
    assert failure(folded).kind == "bad_stream"
    assert "oops" in failure(folded).message


def test_words_for_a_keep_alive_are_passed_over() -> None:
    folded = decode([b"data: ping\n\n", sse(chunk("a", finish="stop")), b"data:\n\n", sse({"type": "ping"})])
    assert folded == Folded("a", end=Finished("stop"))


@pytest.mark.parametrize(
    ("wire", "kind", "words"),
    [
        (sse({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}), "rate_limit", "Rate limit"),
        (sse({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "slow down"}}}), "rate_limit", "slow down"),
        (sse({"error": {"message": "upstream gone", "code": 502}}), "overloaded", "upstream gone"),
        (sse({"error": "model runner has unexpectedly stopped"}), "overloaded", "unexpectedly"),
        (sse({"error": {"code": "context_length_exceeded", "message": "maximum context length is 8192 tokens"}}), "context_overflow", "8192"),
        (sse({"object": "error", "message": "bad tool", "type": "BadRequestError", "code": 400}), "refused_by_endpoint", "bad tool"),
        (sse({"error": {"message": "tool_use_failed", "type": "invalid_request_error"}}), "refused_by_endpoint", "tool_use"),
        (b"event: error\ndata: {\"message\": \"no capacity\"}\n\n", "overloaded", "no capacity"),
        (b"event: error\ndata: it broke\n\n", "overloaded", "it broke"),
        (b'error: {"message": "stray"}\n\n', "overloaded", "stray"),
        (b'{"error": {"message": "bare", "code": 503}}\n', "overloaded", "bare"),
        (b'[{"error": {"code": 400, "message": "google", "status": "INVALID_ARGUMENT"}}]', "refused_by_endpoint", "google"),
        (sse({"detail": "Not authenticated, check the API key"}), "auth", "Not authenticated"),
        (sse({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"code": 502, "message": "gone"}}]}), "overloaded", "gone"),
        (sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "insufficient_system_resource"}]}), "overloaded", "insufficient"),
    ],
)  # fmt: skip
def test_an_error_in_the_stream_is_of_its_kind_and_keeps_what_came(wire: bytes, kind: str, words: str) -> None:
    folded = decode([sse(chunk("before ")), wire])
    assert folded.text == "before "
    assert failure(folded).kind == kind
    assert words in failure(folded).message


def test_an_overflow_in_the_stream_tells_the_limit() -> None:
    folded = decode([sse({"error": {"message": "This model's maximum context length is 8,192 tokens."}})])
    assert failure(folded).limit == 8192


def test_a_null_error_is_no_error() -> None:
    assert decode([sse({**chunk("a", finish="stop"), "error": None})]).end == Finished("stop")


def test_P15_the_configured_key_is_masked_in_a_streamed_error() -> None:
    folded = decode([sse({"error": {"message": "bad key sk-configured-secret and Bearer abc.def"}})])
    assert "configured" not in failure(folded).message
    assert "abc.def" not in failure(folded).message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "without an answer"),
        (b": ping\n\n", "without an answer"),
        (b"<!doctype html><html><head><title>Sign in</title></head><body>x</body></html>", "Sign in"),
        (b"upstream connect error", "upstream connect error"),
        (b'{"status": "ok"}', "status"),
    ],
)
def test_a_body_without_an_answer_is_a_bad_stream(body: bytes, words: str) -> None:
    end = failure(decode([body]))
    assert end.kind == "bad_stream"
    assert words in end.message


def test_only_the_end_mark_is_an_empty_answer() -> None:
    assert decode([b"data: [DONE]\n\n"]) == Folded(end=Finished("stop"))


def test_what_comes_after_the_end_mark_is_not_taken() -> None:
    assert decode([sse(chunk("a")), b"data: [DONE]\n\n", sse(chunk("late"))]).text == "a"


def test_a_whole_file_in_one_event() -> None:
    text = "line\n" * 200_000
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": json.dumps({"content": text})}}
    wire = sse(chunk(tool_calls=[call]))
    folded = decode(wire[at : at + 65_536] for at in range(0, len(wire), 65_536))
    assert json.loads(folded.calls[0][2]) == {"content": text}
