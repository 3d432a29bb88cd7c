"""The provider against a real HTTP server: retries, refusals, interrupts, stalls, endings."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from steer.domain.deltas import Delta, Failed, Finished, Retrying, TextPiece, UsagePiece
from steer.domain.messages import Message, ModelRequest, ToolCall, ToolSpec
from steer.engine.ports import Provider
from steer.providers.chat import ChatProvider
from steer.providers.endpoint import Endpoint
from steer.providers.options import ChatOptions, Patience
from tests.providers.folding import ASK, Folded, ask, collect
from tests.providers.server import ABORT, HANG, Answer, Server, chunk, sse, usage

OK = Answer.events(chunk("fine"), chunk(finish="stop"))
READ = ToolSpec("read_file", "Read.", {"type": "object", "properties": {}})


class Naps:
    """A sleep that only notes how long it was asked for."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


def against(
    answers: Sequence[Answer], work: Callable[[ChatProvider, Server, Naps], Awaitable[Any]], **more: Any
) -> Any:
    """Run ``work`` with a provider on a server that gives ``answers``; ``more`` are the provider's keywords."""

    async def run() -> Any:
        naps = Naps()
        async with Server(answers) as server:
            provider = ChatProvider(Endpoint(server.url, "sk-test-key-123"), "m", sleep=naps, **more)
            try:
                async with asyncio.timeout(20):
                    return await work(provider, server, naps)
            finally:
                await provider.close()

    return asyncio.run(run())


def asked(answers: Sequence[Answer], **more: Any) -> tuple[Folded, Server, Naps]:
    """One request's folded answer, the server and the naps taken."""

    async def work(provider: ChatProvider, server: Server, naps: Naps) -> tuple[Folded, Server, Naps]:
        return await ask(provider), server, naps

    result: tuple[Folded, Server, Naps] = against(answers, work, **more)
    return result


def failure(folded: Folded) -> Failed:
    assert isinstance(folded.end, Failed)
    return folded.end


def test_an_answer_and_what_was_asked() -> None:
    folded, server, _ = asked([Answer.events(chunk("Hel"), chunk("lo"), chunk(finish="stop"), usage(3, 2))])
    assert folded == Folded("Hello", usage=UsagePiece(3, 2), end=Finished("stop"))
    request = server.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-test-key-123"
    assert request.headers["content-type"] == "application/json"
    assert request.json()["stream_options"] == {"include_usage": True}


def test_it_is_the_engines_provider() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> None:
        port: Provider = provider
        assert (port.model, port.window) == ("m", None)

    against([OK], work)


def test_a_batch_is_given_as_soon_as_it_was_read() -> None:
    async def run() -> None:
        go = asyncio.Event()
        async with Server([Answer.raw(sse(chunk("now")), go, sse(chunk("then", finish="stop")))]) as server:
            provider = ChatProvider(Endpoint(server.url, None), "m")
            stream = provider.stream(ASK)
            assert await anext(stream) == [TextPiece("now")]
            assert not go.is_set()
            go.set()
            assert (await collect(stream)).text == "then"
            await provider.close()

    asyncio.run(run())


def test_one_connection_serves_the_steps() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> int:
        for _ in range(3):
            assert (await ask(provider)).end == Finished("stop")
        return server.connections

    assert against([OK], work) == 1


def test_one_connection_serves_the_steps_also_after_an_error() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> int:
        assert (await ask(provider)).end == Finished("stop")
        return server.connections

    assert against([Answer.error(503, "busy"), OK], work) == 1


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_P7_a_passing_failure_is_retried_and_seen(status: int) -> None:
    folded, server, naps = asked([Answer.error(status, "later"), Answer.error(status, "later"), OK])
    assert folded.text == "fine"
    assert len(server.requests) == 3
    assert [step.delay for step in folded.retries] == naps.taken
    assert server.requests[0].body == server.requests[2].body


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_P7_a_lasting_failure_is_not_retried(status: int) -> None:
    folded, server, _ = asked([Answer.error(status, {"error": {"message": "no"}}), OK])
    assert failure(folded)
    assert len(server.requests) == 1


def test_P7_retries_end_and_say_how_often() -> None:
    folded, server, naps = asked([Answer.error(503, "busy")], patience=Patience(max_retries=2))
    assert failure(folded).kind == "overloaded"
    assert "3 times" in failure(folded).message
    assert (len(server.requests), len(naps.taken)) == (3, 2)


