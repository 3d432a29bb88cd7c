"""What Steer does for a project without a model: verify, count, initialise."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steer.domain.errors import UsageError
from steer.domain.events import Event, GateFinished, GatesPlanned, VerifyFinished
from steer.domain.messages import Message
from steer.domain.values import Json
from steer.engine.channel import EventLog, Reader
from steer.engine.clock import MonotonicClock
from steer.engine.conversation import system_text
from steer.engine.meter import Meter
from steer.engine.verification import Outcome, Verifier
from steer.gates.propose import propose_verify
from steer.gates.runner import ShellGateRunner
from steer.providers.catalog import window_of
from steer.settings import Settings
from steer.storage.memory_files import read_memory, write_init
from steer.storage.tokens import load_counter
from steer.storage.trust import TrustStore
from steer.tools.builtin import builtin_tools
from steer.workspace.discover import locate


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
    outcome = await Verifier(log, ShellGateRunner(root, TrustStore(home), home / "logs"), running, trust=trust).run(
        None
    )
    commands = {name: command for event in seen if isinstance(event, GatesPlanned) for name, command in event.gates}
    gates = tuple((event, commands.get(event.gate, "")) for event in seen if isinstance(event, GateFinished))
    proposal = next((event.proposal for event in seen if isinstance(event, VerifyFinished)), "")
    return Verified(gates, outcome, proposal)


def workspace_root(directory: Path) -> Path:
    """The top folder of the work tree that ``directory`` lies in. Raises UsageError for a folder that is none."""
    return locate(directory).root


def count_context(directory: Path, home: Path, settings: Settings, task: str) -> Mapping[str, int]:
    """Tokens of what a new session's first request would hold, by category."""
    memory = read_memory(workspace_root(directory))
    meter = Meter(load_counter(settings.model), settings.context_window)
    meter.start(tuple(tool.spec for tool in builtin_tools(home / "logs")), memory)
    meter.add(Message("system", system_text(settings.effective(), memory)))
    if task:
        meter.add(Message("user", task))
    return meter.by_category()


def count_request(text: str, model: str) -> tuple[Mapping[str, int], str]:
    """Tokens of a saved chat request, by category, and the model (the request's own where ``model`` is empty).

    Raises UsageError for what is no request.
    """
    try:
        body: Json = json.loads(text)
    except ValueError as error:
        raise UsageError(f"The request is no JSON: {error}.", "Save the body of a chat completions request.") from error
    if not isinstance(body, dict):
        raise UsageError("The request is no JSON object.", "Save the body of a chat completions request.")
    named = body.get("model")
    name = model or (named if isinstance(named, str) else "")
    counts = load_counter(name).count_request(body)
    return {str(category): tokens for category, tokens in counts.items()}, name


def known_window(settings: Settings) -> int | None:
    """The context window in tokens: as set, or as the catalogue knows the model."""
    return settings.context_window or window_of(settings.model)


def initialise(directory: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the four files where they are missing: (written, kept)."""
    root = workspace_root(directory)
    report = write_init(root, propose_verify(root))
    return report.written, report.kept
