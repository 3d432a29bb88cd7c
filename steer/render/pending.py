"""A change whose call still streams, as rows: what would go, what would come, highlighted as it grows."""

from typing import Final

from steer.domain.arguments import ArgumentsReader
from steer.render.cells import expand_tabs
from steer.render.clean import clean, guard_line
from steer.render.grow import Code, Growing, Plain, Styler
from steer.render.lines import Line, LineBlock

_BODIES: Final = {
    "edit_file": {"old": "removed", "new": "added"},
    "write_file": {"content": "added"},
    "apply_patch": {"patch": "patch"},
}
_SIGNS: Final = {"added": "+ ", "removed": "- "}
_PATCH_FILE: Final = ("*** Add File: ", "*** Update File: ", "*** Delete File: ")


class PatchLines:
    """Styles the ``*** Begin Patch`` format by its lines' prefixes, each file in its language."""

    def __init__(self) -> None:
        self._path = ""
        self._styled: dict[str, Styler] = {}
        self.paths: list[str] = []

    def line(self, text: str) -> Line:
        path = _patch_path(text)
        if path:
            self._path = path
            self.paths.append(path)
            self._styled = {}
        return self._style(text, settled=True)

    def peek(self, text: str) -> Line:
        return self._style(text, settled=False)

    def more(self, text: str) -> Line:
        return Line(expand_tabs(text), join="")

    def _style(self, text: str, settled: bool) -> Line:
        text = expand_tabs(guard_line(text))
        sign = text[:1]
        if text.startswith("***"):
            return Line(text, ((0, len(text), "file"),))
        if sign == "@":
            return Line(text, ((0, len(text), "hunk"),))
        fill = {"+": "added", "-": "removed"}.get(sign, "")
        styler = self._styled.get(fill)
        if styler is None:
            styler = self._styled[fill] = Code(self._path, fill, (sign if fill else " ") + " ")
        content = text[1:]
        return styler.line(content) if settled else styler.peek(content)


def _patch_path(line: str) -> str:
    return next((line.removeprefix(mark).strip() for mark in _PATCH_FILE if line.startswith(mark)), "")


class PendingEdit:
    """The arguments of one call as they stream: its path, and its change as a growing block of lines.

    ``feed`` takes raw JSON text and only reads it; ``flush`` brings the block up to date and gives the first row that
    changed, None where none did. Calls that change nothing have an empty block.
    """

    def __init__(self, name: str, width: int) -> None:
        self.name = name
        self.block = LineBlock(width)
        self.arguments = ArgumentsReader()
        self._fields = _BODIES.get(name, {})
        self._seen: dict[str, int] = {}
        self._finished: set[str] = set()
        self._counted = 0
        self._counts = {"added": 0, "removed": 0}
        self._growing: dict[str, Growing] = {}
        self._patch = PatchLines()
        self._path = ""

    @property
    def path(self) -> str:
        """The file it changes as far as known, the last one of a patch; safe to draw."""
        if self.name == "apply_patch":
            return clean(self._patch.paths[-1]) if self._patch.paths else ""
        return clean(self.arguments.value("path"))

    def counts(self) -> tuple[int, int]:
        """Lines added and removed so far."""
        while self._counted < len(self.block):
            fill = self.block.line(self._counted).fill
            if fill:
                self._counts[fill] += 1
            self._counted += 1
        return self._counts["added"], self._counts["removed"]

    def feed(self, text: str) -> None:
        self.arguments.feed(text)

    def flush(self) -> int | None:
        first = self._learn_path()
        fields = self.arguments.keys()
        for key in fields:
            if key in self._fields and key not in self._finished:
                row = self._grow(key)
                first = row if first is None else first
        return first

    def _learn_path(self) -> int | None:
        """A path that comes behind the text it is for: begin again, with the language known."""
        if self._path or not self.arguments.closed("path"):
            return None
        self._path = self.arguments.value("path")
        if not self._growing:
            return None
        self._growing.clear()
        self._seen.clear()
        self._finished.clear()
        self._counted = 0
        self._counts = {"added": 0, "removed": 0}
        self.block.clear()
        return 0

    def _grow(self, key: str) -> int | None:
        pieces = self.arguments.pieces(key)
        seen = self._seen.get(key, 0)
        growing = self._growing.get(key)
        if growing is None:
            growing = self._growing[key] = Growing(self.block, self._styler(self._fields[key]))
        first = growing.feed("".join(pieces[seen:]))
        self._seen[key] = len(pieces)
        if self.arguments.closed(key):
            last = growing.finish()
            first = last if first is None else first
            self._finished.add(key)
        return first

    def _styler(self, kind: str) -> Styler:
        return self._patch if kind == "patch" else Code(self._path, kind, _SIGNS[kind])


def pending_edit_rows(name: str, arguments: ArgumentsReader, width: int = 80) -> LineBlock:
    """The change of a call as far as its arguments have come, all at once; for text that grows use ``PendingEdit``."""
    pending = PendingEdit(name, width)
    pending.arguments = arguments
    pending.flush()
    return pending.block


def output_styler() -> Styler:
    """A command's output under its card."""
    return Plain("output", lead="  ")
