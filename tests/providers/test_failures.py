"""Statuses and words of endpoints to domain errors."""

import json
import ssl
from datetime import UTC, datetime

import pytest

from steer.providers.failures import Failure, Reply, Where, from_connection, from_reply
from steer.providers.overflow import is_overflow, limit_in
from steer.providers.report import presentable
from steer.providers.waits import backoff, requested_wait, said_wait, spoken

WHERE = Where("gpt-x", "https://api.example.com/v1", "sk-configured-secret")


def judge(status: int, body: object = "", **headers: str) -> Failure:
    text = body if isinstance(body, str) else json.dumps(body)
    return from_reply(Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, text), WHERE)


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "transient"),
    [
        (401, error("Incorrect API key provided: sk-abc***xyz."), "auth", False),
        (403, "<html><head><title>Forbidden</title></head></html>", "auth", False),
        (402, error("Insufficient Balance"), "refused_by_endpoint", False),
        (404, error("The model `gpt-x` does not exist"), "refused_by_endpoint", False),
        (408, "", "network", True),
        (409, error("locked"), "overloaded", True),
        (413, "", "context_overflow", False),
        (413, "<html><title>413 Request Entity Too Large</title></html>", "context_overflow", False),
        (400, "", "context_overflow", False),
        (400, error("bad tool schema"), "refused_by_endpoint", False),
        (422, {"detail": [{"loc": ["body", "x"], "msg": "extra fields"}]}, "refused_by_endpoint", False),
        (425, error("too early"), "overloaded", True),
        (429, error("Rate limit reached for requests"), "rate_limit", True),
        (429, error("You exceeded your current quota, please check your plan and billing details.", code="insufficient_quota"), "rate_limit", False),
        (429, error("Your credit balance is too low"), "rate_limit", False),
        (429, error("You exceeded your current quota and billing details. Please retry in 34.07s."), "rate_limit", True),
        (429, error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40,000."), "rate_limit", False),
        (413, error("Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000", code="rate_limit_exceeded"), "rate_limit", False),
        (500, error("The server had an error"), "overloaded", True),
        (500, error("the request exceeds the available context size"), "context_overflow", False),
        (501, error("no"), "refused_by_endpoint", False),
        (502, "<html><body><h1>Bad Gateway</h1></body></html>", "overloaded", True),
        (503, "", "overloaded", True),
        (504, "", "overloaded", True),
        (529, error("Overloaded", type="overloaded_error"), "overloaded", True),
    ],
)  # fmt: skip
def test_P7_status(status: int, body: object, kind: str, transient: bool) -> None:
    failure = judge(status, body)
    assert (failure.kind, failure.transient) == (kind, transient)
    assert str(status) in failure.message


def test_P7_a_quota_that_is_used_up_is_not_retried_even_with_a_wait() -> None:
    assert not judge(429, error("insufficient_quota"), retry_after="3").transient


def test_the_endpoint_can_forbid_and_ask_for_a_retry() -> None:
    assert not judge(503, "", x_should_retry="false").transient
    assert judge(400, error("odd"), x_should_retry="true").transient


@pytest.mark.parametrize(
    "words",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        '{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}',
        "Input is too long for requested model.",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        "Please reduce the length of the messages or completion.",
        "This endpoint's maximum context length is 131,072 tokens. However, you requested about 140000 tokens",
        "prompt token count of 70000 exceeds the limit of 64000",
        "the request exceeds the available context size, try increasing it",
        "Trying to keep the first 5000 tokens when context overflows. However, the model is loaded with 4096 - greater than the context length",
        "invalid params, context window exceeds limit (2013)",
        "Invalid request: Your request exceeded model token limit: 262144",
        "Prompt contains 70000 tokens, too large for model with 32768 maximum context length",
        "model_context_window_exceeded",
        "prompt too long; exceeded max context length by 1200 tokens",
        "context_length_exceeded",
        "context length exceeded",
        "too many tokens in the request",
        "token limit exceeded",
        "400 status code (no body)",
        "413 (no body)",
        "The prompt (total length 9000) is longer than the model's maximum context length",
    ],
)
def test_P10_overflow(words: str) -> None:
    assert is_overflow(words)
    assert judge(400, error(words)).kind == "context_overflow"


@pytest.mark.parametrize(
    "words",
    [
        "Throttling error: Too many tokens, please wait before trying again.",
        "Service unavailable: too many tokens",
        "Rate limit reached: too many tokens per minute",
        "Too many requests, token limit exceeded",
        "max_tokens must be at least 1",
        "Invalid schema for function 'read_file'",
    ],
)
def test_P10_not_overflow(words: str) -> None:
    assert not is_overflow(words)


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("maximum context length is 8192 tokens. However, you requested 9000 tokens", 8192),
        ("This model's maximum context length is 1,047,576 tokens", 1_047_576),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("token count (1200000) exceeds the maximum number of tokens allowed (1048576)", 1_048_576),
        ("too large for model with 32768 maximum context length", 32_768),
        ("maximum prompt length is 131072 but", 131_072),
        ("Current length is 10000 while limit is 8192", 8192),
        ('"type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096', 4096),
        ("exceeds the available context size (16384 tokens)", 16_384),
        ("context_length_exceeded", None),
        ("context length of 0", None),
    ],
)
def test_P10_the_limit_is_learned(words: str, limit: int | None) -> None:
    assert limit_in(words) == limit


