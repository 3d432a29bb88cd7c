"""The same picture in fewer bytes: a style is sent where it changes, blanks are erased instead of written.

Textual ends each run of text with a reset and begins the next one with its whole style, about 38 bytes of colours for a
word; a pane that follows its end is written anew each frame. Over ssh the bytes are what lags.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

_STYLE: Final = re.compile(r"\x1b\[([0-9;]*)m")
_BLANKS: Final = re.compile(r" {12,}")
"""Shorter runs cost less as they are than the two sequences that stand for them."""
_MOVES: Final = re.compile(r"(?:\x1b\[[0-9;]*H|\r?\n)*\Z")
"""Only moves of the cursor: nothing is drawn, so the style need not be right yet."""
_OVERTAKEN: Final = re.compile(r"(?:\x1b\[\d+;\d+H|\r\n)+(?=\x1b\[\d+;\d+H)")
"""Moves that another one to a place of its own follows at once."""
_ERASING: Final = (
    "xterm",
    "tmux",
    "alacritty",
    "foot",
    "rxvt",
    "kitty",
    "wezterm",
    "ghostty",
    "contour",
    "konsole",
    "vte",
)
"""Names of terminals that erase with the present background ("bce"); GNU screen, for one, does not."""
_INVISIBLE_ON_BLANKS: Final = frozenset({"1", "2", "3"})
"""Bold, dim and italic: they do not show on a blank; underline, reverse and strike do."""


class Style(NamedTuple):
    """What a terminal has set: attribute codes, foreground and background codes (empty: the default)."""

    attributes: frozenset[str] = frozenset()
    foreground: str = ""
    background: str = ""


PLAIN: Final = Style()


@lru_cache(maxsize=4096)
def parse(codes: str) -> Style:
    """A style from the parameters of one sequence that follows a reset."""
    words = codes.split(";")
    attributes, foreground, background = set[str](), "", ""
    at = 0
    while at < len(words):
        word = words[at]
        size = {"2": 5, "5": 3}.get(words[at + 1], 1) if word in ("38", "48") and at + 1 < len(words) else 1
        code = ";".join(words[at : at + size])
        if word == "38" or 30 <= _number(word) <= 37 or 90 <= _number(word) <= 97:
            foreground = code
        elif word == "48" or 40 <= _number(word) <= 47 or 100 <= _number(word) <= 107:
            background = code
        elif word not in ("", "0", "39", "49"):
            attributes.add(code)
        at += size
    return Style(frozenset(attributes), foreground, background)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else -1


@lru_cache(maxsize=4096)
def change(now: Style, wanted: Style) -> str:
    """The shortest sequence from one style to another; empty where they are the same."""
    if now == wanted:
        return ""
    if wanted == PLAIN:
        return "\x1b[0m"
    codes = sorted(wanted.attributes - now.attributes)
    if now.attributes - wanted.attributes:
        codes, now = ["0", *sorted(wanted.attributes)], PLAIN
    if wanted.foreground != now.foreground:
        codes.append(wanted.foreground or "39")
    if wanted.background != now.background:
        codes.append(wanted.background or "49")
    return f"\x1b[{';'.join(codes)}m"


def erases(term: str) -> bool:
    """Whether a terminal of this name (TERM) erases with the present background."""
    return any(name in term for name in _ERASING)


@lru_cache(maxsize=4096)
def _step(now: str, wanted: str) -> str:
    """``change`` between two sequences' parameters: their strings are quicker to look up than the styles they mean."""
    return change(parse(now), parse(wanted))


@lru_cache(maxsize=4096)
def _may_erase(codes: str) -> bool:
    return parse(codes).attributes <= _INVISIBLE_ON_BLANKS


def shrink(data: str, blanks: bool = True) -> str:
    """The same output in fewer bytes; begins and ends with the default style. ``blanks`` False leaves them as they are."""
    pieces = _STYLE.split(data)
    if len(pieces) == 1:
        return data
    now = ""
    out: list[str] = [pieces[0]]
    for wanted, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if not text or (text[0] in "\x1b\r\n" and _MOVES.match(text)):
            out.append(text)
            continue
        if wanted != now:
            out.append(_step(now, wanted))
            now = wanted
        out.append(_blank(text) if blanks and _may_erase(wanted) else text)
    out.append(_step(now, ""))
    return _OVERTAKEN.sub("", "".join(out))


def _blank(text: str) -> str:
    return _BLANKS.sub(_erase, text) if "            " in text else text


def _erase(match: "re.Match[str]") -> str:
    """Erase so many cells with the present background, and step over them."""
    count = len(match[0])
    return f"\x1b[{count}X\x1b[{count}C"
