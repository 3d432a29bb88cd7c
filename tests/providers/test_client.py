"""Opening a provider: addresses, keys, and what the environment may not add."""

import asyncio

import pytest

from steer.domain.errors import UsageError
from steer.providers.client import open_provider
from steer.providers.endpoint import Endpoint, is_local
from tests.providers.folding import ask
from tests.providers.server import Answer, Server, chunk

OK = Answer.events(chunk("fine"), chunk(finish="stop"))


def headers_sent(key: str | None = "sk-test") -> dict[str, str]:
    async def run() -> dict[str, str]:
        async with Server([OK]) as server:
            provider = open_provider(server.url, key, "m")
            assert (await ask(provider)).text == "fine"
            await provider.close()
            return dict(server.requests[0].headers)

    return asyncio.run(run())


def test_nothing_of_the_environment_is_sent_to_somebody_elses_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, f"leak-{name}")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: leak\nAuthorization: Bearer leak")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/leak")
    headers = headers_sent()
    assert headers["authorization"] == "Bearer sk-test"
    assert not [name for name, value in headers.items() if "leak" in value.lower() or name.startswith("openai-")]
    assert "leak" not in headers_sent(None)["authorization"]


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert headers_sent()["host"].startswith("127.0.0.1")


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        open_provider("https://localhost:1/v1", None, "m")


def test_a_key_is_needed_for_a_remote_endpoint_and_named() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        open_provider(None, None, "gpt-4.1")
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        open_provider("https://api.example.com/v1", " ", "m")


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://x/v1", "http://", "http://h:port/v1", "http://[::1/v1", "nonsense"]
)
def test_an_address_that_cannot_work_is_named(url: str) -> None:
    with pytest.raises(UsageError, match="base URL"):
        open_provider(url, "key", "m")


def test_a_key_with_a_line_break_inside_is_refused_without_showing_it() -> None:
    with pytest.raises(UsageError) as caught:
        open_provider(None, "sk-secret\nsk-other", "m")
    assert "secret" not in str(caught.value)


def test_a_missing_model_names_the_setting() -> None:
    with pytest.raises(UsageError, match="STEER_MODEL"):
        open_provider("http://localhost:1/v1", None, " ")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://192.168.1.7:1234/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://box.local/v1", True),
        ("http://host.docker.internal:1/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://[2606:4700::1]/v1", False),
    ],
)
def test_which_addresses_need_no_key(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_the_address_is_tidied() -> None:
    assert Endpoint("http://localhost:1/v1/chat/completions/", None).url == "http://localhost:1/v1"
    assert Endpoint(None, "sk-x").url == "https://api.openai.com/v1"


def test_a_proxy_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy:1")
    monkeypatch.delenv("all_proxy", raising=False)
    with pytest.raises(UsageError, match="ALL_PROXY"):
        open_provider("https://api.example.com/v1", "key", "m")


def test_the_window_is_given_or_looked_up() -> None:
    assert open_provider("http://localhost:1/v1", None, "gpt-oss-120b").window == 131_072
    assert open_provider("http://localhost:1/v1", None, "gpt-oss-120b", 8192).window == 8192
    assert open_provider("http://localhost:1/v1", None, "my-own").window is None
