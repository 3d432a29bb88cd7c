"""Cell widths: how many columns of a terminal a text takes, and where it can be cut.

A cluster (a base with its marks, joined emoji, a flag) is never cut. Where terminals disagree about a cluster the wider
answer counts: a row may then end a cell early, but never runs over its edge.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import wcwidth

TAB: Final = 4
"""Columns between two tab stops."""

_LONGEST_CLUSTER: Final = 32
"""Characters; more marks than this on one base are cut off it, so that no row grows without bound."""

# Ranges whose characters are all one cell, respectively one cluster each (one or two cells) whatever stands beside them.
_NARROW: Final = " -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u203b\u2190-\u2193\u2500-\u25fc\u2800-\u28ff"
_SIMPLE: Final = _NARROW + "\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60"
_not_narrow: Final = re.compile(f"[^{_NARROW}]").search
_not_simple: Final = re.compile(f"[^{_SIMPLE}]").search


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """Cells of one character by itself: 0, 1 or 2."""
    return max(0, wcwidth.wcwidth(char))


@lru_cache(maxsize=4096)
def cluster_width(cluster: str) -> int:
    """Cells of one cluster."""
    if len(cluster) == 1:
        return char_width(cluster)
    total, joined = 0, False
    for char in cluster:
        if not joined and not "\U0001f3fb" <= char <= "\U0001f3ff":
            total += char_width(char)
        joined = char == "\u200d"
    if "\ufe0f" in cluster or "\U0001f1e6" <= cluster[0] <= "\U0001f1ff":
        total = 2
    return max(total, wcwidth.wcswidth(cluster))


def is_narrow(text: str) -> bool:
    """Whether every character is one cell and one cluster: then length, width and cuts are the same thing."""
    return text.isascii() or _not_narrow(text) is None


def width(text: str) -> int:
    """Cells of a text without tabs, line ends and control characters."""
    if text.isascii() or _not_narrow(text) is None:
        return len(text)
    return sum(size for _, size in clusters(text))


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """The clusters of a text in order, each with its cells."""
    if _not_simple(text) is None:
        for char in text:
            yield char, char_width(char)
        return
    for cluster in wcwidth.iter_graphemes(text):
        if len(cluster) <= _LONGEST_CLUSTER:
            yield cluster, cluster_width(cluster)
            continue
        for at in range(0, len(cluster), _LONGEST_CLUSTER):
            piece = cluster[at : at + _LONGEST_CLUSTER]
            yield piece, max(1, cluster_width(piece))


def boundaries(text: str) -> frozenset[int]:
    """The positions at which a text may be cut, its end included."""
    at, out = 0, [0]
    for cluster, _ in clusters(text):
        at += len(cluster)
        out.append(at)
    return frozenset(out)


def take(text: str, cells: int, start: int = 0) -> int:
    """The position up to which ``text`` from ``start`` fits into ``cells``; at least one cluster further if there is one."""
    cells = max(1, cells)
    # One character more than fits, as a mark may follow the last one.
    if is_narrow(text[start : start + cells + 1]):
        return min(len(text), start + cells)
    end, used = start, 0
    window = text[start : start + cells * _LONGEST_CLUSTER]
    for cluster, size in clusters(window):
        used += size
        if used > cells and end > start:
            break
        end += len(cluster)
        if used > cells:
            break
    return end


def clip(text: str, cells: int, mark: str = "…") -> str:
    """The text if it fits into ``cells``, else its beginning and ``mark``."""
    if width(text) <= cells:
        return text
    room = cells - width(mark)
    if room <= 0:
        return mark if cells >= width(mark) else ""
    end = take(text, room)
    kept = text[:end]
    return (kept if width(kept) <= room else "") + mark


def expand_tabs(text: str, stop: int = TAB) -> str:
    """Tabs as blanks up to the next tab stop, counted in cells."""
    if "\t" not in text:
        return text
    if text.isascii():
        return text.expandtabs(stop)
    out: list[str] = []
    column = 0
    pieces = text.split("\t")
    for piece in pieces[:-1]:
        column += width(piece)
        pad = stop - column % stop
        out.append(piece + " " * pad)
        column += pad
    out.append(pieces[-1])
    return "".join(out)
