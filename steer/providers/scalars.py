"""Text that can be written as UTF-8: halves of a surrogate pair joined over pieces, lone ones replaced."""

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """``text`` with surrogate pairs joined and lone surrogates as U+FFFD; the same object where there are none."""
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class PairJoiner:
    """Joins a pair whose halves came in two pieces: a high half at a piece's end waits for the next piece."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """The encodable text so far; linear."""
        if text.isascii() and not self._held:
            return text
        if not text:
            return ""
        text, self._held = self._held + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return encodable(text)

    def close(self) -> str:
        """What a half that never found its other half becomes."""
        held, self._held = self._held, ""
        return encodable(held)
