"""Reading arguments while they stream: whatever the pieces, the same fields come out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from steer.domain.arguments import ArgumentsReader

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=6), VALUES | st.text(), max_size=5), st.booleans(), st.data())
def test_any_cutting_gives_the_string_fields(fields: dict[str, object], ascii_only: bool, data: st.DataObject) -> None:
    raw = json.dumps(fields, ensure_ascii=ascii_only)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    reader = ArgumentsReader()
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        reader.feed(raw[start:end])
    strings = {key: value for key, value in fields.items() if isinstance(value, str)}
    names = reader.keys()
    assert {key: reader.value(key) for key in names} == strings
    assert all(reader.closed(key) for key in strings)


def test_an_open_field_is_read_as_far_as_it_came() -> None:
    reader = ArgumentsReader()
    reader.feed('{"path": "src/a.py", "new": "def f(')
    assert (reader.value("path"), reader.closed("path")) == ("src/a.py", True)
    assert (reader.value("new"), reader.closed("new")) == ("def f(", False)


def test_a_repeated_key_counts_by_its_last_value_as_for_json() -> None:
    reader = ArgumentsReader()
    reader.feed('{"path": "allowed", "path": "forbidden"}')
    assert reader.value("path") == "forbidden"


@given(st.text())
def test_no_text_crashes(text: str) -> None:
    reader = ArgumentsReader()
    reader.feed(text)
    assert all(isinstance(reader.value(key), str) for key in list(reader.keys()))
