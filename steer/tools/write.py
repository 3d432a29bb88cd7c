"""write_file."""

import asyncio
import codecs
from typing import Final

from steer.domain.edits import FileChange
from steer.domain.errors import ToolError
from steer.domain.messages import ToolSpec
from steer.domain.values import JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.content import TextFile, decode, read_whole
from steer.tools.numbering import plural
from steer.tools.paths import check_file, locate, twin
from steer.tools.shown import one_line

_SPEC: Final = declare(
    "write_file",
    "Write a whole text file: a new one (its directories are made), or in place of an existing one, whose encoding, "
    "line ends and mode are kept. To change a part of a file use edit_file.",
    {
        "path": {"type": "string", "description": "Path relative to the workspace's root."},
        "content": {"type": "string", "description": "The whole content."},
    },
    ("path", "content"),
)


class WriteFile:
    """Writes a file as a whole."""

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("write_file", arguments)
        path, content = given.text("path"), given.text("content")
        target = locate(context.root, path)
        if path.endswith("/"):
            raise ToolError(f"{path} names a directory.", "Give the path of a file; its directories are made.")
        exists = await asyncio.to_thread(check_file, target) is not None
        before = await asyncio.to_thread(read_whole, target) if exists else None
        if before is not None:
            context.check_unchanged(target.path, before)
        after, notes = encoded(before, content, target.path)
        lines = plural(content.count("\n") + (not content.endswith("\n") and bool(content)), "line")
        if after == before:
            context.saw(target.path, after)
            return ToolResult(
                True,
                f"{target.path} has exactly this content already: nothing was changed.{given.note()}",
                f"{one_line(target.path)} unchanged",
            )
        change = FileChange(target.path, before, after)
        other = None if exists else twin(target)
        await context.apply([change])
        context.saw(target.path, after)
        if other is not None:
            notes = (*notes, f"{other} is there too and differs in case only")
        said = "".join(f"\n[{note}]" for note in notes)
        summary = f"{one_line(target.path)} +{change.diff.added} −{change.diff.removed}{'' if exists else ' new'}"
        verb = "Wrote" if exists else "Created"
        return ToolResult(True, f"{verb} {target.path}, {lines}.{said}{given.note()}", summary)


def encoded(before: bytes | None, content: str, path: str) -> tuple[bytes, tuple[str, ...]]:
    """The bytes to write and what is to be said of them.

    An existing file keeps encoding, byte order mark and line ends, unless the content has CRLF itself or characters
    that the encoding has not. Raises ToolError where the file is binary or the content cannot be encoded at all.
    """
    file = TextFile("") if before is None else decode(before, path)
    notes: list[str] = []
    if content.startswith("\ufeff") and file.encoding.startswith("utf"):
        content, file = content[1:], TextFile(file.text, file.encoding, file.mark or codecs.BOM_UTF8)
    windows = file.text.count("\r\n")
    if windows * 2 > file.text.count("\n") and "\r\n" not in content:
        content = content.replace("\n", "\r\n")
        notes.append("line ends CRLF, as the file had")
    if not file.encoding.startswith("utf"):
        try:
            content.encode(file.encoding)
        except UnicodeEncodeError:
            notes.append("the file is UTF-8 now: its old encoding has not all of these characters")
            file = TextFile("")
    return file.encode(content, path), tuple(notes)
