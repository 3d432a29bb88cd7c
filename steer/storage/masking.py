"""Taking keys and passwords out of text that is written down."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

MASK: Final = "[secret]"

_MIN_LENGTH: Final = 8
"""A configured value shorter than this is a placeholder ("none", "dummy"), and its letters stand everywhere."""

_MAX_HELD: Final = 4_096
_KEY_START: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# The published prefixes of OpenAI-like, GitHub, GitLab, AWS, Google, Slack and Hugging Face keys. A digit is asked for
# where the prefix alone is also found in plain words.
_PATTERNS: Final = (
    r"(?<![A-Za-z0-9])c?sk-(?=[A-Za-z_-]{0,120}[0-9])[A-Za-z0-9_-]{0,40}?[A-Za-z0-9_]{16}[A-Za-z0-9_-]*",
    r"(?<![A-Za-z0-9])(?:gsk_|[rsp]k_(?:live|test)_)[A-Za-z0-9]{16,}",
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})",
    r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}",
    r"(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{10,}",
    r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}",
    r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    r"(?P<word>[Bb]earer )(?=[A-Za-z._~+/=-]{0,120}[0-9])[A-Za-z0-9._~+/=-]{16,}",
    rf"{_KEY_START.pattern}(?s:.)*?(?:{_KEY_END.pattern}|\Z)",
)
_HINTS: Final = (
    *("sk-", "gsk_", "k_live_", "k_test_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("AKIA", "ASIA", "AIza", "xox", "hf_", "eyJ", "earer ", "-----BEGIN"),
)
_KEY_GROWING: Final = re.compile(r"-----BEGIN[A-Z0-9 ]{0,60}-{0,4}\Z")
_KEY_CHARS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+/=~"


class Masker:
    """Replaces secrets by ``[secret]``: known forms of keys, bearer tokens, private key blocks, and the given values."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values = tuple(sorted({s for s in secrets if len(s) >= _MIN_LENGTH}, key=len, reverse=True))
        self._pattern = re.compile("|".join((*(re.escape(value) for value in self._values), *_PATTERNS)))
        self._hints = (*self._values, *_HINTS)

    def mask(self, text: str) -> str:
        """``text`` without secrets."""
        return self._pattern.sub(_masked, text) if self._suspicious(text) else text

    def mask_pieces(self, pieces: Sequence[str]) -> list[str]:
        """The pieces of one text without the secrets in it, also those that lie across pieces."""
        text = "".join(pieces)
        if not self._suspicious(text):
            return list(pieces)
        found = list(self._pattern.finditer(text))
        out: list[str] = []
        start = at = 0
        for piece in pieces:
            end = start + len(piece)
            kept: list[str] = []
            while at < len(found) and found[at].start() < end:
                first, last = found[at].span()
                kept.append(text[start:first])
                if first >= start:
                    kept.append(_masked(found[at]))
                start = min(last, end)
                if last > end:
                    break
                at += 1
            out.append("".join((*kept, text[start:end])))
            start = end
        return out

    def settled(self, pieces: Sequence[str]) -> int:
        """How many of the pieces of a text that still grows can be masked now: no secret may go on behind them."""
        text = "".join(pieces)
        spans = [found.span() for found in self._pattern.finditer(text)] if self._suspicious(text) else []
        open_at = self.open_at(text)
        count = at = 0
        for number, piece in enumerate(pieces, 1):
            at += len(piece)
            if at > open_at:
                break
            if not any(first < at < last for first, last in spans):
                count = number
        return count

    def open_at(self, text: str) -> int:
        """Where at the end of ``text`` a secret may have begun of which more could come; its length where none may."""
        best = len(text)
        tail = max(0, best - _MAX_HELD)
        for found in _KEY_START.finditer(text, tail):
            if _KEY_END.search(text, found.end()) is None:
                best = min(best, found.start())
        growing = _KEY_GROWING.search(text, max(0, best - 80))
        if growing is not None:
            best = min(best, growing.start())
        word = len(text.rstrip(_KEY_CHARS))
        if text.endswith("earer ", 0, word):
            word -= len("Bearer ")
        best = min(best, word) if word >= tail else best
        for value in self._values:
            sizes = range(min(len(value) - 1, len(text)), 0, -1)
            best = min(best, len(text) - next((size for size in sizes if text.endswith(value[:size])), 0))
        return best

    def _suspicious(self, text: str) -> bool:
        """A quick look before the slow one: journals are written at the speed of the model."""
        return any(hint in text for hint in self._hints)


def _masked(found: re.Match[str]) -> str:
    """What stands in a secret's place; the word before a bearer token stays."""
    return (found["word"] or "") + MASK
