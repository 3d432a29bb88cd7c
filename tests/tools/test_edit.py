"""edit_file: exact, byte for byte, and helpful where it cannot."""

import codecs
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.errors import ConflictError, ToolError
from steer.tools.edit import EditFile, Replacement, Sides, replace_text
from steer.tools.read import ReadFile
from tests.tools.context import FolderContext, call


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)


def edit(context: FolderContext, before: bytes, old: str, new: str, count: int | str | None = None) -> bytes:
    (context.root / "f").write_bytes(before)
    context.seen.clear()
    call(EditFile(), context, path="f", old=old, new=new, count=count)
    return (context.root / "f").read_bytes()


def refused(context: FolderContext, before: bytes, old: str, new: str = "new", count: int | None = None) -> str:
    with pytest.raises(ToolError) as caught:
        edit(context, before, old, new, count)
    assert (context.root / "f").read_bytes() == before
    assert context.applied == []
    return str(caught.value)


def test_replaces_and_shows_the_lines_around(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"1\n2\n3\n4\n5\n6\n7\n8\n9\n")
    result = call(EditFile(), context, path="f", old="5\n", new="five\nFIVE\n")
    assert result.content == "Edited f. It reads now:\n2\t2\n3\t3\n4\t4\n5\tfive\n6\tFIVE\n7\t6\n8\t7\n9\t8\n10\t9"
    assert result.summary == "f +2 −1"
    assert context.seen["f"] == (context.root / "f").read_bytes()


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc\r\n"),
        (b"a\r\nb\r\n", "a\r\nb", "c", b"c\r\n"),
        (b"a\nb\n", "a\r\nb", "c\r\nd", b"c\nd\n"),
        (b"a\r\nb\nc\r\nd\n", "b\nc", "b\nC", b"a\r\nb\nC\r\nd\n"),
        (b"a\rb\r", "a\nb", "x\ny\nz", b"x\ry\rz\r"),
        (b"a\nb", "b", "c", b"a\nc"),
        (b"a\nb\n", "b\n", "", b"a\n"),
        (codecs.BOM_UTF8 + b"a\n", "a", "b", codecs.BOM_UTF8 + b"b\n"),
        ("a é\n".encode("utf-16"), "é", "👍", "a 👍\n".encode("utf-16")),
        (b"caf\xe9\n", "café", "cafés", b"caf\xe9s\n"),
        (b"\x81 caf\xe9\n", "caf", "CAF", b"\x81 CAF\xe9\n"),
        (b"x" * 1_000_000 + b"needle" + b"y" * 1_000_000, "needle", "n", b"x" * 1_000_000 + b"n" + b"y" * 1_000_000),
        (b"", "", "first\n", b"first\n"),
        (b"a\x0cb\xe2\x80\xa8c\n", "b", "B", b"a\x0cB\xe2\x80\xa8c\n"),
    ],
)
def test_T8_encoding_mark_line_ends_and_last_line_are_kept(
    context: FolderContext, before: bytes, old: str, new: str, after: bytes
) -> None:
    assert edit(context, before, old, new) == after


def test_T8_mode_is_kept(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"#!/bin/sh\n")
    (context.root / "f").chmod(0o755)
    call(EditFile(), context, path="f", old="sh", new="bash")
    assert (context.root / "f").stat().st_mode & 0o777 == 0o755


def test_T8_changed_since_it_was_read_is_a_conflict(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"one\n")
    call(ReadFile(), context, path="f")
    (context.root / "f").write_bytes(b"one by the user\n")
    with pytest.raises(ConflictError):
        call(EditFile(), context, path="f", old="one", new="two")
    assert (context.root / "f").read_bytes() == b"one by the user\n"


def test_count(context: FolderContext) -> None:
    assert edit(context, b"a b a\na\n", "a", "cc", 3) == b"cc b cc\ncc\n"
    assert edit(context, b"a b a\n", "a", "c", "2") == b"c b c\n"


