"""Failures of an endpoint as domain errors: which kind, in which words, and whether trying again can help."""

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from steer.domain.deltas import Failed
from steer.domain.values import ErrorKind, Json
from steer.providers.overflow import is_overflow, limit_in
from steer.providers.report import message_in, message_of, page_text, presentable
from steer.providers.waits import requested_wait, said_wait

TRANSIENT: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses worth another try; 529 is "overloaded" at Anthropic and its gateways, 409 and 425 are locks and early data."""

_QUOTA: Final = re.compile(
    r"insufficient[_ ](?:quota|balance|credits?|funds)|exceeded your current quota|credit balance|out of credits?"
    r"|billing|payment required|spending limit|requires more credits|arrears"
)
_NEVER_LATER: Final = re.compile(
    r"insufficient[_ ](?:quota|balance|credits?|funds)|credit balance|requires more credits"
)
_TOO_LARGE_FOR_RATE: Final = re.compile(r"limit:? (\d+),? *(?:used:? \d+,? *)?requested:? (\d+)")
_MODEL_MISSING: Final = re.compile(r"\bmodel\b|\bdeployment\b")
_STREAM_KINDS: Final[tuple[tuple[str, ErrorKind], ...]] = (
    (r"rate[ _-]?limit|too many requests|quota|tokens per (?:min|day)", "rate_limit"),
    (r"authenticat|api[ _-]?key|unauthori[sz]ed|permission|forbidden", "auth"),
    (
        r"invalid_request|invalid request|bad request|not supported|unsupported|not found|tool_use_failed",
        "refused_by_endpoint",
    ),
)

_JUDGED: Final[Mapping[int, tuple[ErrorKind, str, str]]] = MappingProxyType(
    {
        401: ("auth", "The endpoint refused the API key", " Check OPENAI_API_KEY."),
        402: ("refused_by_endpoint", "The account has no credit left", ""),
        403: ("auth", "The endpoint denied access", " Check OPENAI_API_KEY and what it may use."),
        408: ("network", "The endpoint gave up waiting for the request", ""),
        409: ("overloaded", "The endpoint is not ready for the request", ""),
        413: ("rate_limit", "The request is larger than the rate limit allows", ""),
        425: ("overloaded", "The endpoint is not ready for the request", ""),
        429: ("rate_limit", "The rate limit is reached", ""),
        501: ("refused_by_endpoint", "The endpoint does not do this", ""),
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed. ``wait`` is what the endpoint asks for, in seconds; ``text`` its own words, whole, for
    working out which parameter it refused; ``limit`` the context window where an overflow named it."""

    kind: ErrorKind
    message: str
    status: int = 0
    transient: bool = False
    wait: float | None = None
    limit: int | None = None
    text: str = ""

    def failed(self) -> Failed:
        return Failed(self.kind, self.message, self.limit)


