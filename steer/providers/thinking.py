"""Reasoning that comes inside the text: ``<think>...</think>`` at the start of an answer, tags cut anywhere."""

from typing import Final, NamedTuple

_TAGS: Final = ("think", "thinking", "thought", "reasoning")
"""DeepSeek, Qwen and most open models write ``think``; Gemini's compatible endpoint ``thought``; some templates the others."""

_OPENERS: Final = tuple(f"<{tag}>" for tag in _TAGS)


class Part(NamedTuple):
    """A stretch of text, and whether it is reasoning."""

    text: str
    reasoning: bool


class ThinkFilter:
    """Splits an answer's text. Only a tag that opens the answer counts: later ones are text about tags."""

    def __init__(self) -> None:
        self._held = ""
        self._closer = ""
        self._open = False
        self._settled = False
        self._trim = False

    def feed(self, text: str) -> list[Part]:
        """The parts that are certain by now; at most a tag's length is held back."""
        if self._settled:
            return self._answer(text)
        held, self._held = self._held + text, ""
        return self._inside(held) if self._open else self._start(held)

    def close(self) -> list[Part]:
        """What was held back for a tag that did not come."""
        held, self._held = self._held, ""
        return [Part(held, self._open and not self._settled)] if held else []

    def _start(self, text: str) -> list[Part]:
        body = text.lstrip()
        for opener in _OPENERS:
            if body.startswith(opener):
                self._open, self._closer = True, f"</{opener[1:]}"
                return self._inside(body[len(opener) :])
        if any(opener.startswith(body) for opener in _OPENERS):
            self._held = text
            return []
        self._settled = True
        return [Part(text, False)] if text else []

    def _inside(self, text: str) -> list[Part]:
        thought, closer, rest = text.partition(self._closer)
        if closer:
            self._settled = self._trim = True
            return [*([Part(thought, True)] if thought else []), *self._answer(rest)]
        keep = _overlap(text, self._closer)
        self._held = text[len(text) - keep :]
        text = text[: len(text) - keep]
        return [Part(text, True)] if text else []

    def _answer(self, text: str) -> list[Part]:
        if self._trim:
            # Models put one or two newlines behind the closing tag; the answer starts at its first word.
            text = text.lstrip()
            self._trim = not text
        return [Part(text, False)] if text else []


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the start of ``tag``."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
