"""The ``*** Begin Patch`` format, and unified diffs: from text to file operations. No disk.

The format and its tolerances are those of openai/codex, codex-rs/apply-patch (grammar in
apply_patch_tool_instructions.md).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from steer.domain.hunks import Chunk, PatchError, Place, Sign, apply_chunks

_BEGIN: Final = "*** Begin Patch"
_END: Final = "*** End Patch"
_ADD: Final = "*** Add File:"
_DELETE: Final = "*** Delete File:"
_UPDATE: Final = "*** Update File:"
_MOVE: Final = "*** Move to:"
_EOF: Final = "*** End of File"
_NO_NEWLINE: Final = "\\ No newline"
_HEREDOC: Final = re.compile(r"(?:(?:apply_?patch)\s*)?<<-?\s*(['\"]?)(\w+)\1\s*\Z")
_RANGE: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@ ?(.*)\Z")
_FORM: Final = (
    "A patch is: *** Begin Patch, then for each file *** Add File: PATH, *** Delete File: PATH or *** Update File: PATH, "
    "then *** End Patch."
)

_SIGNS: Final[Mapping[str, Sign]] = MappingProxyType({" ": " ", "+": "+", "-": "-"})


@dataclass(frozen=True, slots=True)
class AddFile:
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class DeleteFile:
    path: str


@dataclass(frozen=True, slots=True)
class UpdateFile:
    path: str
    chunks: tuple[Chunk, ...]
    move_to: str | None = None


FileOperation: TypeAlias = AddFile | DeleteFile | UpdateFile


def parse_patch(text: str) -> tuple[FileOperation, ...]:
    """The patch's file operations in order. Raises PatchError that names the line.

    Taken as well: a heredoc or a Markdown fence around it, blanks around the markers, CRLF, and a plain unified diff.
    """
    lines = text.replace("\r\n", "\n").strip("\n\ufeff").split("\n")
    lines = _unwrapped(lines)
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise PatchError(f"The patch is empty. {_FORM}")
    if lines[first].startswith(("diff --git ", "--- ", "Index: ")):
        return _parse_unified(lines)
    if lines[first].strip() != _BEGIN:
        raise PatchError(f"The first line of the patch must be {_BEGIN!r}, not {lines[first][:80]!r}. {_FORM}")
    last = max((at for at, line in enumerate(lines) if line.strip()), default=0)
    if lines[last].strip() != _END:
        raise PatchError(
            f"The last line of the patch must be {_END!r}, not {lines[last][:80]!r}: is the patch cut off?"
        )
    operations = _Parser(lines[:last], first + 1).operations()
    if not operations:
        raise PatchError(f"The patch changes no file. {_FORM}")
    return operations


def _unwrapped(lines: list[str]) -> list[str]:
    """Without the heredoc or the fence around it."""
    body = [at for at, line in enumerate(lines) if line.strip()]
    if len(body) < 3:
        return lines
    first, last = lines[body[0]].strip(), lines[body[-1]].strip()
    heredoc = _HEREDOC.match(first)
    if (heredoc and last == heredoc[2]) or (first.startswith("```") and last == "```"):
        return _unwrapped(lines[body[0] + 1 : body[-1]])
    return lines


@dataclass(slots=True)
class _Parser:
    lines: list[str]
    at: int

    def operations(self) -> tuple[FileOperation, ...]:
        out: list[FileOperation] = []
        while self.at < len(self.lines):
            header = self.lines[self.at].strip()
            self.at += 1
            if not header:
                continue
            if (path := self._path(header, _ADD)) is not None:
                out.append(AddFile(path, self._added()))
            elif (path := self._path(header, _DELETE)) is not None:
                out.append(DeleteFile(path))
            elif (path := self._path(header, _UPDATE)) is not None:
                out.append(self._update(path))
            else:
                raise self.error(
                    self.at - 1, f"{header[:80]!r} is no header of a file", f"Use {_ADD}, {_DELETE} or {_UPDATE} PATH."
                )
        return tuple(out)

    def _path(self, header: str, marker: str) -> str | None:
        if not header.startswith(marker):
            return None
        path = header[len(marker) :].strip()
        if not path:
            raise self.error(self.at - 1, f"{marker} names no file", "")
        return path

    def _added(self) -> str:
        out: list[str] = []
        blanks = 0
        while self.at < len(self.lines) and not _is_header(self.lines[self.at]):
            line = self.lines[self.at]
            if line.startswith("+"):
                out.extend([""] * blanks)
                out.append(line[1:])
                blanks = 0
            elif not line.strip():
                # An empty line between added ones is one whose + was forgotten; at the end it is spacing.
                blanks += 1
            else:
                raise self.error(self.at, f"{line[:80]!r} in a new file", "Every line of a new file starts with +.")
            self.at += 1
        return "".join(line + "\n" for line in out)

    def _update(self, path: str) -> UpdateFile:
        header = self.at - 1
        move_to = None
        if self.at < len(self.lines) and self.lines[self.at].strip().startswith(_MOVE):
            self.at += 1
            move_to = self._path(self.lines[self.at - 1].strip(), _MOVE)
        chunks: list[Chunk] = []
        while self.at < len(self.lines) and not _is_header(self.lines[self.at]):
            if not self.lines[self.at].strip():
                self.at += 1
                continue
            chunks.append(self._chunk())
        if not chunks and move_to is None:
            raise self.error(
                header, f"the update of {path} has no hunks", "Give it lines that start with a blank, + or -."
            )
        return UpdateFile(path, tuple(chunks), move_to)

    def _chunk(self) -> Chunk:
        start = self.at
        contexts: list[str] = []
        near: int | None = None
        while self.at < len(self.lines) and self.lines[self.at].startswith("@@"):
            line = self.lines[self.at]
            if (numbers := _RANGE.match(line)) is not None:
                near = _near(numbers)
            elif line[2:].strip():
                contexts.append(line[2:].removeprefix(" "))
            self.at += 1
        draft = _Draft(tuple(contexts), start + 1, near)
        while self.at < len(self.lines) and draft.take(self.lines[self.at]):
            self.at += 1
        if draft.lines:
            return draft.chunk()
        if self.at == start or (self.at < len(self.lines) and not _is_header(self.lines[self.at])):
            raise self.error(
                self.at, f"{self.lines[self.at][:80]!r} in a hunk", "Every line of a hunk starts with a blank, + or -."
            )
        raise self.error(start, "a hunk has no lines", "Give it lines that start with a blank, + or -.")

    @staticmethod
    def error(at: int, what: str, remedy: str) -> PatchError:
        return PatchError(f"Line {at + 1} of the patch: {what}.", remedy)


def _is_header(line: str) -> bool:
    return line.startswith("*") or line.lstrip("\t").startswith((_ADD, _DELETE, _UPDATE))


def _near(numbers: re.Match[str]) -> int:
    """The line, from 0, of a unified hunk; where it removes nothing, the line number is that of the line before."""
    line, count = int(numbers[1]), numbers[2]
    return line if count == "0" else max(0, line - 1)


@dataclass(slots=True)
class _Draft:
    """A hunk in the making."""

    contexts: tuple[str, ...]
    patch_line: int
    near: int | None
    lines: list[tuple[Sign, str]] = field(default_factory=list)
    at_end: bool = False
    bare: int = 0
    no_final_newline: bool = False

    def take(self, line: str) -> bool:
        """Whether the line belongs to this hunk."""
        if self.at_end:
            return False
        sign = _SIGNS.get(line[:1])
        if line.rstrip() == _EOF and self.lines:
            self.at_end = True
        elif line.startswith(_NO_NEWLINE) and self.lines:
            self.no_final_newline = self.no_final_newline or self.lines[-1][0] != "-"
        elif not line:
            self.lines.append((" ", ""))
            self.bare += 1
        elif sign is not None:
            self.lines.append((sign, line[1:]))
            self.bare = 0
        else:
            return False
        return True

    def chunk(self) -> Chunk:
        return Chunk(
            self.contexts, tuple(self.lines), self.patch_line, self.at_end, self.bare, self.near, self.no_final_newline
        )


def _parse_unified(lines: list[str]) -> tuple[FileOperation, ...]:
    """A plain unified diff, git's headers or not."""
    out: list[FileOperation] = []
    at = 0
    while at < len(lines):
        if not (lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ ")):
            if lines[at].startswith(("rename ", "copy ", "GIT binary", "Binary files ")):
                raise PatchError(f"Line {at + 1} of the patch: {lines[at][:80]!r} is not taken. {_FORM}")
            at += 1
            continue
        old, new = _unified_name(lines[at]), _unified_name(lines[at + 1])
        parser = _Parser(lines, at + 2)
        chunks: list[Chunk] = []
        while parser.at < len(lines) and lines[parser.at].startswith("@@"):
            chunks.append(_unified_chunk(parser))
        at = parser.at
        out.append(_unified_operation(old, new, tuple(chunks), at))
    if not out:
        raise PatchError(f"The patch changes no file. {_FORM}")
    return tuple(out)


def _unified_chunk(parser: _Parser) -> Chunk:
    """One hunk, as many lines as its header counts: a line ``--- x`` in it may be a removed ``-- x``."""
    header = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", parser.lines[parser.at])
    if header is None:
        raise parser.error(parser.at, f"{parser.lines[parser.at][:80]!r} is no hunk header", "Write @@ -a,b +c,d @@.")
    numbers = _RANGE.match(parser.lines[parser.at])
    draft = _Draft((), parser.at + 1, _near(numbers) if numbers else None)
    old, new = int(header[1] or 1), int(header[2] or 1)
    parser.at += 1
    while parser.at < len(parser.lines):
        line = parser.lines[parser.at]
        if (old <= 0 and new <= 0 and not line.startswith(_NO_NEWLINE)) or not draft.take(line):
            break
        old -= line[:1] in ("", " ", "-")
        new -= line[:1] in ("", " ", "+")
        parser.at += 1
    return draft.chunk()


def _unified_name(line: str) -> str | None:
    name = line[4:].split("\t")[0].strip().strip('"')
    return None if name == "/dev/null" else name[2:] if name.startswith(("a/", "b/")) else name


def _unified_operation(old: str | None, new: str | None, chunks: tuple[Chunk, ...], at: int) -> FileOperation:
    if old is None and new is not None:
        added = [text for chunk in chunks for sign, text in chunk.lines if sign == "+"]
        text = "\n".join(added) + ("" if not added or any(chunk.no_final_newline for chunk in chunks) else "\n")
        return AddFile(new, text)
    if old is None:
        raise PatchError(f"Line {at} of the patch: both names are /dev/null.")
    if new is None:
        return DeleteFile(old)
    return UpdateFile(old, chunks, new if new != old else None)


def apply_update(update: UpdateFile, text: str) -> tuple[str, tuple[Place, ...]]:
    """The file's new text and where each hunk went. Raises PatchError that names the hunk, why, and the nearest place."""
    return apply_chunks(update.path, update.chunks, text)
