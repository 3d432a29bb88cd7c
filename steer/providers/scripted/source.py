"""Source files as the tools show them: line numbers taken off, functions found, edits worked out."""

import difflib
import re
from typing import Final

_NUMBERED: Final = re.compile(r"[ \t]*(\d+)(?:\t|[|:│→] ?| {2})(.*)\Z", re.DOTALL)


def plain(shown: str) -> str:
    """A file's text from what a reading tool printed, whether or not its lines are numbered.

    Lines count as numbered when the numbers go up by one; what stands before and after them (a heading, a
    note on what was left out) is then dropped.
    """
    out: list[str] = []
    expected = None
    for line in shown.split("\n"):
        match = _NUMBERED.match(line)
        if match is None or (expected is not None and int(match[1]) != expected):
            continue
        out.append(match[2])
        expected = int(match[1]) + 1
    if not out or len(out) * 2 < shown.count("\n"):
        return shown
    cut = "no line end at the end" in shown[shown.rfind("\n") + 1 :]
    return "\n".join(out) + ("" if cut else "\n")


def function(source: str, name: str) -> str:
    """The text of a top-level function without the blank lines after it; empty where it is not defined."""
    found = re.search(rf"^def {re.escape(name)}\(.*?(?=^[^\s)#]|\Z)", source, re.MULTILINE | re.DOTALL)
    return found[0].rstrip() if found else ""


def edit_between(before: str, after: str) -> tuple[str, str]:
    """The smallest run of whole lines that turns ``before`` into ``after``: (old, new), ``old`` found exactly once.

    Lines before the change, then lines after it, are taken in until ``old`` is unique. An empty ``before`` gives an empty ``old``.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    while head > 0 and not _unique(before, old[head : len(old) - tail]):
        head -= 1
    while tail > 0 and not _unique(before, old[head : len(old) - tail]):
        tail -= 1
    return "".join(old[head : len(old) - tail]), "".join(new[head : len(new) - tail])


def _unique(text: str, lines: list[str]) -> bool:
    return bool(lines) and text.count("".join(lines)) == 1


def changed_lines(before: str, after: str) -> int:
    """Lines added plus lines removed."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return sum(not line.startswith("@@") for line in lines)


def as_diff(path: str, before: str, after: str) -> str:
    """The change as a fenced unified diff."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", n=2, lineterm="")
    return "```diff\n" + "\n".join(lines) + "\n```"
