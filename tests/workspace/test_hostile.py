"""A cloned repository is hostile: nothing that its configuration or attributes name may run, or bend what is stored."""

import asyncio
from pathlib import Path

import pytest

from tests.workspace.support import git, make_repository, opened, picture, put

ODD_BYTES = b"one\r\ntwo\nthree\r\n$Id$\n$Id: 0123456789 $\nlatin \xe9\n"


def everything(root: Path) -> None:
    """Each operation of a workspace once."""
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one", ["ignored/thing"]))
        put(root / "a.txt", "agent\n")
        put(root / "new.txt", "new\n")
        asyncio.run(workspace.changes(checkpoint))
        assert "+agent" in asyncio.run(workspace.diff(checkpoint)).patch
        asyncio.run(workspace.restore(checkpoint))
        assert workspace.branch


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it runs."""
    return put(tmp_path / "trap", f"#!/bin/sh\necho ran >> '{tmp_path}/mark'\ncat\n", 0o755)


@pytest.mark.parametrize(
    "attributes",
    [
        "* text=auto\n",
        "* text eol=lf\n",
        "* text eol=crlf\n",
        "* ident\n",
        "* working-tree-encoding=UTF-16\n",
        "* binary\n",
    ],
)
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_more_git_attributes_do_not_bend_bytes(tmp_path: Path, attributes: str, autocrlf: str) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    git(root, "config", "core.autocrlf", autocrlf)
    git(root, "config", "core.safecrlf", "true")
    put(root / ".gitattributes", attributes)
    put(root / "odd.txt", ODD_BYTES)
    before = picture(root)
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        (root / "odd.txt").unlink()
        (root / ".gitattributes").unlink()
        asyncio.run(workspace.restore(checkpoint))
    assert picture(root) == before


def test_more_git_lfs_and_other_filters_do_not_run(tmp_path: Path, trap: Path) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    for name in ("clean", "smudge", "process"):
        git(root, "config", f"filter.lfs.{name}", str(trap))
    git(root, "config", "filter.lfs.required", "true")
    put(root / ".gitattributes", "* filter=lfs diff=lfs merge=lfs -text\n")
    put(root / ".git/info/attributes", "* filter=lfs diff=lfs\n")
    put(root / "model.bin", ODD_BYTES)
    before = picture(root)
    everything(root)
    assert picture(root) == before
    assert not (tmp_path / "mark").exists()


def test_trust_nothing_in_git_config_runs(tmp_path: Path, trap: Path) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    put(root / ".gitattributes", "* diff=evil\n")
    settings = {
        **dict.fromkeys(["core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"], str(trap)),
        **dict.fromkeys(["diff.external", "diff.evil.command", "diff.evil.textconv", "pager.diff-tree"], str(trap)),
        **{f"alias.{name}": f"!{trap}" for name in ("ls-files", "rev-parse", "fast-import")},
        "core.hooksPath": str(root / "hooks"),
        "core.excludesFile": "/dev/zero/none",
        "core.untrackedCache": "true",
        "core.worktree": "/tmp",
        "gc.auto": "1",
    }
    for name, value in settings.items():
        git(root, "config", name, value)
    for hook in (
        "pre-commit",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "post-rewrite",
        "fsmonitor-watchman",
    ):
        put(root / "hooks" / hook, trap.read_text(), 0o755)
    before = picture(root)
    everything(root)
    assert picture(root) == before
    assert not (tmp_path / "mark").exists()


def test_the_environment_does_not_lead_elsewhere(tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    other = make_repository(tmp_path / "other", {"o.txt": "other\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_COMMON_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    monkeypatch.setenv("GIT_TRACE", "1")
    before, theirs = picture(root), picture(other, ())
    everything(root)
    assert picture(root) == before
    assert picture(other, ()) == theirs
    assert not (tmp_path / "mark").exists()


def test_the_users_own_configuration_does_not_bend_a_diff(
    tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    text = f"[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\texternal = {trap}\n[color]\n\tui = always\n"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(put(tmp_path / "gitconfig", text + "[commit]\n\tgpgsign = true\n")))
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.txt", "two\n")
        patch = asyncio.run(workspace.diff(checkpoint)).patch
    assert patch.splitlines()[0] == "diff --git a/a.txt b/a.txt"
    assert patch.endswith("-one\n+two\n")
    assert not (tmp_path / "mark").exists()


def test_the_users_own_ignore_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_repository(tmp_path / "work", {"a.txt": "one\n"})
    ignore = put(tmp_path / "ignore", "scratch/\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(put(tmp_path / "gitconfig", f"[core]\n\texcludesFile = {ignore}\n")))
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "scratch/x", "x")
        assert asyncio.run(workspace.changes(checkpoint)).created == ()


def test_attributes_cannot_hide_a_change(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "work", {"a.py": "one\n", ".gitattributes": "*.py binary -diff\n"})
    with opened(root) as workspace:
        checkpoint = asyncio.run(workspace.checkpoint("one"))
        put(root / "a.py", "evil\n")
        assert "+evil" in asyncio.run(workspace.diff(checkpoint)).patch
