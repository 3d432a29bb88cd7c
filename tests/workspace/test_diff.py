"""Changes and diffs between a checkpoint and now."""

import asyncio
import os
from pathlib import Path

import pytest

from steer.engine.ports import DiffReport, TreeChanges
from steer.workspace.checkpoints import PATCH_LIMIT
from tests.workspace.support import git, make_repository, opened, put

LINES = "".join(f"line {number}\n" for number in range(30))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work", {"a.txt": "one\n", "src/b.py": LINES})


def test_nothing_changed(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        assert asyncio.run(workspace.changes(checkpoint)) == TreeChanges()
        assert asyncio.run(workspace.diff(checkpoint)) == DiffReport("", (), 0, 0)


def test_created_modified_deleted(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "new/x.txt", "1\n2\n")
        put(root / "a.txt", "one\ntwo\n")
        (root / "src/b.py").unlink()
        changes = asyncio.run(workspace.changes(checkpoint))
        report = asyncio.run(workspace.diff(checkpoint))
    assert changes == TreeChanges(("new/x.txt",), ("a.txt",), ("src/b.py",))
    assert report.files == ("a.txt", "new/x.txt", "src/b.py")
    assert (report.added, report.removed, report.truncated) == (3, 30, False)
    assert "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+two\n" in report.patch
    assert "new file mode 100644" in report.patch
    assert "deleted file mode 100644" in report.patch


def test_a_diff_applies(root: Path) -> None:
    put(root / "keep", "x")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "with blank.txt", "no newline at the end")
        put(root / "ünï", "x\r\n", 0o755)
        put(root / "a.txt", "")
        patch = asyncio.run(workspace.diff(checkpoint)).patch
        asyncio.run(workspace.restore(checkpoint))
    git(root, "apply", str(put(root.parent / "patch", patch)))
    assert (root / "with blank.txt").read_text() == "no newline at the end"
    assert (root / "ünï").read_bytes() == b"x\r\n"
    assert os.access(root / "ünï", os.X_OK)


def test_a_rename_is_one_in_the_diff_and_two_in_the_changes(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "src/b.py").rename(root / "src/c.py")
        assert asyncio.run(workspace.changes(checkpoint)) == TreeChanges(("src/c.py",), (), ("src/b.py",))
        report = asyncio.run(workspace.diff(checkpoint))
    assert report.files == ("src/c.py",)
    assert (report.added, report.removed) == (0, 0)
    assert "rename from src/b.py\nrename to src/c.py\n" in report.patch


def test_binary_files_are_summarised(root: Path) -> None:
    put(root / "x.bin", b"\0\1\2")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "x.bin", b"\0\1\2\3")
        put(root / "y.bin", b"\0")
        report = asyncio.run(workspace.diff(checkpoint))
    assert report.files == ("x.bin", "y.bin")
    assert "Binary files a/x.bin and b/x.bin differ\n" in report.patch
    assert (report.added, report.removed) == (0, 0)


def test_a_long_diff_is_cut_at_a_line_and_counted_in_full(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "big.txt", "0123456789\n" * 100_000)
        report = asyncio.run(workspace.diff(checkpoint))
    assert report.truncated
    assert PATCH_LIMIT - 20 < len(report.patch) <= PATCH_LIMIT
    assert report.patch.endswith("+0123456789\n")
    assert report.added == 100_000


def test_many_files_with_long_names(root: Path) -> None:
    """The counts alone are longer than the patch may be."""
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        for number in range(2_000):
            put(root / f"{'n' * 200}{number}", "x\n")
        report = asyncio.run(workspace.diff(checkpoint))
    assert (len(report.files), report.added, report.truncated) == (2_000, 2_000, True)
    assert report.patch.startswith("diff --git a/nnn")


def test_odd_names_and_bytes(root: Path) -> None:
    odd = os.fsdecode(b"\xff\n\t\"'")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / odd, b"caf\xe9\n")
        (root / "link").symlink_to(odd)
        report = asyncio.run(workspace.diff(checkpoint))
        assert asyncio.run(workspace.changes(checkpoint)).created == ("link", odd)
    assert report.files == ("link", odd)
    report.patch.encode()


def test_modes_only(root: Path) -> None:
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "a.txt").chmod(0o755)
        (root / "src/b.py").chmod(0o600)
        assert asyncio.run(workspace.changes(checkpoint)).modified == ("a.txt", "src/b.py")
        report = asyncio.run(workspace.diff(checkpoint))
    assert report.files == ("a.txt",)
    assert "old mode 100644\nnew mode 100755\n" in report.patch


def test_from_an_empty_tree_and_to_one(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "work")
    with opened(root) as workspace:
        empty = asyncio.run(workspace.checkpoint("empty"))
        put(root / "a.txt", "one\n")
        assert asyncio.run(workspace.diff(empty)).added == 1
        full = asyncio.run(workspace.checkpoint("full"))
        (root / "a.txt").unlink()
        assert asyncio.run(workspace.diff(full)).removed == 1
        assert asyncio.run(workspace.changes(empty)) == TreeChanges()


def test_a_file_that_is_ignored_by_now_is_not_deleted(root: Path) -> None:
    put(root / "notes/x.txt", "x\n")
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / ".gitignore", "notes/\n")
        assert asyncio.run(workspace.changes(checkpoint)) == TreeChanges((".gitignore",))
        assert asyncio.run(workspace.diff(checkpoint)).files == (".gitignore",)


def test_the_same_size_at_the_same_time_is_noticed(root: Path) -> None:
    with opened(root) as workspace:
        for number in range(20):
            put(root / "a.txt", f"a{number:04}")
            checkpoint = asyncio.run(workspace.checkpoint("one"))
            before = (root / "a.txt").stat()
            put(root / "a.txt", f"b{number:04}")
            os.utime(root / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
            assert asyncio.run(workspace.changes(checkpoint)).modified == ("a.txt",)
