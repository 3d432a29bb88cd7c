"""From a work tree to a snapshot: only what changed since the last look is read again."""

import json
import os
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.workspace.commands import GitFailed
from steer.workspace.content import Content, NotAFile, file_content, link_content, link_target
from steer.workspace.discover import Location
from steer.workspace.manifest import LINK_MODE, Entry, Snapshot
from steer.workspace.scan import Scan, add_paths, listed_paths, scan
from steer.workspace.store import Importer, Store

_RACY: Final = 100_000_000
"""Nanoseconds: a file that changed this shortly before it was read may change again under the same time stamp."""
_RACY_COARSE: Final = 2_000_000_000
"""The same where the file system keeps whole seconds only (FAT keeps even ones)."""
_CACHE_VERSION: Final = 1

_Key = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Capture:
    """A snapshot with its checkpoint id. ``hashed``: how many files had to be read for it."""

    checkpoint: str
    snapshot: Snapshot
    problems: tuple[str, ...]
    nested: tuple[str, ...]
    hashed: int


class Capturer:
    """Takes snapshots of one work tree into a store. Blocking; one at a time."""

    def __init__(self, location: Location, store: Store, state: Path, avoid: Iterable[Path] = ()) -> None:
        self._location = location
        self._store = store
        self._cache_file = state / "files.json"
        self._known: dict[str, tuple[_Key, Entry]] = {}
        self._stored: set[str] = set()
        self._last: tuple[str, Snapshot] | None = None
        self._avoid = frozenset(path for folder in (state, *avoid) for path in _inside(folder, location.root))
        self._load()

    def take(self, label: str, explicit: Iterable[str] = (), also: Snapshot | None = None) -> Capture:
        """Record the work tree as it is now; an unchanged one gives the checkpoint before again.

        ``explicit`` paths are captured with all below them, ignored or not. ``also``: whatever that snapshot holds is looked
        at too, even where git would by now ignore it.
        """
        known = bool(self._stored)
        try:
            return self._take(label, frozenset(explicit), also)
        except GitFailed:
            if not known:
                raise
            # What was known may be wrong (a store that was cut back): once more, with nothing taken for granted.
            self.forget()
            return self._take(label, frozenset(explicit), also)

    def _take(self, label: str, explicit: frozenset[str], also: Snapshot | None) -> Capture:
        root = self._location.root
        found = scan(root, listed_paths(self._location, self._store.gitdir), self._avoid)
        if also is not None:
            add_paths(root, found, also.entries)
            found.ignored -= also.entries.keys() - also.ignored
        add_paths(root, found, explicit)
        last, self._last = self._last, None
        try:
            with self._store.importer() as importer:
                entries, hashed = self._entries(found, importer)
                snapshot = _snapshot(found, entries, explicit)
                if last is None or last[1] != snapshot:
                    last = importer.commit(label, snapshot, last), snapshot
            self._last = last
        finally:
            if self._last is None:
                self.forget()
        return Capture(last[0], snapshot, tuple(found.problems), tuple(sorted(found.nested)), hashed)

    def record(self, label: str, snapshot: Snapshot) -> str:
        """A checkpoint of a snapshot whose contents are all stored already; gives its id."""
        with self._store.importer() as importer:
            self._last = importer.commit(label, snapshot, self._last), snapshot
        return self._last[0]

    def _entries(self, found: Scan, importer: Importer) -> tuple[dict[str, Entry], int]:
        known, fresh = self._known, {}
        entries: dict[str, Entry] = {}
        hashed = 0
        for path, info in found.files.items():
            key = (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino, info.st_mode)
            before = known.get(path)
            if before is not None and before[0] == key:
                entries[path] = before[1]
                fresh[path] = before
                continue
            began = time.time_ns()
            entry = self._entry(path, info, found, importer)
            if entry is None:
                continue
            hashed += 1
            entries[path] = entry
            if not racy(info.st_ctime_ns, began):
                fresh[path] = (key, entry)
        self._known = fresh
        return entries, hashed

    def _entry(self, path: str, info: os.stat_result, found: Scan, importer: Importer) -> Entry | None:
        """Read one path and store its content; None (and a problem) where it cannot be read."""
        full = f"{self._location.root}/{path}"
        try:
            with ExitStack() as stack:
                if stat.S_ISLNK(info.st_mode):
                    content = link_content(link_target(full))
                    entry = Entry(content.blob, LINK_MODE, True)
                else:
                    content = stack.enter_context(file_content(full))
                    entry = Entry(content.blob, stat.S_IMODE(info.st_mode) & 0o777)
                self._store_content(content, importer)
                return entry
        except FileNotFoundError:
            return None
        except NotAFile:
            found.skipped.add(path)
        except OSError as error:
            found.skipped.add(path)
            found.problems.append(f"{path} is not in the checkpoint: {error.strerror}.")
        return None

    def _store_content(self, content: Content, importer: Importer) -> None:
        if content.blob not in self._stored:
            importer.blob(content)
            self._stored.add(content.blob)

    def save(self) -> None:
        """Keep what is known of the files for the next session, so that it need not read them all again."""
        if self._last is None:
            return
        files = [[path, *key, entry.blob, entry.mode, entry.link] for path, (key, entry) in self._known.items()]
        new = self._cache_file.with_name(f"{self._cache_file.name}.{secrets.token_hex(4)}")
        new.write_text(json.dumps({"version": _CACHE_VERSION, "files": files}), encoding="utf-8")
        new.replace(self._cache_file)

    def _load(self) -> None:
        try:
            value = json.loads(self._cache_file.read_bytes())
            if value["version"] != _CACHE_VERSION:
                return
            for path, mtime, ctime, size, inode, full, blob, mode, link in value["files"]:
                self._known[path] = ((mtime, ctime, size, inode, full), Entry(blob, mode, link))
        except (OSError, ValueError, KeyError, TypeError):
            self._known = {}  # A cache: without it all is read once more.
        self._stored = {entry.blob for _, entry in self._known.values()}

    def forget(self) -> None:
        """Trust nothing that was known: the next look reads everything."""
        self._known, self._stored, self._last = {}, set(), None


def _snapshot(found: Scan, entries: dict[str, Entry], explicit: frozenset[str]) -> Snapshot:
    ignored, skipped = frozenset(found.ignored & entries.keys()), frozenset(found.skipped - entries.keys())
    return Snapshot(entries, found.folders, found.outer, ignored, explicit, skipped)


def racy(changed: int, now: int) -> bool:
    """Whether a change after the read could leave the same time stamps; both in nanoseconds.

    ``changed`` is the file's change time (ctime), which nobody can set.
    """
    coarse = changed % 1_000_000_000 == 0
    return changed > now - (_RACY_COARSE if coarse else _RACY)


def _inside(folder: Path, root: Path) -> Iterable[str]:
    """The folder as a path in the work tree, if it lies there: Steer's own state must not capture itself."""
    folder = folder.resolve()
    if folder != root and folder.is_relative_to(root):
        yield folder.relative_to(root).as_posix()
