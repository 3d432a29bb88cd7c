"""The lines' difference of a file, checked against git's own reading of it."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.edits import FileChange, text_diff

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "", "é", "x\ty", "\f", "+p", "-m"]), max_size=14)


def text_of(lines: list[str], last_newline: bool) -> bytes:
    text = "\n".join(lines)
    return (text + ("\n" if last_newline and lines else "")).encode()


@settings(max_examples=60, deadline=None)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_git_applies_the_diff_and_gets_the_new_text(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str], old_end: bool, new_end: bool
) -> None:
    before, after = text_of(old, old_end), text_of(new, new_end)
    diff = text_diff("f", before, after)
    if before == after:
        assert diff.text == ""
        return
    folder: Path = tmp_path_factory.mktemp("apply")
    (folder / "f").write_bytes(before)
    done = subprocess.run(
        ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"],
        input=diff.text.encode(),
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (done.stderr, diff.text)
    assert (folder / "f").read_bytes() == after
    lines = diff.text.split("\n")[2:]
    assert diff.added == sum(line.startswith("+") for line in lines)
    assert diff.removed == sum(line.startswith("-") for line in lines)


def test_kinds_of_change() -> None:
    assert FileChange("a", None, b"x\n").effect().kind == "created"
    assert FileChange("a", b"x\n", None).effect().removed == 1
    assert FileChange("a", b"x\n", b"y\n").diff.text.startswith("--- a/a\n+++ b/a\n@@ -1 +1 @@\n")
    assert text_diff("new", None, b"x\n").text.startswith("--- /dev/null\n+++ b/new\n")


def test_binary_and_undecodable_files() -> None:
    assert text_diff("b", b"\0\1", b"\0\2").text == "Binary files a/b and b/b differ\n"
    latin = text_diff("l", b"caf\xe9\n", b"cafe\n")
    assert (latin.added, latin.removed) == (1, 1)
    latin.text.encode()


def test_a_rewrite_of_a_huge_file_does_not_hang() -> None:
    before = b"".join(b"old %d\n" % i for i in range(20_000))
    after = b"".join(b"new %d\n" % i for i in range(20_000))
    diff = text_diff("big", b"head\n" + before + b"tail\n", b"head\n" + after + b"tail\n")
    assert (diff.added, diff.removed) == (20_000, 20_000)
    assert "\n head\n" in diff.text
    assert "\n tail\n" in diff.text
