"""Foreign text made safe to draw: nothing a model or a command writes reaches the terminal as a control sequence.

Colours (SGR), erasing and hyperlinks are dropped, as the plain text is all there is to them. Every other control is shown
as its symbol (``␛``), so that a person sees it was there. Controls of text direction and invisible characters are shown by their
code (``‹U+202E›``).
"""

import re
from typing import Final, Literal, TypeAlias

Carriage: TypeAlias = Literal["newline", "overwrite"]
"""What a lone carriage return means: a line end, or the start of the line anew (a command's progress bar)."""

_INVISIBLE: Final = "\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
_dirty: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_INVISIBLE}\u200c\u200d\ud800-\udfff]")

_PARAMS: Final = 64
_LINK: Final = 2_048
# Longer ones are no colours or links of any program's; they are shown.
_dropped: Final = re.compile(
    rf"(?:\x1b\[|\x9b)[0-9;:?]{{0,{_PARAMS}}}[mKJ]"
    rf"|(?:\x1b\]|\x9d)8;[^\x00-\x1f\x7f-\x9f]{{0,{_LINK}}}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b\([AB0]"
)
_unfinished: Final = re.compile(
    rf"(?:(?:\x1b\[|\x9b)[0-9;:?]{{0,{_PARAMS}}}"
    rf"|(?:\x1b\]|\x9d)(?:8(?:;[^\x00-\x1f\x7f-\x9f]{{0,{_LINK}}}\x1b?)?)?"
    r"|\x1b\(|\x1b|\r|[\ud800-\udbff])\Z"
)
_TAIL: Final = _LINK + 16
_pair: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_shown: Final = re.compile(f"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f{_INVISIBLE}\ud800-\udfff]")
_joiner: Final = re.compile("(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]")


def _show(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return f"‹U+{code:04X}›"


def _code(match: re.Match[str]) -> str:
    return f"‹U+{ord(match.group()):04X}›"


def _join(match: re.Match[str]) -> str:
    high, low = map(ord, match.group())
    return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)


class Cleaner:
    """Cleans a text that comes in pieces; the pieces' borders make no difference.

    ``feed`` gives what is safe so far and keeps back the beginning of a sequence that may still be completed;
    ``finish`` gives that rest. With ``overwrite`` a lone carriage return comes through for the line splitter.
    """

    def __init__(self, carriage: Carriage = "newline") -> None:
        self._carriage = carriage
        self._held = ""
        self._last = ""

    def feed(self, text: str) -> str:
        """The next piece, cleaned."""
        if not self._held and _dirty.search(text) is None:
            if text:
                self._last = text[-1]
            return text
        text = self._held + text
        unfinished = _unfinished.search(text, max(0, len(text) - _TAIL))
        at = unfinished.start() if unfinished is not None else len(text)
        text, self._held = text[:at], text[at:]
        return self._clean(text)

    def finish(self) -> str:
        """What was kept back, cleaned: the text has ended."""
        held, self._held = self._held, ""
        if held == "\r":
            held = "\n" if self._carriage == "newline" else ""
        return self._clean(held)

    def _clean(self, text: str) -> str:
        # In this order the result is the same wherever the text was cut into pieces.
        text = _pair.sub(_join, text).replace("\r\n", "\n")
        text = _dropped.sub("", text)
        if self._carriage == "newline":
            text = text.replace("\r", "\n")
        text = _shown.sub(_show, text)
        if not text:
            return text
        # A joiner is kept only behind a character that it can join, which may have come with the piece before.
        before, self._last = self._last, text[-1]
        if "\u200c" not in text and "\u200d" not in text:
            return text
        kept = len(before)
        return _joiner.sub(lambda match: _code(match) if match.start() >= kept else match.group(), before + text)[kept:]


def clean(text: str) -> str:
    """A whole text, cleaned; line ends and tabs stay."""
    if _dirty.search(text) is None:
        return text
    cleaner = Cleaner()
    return cleaner.feed(text) + cleaner.finish()


def clean_line(text: str) -> str:
    """A text for one row: cleaned, line ends and tabs shown as blanks."""
    return " ".join(clean(text).split())


_MARKS: Final = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_pile: Final = re.compile(f"([{_MARKS}]{{8}})[{_MARKS}]+")
_lone: Final = re.compile(f"^(?=[{_MARKS}])")


def guard_line(line: str) -> str:
    """A line whose marks have something to stand on, and not more of them than a cell can carry."""
    if line.isascii():
        return line
    return _lone.sub("◌", _pile.sub(r"\1", line))
