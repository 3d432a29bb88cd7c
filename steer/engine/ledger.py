"""What a turn has changed so far, in lines, as a reviewer will count them at its end."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from steer.domain.edits import FileChange, text_diff
from steer.domain.errors import ConflictError


@dataclass(slots=True)
class TurnLedger:
    """Changed lines (added + removed) against the turn's start.

    A file that is edited twice counts by what differs in the end: reworking one's own new lines is not paid for again.
    Lines that commands changed are known as a sum, from the workspace's own diff.
    """

    changed: bool = False
    _base: dict[str, bytes | None] = field(default_factory=dict)
    _lines: dict[str, int] = field(default_factory=dict)
    _by_commands: int = 0

    def lines(self, without: Sequence[str] = ()) -> int:
        """Lines so far, leaving out the files named."""
        return self._by_commands + sum(count for path, count in self._lines.items() if path not in without)

    def after(self, changes: Sequence[FileChange]) -> int:
        """Lines as they would be with ``changes``."""
        return self.lines([c.path for c in changes]) + sum(map(self._count, changes))

    def record(self, changes: Sequence[FileChange]) -> None:
        """``changes`` were written."""
        self.changed = True
        for change in changes:
            self._base.setdefault(change.path, change.before)
            self._lines[change.path] = self._count(change)

    def record_total(self, total: int) -> None:
        """A command ran; ``total`` is the whole turn's lines now."""
        self.changed = True
        self._by_commands = max(0, total - sum(self._lines.values()))

    def _count(self, change: FileChange) -> int:
        diff = text_diff(change.path, self._base.get(change.path, change.before), change.after)
        return diff.added + diff.removed


@dataclass(slots=True)
class SeenFiles:
    """The content of each file as the model saw it last, by hash; the last text kept for files small enough to show a diff."""

    _hashes: dict[str, bytes] = field(default_factory=dict)
    _texts: dict[str, bytes] = field(default_factory=dict)
    keep: int = 200_000

    def saw(self, path: str, data: bytes) -> None:
        self._hashes[path] = hashlib.sha256(data).digest()
        if len(data) <= self.keep:
            self._texts[path] = data
        else:
            self._texts.pop(path, None)

    def forget(self, path: str) -> None:
        """The agent's own command changed the file: what the model knows of it is no promise any more."""
        self._hashes.pop(path, None)
        self._texts.pop(path, None)

    def check(self, path: str, data: bytes) -> None:
        """Raises ConflictError where somebody else changed the file since the model saw it; then counts it as seen."""
        known = self._hashes.get(path)
        if known is None or known == hashlib.sha256(data).digest():
            return
        before = self._texts.get(path)
        self.saw(path, data)
        diff = "" if before is None else f"\n{text_diff(path, before, data).text[:4000]}"
        raise ConflictError(
            f"{path} was changed on disk by somebody else since you read it. Nothing was written.{diff}",
            "Take the change into account and make the call again.",
        )
