"""Pieces of tool calls to slots."""

import json
from typing import Any

import pytest

from tests.providers.folding import decode
from tests.providers.server import chunk, sse

Piece = tuple[Any, Any, Any, Any]


def calls(*pieces: Piece, tools: tuple[str, ...] = ("read_file", "search")) -> list[tuple[str, str, str]]:
    """Fold pieces of (index, id, name, arguments); a field given as ... is left out."""
    wire = []
    for index, identity, name, arguments in pieces:
        function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ...}
        call = {"index": index, "id": identity, "type": "function", "function": function}
        wire.append(sse(chunk(tool_calls=[{key: value for key, value in call.items() if value is not ...}])))
    return decode([*wire, sse(chunk(finish="tool_calls"))], tools=tools).calls


A, B = ("a", "read_file", '{"p":1}'), ("b", "search", '{"q":2}')


@pytest.mark.parametrize(
    "pieces",
    [
        [(0, "a", "read_file", ""), (0, ..., ..., '{"p"'), (0, ..., ..., ":1}"), (1, "b", "search", '{"q":2}')],
        [(0, "a", "read_file", '{"p":1}'), (0, "b", "search", '{"q":2}')],
        [(0, "a", "read_file", '{"p"'), (0, "", "", ":1}"), (0, "b", "search", '{"q"'), (0, None, None, ":2}")],
        [(1, "a", "read_file", '{"p":1}'), (2, "b", "search", '{"q":2}')],
        [(..., "a", "read_file", '{"p"'), (..., "a", "read_file", ":1}"), (..., "b", "search", '{"q":2}')],
        [(..., "a", "read_file", '{"p"'), (..., ..., ..., ":1}"), (..., "b", "search", ""), (..., ..., ..., '{"q":2}')],
        [(0, "a", "read_file", '{"p"'), (1, "b", "search", '{"q"'), (0, ..., ..., ":1}"), (1, ..., ..., ":2}")],
        [(0, "a", "read_file", None), (0, "a", "read_file", '{"p":'), (0, "a", "read_file", "1}"), (1, "b", "search", {"q": 2})],
        [(0, "a", ..., ""), (0, ..., "read_file", '{"p":1}'), (1, "b", ..., '{"q":2}'), (1, ..., "search", "")],
        [(0, "a", "read_file", {"p": 1}), (1, "b", "search", {"q": 2})],
        [(0, "a", "read_", ""), (0, ..., "file", ""), (0, ..., ..., '{"p":1}'), (1, "b", "sea", ""), (1, ..., "search", '{"q":2}')],
        [("0", "a", "read_file", '{"p":1}'), ("1", "b", "search", '{"q":2}')],
        [(0, "a", "read_file", '{"p":1}'), (0, ..., ..., ...), (5, "b", "search", '{"q":2}')],
        [(0, "a", "read_file", '{"p":1}'), (1, "b", "search", '{"q":2}'), (0, "a", "", ""), (1, "b", "", "")],
    ],
    ids=[
        "as documented", "all index 0, new ids", "all index 0, ids only first", "first index 1", "no index, ids repeated",
        "no index, ids once", "interleaved", "name repeated", "name later", "arguments as objects", "name in parts",
        "index as text", "empty pieces, a gap", "trailing empties",
    ],
)  # fmt: skip
def test_P4_two_calls(pieces: list[Piece]) -> None:
    assert [(i, n, json.dumps(json.loads(a), separators=(",", ":"))) for i, n, a in calls(*pieces)] == [A, B]


def test_P4_calls_without_index_and_id_are_told_apart_by_their_whole_arguments() -> None:
    pieces = [(..., ..., "read_file", '{"p":1}'), (..., ..., "read_file", '{"p":2}')]
    assert calls(*pieces) == [("", "read_file", '{"p":1}'), ("", "read_file", '{"p":2}')]


def test_P4_a_brace_inside_the_arguments_starts_no_call() -> None:
    pieces = [(0, ..., "write", '{"content":"if x {}'), (0, ..., "write", '{"nested"}'), (0, ..., "write", '"}')]
    assert calls(*pieces)[0][:2] == ("", "write")
    assert len(calls(*pieces)) == 1


def test_P4_null_arguments_are_none() -> None:
    assert calls((0, "a", "read_file", None)) == [("a", "read_file", "")]


def test_P4_an_id_that_two_calls_share_does_not_merge_them() -> None:
    pieces = [(0, "x", "read_file", '{"p":1}'), (1, "x", "search", '{"q"'), (1, "x", ..., ":2}")]
    assert calls(*pieces) == [("x", "read_file", '{"p":1}'), ("x", "search", '{"q":2}')]


def test_P4_an_unknown_name_is_told_when_its_arguments_begin() -> None:
    assert calls((0, "a", "made_up", ""), (0, ..., ..., "{}")) == [("a", "made_up", "{}")]


def test_P4_a_name_that_begins_another_waits_for_the_rest() -> None:
    assert calls((0, "a", "read", ""), (0, ..., "_file", ""), (0, ..., ..., "{}"), tools=("read", "read_file")) == [
        ("a", "read_file", "{}")
    ]


def test_P4_a_call_without_arguments_is_still_a_call() -> None:
    assert calls((0, "a", "made_up", "")) == [("a", "made_up", "")]


def test_P4_an_empty_name_is_left_empty() -> None:
    assert calls((0, "a", "", '{"p":1}')) == [("a", "", '{"p":1}')]


def test_P4_text_after_a_call() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "search", "arguments": "{}"}}
    folded = decode([sse(chunk("before")), sse(chunk(tool_calls=[call])), sse(chunk(" after", finish="stop"))])
    assert (folded.text, folded.calls) == ("before after", [("a", "search", "{}")])


def test_several_calls_in_one_piece() -> None:
    entries = [
        {"id": "a", "function": {"name": "search", "arguments": "{}"}},
        {"id": "b", "function": {"name": "search", "arguments": "{}"}},
    ]
    assert decode([sse(chunk(tool_calls=entries, finish="stop"))]).calls == [
        ("a", "search", "{}"),
        ("b", "search", "{}"),
    ]


def test_a_pair_of_surrogates_in_two_pieces_of_arguments() -> None:
    wire = (
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"\\"\\ud83d"}}]}}]}\n\n'
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\\udc4d\\""}}]}}]}\n\n'
    )
    assert decode([wire]).calls == [("a", "f", '"👍"')]
