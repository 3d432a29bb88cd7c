"""Which call a piece belongs to, whatever index, id and name the endpoint sent with it.

Seen in the wild: index missing in every piece (Gemini's compatible endpoint, SGLang, mistral.rs), all calls under index 0
with new ids, first index 1, id or name only in the first piece, repeated in each, empty in later ones or late,
arguments as an object, two calls interleaved.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from steer.domain.deltas import CallPiece
from steer.providers.scalars import PairJoiner
from steer.providers.wire import Call

LEGACY: Final = -1
"""The index given to the one call of the legacy ``function_call`` field."""


@dataclass(slots=True)
class _Open:
    """A call so far. ``waiting`` is a name not told yet: it may be only its first part."""

    slot: int
    id: str = ""
    name: str = ""
    waiting: str = ""
    arguments: list[str] = field(default_factory=list)
    joiner: PairJoiner = field(default_factory=PairJoiner)

    def complete(self) -> bool:
        """Whether the arguments are whole: JSON that ends here. Cheap where they do not end in a brace."""
        if not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return False
        try:
            json.loads("".join(self.arguments))
        except (ValueError, RecursionError):
            return False
        return True


class CallSlots:
    """Numbers the calls of one answer 0, 1, ... in the order they begin.

    ``known`` are the names of the tools on offer: a name that is one of them, and starts no longer one, is told at once;
    any other waits until its arguments begin, because some endpoints send names in parts.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        names = frozenset(known)
        self._certain = frozenset(n for n in names if not any(o != n and o.startswith(n) for o in names))
        self._calls: list[_Open] = []
        self._by_index: dict[int, _Open] = {}
        self._by_id: dict[str, _Open] = {}

    def take(self, piece: Call) -> list[CallPiece]:
        """What the piece adds, in order; nothing for an empty piece."""
        function = piece.function
        name = (function.name if function else None) or ""
        arguments = _arguments(function.arguments if function else None)
        identity = piece.id or ""
        if not (name or arguments or identity):
            return []
        call = self._find(piece.index, identity, name, arguments)
        out = [] if call is not None else self.close_names()
        if call is None:
            call = self._begin(piece.index)
        new_id = identity if identity and not call.id else ""
        if new_id:
            call.id = new_id
            self._by_id.setdefault(new_id, call)
        self._name(call, name)
        told = self._tell(call, force=bool(arguments))
        text = call.joiner.feed(arguments)
        if text:
            call.arguments.append(text)
        if new_id or told or text:
            out.append(CallPiece(call.slot, new_id, told, text))
        return out

    def close_names(self) -> list[CallPiece]:
        """The names that still waited for a further part."""
        return [CallPiece(call.slot, name=told) for call in self._calls if (told := self._tell(call, force=True))]

    def close(self) -> list[CallPiece]:
        """What is left at the end of the answer."""
        halves = [CallPiece(call.slot, arguments=half) for call in self._calls if (half := call.joiner.close())]
        return [*self.close_names(), *halves]

    def _begin(self, index: int | None) -> _Open:
        call = _Open(len(self._calls))
        self._calls.append(call)
        self._by_index[call.slot if index is None else index] = call
        return call

    def _find(self, index: int | None, identity: str, name: str, arguments: str) -> _Open | None:
        """The call that a piece continues; None where it begins one."""
        if index is not None and index in self._by_index:
            return self._at_index(self._by_index[index], identity, name, arguments)
        by_id = self._by_id.get(identity)
        if by_id is not None and (index is None or not name):
            return by_id
        if not self._calls:
            return None
        last = self._calls[-1]
        if not identity and not name:
            return last
        if index is not None or (identity and last.id):
            return None
        return self._same_start(last, identity, name, arguments)

    def _at_index(self, call: _Open, identity: str, name: str, arguments: str) -> _Open | None:
        if identity and call.id and identity != call.id:
            return self._by_id.get(identity)
        return self._same_start(call, identity, name, arguments)

    def _same_start(self, call: _Open, identity: str, name: str, arguments: str) -> _Open | None:
        """``call``, unless the piece starts another one that only its content tells apart."""
        if identity and identity == call.id:
            return call
        if not name or not (call.name or call.waiting):
            return call
        if arguments.lstrip().startswith("{") and call.complete():
            return None
        known = call.name or call.waiting
        other = name != known and not name.startswith(known) and (bool(call.arguments) or name in self._certain)
        return None if other else call

    def _name(self, call: _Open, name: str) -> None:
        if not name or call.name or name == call.waiting:
            return
        # Cumulative ("get_", "get_weather") replaces, a further part ("get_", "weather") is joined.
        call.waiting = name if name.startswith(call.waiting) else call.waiting + name

    def _tell(self, call: _Open, *, force: bool) -> str:
        if call.name or not call.waiting or not (force or call.waiting in self._certain):
            return ""
        call.name, call.waiting = call.waiting, ""
        return call.name


def _arguments(value: str | dict[str, object] | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
