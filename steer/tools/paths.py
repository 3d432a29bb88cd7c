"""Which files a tool may name: those below the workspace's root, by whatever way the path goes there."""

import difflib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.errors import ToolError

_NAME_BYTES: Final = 255
_PATH_BYTES: Final = 4_000
_IGNORED_IN_NAMES: Final = str.maketrans(
    dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff")
)
_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the workspace: ``path`` relative with forward slashes, links resolved; ``full`` the same on disk.

    ``is_link``: the name given is itself a symbolic link, to ``path``.
    """

    path: str
    full: Path
    is_link: bool = False


def locate(root: Path, given: str) -> Target:
    """The place a path names, which need not exist. Raises ToolError where it is not for tools.

    Links are followed first, so that a rule on a file holds whichever name it is called by.
    """
    _check_text(given)
    base = Path(os.path.realpath(root))
    # An absolute path replaces the root here; whether it lies inside is asked below, as for every other.
    real = Path(os.path.realpath(base / _below(root, given)))
    if os.path.islink(real):  # noqa: PTH114 (says no, where Path raises, for names it may not look at)
        raise ToolError(f"{given!r} is a symbolic link that leads round in a circle.")
    if not real.is_relative_to(base):
        raise ToolError(f"{given!r} is outside the workspace. Give a path relative to its root.")
    real = base / _disk_case(base, real.relative_to(base))
    relative = real.relative_to(base)
    if any(_is_git(part) for part in (*_below(root, given).parts, *relative.parts)):
        raise ToolError(f"{given!r} is in .git, which tools neither read nor write.")
    return Target(relative.as_posix(), real, os.path.islink(base / _below(root, given)))  # noqa: PTH114


def _check_text(given: str) -> None:
    if not given.strip():
        raise ToolError("The path is empty. Give one relative to the workspace's root.")
    if "\0" in given:
        raise ToolError(f"The path {given!r} contains a NUL character.")
    try:
        size = len(os.fsencode(given))
    except UnicodeEncodeError:
        raise ToolError(f"The path {given!r} contains half of a character pair.") from None
    if size > _PATH_BYTES:
        raise ToolError(f"The path {given[:60]!r}... is {size} bytes long; at most {_PATH_BYTES} are taken.")
    if any(len(os.fsencode(part)) > _NAME_BYTES for part in given.split("/")):
        raise ToolError(f"The path {given[:60]!r}... has a name of more than {_NAME_BYTES} bytes.")


def _below(root: Path, given: str) -> Path:
    """An absolute path by the root's own name, which may be a link itself, as a relative one."""
    path = Path(given)
    return path.relative_to(root) if path.is_absolute() and path.is_relative_to(root) else path


def _is_git(part: str) -> bool:
    """Also as other systems would read it: any case, ignorable characters (HFS+), trailing dots and short names (NTFS)."""
    name = part.translate(_IGNORED_IN_NAMES).casefold().partition(":")[0].rstrip(". ")
    return name in (".git", "git~1")


def _disk_case(base: Path, relative: Path) -> Path:
    """The path as the directories spell it, which differs from the one given only where case does not matter."""
    at = base
    for part in relative.parts:
        if _either_case(at, part):
            part = spelling(part, _names(at))
        at = at / part
    return at.relative_to(base)


def _either_case(folder: Path, name: str) -> bool:
    """Whether the name is found in another case too: one look spares listing large directories."""
    try:
        return (folder / name).samefile(folder / name.swapcase())
    except OSError:
        return False


def spelling(name: str, names: Iterable[str]) -> str:
    """``name`` as one of ``names`` spells it; itself where none does."""
    same = {other.casefold(): other for other in names if other == name or other.casefold() == name.casefold()}
    return name if name in same.values() else same.get(name.casefold(), name)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(os.listdir(folder))  # noqa: PTH208 (names are wanted, not paths)
    except OSError:
        return ()


def check_file(target: Target) -> os.stat_result | None:
    """What the file system says of a regular file; None where nothing is there. Raises ToolError for anything else."""
    try:
        status = target.full.stat()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise ToolError(f"{target.path}: a part of this path is a file, not a directory.") from None
    except OSError as error:
        raise ToolError(f"{target.path} cannot be looked at: {error.strerror}.") from None
    if stat.S_ISREG(status.st_mode):
        return status
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "no regular file")
    remedy = "Use list_files to see what is in it." if kind == "a directory" else "Only regular files can be used."
    raise ToolError(f"{target.path} is {kind}, not a file.", remedy)


def missing(root: Path, target: Target, remedy: str = "") -> ToolError:
    """The error for a file that is not there, with the names that are like it."""
    folder = target.full.parent
    names = _names(folder)
    wanted = target.full.name
    like = [name for name in names if name.casefold() == wanted.casefold()]
    like += [name for name in difflib.get_close_matches(wanted, names, 3) if name not in like]
    base = Path(os.path.realpath(root))
    near = ", ".join((folder / name).relative_to(base).as_posix() for name in like)
    if not folder.is_dir():
        hint = f"Nor is there a directory {folder.relative_to(base).as_posix()}."
    else:
        hint = f"Did you mean {near}?" if near else "Use list_files to see what is there."
    return ToolError(f"There is no file {target.path}.", f"{hint} {remedy}".strip())


def twin(target: Target) -> str | None:
    """A name beside a new file's that differs in case only: the same file on another system."""
    wanted = target.full.name
    return next(
        (name for name in _names(target.full.parent) if name != wanted and name.casefold() == wanted.casefold()), None
    )
