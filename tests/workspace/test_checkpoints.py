"""Taking checkpoints: what is in them, what is not, and that the user's repository never notices."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from steer.domain.errors import SteerError, ToolError
from steer.workspace.capture import racy
from tests.workspace.support import git, git_folder, make_repository, opened, picture, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(
        tmp_path / "work", {"a.txt": "one\n", "src/b.py": "two\n", ".gitignore": "*.log\n.env\nout/\n"}
    )


def test_more_git_users_repository_is_untouched(root: Path) -> None:
    put(root / "a.txt", "staged\n")
    git(root, "add", "a.txt")
    git(root, "stash")
    put(root / "a.txt", "staged again\n")
    git(root, "add", "a.txt")
    put(root / "a.txt", "and changed\n")
    put(root / "new.txt", "untracked\n")
    hook = put(root / ".git/hooks/pre-commit", "#!/bin/sh\ntouch ../hook-ran\nexit 1\n", 0o755)
    for name in ("post-index-change", "reference-transaction", "post-commit", "pre-auto-gc"):
        (hook.parent / name).symlink_to(hook)
    git(root, "config", "gc.auto", "1")
    git(root, "config", "commit.gpgsign", "true")
    git(root, "config", "gpg.program", "false")
    before, status, stash = git_folder(root), git(root, "status", "--porcelain"), git(root, "stash", "list")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "agent\n")
        asyncio.run(workspace.changes(checkpoint))
        asyncio.run(workspace.diff(checkpoint))
        asyncio.run(workspace.restore(checkpoint))
    assert git_folder(root) == before
    assert (git(root, "status", "--porcelain"), git(root, "stash", "list")) == (status, stash)
    assert (root / "a.txt").read_text() == "and changed\n"
    assert not (root.parent / "hook-ran").exists()


@pytest.mark.parametrize(
    ("changed", "age", "expected"),
    [
        (7_000_000_001, 99, True),
        (7_000_000_001, 101, False),
        (7_000_000_000, 1_999, True),
        (7_000_000_000, 2_001, False),
    ],
)
def test_a_file_read_right_after_it_changed_is_not_trusted(changed: int, age: int, expected: bool) -> None:
    """Age in milliseconds; a time in whole seconds is that of a file system which keeps no more."""
    assert racy(changed, changed + age * 1_000_000) is expected


def test_unchanged_tree_gives_the_same_checkpoint(root: Path) -> None:
    with opened(root) as workspace:
        first = asyncio.run(workspace.checkpoint("one"))
        assert asyncio.run(workspace.checkpoint("two")) == first
        put(root / "a.txt", "x")
        assert asyncio.run(workspace.checkpoint("three")) != first


def test_second_checkpoint_of_a_huge_tree_reads_nothing_again(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "work")
    for number in range(10_000):
        put(root / f"d{number // 200}/f{number}", str(number))
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        assert workspace.hashed == 10_000
        # Files written within the last tenth of a second are read once more, to be safe: what is new since is one file.
        asyncio.run(workspace.checkpoint("two"))
        assert workspace.hashed < 5_000
        put(root / "d7/f1400", "changed")
        asyncio.run(workspace.changes(checkpoint))
        asyncio.run(workspace.changes(checkpoint))
        assert workspace.hashed <= 1
    with opened(root) as workspace:
        assert asyncio.run(workspace.changes(checkpoint)).modified == ("d7/f1400",)
        assert workspace.hashed <= 1


def test_more_git_ignored_files_that_matter_come_back(root: Path) -> None:
    put(root / ".env", "KEY=1", 0o600)
    put(root / "src/local.log", "log")
    put(root / "out/deep/x.o", "object")
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / ".env").unlink()
        put(root / "src/local.log", "changed")
        put(root / "src/new.log", "created since, ignored, beside a counted file")
        changes = asyncio.run(workspace.changes(checkpoint))
        assert (changes.created, changes.modified, changes.deleted) == (("src/new.log",), ("src/local.log",), (".env",))
        assert asyncio.run(workspace.diff(checkpoint)).files == ()
        asyncio.run(workspace.restore(checkpoint))
    assert picture(root) == before


def test_big_ignored_files_are_left_alone(root: Path) -> None:
    put(root / "big.log", b"x" * 5_000_001)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "big.log", "small by now")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "big.log").read_text() == "small by now"


def test_ignored_files_are_captured_up_to_fifty_megabytes_in_all(root: Path) -> None:
    for number in range(11):
        put(root / f"{number:02}.log", b"%d" % number + b"x" * 4_999_000)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        for number in range(11):
            (root / f"{number:02}.log").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert sorted(path.name for path in root.glob("*.log")) == [f"{number:02}.log" for number in range(10)]


def test_explicit_paths_are_captured_wherever_they_lie(root: Path) -> None:
    put(root / "out/deep/x.o", "object")
    put(root / "out/other.o", "other")
    put(root / "big.log", b"x" * 6_000_000)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one", ["out/deep", "out/created.o", "big.log", "no/such"]))
        (root / "out/deep/x.o").unlink()
        (root / "out/deep").rmdir()
        put(root / "out/created.o", "created")
        put(root / "out/deep2/unknown.o", "nobody asked for it")
        put(root / "big.log", "small")
        changes = asyncio.run(workspace.restore(checkpoint))
    assert changes.created == ("out/deep/x.o",)
    assert changes.deleted == ("out/created.o",)
    assert (root / "out/deep/x.o").read_text() == "object"
    assert (root / "big.log").stat().st_size == 6_000_000
    assert (root / "out/deep2/unknown.o").exists()


def test_an_explicit_path_counts_for_earlier_checkpoints_too(root: Path) -> None:
    put(root / "out/x.o", "object")
    with opened(root) as workspace:
        first = asyncio.run(workspace.checkpoint("one"))
        asyncio.run(workspace.checkpoint("two", ["out/x.o", "out/y.o"]))
        put(root / "out/x.o", "changed")
        put(root / "out/y.o", "created")
        asyncio.run(workspace.restore(first))
    assert (root / "out/x.o").read_text() == "object"
    assert not (root / "out/y.o").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", "a\0b", ".git/config", "src/.GIT/x"])
def test_explicit_paths_outside_are_refused(root: Path, path: str) -> None:
    with opened(root) as workspace, pytest.raises(ToolError):
        asyncio.run(workspace.checkpoint("one", [path]))


def test_more_edits_pipes_and_sockets_are_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        with opened(root) as workspace:
            checkpoint = asyncio.run(workspace.checkpoint("one", ["pipe"]))
            put(root / "a.txt", "x")
            assert asyncio.run(workspace.restore(checkpoint)).modified == ("a.txt",)
    assert (root / "pipe").is_fifo()


def test_a_file_that_became_a_pipe_comes_back(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "a.txt").unlink()
        os.mkfifo(root / "a.txt")
        (root / "src/b.py").unlink()
        (root / "src").rmdir()
        os.mkfifo(root / "src")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "a.txt").read_text() == "one\n"
    assert (root / "src/b.py").read_text() == "two\n"


def test_what_cannot_be_read_is_a_problem_and_no_crash(root: Path) -> None:
    put(root / "good.txt", "good")
    deep = root / "deep"
    for _ in range(20):
        deep = deep / ("d" * 200)
    here = os.getcwd()
    try:
        # Deeper than a path may be long: made step by step, unreadable by its path even for root.
        os.chdir(root)
        for part in deep.relative_to(root).parts:
            os.mkdir(part)
            os.chdir(part)
        Path("x").touch()
    finally:
        os.chdir(here)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        assert any("deep/" in problem and "too long" in problem for problem in workspace.problems)
        (root / "good.txt").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "good.txt").read_text() == "good"


def test_more_git_nested_repositories_are_left_alone(root: Path) -> None:
    nested = make_repository(root / "vendor/lib", {"x.c": "int x;\n"})
    make_repository(root / "fresh")
    put(root / "fresh/y", "y")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        assert workspace.nested == ("fresh", "vendor/lib")
        put(nested / "x.c", "changed")
        put(nested / "new.c", "new")
        put(root / "a.txt", "x")
        assert asyncio.run(workspace.restore(checkpoint)).modified == ("a.txt",)
    assert (nested / "x.c").read_text() == "changed"
    assert (nested / "new.c").exists()
    assert (root / "fresh/y").exists()


def test_state_inside_the_work_tree_is_not_captured(root: Path) -> None:
    state = root / ".steer-home"
    with opened(root, state) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(state / "sessions/log", "written meanwhile")
        assert asyncio.run(workspace.checkpoint("two")) == checkpoint
        asyncio.run(workspace.restore(checkpoint))
    assert (state / "sessions/log").exists()


def test_tracked_though_ignored_is_captured(root: Path) -> None:
    put(root / "out/kept.bin", b"\0\1")
    git(root, "add", "-f", "out/kept.bin")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "out/kept.bin").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "out/kept.bin").read_bytes() == b"\0\1"


@pytest.mark.parametrize("checkpoint", ["", "HEAD", "0" * 40, "--help", "x" * 40, "refs/heads/main"])
def test_unknown_checkpoint_is_named(root: Path, checkpoint: str) -> None:
    with opened(root) as workspace, pytest.raises(SteerError, match="no checkpoint"):
        asyncio.run(workspace.restore(checkpoint))


def test_gc_in_the_users_repository_takes_nothing_away(root: Path) -> None:
    put(root / "a.txt", "only ever staged\n")
    git(root, "add", "a.txt")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "other\n")
        git(root, "add", "a.txt")
        git(root, "reflog", "expire", "--expire=now", "--all")
        git(root, "gc", "-q", "--prune=now")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "a.txt").read_text() == "only ever staged\n"


def test_a_store_that_was_cut_back_is_filled_again(root: Path) -> None:
    state = root.parent / "state"
    with opened(root) as workspace:
        asyncio.run(workspace.checkpoint("one"))
        asyncio.run(workspace.checkpoint("two"))
    for path in state.glob("workspaces/*/checkpoints.git/objects/*/*"):
        path.unlink()
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("three"))
        put(root / "a.txt", "x")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "a.txt").read_text() == "one\n"


def test_missing_content_changes_nothing(root: Path) -> None:
    state = root.parent / "state"
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        blob = git(root, "rev-parse", "HEAD:a.txt").strip()
        (removed,) = state.glob(f"workspaces/*/checkpoints.git/objects/{blob[:2]}/{blob[2:]}")
        removed.unlink()
        put(root / "a.txt", "x")
        put(root / "src/b.py", "y")
        before = picture(root)
        with pytest.raises(SteerError, match="nothing was changed"):
            asyncio.run(workspace.restore(checkpoint))
    assert picture(root) == before


def test_a_spoilt_cache_is_no_obstacle(root: Path) -> None:
    with opened(root) as workspace:
        asyncio.run(workspace.checkpoint("one"))
    (cache,) = root.parent.glob("state/workspaces/*/files.json")
    cache.write_text('{"version": 1, "files": [["a.txt", 1]]}')
    with opened(root) as workspace:
        asyncio.run(workspace.checkpoint("two"))
        assert workspace.hashed == 3
