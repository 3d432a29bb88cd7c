"""apply_patch."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from steer.domain.edits import FileChange
from steer.domain.errors import ToolError
from steer.domain.hunks import Place
from steer.domain.messages import ToolSpec
from steer.domain.patch import AddFile, DeleteFile, FileOperation, UpdateFile, apply_update, parse_patch
from steer.domain.values import JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.content import TextFile, decode, read_whole
from steer.tools.numbering import plural
from steer.tools.paths import Target, check_file, locate, missing
from steer.tools.shown import one_line
from steer.tools.write import encoded

_NOTHING: Final = "Nothing of the patch was applied."

_SPEC: Final = declare(
    "apply_patch",
    "Change several places or files at once: all of the patch is applied, or nothing. The form:\n"
    "*** Begin Patch\n*** Update File: src/a.py\n@@ class A\n@@ def f\n context line\n-old line\n+new line\n context line\n"
    "*** Add File: b.txt\n+each line with a plus\n*** Delete File: c.txt\n*** End Patch\n"
    "@@ lines say in which class or function to look and may be empty. Give three lines of context around each change. "
    "*** Move to: PATH below an Update header renames the file. Hunks stand in the order of the file.",
    {"patch": {"type": "string", "description": "The patch, from *** Begin Patch to *** End Patch."}},
    ("patch",),
)


class ApplyPatch:
    """Applies a patch to the workspace, whole or not at all."""

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("apply_patch", arguments)
        patch = given.text("patch")
        try:
            draft = _Draft(context)
            for operation in parse_patch(patch):
                await draft.take(operation)
        except ToolError as error:
            # The kind of error is kept: a conflict stays a conflict.
            raise type(error)(error.message, f"{error.remedy}\n{_NOTHING}".lstrip()) from None
        changes = draft.changes()
        if not changes:
            return ToolResult(
                True,
                f"The files are already as the patch would make them: nothing was changed.{given.note()}",
                "patch unchanged",
            )
        await context.apply(changes)
        for change in changes:
            if change.after is not None:
                context.saw(change.path, change.after)
        said = "\n".join(draft.said)
        return ToolResult(True, f"Applied the patch:\n{said}{given.note()}", _summary(changes))


@dataclass(slots=True)
class _File:
    """A file while the patch is worked out: its bytes on disk, its bytes now, its mode if it must be set."""

    target: Target
    before: bytes | None
    after: bytes | None
    mode: int | None = None


@dataclass(slots=True)
class _Draft:
    """The files as the operations so far would leave them; the disk is only read."""

    context: ToolContext
    files: dict[str, _File] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    async def take(self, operation: FileOperation) -> None:
        file = await self._file(operation.path)
        removes = isinstance(operation, DeleteFile) or (isinstance(operation, UpdateFile) and operation.move_to)
        if removes and locate(self.context.root, operation.path).is_link:
            raise ToolError(
                f"{operation.path} is a symbolic link to {file.target.path}.",
                "Name the file itself, or remove the link with a command.",
            )
        match operation:
            case AddFile(text=text):
                verb = "A" if file.after is None else "M"
                file.after, notes = encoded(file.after, text, file.target.path)
                self.said.append(" ".join((verb, file.target.path, *(f"[{note}]" for note in notes))))
            case DeleteFile():
                self._present(file)
                file.after = None
                self.said.append(f"D {file.target.path}")
            case UpdateFile():
                await self._update(operation, file)

    async def _update(self, update: UpdateFile, file: _File) -> None:
        data = self._present(file)
        text: TextFile = decode(data, file.target.path)
        new, places = await asyncio.to_thread(apply_update, update, text.text)
        file.after = text.encode(new, file.target.path)
        name = file.target.path
        if update.move_to is not None:
            name = await self._move(file, update.move_to)
        self.said.append(f"M {name}{_where(places)}")

    async def _move(self, file: _File, path: str) -> str:
        moved = await self._file(path)
        if moved is file:
            return file.target.path
        moved.after, file.after = file.after, None
        moved.mode = file.mode if file.mode is not None else await asyncio.to_thread(_mode, file.target.full)
        return f"{file.target.path} -> {moved.target.path}"

    async def _file(self, path: str) -> _File:
        target = locate(self.context.root, path)
        if target.path not in self.files:
            status = await asyncio.to_thread(check_file, target)
            data = None
            if status is not None:
                data = await asyncio.to_thread(read_whole, target)
                self.context.check_unchanged(target.path, data)
            self.files[target.path] = _File(target, data, data)
        return self.files[target.path]

    def _present(self, file: _File) -> bytes:
        if file.after is None:
            raise missing(self.context.root, file.target)
        return file.after

    def changes(self) -> list[FileChange]:
        return [
            FileChange(name, file.before, file.after, file.mode)
            for name, file in self.files.items()
            if file.before != file.after
        ]


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return None


def _where(places: tuple[Place, ...]) -> str:
    """The lines that changed, and what was ignored to find them."""
    lines = [f"{place.line}-{place.line + max(place.length, 1) - 1}" for place in places]
    loose = [f"\n  hunk {place.number}: {place.loosened}; check the result" for place in places if place.loosened]
    return (f" lines {', '.join(lines)}" if lines else "") + "".join(loose)


def _summary(changes: list[FileChange]) -> str:
    added, removed = sum(change.diff.added for change in changes), sum(change.diff.removed for change in changes)
    name = one_line(changes[0].path) if len(changes) == 1 else plural(len(changes), "file")
    return f"{name} +{added} −{removed}"
