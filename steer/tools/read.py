"""read_file."""

import asyncio
import os
from dataclasses import dataclass
from typing import Final

from steer.domain.errors import ToolError
from steer.domain.matching import split_lines
from steer.domain.messages import ToolSpec
from steer.domain.values import JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.content import WHOLE, decode, open_regular, read_whole
from steer.tools.numbering import clip, plural
from steer.tools.paths import Target, check_file, locate, missing

_LINES: Final = 2_000
_CHARACTERS: Final = 100_000
_BLOCK: Final = 1 << 20

_SPEC: Final = declare(
    "read_file",
    "Read a text file of the workspace. Each line comes as its number, a tab, and the text; number and tab are not part "
    f"of the file. At most {_LINES:,} lines or {_CHARACTERS // 1000} kB at once: read on with start and end. "
    "Notes at the end in [brackets] are not part of the file either.",
    {
        "path": {"type": "string", "description": "Path relative to the workspace's root."},
        "start": {"type": "integer", "minimum": 1, "description": "First line, from 1."},
        "end": {"type": "integer", "minimum": 1, "description": "Last line, inclusive."},
    },
    ("path",),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines ``first`` to ``last`` as shown; ``total`` of the file, None where the rest was not read."""

    shown: str
    first: int
    last: int
    total: int | None
    notes: tuple[str, ...]


class ReadFile:
    """Shows a file, whole or a range of its lines, and tells the engine what of it the model has seen."""

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("read_file", arguments)
        target = locate(context.root, given.text("path"))
        start, end = given.optional_count("start", 0), given.optional_count("end")
        first = max(1, start or 1)
        if end is not None and end < first:
            raise ToolError(f"read_file: end ({end}) is before start ({first}).")
        status = await asyncio.to_thread(check_file, target)
        if status is None:
            raise missing(context.root, target)
        if status.st_size > WHOLE:
            if start is None and end is None:
                raise ToolError(
                    f"{target.path} has {status.st_size:,} bytes, too many to read at once.",
                    "Give start and end, or use search.",
                )
            part = await asyncio.to_thread(_stream, target, first, end)
        else:
            data = await asyncio.to_thread(read_whole, target)
            part = _whole(data, target.path, first, end)
            context.saw(target.path, data)
        return _result(target.path, part, given.note())


def _whole(data: bytes, path: str, first: int, end: int | None) -> _Part:
    file = decode(data, path)
    lines, _ = split_lines(file.text)
    if lines and first > len(lines):
        raise ToolError(f"{path} has {plural(len(lines), 'line')}; there is no line {first}.")
    shown, last = _shown(lines[first - 1 : end], first)
    return _Part(shown, first, last, len(lines), file.notes)


def _shown(lines: list[str], first: int) -> tuple[str, int]:
    """As many numbered lines as the caps allow, and the number of the last one."""
    out: list[str] = []
    size = 0
    for number, line in enumerate(lines[:_LINES], first):
        text = f"{number}\t{clip(line)}"
        size += len(text) + 1
        if size > _CHARACTERS and out:
            break
        out.append(text)
    return "\n".join(out), first + len(out) - 1


def _stream(target: Target, first: int, end: int | None) -> _Part:
    """Some lines of a large file, reading no further than the last of them. Raises ToolError."""
    stop = min(end or first + _LINES - 1, first + _LINES - 1)
    kept: list[bytes] = []
    number, size = 1, 0
    with os.fdopen(open_regular(target.full, target.path), "rb") as file:
        decode(file.read(_BLOCK // 16)[:-4], target.path)
        file.seek(0)
        # A line may be as large as the file: read in blocks, keep of each line what can be shown.
        while number <= stop and size <= 4 * _CHARACTERS and (block := file.readline(_BLOCK)):
            if number >= first:
                kept.append(block)
                size += len(block)
            number += block.endswith(b"\n")
    if not kept:
        raise ToolError(f"{target.path} has {plural(number - 1, 'line')}; there is no line {first}.")
    text = b"".join(kept).decode("utf-8", "replace")
    lines, _ = split_lines(text)
    shown, last = _shown(lines, first)
    return _Part(shown, first, last, None, ())


def _result(path: str, part: _Part, note: str) -> ToolResult:
    count = part.last - part.first + 1
    if part.total == 0:
        return ToolResult(True, f"[{path} is empty]{note}", f"read {path} 0 lines")
    notes = list(part.notes)
    if part.total is None:
        notes.insert(0, f"lines {part.first}-{part.last} of a large file; read on with start={part.last + 1}")
    elif part.last < part.total or part.first > 1:
        more = f"; read on with start={part.last + 1}" if part.last < part.total else ""
        notes.insert(0, f"lines {part.first}-{part.last} of {part.total}{more}")
    tail = f"\n[{'; '.join(notes)}]" if notes else ""
    where = f" {part.first}-{part.last}" if part.first > 1 or (part.total or 0) > part.last else ""
    summary = f"read {path}{where} {plural(count, 'line')}"
    return ToolResult(True, part.shown + tail + note, summary)
