"""The patch format: what is read, where hunks go, and what is said where they do not fit."""

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.hunks import Chunk, PatchError, Sign, apply_chunks
from steer.domain.patch import AddFile, DeleteFile, UpdateFile, apply_update, parse_patch

CLASSES = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"


def wrap(body: str) -> str:
    return f"*** Begin Patch\n{body}\n*** End Patch"


def applied(body: str, text: str) -> str:
    (update,) = parse_patch(wrap(f"*** Update File: f\n{body}"))
    assert isinstance(update, UpdateFile)
    return apply_update(update, text)[0]


def refused(body: str, text: str) -> str:
    with pytest.raises(PatchError) as caught:
        applied(body, text)
    return str(caught.value)


def test_all_operations_in_one_patch() -> None:
    operations = parse_patch(
        wrap(
            "*** Add File: path/add.py\n+abc\n+def\n*** Delete File: path/delete.py\n"
            "*** Update File: path/update.py\n*** Move to: path/update2.py\n@@ def f():\n-    pass\n+    return 123"
        )
    )
    added, deleted, updated = operations
    assert added == AddFile("path/add.py", "abc\ndef\n")
    assert deleted == DeleteFile("path/delete.py")
    assert isinstance(updated, UpdateFile)
    assert (updated.path, updated.move_to) == ("path/update.py", "path/update2.py")
    assert updated.chunks[0].contexts == ("def f():",)
    assert updated.chunks[0].lines == (("-", "    pass"), ("+", "    return 123"))


@pytest.mark.parametrize(
    "text",
    [
        "apply_patch <<'EOF'\n{}\nEOF",
        "<<EOF\n{}\nEOF\n",
        '<<"PATCH"\n{}\nPATCH',
        "```diff\n{}\n```",
        "\n\n{}\n\n",
        "  {}  ",
    ],
)
def test_wrappers_and_blanks_around_markers(text: str) -> None:
    assert parse_patch(text.format(wrap("  *** Add File: foo \n+hi"))) == (AddFile("foo", "hi\n"),)


def test_windows_line_ends_in_the_patch() -> None:
    assert parse_patch(wrap("*** Add File: foo\n+hi").replace("\n", "\r\n")) == (AddFile("foo", "hi\n"),)


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ("", "empty"),
        ("hello", "first line"),
        ("*** Begin Patch\n*** Add File: a\n+x", "cut off"),
        (wrap(""), "changes no file"),
        (wrap("*** Frobnicate File: foo"), "Line 2"),
        (wrap("*** Update File: foo"), "no hunks"),
        (wrap("*** Update File: foo\n@@"), "no lines"),
        (wrap("*** Update File: foo\n@@\n-a\n*** Nonsense\n+b"), "Line 5"),
        (wrap("*** Update File: foo\n@@\nhello"), "Line 4"),
        (wrap("*** Add File: foo\nhello"), "starts with +"),
        (wrap("*** Delete File: "), "names no file"),
    ],
)
def test_unreadable_patches_say_what_and_where(patch: str, says: str) -> None:
    with pytest.raises(PatchError, match=says.replace("+", r"\+")):
        parse_patch(patch)


def test_context_headers_narrow_the_place() -> None:
    assert applied("@@ class B:\n-        return 1\n+        return 2", CLASSES) == CLASSES[:-2] + "2\n"
    assert (
        applied("@@ class B:\n@@ def f(self):\n-        return 1\n+        return 2", CLASSES) == CLASSES[:-2] + "2\n"
    )
    repeated = "@@ class B:\n class B:\n     def f(self):\n-        return 1\n+        return 2"
    assert applied(repeated, CLASSES) == CLASSES[:-2] + "2\n"


def test_several_hunks_in_order_and_without_first_header() -> None:
    body = " line1\n-line2\n+changed2\n@@\n-line4\n+changed4\n"
    assert applied(body, "line1\nline2\nline3\nline4\n") == "line1\nchanged2\nline3\nchanged4\n"


def test_end_of_file_marker() -> None:
    text = "x\ny\nx\ny\n"
    assert applied("@@\n x\n-y\n+z\n*** End of File", text) == "x\ny\nx\nz\n"
    assert "at its end" in refused("@@\n-x\n+z\n*** End of File", text)


def test_added_lines_without_context() -> None:
    assert applied("@@\n+added 1\n+added 2", "line1\nline2\n") == "line1\nline2\nadded 1\nadded 2\n"
    assert applied("@@ class A:\n+    x = 1", CLASSES) == CLASSES.replace("class A:\n", "class A:\n    x = 1\n")
    assert applied("@@\n+first", "") == "first\n"


