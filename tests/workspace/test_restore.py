"""Putting back: the hard cases by name, and that nobody's work is lost."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from steer.domain.errors import SteerError
from steer.engine.ports import TreeChanges
from tests.workspace.support import git, make_repository, opened, picture, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work", {"a.txt": "one\n", "src/b.py": "two\n"})


def test_only_what_differs_is_touched(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        before = (root / "a.txt").stat()
        put(root / "src/b.py", "changed")
        assert asyncio.run(workspace.restore(checkpoint)) == TreeChanges(modified=("src/b.py",))
    after = (root / "a.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_modes_alone(root: Path) -> None:
    put(root / "a.txt", "one\n", 0o600)
    put(root / "src/b.py", "two\n", 0o755)
    (root / "src").chmod(0o711)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        inode = (root / "a.txt").stat().st_ino
        (root / "a.txt").chmod(0o644)
        (root / "src/b.py").chmod(0o644)
        (root / "src").chmod(0o755)
        assert asyncio.run(workspace.restore(checkpoint)).modified == ("a.txt", "src/b.py")
    assert [(root / name).stat().st_mode & 0o777 for name in ("a.txt", "src/b.py", "src")] == [0o600, 0o755, 0o711]
    assert (root / "a.txt").stat().st_ino == inode


def test_types_change_both_ways(root: Path) -> None:
    (root / "link").symlink_to("a.txt")
    (root / "dangling").symlink_to("./no//such")
    (root / "empty/er").mkdir(parents=True)
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "a.txt").unlink()
        put(root / "a.txt/inside", "x")
        (root / "src/b.py").unlink()
        (root / "src").rmdir()
        (root / "src").symlink_to("/etc")
        (root / "link").unlink()
        put(root / "link", "a file now")
        (root / "dangling").unlink()
        (root / "dangling").mkdir()
        (root / "empty/er").rmdir()
        (root / "empty").rmdir()
        put(root / "empty", "file")
        asyncio.run(workspace.restore(checkpoint))
    assert picture(root) == before
    assert not Path("/etc/b.py").exists()


def test_a_restore_can_be_undone(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "mine, never saved anywhere else")
        put(root / "new/file", "new")
        before = picture(root)
        asyncio.run(workspace.restore(checkpoint))
        undo = workspace.undo_checkpoint
        assert undo is not None
        asyncio.run(workspace.restore(undo))
    assert picture(root) == before


def test_T9_edits_between_are_kept_in_the_undo_checkpoint(root: Path) -> None:
    """The user edits between the agent's edit and the restore: the restore is exact, and one more brings it back."""
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "agent\n")
        put(root / "src/b.py", "user\n")
        changes = asyncio.run(workspace.restore(checkpoint))
        assert changes.modified == ("a.txt", "src/b.py")
        asyncio.run(workspace.restore(workspace.undo_checkpoint or ""))
    assert (root / "src/b.py").read_text() == "user\n"


def test_T9_the_users_uncommitted_changes_survive(root: Path) -> None:
    put(root / "a.txt", "not committed\n")
    put(root / "notes.txt", "not even tracked\n")
    git(root, "rm", "-q", "--cached", "src/b.py")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "agent\n")
        (root / "notes.txt").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "a.txt").read_text() == "not committed\n"
    assert (root / "notes.txt").read_text() == "not even tracked\n"
    assert git(root, "status", "--porcelain").splitlines() == [" M a.txt", "D  src/b.py", "?? notes.txt", "?? src/"]


def test_a_commit_in_between_stays(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "committed meanwhile\n")
        git(root, "commit", "-qam", "second")
        head = git(root, "rev-parse", "HEAD")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "a.txt").read_text() == "one\n"
    assert git(root, "rev-parse", "HEAD") == head


def test_ignore_rules_of_then_decide_what_was_created(root: Path) -> None:
    """Whoever un-ignores a folder must not lose what was in it all the time."""
    put(root / ".gitignore", "venv/\n")
    put(root / "venv/bin/tool", "installed before")
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / ".gitignore").unlink()
        put(root / "made.txt", "created since")
        between = picture(root)
        changes = asyncio.run(workspace.restore(checkpoint))
        assert changes == TreeChanges(created=(".gitignore",), deleted=("made.txt",))
        assert picture(root) == before
        asyncio.run(workspace.restore(workspace.undo_checkpoint or ""))
    assert picture(root) == between


def test_what_was_hidden_by_a_new_ignore_rule_is_removed_and_kept_for_undo(root: Path) -> None:
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / ".gitignore", "made/\n*.py\n")
        put(root / "made/x.txt", "created since and hidden")
        put(root / "src/b.py", "changed and hidden")
        between = picture(root)
        asyncio.run(workspace.restore(checkpoint))
        assert picture(root) == before
        asyncio.run(workspace.restore(workspace.undo_checkpoint or ""))
    assert picture(root) == between