def test_P7_no_retries_where_none_are_wanted() -> None:
    folded, server, _ = asked([Answer.error(503, "busy"), OK], patience=Patience(max_retries=0))
    assert failure(folded).kind == "overloaded"
    assert len(server.requests) == 1


def test_P7_the_wait_asked_for_is_honoured() -> None:
    for answer, wait in (
        (Answer.error(429, "slow", retry_after="7"), 7.0),
        (Answer.error(429, "slow", retry_after_ms="1500"), 1.5),
        (Answer.error(429, {"error": {"message": "Please try again in 3.5s."}}), 3.5),
    ):
        folded, _, naps = asked([answer, OK])
        assert folded.text == "fine"
        assert wait <= naps.taken[0] <= wait + 1


def test_P7_a_wait_of_more_than_a_minute_fails_at_once_and_names_it() -> None:
    folded, server, naps = asked([Answer.error(429, "slow", retry_after="320"), OK])
    assert failure(folded).kind == "rate_limit"
    assert "5 min 20 s" in failure(folded).message
    assert (len(server.requests), naps.taken) == (1, [])


def test_P7_used_up_credit_is_not_retried() -> None:
    body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    folded, server, _ = asked([Answer.error(429, body), OK])
    assert failure(folded).kind == "rate_limit"
    assert len(server.requests) == 1


@pytest.mark.parametrize("start", [(ABORT,), (0.01, ABORT)])
def test_P7_a_connection_lost_before_the_status_is_retried(start: Sequence[Any]) -> None:
    folded, server, _ = asked([Answer(before=start), OK])
    assert folded.text == "fine"
    assert [step.kind for step in folded.retries] == ["network"]
    assert len(server.requests) == 2


def test_P7_a_connection_lost_between_status_and_body_is_retried() -> None:
    folded, server, _ = asked([Answer.raw(ABORT), OK])
    assert folded.text == "fine"
    assert len(server.requests) == 2


def test_P7_nothing_is_retried_once_a_byte_of_the_body_came() -> None:
    folded, server, _ = asked([Answer.raw(b": ping\n\n", 0.05, ABORT), OK])
    assert failure(folded).kind == "network"
    assert len(server.requests) == 1


def test_nobody_listening_is_a_network_failure_after_the_retries() -> None:
    async def run() -> Folded:
        async with Server([OK]) as server:
            url = server.url
        provider = ChatProvider(Endpoint(url, None), "m", patience=Patience(max_retries=1), sleep=Naps())
        try:
            return await ask(provider)
        finally:
            await provider.close()

    folded = asyncio.run(run())
    assert failure(folded).kind == "network"
    assert len(folded.retries) == 1
    assert "127.0.0.1" in failure(folded).message


def test_a_connection_lost_in_the_middle_keeps_what_came() -> None:
    folded, server, _ = asked([Answer.raw(sse(chunk("half ")), sse(chunk("an")), b'data: {"cho', 0.05, ABORT), OK])
    assert folded.text == "half an"
    assert failure(folded).kind == "network"
    assert len(server.requests) == 1


def test_P9_a_connection_lost_after_the_finish_reason_is_success() -> None:
    folded, _, _ = asked([Answer.raw(sse(chunk("all", finish="stop")), 0.05, ABORT)])
    assert folded == Folded("all", end=Finished("stop"))


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    folded, _, _ = asked([Answer(parts=[sse(chunk("old")), sse(chunk("school"))], chunked=False)])
    assert folded == Folded("oldschool", end=Finished("stop"))


def test_a_whole_answer_in_json_is_an_answer() -> None:
    body = b'{"choices":[{"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]}'
    assert asked([Answer.raw(body, content_type="application/json")])[0].text == "whole"


def test_a_web_page_is_a_bad_stream() -> None:
    folded, _, _ = asked([Answer.raw(b"<html><title>Log in</title></html>", content_type="text/html")])
    assert failure(folded).kind == "bad_stream"
    assert "Log in" in failure(folded).message


def test_an_empty_body_is_a_bad_stream() -> None:
    assert failure(asked([Answer.raw()])[0]).kind == "bad_stream"


def test_P5_refused_usage_is_asked_for_once_and_never_again() -> None:
    refusal = Answer.error(400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}})

    async def work(provider: ChatProvider, server: Server, naps: Naps) -> list[Any]:
        assert await ask(provider) == Folded("fine", end=Finished("stop"))
        assert (await ask(provider)).text == "fine"
        return server.bodies()

    bodies = against([refusal, OK], work)
    assert ["stream_options" in body for body in bodies] == [True, False, False]