@dataclass(frozen=True, slots=True)
class Reply:
    """A status that is no success. ``headers`` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Where:
    """What an error message may name: the model and address asked; ``key`` only to be masked."""

    model: str
    url: str
    key: str = ""


def from_reply(reply: Reply, where: Where) -> Failure:
    """The failure that a status and its body tell of."""
    said = message_of(reply.body)
    low = f"{said}\n{reply.body[:20_000]}".lower()
    shown = presentable(said, where.key)
    status = reply.status
    if status not in (401, 402, 403, 404, 429) and _overflows(status, reply.body, low):
        text = f"The request is longer than the model's context window (HTTP {status}){_colon(shown)}"
        return Failure("context_overflow", text, status, limit=limit_in(low), text=low)
    wait = requested_wait(reply.headers, reply.body)
    kind, headline, remedy = _judge(status, low, where)
    message = f"{headline} (HTTP {status}){_colon(shown)}{remedy}"
    return Failure(kind, message, status, _transient(reply, low, wait), wait, text=low)


def from_object(error: Json, where: Where) -> Failure:
    """The failure that an error object in a stream tells of, though the status was 200."""
    status = _status_in(error)
    said = message_in(error)
    if status >= 400:
        return from_reply(Reply(status, {}, json.dumps({"error": error}, default=str)), where)
    low = f"{said}\n{json.dumps(error, default=str)}".lower()
    shown = presentable(said, where.key)
    if is_overflow(low):
        return Failure(
            "context_overflow", f"The context window is exceeded{_colon(shown)}", limit=limit_in(low), text=low
        )
    kind: ErrorKind = next((kind for pattern, kind in _STREAM_KINDS if re.search(pattern, low)), "overloaded")
    return Failure(kind, f"The endpoint broke the answer off{_colon(shown)}", wait=said_wait(low), text=low)


def from_connection(error: BaseException, where: Where, *, answering: bool = False) -> Failure:
    """The failure of a connection that could not be made, or was lost while ``answering``, from the exception and its causes."""
    causes = _causes(error)
    words = presentable(next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__), where.key)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "CERTIFICATE_VERIFY_FAILED" in words:
        remedy = " Set SSL_CERT_FILE to the certificate authority's file if a proxy signs the traffic."
        return Failure("network", f"The certificate of {where.url} is not trusted{_colon(words)}{remedy}")
    if answering:
        return Failure("network", f"The connection to {where.url} was lost in the middle of the answer{_colon(words)}")
    text = f"No connection to {where.url}{_colon(words)} Check the address, the network and the proxy variables."
    return Failure("network", text, transient=True)


def from_page(page: str, where: Where) -> Failure:
    """The failure of a 200 whose body is a web page: a login wall, a proxy, a wrong address."""
    title = presentable(page_text(page), where.key, 200)
    text = f'{where.url} answered with a web page ("{title}"), not with a model\'s answer.{_address_hint(where.url)}'
    return Failure("bad_stream", text)


def _overflows(status: int, body: str, low: str) -> bool:
    if status in (400, 413) and not body.strip():
        # Cerebras answers an overflow with a status alone.
        return True
    if is_overflow(low):
        return True
    return status == 413 and "rate" not in low and "tokens per" not in low


def _judge(status: int, low: str, where: Where) -> tuple[ErrorKind, str, str]:
    """Kind, headline and remedy of a status that is no overflow."""
    if status == 404:
        if _MODEL_MISSING.search(low):
            return "refused_by_endpoint", f"The endpoint does not serve the model {where.model!r}", ""
        return "refused_by_endpoint", f"Nothing answers at {where.url}", _address_hint(where.url)
    if status == 429 and _exhausted(low, None):
        return "rate_limit", "The quota or credit is used up", ""
    if status in _JUDGED:
        return _JUDGED[status]
    if status >= 500:
        return "overloaded", "The endpoint is overloaded or failing", ""
    return "refused_by_endpoint", "The endpoint refused the request", ""


def _transient(reply: Reply, low: str, wait: float | None) -> bool:
    told = reply.headers.get("x-should-retry", "").lower()
    if told == "false" or reply.status not in TRANSIENT | ({reply.status} if told == "true" else frozenset()):
        return False
    return not (reply.status == 429 and (_exhausted(low, wait) or _never_fits(low)))


def _exhausted(low: str, wait: float | None) -> bool:
    """Whether money, not time, is what is missing. Google says "quota" and "billing" of limits that pass: a stated wait tells."""
    if _NEVER_LATER.search(low):
        return True
    return _QUOTA.search(low) is not None and wait is None and said_wait(low) is None


def _never_fits(low: str) -> bool:
    """Whether the one request alone is larger than the limit per minute: no wait helps."""
    match = _TOO_LARGE_FOR_RATE.search(low.replace(",", ""))
    return match is not None and int(match[2][:12]) > int(match[1][:12])


def _status_in(error: Json) -> int:
    """An HTTP status that an error object carries: ``code`` (OpenRouter, vLLM, Google), ``status`` or ``status_code``."""
    if not isinstance(error, Mapping):
        return 0
    for name in ("code", "status", "status_code", "http_code"):
        value = error.get(name)
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if len(text) == 3 and text.isascii() and text.isdigit():
            return int(text)
    return 0


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and its causes, outermost first."""
    out: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in out:
        out.append(cause)
        cause = cause.__cause__ or cause.__context__
    return out


def _address_hint(url: str) -> str:
    base = url.rstrip("/")
    return "" if re.search(r"/v\d+[a-z]*(?:/|$)", base) else f" The base URL usually ends in /v1: try {base}/v1."


def _colon(text: str) -> str:
    return f": {text}{'' if text[-1:] in '.!?…' else '.'}" if text else "."
