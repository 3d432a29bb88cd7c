"""The files of project memory: reading them for a session, and writing first ones for a project that has none."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.errors import UsageError
from steer.engine.ports import MemoryFile
from steer.storage.drafts import draft_agents, draft_plan, draft_progress, draft_verify

MAX_BYTES: Final = 64 * 1024
"""Of each file; what is longer is cut, and says so."""

# The first that is there is read: other programs' names for the same thing.
_INSTRUCTIONS: Final = ("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules")
_WORK: Final = ("PLAN.md", "PROGRESS.md", "VERIFY.md")


def read_memory(root: Path) -> tuple[MemoryFile, ...]:
    """AGENTS.md (or the first of CLAUDE.md, GEMINI.md, .cursorrules), PLAN.md, PROGRESS.md and VERIFY.md, where present.

    Only regular files that lie in ``root``, links resolved. Undecodable bytes become U+FFFD; each text is at most 64 kB
    and then ends with a note. Files that cannot be read, and empty ones, are left out.
    """
    instructions = (each for name in _INSTRUCTIONS if (each := _read(root, name)) is not None)
    work = (each for name in _WORK if (each := _read(root, name)) is not None)
    return (*([first] if (first := next(instructions, None)) is not None else []), *work)


def _read(root: Path, name: str) -> MemoryFile | None:
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            return None
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13.
        return None
    text = _decode(data[:MAX_BYTES], cut=len(data) > MAX_BYTES)
    if not text.strip():
        return None
    if len(data) > MAX_BYTES:
        text += f"\n\n[{name} is cut here, at {MAX_BYTES // 1024} of {size // 1024} kB: read the file for the rest.]\n"
    return MemoryFile(name, text)


def _decode(data: bytes, *, cut: bool) -> str:
    """UTF-8 with a BOM taken off and line ends as \\n; a character that the cut went through is dropped."""
    if cut:
        while data and 0x80 <= data[-1] < 0xC0:
            data = data[:-1]
        data = data[:-1] if data and data[-1] >= 0xC0 else data
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class InitReport:
    """Names of the files that were written, and of those that were there and stay as they are."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def write_init(root: Path, proposal: str) -> InitReport:
    """Write AGENTS.md, PLAN.md, PROGRESS.md and VERIFY.md where missing, drafted from what the project shows.

    ``proposal`` is the text for VERIFY.md; empty where no command was found. Nothing is overwritten, a link that leads
    nowhere included. Raises UsageError if ``root`` is no folder or a file cannot be written.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder.", "Give the folder of a project.")
    verify = draft_verify(proposal)
    # Once AGENTS.md is there it is read instead of these, so it takes over what they say.
    others = [(each.name, each.text) for name in _INSTRUCTIONS[1:] if (each := _read(root, name)) is not None]
    drafts: dict[str, Callable[[], str]] = {
        "AGENTS.md": lambda: draft_agents(root, verify, others[:1]),
        "PLAN.md": draft_plan,
        "PROGRESS.md": draft_progress,
        "VERIFY.md": lambda: verify,
    }
    written: list[str] = []
    kept: list[str] = []
    for name, draft in drafts.items():
        path = root / name
        if os.path.lexists(path):
            kept.append(name)
            continue
        try:
            _create(path, draft())
        except FileExistsError:
            kept.append(name)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.", "Make the folder writable.") from error
        else:
            written.append(name)
    return InitReport(tuple(written), tuple(kept))


def _create(path: Path, text: str) -> None:
    """Write a file that is not there yet; half of one is taken away again. Raises OSError."""
    with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
