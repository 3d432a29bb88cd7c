"""Finding text in a file: exactly, then with the tolerance of patches; and where it almost is, for a report that helps."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SINGLE: Final = "\u2018\u2019\u201a\u201b"
_DOUBLE: Final = "\u201c\u201d\u201e\u201f"
_BLANKS: Final = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAIN_QUOTES: Final = str.maketrans(
    {**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_SINGLE, "'"), **dict.fromkeys(_DOUBLE, '"')}
)
_PLAIN_BLANKS: Final = str.maketrans(dict.fromkeys(_BLANKS, " "))
_INVISIBLE: Final = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_RUN: Final = re.compile(r"[ \t]+")
_INNER_RUN: Final = re.compile(r"(?<=\S)[ \t]+(?=\S)")


def split_lines(text: str) -> tuple[list[str], list[str]]:
    """Lines and each one's end: LF with the CRs before it, or nothing for an unfinished last line. CR where a file has no LF."""
    if "\n" not in text and "\r" in text:
        *lines, rest = text.split("\r")
        ends = ["\r"] * len(lines)
    else:
        *whole, rest = text.split("\n")
        lines = [line.rstrip("\r") for line in whole]
        ends = [line[len(text) :] + "\n" for line, text in zip(whole, lines, strict=True)]
    return ([*lines, rest], [*ends, ""]) if rest else (lines, ends)


def with_line_feeds(text: str) -> str:
    """The text with LF for CRLF. Several CRs before one LF, as double conversion leaves them, are one line end too."""
    *lines, rest = text.split("\n")
    return "\n".join([*(line.rstrip("\r") for line in lines), rest])


def occurrences(text: str, wanted: str) -> tuple[int, ...]:
    """Offsets at which ``wanted`` starts, overlapping ones too."""
    found: list[int] = []
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + 1)
    return tuple(found)


def line_number(text: str, offset: int) -> int:
    """The line, from 1, of an offset in a text whose lines end with LF."""
    return text.count("\n", 0, offset) + 1


def _plain(line: str) -> str:
    return line.strip().translate(_PLAIN_QUOTES).translate(_PLAIN_BLANKS)


