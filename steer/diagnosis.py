"""The checks of ``steer doctor``: what is there, what is missing, and what to do about it."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from steer.domain.errors import SteerError
from steer.gates.runner import ShellGateRunner
from steer.headless.reports import Check
from steer.providers.catalog import window_of
from steer.providers.endpoint import Endpoint
from steer.providers.models import probe
from steer.settings import Settings
from steer.storage.tokens import Counter
from steer.storage.trust import TrustStore
from steer.workspace.commands import git_version, require_version
from steer.workspace.discover import WorkspaceState, inspect

_DUMB: Final = ("", "dumb", "unknown")


async def diagnose(directory: Path, home: Path, settings: Settings, key: str, config: Path) -> Sequence[Check]:
    """All checks, in the order in which a first session would meet them."""
    local, gates = await asyncio.to_thread(_local, directory, home, settings, config), await _gates(directory, home)
    return (*local, *gates, await _endpoint(settings, key))


def _local(directory: Path, home: Path, settings: Settings, config: Path) -> list[Check]:
    return [
        Check("python", "ok", f"{platform.python_version()} on {sys.platform}"),
        _git(),
        *_workspace(directory),
        _home(home),
        Check("config", "ok", f"{config} {'is read' if config.is_file() else 'is not there: defaults hold'}"),
        _tokenizer(settings.model),
        _window(settings),
        _terminal(),
        _search(),
        Check(
            "enforcement",
            "warn",
            "edits are judged before they are written; a command's effects are judged after it ran, and undone from a checkpoint",
            "no-network is told to the model but not enforced on commands in this version.",
        ),
    ]


def _git() -> Check:
    try:
        require_version()
    except SteerError as error:
        return Check("git", "fail", error.message, error.remedy)
    return Check("git", "ok", ".".join(map(str, git_version())))


def _workspace(directory: Path) -> list[Check]:
    try:
        state = inspect(directory)
    except SteerError as error:
        return [Check("workspace", "fail", error.message, error.remedy)]
    checks = [_repository(state)]
    if not state.is_repository:
        return checks
    checks.extend(Check("workspace", "warn", problem.message, problem.remedy) for problem in state.problems)
    return checks


def _repository(state: WorkspaceState) -> Check:
    if state.bare:
        return Check("workspace", "fail", f"{state.root} is a bare repository", "Open a work tree of it.")
    if state.is_repository:
        return Check("workspace", "ok", f"{state.root} @ {state.branch}")
    remedy = "Run git init, or go on: checkpoints are kept in a private repository under Steer's own state."
    return Check("workspace", "warn", f"{state.root} is no git repository", remedy)


def _home(home: Path) -> Check:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Check("state", "fail", f"{home}: {error.strerror}", "Set STEER_HOME to a folder that can be written.")
    if not os.access(home, os.W_OK):
        return Check("state", "fail", f"{home} cannot be written", "Set STEER_HOME to a folder that can be written.")
    return Check("state", "ok", str(home))


def _tokenizer(model: str) -> Check:
    counter = Counter(model)
    try:
        counter.load()
    except SteerError as error:
        return Check("tokenizer", "warn", f"{error.message} Counts are estimates.", error.remedy)
    return Check("tokenizer", "ok", f"{counter.encoding_name}, on this machine")


def _window(settings: Settings) -> Check:
    window = settings.context_window or window_of(settings.model)
    if window is None:
        name = settings.model or "no model"
        return Check("window", "warn", f"the context window of {name} is not known", "Set --context-window N.")
    return Check("window", "ok", f"{window:,} tokens")


def _terminal() -> Check:
    term = os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    if term in _DUMB:
        return Check(
            "terminal", "warn", f"TERM={term or 'unset'}: no cockpit here", "Use steer run, or another terminal."
        )
    colours = "true colour" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "256 colours or fewer"
    if size.columns < 80 or size.lines < 24:
        return Check("terminal", "warn", f"{size.columns}x{size.lines}, {colours}", "Make it 80x24 or larger.")
    return Check("terminal", "ok", f"{term}, {size.columns}x{size.lines}, {colours}")


def _search() -> Check:
    found = shutil.which("rg")
    if found is None:
        return Check("search", "warn", "ripgrep is not installed: the search tool is slower", "Install ripgrep (rg).")
    return Check("search", "ok", found)


async def _gates(directory: Path, home: Path) -> list[Check]:
    try:
        root = (await asyncio.to_thread(inspect, directory)).root
    except SteerError:
        return []
    runner = ShellGateRunner(root, TrustStore(home), home / "logs")
    file = await runner.load()
    if file is None or not file.gates:
        missing = "there is no VERIFY.md" if file is None else "VERIFY.md defines no gate"
        return [Check("gates", "warn", missing, "Run steer init, or write one: turns then end in a result.")]
    names = ", ".join(gate.name for gate in file.gates)
    problems = [Check("gates", "warn", problem) for problem in file.problems]
    if runner.trusted(file.digest):
        return [Check("gates", "ok", names), *problems]
    return [
        Check("gates", "warn", f"{names}: not trusted yet", "Read VERIFY.md, then run steer verify --trust."),
        *problems,
    ]


async def _endpoint(settings: Settings, key: str) -> Check:
    if not settings.model:
        remedy = "Set STEER_MODEL, or give --model NAME. Without a key, try steer demo."
        return Check("model", "fail", "no model is named", remedy)
    try:
        url = Endpoint(settings.base_url or None, key or None).url
        found = await probe(settings.base_url or None, key or None, settings.model)
    except SteerError as error:
        return Check("endpoint", "fail", error.message, error.remedy)
    if not found.reachable or found.authorised is False:
        return Check("endpoint", "fail", f"{url}: {found.detail}", found.remedy)
    status = "warn" if found.listed is False else "ok"
    return Check("endpoint", "warn" if status == "warn" else "ok", f"{url}: {found.detail}", found.remedy)
