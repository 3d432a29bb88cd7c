"""edit_file."""

import asyncio
import bisect
import itertools
import re
from dataclasses import dataclass
from typing import Final

from steer.domain.edits import FileChange
from steer.domain.errors import ToolError
from steer.domain.matching import line_number, nearest, occurrences, with_line_feeds
from steer.domain.messages import ToolSpec
from steer.domain.values import JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.content import decode, read_whole
from steer.tools.numbering import numbered, plural
from steer.tools.paths import check_file, locate, missing
from steer.tools.shown import one_line

_AROUND: Final = 3
_SHOWN: Final = 30
_PLACES: Final = 20
_NUMBERS: Final = re.compile(r"^ *\d+\t", re.MULTILINE)

_SPEC: Final = declare(
    "edit_file",
    "Replace text in a file. old must be in the file exactly once, character for character, with enough lines around it "
    "to be found only once; or exactly count times, and then all are replaced. Do not include line numbers. "
    "Encoding and line ends of the file are kept.",
    {
        "path": {"type": "string", "description": "Path relative to the workspace's root."},
        "old": {"type": "string", "description": "The text to replace, as it is in the file."},
        "new": {"type": "string", "description": "The text to put there; empty to remove."},
        "count": {"type": "integer", "minimum": 1, "description": "How often old is in the file; default 1."},
    },
    ("path", "old", "new"),
)


class EditFile:
    """Replaces text that is exactly there, and says what is there instead where it is not."""

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("edit_file", arguments)
        path, old, new = given.text("path"), given.text("old"), given.text("new")
        count = given.optional_count("count")
        target = locate(context.root, path)
        if await asyncio.to_thread(check_file, target) is None:
            raise missing(context.root, target, "A new file is made with write_file.")
        data = await asyncio.to_thread(read_whole, target)
        context.check_unchanged(target.path, data)
        file = decode(data, target.path)
        edited = await asyncio.to_thread(replace_text, Sides(file.text), Replacement(target.path, old, new, count))
        change = FileChange(target.path, data, file.encode(edited.text, target.path))
        await context.apply([change])
        context.saw(target.path, change.after or b"")
        times = f", {plural(edited.times, 'place')}" if edited.times > 1 else ""
        summary = f"{one_line(target.path)} +{change.diff.added} −{change.diff.removed}"
        return ToolResult(True, f"Edited {target.path}{times}. It reads now:\n{edited.shown}{given.note()}", summary)


@dataclass(frozen=True, slots=True)
class Replacement:
    """``old`` becomes ``new``, ``count`` times; None asks for exactly one place. ``path`` for what is said of it."""

    path: str
    old: str
    new: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text with the file's line ends, the number of places replaced, and the lines around them, numbered."""

    text: str
    times: int
    shown: str


