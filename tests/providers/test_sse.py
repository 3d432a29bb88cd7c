"""Framing of server-sent events."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.providers.sse import Event, EventSplitter, PendingTooLarge


def split(*pieces: bytes) -> list[Event]:
    splitter = EventSplitter()
    out = [event for piece in pieces for event in splitter.feed(piece)]
    return out + splitter.close()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_P3_every_line_ending_ends_a_line(end: bytes) -> None:
    assert split(b"data: a" + end + b"data: b" + end + end + b"data:c" + end + end) == [Event(b"a\nb"), Event(b"c")]


def test_P3_split_at_every_byte() -> None:
    wire = b"\xef\xbb\xbf: hi\r\ndata: {\r\ndata: }\r\rid: 1\nevent: error\ndata:x\n\ndata: \xe2\x80\xa8\xc2\x85\r\n\r\ndata: last"
    whole = split(wire)
    assert whole == [Event(b"{\n}"), Event(b"x", "error"), Event("\u2028\u0085".encode()), Event(b"last")]
    for at in range(len(wire) + 1):
        assert split(wire[:at], wire[at:]) == whole
    assert split(*(wire[i : i + 1] for i in range(len(wire)))) == whole


def test_a_line_feed_after_a_carriage_return_in_the_next_read_is_one_ending() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\r") == []
    assert splitter.feed(b"\n") == []
    assert splitter.feed(b"\r\n") == [Event(b"a")]


def test_an_event_is_given_as_soon_as_its_blank_line_came() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\n\nda") == [Event(b"a")]
    assert splitter.feed(b"ta: b\n\n") == [Event(b"b")]


def test_objects_without_a_blank_line_between_come_one_by_one() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b'data: {"a":1}\ndata: {"b":2}\n') == [Event(b'{"a":1}')]
    assert splitter.feed(b"data: [DONE]\n") == [Event(b'{"b":2}')]
    assert splitter.close() == [Event(b"[DONE]")]


def test_lines_that_are_no_field_are_kept_apart_and_in_order() -> None:
    assert split(b'data: x\n\nerror: {"a": 1}\n\ndata: y\n\n') == [
        Event(b"x"),
        Event(b'error: {"a": 1}', stray=True),
        Event(b"y"),
    ]


def test_a_pretty_printed_body_is_one_stray_event() -> None:
    assert split(b'{\n  "error": {\n\n    "message": "no"\n  }\n}\n') == [
        Event(b'{\n  "error": {\n    "message": "no"\n  }\n}', stray=True)
    ]


def test_the_event_name_holds_for_one_event() -> None:
    assert split(b"event: error\ndata: a\n\ndata: b\n\n") == [Event(b"a", "error"), Event(b"b")]


def test_comments_and_pings_are_no_events() -> None:
    assert split(b": ping\n\n:\n\nretry: 10\n\nid: 4\n\n \n") == []


def test_an_endless_line_is_refused() -> None:
    splitter = EventSplitter(limit=1000)
    for _ in range(10):
        splitter.feed(b"x" * 100)
    with pytest.raises(PendingTooLarge):
        splitter.feed(b"x")


def test_an_endless_event_is_refused_and_many_small_ones_are_not() -> None:
    splitter = EventSplitter(limit=1000)
    for _ in range(100):
        assert splitter.feed(b"data: " + b"y" * 100 + b"\n\n")
    for _ in range(10):
        splitter.feed(b"data: " + b"y" * 100 + b"\n")
    with pytest.raises(PendingTooLarge):
        splitter.feed(b"data: y\n")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"data: a",
                b"data:{",
                b"}",
                b"\r",
                b"\n",
                b"\r\n",
                b": c",
                b"event: e",
                b"\xef\xbb\xbf",
                b"data",
                b"{",
                b"x:",
            ]
        )
    ),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_P3_any_cut_gives_the_same_events(parts: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(parts)
    at = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    assert split(*(wire[a:b] for a, b in pairwise(at))) == split(wire)
