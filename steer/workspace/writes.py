"""Writing changes to files: all of them, or none."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from steer.domain.edits import FileChange, text_diff
from steer.domain.errors import ConflictError, ToolError
from steer.workspace.content import link_target, open_regular
from steer.workspace.files import is_folder, real_folder, stage
from steer.workspace.manifest import parent
from steer.workspace.paths import relative, resolve

_SHOWN_LINES: Final = 20
"""Lines of difference that a conflict shows."""


@dataclass(slots=True)
class _Target:
    """One file to write: where it really is, what it must become, and what it was (mode, owner; None: not there).

    ``link``: ``place`` is a link that is deleted, and not what it points to.
    """

    path: str
    place: Path
    after: bytes | None
    mode: int | None
    was: os.stat_result | None
    before: bytes | None
    link: bool


def apply_changes(root: Path, changes: Sequence[FileChange]) -> None:
    """Check every file against its ``before``, then write all. ``root`` must be resolved.

    Raises ConflictError where a file is not as ``before`` says, ToolError where a path is not to be written or the disk
    refuses; in both cases no file is changed.
    """
    targets: dict[Path, _Target] = {}
    for change in changes:
        _check(root, change, targets)
    _check_folders(root, targets)
    _Transaction(root).run(list(targets.values()))


def _check(root: Path, change: FileChange, targets: dict[Path, _Target]) -> None:
    """Note one change, once the file is as it expects. A second change of the same file builds on the first."""
    path = relative(change.path)
    place = resolve(root, path)
    link = change.after is None and (root / path).is_symlink()
    name = resolve(root, parent(path), top=True) / (root / path).name if link else place
    earlier = targets.get(name)
    if earlier is not None:
        _compare(path, change.before, earlier.after)
        earlier.after = change.after
        earlier.mode = change.mode if change.mode is not None else earlier.mode
        return
    data, was = _read(path, place)
    _compare(path, change.before, data)
    if data is not None or change.after is not None:
        targets[name] = _Target(path, name, change.after, change.mode, was, data, link)


def _read(path: str, place: Path) -> tuple[bytes | None, os.stat_result | None]:
    """The bytes and state of a file; None where there is none, or a folder: whether that is in the way is asked later."""
    try:
        kind = place.lstat().st_mode
        if stat.S_ISDIR(kind):
            return None, None
        if not stat.S_ISREG(kind):
            raise ToolError(f"{path} is a pipe, socket or device, not a file.", "Choose another path.")
        with os.fdopen(open_regular(place), "rb") as file:
            return file.read(), os.fstat(file.fileno())
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.", "Choose another path or correct that.") from error


def _compare(path: str, expected: bytes | None, found: bytes | None) -> None:
    if expected == found:
        return
    if found is None:
        raise ConflictError(f"{path} is not there (any more).", "Read the workspace again before changing it.")
    if expected is None:
        raise ConflictError(f"{path} exists already.", "Read it first, then edit it.")
    lines = text_diff(path, expected, found).text.splitlines()
    shown = "\n".join(lines[:_SHOWN_LINES] + (["..."] if len(lines) > _SHOWN_LINES else []))
    raise ConflictError(f"{path} changed on disk since it was read:\n{shown}", "\nRead it again before changing it.")


def _check_folders(root: Path, targets: dict[Path, _Target]) -> None:
    """Nothing may be written where a folder is, nor below a file, unless the same changes take that away."""
    gone = {place for place, target in targets.items() if target.after is None}
    for place, target in targets.items():
        if target.after is None:
            continue
        if is_folder(place) and not _emptied(place, gone):
            raise ConflictError(f"{target.path} is a folder.", "Choose another path for the file.")
        for above in place.parents:
            if above == root:
                break
            if above in targets and targets[above].after is not None:
                raise ConflictError(f"{targets[above].path} cannot be a file and the folder of {target.path}.")
            if above not in gone and os.path.lexists(above) and not above.is_dir():
                name = above.relative_to(root)
                raise ConflictError(f"{name} is a file: {target.path} cannot lie below it.", "Choose another path.")


def _emptied(folder: Path, gone: set[Path]) -> bool:
    """Whether nothing is left in a folder once ``gone`` are deleted; an empty one stays, so it does not count."""
    found = False
    for name in folder.iterdir():
        if name not in gone and not (is_folder(name) and _emptied(name, gone)):
            return False
        found = True
    return found


@dataclass(slots=True)
class _Transaction:
    """New contents are staged first, where a full disk shows; then come deletions, then renames, each noted for undoing."""

    root: Path
    _staged: dict[Path, Path] = field(default_factory=dict)
    _undo: list[partial[None]] = field(default_factory=list)

    def run(self, targets: Sequence[_Target]) -> None:
        """Do all; on an error undo what was done. Raises ToolError."""
        at = ""
        try:
            for target in targets:
                at = target.path
                self._stage(target)
            for target in sorted(targets, key=lambda target: target.after is not None):
                at = target.path
                if target.after is None:
                    self._delete(target)
                else:
                    self._replace(target)
        except OSError as error:
            lost = self._back()
            words = f"{at} cannot be written: {error.strerror}."
            if lost:
                raise ToolError(f"{words} Not put back: {'; '.join(lost)}.", "Restore the last checkpoint.") from error
            raise ToolError(words, "Nothing was changed.") from error
        finally:
            for name in self._staged.values():
                name.unlink(missing_ok=True)

    def _stage(self, target: _Target) -> None:
        if target.after is None:
            return
        folder = real_folder(self.root, target.place.relative_to(self.root).as_posix())
        self._staged[target.place] = stage(folder, (target.after,), self._mode(target), target.was)

    @staticmethod
    def _mode(target: _Target) -> int | None:
        if target.mode is not None:
            return target.mode & 0o777
        return stat.S_IMODE(target.was.st_mode) if target.was is not None else None

    def _delete(self, target: _Target) -> None:
        name = target.place
        if target.link:
            points_to = os.fsdecode(link_target(name))
            name.unlink()
            self._undo.append(partial(name.symlink_to, points_to))
        else:
            name.unlink()
            self._undo.append(partial(_put_back, target))
        self._drop_empty(name.parent)

    def _drop_empty(self, folder: Path) -> None:
        """Remove folders that a deletion left empty."""
        while folder != self.root:
            try:
                mode = stat.S_IMODE(folder.stat().st_mode)
                folder.rmdir()
            except OSError:
                return
            self._undo.append(partial(_make_folder, folder, mode))
            folder = folder.parent

    def _replace(self, target: _Target) -> None:
        missing = [above for above in target.place.parents if not above.is_dir()]
        for folder in reversed(missing):
            folder.mkdir()
            self._undo.append(partial(folder.rmdir))
        self._staged[target.place].replace(target.place)
        del self._staged[target.place]
        if target.was is None:
            self._undo.append(partial(target.place.unlink))
        else:
            self._undo.append(partial(_put_back, target))

    def _back(self) -> list[str]:
        """Undo in reverse; gives what could not be undone, in words."""
        lost: list[str] = []
        for step in reversed(self._undo):
            try:
                step()
            except OSError as error:
                lost.append(f"{error.filename}: {error.strerror}")
        return lost


def _put_back(target: _Target) -> None:
    """The file as it was before."""
    if target.was is None or target.before is None:
        return
    stage(target.place.parent, (target.before,), stat.S_IMODE(target.was.st_mode), target.was).replace(target.place)


def _make_folder(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
