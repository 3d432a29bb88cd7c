"""Checkpoints of a work tree: take, compare, show, put back. Blocking, and for one thread at a time."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from steer.domain.errors import SteerError
from steer.engine.ports import DiffReport, TreeChanges
from steer.workspace.capture import Capture, Capturer
from steer.workspace.discover import Location
from steer.workspace.files import is_folder
from steer.workspace.manifest import Entry, Snapshot, parent, parents
from steer.workspace.restore import Plan, Restorer, compare, plan
from steer.workspace.store import Store

PATCH_LIMIT: Final = 400_000
"""Bytes of a patch; what is longer is cut at a line's end."""
_REMEMBERED: Final = 8
"""Snapshots kept in memory: one of 10,000 files takes about 1 MB, the store gives back the others."""


class Checkpoints:
    """The checkpoints of one session in one work tree. ``last``: the latest look at the work tree."""

    def __init__(self, location: Location, store: Store, capturer: Capturer) -> None:
        self._location = location
        self._store = store
        self._capturer = capturer
        self._snapshots: dict[str, Snapshot] = {}
        self._declared: dict[str, dict[str, Entry]] = {}
        self.last: Capture | None = None

    def take(self, label: str, paths: Iterable[str] = ()) -> str:
        """Record the work tree; ``paths`` (with all below them) also where git ignores them. Gives the checkpoint's id."""
        new = [path for path in dict.fromkeys(paths) if not self._is_declared(path)]
        capture = self._look(label, new, None)
        for path in new:
            below = f"{path}/"
            self._declared[path] = {
                name: entry
                for name, entry in capture.snapshot.entries.items()
                if name in capture.snapshot.ignored and (name == path or name.startswith(below))
            }
        return capture.checkpoint

    def changes(self, since: str) -> TreeChanges:
        """What differs between a checkpoint and now, ignored files that were captured included."""
        at = self._load(since)
        now = self._look("changes", (), at).snapshot
        # What git counts in is always told of, also where a restore would leave it: in a folder that was ignored as a whole.
        return compare(self._target(at), now, lambda path: path not in now.ignored or self._counts(at, now, path))

    def diff(self, since: str) -> DiffReport:
        """The git patch between a checkpoint and now, untracked files included, ignored ones not."""
        at = self._load(since)
        now = self._look("diff", (), at)
        old, new = self._store.tree(since, at), self._store.tree(now.checkpoint, now.snapshot)
        if since == now.checkpoint:
            return DiffReport("", (), 0, 0)
        return self._store.difference(old, new, PATCH_LIMIT)

    def restore(self, checkpoint: str) -> tuple[TreeChanges, str]:
        """Put the work tree back; gives what that changed, and the checkpoint that undoes it. Raises SteerError."""
        at = self._load(checkpoint)
        safety = self._look("before a restore", (), at)
        now, undo = safety.snapshot, safety.checkpoint
        if rules := self._rules(at, now):
            # Which files were created since is for the ignore rules of then to say, so these come back first.
            failures = self._carry_out(rules, undo)
            later = self._look("before a restore", (), at).snapshot
            now = _joined(now, later)
            undo = self._capturer.record("before a restore", now)
            self._remember(undo, now)
            todo = plan(self._target(at), at, later, lambda path: self._counts(at, later, path))
            seen = {*later.entries, *rules.remove}
            whole = compare(self._target(at), now, lambda path: path in seen and self._counts(at, later, path))
            self._finish(failures + self._carry_out(todo, undo), undo)
            return TreeChanges(whole.deleted, whole.modified, whole.created), undo
        todo = plan(self._target(at), at, now, lambda path: self._counts(at, now, path))
        self._finish(self._carry_out(todo, undo), undo)
        return todo.changes, undo

    def _carry_out(self, todo: Plan, undo: str) -> list[str]:
        restorer = Restorer(self._location.root, self._store)
        try:
            restorer.run(todo)
        except SteerError as error:
            raise SteerError(error.message, f"{error.remedy} The state before is checkpoint {undo[:12]}.") from error
        return restorer.failures

    def _finish(self, failures: list[str], undo: str) -> None:
        if failures:
            more = f" and {len(failures) - 5} more" if len(failures) > 5 else ""
            message = f"Not everything was restored: {'; '.join(failures[:5])}{more}."
            raise SteerError(message, f"The state before is checkpoint {undo}.")

    def _rules(self, at: Snapshot, now: Snapshot) -> Plan | None:
        """A plan for the ignore files alone, where they differ and lie in folders that are there; None where they do not."""
        old = {path: entry for path, entry in at.entries.items() if _is_rule(path)}
        new = {path: entry for path, entry in now.entries.items() if _is_rule(path)}
        if old == new:
            return None
        root = self._location.root
        reach = {path: entry for path, entry in old.items() if path in new or is_folder(root / parent(path))}
        keep = {path: at.folders.get(path, now.folders.get(path, 0o755)) for path in {*now.folders, *now.outer}}
        part = replace(now, entries=new, folders={}, outer={}, skipped=frozenset())
        todo = plan(reach, replace(at, folders={}, outer={}), part, lambda path: at.knew(path, path in now.ignored))
        return replace(todo, folders={path: mode for path, mode in keep.items() if not path}, drop=())

    def _target(self, at: Snapshot) -> dict[str, Entry]:
        """All that is known of a checkpoint's moment: its entries, and ignored paths as they were when first asked for by name.

        Before that nothing of the agent's had touched them, for what is about to be touched is asked for first.
        """
        target = dict(at.entries)
        for entries in self._declared.values():
            for path, entry in entries.items():
                if path not in target and not at.knew(path, True):
                    target[path] = entry
        return target

    def _counts(self, at: Snapshot, now: Snapshot, path: str) -> bool:
        """Whether a path that the checkpoint lacks was created since, rather than merely not captured then."""
        return at.knew(path, path in now.ignored) or (path not in at.skipped and self._is_declared(path))

    def _is_declared(self, path: str) -> bool:
        return path in self._declared or any(up in self._declared for up in parents(path))

    def _look(self, label: str, new: Iterable[str], also: Snapshot | None) -> Capture:
        self.last = self._capturer.take(label, (*self._declared, *new), also)
        self._remember(self.last.checkpoint, self.last.snapshot)
        return self.last

    def _load(self, checkpoint: str) -> Snapshot:
        snapshot = self._snapshots.get(checkpoint) or self._store.load(checkpoint)
        self._remember(checkpoint, snapshot)
        return snapshot

    def _remember(self, checkpoint: str, snapshot: Snapshot) -> None:
        self._snapshots.pop(checkpoint, None)
        self._snapshots[checkpoint] = snapshot
        while len(self._snapshots) > _REMEMBERED:
            del self._snapshots[next(iter(self._snapshots))]


def _is_rule(path: str) -> bool:
    return path == ".gitignore" or path.endswith("/.gitignore")


def _joined(first: Snapshot, later: Snapshot) -> Snapshot:
    """The first snapshot and whatever only the later one could see."""
    entries = {**{path: entry for path, entry in later.entries.items() if not _is_rule(path)}, **first.entries}
    ignored = (first.ignored & first.entries.keys()) | (later.ignored & (entries.keys() - first.entries.keys()))
    folders = {**later.folders, **first.folders}
    return replace(first, entries=entries, ignored=ignored, folders=folders, outer={**later.outer, **first.outer})
