"""Reading a unified diff (git's or plain): files, hunks, and what each line is. The text itself stays where it is."""

import re
from array import array
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from steer.render.cells import expand_tabs, width
from steer.render.clean import clean, guard_line

Kind: TypeAlias = Literal["file", "meta", "hunk", "context", "added", "removed", "note"]
KINDS: Final[tuple[Kind, ...]] = ("file", "meta", "hunk", "context", "added", "removed", "note")
FileStatus: TypeAlias = Literal["modified", "created", "deleted", "renamed", "copied", "binary"]

_FILE, _META, _HUNK, _CONTEXT, _ADDED, _REMOVED, _NOTE = range(7)
_SIGNS: Final = {" ": _CONTEXT, "+": _ADDED, "-": _REMOVED, "\\": _NOTE, "": _CONTEXT}
_hunk: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_escape: Final = re.compile(r"\\([0-7]{3}|.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(slots=True)
class DiffFile:
    """A file of a diff. ``line`` is the diff line its header stands on; ``added`` and ``removed`` count lines."""

    path: str
    line: int
    old_path: str = ""
    status: FileStatus = "modified"
    added: int = 0
    removed: int = 0


@dataclass(slots=True)
class Hunk:
    """A hunk: its file's index, the diff line of its ``@@`` and how many diff lines it has with that one.

    ``old`` and ``new`` are first lines in the file (from 1) and counts, as its header says.
    """

    file: int
    path: str
    line: int
    old: tuple[int, int]
    new: tuple[int, int]
    lines: int = 1
    added: int = 0
    removed: int = 0


@dataclass(slots=True)
class Block:
    """A run of changed lines: removed ones from ``line`` on, then added ones."""

    line: int
    removed: int = 0
    added: int = 0


def safe(text: str) -> str:
    """A line of a file as it can be drawn: cleaned, tabs as blanks, a carriage return at its end shown."""
    ended = text.endswith("\r")
    shown = expand_tabs(guard_line(clean(text[:-1] if ended else text).replace("\n", "␍")))
    return shown + "␍" if ended else shown


def _cells(text: str) -> int:
    return len(text) if text.isascii() and text.isprintable() else width(safe(text))


@dataclass(slots=True)
class Patch:
    """A parsed diff. Per line that is shown: where it is in ``text``, its kind, its number in its file, its cells."""

    text: str
    files: list[DiffFile] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=lambda: array("L"))
    ends: "array[int]" = field(default_factory=lambda: array("L"))
    kinds: bytearray = field(default_factory=bytearray)
    numbers: "array[int]" = field(default_factory=lambda: array("L"))
    cells: "array[int]" = field(default_factory=lambda: array("L"))

    def __len__(self) -> int:
        return len(self.kinds)

    def kind(self, line: int) -> Kind:
        return KINDS[self.kinds[line]]

    def raw(self, line: int) -> str:
        """A line as it is in the diff, its sign included, its line end not."""
        return self.text[self.starts[line] : self.ends[line]]

    def content(self, line: int) -> str:
        """What a line of the file says, ready to draw; of headers all of it."""
        raw = self.raw(line)
        return safe(raw[1:] if self.kinds[line] >= _CONTEXT else raw)

    def hunk_text(self, index: int) -> str:
        """A patch of one hunk by itself, with its file's header: what ``git apply`` takes."""
        hunk = self.hunks[index]
        owner = self.files[hunk.file]
        old = "/dev/null" if owner.status == "created" else f"a/{owner.old_path or owner.path}"
        new = "/dev/null" if owner.status == "deleted" else f"b/{owner.path}"
        last = hunk.line + hunk.lines - 1
        return f"--- {old}\n+++ {new}\n{self.text[self.starts[hunk.line] : self.ends[last]]}\n"


def parse_patch(text: str) -> Patch:
    """Read a diff. What is no part of one (a message before it) is kept as ``meta`` lines."""
    return _Parser(Patch(text)).run()


