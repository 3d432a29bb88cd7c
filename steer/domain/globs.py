"""Path patterns of constraints and gates: ``*`` within a folder, ``**`` across folders, gitignore's rule for bare names.

A pattern without a slash matches a file or folder of that name at any depth; a pattern that names a folder covers all
below it. A leading slash or ``./`` anchors at the workspace's root. Paths are relative, with forward slashes.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str]:
    text = pattern.strip().removeprefix("./")
    anchored = "/" in text.rstrip("/")
    text = text.strip("/")
    out = ["" if anchored else "(?:.*/)?"]
    at = 0
    while at < len(text):
        piece, at = _translate(text, at)
        out.append(piece)
    return re.compile("".join(out) + r"(?:/.*)?\Z", re.DOTALL)


def _translate(text: str, at: int) -> tuple[str, int]:
    """One element of the pattern at ``at`` as a regular expression, and the position behind it."""
    if text.startswith("**/", at):
        return "(?:.*/)?", at + 3
    if text.startswith("**", at):
        return ".*", at + 2
    char = text[at]
    if char == "*":
        return "[^/]*", at + 1
    if char == "?":
        return "[^/]", at + 1
    if char == "[" and (end := text.find("]", at + 2)) > 0:
        # Within a set only these would mean something to the regular expression that they do not mean to a glob.
        body = re.sub(r"[\\\[&~|]", r"\\\g<0>", text[at + 1 : end])
        return f"[{'^' + body[1:] if body[0] in '!^' else body}]", end + 1
    return re.escape(char), at + 1


def matches(pattern: str, path: str) -> bool:
    """Whether ``path`` is covered by ``pattern``."""
    return _compile(pattern).match(path) is not None


def matches_any(patterns: tuple[str, ...], path: str) -> bool:
    """Whether any of ``patterns`` covers ``path``."""
    return any(matches(pattern, path) for pattern in patterns)
