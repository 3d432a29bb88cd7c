"""Events as JSON objects and back: the form of ``--json`` and of the journal."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, Union, get_args, get_origin

from steer.domain.events import EVENT_TYPES, Event, Record
from steer.domain.values import Json, JsonObject

_Reader: TypeAlias = Callable[[Json], object]


def encode_record(record: Record) -> dict[str, Json]:
    """One record as a JSON object: ``type``, ``seq``, ``t`` (seconds, to the microsecond), then the event's fields."""
    event = record.event
    out: dict[str, Json] = {"type": event.type, "seq": record.seq, "t": round(record.t, 6)}
    for name in _NAMES[event.type]:
        out[name] = _plain(getattr(event, name))
    return out


def decode_record(obj: Mapping[str, Json]) -> Record | None:
    """The record of a JSON object; None for a type of event that this version does not know.

    Fields it does not know are left out, fields that came later take their defaults. Raises ValueError where a
    field is missing or of another kind.
    """
    kind = obj.get("type")
    cls = EVENT_TYPES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        return None
    seq, t = obj.get("seq"), obj.get("t")
    if not isinstance(seq, int) or not isinstance(t, int | float):
        raise ValueError(f"event {kind}: seq and t are needed")
    return Record(seq, float(t), _event(cls, obj))


def _event(cls: type[Event], obj: Mapping[str, Json]) -> Event:
    try:
        return cls(**{name: read(obj[name]) for name, read in _READERS[cls.type].items() if name in obj})  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"event {cls.type}: {error}") from error


def _plain(value: object) -> Json:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{value!r:.60} has no JSON form")


def _readers(cls: type) -> Mapping[str, _Reader]:
    return {f.name: _reader(f.type) for f in fields(cls)}


def _reader(hint: object) -> _Reader:
    """How to read a field of this type; raises ValueError (when called) for a value of another kind."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of([_reader(arg) for arg in args])
    if origin is Literal:
        return _checked(lambda value: value in args, hint)
    if origin is tuple:
        return _tuple(args)
    if origin is not None and issubclass(origin, Mapping):
        return _checked(lambda value: isinstance(value, Mapping), hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _nested(hint)
    if hint is float:
        return _checked(lambda value: isinstance(value, int | float) and not isinstance(value, bool), hint)
    if hint is int:
        return _checked(lambda value: isinstance(value, int) and not isinstance(value, bool), hint)
    return _checked(lambda value: isinstance(value, hint) if isinstance(hint, type) else value is hint, hint)


def _checked(good: Callable[[Json], bool], hint: object) -> _Reader:
    def read(value: Json) -> object:
        if good(value):
            return value
        raise ValueError(f"{value!r:.60} is no {hint}")

    return read


def _one_of(readers: list[_Reader]) -> _Reader:
    def read(value: Json) -> object:
        for each in readers[:-1]:
            try:
                return each(value)
            except ValueError:
                continue
        return readers[-1](value)

    return read


def _tuple(args: tuple[object, ...]) -> _Reader:
    many = len(args) == 2 and args[1] is Ellipsis
    readers = [_reader(arg) for arg in args if arg is not Ellipsis]

    def read(value: Json) -> object:
        if isinstance(value, str) or not isinstance(value, Sequence) or (not many and len(value) != len(readers)):
            raise ValueError(f"{value!r:.60} is no list of the right length")
        return tuple((readers[0] if many else readers[i])(item) for i, item in enumerate(value))

    return read


def _nested(cls: type) -> _Reader:
    readers = _readers(cls)

    def read(value: Json) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(f"{value!r:.60} is no object")
        obj: JsonObject = value
        try:
            return cls(**{name: each(obj[name]) for name, each in readers.items() if name in obj})
        except TypeError as error:
            raise ValueError(str(error)) from error

    return read


_NAMES: Final = MappingProxyType({kind: tuple(f.name for f in fields(cls)) for kind, cls in EVENT_TYPES.items()})
_READERS: Final = MappingProxyType({kind: _readers(cls) for kind, cls in EVENT_TYPES.items()})