def test_several_refusals_one_after_the_other() -> None:
    answers = [
        Answer.error(400, "temperature is not supported"),
        Answer.error(422, "parallel_tool_calls: extra fields not permitted"),
        Answer.error(400, "use max_completion_tokens instead of max_tokens"),
        OK,
    ]

    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Any:
        folded = await ask(provider, ModelRequest(ASK.messages, (READ,)))
        assert folded == Folded("fine", end=Finished("stop"))
        return server.bodies()[-1]

    options = ChatOptions(temperature=0.1, max_tokens=9, parallel_tool_calls=False)
    body = against(answers, work, options=options)
    assert body["max_completion_tokens"] == 9
    assert not {"temperature", "parallel_tool_calls", "max_tokens"} & set(body)


def test_a_refusal_that_stays_is_a_failure_and_no_loop() -> None:
    folded, server, _ = asked([Answer.error(400, "stream_options is not supported")])
    assert failure(folded).kind == "refused_by_endpoint"
    assert len(server.requests) == 2


def test_a_model_without_tools_answers_in_text_and_says_so() -> None:
    history = (
        Message("user", "x"),
        Message("assistant", "", (ToolCall("c", "read_file", "{}"),)),
        Message("tool", "content of it", tool_call_id="c"),
    )

    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Any:
        before = provider.takes_tools
        assert (await ask(provider, ModelRequest(history, (READ,)))).text == "fine"
        assert (before, provider.takes_tools) == (True, False)
        return server.bodies()

    refused, told = against([Answer.error(400, {"error": "m does not support tools"}), OK], work)
    assert "tools" in refused
    assert "tools" not in told
    assert [message["role"] for message in told["messages"]] == ["user", "assistant", "user"]


def test_P14_closing_the_generator_closes_the_connection() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> None:
        stream = provider.stream(ASK)
        await anext(stream)
        await stream.aclose()
        await server.requests[0].gone.wait()

    against([Answer.raw(sse(chunk("x")), HANG)], work)


@pytest.mark.parametrize("answer", [Answer(before=[HANG]), Answer.raw(HANG), Answer.raw(sse(chunk("x")), HANG)])
def test_P14_I5_cancelling_closes_the_connection_whenever_it_comes(answer: Answer) -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> None:
        task = asyncio.create_task(ask(provider))
        request = await server.arrived()
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.gone.wait()

    against([answer], work)


def test_P14_two_cancellations_in_a_row_still_close_the_connection() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> None:
        stream = provider.stream(ASK)
        await anext(stream)
        task = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.requests[0].gone.wait()

    against([Answer.raw(sse(chunk("x")), HANG)], work)


def test_P14_a_hundred_interrupts_leave_nothing_open() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> int:
        before = len(asyncio.all_tasks())
        for count in range(1, 101):
            stream = provider.stream(ASK)
            await anext(stream)
            await stream.aclose()
            request = await server.arrived(count)
            await request.gone.wait()
            await request.finished.wait()
        await asyncio.sleep(0.01)
        return len(asyncio.all_tasks()) - before

    assert against([Answer.raw(sse(chunk("x")), HANG)], work) <= 1


def test_I6_a_wait_for_a_retry_can_be_cancelled() -> None:
    async def run() -> None:
        async with Server([Answer.error(503, "busy", retry_after="30")]) as server:
            provider = ChatProvider(Endpoint(server.url, None), "m")
            stream = provider.stream(ASK)
            first = await anext(stream)
            assert isinstance(first[0], Retrying)
            task = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await provider.close()

    asyncio.run(run())


@pytest.mark.parametrize("answer", [Answer(before=[HANG]), Answer.raw(HANG)])
def test_P8_no_first_byte_is_a_stall_that_is_not_retried(answer: Answer) -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        folded = await ask(provider)
        await server.requests[0].gone.wait()
        assert len(server.requests) == 1
        return folded

    folded = against([answer, OK], work, patience=Patience(first_byte_timeout=0.1))
    assert failure(folded).kind == "stalled"


def test_P8_silence_in_mid_stream_is_a_stall_and_keeps_what_came() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        folded = await ask(provider)
        await server.requests[0].gone.wait()
        return folded

    folded = against([Answer.raw(sse(chunk("so far")), HANG)], work, patience=Patience(stall_timeout=0.1))
    assert folded.text == "so far"
    assert failure(folded).kind == "stalled"


