"""Real repositories, and pictures of them to compare."""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steer.workspace.repository import GitWorkspace, open_workspace

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "Someone",
    "GIT_AUTHOR_EMAIL": "someone@example.org",
    "GIT_COMMITTER_NAME": "Someone",
    "GIT_COMMITTER_EMAIL": "someone@example.org",
}


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git as a user would, apart from this machine's configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        env={**environment, **_ENVIRONMENT},
        capture_output=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "surrogateescape")


def make_repository(root: Path, files: dict[str, str] | None = None) -> Path:
    """A repository with one commit of ``files``; no commit where there are none."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    for name, text in (files or {}).items():
        put(root / name, text)
    if files:
        git(root, "add", "-A")
        git(root, "commit", "-qm", "first")
    return root


def put(path: Path, text: str | bytes, mode: int | None = None) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if mode is not None:
        path.chmod(mode)
    return path


@contextmanager
def opened(root: Path, state: Path | None = None) -> Iterator[GitWorkspace]:
    """The workspace of ``root``, closed at the end; its state lies beside the root unless told otherwise."""
    workspace = open_workspace(root, state or root.parent / "state")
    try:
        yield workspace
    finally:
        workspace.close()


Picture = dict[str, tuple[str, int, bytes]]


def picture(root: Path, without: tuple[str, ...] = (".git",)) -> Picture:
    """Everything below ``root``: path to kind, permission bits, bytes or target. Top-level names in ``without`` are left out."""
    found: Picture = {}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        for path in folder.iterdir():
            name = path.relative_to(root).as_posix()
            if name in without:
                continue
            info = path.lstat()
            mode = stat.S_IMODE(info.st_mode)
            if stat.S_ISLNK(info.st_mode):
                found[name] = ("link", 0, os.readlink(os.fsencode(path)))
            elif stat.S_ISDIR(info.st_mode):
                found[name] = ("folder", mode, b"")
                waiting.append(path)
            elif stat.S_ISREG(info.st_mode):
                found[name] = ("file", mode, path.read_bytes())
            else:
                found[name] = ("special", mode, b"")
    return found


def git_folder(root: Path) -> dict[str, str]:
    """Every file of the user's git folder with a digest of its bytes: index, HEAD, refs, reflog, stash, objects, hooks."""
    folder = root / ".git"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in folder.rglob("*")
    }


def clear(root: Path) -> None:
    """Remove all but the git folder."""
    for path in root.iterdir():
        if path.name == ".git":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def give_away(path: Path, folder: Path) -> None:
    """Make ``path`` root's, in a folder where only owners may rename and remove. For tests with ``plain_user``."""
    os.seteuid(0)
    os.chown(path, 0, 0)
    os.chown(folder, 0, 0)
    folder.chmod(0o1777)
    os.seteuid(NOBODY)


NOBODY = 65534