def test_P11_a_rate_limit_is_no_overflow() -> None:
    assert judge(429, error("Rate limit: too many tokens, context window")).kind == "rate_limit"


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, "", 0.25),
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": "0.5"}, "try again in 99s", 0.5),
        ({"retry-after": "-3"}, "", 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, "", 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT"}, "", 0.0),
        ({"retry-after": "soon"}, "", None),
        ({}, "Please try again in 7.66s. Visit", 7.66),
        ({}, "Please try again in 1m26.4s.", 86.4),
        ({}, "try again in 6m0s", 360.0),
        ({}, "Please retry after 20 seconds", 20.0),
        ({}, "try again in 120ms", 0.12),
        ({}, "Rate limit resets in 2 hours and 5 minutes", 7500.0),
        ({}, '{"retryDelay": "34s"}', 34.0),
        ({}, "Please try again later", None),
    ],
)
def test_P7_requested_wait(headers: dict[str, str], body: str, wait: float | None) -> None:
    now = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)
    assert requested_wait(headers, body, now) == (pytest.approx(wait) if wait is not None else None)


def test_P7_backoff_doubles_to_a_cap_with_jitter() -> None:
    assert [backoff(n, 0.0) for n in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(2, 1.0) == 1.5
    assert backoff(10_000, 0.0) == 8.0


def test_waits_in_words() -> None:
    assert [spoken(s) for s in (0.2, 45, 60, 320, 7380)] == ["1 s", "45 s", "1 min", "5 min 20 s", "2 h 3 min"]
    assert said_wait("nothing") is None


def test_a_missing_model_is_named_and_a_wrong_address_too() -> None:
    assert "'gpt-x'" in judge(404, error("model not found")).message
    wrong = from_reply(Reply(404, {}, "404 page not found"), Where("m", "http://localhost:11434"))
    assert "http://localhost:11434/v1" in wrong.message


def test_P15_bodies_are_short_without_keys_and_control_characters() -> None:
    text = (
        "key sk-proj-abcdef123456 gsk_ABCDEFGH1234abcd5678 AIzaSyA-1234567890abc Authorization: Bearer eyJhbGciOi.abc\x1b[31m\n\nred "
        + "x" * 900
    )
    shown = presentable(text)
    assert len(shown) <= 500
    for secret in ("abcdef123456", "ABCDEFGH1234", "1234567890abc", "eyJhbGciOi", "\x1b", "\n"):
        assert secret not in shown


def test_words_that_only_look_like_keys_stay() -> None:
    assert presentable("param key_value_pairs, task-based, hf_model") == "param key_value_pairs, task-based, hf_model"


def test_P15_the_configured_key_is_masked_whatever_it_looks_like() -> None:
    failure = from_reply(Reply(401, {}, "no: hunter2hunter2"), Where("m", "u", "hunter2hunter2"))
    assert "hunter2" not in failure.message


def test_a_web_page_is_shown_by_its_title_or_text() -> None:
    assert (
        "Bad Gateway"
        in judge(502, "<html><head><title> Bad\n Gateway </title><style>x{}</style></head></html>").message
    )
    shown = judge(502, "<div><script>evil()</script><p>no &amp; thing</p></div>").message
    assert "no & thing" in shown
    assert "evil" not in shown


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "metadata": {"raw": '{"error":{"message":"real cause"}}'},
                }
            },
            "real cause",
        ),
        ({"error": "plain"}, "plain"),
        ({"message": "top"}, "top"),
        ({"detail": [{"loc": ["body", "messages", 1], "msg": "wrong"}]}, "body.messages.1: wrong"),
        ([{"error": {"message": "listed"}}], "listed"),
        ({"errors": ["a", "b"]}, "a; b"),
        ({"unknown": 1}, '{"unknown": 1}'),
        ("not {json", "not {json"),
    ],
)
def test_the_message_is_found_in_every_shape(body: object, words: str) -> None:
    assert words in judge(400, body).message


def test_a_certificate_that_is_not_trusted_is_not_retried() -> None:
    cause = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    outer = ConnectionError("Connection error.")
    outer.__cause__ = cause
    failure = from_connection(outer, WHERE)
    assert (failure.kind, failure.transient) == ("network", False)
    assert "SSL_CERT_FILE" in failure.message


def test_a_lost_connection_is_told_by_its_first_cause() -> None:
    outer = RuntimeError("Connection error.")
    outer.__cause__ = OSError("Name or service not known")
    failure = from_connection(outer, WHERE)
    assert failure.transient
    assert "Name or service not known" in failure.message