def test_P8_keep_alives_are_no_silence() -> None:
    pings = [step for _ in range(12) for step in (b": ping\n\n", 0.05)]
    answer = Answer.raw(sse(chunk("a")), *pings, sse(chunk("b", finish="stop")))
    folded, _, _ = asked([answer], patience=Patience(stall_timeout=0.3))
    assert folded == Folded("ab", end=Finished("stop"))


def test_P8_a_reader_that_pauses_is_no_stall() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        stream = provider.stream(ASK)
        deltas: list[Delta] = list(await anext(stream))
        await asyncio.sleep(0.4)
        rest = await collect(stream)
        assert deltas == [TextPiece("a")]
        return rest

    answer = Answer.raw(sse(chunk("a")), 0.05, sse(chunk("b")), 0.05, sse(chunk("c", finish="stop")))
    folded = against([answer], work, patience=Patience(stall_timeout=0.3, first_byte_timeout=0.3))
    assert folded == Folded("bc", end=Finished("stop"))


def test_P8_silence_after_the_finish_reason_is_the_end() -> None:
    answer = Answer.raw(sse(chunk("all", finish="stop")), HANG)
    folded, _, _ = asked([answer], patience=Patience(settle_timeout=0.1))
    assert folded == Folded("all", end=Finished("stop"))


def test_a_connection_kept_open_after_the_end_mark_is_the_end() -> None:
    folded, _, _ = asked([Answer.raw(sse(chunk("all")), b"data: [DONE]\n\n", HANG)])
    assert folded == Folded("all", end=Finished("stop"))


def test_a_cancellation_from_outside_is_not_taken_for_a_stall() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await collect(provider.stream(ASK))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    against([Answer.raw(sse(chunk("x")), HANG)], work, patience=Patience(stall_timeout=5))


def test_compressed_bodies_are_read() -> None:

    answer = Answer(
        headers={"content-type": "text/event-stream", "content-encoding": "gzip"},
        parts=[gzip.compress(sse(chunk("zip", finish="stop")))],
    )
    assert asked([answer])[0].text == "zip"


def test_a_redirect_is_followed() -> None:
    folded, server, _ = asked([Answer(307, {"location": "/v2/chat/completions"}), OK])
    assert folded.text == "fine"
    assert server.requests[1].path == "/v2/chat/completions"
    assert server.requests[1].json()["model"] == "m"


def test_a_reader_that_pauses_is_read_ahead_of_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer.providers.exchange._AHEAD", 1000)

    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        stream = provider.stream(ASK)
        first = await anext(stream)
        await asyncio.sleep(0.05)
        rest = await collect(stream)
        return Folded("".join(d.text for d in first if isinstance(d, TextPiece)) + rest.text, end=rest.end)

    events = [sse(chunk("0123456789")) for _ in range(200)]
    folded = against([Answer.raw(*events, sse(chunk(finish="stop")))], work)
    assert folded == Folded("0123456789" * 200, end=Finished("stop"))


def test_a_closed_provider_says_so() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        await provider.close()
        return await ask(provider)

    assert failure(against([OK], work)).kind == "network"


def test_closing_the_provider_ends_an_answer_that_is_being_read() -> None:
    async def work(provider: ChatProvider, server: Server, naps: Naps) -> Folded:
        task = asyncio.create_task(ask(provider))
        await server.arrived()
        await asyncio.sleep(0.05)
        await provider.close()
        return await task

    assert failure(against([Answer.raw(sse(chunk("x")), HANG)], work)).kind == "network"


def test_P15_no_key_in_any_message() -> None:
    for status in (400, 401, 403, 429, 500):
        folded, _, _ = asked(
            [Answer.error(status, {"error": {"message": "key sk-test-key-123 is bad"}})],
            patience=Patience(max_retries=0),
        )
        assert "sk-test-key-123" not in failure(folded).message


def test_bad_bodies_with_errors_do_not_raise() -> None:
    for body in ("\x00\x01", "[1, 2]", "null", '"text"', "{}", "<", "x" * 100_000):
        folded, _, _ = asked([Answer.error(400, body)])
        assert failure(folded).kind == "refused_by_endpoint"
        assert len(failure(folded).message) < 1000


def test_an_error_body_that_breaks_off_is_a_failure() -> None:
    answer = Answer(500, {"content-type": "application/json"}, [b'{"error"', 0.02, ABORT])
    folded, _, _ = asked([answer], patience=Patience(max_retries=0))
    assert failure(folded).kind in ("network", "overloaded")
