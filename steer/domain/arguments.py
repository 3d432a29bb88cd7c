"""Reading a call's JSON arguments while they still stream, in linear time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(slots=True)
class ArgumentsReader:
    """The string fields of a JSON object's first level, as far as they have arrived.

    ``feed`` takes the next piece of text. ``value(key)`` is what has come of that field so far, ``closed(key)``
    whether its closing quote has come. Nested values are skipped. Text that is no JSON object is ignored.
    """

    _fields: dict[str, list[str]] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)
    _depth: int = 0
    _in_string: bool = False
    _escape: str = ""
    _escaping: bool = False
    _high: int = 0
    _key: str = ""
    _token: list[str] = field(default_factory=list)
    _expect_value: bool = False

    def value(self, key: str) -> str:
        """The text of a field so far; empty where nothing has come."""
        return "".join(self._fields.get(key, ()))

    def pieces(self, key: str) -> Sequence[str]:
        """The field's text as the pieces it came in, for readers that want only what is new."""
        return self._fields.get(key, ())

    def closed(self, key: str) -> bool:
        """Whether the field's closing quote has arrived."""
        return key in self._closed

    def keys(self) -> tuple[str, ...]:
        """The first level's string fields in the order they appeared."""
        return tuple(self._fields)

    def feed(self, text: str) -> None:
        """Take the next piece of the arguments' text."""
        at, end = 0, len(text)
        while at < end:
            at = self._string(text, at) if self._in_string else self._structure(text, at)

    def _string(self, text: str, at: int) -> int:
        """Consume inside a string from ``at``; returns the next position."""
        if self._escaping:
            self._escaped(text[at])
            return at + 1
        quote, slash = text.find('"', at), text.find("\\", at)
        stop = min(x if x >= 0 else len(text) for x in (quote, slash))
        if stop > at:
            self._put(text[at:stop])
        if stop == len(text):
            return stop
        if text[stop] == "\\":
            self._escaping, self._escape = True, ""
        else:
            self._close_string()
        return stop + 1

    def _escaped(self, char: str) -> None:
        self._escape += char
        if self._escape[0] != "u":
            self._escaping = False
            self._put(_ESCAPES.get(self._escape, self._escape))
            return
        if len(self._escape) < 5:
            return
        self._escaping = False
        try:
            code = int(self._escape[1:], 16)
        except ValueError:
            code = 0xFFFD
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000:
            self._put(chr(0x10000 + (self._high - 0xD800) * 0x400 + code - 0xDC00) if self._high else "\ufffd")
            self._high = 0
        else:
            self._put(chr(code))

    def _put(self, text: str) -> None:
        if self._depth != 1:
            return
        if self._expect_value:
            self._fields.setdefault(self._key, []).append(text)
        else:
            self._token.append(text)

    def _close_string(self) -> None:
        self._in_string = False
        if self._depth != 1:
            return
        if self._expect_value:
            self._fields.setdefault(self._key, [])
            self._closed.add(self._key)
            self._expect_value = False
        else:
            self._key, self._token = "".join(self._token), []

    def _structure(self, text: str, at: int) -> int:
        match text[at]:
            case '"':
                self._in_string = True
            case "{" | "[":
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
            case ":" if self._depth == 1:
                # A repeated key: the last one counts, as for json.loads.
                self._fields.pop(self._key, None)
                self._closed.discard(self._key)
                self._expect_value = True
            case "," if self._depth == 1:
                self._expect_value = False
        return at + 1