# The order in which Codex's apply_patch loosens its search (openai/codex, codex-rs/apply-patch/src/seek_sequence.rs).
_LEVELS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("", str),
    ("trailing blanks ignored", str.rstrip),
    ("indentation and trailing blanks ignored", str.strip),
    ("blanks, quotes and dashes ignored", _plain),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a file: ``index`` of its first line, from 0; ``loosened`` says what was ignored, empty if nothing."""

    index: int
    loosened: str = ""


@dataclass(slots=True)
class Haystack:
    """A file's lines, searched several times; each looser form of them is worked out once."""

    lines: Sequence[str]
    _forms: dict[int, list[str]] = field(default_factory=dict)

    def seek(
        self, wanted: Sequence[str], start: int = 0, at_end: bool = False, near: int | None = None
    ) -> Found | None:
        """The first place from line ``start`` on, strictest comparison first.

        ``at_end``: only where it is the end of the file. ``near``: not the first but the one closest to that line.
        """
        for level, (name, form) in enumerate(_LEVELS):
            if level not in self._forms:
                self._forms[level] = [form(line) for line in self.lines]
            places = self._places(self._forms[level], [form(line) for line in wanted], start)
            if at_end:
                places = [at for at in places if at + len(wanted) == len(self.lines)]
            if places:
                return Found(places[0] if near is None else min(places, key=lambda at: abs(at - near)), name)
        return None

    @staticmethod
    def _places(lines: list[str], wanted: list[str], start: int) -> list[int]:
        found: list[int] = []
        at, last = start, len(lines) - len(wanted)
        while at <= last:
            try:
                at = lines.index(wanted[0], at, last + 1)
            except ValueError:
                break
            if lines[at : at + len(wanted)] == wanted:
                found.append(at)
            at += 1
        return found


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Lines ``first`` to ``last`` (from 1) are nearest; ``similarity`` 0 to 1; ``kinds`` name the difference if it is one
    of form only; ``diff``: ``-`` what was looked for, ``+`` what the file has."""

    first: int
    last: int
    similarity: float
    kinds: tuple[str, ...]
    diff: str

    def __str__(self) -> str:
        where = f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"
        what = f"; only {' and '.join(self.kinds)} differ" if self.kinds else ""
        legend = " (→ is a tab, · a blank)" if "→" in self.diff or "·" in self.diff else ""
        alike = min(99, round(self.similarity * 100))
        return (
            f"The nearest place is {where}, {alike} % alike{what}{legend}: - is what you gave, + the file.\n{self.diff}"
        )


def _each(change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda lines: [change(line) for line in lines]


_KINDS: Final[tuple[tuple[str, Callable[[list[str]], list[str]]], ...]] = (
    ("invisible characters", _each(lambda line: line.translate(_INVISIBLE))),
    ("non-breaking or other special blanks", _each(lambda line: line.translate(_PLAIN_BLANKS))),
    ("curly quotes or dashes", _each(lambda line: line.translate(_PLAIN_QUOTES))),
    ("accents composed differently", _each(lambda line: unicodedata.normalize("NFC", line))),
    ("trailing blanks", _each(str.rstrip)),
    ("indentation", _each(str.lstrip)),
    ("blanks inside lines", _each(lambda line: _INNER_RUN.sub(" ", line))),
    ("blank lines", lambda lines: [line for line in lines if line.strip()]),
    ("upper and lower case", _each(str.casefold)),
)
_THRESHOLD: Final = 0.5
_MANY: Final = 200
_LINES_READ: Final = 200_000
_PROBES: Final = 40


def nearest(lines: Sequence[str], wanted: Sequence[str]) -> NearMiss | None:
    """The lines most like ``wanted``; None where nothing is like it. Fast also for tens of thousands of lines."""
    if not lines or not any(line.strip() for line in wanted):
        return None
    keys = [_key(line) for line in lines[:_LINES_READ]]
    wanted_keys = [_key(line) for line in wanted]
    starts = _by_equal_lines(keys, wanted_keys) or _by_similar_lines(keys, wanted_keys)
    windows = {
        (start, min(len(keys), start + size))
        for start in (min(max(0, at), len(keys) - 1) for at in starts)
        for size in range(max(1, len(wanted) - 1), len(wanted) + 2)
    }
    scored = [(_similarity(wanted_keys, keys[a:b]), abs(b - a - len(wanted)), a, b) for a, b in sorted(windows)]
    best = max(scored, key=lambda entry: (entry[0], -entry[1]), default=None)
    if best is None or best[0] < _THRESHOLD:
        return None
    _, _, first, end = best
    window = list(lines[first:end])
    kinds = _kinds(list(wanted), window)
    return NearMiss(first + 1, end, _similarity(wanted, window), kinds, _small_diff(list(wanted), window, bool(kinds)))


def _key(line: str) -> str:
    line = line.translate(_INVISIBLE).translate(_PLAIN_BLANKS).translate(_PLAIN_QUOTES)
    return _RUN.sub(" ", line.strip()).casefold()


def _by_equal_lines(keys: list[str], wanted: list[str]) -> list[int]:
    """Windows in which most lines stand where they should."""
    places: dict[str, list[int]] = {key: [] for key in wanted if key}
    for at, key in enumerate(keys):
        if key in places:
            places[key].append(at)
    votes: Counter[int] = Counter()
    for offset, key in enumerate(wanted):
        if key and len(places[key]) <= _MANY:
            votes.update({at - offset: 1 for at in places[key]})
    return [start for start, _ in votes.most_common(6)]


def _by_similar_lines(keys: list[str], wanted: list[str]) -> list[int]:
    """Windows around the lines that share most three-letter pieces with the longest wanted line."""
    offset = max(range(len(wanted)), key=lambda at: len(wanted[at]))
    anchor = wanted[offset]
    pieces = list({anchor[at : at + 3] for at in range(max(1, len(anchor) - 2))})[:_PROBES]
    shared: Counter[int] = Counter()
    for at, key in enumerate(keys):
        count = sum(piece in key for piece in pieces)
        if count:
            shared[at] = count
    return [at - offset for at, _ in shared.most_common(6)]


def _similarity(a: Sequence[str], b: Sequence[str]) -> float:
    """0 to 1: equal lines count as they are long, lines in each other's place by their characters."""
    total = sum(map(len, a)) + sum(map(len, b)) + len(a) + len(b)
    same, compared = 0.0, 0
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            same += 2 * sum(len(line) + 1 for line in a[a1:a2])
        for left, right in zip(a[a1:a2], b[b1:b2], strict=False) if tag == "replace" and compared < _MANY else ():
            compared += 1
            ratio = difflib.SequenceMatcher(None, left[:300], right[:300], autojunk=False).ratio()
            same += ratio * (len(left) + len(right) + 2)
    return same / total if total else 1.0


def _kinds(wanted: list[str], window: list[str]) -> tuple[str, ...]:
    """The fewest kinds of difference that explain it all; empty where the words themselves differ."""
    used = dict(_KINDS)

    def explained(kinds: dict[str, Callable[[list[str]], list[str]]]) -> bool:
        left, right = wanted, window
        for change in kinds.values():
            left, right = change(left), change(right)
        return left == right

    if not explained(used):
        return ()
    for name in list(used):
        fewer = {kind: change for kind, change in used.items() if kind != name}
        if explained(fewer):
            used = fewer
    tabs = [any("\t" in line[: len(line) - len(line.lstrip())] for line in side) for side in (wanted, window)]
    return tuple("tabs against blanks" if name == "indentation" and tabs[0] != tabs[1] else name for name in used)


def _small_diff(wanted: list[str], window: list[str], form_only: bool) -> str:
    show = _visible if form_only else str
    out = [
        show(line[:200]) if line[:1] != "@" else "..."
        for line in list(difflib.unified_diff(wanted, window, n=1, lineterm=""))[3:]
    ]
    return "\n".join([*out[:16], *(["..."] if len(out) > 16 else [])])


def _visible(line: str) -> str:
    """A diff line with its blanks to be seen where they matter: in front, at the end, and special ones anywhere."""
    sign, text = line[:1], line[1:]
    body = text.strip(" \t")
    head = text[: len(text) - len(text.lstrip(" \t"))] if body else ""
    tail = text[len(head) + len(body) :]
    marks = str.maketrans({" ": "·", "\t": "→"})
    special = "".join(
        f"<U+{ord(char):04X}>"
        if char in _BLANKS or ord(char) in _INVISIBLE or char in _DASHES + _SINGLE + _DOUBLE
        else char
        for char in body
    )
    return f"{sign}{head.translate(marks)}{special.replace(chr(9), '→')}{tail.translate(marks)}"
