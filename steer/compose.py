"""Builds the parts of a session from settings and hands them to each other.

The one module that imports inside functions: openai (1.3 s), git and tiktoken load in a thread after the screen has
been painted, and not at all for ``steer --help``.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.errors import UsageError
from steer.domain.events import Event, GateFinished, GatesPlanned, Notice, Record, VerifyFinished
from steer.domain.messages import Message
from steer.domain.values import Json
from steer.engine.approvals import Policy
from steer.engine.channel import EventLog, Reader
from steer.engine.conversation import system_text
from steer.engine.core import SessionOptions
from steer.engine.meter import Meter
from steer.engine.ports import Cockpit, GateRunner, Ports, Provider, TokenCounter, Tool
from steer.engine.session import Session, create_session
from steer.engine.verification import Outcome, Verifier
from steer.headless.reports import Check
from steer.settings import Settings

NO_REPOSITORY: Final = (
    "This folder is no git repository: checkpoints are kept in a private one under Steer's own state. "
    "Run git init to have the diff against commits as well."
)


class MonotonicClock:
    """Seconds of the system's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Spec:
    """A session to open. ``home`` holds Steer's state; ``session`` names one to continue; ``key`` is the endpoint's."""

    directory: Path
    home: Path
    settings: Settings
    key: str = ""
    session: str = ""
    approve: Policy = "ask"
    verify: bool = True
    trust: bool = False
    scripted: bool = False


async def open_session(spec: Spec, readers: Sequence[Reader] = ()) -> Session:
    """Build and start a session; the heavy imports and git's first look happen in a thread. ``readers`` see every event."""
    built = await asyncio.to_thread(_build, spec)
    session = create_session(built.ports, built.options, built.earlier)
    for reader in readers:
        session.core.log.subscribe(reader)
    session.on_close = built.release
    session.start()
    for problem in built.problems:
        session.core.log.emit(Notice(problem, "session"))
    if session.core.ports.workspace.repository == "private":
        session.core.log.emit(Notice(NO_REPOSITORY, "repository"))
    return session


@dataclass(frozen=True, slots=True)
class _Built:
    ports: Ports
    options: SessionOptions
    earlier: tuple[Record, ...]
    problems: tuple[str, ...]
    release: Callable[[], None]


def _build(spec: Spec) -> _Built:
    from steer.storage.journal import JsonlJournal, read_journal
    from steer.storage.memory_files import read_memory
    from steer.storage.sessions import SessionLock, find_session, journal_path, new_session_id
    from steer.workspace.repository import open_workspace

    provider = _provider(spec)
    workspace = open_workspace(spec.directory, spec.home)
    session = find_session(spec.home, spec.session).session if spec.session else new_session_id()
    lock = SessionLock(spec.home, session)
    path = journal_path(spec.home, session)
    read = read_journal(path) if spec.session else None

    def release() -> None:
        workspace.close()
        lock.release()

    ports = Ports(
        provider=provider,
        workspace=workspace,
        gates=_gates(workspace.root, spec.home),
        journal=JsonlJournal(path, secrets=[spec.key] if spec.key else []),
        counter=_counter(spec.settings.model),
        clock=MonotonicClock(),
        tools=_tools(spec.home),
        memory=read_memory(workspace.root),
    )
    return _Built(ports, _options(spec, session), read.records if read else (), read.problems if read else (), release)


def _options(spec: Spec, session: str) -> SessionOptions:
    settings = spec.settings
    return SessionOptions(
        session=session,
        constraints=settings.effective().strings(),
        wire=settings.wire,
        max_steps=settings.max_steps,
        max_fix=settings.max_fix,
        verify=spec.verify,
        trust=spec.trust,
        approve=spec.approve,
        scripted=spec.scripted,
    )


def _provider(spec: Spec) -> Provider:
    from steer.providers.client import open_provider

    settings = spec.settings
    return open_provider(settings.base_url or None, spec.key or None, settings.model, settings.context_window)


def _gates(root: Path, home: Path) -> GateRunner:
    from steer.gates.runner import ShellGateRunner
    from steer.storage.trust import TrustStore

    return ShellGateRunner(root, TrustStore(home), home / "logs")


def _tools(home: Path) -> tuple[Tool, ...]:
    from steer.tools.builtin import builtin_tools

    return builtin_tools(home / "logs")


def _counter(model: str) -> TokenCounter:
    """The counter with its vocabulary loaded, or counting by estimate where that cannot be had."""
    from steer.storage.tokens import Counter
    from steer.storage.vocabulary import VocabularyError

    counter = Counter(model)
    with suppress(VocabularyError):
        counter.load()
    return counter


