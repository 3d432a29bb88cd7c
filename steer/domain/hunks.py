"""The hunks of a patch: finding their place in a text, and the text they give. No disk.

The search loosens as that of openai/codex, codex-rs/apply-patch. Different on purpose: context lines stay as the file
has them, not as the patch wrote them; a hunk of only added lines under an ``@@`` header goes below that header, not
to the file's end; line ends are the file's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from steer.domain.errors import ToolError
from steer.domain.matching import Found, Haystack, nearest, split_lines

Sign: TypeAlias = Literal[" ", "+", "-"]


class PatchError(ToolError):
    """The patch cannot be read, or does not fit the file."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One hunk. ``contexts``: lines to go to first, in order (``@@ class X``, ``@@ def y``). ``lines``: (sign, text).

    ``loose_tail``: how many of the last lines were empty in the patch and may be mere spacing. ``near``: the line
    (from 0) that a unified diff gives. ``patch_line``: where in the patch the hunk starts, from 1.
    """

    contexts: tuple[str, ...]
    lines: tuple[tuple[Sign, str], ...]
    patch_line: int
    at_end: bool = False
    loose_tail: int = 0
    near: int | None = None
    no_final_newline: bool = False

    @property
    def old(self) -> tuple[str, ...]:
        return tuple(text for sign, text in self.lines if sign != "+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where hunk ``number`` (from 1) went: ``line`` of the new text, from 1, ``length`` lines; how the match was loosened."""

    number: int
    line: int
    length: int
    loosened: str


def apply_chunks(path: str, chunks: Sequence[Chunk], text: str) -> tuple[str, tuple[Place, ...]]:
    """The new text and where each hunk went. Raises PatchError that names the hunk, why, and the nearest place.

    Line ends are kept; added lines take their neighbour's. A last line without a line end stays so unless the patch
    replaces it or adds behind it.
    """
    lines, ends = split_lines(text)
    haystack = Haystack(lines)
    placed: list[tuple[Chunk, Found]] = []
    cursor = 0
    for number, chunk in enumerate(chunks, 1):
        fitted, found = _place(haystack, chunk, cursor, f"Hunk {number} of {len(chunks)} in {path}")
        placed.append((fitted, found))
        if fitted.old:
            cursor = found.index + len(fitted.old)
    return _rebuilt(lines, ends, placed)


def _place(haystack: Haystack, chunk: Chunk, cursor: int, label: str) -> tuple[Chunk, Found]:
    label = f"{label} (line {chunk.patch_line} of the patch)"
    start = cursor
    for context in chunk.contexts:
        found = haystack.seek([context], start) or haystack.seek([context.removesuffix("@@")], start)
        if found is None:
            after = f" after line {start}" if start else ""
            raise PatchError(f"{label}: no line {context.strip()!r}{after}.", _near_text(haystack.lines, [context]))
        start = found.index + 1
    if 0 < chunk.loose_tail == len(chunk.old) < len(chunk.lines):
        # No context but empty lines before the next header: spacing, not a place to look for.
        chunk = replace(chunk, lines=chunk.lines[: -chunk.loose_tail], loose_tail=0)
    if not chunk.old:
        return chunk, Found(_insertion(haystack.lines, chunk, start))
    for fitted in _fittings(chunk):
        # The header's line may be repeated as the first line of context.
        for begin in (start, start - 1) if chunk.contexts else (start,):
            if (hit := haystack.seek(fitted.old, begin, fitted.at_end, fitted.near)) is not None:
                return fitted, hit
    where = f"after line {start}" if start else "in the file"
    at_end = " at its end" if chunk.at_end else ""
    raise PatchError(f"{label}: its lines are not {where}{at_end}.", _near_text(haystack.lines, chunk.old))


def _fittings(chunk: Chunk) -> list[Chunk]:
    """The hunk as written, then without empty lines at its end that were only spacing."""
    options = [chunk]
    if 0 < chunk.loose_tail < len(chunk.lines):
        options.append(replace(chunk, lines=chunk.lines[: -chunk.loose_tail], loose_tail=0))
    # Models also write a last empty line for the file's final line end.
    elif chunk.lines[-1] in ((" ", ""), ("-", "")) and any(sign != "+" for sign, _ in chunk.lines[:-1]):
        options.append(replace(chunk, lines=chunk.lines[:-1]))
    return options


def _insertion(lines: Sequence[str], chunk: Chunk, start: int) -> int:
    """Where lines without any context go: below the header, else where a unified diff says, else at the end."""
    if chunk.contexts:
        return start
    if chunk.near is not None:
        return min(max(chunk.near, start), len(lines))
    return len(lines) - 1 if lines and not lines[-1] else len(lines)


def _near_text(lines: Sequence[str], wanted: Sequence[str]) -> str:
    near = nearest(lines, wanted)
    if near is not None:
        return str(near)
    shown = "\n".join(wanted[:8])
    return f"Nothing in the file is like it; looked for:\n{shown}"


def _rebuilt(lines: list[str], ends: list[str], placed: list[tuple[Chunk, Found]]) -> tuple[str, tuple[Place, ...]]:
    style = next((end for end in ends if end), "\n")
    out: list[tuple[str, str]] = []
    places: list[Place] = []
    at = 0
    for number, (chunk, found) in sorted(enumerate(placed, 1), key=lambda entry: entry[1][1].index):
        # Lines to be added at the end may stand before lines that another hunk has replaced.
        begin = max(at, found.index)
        out.extend(zip(lines[at:begin], ends[at:begin], strict=True))
        at, first = begin, len(out)
        for sign, text in chunk.lines:
            if sign == "+":
                out.append((text, _neighbour(ends, at) or style))
                continue
            if sign == " ":
                out.append((lines[at], ends[at]))
            at += 1
        places.append(Place(number, first + 1, len(out) - first, found.loosened))
    out.extend(zip(lines[at:], ends[at:], strict=True))
    # A line that was the last one and had no end gets one where others follow it now.
    text = "".join(line + (end or style) for line, end in out[:-1]) + "".join(line + end for line, end in out[-1:])
    if out and any(chunk.no_final_newline for chunk, _ in placed):
        text = text.removesuffix(out[-1][1])
    return text, tuple(sorted(places, key=lambda place: place.number))


def _neighbour(ends: list[str], at: int) -> str:
    """The line end of the line before ``at``, or of that at it."""
    return (ends[at - 1] if at else "") or (ends[at] if at < len(ends) else "")
