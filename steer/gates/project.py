"""Reading a project's own description files, whatever state they are in."""

import configparser
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.values import Json

_MAX_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A command that the project is set up for. ``kind`` is what it checks; ``tool`` the program at its heart."""

    kind: str
    tool: str
    command: str


@dataclass(frozen=True, slots=True)
class Project:
    """The files in the top folder of a project."""

    root: Path

    def has(self, *names: str) -> bool:
        """Whether one of these files or folders is there."""
        return any((self.root / name).exists() for name in names)

    def has_match(self, *patterns: str) -> bool:
        """Whether a file matches one of these globs (``pathlib`` syntax)."""
        return any(next(self.root.glob(pattern), None) is not None for pattern in patterns)

    def text(self, *names: str) -> str:
        """The first of these files that can be read; empty where none can. Only regular files, at most 1 MB of each."""
        for name in names:
            path = self.root / name
            try:
                if path.is_file():
                    with path.open("rb") as file:
                        return file.read(_MAX_BYTES).decode("utf-8-sig", "replace")
            except OSError:
                continue
        return ""

    def toml(self, name: str) -> Mapping[str, Json]:
        """A TOML file; empty where it is absent or broken."""
        try:
            return tomllib.loads(self.text(name))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def json(self, name: str) -> Mapping[str, Json]:
        """A JSON object; empty where it is absent, broken or no object."""
        try:
            value = json.loads(self.text(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def sections(self, name: str) -> frozenset[str]:
        """The section names of an INI file; none where it is absent or broken."""
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(self.text(name))
        except configparser.Error:
            return frozenset()
        return frozenset(parser.sections())


def table(value: Json, *keys: str) -> Mapping[str, Json]:
    """The object at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
