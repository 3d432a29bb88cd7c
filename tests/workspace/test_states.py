"""Every state that a folder can be in when Steer is started there."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from steer.domain.errors import SteerError, UsageError
from steer.engine.ports import Workspace
from steer.workspace.discover import init_repository, inspect
from steer.workspace.repository import open_workspace
from tests.workspace.support import git, git_folder, make_repository, opened, picture, put


def round_trip(folder: Path, state: Path) -> tuple[str, str]:
    """Change and restore there; gives branch and kind of repository."""
    with opened(folder, state) as workspace:
        before = picture(workspace.root)
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(workspace.root / "agent-made.txt", "x")
        assert asyncio.run(workspace.diff(checkpoint)).files == ("agent-made.txt",)
        asyncio.run(workspace.restore(checkpoint))
        assert picture(workspace.root) == before
        return workspace.branch, workspace.repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "work", {"a.txt": "one\n", "src/b.py": "two\n"})


def problems(folder: Path) -> str:
    """All problems and remedies in one text."""
    return "\n".join(f"{problem.message} {problem.remedy}" for problem in inspect(folder).problems)


def test_an_ordinary_repository(root: Path, tmp_path: Path) -> None:
    state = inspect(root)
    assert (state.root, state.is_repository, state.branch, state.bare) == (root, True, "main", False)
    assert (state.operation, state.index_locked, state.submodules, state.problems) == ("", False, (), ())
    assert round_trip(root, tmp_path / "state") == ("main", "own")


def test_a_folder_inside_stands_for_the_whole(root: Path, tmp_path: Path) -> None:
    with opened(root / "src", tmp_path / "state") as workspace:
        port: Workspace = workspace
        assert port.root == root


def test_a_linked_folder_is_resolved(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    with opened(tmp_path / "link", tmp_path / "state") as workspace:
        assert workspace.root == root


def test_more_git_no_repository(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    put(root / "a.txt", "one\n")
    put(root / ".gitignore", "secret/\n")
    put(root / "secret/x", "x")
    put(root / "node_modules/m/index.js", "x")
    put(root / "pkg/__pycache__/x.pyc", "x")
    with opened(root, tmp_path / "state") as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "node_modules/m/index.js", "changed")
        put(root / "secret/x", "changed")
        put(root / "b.txt", "new")
        assert asyncio.run(workspace.restore(checkpoint)).deleted == ("b.txt",)
        assert (workspace.repository, workspace.branch) == ("private", "")
    assert not (root / ".git").exists()
    assert (root / "secret/x").read_text() == "changed"
    state = inspect(root)
    assert not state.is_repository
    assert "git init" in problems(root)


def test_git_init_for_the_users_offer(tmp_path: Path) -> None:
    put(tmp_path / "plain/a.txt", "one\n")
    init_repository(tmp_path / "plain")
    assert inspect(tmp_path / "plain").is_repository
    with pytest.raises(SteerError):
        init_repository(tmp_path / "none")


def test_more_git_no_commit_yet(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "work")
    put(root / "a.txt", "one\n")
    assert inspect(root).branch == "no commits yet"
    assert round_trip(root, tmp_path / "state") == ("no commits yet", "own")


def test_more_git_bare(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(UsageError, match="git worktree add"):
        open_workspace(tmp_path / "bare.git", tmp_path / "state")
    state = inspect(tmp_path / "bare.git")
    assert (state.bare, state.is_repository, len(state.problems)) == (True, True, 1)


def test_inside_the_git_folder(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"Open {root} instead"):
        open_workspace(root / ".git" / "refs", tmp_path / "state")


def test_more_git_worktree(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    before = git_folder(root)
    assert round_trip(tmp_path / "side", tmp_path / "state") == ("side", "own")
    assert git_folder(root) == before
    put(tmp_path / "broken/.git", f"gitdir: {tmp_path}/nowhere\n")
    with pytest.raises(UsageError, match="git worktree repair"):
        open_workspace(tmp_path / "broken", tmp_path / "state")


def test_more_git_submodule(root: Path, tmp_path: Path) -> None:
    library = make_repository(tmp_path / "library", {"x.c": "int x;\n"})
    git(root, "submodule", "add", "-q", str(library), "vendor/lib")
    git(root, "commit", "-qm", "submodule")
    assert inspect(root).submodules == ("vendor/lib",)
    assert "left alone: vendor/lib" in problems(root)
    assert round_trip(root, tmp_path / "state") == ("main", "own")
    with opened(root / "vendor/lib", tmp_path / "state") as workspace:
        assert workspace.root == root / "vendor/lib"
    assert round_trip(root / "vendor/lib", tmp_path / "state")[0] == "main"
    git(root, "submodule", "deinit", "-f", "-q", "vendor/lib")
    assert round_trip(root, tmp_path / "state") == ("main", "own")


def test_more_git_detached_head(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    name = f"detached at {git(root, 'rev-parse', 'HEAD')[:7]}"
    assert inspect(root).branch == name
    assert round_trip(root, tmp_path / "state") == (name, "own")


def test_branch_follows_and_packed_refs_count(root: Path, tmp_path: Path) -> None:
    with opened(root, tmp_path / "state") as workspace:
        git(root, "checkout", "-q", "-b", "feature/x")
        assert workspace.branch == "feature/x"
        git(root, "pack-refs", "--all")
        assert workspace.branch == "feature/x"


@pytest.mark.parametrize("operation", ["merge", "rebase"])
def test_more_git_merge_or_rebase_in_progress(root: Path, tmp_path: Path, operation: str) -> None:
    git(root, "checkout", "-q", "-b", "side")
    put(root / "a.txt", "side\n")
    git(root, "commit", "-qam", "side")
    git(root, "checkout", "-q", "main")
    put(root / "a.txt", "main\n")
    git(root, "commit", "-qam", "main")
    git(root, operation, "side", check=False)
    state = inspect(root)
    assert state.operation == operation
    assert f"git {operation} --abort" in problems(root)
    status = git(root, "status", "--porcelain")
    assert "UU a.txt" in status or "AA a.txt" in status
    assert round_trip(root, tmp_path / "state")[1] == "own"
    assert git(root, "status", "--porcelain") == status


def test_more_git_sparse_checkout(root: Path, tmp_path: Path) -> None:
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "nothing")
    assert not (root / "src").exists()
    before = git_folder(root)
    assert round_trip(root, tmp_path / "state") == ("main", "own")
    assert git_folder(root) == before
    assert not (root / "src").exists()


def test_split_index(root: Path, tmp_path: Path) -> None:
    git(root, "update-index", "--split-index")
    before = git_folder(root)
    assert round_trip(root, tmp_path / "state") == ("main", "own")
    assert git_folder(root) == before


def test_sha256_repository(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q", "--object-format=sha256")
    put(root / "a.txt", "one\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    assert round_trip(root, tmp_path / "state") == ("main", "own")


def test_more_git_index_lock_left_behind(root: Path, tmp_path: Path) -> None:
    put(root / ".git/index.lock", "")
    assert inspect(root).index_locked
    assert "index.lock" in problems(root)
    assert round_trip(root, tmp_path / "state") == ("main", "own")
    assert (root / ".git/index.lock").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_more_git_safe_directory(root: Path, tmp_path: Path) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert "safe.directory" in problems(root)
    assert inspect(root).branch == "main"
    assert round_trip(root, tmp_path / "state") == ("main", "own")


def test_partial_clone_fetches_nothing(root: Path, tmp_path: Path) -> None:
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{root}", "partial")
    clone = tmp_path / "partial"
    git(clone, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    assert round_trip(clone, tmp_path / "state") == ("main", "own")


@pytest.mark.parametrize("version", ["2.29.9", "1.8.3.1"])
def test_more_git_older_than_2_30(root: Path, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "bin/git", f"#!/bin/sh\necho git version {version}\n", 0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with pytest.raises(UsageError, match=f"git {version}.* is too old: 2.30"):
        open_workspace(root, tmp_path / "state")
    assert "too old" in problems(root)


def test_without_git_the_reason_is_given(tmp_path: Path) -> None:
    code = "import steer.workspace.repository"
    environment = {"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "UsageError: git was not found. Install git 2.30 or newer" in done.stderr


@pytest.mark.parametrize("name", ["none", "file"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    put(tmp_path / "file", "x")
    with pytest.raises(UsageError, match=name):
        open_workspace(tmp_path / name, tmp_path / "state")
    assert not inspect(tmp_path / name).is_repository


def test_a_folder_merely_called_git_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "plain/.git/x", "x")
    put(tmp_path / "plain/a.txt", "x")
    assert not inspect(tmp_path / "plain").is_repository
    assert round_trip(tmp_path / "plain", tmp_path / "state") == ("", "private")


def test_a_damaged_repository_is_named(root: Path, tmp_path: Path) -> None:
    put(root / ".git/config", "[core\n")
    assert "git commands fail here" in problems(root)
    with opened(root, tmp_path / "state") as workspace, pytest.raises(SteerError, match="git ls-files failed"):
        asyncio.run(workspace.checkpoint("one"))


def test_state_home_that_cannot_be_made(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "file", "x")
    with pytest.raises(UsageError, match="STEER_HOME"):
        open_workspace(root, tmp_path / "file")
