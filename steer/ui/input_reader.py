"""Bytes of a terminal, decoded, into Textual's input messages: what is an Esc, what is the start of a sequence.

Textual's own parser waits 100 ms after an Esc and never gives up on a paste without an end. Here the text is first cut
into whole sequences; Textual's parser then only names them.
"""

import re
from typing import Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

ESC: Final = "\x1b"
ESC_WAIT: Final = 0.010
"""Seconds after which an Esc that nothing follows is a key."""
SPLIT_WAIT: Final = 0.5
"""Seconds after which the rest of a sequence is not expected any more; what came of it is dropped, not typed."""
PASTE_WAIT: Final = 1.0
"""Seconds of silence after which a paste counts as ended though its end mark has not come."""
PASTE_LATE: Final = 5.0
"""Seconds in which the rest of such a paste is still taken for one if its end mark comes after all."""
_LATE: Final = 1.0

_PASTE_START: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"
_MOUSE: Final = re.compile(r"\x1b\[<-?\d+;-?\d+;-?\d+[Mm]")
_MOUSE_LIKE: Final = re.compile(r"\x1b\[<[-+.;0-9A-LN-Za-ln-z]{0,40}[Mm]")
_REPORTS: Final = re.compile(r"\x1b\[(?:<-?\d+;-?\d+;-?\d+[Mm]|[IO])")
_CSI: Final = re.compile(r"\x1b\[(?:\[[A-E]|M.{3}|[\x30-\x3f]{0,64}[\x20-\x2f]{0,4}[\x40-\x7e])", re.DOTALL)
_CSI_OPEN: Final = re.compile(
    r"\x1b\[(?:\[|M.{0,2}|<[-+.;0-9A-LN-Za-ln-z]{0,40}|[\x30-\x3f]{0,64}[\x20-\x2f]{0,4})\Z", re.DOTALL
)
_SS3: Final = re.compile(r"\x1bO[0-9;]{0,8}[A-Za-z]")
_SS3_OPEN: Final = re.compile(r"\x1bO[0-9;]{0,8}\Z")
_STRING: Final = re.compile(r"\x1b[]P_^][^\x1b\x07]{0,4096}(?:\x07|\x1b\\)")
_STRING_OPEN: Final = re.compile(r"\x1b[]P_^][^\x1b\x07]{0,4096}\x1b?\Z")
_GRAMMAR: Final = ((_CSI, _CSI_OPEN), (_SS3, _SS3_OPEN), (_STRING, _STRING_OPEN))
_BROKEN: Final = re.compile(r"\x1b(?:\[[\x20-\x3f]*|\])")
"""The beginning of a sequence that breaks off: dropped, not typed."""
_META_CURSOR: Final = re.compile(r"\x1b\x1b(?:\[|O)([ABCD])")
_MODIFIED: Final = re.compile(r"\x1b\[27;(\d+);(\d+)~")
_CURSOR_KEYS: Final = {"A": "up", "B": "down", "C": "right", "D": "left"}
_ALT_CONTROL: Final = {"\r": "alt+enter", "\n": "alt+enter", "\t": "alt+tab", "\x7f": "alt+backspace", " ": "alt+space"}


