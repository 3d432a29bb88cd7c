"""A unified diff as rows: made when shown, so that a diff of 100,000 lines costs its parse and nothing more."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Set
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from steer.render.cells import clip
from steer.render.clean import clean_line
from steer.render.highlight import Highlighter, language_of
from steer.render.patch import DiffFile, Hunk, Patch, parse_patch
from steer.render.rows import Row, Span, Spans, cut, shift
from steer.render.wrap import wrap

_SIGNS: Final = {"added": "+", "removed": "-", "context": " ", "note": "\\"}
_CHUNK: Final = 256
"""Lines that are highlighted at a time; the state at a chunk's start is known if the chunk before was shown."""

_CHUNKS_KEPT: Final = 64
_WORD_LINE: Final = 500
"""Characters; longer lines are not compared word by word."""

_words: Final = re.compile(r"\w+|\s+|[^\w\s]")
_STATUS_WORDS: Final = {
    "modified": "",
    "created": "new file",
    "deleted": "deleted",
    "renamed": "renamed",
    "copied": "copied",
    "binary": "binary",
}


class DiffDocument:
    """The rows of a diff: files, hunks, and lines with their numbers, signs, syntax and the words that changed.

    A ``RowSource``: a row's ``entry`` is its file's index, its ``line`` the diff line. ``hunks`` and ``files`` say
    where they stand; ``hunk_row`` and ``file_row`` give their rows at the width in force. Paths are as in the diff.
    """

    def __init__(self, patch: str, width: int = 80) -> None:
        self._patch: Patch = parse_patch(patch)
        self._digits = len(str(max(self._patch.numbers, default=0)))
        self._unseen: Set[int] = frozenset()
        self._chunks: dict[int, tuple[list[Spans], Highlighter, Highlighter]] = {}
        self._hunk_lines = [hunk.line for hunk in self._patch.hunks]
        self._file_lines = [file.line for file in self._patch.files]
        self._block_lines = [block.line for block in self._patch.blocks]
        self._long = array("L")
        self._long_rows = array("L")
        self._width = 0
        self.row_count = 0
        self.set_width(width)

    @property
    def files(self) -> tuple[DiffFile, ...]:
        return tuple(self._patch.files)

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        return tuple(self._patch.hunks)

    def hunk_text(self, index: int) -> str:
        """A patch of one hunk by itself, as ``git apply`` takes it."""
        return self._patch.hunk_text(index)

    def set_unseen(self, hunks: Set[int]) -> None:
        """Mark these hunks (indexes) as not yet looked at."""
        self._unseen = frozenset(hunks)

    # -- places ----------------------------------------------------------------------------------------------------

    @property
    def _gutter(self) -> int:
        """Cells before a line's text: mark, number, blank, sign, blank."""
        return self._digits + 4

    def set_width(self, width: int) -> None:
        """Wrap to ``width`` cells. Only the lines that do not fit are looked at one by one."""
        if width == self._width:
            return
        self._width = width
        room = self._room
        self._long, self._long_rows = array("L"), array("L")
        row = 0
        for line, cells in enumerate(self._patch.cells):
            if cells > room and self._patch.kinds[line] >= 3:
                self._long.append(line)
                extra = len(wrap(self._patch.content(line), room)) - 1
                row += extra
                self._long_rows.append(row)
        self.row_count = len(self._patch) + row

    @property
    def _room(self) -> int:
        return max(1, self._width - self._gutter)

    def row_of(self, line: int) -> int:
        """The first row of a diff line."""
        at = bisect_right(self._long, line - 1)
        return line + (self._long_rows[at - 1] if at else 0)

    def hunk_row(self, index: int) -> int:
        return self.row_of(self._patch.hunks[index].line)

    def file_row(self, index: int) -> int:
        return self.row_of(self._patch.files[index].line)

    def hunk_at(self, row: int) -> int | None:
        """The index of the hunk that a row belongs to; None on a file's header."""
        line = self._place(row)[0]
        at = bisect_right(self._hunk_lines, line) - 1
        if at < 0 or line >= self._hunk_lines[at] + self._patch.hunks[at].lines:
            return None
        return at

    def file_at(self, row: int) -> int | None:
        """The index of the file that a row belongs to."""
        at = bisect_right(self._file_lines, self._place(row)[0]) - 1
        return at if at >= 0 else None

    def locate(self, row: Row) -> int:
        return self.row_of(min(max(0, row.line), max(0, len(self._patch) - 1)))

    def find(self, needle: str) -> list[int]:
        """The rows of the lines that contain ``needle`` (lower case), in any case."""
        lines = (line for line in range(len(self._patch)) if needle in self._patch.raw(line).lower())
        return [self.row_of(line) for line in lines]

    def _place(self, row: int) -> tuple[int, int]:
        """The diff line of a row, and which of its rows that is."""
        low, high = 0, len(self._patch) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.row_of(middle) <= row:
                low = middle
            else:
                high = middle - 1
        return low, row - self.row_of(low)

    # -- rows ------------------------------------------------------------------------------------------------------

    def row(self, index: int) -> Row:
        line, inside = self._place(index)
        file = max(0, bisect_right(self._file_lines, line) - 1)
        kind = self._patch.kind(line)
        if kind == "file":
            return self._file(file, line)
        hunk = bisect_right(self._hunk_lines, line) - 1
        if kind in ("hunk", "meta"):
            return self._head(line, file, hunk, kind == "hunk")
        return self._line(line, inside, file, hunk)

    def _file(self, index: int, line: int) -> Row:
        file = self._patch.files[index]
        path = clean_line(file.path)
        words = _STATUS_WORDS[file.status]
        if file.status in ("renamed", "copied"):
            words = f"{words} from {clean_line(file.old_path)}"
        counts = f"  +{file.added} −{file.removed}" + (f"  {words}" if words else "")
        path = clip(path, max(8, self._width - len(counts)))
        text = clip(path + counts, self._width)
        size = min(len(path), len(text))
        return Row(text, ((0, size, "file"), (size, len(text), "dim")), index, line)

    def _head(self, line: int, file: int, hunk: int, is_hunk: bool) -> Row:
        unseen = is_hunk and hunk in self._unseen
        mark = "● " if unseen else "  "
        text = clip(mark + self._patch.content(line) + ("  unseen" if unseen else ""), self._width)
        head: Spans = ((0, 1, "unseen"),) if unseen else ()
        return Row(text, (*head, (min(2, len(text)), len(text), "hunk" if is_hunk else "dim")), file, line, indent=2)

    def _line(self, line: int, inside: int, file: int, hunk: int) -> Row:
        kind = self._patch.kind(line)
        text = self._patch.content(line)
        rows = wrap(text, self._room)
        start, end = rows[inside]
        number = self._patch.numbers[line]
        unseen = hunk in self._unseen and kind in ("added", "removed")
        if inside:
            gutter = " " * self._gutter
        else:
            mark = "●" if unseen else " "
            gutter = f"{mark}{number or '':>{self._digits}} {_SIGNS[kind]} "
        size = len(gutter)
        spans = cut(self._styled(line, hunk, kind, text), start, end, size)
        lead: Spans = ((1, size - 3, "gutter"),) if not inside else ()
        if unseen and not inside:
            lead = ((0, 1, "unseen"), *lead)
        fill = kind if kind in ("added", "removed") else ""
        join = "\n" if inside == 0 else text[rows[inside - 1][1] : start]
        return Row(gutter + text[start:end], (*lead, *spans), file, line, fill, join, size)

    def _styled(self, line: int, hunk: int, kind: str, text: str) -> Spans:
        """Syntax, and over it the words that changed."""
        if kind == "note":
            return ((0, len(text), "dim"),)
        spans = self._syntax(line, hunk)
        if kind == "context":
            return spans
        marks = self._changed_words(line, kind, text)
        return lay_over(spans, marks) if marks else spans

    def _changed_words(self, line: int, kind: str, text: str) -> Spans:
        at = bisect_right(self._block_lines, line) - 1
        if at < 0:
            return ()
        block = self._patch.blocks[at]
        removed, added = block.removed, block.added
        nth = line - block.line - (removed if kind == "added" else 0)
        if nth >= min(removed, added):
            return ()
        other = block.line + nth + (0 if kind == "added" else removed)
        theirs = self._patch.content(other)
        old, new = (theirs, text) if kind == "added" else (text, theirs)
        gone, come = word_changes(old, new)
        name = f"{kind}.word"
        return tuple((first, last, name) for first, last in (come if kind == "added" else gone))

    # -- syntax ----------------------------------------------------------------------------------------------------

    def _syntax(self, line: int, hunk: int) -> Spans:
        first = self._hunk_lines[hunk] + 1
        chunk = first + (line - first) // _CHUNK * _CHUNK
        return self._chunk(chunk, hunk)[0][line - chunk]

    def _chunk(self, start: int, hunk: int) -> tuple[list[Spans], Highlighter, Highlighter]:
        """The syntax of a stretch of a hunk. Both sides are read on their own: removed lines by the old one."""
        found = self._chunks.get(start)
        if found is not None:
            return found
        before = self._chunks.get(start - _CHUNK) if start - _CHUNK > self._hunk_lines[hunk] else None
        if before is not None:
            old, new = before[1].fork(), before[2].fork()
        else:
            language = language_of(self._patch.hunks[hunk].path)
            old, new = Highlighter(language), Highlighter(language)
        owner = self._patch.hunks[hunk]
        spans: list[Spans] = []
        for line in range(start, min(start + _CHUNK, owner.line + owner.lines)):
            kind = self._patch.kind(line)
            side = old if kind == "removed" else new
            spans.append(() if kind == "note" else side.line(self._patch.content(line)))
            if kind == "context":
                old.follow(new)
        if len(self._chunks) >= _CHUNKS_KEPT:
            self._chunks.pop(next(iter(self._chunks)))
        self._chunks[start] = (spans, old, new)
        return self._chunks[start]


def lay_over(spans: Spans, marks: Spans) -> Spans:
    """The spans with marks in their place wherever there are any."""
    out: list[Span] = []
    at = 0
    for mark in marks:
        out.extend(shift(cut(spans, at, mark[0]), at))
        out.append(mark)
        at = mark[1]
    end = spans[-1][1] if spans else 0
    if end > at:
        out.extend(shift(cut(spans, at, end), at))
    return tuple(out)


@lru_cache(maxsize=1024)
def word_changes(old: str, new: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The stretches of ``old`` that are gone and of ``new`` that have come; none where the lines have little in common."""
    if max(len(old), len(new)) > _WORD_LINE or old == new:
        return (), ()
    left, right = _words.findall(old), _words.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < 0.4:
        return (), ()
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        _extend(gone, left, a, b)
        _extend(come, right, c, d)
    return tuple(gone), tuple(come)


def _extend(out: list[tuple[int, int]], words: list[str], first: int, last: int) -> None:
    if last > first:
        start = sum(map(len, words[:first]))
        out.append((start, start + sum(map(len, words[first:last]))))
