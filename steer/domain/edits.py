"""Changes to files without a disk: a file before and after, and its lines' difference."""

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from steer.domain.constraints import Effect, EffectKind

_DIFF_LINES: Final = 4_000
"""Above this many differing lines a side, difflib's quadratic worst case is not risked: one hunk replaces the other."""


@dataclass(frozen=True, eq=True)
class FileChange:
    """A file's bytes before (None: it is not there) and after (None: it is deleted), and its mode where it must be set."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None

    @property
    def kind(self) -> EffectKind:
        if self.before is None:
            return "created"
        return "deleted" if self.after is None else "modified"

    @cached_property
    def diff(self) -> "TextDiff":
        """The lines' difference, worked out once."""
        return text_diff(self.path, self.before, self.after)

    def effect(self) -> Effect:
        return Effect(self.kind, self.path, self.diff.added, self.diff.removed)


@dataclass(frozen=True, slots=True)
class TextDiff:
    """A unified diff (git's headers, three lines of context) and its counts in lines. Binary: counts are 0, text says so."""

    text: str
    added: int
    removed: int


def _lines(data: bytes | None) -> list[str]:
    if not data:
        return []
    text = data.decode("utf-8", "surrogateescape")
    # Only line feeds end a line, as for git: splitlines() would also cut at form feeds and U+2028.
    parts = text.split("\n")
    tail = parts.pop()
    lines = [part + "\n" for part in parts]
    return [*lines, tail] if tail else lines


def is_binary(data: bytes | None) -> bool:
    """Git's rule: a NUL among the first 8,000 bytes."""
    return data is not None and b"\0" in data[:8000]


def text_diff(path: str, before: bytes | None, after: bytes | None) -> TextDiff:
    """The unified diff of a file's two states; ``path`` relative with forward slashes."""
    old_name = f"a/{path}" if before is not None else "/dev/null"
    new_name = f"b/{path}" if after is not None else "/dev/null"
    if is_binary(before) or is_binary(after):
        return TextDiff(f"Binary files {old_name} and {new_name} differ\n", 0, 0)
    hunks = _hunks(_lines(before), _lines(after))
    added = sum(line.startswith("+") for line in hunks)
    removed = sum(line.startswith("-") for line in hunks)
    body = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks)
    text = f"--- {old_name}\n+++ {new_name}\n{body}" if hunks else ""
    return TextDiff(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), added, removed)


def _hunks(old: list[str], new: list[str]) -> list[str]:
    """Unified diff lines without file headers. The common head and tail are cut first: edits are small, files are not."""
    head = 0
    top = min(len(old), len(new))
    while head < top and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < top - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if len(old) - head - tail + len(new) - head - tail == 0:
        return []
    start = max(0, head - 3)
    a, b = old[start : len(old) - max(0, tail - 3)], new[start : len(new) - max(0, tail - 3)]
    if max(len(a), len(b)) > _DIFF_LINES:
        lead, trail = a[: head - start], a[len(a) - min(3, tail) :] if tail else []
        gone = a[head - start : len(a) - len(trail)]
        come = b[head - start : len(b) - len(trail)]
        at = f"@@ -{start + 1 if a else start},{len(a)} +{start + 1 if b else start},{len(b)} @@\n"
        return [
            at,
            *(" " + x for x in lead),
            *("-" + x for x in gone),
            *("+" + x for x in come),
            *(" " + x for x in trail),
        ]
    lines = list(difflib.unified_diff(a, b, n=3))[2:]
    return [_shift(line, start) if line.startswith("@@") else line for line in lines]


def _shift(header: str, by: int) -> str:
    """Move a hunk header ``@@ -a,b +c,d @@`` down by ``by`` lines."""
    _, old, new, _ = header.split(" ", 3)
    moved = []
    for side in (old, new):
        sign, (line, _, count) = side[0], side[1:].partition(",")
        moved.append(f"{sign}{int(line) + by}{',' + count if count else ''}")
    return f"@@ {moved[0]} {moved[1]} @@\n"
