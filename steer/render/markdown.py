"""Markdown line by line, for prose that still streams: what a line is shows from it and the lines before it.

Headings, lists, quotes, rules, tables (as they are), fences, and inside a line bold, italic, strike, code and links.
Everything else stays the text it is; nothing is interpreted as HTML or as a terminal's markup.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from steer.render.cells import expand_tabs, width
from steer.render.clean import guard_line
from steer.render.highlight import LONGEST, Highlighter
from steer.render.lines import Line
from steer.render.rows import Span, Spans, shift

_fence: Final = re.compile(r"(?P<indent>[ >]*)(?P<mark>`{3,}|~{3,})(?P<info>.*)\Z")
_heading: Final = re.compile(r" {0,3}#{1,6}(?:\s|\Z)")
_rule: Final = re.compile(r" {0,3}(?:(?:\*[ ]*){3,}|(?:-[ ]*){3,}|(?:_[ ]*){3,})\Z")
_quote: Final = re.compile(r" {0,3}>[> ]*")
_item: Final = re.compile(r"(?P<indent> *)(?P<mark>[-*+•]|\d{1,9}[.)])(?P<gap> +)(?P<box>\[[ xX]\] )?")
_inline: Final = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?=\S)(?P<bold>.+?)(?<=\S)\*\*(?!\*)"
    r"|(?<![\w*])\*(?=[^\s*])(?P<italic>.+?)(?<=[^\s*])\*(?![\w*])"
    r"|(?<!\w)_(?=[^\s_])(?:[^_]+?)(?<=[^\s_])_(?P<italic_>)(?!\w)"
    r"|~~(?=\S)(?P<strike>.+?)(?<=\S)~~"
    r"|!?\[(?P<label>[^\[\]]+)\]\((?P<target>[^()\s]+)\)"
    r"|(?P<address>https?://[^\s<>()\[\]`]+)"
    r"|(?P<escaped>\\[\\`*_{}\[\]()#+\-.!~|>])"
)
_special: Final = re.compile(r"[`*_~\[\\]|://").search
_MARKED: Final = frozenset({"bold", "italic", "strike"})
_WHOLE: Final[Mapping[str, str]] = MappingProxyType({"code": "code", "address": "link", "italic_": "italic"})
_DEPTH: Final = 3


class _Fence(NamedTuple):
    mark: str
    highlighter: Highlighter


class Markdown:
    """Turns the lines of a Markdown text into styled lines, in order.

    ``line`` takes a finished line and moves on; ``peek`` shows a line that may still grow and stays where it is.
    """

    def __init__(self) -> None:
        self._fence: _Fence | None = None

    @property
    def in_fence(self) -> bool:
        return self._fence is not None

    def line(self, text: str) -> Line:
        """The next line."""
        text = expand_tabs(guard_line(text))
        fence = self._fence
        if fence is None:
            opening = _fence.match(text)
            if opening is None or not _opens(opening):
                return prose(text)
            info = opening["info"].strip().strip("{}").lstrip(".")
            self._fence = _Fence(opening["mark"], Highlighter(_language(info)))
            return _mark(text)
        if _closes(fence, text):
            self._fence = None
            return _mark(text)
        return _code(text, fence.highlighter.line(text))

    def peek(self, text: str) -> Line:
        """How ``text`` would look as the next line."""
        text = expand_tabs(guard_line(text))
        fence = self._fence
        if fence is None:
            opening = _fence.match(text)
            return prose(text) if opening is None or not _opens(opening) else _mark(text)
        return _mark(text) if _closes(fence, text) else _code(text, fence.highlighter.peek(text))

    def more(self, text: str) -> Line:
        """What goes on from a line too long to be styled whole."""
        return Line(expand_tabs(text), join="")


def _opens(opening: re.Match[str]) -> bool:
    """A fence of backticks has none in its info string: that would be code inside a line."""
    return opening["mark"][0] == "~" or "`" not in opening["info"]


def _closes(fence: _Fence, text: str) -> bool:
    """A fence is closed by at least as many of the same marks, alone on their line."""
    bare = text.strip(" >")
    return bare.startswith(fence.mark) and not bare.strip(fence.mark[0])


def _language(info: str) -> str:
    """The language of an info string: its first word, without what some write behind it (``python:app.py``, ``js{1,3}``)."""
    return re.split(r"[\s:{,]", info, maxsplit=1)[0] if info else ""


def _mark(text: str) -> Line:
    return Line(text, ((0, len(text), "fence"),) if text else ())


def _code(text: str, spans: Spans) -> Line:
    indent = len(text) - len(text.lstrip(" "))
    return Line(text, spans, hang=" " * indent)


def prose(text: str) -> Line:
    """A line outside of any fence."""
    if not text or len(text) > LONGEST:
        return Line(text)
    if _heading.match(text):
        plain, spans = inline(text, "heading")
        return Line(plain, _filled(spans, len(plain), "heading"))
    if _rule.match(text):
        return Line(text, ((0, len(text), "rule"),))
    if text.lstrip(" ").startswith("|"):
        return Line(text, tuple((at, at + 1, "table") for at, char in enumerate(text) if char == "|"))
    if (quote := _quote.match(text)) is not None:
        return _hanging(text, quote.end(), ((0, quote.end(), "quote"),), quote.group())
    if (item := _item.match(text)) is not None:
        end = item.end()
        marks: Spans = ((item.start("mark"), item.end("mark"), "bullet"),)
        if item["box"]:
            marks = (*marks, (item.start("box"), end - 1, "bullet"))
        return _hanging(text, end, marks, " " * width(item.group()))
    plain, spans = inline(text)
    indent = len(plain) - len(plain.lstrip(" "))
    return Line(plain, spans, hang=" " * indent)


def _hanging(text: str, start: int, marks: Spans, hang: str) -> Line:
    plain, spans = inline(text[start:])
    return Line(text[:start] + plain, (*marks, *shift(spans, start)), hang=hang, mark="quote")


def _filled(spans: Spans, size: int, name: str) -> Spans:
    """The spans, and ``name`` wherever there is none."""
    out: list[Span] = []
    at = 0
    for span in spans:
        if span[0] > at:
            out.append((at, span[0], name))
        out.append(span)
        at = span[1]
    if at < size:
        out.append((at, size, name))
    return tuple(out)


def inline(text: str, under: str = "", depth: int = 0) -> tuple[str, Spans]:
    """A line's text as shown, and its spans. ``under`` is the token of the text around.

    The stars of bold and italic and the tildes of strike go, as the style shows them even without colours. The marks
    that could be part of a name or of code (backticks, underscores, backslashes) stay; a link shows its address.
    """
    if _special(text) is None or depth > _DEPTH:
        return text, ()
    shown: list[str] = []
    spans: list[Span] = []
    size = at = 0
    for found in _inline.finditer(text):
        before = text[at : found.start()]
        shown.append(before)
        size += len(before)
        at = found.end()
        piece, inner = _element(found, under, depth)
        shown.append(piece)
        spans.extend(shift(inner, size))
        size += len(piece)
    shown.append(text[at:])
    return "".join(shown), tuple(spans)


def _element(found: re.Match[str], under: str, depth: int) -> tuple[str, Spans]:
    """What one marked piece of a line shows."""
    kind = found.lastgroup or ""
    whole = found.group()
    if kind in _MARKED:
        plain, spans = inline(found[kind], under, depth + 1)
        return plain, _filled(spans, len(plain), under or kind)
    if kind == "target":
        label, target = found["label"], found["target"]
        address = "" if label == target else f" ({target})"
        links: Spans = ((0, len(label), "link"), (len(label), len(label) + len(address), "dim"))
        return label + address, links if address else links[:1]
    name = _WHOLE.get(kind, "")
    return whole, ((0, len(whole), name),) if name else ()