@pytest.mark.parametrize("count", [None, 2, 4])
def test_several_matches_say_how_many_and_where(context: FolderContext, count: int | None) -> None:
    message = refused(context, b"x = 1\ny\nx = 1\nx = 1\n", "x = 1", count=count)
    assert "3 times in f (lines 1, 3, 4)" in message
    assert "count=3" in message


def test_overlapping_matches_are_ambiguous(context: FolderContext) -> None:
    assert "overlap" in refused(context, b"aaa\n", "aa")
    assert "overlap" in refused(context, b"aaa\n", "aa", count=2)


@pytest.mark.parametrize(
    ("before", "old", "says"),
    [
        (b"def f():\n    return 1\n", "def f():   \n    return 1", "only trailing blanks differ"),
        (b"if x:\n\treturn 1\n", "if x:\n    return 1", "only tabs against blanks differ"),
        ("a\u00a0= 1\n".encode(), "a = 1", "non-breaking"),
        ("say(“hi”)\n".encode(), 'say("hi")', "curly quotes"),
        (b"Total = 1\n", "total = 1", "upper and lower case"),
        (b"one\ntwo\n", "1\tone\n2\ttwo", "line numbers"),
        (b"one\ntwo\n", "\n\none", "empty lines"),
        (b"result = compute(a, b)\n", "result = compute(a, c)", "line 1, 9"),
        (b"x\n", "nothing of the kind", "Nothing in the file is like it"),
        (b"", "something", "Nothing in the file is like it"),
        (b"one\ntwo", "two\n", "empty lines"),
    ],
)
def test_no_match_says_what_is_there_instead(context: FolderContext, before: bytes, old: str, says: str) -> None:
    assert says in refused(context, before, old)


def test_unusable_calls(context: FolderContext) -> None:
    assert "same" in refused(context, b"a\n", "a", "a")
    assert "write_file" in refused(context, b"a\n", "")
    assert "Windows-1252" in refused(context, b"caf\xe9\n", "caf", "→")
    assert "half of a pair" in refused(context, b"a\n", "a", "\ud83d")
    assert "binary" in refused(context, b"a\0b", "a")
    assert "whole number" in refused(context, b"a\n", "a", "b", 0)
    with pytest.raises(ToolError, match="write_file"):
        call(EditFile(), context, path="new.txt", old="a", new="b")
    os.mkfifo(context.root / "pipe")
    with pytest.raises(ToolError, match="pipe"):
        call(EditFile(), context, path="pipe", old="a", new="b")


PIECES = st.sampled_from(["a", "b", " ", "é", "\n", "\r\n", "\r", "\t", "\u2028"])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=60).map("".join), st.data(), st.text("xyz\n", max_size=8))
def test_every_byte_outside_the_replaced_text_is_kept(raw: str, data: st.DataObject, new: str) -> None:
    sides = Sides(raw)
    start = data.draw(st.integers(0, len(sides.plain) - 1))
    end = data.draw(st.integers(start + 1, len(sides.plain)))
    old = sides.plain[start:end]
    once = sides.plain.find(old) == sides.plain.rfind(old)
    if not once or old == new:
        with pytest.raises(ToolError):
            replace_text(sides, Replacement("f", old, new, None))
        return
    edited = replace_text(sides, Replacement("f", old, new, None)).text
    before, after = raw[: sides.raw_offset(start)], raw[sides.raw_offset(end) :]
    assert edited.startswith(before)
    assert edited.endswith(after)
    middle = edited[len(before) : len(edited) - len(after)]
    assert sides.plainly(middle) == new


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab ", max_size=5), st.sampled_from(["\n", "\r\n"])), min_size=1, max_size=12), st.data()
)
def test_mixed_line_ends_are_kept_elsewhere(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(parts)))
    head, tail = ("".join(line + end for line, end in side) for side in (parts[:place], parts[place:]))
    edited = replace_text(Sides(f"{head}UNIQUE{tail}"), Replacement("f", "UNIQUE", "one\ntwo", None)).text
    assert edited.startswith(head + "one")
    assert edited.endswith("two" + tail)