class InputReader:
    """Takes decoded text with the time it came at (monotonic seconds) and gives messages.

    Call ``feed`` with what was read and ``tick`` when ``wait`` seconds have passed without more.
    """

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)
        self._held = ""
        self._held_at = 0.0
        self._paste: list[str] | None = None
        self._paste_at = 0.0
        self._paste_ended = -PASTE_LATE
        self._dropped = ""
        self._dropped_at = 0.0

    def wait(self, now: float) -> float | None:
        """Seconds until ``tick`` has something to decide; None where nothing is open."""
        if self._paste is not None:
            return max(0.0, self._paste_at + PASTE_WAIT - now)
        if not self._held:
            return None
        return max(0.0, self._held_at + self._patience() - now)

    def feed(self, text: str, now: float) -> list[Message]:
        """The messages of what has come, as far as they are whole."""
        out: list[Message] = []
        text = self._held + self._without_late(text, now)
        self._held = ""
        at = 0
        while at < len(text):
            if self._paste is not None:
                at = self._collect(text, at, now, out)
                continue
            escape = text.find(ESC, at)
            if escape == at:
                end = self._escape(text, at, now, out)
                if end == at:
                    self._held, self._held_at = text[at:], now
                    break
                at = end
                continue
            stop = len(text) if escape < 0 else escape
            out.extend(self._keys(text[at:stop]))
            at = stop
        return out

    def tick(self, now: float) -> list[Message]:
        """The messages of what will not be completed any more."""
        out: list[Message] = []
        if self._paste is not None:
            if now - self._paste_at >= PASTE_WAIT:
                self._end_paste(out)
                self._paste_ended = now
        elif self._held and now - self._held_at >= self._patience():
            held, self._held = self._held, ""
            self._dropped, self._dropped_at = held[-1:] if held == ESC + ESC else held, now
            if held in (ESC, ESC + ESC):
                out.extend(_escape_key() for _ in held)
            elif len(held) == 2:
                out.extend(self._keys(held))
        return out

    def _patience(self) -> float:
        return ESC_WAIT if self._held in (ESC, ESC + ESC) else SPLIT_WAIT

    # -- sequences -------------------------------------------------------------------------------------------------

    def _escape(self, text: str, at: int, now: float, out: list[Message]) -> int:
        """Read what begins with the Esc at ``at``; returns the position behind it, or ``at`` if more must come first."""
        rest = text[at : at + 4200]
        if len(rest) == 1 or rest == ESC + ESC:
            return at
        if rest[1] == ESC:
            return at + self._double(rest, out)
        if rest.startswith(_PASTE_START):
            self._paste, self._paste_at = [], now
            return at + len(_PASTE_START)
        return at + self._sequence(rest, out)

    def _sequence(self, rest: str, out: list[Message]) -> int:
        """Read an Esc and what belongs to it; returns its length, 0 if more must come first."""
        if (mouse := _MOUSE_LIKE.match(rest)) is not None:
            out.extend(self._keys(mouse.group()) if _MOUSE.fullmatch(mouse.group()) else ())
            return mouse.end()
        for whole, partial in _GRAMMAR:
            if partial.match(rest):
                return 0
            if (match := whole.match(rest)) is not None:
                out.extend(self._named(match.group()))
                return match.end()
        if (broken := _BROKEN.match(rest)) is not None:
            return broken.end()
        out.extend(self._alt(rest[1]))
        return 2

    def _double(self, rest: str, out: list[Message]) -> int:
        """Esc Esc: two keys, or how some terminals send Alt with an arrow."""
        if (match := _META_CURSOR.match(rest)) is not None:
            out.append(events.Key(f"alt+{_CURSOR_KEYS[match.group(1)]}", None))
            return match.end()
        out.append(_escape_key())
        return 1

    def _named(self, sequence: str) -> list[Message]:
        if sequence in (_PASTE_END, "\x1b["):
            return []
        if (modified := _MODIFIED.fullmatch(sequence)) is not None:
            # xterm's modifyOtherKeys; Textual would read its 27 as Esc.
            sequence = f"\x1b[{modified.group(2)};{modified.group(1)}u"
        return self._keys(sequence)

    def _alt(self, char: str) -> list[Message]:
        if char in _ALT_CONTROL:
            return [events.Key(_ALT_CONTROL[char], None)]
        if char.isascii() and char.isdigit():
            # Textual reads these as what macOS types with Option; the quick-steer buttons need the digit.
            return [events.Key(f"alt+{char}", None)]
        return self._keys(ESC + char)

    def _keys(self, text: str) -> list[Message]:
        """What Textual's parser calls ``text``, which holds no open sequence; nothing for a sequence it does not know."""
        try:
            out = list(self._parser.feed(text))
            if self._parser._awaiting.timeout is not None:
                # The parser waits for more of a sequence that is whole: Alt and a key, or unknown.
                self._parser._timeout_time = 0.0
                rest = list(self._parser.tick())
                out.extend(rest if len(text) == 2 else ())
        except (ValueError, OverflowError):
            # Figures no key or cell can have, in a garbled report: the parser's generator has ended with the error.
            self._parser = XTermParser(self._debug)
            return []
        return out

    def _without_late(self, text: str, now: float) -> str:
        """Without the rest of a mouse report whose beginning was given up, and with a late end of a paste taken for one."""
        dropped, self._dropped = self._dropped, ""
        if dropped and now - self._dropped_at < _LATE and (match := _MOUSE.match(dropped + text)) is not None:
            return (dropped + text)[match.end() :]
        if self._paste is None and now - self._paste_ended < PASTE_LATE and _PASTE_END in text:
            self._paste_ended = now - PASTE_LATE
            start = text.find(_PASTE_START)
            if start < 0 or start > text.find(_PASTE_END):
                return _PASTE_START + text
        return text

    # -- paste -----------------------------------------------------------------------------------------------------

    def _collect(self, text: str, at: int, now: float, out: list[Message]) -> int:
        """Take pasted text from ``at``; returns the position behind what was taken, the end mark included."""
        assert self._paste is not None
        self._paste_at = now
        end = text.find(_PASTE_END, at)
        if end >= 0:
            self._paste.append(text[at:end])
            self._end_paste(out)
            return end + len(_PASTE_END)
        keep = next((n for n in range(len(_PASTE_END) - 1, 0, -1) if text.endswith(_PASTE_END[:n], at)), 0)
        self._paste.append(text[at : len(text) - keep])
        self._held, self._held_at = text[len(text) - keep :], now
        return len(text)

    def _end_paste(self, out: list[Message]) -> None:
        text = _REPORTS.sub("", "".join(self._paste or ())).replace("\x00", "")
        self._paste, self._held = None, ""
        if text:
            out.append(events.Paste(text.replace("\r\n", "\n").replace("\r", "\n")))


def _escape_key() -> events.Key:
    return events.Key("escape", ESC)
