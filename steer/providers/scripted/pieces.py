"""Text cut into small pieces, as a model's tokens are."""

import re
from collections.abc import Iterator
from typing import Final

_PIECE: Final = re.compile(
    r" ?_?[^\W\d_]{1,7}"  # up to seven letters with the blank or underscore before them
    r"|[0-9]{1,3}"
    r"|\n+[ \t]*"  # line ends with the indentation after them
    r"|[ \t]{1,8}"
    r"| ?[^\w\s]{1,3}"
    r"|[\s\S]"
)
CHARACTERS: Final = 3.0
"""Characters in a piece on average, measured on this package's own answers: prose and code."""


def pieces(text: str) -> Iterator[str]:
    """The pieces of ``text`` in order; joined they are the text again."""
    return (match[0] for match in _PIECE.finditer(text))


def estimate(characters: int) -> int:
    """Tokens in so many characters, without cutting them up."""
    return round(characters / CHARACTERS)
