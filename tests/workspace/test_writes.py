"""Applying changes: all of them, or none."""

import asyncio
import os
import resource
from collections.abc import Sequence
from pathlib import Path

import pytest

from steer.domain.edits import FileChange
from steer.domain.errors import ConflictError, ToolError
from steer.workspace.writes import apply_changes
from tests.workspace.support import give_away, make_repository, opened, picture, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work", {"a.txt": "one\n", "src/b.py": "two\n"})


def apply(root: Path, *changes: FileChange) -> None:
    with opened(root) as workspace:
        asyncio.run(workspace.apply(changes))


def refused(root: Path, kind: type[ToolError], words: str, changes: Sequence[FileChange]) -> None:
    """The changes are refused with these words, and nothing is different after."""
    before = picture(root)
    with pytest.raises(kind, match=words):
        apply(root, *changes)
    assert picture(root) == before


def test_create_modify_delete(root: Path) -> None:
    apply(
        root,
        FileChange("a.txt", b"one\n", b"ONE\r\n\xff"),
        FileChange("src/b.py", b"two\n", None),
        FileChange("deep/er/new.txt", None, b"new"),
        FileChange("run.sh", None, b"#!/bin/sh\n", 0o755),
        FileChange("empty", None, b""),
    )
    assert (root / "a.txt").read_bytes() == b"ONE\r\n\xff"
    assert not (root / "src").exists()
    assert (root / "deep/er/new.txt").read_bytes() == b"new"
    assert (root / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (root / "empty").read_bytes() == b""


def test_T8_mode_is_kept_and_new_files_follow_the_umask(root: Path) -> None:
    put(root / "script", "x", 0o750)
    put(root / "read-only", "x", 0o444)
    before = os.umask(0o027)
    try:
        apply(
            root,
            FileChange("script", b"x", b"y"),
            FileChange("read-only", b"x", b"y"),
            FileChange("new", None, b"y"),
        )
    finally:
        os.umask(before)
    modes = {name: (root / name).stat().st_mode & 0o777 for name in ("script", "read-only", "new")}
    assert modes == {"script": 0o750, "read-only": 0o444, "new": 0o640}


def test_T8_writes_are_atomic(root: Path) -> None:
    """Whoever has the old file open goes on reading the old bytes, whole."""
    with (root / "a.txt").open("rb") as reader:
        inode = os.fstat(reader.fileno()).st_ino
        apply(root, FileChange("a.txt", b"one\n", b"two\n"))
        assert reader.read() == b"one\n"
    assert (root / "a.txt").stat().st_ino != inode
    assert not [name for name in os.listdir(root) if name.startswith(".steer-")]


def test_T8_a_file_that_changed_is_a_conflict(root: Path) -> None:
    put(root / "a.txt", "the user's\n")
    good = FileChange("src/b.py", b"two\n", b"changed")
    refused(
        root,
        ConflictError,
        r"a.txt changed on disk(.|\n)*-one\n\+the user's",
        [good, FileChange("a.txt", b"one\n", b"x")],
    )


def test_a_long_conflict_is_cut_short(root: Path) -> None:
    put(root / "a.txt", "".join(f"{number}\n" for number in range(1000)))
    with pytest.raises(ConflictError) as caught:
        apply(root, FileChange("a.txt", b"one\n", b"x"))
    assert len(str(caught.value).splitlines()) < 30


def test_a_file_that_went_or_came_is_a_conflict(root: Path) -> None:
    good = FileChange("src/b.py", b"two\n", b"changed")
    refused(root, ConflictError, "gone.txt is not there", [good, FileChange("gone.txt", b"x", b"y")])
    refused(root, ConflictError, "a.txt exists already", [good, FileChange("a.txt", None, b"y")])
    refused(root, ConflictError, "gone.txt is not there", [good, FileChange("gone.txt", b"x", None)])


def test_more_edits_a_folder_where_a_file_is_expected(root: Path) -> None:
    good = FileChange("a.txt", b"one\n", None)
    refused(root, ConflictError, "src is a folder", [good, FileChange("src", None, b"x")])
    refused(root, ConflictError, "src is not there", [good, FileChange("src", b"x", b"y")])
    refused(root, ConflictError, "src is not there", [good, FileChange("src", b"x", None)])


def test_more_edits_a_file_where_a_folder_is_expected(root: Path) -> None:
    good = FileChange("src/b.py", b"two\n", None)
    refused(root, ConflictError, "a.txt is a file", [good, FileChange("a.txt/below", None, b"x")])
    refused(
        root, ConflictError, "cannot be a file and", [good, FileChange("x", None, b""), FileChange("x/y", None, b"")]
    )


def test_types_may_change_within_one_set(root: Path) -> None:
    apply(
        root,
        FileChange("src", None, b"a file now"),
        FileChange("src/b.py", b"two\n", None),
        FileChange("a.txt/below", None, b"x"),
        FileChange("a.txt", b"one\n", None),
    )
    assert (root / "src").read_bytes() == b"a file now"
    assert (root / "a.txt/below").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["n" * 300, "src/" + "n" * 300, "new/folder/" + "n" * 300])
