"""What endpoints refuse, and what is then left out."""

import pytest

from steer.providers.dialect import Dialect, adapted
from steer.providers.failures import Reply, Where, from_reply

SENT = frozenset(
    {
        "model",
        "stream",
        "stream_options",
        "temperature",
        "max_tokens",
        "tools",
        "parallel_tool_calls",
        "reasoning_effort",
    }
)


def learn(words: str, status: int = 400, sent: frozenset[str] = SENT, dialect: Dialect | None = None) -> Dialect | None:
    failure = from_reply(Reply(status, {}, words), Where("m", "http://127.0.0.1/v1"))
    return adapted(dialect or Dialect(), failure, sent)


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        ("Unrecognized request argument supplied: stream_options", 400, Dialect(frozenset({"stream_options"}))),
        ('{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}', 422, Dialect(frozenset({"stream_options"}))),
        ('{"error":{"message":"Unknown parameter: \'stream_options.include_usage\'."}}', 400, Dialect(frozenset({"stream_options"}))),
        ("parallel_tool_calls is not supported by this model", 400, Dialect(frozenset({"parallel_tool_calls"}))),
        ("Unsupported value: 'temperature' does not support 0.2 with this model.", 400, Dialect(frozenset({"temperature"}))),
        ("reasoning_effort is not supported", 400, Dialect(frozenset({"reasoning_effort"}))),
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", 400, Dialect(frozenset({"max_tokens"}), "max_completion_tokens")),
        ("max_tokens is too large: 99999. This model supports at most 4096", 400, Dialect(frozenset({"max_tokens", "max_completion_tokens"}))),
        ("registry.ollama.ai/library/gemma:2b does not support tools", 400, Dialect(tools=False)),
        ("No endpoints found that support tool use. To learn more about provider routing", 404, Dialect(tools=False)),
        ('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', 400, Dialect(tools=False)),
        ("tools param requires --jinja flag", 500, Dialect(tools=False)),
        ("`tool calling` is not supported with this model", 400, Dialect(tools=False)),
    ],
)  # fmt: skip
def test_P5_refused_parameters_are_left_out(words: str, status: int, expected: Dialect) -> None:
    assert learn(words, status) == expected


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Invalid schema for function 'read_file': tools[0] is wrong", 400),
        ("maximum context length is 8192 tokens, reduce max_tokens", 400),
        ("messages.0: role is missing", 400),
        ("Incorrect API key; temperature", 401),
        ("temperature sensor on fire", 500),
    ],
)
def test_other_refusals_teach_nothing(words: str, status: int) -> None:
    assert learn(words, status) is None


def test_what_was_not_sent_cannot_have_been_refused() -> None:
    assert learn("stream_options is not supported", sent=frozenset({"model"})) is None


def test_each_token_limit_is_tried_once() -> None:
    first = learn("max_tokens: use max_completion_tokens")
    assert first is not None
    second = learn(
        "max_completion_tokens is unknown, use max_tokens", sent=frozenset({"max_completion_tokens"}), dialect=first
    )
    assert second is not None
    assert {"max_tokens", "max_completion_tokens"} <= second.without


def test_replayed_reasoning_can_be_refused_or_demanded() -> None:
    refused = learn("messages.2.reasoning_content: property is unsupported", sent=frozenset({"reasoning_content"}))
    assert refused == Dialect(reasoning=False)
    demanded = learn("Missing `reasoning_content` field in the assistant message", sent=frozenset({"assistant_calls"}))
    assert demanded == Dialect(reasoning=True)
    again = learn("Missing `reasoning_content`", sent=frozenset({"assistant_calls"}), dialect=Dialect(reasoning=False))
    assert again is None


def test_null_content_can_be_refused() -> None:
    assert learn("messages[1].content: Input should be a valid string", sent=frozenset({"null_content"})) == Dialect(
        null_content=False
    )
