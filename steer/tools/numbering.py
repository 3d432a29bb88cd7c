"""Lines as the model sees them: number, tab, text."""

from collections.abc import Iterable
from typing import Final

LONG_LINE: Final = 2_000
"""Characters of a line that are shown."""


def clip(line: str, limit: int = LONG_LINE) -> str:
    """A line, cut with a note of how much is missing."""
    return line if len(line) <= limit else f"{line[:limit]}… [+{len(line) - limit} characters]"


def numbered(lines: Iterable[str], first: int) -> str:
    """Each line as ``number<TAB>text``, the first one with number ``first``."""
    return "\n".join(f"{number}\t{clip(line)}" for number, line in enumerate(lines, first))


def plural(count: int, thing: str) -> str:
    """``1 line``, ``2 lines``, ``2 matches``."""
    ending = "" if count == 1 else "es" if thing.endswith("ch") else "s"
    return f"{count:,} {thing}{ending}"