def test_a_name_that_is_too_long(root: Path, name: str) -> None:
    good = FileChange("a.txt", b"one\n", b"changed")
    refused(root, ToolError, "too long", [good, FileChange("src/b.py", b"two\n", None), FileChange(name, None, b"x")])


def test_a_full_disk_changes_nothing(root: Path) -> None:
    """A limit on the size of files stands in for a full disk: writing fails in the middle."""
    changes = [
        FileChange("a.txt", b"one\n", b"changed"),
        FileChange("src/b.py", b"two\n", None),
        FileChange("big/file", None, b"x" * 100_000),
    ]
    before, limits = picture(root), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(ToolError, match="big/file cannot be written: File too large"):
            apply_changes(root, changes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert picture(root) == before


def test_an_error_halfway_undoes_what_was_done(plain_user: Path) -> None:
    """Deletions, folders and renames were done already when the last one is refused."""
    root = plain_user
    put(root / "a.txt", "one\n", 0o640)
    put(root / "only/here/b.txt", "two\n", 0o600)
    put(root / "z/locked/c.txt", "three\n")
    (root / "only").chmod(0o750)
    (root / "z/locked").chmod(0o555)
    (root / "link").symlink_to("a.txt")
    before = picture(root)
    changes = [
        FileChange("only/here/b.txt", b"two\n", None),
        FileChange("link", b"one\n", None),
        FileChange("a.txt", b"one\n", b"changed"),
        FileChange("fresh/folder/file", None, b"x"),
        FileChange("z/locked/c.txt", b"three\n", None),
    ]
    for order in (changes, changes[::-1]):
        with pytest.raises(ToolError, match=r"z/locked/c\.txt cannot be written: Permission denied"):
            apply_changes(root, order)
        assert picture(root) == before


def test_a_rename_that_is_refused_undoes_the_others(plain_user: Path) -> None:
    root = plain_user
    put(root / "sticky/theirs.txt", "theirs\n", 0o666)
    put(root / "a.txt", "one\n")
    put(root / "gone/b.txt", "two\n")
    give_away(root / "sticky/theirs.txt", root / "sticky")
    before = picture(root)
    changes = [
        FileChange("gone/b.txt", b"two\n", None),
        FileChange("a.txt", b"one\n", b"changed"),
        FileChange("new/file", None, b"x"),
        FileChange("sticky/theirs.txt", b"theirs\n", b"mine\n"),
    ]
    with pytest.raises(ToolError, match=r"sticky/theirs\.txt cannot be written: Operation not permitted"):
        apply_changes(root, changes)
    assert picture(root) == before


def test_several_changes_of_one_file_build_on_each_other(root: Path) -> None:
    (root / "alias").symlink_to("a.txt")
    apply(root, FileChange("a.txt", b"one\n", b"two\n"), FileChange("alias", b"two\n", b"three\n", 0o600))
    assert (root / "a.txt").read_bytes() == b"three\n"
    assert (root / "a.txt").stat().st_mode & 0o777 == 0o600
    wrong = [FileChange("a.txt", b"three\n", b"four\n"), FileChange("a.txt", b"three\n", b"five\n")]
    refused(root, ConflictError, "a.txt changed", wrong)


def test_links_inside_are_written_through(root: Path) -> None:
    (root / "link").symlink_to("src/b.py")
    (root / "folder").symlink_to("src")
    (root / "dangling").symlink_to("src/made.txt")
    apply(
        root,
        FileChange("link", b"two\n", b"three\n"),
        FileChange("folder/c.py", None, b"c"),
        FileChange("dangling", None, b"made"),
    )
    assert (root / "link").is_symlink()
    assert (root / "src/b.py").read_bytes() == b"three\n"
    assert (root / "src/c.py").read_bytes() == b"c"
    assert (root / "src/made.txt").read_bytes() == b"made"


def test_deleting_a_link_leaves_its_target(root: Path) -> None:
    (root / "link").symlink_to("a.txt")
    apply(root, FileChange("link", b"one\n", None))
    assert not (root / "link").is_symlink()
    assert (root / "a.txt").read_bytes() == b"one\n"


def test_more_edits_links_out_of_the_workspace(root: Path) -> None:
    outside = put(root.parent / "outside/file", "mine")
    (root / "out").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    (root / "up").symlink_to("..")
    (root / "new").symlink_to("../outside/made")
    good = FileChange("a.txt", b"one\n", b"x")
    for path in ("out", "folder/file", "up/outside/file"):
        refused(root, ToolError, "leads out of the workspace", [good, FileChange(path, b"mine", b"x")])
        refused(root, ToolError, "leads out of the workspace", [good, FileChange(path, b"mine", None)])
    for path in ("new", "folder/new", "up/new", "up/work2/x"):
        refused(root, ToolError, "leads out of the workspace", [good, FileChange(path, None, b"x")])
    assert [path.name for path in outside.parent.iterdir()] == ["file"]
    assert outside.read_text() == "mine"


def test_a_loop_of_links(root: Path) -> None:
    (root / "x").symlink_to("y")
    (root / "y").symlink_to("x")
    with pytest.raises(ToolError):
        apply(root, FileChange("x", None, b"x"))
    assert (root / "x").is_symlink()


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "src/../../x", "src/../a.txt", "", ".", "a\0b", "./", "\ud800"]
)
def test_more_edits_paths_that_are_none(root: Path, path: str) -> None:
    refused(
        root,
        ToolError,
        r"is absolute|leads through|is no path|the workspace itself|no file name",
        [FileChange(path, None, b"x")],
    )


