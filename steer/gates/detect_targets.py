"""Checks that a task runner of the project names: make, just, task."""

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from steer.gates.project import Found, Project

_KINDS: Final = {
    "format-check": "format",
    "fmt-check": "format",
    "check-format": "format",
    "lint": "lint",
    "typecheck": "types",
    "type-check": "types",
    "mypy": "types",
    "test": "tests",
    "tests": "tests",
    "check": "check",
}
_MAKE_TARGET: Final = re.compile(r"([A-Za-z0-9_.\- ]{1,200}?)\s{0,9}::?(?![:=])(.*)")
_JUST_RECIPE: Final = re.compile(r"@?([A-Za-z_][\w-]*)[^:=\n]{0,200}:(?!=)(.*)")
_TASK: Final = re.compile(r"([A-Za-z_][\w-]*):(.*)")


def detect_targets(project: Project, others: list[Found]) -> Iterator[Found]:
    """Targets of the known names, but those that only call a check found already (``others``)."""
    sources = (
        ("make", project.text("GNUmakefile", "makefile", "Makefile"), _MAKE_TARGET),
        ("just", project.text("justfile", "Justfile", ".justfile"), _JUST_RECIPE),
        ("task", _tasks(project.text("Taskfile.yml", "Taskfile.yaml", "taskfile.yml")), _TASK),
    )
    for program, text, header in sources:
        seen: set[str] = set()
        for name, needs, recipe in _targets(text, header):
            kind = _KINDS.get(name)
            if kind is None or kind in seen or _repeats(kind, needs, recipe, others):
                continue
            seen.add(kind)
            yield Found(kind, program, f"{program} {name}")


def _tasks(text: str) -> str:
    """The part of a Taskfile below ``tasks:``, so that the tasks' names start their lines."""
    _, found, rest = "\n".join(text.splitlines()).partition("\ntasks:\n")
    return textwrap.dedent("\n".join(line for line in rest.split("\n") if line.strip())) if found else ""


def _targets(text: str, header: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """Each target with its prerequisites and its recipe; several in one rule one by one."""
    names: list[str] = []
    needs = ""
    recipe: list[str] = []
    for line in text.splitlines():
        found = header.fullmatch(line)
        if found is None:
            recipe.append(line.strip())
            continue
        yield from ((name, needs, "\n".join(recipe)) for name in names)
        names, needs, recipe = found[1].split(), found[2].strip(), []
    yield from ((name, needs, "\n".join(recipe)) for name in names)


def _repeats(kind: str, needs: str, recipe: str, others: list[Found]) -> bool:
    """Whether a target only calls what stands already: other targets by their names, or tools of the same kind."""
    if not recipe.strip() and needs and all(name in _KINDS for name in needs.split()):
        return True
    tools = {re.escape(found.tool) for found in others if kind in (found.kind, "check")}
    calls = re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(tools))})(?![\w-])")
    if not tools:
        return False
    if kind == "check":
        return all(calls.search(line) for line in recipe.splitlines() if line)
    return calls.search(recipe) is not None