def test_context_stays_as_the_file_has_it() -> None:
    text = "if x:\n\tone()  \n\ttwo()\n"
    assert applied("@@\n one()\n-two()\n+\tthree()", text) == "if x:\n\tone()  \n\tthree()\n"
    assert applied("@@\n-say(“hi”) – now\n+done", 'say("hi") - now\n') == "done\n"


def test_blank_lines_between_sections_are_spacing() -> None:
    patch = wrap("*** Update File: f\n@@\n-a\n+b\n\n\n*** Add File: g\n+x\n\n+y\n\n")
    update, added = parse_patch(patch)
    assert isinstance(update, UpdateFile)
    assert apply_update(update, "a\n")[0] == "b\n"
    assert added == AddFile("g", "x\n\ny\n")
    assert applied("@@\n+end\n\n", "a\n\nb\n") == "a\n\nb\nend\n"


def test_line_ends_are_the_files_own() -> None:
    assert applied("@@\n a\n-b\n+c\n+d", "a\r\nb\r\ne\n") == "a\r\nc\r\nd\r\ne\n"
    assert applied("@@\n a\n-b\n+c", "a\rb\r") == "a\rc\r"


def test_last_line_without_end() -> None:
    assert applied("@@\n-a\n+A\n b", "a\nb") == "A\nb"
    assert (
        applied("@@\n-no newline at end\n+first line\n+second line", "no newline at end") == "first line\nsecond line\n"
    )
    assert applied("@@\n b\n+c", "a\nb") == "a\nb\nc\n"


def test_a_failing_hunk_names_itself_its_file_and_the_nearest_place() -> None:
    body = "@@\n-one\n+1\n@@\n-two\n+2\n@@\n-thre\n+3"
    message = refused(body, "one\ntwo\nthree\n")
    assert "Hunk 3 of 3 in f (line 9 of the patch)" in message
    assert "line 3" in message
    assert "+three" in message
    assert "no line 'class Z'" in refused("@@ class Z\n-a\n+b", CLASSES)
    assert "Nothing in the file is like it" in refused("@@\n-zzzzzzzz\n+b", CLASSES)


def test_unified_diffs_are_taken() -> None:
    text = "".join(f"line {number % 4}\n" for number in range(40))
    changed = text[:-7] + "last\n" + text[-7:]
    diff = "".join(difflib.unified_diff(text.splitlines(True), changed.splitlines(True), "a/f", "b/f"))
    (update,) = parse_patch(f"diff --git a/f b/f\nindex 1..2 100644\n{diff}")
    assert isinstance(update, UpdateFile)
    assert (update.path, apply_update(update, text)[0]) == ("f", changed)
    patch = "--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    assert parse_patch(patch) == (AddFile("new", "a\nb"), DeleteFile("gone"))


def test_a_removed_line_that_looks_like_a_header() -> None:
    (update,) = parse_patch("--- a/f\n+++ b/f\n@@ -1,2 +1,1 @@\n--- x\n keep\n")
    assert isinstance(update, UpdateFile)
    assert apply_update(update, "-- x\nkeep\n")[0] == "keep\n"


LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "d\tx", "é"]), max_size=12)


def chunks_between(old: list[str], new: list[str]) -> list[Chunk]:
    """Hunks with one line of context, as a model would write them, with a line number so that the place is sure."""
    out: list[Chunk] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(1):
        lines: list[tuple[Sign, str]] = []
        for tag, a1, a2, b1, b2 in group:
            lines += [(" " if tag == "equal" else "-", text) for text in old[a1:a2]]
            lines += [("+", text) for text in new[b1:b2] if tag != "equal"]
        out.append(Chunk((), tuple(lines), 1, near=group[0][1]))
    return out


def inverted(chunks: list[Chunk], new: list[str], old: list[str]) -> list[Chunk]:
    swap: dict[Sign, Sign] = {"+": "-", "-": "+", " ": " "}
    groups = list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(1))
    return [
        Chunk((), tuple((swap[sign], text) for sign, text in chunk.lines), 1, near=group[0][3])
        for chunk, group in zip(chunks, groups, strict=True)
    ]


@settings(max_examples=200, deadline=None)
@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]))
def test_apply_and_apply_the_inverse_give_the_file_back(old: list[str], new: list[str], end: str) -> None:
    before, after = ("".join(line + end for line in side) for side in (old, new))
    chunks = chunks_between(old, new)
    assert apply_chunks("f", chunks, before)[0] == (after if old else after.replace("\r\n", "\n"))
    if new:
        back = apply_chunks("f", inverted(chunks, new, old), after)[0]
        assert back == before
