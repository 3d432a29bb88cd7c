"""list_files."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from steer.domain.messages import ToolSpec
from steer.domain.values import JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.numbering import plural
from steer.tools.shown import escaped
from steer.tools.walking import Selection, walk

_SHOWN: Final = 1_000
_WALKED: Final = 200_000
_FOLDERS: Final = 30

_SPEC: Final = declare(
    "list_files",
    "List the workspace's files, one path a line, sorted; what .gitignore leaves out and .git are not listed. "
    f"At most {_SHOWN:,} paths.",
    {
        "glob": {
            "type": "string",
            "description": "Only these, e.g. src/**, *.py (at any depth), *.{ts,tsx}; ! in front leaves out; commas between several.",
        }
    },
    (),
)


class ListFiles:
    """Says which files there are."""

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("list_files", arguments)
        glob = given.optional_text("glob")
        paths, more = await asyncio.to_thread(_list, context.root, Selection.parse(glob))
        what = f" {escaped(glob)}" if glob else ""
        if not paths:
            said = f"No files match {glob!r}." if glob else "There are no files."
            return ToolResult(True, said + given.note(), f"list{what} · 0 files")
        shown = "\n".join(map(_one_line, paths[:_SHOWN])) + _rest(paths, more) + given.note()
        return ToolResult(True, shown, f"list{what} · {plural(len(paths), 'file')}{'+' if more else ''}")


def _list(root: Path, selection: Selection) -> tuple[list[str], bool]:
    """The selected paths, and whether the walk was ended before all were seen."""
    out: list[str] = []
    for number, path in enumerate(walk(root, links=True)):
        if number >= _WALKED:
            return out, True
        if selection.has(path):
            out.append(path)
    return out, False


def _one_line(path: str) -> str:
    """A path as it is; one that would break the line, or cannot be sent, quoted."""
    return path if path.isprintable() else repr(path)


def _rest(paths: Sequence[str], more: bool) -> str:
    if len(paths) <= _SHOWN and not more:
        return ""
    folders = Counter(path.split("/", 1)[0] + "/" if "/" in path else "(root)" for path in paths)
    counts = ", ".join(f"{_one_line(name)} {count}" for name, count in folders.most_common(_FOLDERS))
    total = f"more than {len(paths):,}" if more else f"{len(paths):,}"
    return f"\n[{min(_SHOWN, len(paths)):,} of {total} files; by folder: {counts}. Narrow it with glob.]"