@pytest.mark.parametrize(
    "path", [".git/config", ".git/hooks/pre-commit", ".GIT/x", "vendor/.git/config", "link/config", ".git"]
)
def test_git_folders_are_never_written(root: Path, path: str) -> None:
    (root / "link").symlink_to(".git")
    with pytest.raises(ToolError, match="git folder"):
        apply(root, FileChange(path, None, b"x"))
    assert not (root / ".git/hooks/pre-commit").exists()


def test_more_edits_pipes_are_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    refused(root, ToolError, "pipe, socket or device", [FileChange("pipe", None, b"x")])
    refused(root, ToolError, "pipe, socket or device", [FileChange("pipe", b"", None)])


def test_odd_names(root: Path) -> None:
    names = ["new\nline", "-dash", " ", os.fsdecode(b"\xff"), "a b/c d", "ünï", "x:y"]
    apply(root, *(FileChange(name, None, name.encode("utf-8", "surrogateescape")) for name in names))
    for name in names:
        assert (root / name).read_bytes() == os.fsencode(name)


def test_superfluous_parts_of_a_path(root: Path) -> None:
    apply(root, FileChange("./src//./b.py", b"two\n", b"x"))
    assert (root / "src/b.py").read_bytes() == b"x"


def test_folders_left_empty_go_and_others_stay(root: Path) -> None:
    put(root / "one/two/x", "x")
    put(root / "one/y", "y")
    (root / "kept").mkdir()
    apply(root, FileChange("one/two/x", b"x", None))
    assert not (root / "one/two").exists()
    assert (root / "one/y").exists()
    assert (root / "kept").exists()


def test_no_changes(root: Path) -> None:
    refused_nothing = picture(root)
    apply(root)
    assert picture(root) == refused_nothing


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(root: Path) -> None:
    os.chown(root / "a.txt", 12345, 23456)
    apply(root, FileChange("a.txt", b"one\n", b"two\n"))
    info = (root / "a.txt").stat()
    assert (info.st_uid, info.st_gid) == (12345, 23456)
