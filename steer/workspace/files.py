"""Putting a file in its place at once: a temporary file beside it, then a rename."""

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

_CHUNK: Final = 1024 * 1024


def pieces(source: IO[bytes]) -> Iterable[bytes]:
    """The rest of an open file, in pieces."""
    while piece := source.read(_CHUNK):
        yield piece


def spare_name(folder: Path) -> Path:
    """A name in ``folder`` that nothing has yet."""
    return folder / f".steer-{secrets.token_hex(8)}.tmp"


def stage(folder: Path, data: Iterable[bytes], mode: int | None = None, like: os.stat_result | None = None) -> Path:
    """A temporary file in ``folder`` with these bytes; the caller renames it.

    ``mode``: its permission bits; None for what the umask gives. ``like``: a file whose owner it takes over where that is
    allowed. Raises OSError, leaving nothing behind.
    """
    name = spare_name(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o666)
    with ExitStack() as stack:
        stack.callback(name.unlink, missing_ok=True)
        file = stack.enter_context(os.fdopen(descriptor, "wb"))
        for piece in data:
            file.write(piece)
        file.flush()
        _take_over(descriptor, like)
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.close()
        stack.pop_all()  # It succeeded: the file stays.
    return name


def _take_over(descriptor: int, like: os.stat_result | None) -> None:
    """Give the file the owner of another; only root may, and for others it is theirs already."""
    if like is None:
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(descriptor, like.st_uid, like.st_gid)
        except PermissionError:
            return


def real_folder(root: Path, path: str) -> Path:
    """The nearest folder above ``path`` that exists and is reached through no link: the root at the outermost."""
    here = root
    for name in path.split("/")[:-1]:
        below = here / name
        if not is_folder(below):
            break
        here = below
    return here


def is_writable(folder: Path) -> bool:
    """Whether names in a folder may be made and removed by the user that this process acts as."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def is_folder(path: Path) -> bool:
    """Whether there is a folder, and not a link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
