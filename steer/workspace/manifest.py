"""What a checkpoint holds: entries, and the manifest of all that a git tree cannot say (exact modes, folders, what was left out)."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from steer.domain.errors import SteerError

_VERSION: Final = 1
LINK_MODE: Final = 0o777
"""Links have no permissions of their own; one fixed value keeps comparisons simple."""


class Entry(NamedTuple):
    """A file or symbolic link: the id of its content (a link's is its target's bytes), permission bits, whether a link."""

    blob: str
    mode: int
    link: bool = False

    @property
    def git_mode(self) -> str:
        """The mode that a git tree knows for it."""
        if self.link:
            return "120000"
        return "100755" if self.mode & 0o100 else "100644"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A work tree at one moment. Paths are relative, forward slashes, undecodable bytes as surrogate escapes.

    ``entries`` are all captured files and links, ``ignored`` those of them that git ignores. ``folders`` are the folders
    that were looked through (path to permission bits, the root is ""), ``outer`` the other parents of explicit paths.
    ``explicit`` are the paths that were asked for by name, with all below them. ``skipped`` existed but were not captured:
    files over the limits, pipes, what could not be read, and folders that were not looked into (ignored ones, repositories).
    """

    entries: Mapping[str, Entry]
    folders: Mapping[str, int] = field(default_factory=dict)
    outer: Mapping[str, int] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    explicit: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()

    def covers(self, path: str) -> bool:
        """Whether ``path`` or a folder above it was asked for by name."""
        return bool(self.explicit) and (path in self.explicit or any(up in self.explicit for up in parents(path)))

    def knew(self, path: str, ignored: bool) -> bool:
        """Whether ``path`` would be among the entries had it existed: only then does its absence mean anything."""
        if path in self.skipped:
            return False
        if self.covers(path):
            return True
        if any(up in self.skipped for up in parents(path)):
            return False
        return not ignored or parent(path) in self.folders


def parent(path: str) -> str:
    """The folder of ``path``; "" for the root."""
    return path.rpartition("/")[0]


def parents(path: str) -> Iterator[str]:
    """The folders above ``path``, nearest first, without the root."""
    while cut := path.rfind("/") + 1:
        path = path[: cut - 1]
        yield path


def folders_of(paths: Iterable[str]) -> set[str]:
    """All folders above any of ``paths``, without the root."""
    out: set[str] = set()
    for path in paths:
        for up in parents(path):
            if up in out:
                break
            out.add(up)
    return out


def encode(snapshot: Snapshot) -> bytes:
    """The manifest as JSON: modes and folders only where they differ from the most common ones."""
    plain, program = _usual(e.mode for e in snapshot.entries.values() if not e.link)
    folder = Counter(snapshot.folders.values()).most_common(1)[0][0] if snapshot.folders else 0o755
    modes = {
        path: entry.mode
        for path, entry in snapshot.entries.items()
        if not entry.link and entry.mode != (program if entry.mode & 0o100 else plain)
    }
    implied = _implied(snapshot.entries, snapshot.explicit)
    folders = {path: mode for path, mode in snapshot.folders.items() if mode != folder or path not in implied}
    value = {
        "version": _VERSION,
        "usual": [plain, program, folder],
        "modes": modes,
        "folders": folders,
        "outer": dict(snapshot.outer),
        "explicit": sorted(snapshot.explicit),
        "skipped": sorted(snapshot.skipped),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes, entries: Mapping[str, Entry], ignored: frozenset[str]) -> Snapshot:
    """The snapshot of a manifest and of the entries as git keeps them (modes 0644 and 0755); raises SteerError."""
    try:
        value = json.loads(data)
        plain, program, folder = value["usual"]
        explicit = frozenset(value["explicit"])
        modes = value["modes"]
        exact = {
            path: entry if entry.link else Entry(entry.blob, modes.get(path, program if entry.mode & 0o100 else plain))
            for path, entry in entries.items()
        }
        folders = dict.fromkeys(_implied(entries, explicit), folder) | value["folders"]
        return Snapshot(exact, folders, value["outer"], ignored, explicit, frozenset(value["skipped"]))
    except (ValueError, KeyError, TypeError) as error:
        raise SteerError("The checkpoint's manifest cannot be read.", "Choose another checkpoint.") from error


def _usual(modes: Iterable[int]) -> tuple[int, int]:
    """The most common mode of plain files and of programs."""
    counts = Counter(modes)
    plain = [(count, mode) for mode, count in counts.items() if not mode & 0o100]
    program = [(count, mode) for mode, count in counts.items() if mode & 0o100]
    return max(plain, default=(0, 0o644))[1], max(program, default=(0, 0o755))[1]


def _implied(entries: Mapping[str, Entry], explicit: frozenset[str]) -> set[str]:
    """Folders that need no mention: those of entries that were not asked for by name."""
    if not explicit:
        return folders_of(entries)
    view = Snapshot(entries, explicit=explicit)
    return folders_of(path for path in entries if not view.covers(path))
