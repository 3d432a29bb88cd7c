"""Looking through a work tree: which paths git counts in, what lies beside them, which folders are empty."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from steer.workspace.commands import GitCommands
from steer.workspace.discover import Location
from steer.workspace.manifest import folders_of

IGNORED_FILE_LIMIT: Final = 5_000_000
"""Bytes up to which an ignored file beside counted ones is captured (.env, a local database)."""
IGNORED_TOTAL_LIMIT: Final = 50_000_000
"""Bytes of such files in all."""

DEFAULT_EXCLUDES: Final = (
    *("node_modules/", ".venv/", "venv/", "__pycache__/", "target/", "dist/", "build/"),
    *(".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".tox/", ".gradle/", ".next/", "*.pyc", ".DS_Store"),
)
"""What a folder without a repository does not count in, on top of its own .gitignore files."""


@dataclass(slots=True)
class Scan:
    """What was found. ``files``: path to lstat of regular files and links; ``ignored`` those of them that git ignores.

    ``folders``: path to permission bits, the root is "". ``skipped``: paths that exist but are not captured. ``nested``: other
    repositories inside. ``problems``: sentences for a person.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    folders: dict[str, int] = field(default_factory=dict)
    outer: dict[str, int] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    nested: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def listed_paths(location: Location, private: Path) -> set[str]:
    """The paths that git counts in: tracked ones and untracked ones that are not ignored. One read-only git process.

    Without a repository the ``private`` git folder stands in. Raises GitFailed where git cannot read the repository.
    """
    environment = {"GIT_DIR": str(location.gitdir or private), "GIT_WORK_TREE": str(location.root)}
    arguments = ["ls-files", "-z", "--others", "--exclude-standard"]
    if location.gitdir is not None:
        arguments.append("--cached")
    output = GitCommands(location.root, environment).run(*arguments)
    return set(os.fsdecode(output.stdout).split("\0")) - {""}


def scan(root: Path, listed: set[str], avoid: frozenset[str] = frozenset()) -> Scan:
    """Look through the folders that hold listed paths. ``avoid`` are folders that are not entered."""
    found = Scan()
    top = os.lstat(root)
    found.folders[""] = stat.S_IMODE(top.st_mode) & 0o777
    wanted = folders_of(listed) - avoid
    beside: list[tuple[str, os.stat_result]] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        for path, info in _entries(root, folder, found):
            if stat.S_ISDIR(info.st_mode):
                if path not in avoid and _enter(root, path, info, found, wanted):
                    waiting.append(path)
            elif not (stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode)):
                found.skipped.add(path)
            elif path in listed:
                found.files[path] = info
            else:
                beside.append((path, info))
    _take_ignored(found, beside)
    return found


def _enter(root: Path, path: str, info: os.stat_result, found: Scan, wanted: set[str]) -> bool:
    """Whether to look through a folder; an empty one (nothing but folders in it) is recorded on the spot."""
    if os.path.lexists(f"{root}/{path}/.git"):
        found.nested.append(path)
        found.skipped.add(path)
        return False
    if path in wanted:
        found.folders[path] = stat.S_IMODE(info.st_mode) & 0o777
        return True
    try:
        inside = _hollow(root, path)
    except OSError as error:
        _skip(found, path, error)
        return False
    if inside is None:
        found.skipped.add(path)
    else:
        found.folders[path] = stat.S_IMODE(info.st_mode) & 0o777
        found.folders.update(inside)
    return False


def _hollow(root: Path, path: str) -> dict[str, int] | None:
    """The folders below ``path`` and their permission bits if there is nothing but folders; None otherwise. Raises OSError."""
    inside: dict[str, int] = {}
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                if entry.name == ".git" or not entry.is_dir(follow_symlinks=False):
                    return None
                below = f"{folder}/{entry.name}"
                inside[below] = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode) & 0o777
                waiting.append(below)
    return inside


def _entries(root: Path, folder: str, found: Scan) -> Iterator[tuple[str, os.stat_result]]:
    """Path and lstat of all that lies in a folder, but a ``.git``."""
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                if entry.name == ".git":
                    continue
                try:
                    yield prefix + entry.name, entry.stat(follow_symlinks=False)
                except OSError as error:
                    _skip(found, prefix + entry.name, error)
    except OSError as error:
        _skip(found, folder, error)


def _skip(found: Scan, path: str, error: OSError) -> None:
    """Leave a path out and say so, unless it merely went away."""
    if not isinstance(error, FileNotFoundError):
        found.skipped.add(path)
        found.problems.append(f"{path or '.'} is not in the checkpoint: {error.strerror}.")


def _take_ignored(found: Scan, beside: Iterable[tuple[str, os.stat_result]]) -> None:
    """Capture ignored files that lie beside counted ones, within the limits; smaller paths first so that it is repeatable."""
    total = 0
    for path, info in sorted(beside, key=lambda item: item[0]):
        if info.st_size > IGNORED_FILE_LIMIT or total + info.st_size > IGNORED_TOTAL_LIMIT:
            found.skipped.add(path)
            continue
        total += info.st_size
        found.files[path] = info
        found.ignored.add(path)


def add_paths(root: Path, found: Scan, paths: Iterable[str]) -> None:
    """Capture further paths by name, ignored or not: files, links, and folders with all below them."""
    real: dict[str, bool] = {"": True}
    waiting = sorted(set(paths) - found.files.keys(), reverse=True)
    while waiting:
        path = waiting.pop()
        if path in found.files or not _really_below(root, path, real, found):
            continue
        try:
            info = os.lstat(f"{root}/{path}")
            if stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                found.files[path] = info
                found.ignored.add(path)
                found.skipped.discard(path)
            elif stat.S_ISDIR(info.st_mode):
                if path not in found.folders:
                    found.outer[path] = stat.S_IMODE(info.st_mode) & 0o777
                waiting.extend(f"{path}/{below.name}" for below in (root / path).iterdir() if below.name != ".git")
            else:
                found.skipped.add(path)
        except NotADirectoryError:
            continue
        except OSError as error:
            _skip(found, path, error)


def _really_below(root: Path, path: str, known: dict[str, bool], found: Scan) -> bool:
    """Whether all folders above ``path`` are folders, not links: only then does the path name a place of its own."""
    above = path.rpartition("/")[0]
    answer = known.get(above)
    if answer is None:
        answer = _really_below(root, above, known, found)
        if answer:
            try:
                info = os.lstat(f"{root}/{above}")
                answer = stat.S_ISDIR(info.st_mode)
                if answer and above not in found.folders:
                    found.outer[above] = stat.S_IMODE(info.st_mode) & 0o777
            except OSError:
                answer = False
        known[above] = answer
    return answer
