"""write_file."""

import codecs
import os
from pathlib import Path

import pytest

from steer.domain.errors import ConflictError, ToolError
from steer.tools.read import ReadFile
from steer.tools.write import WriteFile
from tests.tools.context import FolderContext, call


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)


def test_a_new_file_with_its_directories(context: FolderContext) -> None:
    result = call(WriteFile(), context, path="a/b/c.txt", content="one\ntwo")
    assert (context.root / "a/b/c.txt").read_bytes() == b"one\ntwo"
    assert (result.content, result.summary) == ("Created a/b/c.txt, 2 lines.", "a/b/c.txt +2 −0 new")
    assert context.seen == {"a/b/c.txt": b"one\ntwo"}


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"a\r\nb\r\n", "x\ny\n", b"x\r\ny\r\n"),
        (b"a\nb\n", "x\r\ny\r\n", b"x\r\ny\r\n"),
        (b"a\nb\nc\r\n", "x\ny\n", b"x\ny\n"),
        (codecs.BOM_UTF8 + b"a\n", "b\n", codecs.BOM_UTF8 + b"b\n"),
        (b"a\n", "\ufeffb\n", codecs.BOM_UTF8 + b"b\n"),
        ("a\n".encode("utf-16"), "é\n", "é\n".encode("utf-16")),
        (b"caf\xe9\n", "é\n", b"\xe9\n"),
        (b"caf\xe9\n", "→\n", "→\n".encode()),
        (b"a\n", "", b""),
    ],
)
def test_T8_an_existing_file_keeps_its_form(context: FolderContext, before: bytes, content: str, after: bytes) -> None:
    (context.root / "f").write_bytes(before)
    call(WriteFile(), context, path="f", content=content)
    assert (context.root / "f").read_bytes() == after


def test_the_same_content_changes_nothing(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"a\r\n")
    result = call(WriteFile(), context, path="f", content="a\n")
    assert result.ok
    assert "nothing was changed" in result.content
    assert context.applied == []


def test_T8_changed_since_it_was_read_is_a_conflict(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"one\n")
    call(ReadFile(), context, path="f")
    (context.root / "f").write_bytes(b"mine\n")
    with pytest.raises(ConflictError):
        call(WriteFile(), context, path="f", content="two\n")
    assert (context.root / "f").read_bytes() == b"mine\n"


def test_targets_that_are_refused(context: FolderContext) -> None:
    (context.root / "folder").mkdir()
    (context.root / "bin").write_bytes(b"\0\1")
    (context.root / "file").write_bytes(b"")
    os.mkfifo(context.root / "pipe")
    for path, word in (
        ("folder", "directory"),
        ("folder/", "directory"),
        ("bin", "binary"),
        ("file/x", "not a directory"),
        ("pipe", "pipe"),
        ("../x", "outside"),
        (".git/hooks/pre-commit", "git"),
    ):
        with pytest.raises(ToolError, match=word):
            call(WriteFile(), context, path=path, content="x")
    with pytest.raises(ToolError, match="half of a pair"):
        call(WriteFile(), context, path="new", content="\udc00")
    with pytest.raises(ToolError, match="'content'"):
        call(WriteFile(), context, path="new")
    assert context.applied == []


def test_a_name_that_differs_in_case_only_is_noted(context: FolderContext) -> None:
    (context.root / "README.md").write_text("x")
    if (context.root / "readme.md").exists():
        pytest.skip("the file system does not tell case")
    assert "README.md is there too" in call(WriteFile(), context, path="readme.md", content="y").content


def test_writing_through_a_link_changes_its_file(context: FolderContext) -> None:
    (context.root / "AGENTS.md").write_text("old\n")
    (context.root / "CLAUDE.md").symlink_to("AGENTS.md")
    call(WriteFile(), context, path="CLAUDE.md", content="new\n")
    assert (context.root / "CLAUDE.md").is_symlink()
    assert [change.path for change in context.applied[0]] == ["AGENTS.md"]
