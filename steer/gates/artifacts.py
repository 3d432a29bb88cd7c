"""Files that a gate's command must leave behind."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from steer.domain.gate_options import expand_braces
from steer.domain.globs import matches

_MAGIC: Final = frozenset("*?[{")

Prints: TypeAlias = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Per pattern: relative path to what tells a file from its later self."""


def fingerprints(root: Path, patterns: Sequence[str]) -> Prints:
    """The regular files below ``root`` that match each pattern now. A pattern that leads out of ``root`` matches none.

    The fingerprint holds the time of the inode's change too: a file written anew with its old time and size is another.
    """
    return {pattern: dict(_matching(root, pattern)) for pattern in patterns}


def missing_artifacts(before: Prints, after: Prints) -> list[str]:
    """What is wrong with the artifacts, in words; empty where each pattern has a file that is new or changed."""
    out: list[str] = []
    for pattern, files in after.items():
        old = before.get(pattern, {})
        if any(old.get(path) != mark for path, mark in files.items()):
            continue
        stale = f" (what matches is from before: {', '.join(sorted(files)[:3])})" if files else ""
        out.append(f"the command left no new file that matches {pattern}{stale}")
    return out


def _matching(root: Path, pattern: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    if ".." in pattern.split("/"):
        return
    globs = expand_braces(pattern)
    for path, info in {path: info for glob in globs for path, info in _files(root, _base(glob))}.items():
        if any(matches(glob, path) for glob in globs):
            yield path, (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino)


def _base(glob: str) -> str:
    """The folder that all matches lie in: the parts before the first with a wildcard; the root for a bare name."""
    parts = glob.strip().removeprefix("./").strip("/").split("/")
    if len(parts) == 1:
        return ""
    plain = next((at for at, part in enumerate(parts) if _MAGIC & set(part)), len(parts) - 1)
    return "/".join(parts[:plain])


def _files(root: Path, base: str) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files below a folder of the workspace; git's own folder and links to folders are not entered."""
    for folder, folders, names in os.walk(root / base):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(folder, name)
            try:
                info = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(info.st_mode):
                yield path.relative_to(root).as_posix(), info
