"""One endpoint: its address, its key, and the connections to it."""

import ipaddress
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
from openai import AsyncOpenAI, AsyncStream, Omit

from steer.domain.errors import UsageError

OPENAI: Final = "https://api.openai.com/v1"
NO_KEY: Final = "no-key"
"""Sent where an endpoint of one's own needs no key: the SDK insists on one, and such servers ignore it."""

_TIMEOUT: Final = httpx.Timeout(connect=10.0, read=None, write=60.0, pool=10.0)
"""Seconds. No limit on reading: a model may think for minutes; the stall watchdog tells silence from a slow reader."""

_LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=60.0)
_USER_AGENT: Final = "steer"


class _Client(AsyncOpenAI):
    """The SDK's client, sending only the headers named here.

    The SDK would add the organisation, project and custom headers that it finds in the environment (OPENAI_ORG_ID,
    OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS), and a description of this machine, to whatever address it talks to.
    """

    official = False

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        headers: dict[str, str | Omit] = {
            "Accept": "text/event-stream, application/json",
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            **self.auth_headers,
        }
        # Which organisation pays is OpenAI's matter, and told to nobody else.
        if self.official and self.organization:
            headers["OpenAI-Organization"] = self.organization
        if self.official and self.project:
            headers["OpenAI-Project"] = self.project
        return headers


class Endpoint:
    """An OpenAI-compatible endpoint. ``key`` is the user's, empty where there is none; it is never part of a message."""

    def __init__(self, base_url: str | None = None, api_key: str | None = None) -> None:
        """Raises UsageError for an address or key that cannot work, or a remote address without a key."""
        self.url = _address(base_url)
        self.local = is_local(self.url)
        self.key = _usable_key(api_key)
        if not self.key and not self.local:
            raise UsageError(
                f"No API key for {self.url}.", "Set OPENAI_API_KEY, or OPENAI_BASE_URL to an endpoint that needs none."
            )
        self._http = _http_client(proxies=not self.local)
        # Retries are the provider's (see chat.py).
        # The SDK is typed for its own httpx2 and takes an httpx client as well; hence Any.
        http: Any = self._http
        self._sdk = _Client(api_key=self.key or NO_KEY, base_url=self.url, max_retries=0, http_client=http)
        self._sdk.official = urlsplit(self.url).hostname == urlsplit(OPENAI).hostname

    async def post(self, path: str, body: bytes) -> httpx.Response:
        """Send JSON and give the response with its body unread; the caller closes it. Raises the SDK's and httpx's errors."""
        if self._http.is_closed:
            raise httpx.ConnectError("The connections to the endpoint were closed.")
        response = await self._sdk.post(
            path, cast_to=httpx.Response, content=body, stream=True, stream_cls=AsyncStream[object]
        )
        # For this cast_to the SDK hands the response out as it is, whatever the stream class.
        return cast(httpx.Response, cast(object, response))

    async def get(self, path: str) -> httpx.Response:
        """Ask with GET and give the response, read. Raises the SDK's and httpx's errors."""
        return await self._sdk.get(path, cast_to=httpx.Response)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


def _http_client(*, proxies: bool) -> httpx.AsyncClient:
    """The one HTTP client of an endpoint.

    Why httpx and not the SDK's own httpx2: httpx is a dependency that we name and pin, its 0.28 interface has been stable,
    and so the pool, proxies, TLS and timeouts are configured in one place that is ours, and the response object, whose raw
    bytes and close we live on, does not change when the SDK changes its transport. The SDK takes either.
    """
    try:
        # SSL_CERT_FILE counts always, the proxy variables only where ``proxies``; trust_env alone would tie the two.
        tls = httpx.create_ssl_context(trust_env=True)
        return httpx.AsyncClient(verify=tls, timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=True, trust_env=proxies)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise UsageError(
            f"The proxy of the environment cannot be used: {error}.",
            "Correct or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"The certificates of the environment cannot be read: {error}.", "Correct or unset SSL_CERT_FILE."
        ) from error


def is_local(url: str) -> bool:
    """Whether the address is on this machine or a private network, where endpoints need no key and no proxy."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name without a dot is a neighbour's: localhost, a container's service.
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
    return address.is_private or address.is_loopback or address.is_unspecified


def _address(base_url: str | None) -> str:
    """The base URL without a trailing slash or ``/chat/completions``. Raises UsageError."""
    text = (base_url or "").strip() or OPENAI
    text = text.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise UsageError(
            f"{text!r} is no base URL.", "Write it with http:// or https://, such as http://localhost:8080/v1."
        )
    return text


def _usable_key(api_key: str | None) -> str:
    key = (api_key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            "The API key has characters that no header can carry.", "Check OPENAI_API_KEY for line breaks and blanks."
        )
    return key