# -- without a model


@dataclass(frozen=True, slots=True)
class Verified:
    """What ``steer verify`` found: each gate's result with its command, the whole, and a proposed VERIFY.md if there is none."""

    gates: tuple[tuple[GateFinished, str], ...]
    outcome: Outcome
    proposal: str


async def verify_workspace(directory: Path, home: Path, trust: bool, follow: Reader) -> Verified:
    """Run all gates of the workspace that ``directory`` lies in; ``follow`` sees the events as they come."""
    root = await asyncio.to_thread(workspace_root, directory)
    log = EventLog(MonotonicClock(), asyncio.get_running_loop().call_later, len)
    running = asyncio.Event()
    running.set()
    seen: list[Event] = []
    log.subscribe(lambda records: seen.extend(record.event for record in records))
    log.subscribe(follow)
    outcome = await Verifier(log, _gates(root, home), running, trust=trust).run(None)
    commands = {name: command for event in seen if isinstance(event, GatesPlanned) for name, command in event.gates}
    gates = tuple((event, commands.get(event.gate, "")) for event in seen if isinstance(event, GateFinished))
    proposal = next((event.proposal for event in seen if isinstance(event, VerifyFinished)), "")
    return Verified(gates, outcome, proposal)


def workspace_root(directory: Path) -> Path:
    """The top folder of the work tree that ``directory`` lies in. Raises UsageError for a folder that is none."""
    from steer.workspace.discover import locate

    return locate(directory).root


def count_context(directory: Path, home: Path, settings: Settings, task: str) -> Mapping[str, int]:
    """Tokens of what a new session's first request would hold, by category."""
    from steer.storage.memory_files import read_memory

    memory = read_memory(workspace_root(directory))
    meter = Meter(_counter(settings.model), settings.context_window)
    meter.start(tuple(tool.spec for tool in _tools(home)), memory)
    meter.add(Message("system", system_text(settings.effective(), memory)))
    if task:
        meter.add(Message("user", task))
    return meter.by_category()


def count_request(text: str, model: str) -> Mapping[str, int]:
    """Tokens of a saved chat request, by category. Raises UsageError for what is none."""
    from steer.storage.tokens import Counter

    try:
        body: Json = json.loads(text)
    except ValueError as error:
        raise UsageError(f"The request is no JSON: {error}.", "Save the body of a chat completions request.") from error
    if not isinstance(body, dict):
        raise UsageError("The request is no JSON object.", "Save the body of a chat completions request.")
    named = body.get("model")
    counter = Counter(model or (named if isinstance(named, str) else ""))
    counter.load()
    return {str(name): tokens for name, tokens in counter.count_request(body).items()}


def known_window(settings: Settings) -> int | None:
    """The context window in tokens: as set, or as the catalogue knows the model."""
    from steer.providers.catalog import window_of

    return settings.context_window or window_of(settings.model)


def initialise(directory: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the four files where they are missing: (written, kept)."""
    from steer.gates.propose import propose_verify
    from steer.storage.memory_files import write_init

    root = workspace_root(directory)
    report = write_init(root, propose_verify(root))
    return report.written, report.kept


async def examine(directory: Path, home: Path, settings: Settings, key: str, config: Path) -> Sequence[Check]:
    """The checks of ``steer doctor``."""
    from steer.diagnosis import diagnose

    return await diagnose(directory, home, settings, key, config)


# -- the demo


@dataclass(frozen=True, slots=True)
class Demo:
    """A fresh copy of the sample project and the scripted model's server; ``close`` ends the server."""

    folder: Path
    base_url: str
    model: str
    close: Callable[[], None]


def open_demo(folder: Path, rate: float) -> Demo:
    """Copy the sample into ``folder``, make it a repository, and start the scripted model at ``rate`` tokens a second."""
    from steer.demo import copy_sample
    from steer.providers.scripted.server import ScriptedServer
    from steer.workspace.discover import init_repository

    copy_sample(folder)
    init_repository(folder)
    server = ScriptedServer(rate)
    return Demo(folder, server.base_url, server.model, server.close)


# -- the screen


def run_cockpit(spec: Spec, suggestion: str = "") -> int:
    """The cockpit until the user leaves it: paints first, opens the session behind it."""
    from steer.ui.app import SteerApp

    async def opener() -> Cockpit:
        return await open_session(spec)

    app = SteerApp(opener, label=spec.directory.resolve().name, suggestion=suggestion, theme=spec.settings.theme)
    app.run()
    return app.return_code or 0
