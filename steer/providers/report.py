"""What an endpoint said, made fit to show: the message out of its body, short, without keys."""

import html
import json
import re
from collections.abc import Mapping
from typing import Final

from steer.domain.values import Json
from steer.providers.scalars import encodable
from steer.providers.wire import parse_json

SHOWN: Final = 500
"""Characters of an endpoint's error text that are shown."""

_MASK: Final = "***"
_KEYS: Final = re.compile(
    r"(?i:\bbearer\s+)[^\s\"',;]+"
    r"|\bsk-[A-Za-z0-9_*.\-]{6,}"
    r"|\b(?:sk|pk|rk|gsk|csk|xai|hf|fw|pplx|nvapi|tgp|key|ghp|glpat)[-_][A-Za-z0-9_*.\-]{16,}"
    r"|\bAIza[0-9A-Za-z_\-]{10,}"
)
_INVISIBLE: Final = re.compile(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->")
_TITLE: Final = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_TAG: Final = re.compile(r"(?s)<[^>]*>")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def presentable(text: str, key: str = "", length: int = SHOWN) -> str:
    """One line of at most ``length`` characters, keys masked, control characters gone."""
    # Cut generously before the patterns run: an error body may be megabytes.
    text = encodable(text[: 40 * length])
    if len(key) >= 4:
        text = text.replace(key, _MASK)
    text = _KEYS.sub(_MASK, text)
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= length else f"{text[: length - 1]}…"


def message_of(body: str) -> str:
    """The message in an error body: JSON in any of the usual shapes, HTML, or plain text."""
    text = body.strip()
    if text.startswith(("{", "[")):
        value = parse_json(text.encode("utf-8", "replace"))
        if value is not None:
            return message_in(value)
    if text.startswith("<"):
        return page_text(text)
    return text


def message_in(value: Json) -> str:
    """The message in decoded JSON: ``error.message``, ``error``, ``message``, ``detail`` (FastAPI), a list of those."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        inner = _mapping_message(value)
        return inner or json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(message_in, value)))
    return "" if value is None else str(value)


def _mapping_message(value: Mapping[str, Json]) -> str:
    for name in ("error", "message", "msg", "detail", "errors", "error_message"):
        found = value.get(name)
        if found:
            text = message_in(found)
            break
    else:
        return ""
    raw = _raw(value)
    if raw and raw not in text:
        text = f"{text}: {raw}"
    place = value.get("loc")
    if isinstance(place, list | tuple) and place:
        text = f"{'.'.join(map(str, place))}: {text}"
    return text


def _raw(value: Mapping[str, Json]) -> str:
    """The upstream's own words, which OpenRouter puts into ``metadata``."""
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping):
        return ""
    raw = metadata.get("raw")
    return message_of(raw) if isinstance(raw, str) else message_in(raw) if raw else ""


def page_text(page: str) -> str:
    """An HTML page in a few words: its title, else its text."""
    page = page[:200_000]
    title = _TITLE.search(page)
    text = title[1] if title else _TAG.sub(" ", _INVISIBLE.sub(" ", page))
    return " ".join(html.unescape(text).split()) or "an HTML page without text"