class Sides:
    """A text with its own line ends, and the same with LF: offsets of the second lead to the first."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        only_cr = "\r" in raw and "\n" not in raw
        self.plain = raw.replace("\r", "\n") if only_cr else with_line_feeds(raw)
        self._cr = only_cr
        # Offsets in the plain text of the LFs that have a CR before them in the raw one, once for each CR.
        self._pairs: list[int] = []
        at = 0
        for line in raw.split("\n")[:-1]:
            length = len(line.rstrip("\r"))
            self._pairs.extend([at + length] * (len(line) - length))
            at += length + 1

    def plainly(self, text: str) -> str:
        """A text of the model's with LF, as far as the file's own line ends are not LF."""
        text = with_line_feeds(text)
        return text.replace("\r", "\n") if self._cr else text

    def raw_offset(self, offset: int) -> int:
        return offset + bisect.bisect_left(self._pairs, offset)

    def line_end(self, start: int, end: int) -> str:
        """The line end for text put between two offsets of the plain text: that of the nearest line."""
        at = self.plain.find("\n", start, end)
        if at < 0:
            at = self.plain.find("\n", end)
        if at < 0:
            at = self.plain.rfind("\n", 0, start)
        if at < 0 or self._cr:
            return "\r" if self._cr else "\n"
        place = bisect.bisect_left(self._pairs, at)
        return "\r\n" if place < len(self._pairs) and self._pairs[place] == at else "\n"


def replace_text(sides: Sides, wanted: Replacement) -> Edited:
    """Replace ``old`` where it is; line ends do not count in the comparison. Raises ToolError that says what is there."""
    old, new = sides.plainly(wanted.old), sides.plainly(wanted.new)
    if not old:
        if sides.raw:
            raise ToolError("edit_file: old is empty.", "Give the text to replace; write_file writes a whole file.")
        return Edited(wanted.new, 1, numbered(new.split("\n")[:_SHOWN], 1))
    if old == new:
        raise ToolError("edit_file: old and new are the same, nothing would change.", "Line ends are kept as they are.")
    found = occurrences(sides.plain, old)
    if len(found) != (wanted.count or 1) or _overlap(found, len(old)):
        raise _not_so_often(sides.plain, old, found, wanted)
    # Only what differs is replaced: lines that old and new share keep their own line ends.
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    inner = new[head : len(new) - tail]
    out: list[str] = []
    at = 0
    for offset in found:
        start, end = offset + head, offset + len(old) - tail
        out.append(sides.raw[at : sides.raw_offset(start)])
        line_end = sides.line_end(start, end)
        out.append(inner if line_end == "\n" else inner.replace("\n", line_end))
        at = sides.raw_offset(end)
    out.append(sides.raw[at:])
    text = "".join(out)
    return Edited(text, len(found), _around(sides.plain, found, old, new))


def _overlap(found: tuple[int, ...], length: int) -> bool:
    return any(later - earlier < length for earlier, later in itertools.pairwise(found))


def _common(a: str, b: str) -> int:
    """Length of the common start, by halving: both may be long."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _around(plain: str, found: tuple[int, ...], old: str, new: str) -> str:
    """The first places replaced, with a few lines around each."""
    after = new.join(_pieces(plain, found, len(old)))
    lines = after.split("\n")
    out: list[str] = []
    for number, offset in enumerate(found[:3]):
        first = line_number(after, offset + number * (len(new) - len(old)))
        last = first + new.count("\n")
        top, bottom = max(1, first - _AROUND), min(len(lines), last + _AROUND)
        shown = lines[top - 1 : bottom]
        if len(shown) > _SHOWN:
            half = _SHOWN // 2
            cut = f"[{len(shown) - 2 * half} lines]"
            out.append("\n".join([numbered(shown[:half], top), cut, numbered(shown[-half:], bottom - half + 1)]))
        else:
            out.append(numbered(shown, top))
    return "\n[...]\n".join(out)


def _pieces(text: str, found: tuple[int, ...], length: int) -> list[str]:
    starts = [0, *(offset + length for offset in found)]
    return [text[start:end] for start, end in zip(starts, [*found, len(text)], strict=True)]


def _not_so_often(plain: str, old: str, found: tuple[int, ...], wanted: Replacement) -> ToolError:
    """The error for a number of matches other than asked for."""
    path = wanted.path
    if not found:
        return ToolError(f"edit_file: old is not in {path}. Nothing was changed. {_why_not(plain, old)}")
    lines = sorted({line_number(plain, offset) for offset in found[:_PLACES]})
    where = ", ".join(map(str, lines)) + (", ..." if len(found) > _PLACES else "")
    times = f"{plural(len(found), 'time')} in {path} (line{'s' if len(lines) > 1 else ''} {where})"
    if _overlap(found, len(old)):
        return ToolError(
            f"edit_file: old is {times}, and the places overlap. Nothing was changed.", "Give more of the text."
        )
    if wanted.count is None:
        remedy = f"Give more lines around the one you mean, or count={len(found)} to replace all."
    else:
        remedy = f"Give count={len(found)} to replace all, or more lines around those you mean."
    asked = "" if wanted.count is None else f", not {wanted.count}"
    return ToolError(f"edit_file: old is {times}{asked}. Nothing was changed.", remedy)


def _why_not(plain: str, old: str) -> str:
    unnumbered = _NUMBERS.sub("", old)
    if unnumbered != old and unnumbered in plain:
        return "It is there without the line numbers: leave out numbers and tabs that read_file put in front."
    stripped = old.strip("\n")
    if stripped and stripped != old and stripped in plain:
        return "It is there without the empty lines at its start or end."
    near = nearest(plain.split("\n"), old.removesuffix("\n").split("\n"))
    if near is None:
        return "Nothing in the file is like it: read the file again."
    return f"{near}\nCopy the text exactly as the file has it."
