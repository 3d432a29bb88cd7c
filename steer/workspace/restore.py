"""Putting a work tree back: what differs is worked out first, then staged, then put in place."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from steer.domain.errors import SteerError
from steer.engine.ports import TreeChanges
from steer.workspace.files import is_folder, is_writable, pieces, real_folder, spare_name, stage
from steer.workspace.manifest import Entry, Snapshot, folders_of
from steer.workspace.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be done. ``folders``: those that must be there (path to permission bits), ``drop`` those that must not."""

    write: Mapping[str, Entry]
    modes: Mapping[str, int]
    remove: tuple[str, ...]
    folders: Mapping[str, int]
    drop: tuple[str, ...]
    changes: TreeChanges


def compare(old: Mapping[str, Entry], new: Snapshot, counts: Callable[[str], bool]) -> TreeChanges:
    """What ``new`` changed against ``old``. ``counts`` says of a path that only ``new`` has whether it was really created."""
    created = (path for path in new.entries.keys() - old.keys() if counts(path))
    gone = old.keys() - new.entries.keys()
    modified = [path for path, entry in old.items() if new.entries.get(path, entry) != entry]
    # What is there but cannot be read (any more) is not deleted.
    modified.extend(gone & new.skipped)
    return TreeChanges(tuple(sorted(created)), tuple(sorted(modified)), tuple(sorted(gone - new.skipped)))


def plan(target: Mapping[str, Entry], at: Snapshot, now: Snapshot, counts: Callable[[str], bool]) -> Plan:
    """How to get from ``now`` to ``target``, whose folders are those of the checkpoint ``at``."""
    changes = compare(target, now, counts)
    write, modes = {}, {}
    for path in (*changes.modified, *changes.deleted):
        entry, there = target[path], now.entries.get(path)
        if there is not None and (there.blob, there.link) == (entry.blob, entry.link):
            modes[path] = entry.mode
        else:
            write[path] = entry
    folders = dict.fromkeys(folders_of(target), 0o755) | dict(at.outer) | dict(at.folders)
    present = now.outer.keys() | now.folders.keys()
    drop = sorted(present - folders.keys() - {""}, key=lambda path: path.count("/"), reverse=True)
    undone = TreeChanges(changes.deleted, changes.modified, changes.created)
    return Plan(write, modes, changes.created, folders, tuple(drop), undone)


@dataclass(slots=True)
class Restorer:
    """Carries one plan out in ``root`` with contents from ``store``. ``failures``: what could not be done, in words."""

    root: Path
    store: Store
    failures: list[str] = field(default_factory=list)
    _staged: dict[str, Path] = field(default_factory=dict)
    _targets: dict[str, bytes] = field(default_factory=dict)
    _unlocked: dict[Path, int] = field(default_factory=dict)

    def run(self, todo: Plan) -> None:
        """Do it. Raises SteerError, with nothing changed, where the contents cannot all be staged."""
        try:
            self._stage(todo)
            for path in todo.remove:
                self._try(path, partial(self._remove, path))
            for path in todo.drop:
                self._drop(path)
            for path in sorted(todo.folders, key=lambda path: path.count("/")):
                self._try(path, partial(self._make_folder, path))
            for path, entry in todo.write.items():
                self._try(path, partial(self._place, path, entry))
            for path, mode in todo.modes.items():
                self._try(path, partial((self.root / path).chmod, mode))
        finally:
            for name in self._staged.values():
                name.unlink(missing_ok=True)
            self._settle(todo.folders)

    def _stage(self, todo: Plan) -> None:
        """Read all contents and lay them beside where they belong, before anything is changed."""
        places: dict[str, list[str]] = {}
        for path, entry in todo.write.items():
            places.setdefault(entry.blob, []).append(path)
        try:
            for blob, content in self.store.read(list(places)):
                for path in places[blob]:
                    content.seek(0)
                    if todo.write[path].link:
                        self._targets[path] = content.read()
                        continue
                    folder = real_folder(self.root, path)
                    self._unlock(folder)
                    full = self.root / path
                    like = full.lstat() if folder == full.parent and os.path.lexists(full) else None
                    self._staged[path] = stage(folder, pieces(content), todo.write[path].mode, like)
        except OSError as error:
            name = error.filename or self.root
            raise SteerError(
                f"Nothing was restored: {name}: {error.strerror}.", "Make room or correct that."
            ) from error

    def _try(self, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self.failures.append(f"{path}: {error.strerror}")

    def _remove(self, path: str) -> None:
        full = self.root / path
        self._unlock(full.parent)
        full.unlink(missing_ok=True)

    def _drop(self, path: str) -> None:
        """Remove a folder that was not there, unless it holds what no checkpoint knows."""
        full = self.root / path
        try:
            self._unlock(full.parent)
            full.rmdir()
            self._unlocked.pop(full, None)
        except OSError:
            return

    def _make_folder(self, path: str) -> None:
        full = self.root / path
        if not path or is_folder(full):
            return
        self._unlock(full.parent)
        if os.path.lexists(full):
            full.unlink()  # Captured things were removed by now: this is a pipe, a socket or a device.
        full.mkdir()

    def _place(self, path: str, entry: Entry) -> None:
        full = self.root / path
        self._unlock(full.parent)
        if is_folder(full):
            full.rmdir()  # Fails, and is reported, where it holds what no checkpoint knows.
        if entry.link:
            name = spare_name(full.parent)
            name.symlink_to(os.fsdecode(self._targets[path]))
            name.replace(full)
        else:
            self._staged.pop(path).replace(full)

    def _unlock(self, folder: Path) -> None:
        """Make a folder writable for as long as the work takes."""
        if folder in self._unlocked or is_writable(folder):
            return
        mode = stat.S_IMODE(os.lstat(folder).st_mode)
        self._unlocked[folder] = mode
        folder.chmod(mode | 0o700)

    def _settle(self, folders: Mapping[str, int]) -> None:
        """Give every folder the permissions it had, the deepest first; the special bits stay as they are."""
        for path in sorted(folders, key=lambda path: path.count("/"), reverse=True):
            full = self.root / path
            self._unlocked.pop(full, None)
            try:
                mode = stat.S_IMODE(os.lstat(full).st_mode)
                if is_folder(full) and mode & 0o777 != folders[path]:
                    full.chmod((mode & ~0o777) | folders[path])
            except OSError as error:
                self.failures.append(f"{path or '.'}: {error.strerror}")
        for folder, mode in self._unlocked.items():
            if is_folder(folder):
                folder.chmod(mode)
