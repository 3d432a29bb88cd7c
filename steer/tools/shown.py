"""Foreign text in one line of the screen: nothing invisible, nothing that moves the cursor, not too long."""

import re
import unicodedata
from typing import Final

_LIMIT: Final = 160
_NAMED: Final = str.maketrans({"\n": "\\n", "\t": "\\t", "\r": "\\r"})
_PADDING: Final = re.compile(r" {8,}")
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def escaped(text: str) -> str:
    """Control, formatting and unassigned characters, and blanks other than the plain one, as escapes: ``\\u202e``."""
    text = text.translate(_NAMED)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if _hides(char) else char for char in text)


def one_line(text: str, limit: int = _LIMIT) -> str:
    """``escaped`` text; long padding is counted, and the middle left out where it is longer than ``limit`` characters."""
    line = _PADDING.sub(lambda run: f"[{len(run[0])} blanks]", escaped(text.strip()))
    if len(line) <= limit:
        return line
    half = (limit - 1) // 2
    return f"{line[:half]}…{line[-half:]}"


def _hides(char: str) -> bool:
    category = unicodedata.category(char)
    return category in _HIDDEN or (category == "Zs" and char != " ") or char in "\u2800\u3164\u115f\u1160\uffa0"


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