def test_what_an_inner_ignore_file_hid_is_not_taken_for_new(root: Path) -> None:
    put(root / "cache/.gitignore", "*\n")
    put(root / "cache/data", "there all the time")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "cache/.gitignore").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "cache/data").read_text() == "there all the time"


def test_a_repository_inside_that_lost_its_git_folder_keeps_its_files(root: Path) -> None:
    nested = make_repository(root / "lib", {"x.c": "int x;\n"})
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        shutil.rmtree(nested / ".git")
        asyncio.run(workspace.restore(checkpoint))
    assert (nested / "x.c").read_text() == "int x;\n"


def test_a_counted_file_in_a_folder_of_ignored_ones(root: Path) -> None:
    put(root / ".git/info/exclude", "*.log\n")
    put(root / "logs/old.log", "old")
    with opened(root) as workspace:
        first = asyncio.run(workspace.checkpoint("one"))
        second = asyncio.run(workspace.checkpoint("two", ["logs/readme.txt"]))
        put(root / "logs/readme.txt", "new")
        for checkpoint in (first, second):
            assert asyncio.run(workspace.changes(checkpoint)) == TreeChanges(("logs/readme.txt",))
        assert asyncio.run(workspace.restore(first)) == TreeChanges(deleted=("logs/readme.txt",))
    assert (root / "logs/old.log").read_text() == "old"


def test_what_cannot_be_put_back_is_named_and_the_rest_is_done(root: Path) -> None:
    put(root / ".git/info/exclude", "*.o\n")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "a.txt").unlink()
        put(root / "a.txt/.git/HEAD", "another repository took its place")
        put(root / "src/b.py", "changed")
        with pytest.raises(SteerError, match=r"a\.txt"):
            asyncio.run(workspace.restore(checkpoint))
    assert (root / "src/b.py").read_text() == "two\n"
    assert (root / "a.txt/.git/HEAD").exists()
    assert not [name for name in os.listdir(root) if name.startswith(".steer-")]


def test_large_files_go_through_the_disk(root: Path) -> None:
    data = bytes(range(256)) * 135_000
    put(root / "large.bin", data)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "large.bin", "small")
        asyncio.run(workspace.restore(checkpoint))
    assert (root / "large.bin").read_bytes() == data


def test_a_fresh_session_restores_an_old_checkpoint(root: Path) -> None:
    put(root / "a.txt", "x", 0o604)
    (root / "empty").mkdir(mode=0o750)
    before = picture(root)
    with opened(root) as workspace:
        first = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "y")
        (root / "empty").rmdir()
        asyncio.run(workspace.checkpoint("two"))
    with opened(root) as workspace:
        asyncio.run(workspace.restore(first))
    assert picture(root) == before


def test_many_checkpoints_all_stay_reachable(root: Path) -> None:
    with opened(root) as workspace:
        found = []
        for number in range(12):
            put(root / "a.txt", f"state {number}\n")
            found.append(asyncio.run(workspace.checkpoint(f"number {number}")))
        for number in (0, 11, 5):
            asyncio.run(workspace.restore(found[number]))
            assert (root / "a.txt").read_text() == f"state {number}\n"


def test_read_only_folders_are_no_obstacle(plain_user: Path) -> None:
    root = make_repository(plain_user, {"ro/a.txt": "one\n", "ro/deep/b.txt": "two\n"})
    for name in ("ro/deep", "ro"):
        (root / name).chmod(0o555)
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        for name in ("ro", "ro/deep"):
            (root / name).chmod(0o755)
        (root / "ro/deep/b.txt").unlink()
        put(root / "ro/a.txt", "x")
        put(root / "ro/new/c.txt", "x")
        for name in ("ro/new", "ro/deep", "ro"):
            (root / name).chmod(0o555)
        asyncio.run(workspace.restore(checkpoint))
    assert picture(root) == before


def test_unreadable_files_and_folders_are_skipped_and_survive(plain_user: Path) -> None:
    root = make_repository(plain_user, {"a.txt": "one\n"})
    put(root / "secret.txt", "hidden", 0o000)
    put(root / "closed/x.txt", "x")
    (root / "closed").chmod(0o000)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        assert sorted(workspace.problems) == [
            "closed is not in the checkpoint: Permission denied.",
            "secret.txt is not in the checkpoint: Permission denied.",
        ]
        put(root / "a.txt", "x")
        assert asyncio.run(workspace.restore(checkpoint)) == TreeChanges(modified=("a.txt",))
        (root / "secret.txt").chmod(0o644)
        (root / "closed").chmod(0o755)
        assert asyncio.run(workspace.restore(checkpoint)) == TreeChanges()
    assert (root / "secret.txt").read_text() == "hidden"
    assert (root / "closed/x.txt").read_text() == "x"
