"""Asking an endpoint what it has."""

import asyncio

import pytest

from steer.domain.errors import SteerError
from steer.providers.models import Probe, list_models, probe
from tests.providers.server import HANG, Answer, Server

LIST = {"object": "list", "data": [{"id": "zeta"}, {"id": "alpha"}, {"id": "models/gemini-2.5-pro"}]}


def json_answer(value: object) -> Answer:
    return Answer.error(200, value)


def probed(answer: Answer, model: str = "alpha", timeout: float = 10.0) -> Probe:
    async def run() -> Probe:
        async with Server([answer]) as server:
            found = await probe(server.url, "sk-probe-secret", model, timeout)
            assert (server.requests[0].method, server.requests[0].path) == ("GET", "/v1/models")
            return found

    return asyncio.run(run())


@pytest.mark.parametrize(
    "value",
    [
        LIST,
        {"models": [{"name": "alpha"}, {"model": "zeta"}, {"id": "gemini-2.5-pro"}]},
        ["zeta", {"id": "alpha"}, "gemini-2.5-pro"],
    ],
)
def test_models_are_listed_in_every_shape(value: object) -> None:
    async def run() -> tuple[str, ...]:
        async with Server([json_answer(value)]) as server:
            return await list_models(server.url, None)

    assert asyncio.run(run()) == ("alpha", "gemini-2.5-pro", "zeta")


def test_a_probe_of_a_model_that_is_there() -> None:
    found = probed(json_answer(LIST))
    assert (found.reachable, found.authorised, found.listed) == (True, True, True)


def test_a_probe_of_a_model_that_is_not_there_names_near_ones() -> None:
    found = probed(json_answer(LIST), "alpa")
    assert found.listed is False
    assert "alpha" in found.remedy


def test_a_refused_key_is_told_without_it() -> None:
    found = probed(Answer.error(401, {"error": {"message": "bad sk-probe-secret"}}))
    assert (found.reachable, found.authorised, found.listed) == (True, False, None)
    assert "secret" not in found.detail + found.remedy


def test_an_endpoint_without_a_list_is_reachable() -> None:
    found = probed(Answer.error(404, "not found"))
    assert (found.reachable, found.authorised, found.listed) == (True, None, None)


@pytest.mark.parametrize("value", [{}, [], {"data": None}, "text"])
def test_a_list_that_is_none_is_told(value: object) -> None:
    assert probed(json_answer(value)).listed is None


def test_an_endpoint_that_does_not_answer() -> None:
    assert probed(Answer(before=[HANG]), timeout=0.1).reachable is False


def test_nobody_listening() -> None:
    async def run() -> Probe:
        async with Server() as server:
            url = server.url
        with pytest.raises(SteerError, match=r"127\.0\.0\.1"):
            await list_models(url, None)
        return await probe(url, None, "m")

    found = asyncio.run(run())
    assert found.reachable is False
    assert found.remedy
