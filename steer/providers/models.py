"""Which models an endpoint has, and whether it can be reached at all."""

import asyncio
import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import openai

from steer.domain.errors import SteerError
from steer.domain.values import Json
from steer.providers.endpoint import Endpoint
from steer.providers.failures import Failure, Reply, Where, from_connection, from_reply
from steer.providers.wire import parse_json


@dataclass(frozen=True, slots=True)
class Probe:
    """What asking an endpoint for its models told. ``authorised`` and ``listed`` are None where it could not be told
    (no list at this endpoint); ``detail`` and ``remedy`` are for a person and name no key."""

    reachable: bool
    authorised: bool | None
    listed: bool | None
    models: tuple[str, ...]
    detail: str
    remedy: str = ""


async def list_models(base_url: str | None, api_key: str | None, timeout: float = 15.0) -> tuple[str, ...]:
    """The ids of an endpoint's models, sorted. ``timeout`` in seconds. Raises SteerError where they cannot be had."""
    found = await _ask(base_url, api_key, timeout)
    if isinstance(found, Failure):
        raise SteerError(found.message)
    return found


async def probe(base_url: str | None, api_key: str | None, model: str, timeout: float = 15.0) -> Probe:
    """Whether the endpoint answers, takes the key, and has the model. ``timeout`` in seconds. Raises UsageError only."""
    found = await _ask(base_url, api_key, timeout)
    if isinstance(found, Failure):
        return _refused(found)
    if not found:
        return Probe(True, True, None, (), "The endpoint answers, but lists no models.")
    if model in found:
        return Probe(True, True, True, found, f"The endpoint answers and serves {model}.")
    near = difflib.get_close_matches(model, found, 3, 0.4) or found[:3]
    remedy = f"Set STEER_MODEL to one it lists, such as {', '.join(near)}."
    return Probe(True, True, False, found, f"The endpoint answers, but does not list {model!r}.", remedy)


def _refused(failure: Failure) -> Probe:
    match failure.kind:
        case "auth":
            return Probe(True, False, None, (), failure.message, "Check OPENAI_API_KEY.")
        case "network" | "stalled":
            return Probe(False, None, None, (), failure.message, "Check OPENAI_BASE_URL and the network.")
        case _ if failure.status in (404, 405, 501):
            return Probe(True, None, None, (), f"The endpoint answers, but has no list of models. {failure.message}")
        case _:
            return Probe(True, None, None, (), failure.message)


async def _ask(base_url: str | None, api_key: str | None, timeout: float) -> tuple[str, ...] | Failure:
    endpoint = Endpoint(base_url, api_key)
    where = Where("", f"{endpoint.url}/models", endpoint.key)
    try:
        async with asyncio.timeout(timeout):
            response = await endpoint.get("/models")
    except TimeoutError:
        return Failure("stalled", f"{where.url} did not answer within {timeout:g} s.")
    except openai.APIStatusError as error:
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        return from_reply(Reply(error.status_code, headers, error.response.text), where)
    except (openai.OpenAIError, httpx.HTTPError, OSError) as error:
        return from_connection(error, where)
    finally:
        await endpoint.close()
    return _ids(parse_json(response.content))


def _ids(value: Json) -> tuple[str, ...]:
    """The ids in ``{"data": [{"id"}]}`` (OpenAI), ``{"models": [{"name"}]}`` (Ollama) or a bare list (Together)."""
    items = (value.get("data") or value.get("models")) if isinstance(value, Mapping) else value
    if not isinstance(items, list):
        return ()
    found = {_id(item) for item in items}
    return tuple(sorted(name for name in found if name))


def _id(item: Json) -> str:
    if isinstance(item, Mapping):
        item = item.get("id") or item.get("name") or item.get("model")
    # Google prefixes every id, and takes it with and without.
    return item.removeprefix("models/") if isinstance(item, str) else ""
