"""First versions of the files of project memory, from what a project shows of itself."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from steer.domain.gate_options import code_span
from steer.domain.verify_file import parse_verify

_MAX_FILES: Final = 5_000
_MAX_LAYOUT: Final = 20
_MAX_README: Final = 64 * 1024
_NOT_OURS: Final = frozenset(
    {
        "node_modules",
        "vendor",
        "venv",
        "env",
        "dist",
        "build",
        "target",
        "out",
        "coverage",
        "__pycache__",
        "site-packages",
    }
)
_LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((".py", ".pyi"), "Python"),
        **dict.fromkeys((".ts", ".tsx", ".mts"), "TypeScript"),
        **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "JavaScript"),
        **dict.fromkeys((".c", ".h"), "C"),
        **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp", ".hh"), "C++"),
        **dict.fromkeys((".kt", ".kts"), "Kotlin"),
        **dict.fromkeys((".ex", ".exs"), "Elixir"),
        **dict.fromkeys((".sh", ".bash", ".zsh"), "Shell"),
        **dict.fromkeys((".html", ".css", ".scss", ".vue", ".svelte"), "web pages and styles"),
        ".rs": "Rust",
        ".go": "Go",
        ".java": "Java",
        ".rb": "Ruby",
        ".php": "PHP",
        ".cs": "C#",
        ".swift": "Swift",
        ".scala": "Scala",
        ".dart": "Dart",
        ".lua": "Lua",
        ".zig": "Zig",
        ".hs": "Haskell",
        ".sql": "SQL",
    }
)
_PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("test", "tests", "spec", "__tests__"), "tests"),
        **dict.fromkeys(("doc", "docs"), "documentation"),
        **dict.fromkeys(("example", "examples"), "examples"),
        **dict.fromkeys(("script", "scripts", "bin", "tools"), "scripts and tools"),
        **dict.fromkeys(("bench", "benches", "benchmarks"), "benchmarks"),
    }
)

_PLAN: Final = """# Plan

<!-- Open work, the next item first. An item is a checklist line: a dash, a box "[ ]" ("[x]" once done), a title.
Indented under it, each on a line of its own and each optional:

    accept: what must hold when it is done; several lines are several conditions
    verify: a gate, a group or a command of VERIFY.md that shows it
    max-lines: the most lines it may add and remove
    only: GLOB, the files it may change
    track: NAME; items of different tracks do not depend on each other

What stands here in another form stays as it is. -->
"""

_NO_GATES: Final = """# Verify

<!-- No test, lint or build command was found in this project. Write here what must pass before a change counts as done.
Each gate is a list item: a dash, a name, a colon, the command in backticks. Behind it, in parentheses and separated by
commas: timeout 120s, when: GLOB (only if a matching file changed), artifact: GLOB (a file the command must leave), slow.
The lines of a fenced block marked sh are gates too. Headings group gates by kind of task; those before the first
heading, or under one called Always, run always. -->
"""


def draft_verify(proposal: str) -> str:
    """VERIFY.md: the proposal, or how to write one."""
    return proposal if proposal.strip() else _NO_GATES


def draft_plan() -> str:
    """PLAN.md: its grammar, and no item yet."""
    return _PLAN


def draft_progress() -> str:
    """PROGRESS.md: its four sections, with the one thing that has happened."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"# Progress\n\n## Now\n\n## Done\n\n- {now} Project memory started.\n\n## Failed\n\n## Next\n"


def draft_agents(root: Path, verify: str, others: Sequence[tuple[str, str]] = ()) -> str:
    """AGENTS.md: what the project is, its languages, layout and commands, as found; nothing else is claimed.

    ``others`` are (name, text) of instructions written for other programs, which this file from now on stands for.
    """
    title, summary = _readme(root)
    parts = [f"# {title or root.resolve().name or 'Project'}", *([summary] if summary else [])]
    if languages := _languages(root):
        parts.append(f"Languages, by number of files: {', '.join(languages)}.")
    if layout := list(_layout(root)):
        parts.append("## Layout\n\n" + "\n".join(layout))
    gates = parse_verify(verify, "").gates
    commands = "\n".join(f"- {gate.name}: {code_span(gate.command)}" for gate in gates)
    parts.append(f"## Commands\n\n{commands or 'None found yet.'}\n\nVERIFY.md says which of them must pass.")
    parts.append("## Rules\n\n- Make the smallest change that does the task; keep to the style of the code around it.")
    parts.extend(f"## From {name}\n\n{text.strip()}" for name, text in others)
    return "\n\n".join(parts) + "\n"


def _readme(root: Path) -> tuple[str, str]:
    """Title and first paragraph of the README; empty where there is none."""
    names = ("README.md", "readme.md", "Readme.md", "README.rst", "README.txt", "README")
    path = next((root / name for name in names if (root / name).is_file()), None)
    try:
        if path is None or not path.resolve().is_relative_to(root.resolve()):
            return "", ""
        with path.open("rb") as file:
            text = file.read(_MAX_README).decode("utf-8-sig", "replace")
    except OSError:
        return "", ""
    lines = re.sub(r"<!--(?s:.*?)-->", "", text).splitlines()
    at = next((n for n, line in enumerate(lines) if _is_title(lines, n)), -1)
    title = _one_line(lines[at].lstrip("#")) if at >= 0 else ""
    return title[:120], _first_paragraph(lines[at + 1 :])


def _is_title(lines: list[str], at: int) -> bool:
    under = lines[at + 1].strip() if at + 1 < len(lines) else ""
    return lines[at].startswith("# ") or (bool(lines[at].strip()) and len(under) > 2 and set(under) == {"="})


def _first_paragraph(lines: list[str]) -> str:
    """The first lines of plain prose: no badges, headings, tables, code, lists or rules."""
    out: list[str] = []
    for line in lines:
        text = line.strip()
        plain = (
            bool(text) and re.match(r"[\w\"'“(*_`]", text) is not None and not re.match(r"[-*+] |[0-9]+[.)] |```", text)
        )
        if plain:
            out.append(text)
        elif out or text.startswith("## "):
            break
    return _one_line(" ".join(out))[:500]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _languages(root: Path) -> list[str]:
    """Languages with a share worth naming, the most used first."""
    count = Counter(
        language for name in _files(root) if (language := _LANGUAGES.get(Path(name).suffix.lower())) is not None
    )
    total = sum(count.values())
    return [f"{language} ({n})" for language, n in count.most_common(5) if n * 50 >= total]


def _files(root: Path) -> Iterator[str]:
    """Names of the first few thousand files, folders of other people's code left out."""
    seen = 0
    for _, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _ours(name))
        for name in sorted(names):
            seen += 1
            if seen > _MAX_FILES:
                return
            yield name


def _layout(root: Path) -> Iterator[str]:
    """The folders at the top, with what they hold where their name says so."""
    try:
        names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in [name for name in names if _ours(name)][:_MAX_LAYOUT]:
        purpose = _PURPOSES.get(name.lower())
        yield f"- {code_span(name + '/')}" + (f" {purpose}" if purpose else "")


def _ours(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _NOT_OURS and not folder.endswith(".egg-info")
