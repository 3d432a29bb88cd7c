"""Builds a session's parts from a spec and hands them to each other. Importing this loads every adapter."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from steer.domain.events import Notice, Record
from steer.engine.channel import Reader
from steer.engine.clock import MonotonicClock
from steer.engine.cockpit import TokenCounter
from steer.engine.core import SessionOptions
from steer.engine.ports import Ports, Provider
from steer.engine.session import Session, create_session
from steer.gates.runner import ShellGateRunner
from steer.providers.client import open_provider
from steer.settings import Spec
from steer.storage.journal import JsonlJournal, read_journal
from steer.storage.memory_files import read_memory
from steer.storage.sessions import SessionLock, find_session, journal_path, new_session_id
from steer.storage.trust import TrustStore
from steer.tools.builtin import builtin_tools
from steer.workspace.repository import open_workspace

NO_REPOSITORY: Final = (
    "This folder is no git repository: checkpoints are kept in a private one under Steer's own state. "
    "/git-init makes it one."
)


async def open_session(spec: Spec, counter: TokenCounter, readers: Sequence[Reader] = ()) -> Session:
    """Build and start a session; git's first look happens in a thread. ``readers`` see every event."""
    built = await asyncio.to_thread(_build, spec, counter)
    session = create_session(built.ports, built.options, built.earlier)
    for reader in readers:
        session.core.log.subscribe(reader)
    session.on_close = built.release
    session.start()
    for problem in (*spec.notes, *built.problems):
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


def _build(spec: Spec, counter: TokenCounter) -> _Built:
    provider = _provider(spec)
    workspace = open_workspace(spec.directory, spec.home)
    session = find_session(spec.home, spec.session).session if spec.session else new_session_id()
    lock = SessionLock(spec.home, session)
    path = journal_path(spec.home, session)
    read = read_journal(path) if spec.session else None

    def release() -> None:
        workspace.close()
        lock.release()

    logs = spec.home / "logs"
    ports = Ports(
        provider=provider,
        workspace=workspace,
        gates=ShellGateRunner(workspace.root, TrustStore(spec.home), logs),
        journal=JsonlJournal(path, secrets=[spec.key] if spec.key else []),
        counter=counter,
        clock=MonotonicClock(),
        tools=builtin_tools(logs),
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
    settings = spec.settings
    return open_provider(settings.base_url or None, spec.key or None, settings.model, settings.context_window)