class _Parser:
    """One pass over the lines. Inside a hunk the header's counts decide what a line is, not its looks."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._old_left = self._new_left = 0
        self._old_at = self._new_at = 0
        self._changing = False
        self._fresh = False

    def run(self) -> Patch:
        text, at = self._patch.text, 0
        size = len(text)
        while at < size:
            end = text.find("\n", at)
            end = size if end < 0 else end
            self._line(at, end)
            at = end + 1
        return self._patch

    def _line(self, start: int, end: int) -> None:
        text = self._patch.text
        sign = text[start : start + 1]
        if self._old_left > 0 or self._new_left > 0:
            kind = _SIGNS.get(sign)
            if kind is not None:
                self._body(start, end, kind)
                return
            self._old_left = self._new_left = 0
        if sign == "\\" and self._patch.hunks:
            self._put(start, end, _NOTE, 0)
            self._patch.hunks[-1].lines += 1
        elif sign == "@" and (found := _hunk.match(text, start, end)) is not None and self._patch.files:
            self._begin_hunk(start, end, found)
        else:
            self._header(start, end, text[start:end].rstrip("\r"))

    def _body(self, start: int, end: int, kind: int) -> None:
        patch = self._patch
        hunk, owner = patch.hunks[-1], patch.files[-1]
        hunk.lines += 1
        changed = kind in (_ADDED, _REMOVED)
        number = self._old_at if kind == _REMOVED else self._new_at
        line = len(patch)
        self._put(start, end, kind, 0 if kind == _NOTE else number)
        if kind == _NOTE:
            return
        if kind != _ADDED:
            self._old_at += 1
            self._old_left -= 1
        if kind != _REMOVED:
            self._new_at += 1
            self._new_left -= 1
        if changed:
            self._change(line, kind, hunk, owner)
        self._changing = changed

    def _change(self, line: int, kind: int, hunk: Hunk, owner: DiffFile) -> None:
        blocks = self._patch.blocks
        if not self._changing or (kind == _REMOVED and blocks[-1].added):
            blocks.append(Block(line))
        for counted in (blocks[-1], hunk, owner):
            if kind == _ADDED:
                counted.added += 1
            else:
                counted.removed += 1

    def _begin_hunk(self, start: int, end: int, found: re.Match[str]) -> None:
        patch = self._patch
        old = (int(found[1]), int(found[2] or 1))
        new = (int(found[3]), int(found[4] or 1))
        self._old_at, self._old_left = old
        self._new_at, self._new_left = new
        self._changing = self._fresh = False
        patch.hunks.append(Hunk(len(patch.files) - 1, patch.files[-1].path, len(patch), old, new))
        self._put(start, end, _HUNK, 0)

    def _header(self, start: int, end: int, line: str) -> None:
        """A line outside of hunks: headers shape the file, and only what says more than its name is shown."""
        word = line.partition(" ")[0]
        if line.startswith("diff --git "):
            self._new_file(start, end, _git_path(line))
            self._fresh = True
        elif word in ("---", "+++") and " " in line:
            self._name(start, end, word, _path(line[4:]))
        elif word == "index":
            pass
        elif not self._status(line) and line.strip() and not self._encoded():
            self._other(start, end, line)

    def _encoded(self) -> bool:
        """Whether these lines are the body of a ``GIT binary patch``."""
        return bool(self._patch.files) and self._patch.files[-1].status == "binary"

    def _other(self, start: int, end: int, line: str) -> None:
        binary = line.startswith(("Binary files ", "GIT binary patch"))
        if binary and not self._fresh:
            self._new_file(start, end, _binary_path(line))
        if binary:
            self._patch.files[-1].status = "binary"
        self._put(start, end, _META, 0)

    def _name(self, start: int, end: int, word: str, path: str) -> None:
        if word == "---":
            if not self._fresh:
                self._new_file(start, end, path)
            self._fresh = True
            self._patch.files[-1].old_path = path
        elif self._patch.files:
            owner = self._patch.files[-1]
            if path == "/dev/null":
                owner.status = "deleted"
            else:
                owner.path = path
                if owner.old_path == "/dev/null":
                    owner.status = "created"

    def _status(self, line: str) -> bool:
        """Git's extended headers. Whether the line was one that needs no row of its own."""
        if not self._patch.files or not self._fresh:
            return False
        owner = self._patch.files[-1]
        if line.startswith("new file mode"):
            owner.status = "created"
        elif line.startswith("deleted file mode"):
            owner.status = "deleted"
        elif line.startswith(("rename from ", "copy from ")):
            owner.old_path = _path(line.partition(" from ")[2])
            owner.status = "renamed" if line.startswith("rename") else "copied"
        elif line.startswith(("rename to ", "copy to ")):
            owner.path = _path(line.partition(" to ")[2])
        else:
            return line.startswith(("similarity index", "dissimilarity index"))
        return True

    def _new_file(self, start: int, end: int, path: str) -> None:
        self._patch.files.append(DiffFile(path, len(self._patch)))
        self._fresh = False
        self._put(start, end, _FILE, 0)

    def _put(self, start: int, end: int, kind: int, number: int) -> None:
        patch = self._patch
        patch.starts.append(start)
        patch.ends.append(end)
        patch.kinds.append(kind)
        patch.numbers.append(number)
        patch.cells.append(_cells(patch.text[start:end]) - (kind >= _CONTEXT))


def _unquote(text: str) -> str:
    """A path as git quotes it: ``"a/\\303\\244.py"``."""
    if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
        return text

    def letter(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code, 8) & 0xFF) if len(code) == 3 else _ESCAPES.get(code, code)

    plain = _escape.sub(letter, text[1:-1])
    try:
        return plain.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return plain


def _path(text: str) -> str:
    """The path of a ``---`` or ``+++`` line: without timestamp, quotes and git's ``a/`` or ``b/``."""
    path = _unquote(text.split("\t", 1)[0].rstrip())
    return path[2:] if path.startswith(("a/", "b/")) else path


def _git_path(line: str) -> str:
    """The path of a ``diff --git`` line, where no other header names it: both its halves are the same path."""
    rest = line.removeprefix("diff --git ")
    if rest.endswith('"'):
        return _path(rest[rest.rindex(' "') + 1 :] if ' "' in rest else rest)
    return _path(rest[len(rest) // 2 + 1 :])


def _binary_path(line: str) -> str:
    """The path of ``Binary files a/x and b/x differ``."""
    left, _, right = line.removeprefix("Binary files ").removesuffix(" differ").rpartition(" and ")
    return _path(left if right == "/dev/null" else right)
