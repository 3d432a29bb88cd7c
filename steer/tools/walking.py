"""The workspace's files as git would list them: what .gitignore leaves out is not there."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from steer.domain.errors import ToolError
from steer.domain.globs import matches

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_PATTERNS: Final = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """A glob argument: patterns that a path must match one of, and ``!`` patterns that it must match none of."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def parse(cls, glob: str | None) -> "Selection":
        """``*.py``, ``src/**``, ``*.{ts,tsx}``, several with commas, ``!tests/**``. Raises ToolError."""
        parts = [expanded for part in _split(glob or "") for expanded in _expand(part)]
        if len(parts) > _PATTERNS:
            raise ToolError(f"The glob {glob!r:.80} stands for more than {_PATTERNS} patterns.")
        if any(".." in part.split("/") for part in parts):
            raise ToolError(f"The glob {glob!r} leads out of the workspace.")
        try:
            for part in parts:
                matches(part.lstrip("!"), "x")
        except re.error as error:
            raise ToolError(f"The glob {glob!r} cannot be read: {error}.") from None
        unwanted = tuple(part[1:] for part in parts if part.startswith("!"))
        return cls(tuple(part for part in parts if not part.startswith("!")), unwanted)

    def has(self, path: str) -> bool:
        """Whether a relative path is selected."""
        if any(matches(pattern, path) for pattern in self.unwanted):
            return False
        return not self.wanted or any(matches(pattern, path) for pattern in self.wanted)


def _split(glob: str) -> list[str]:
    """At commas outside braces and brackets."""
    out, depth = [""], 0
    for char in glob:
        depth += (char in "{[") - (char in "}]")
        if char == "," and depth <= 0:
            out.append("")
        else:
            out[-1] += char
    return [part.strip() for part in out if part.strip() not in ("", ".", "./", "**", "**/*")]


def _expand(pattern: str) -> list[str]:
    """``{a,b}`` as two patterns, innermost braces first."""
    done: list[str] = []
    todo = [pattern]
    while todo and len(done) + len(todo) <= _PATTERNS * 2:
        one = todo.pop(0)
        match = _BRACES.search(one)
        if match is None:
            done.append(one)
        else:
            todo.extend(one[: match.start()] + choice + one[match.end() :] for choice in match[1].split(","))
    return done + todo


@dataclass(frozen=True, slots=True)
class _Rules:
    """The .gitignore files from the root down to a folder, each with its folder's path."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def below(self, folder: Path, relative: str) -> "_Rules":
        try:
            lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
        except OSError:
            return self
        return _Rules((*self.specs, (relative, GitIgnoreSpec.from_lines(_readable(lines)))))

    def ignores(self, path: str) -> bool:
        """``path`` ends with a slash where it is a folder. The deepest file that says something decides."""
        for folder, spec in reversed(self.specs):
            include = spec.check_file(path[len(folder) :]).include
            if include is not None:
                return include
        return False


def _readable(lines: Sequence[str]) -> list[str]:
    """The lines that are patterns: one that cannot be read must not hide the others."""
    out: list[str] = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        out.append(line)
    return out


def walk(root: Path, links: bool = False) -> Iterator[str]:
    """Relative paths of regular files (with ``links`` also of links to files), sorted, without .git and ignored ones."""
    yield from _walk(root, "", _Rules(), links)


def _walk(folder: Path, relative: str, rules: _Rules, links: bool) -> Iterator[str]:
    rules = rules.below(folder, relative)
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = relative + entry.name
        if entry.name.casefold() == ".git":
            continue
        if entry.is_dir(follow_symlinks=False):
            if not rules.ignores(path + "/"):
                yield from _walk(folder / entry.name, path + "/", rules, links)
        elif _is_file(entry, links) and not rules.ignores(path):
            yield path


def _is_file(entry: "os.DirEntry[str]", links: bool) -> bool:
    try:
        return entry.is_file(follow_symlinks=links)
    except OSError:
        return False
