"""Events survive their JSON form; what is not an event is refused or left out, never a crash."""

import json
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.codec import decode_record, encode_record
from steer.domain.events import EVENT_TYPES, Event, Record, TextDelta, ToolCalled
from steer.domain.messages import Message, ToolCall

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
st.register_type_strategy(str, TEXT)
st.register_type_strategy(float, st.floats(0, 1e6))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda x: st.lists(x, max_size=2) | st.dictionaries(TEXT, x, max_size=2),
    max_leaves=4,
)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXT,
    tool_calls=st.lists(st.builds(ToolCall, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    tool_call_id=st.none() | TEXT,
    reasoning=st.none() | TEXT,
)


def event_of(cls: type[Event]) -> st.SearchStrategy[Event]:
    special: dict[str, st.SearchStrategy[typing.Any]] = {}
    if cls is ToolCalled:
        special = {"call_id": TEXT, "name": TEXT, "arguments": st.dictionaries(TEXT, JSON, max_size=2) | TEXT}
    if cls.type == "message.appended":
        special["message"] = MESSAGES
    return st.builds(cls, **special)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(EVENT_TYPES)).flatmap(lambda kind: event_of(EVENT_TYPES[kind])))
def test_every_event_survives(event: Event) -> None:
    record = Record(3, 1.25, event)
    line = json.loads(json.dumps(encode_record(record)))
    assert list(line)[:3] == ["type", "seq", "t"]
    assert decode_record(line) == record


def test_unknown_types_and_fields_are_left_out() -> None:
    assert decode_record({"type": "from.the.future", "seq": 1, "t": 0.0}) is None
    assert decode_record({"seq": 1, "t": 0.0}) is None
    known = decode_record({"type": "text.delta", "seq": 1, "t": 2, "text": "x", "colour": "red"})
    assert known is not None
    assert known.event == TextDelta("x")


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "text.delta", "seq": 1, "t": 0.0},
        {"type": "text.delta", "seq": "1", "t": 0.0, "text": "x"},
        {"type": "text.delta", "seq": 1, "t": 0.0, "text": 5},
        {"type": "turn.started", "seq": 1, "t": 0.0, "turn": "one", "task": "x"},
        {"type": "queue.changed", "seq": 1, "t": 0.0, "waiting": [["id"]]},
        {"type": "steered", "seq": 1, "t": 0.0, "text": "x", "constraints": "no", "when": "now"},
        {"type": "steered", "seq": 1, "t": 0.0, "text": "x", "constraints": [], "when": "never"},
        {"type": "message.appended", "seq": 1, "t": 0.0, "message": {"role": "user"}},
        {"type": "message.appended", "seq": 1, "t": 0.0, "message": 7},
    ],
)
def test_broken_records_are_a_value_error(broken: dict[str, typing.Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_record(broken)
