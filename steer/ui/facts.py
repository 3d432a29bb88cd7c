"""What the cockpit's lines say, worked out of the transcript: figures and words, no widget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from steer.domain.context import BAND_STARTS, Forecast
from steer.domain.events import DiffUpdated
from steer.domain.transcript import GateView, Phase, Transcript
from steer.domain.values import Band
from steer.render.clean import clean_line
from steer.ui.actions import parse_slash

STATE: Final[Mapping[Phase, tuple[str, str]]] = MappingProxyType(
    {
        "idle": ("○", "ready"),
        "waiting": ("◌", "waiting for the model"),
        "streaming": ("●", "streaming"),
        "tool": ("▸", "running a tool"),
        "verifying": ("◆", "verifying"),
    }
)
"""Sign and word of each phase."""
GATE_SIGN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "planned": ("○", "waiting"),
        "running": ("●", "running"),
        "passed": ("✓", "passed"),
        "failed": ("✗", "failed"),
        "timeout": ("⧗", "timed out"),
        "not_run": ("–", "not run"),
        "cut": ("■", "interrupted"),
    }
)
"""Sign and word of each state of a gate."""
_ENTER: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        "idle": "new turn",
        "waiting": "redirect now, nothing came yet",
        "tool": "redirect now, stops the tool",
        "verifying": "redirect now, stops the gates",
    }
)
_SPARKS: Final = "▁▂▃▄▅▆▇█"
SPARK_SECONDS: Final = 8


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: where, what, which model, how fast. ``history`` tokens of the last seconds, newest last."""

    project: str = ""
    branch: str = ""
    turn: int = 0
    task: str = ""
    model: str = ""
    scripted: bool = False
    state: str = "starting"
    sign: str = "◌"
    paused: bool = False
    rate: int = 0
    history: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The second line: how full the window is. ``steps`` are words for the bands to come, nearest first."""

    tokens: int = 0
    window: int | None = None
    fraction: float | None = None
    band: Band | None = None
    estimated: bool = False
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """Figures of the diff. ``changed`` and ``limit`` are lines of the turn against max-lines; limit None without one;
    ``pending`` says in words how far an edit is that is not applied yet."""

    added: int = 0
    removed: int = 0
    files: int = 0
    changed: int = 0
    limit: int | None = None
    pending: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the lines around the panes show, as one value: equal facts draw nothing."""

    header: Header = field(default_factory=Header)
    context: Context = field(default_factory=Context)
    diff: Diff = field(default_factory=Diff)
    gates: tuple[tuple[str, str], ...] = ()
    constraints: tuple[str, ...] = ()
    queue: tuple[tuple[str, str], ...] = ()
    phase: Phase = "idle"
    keeps: int = 0


def phase_of(t: Transcript) -> Phase:
    """What goes on: gates that ran outside a turn leave no turn's end behind them."""
    running = t.turn is not None and t.turn.status is None
    if running or (t.phase == "verifying" and t.verify is None):
        return t.phase
    return "idle"


def facts_of(t: Transcript, now: float) -> Facts:
    """What is shown of a session at session second ``now``."""
    return Facts(
        header=_header(t, now),
        context=_context(t, now),
        diff=_diff(t),
        gates=tuple((gate.name, gate_state(gate, t)) for gate in t.gates.values()),
        constraints=t.constraints.strings(),
        queue=t.queue,
        phase=phase_of(t),
        keeps=t.partial_tokens if t.phase == "streaming" else 0,
    )


def _header(t: Transcript, now: float) -> Header:
    started, turn = t.started, t.turn
    phase = phase_of(t)
    sign, state = STATE[phase]
    if t.last_error is not None and phase in ("waiting", "idle"):
        sign, state = "!", f"{t.last_error.kind.replace('_', ' ')}{', trying again' if phase == 'waiting' else ''}"
    if t.approvals:
        sign, state = "?", "waits for your answer"
    streams = phase == "streaming"
    return Header(
        project=clean_line(PurePath(started.dir).name or started.dir) if started else "",
        branch=clean_line(started.branch) if started else "",
        turn=turn.number if turn else 0,
        task=clean_line(turn.task.strip().partition("\n")[0][:200]) if turn else "",
        model=clean_line(started.model) if started else "",
        scripted=started.scripted if started else False,
        state=state if started else "starting",
        sign=sign,
        paused=t.paused,
        rate=round(t.rate.at(now)) if streams else 0,
        history=tuple(t.rate.history[-SPARK_SECONDS:]),
    )


def _context(t: Transcript, now: float) -> Context:
    usage = t.usage
    tokens = t.tokens()
    window = usage.window if usage else (t.started.context_window if t.started else None)
    fraction = min(9.99, max(0.0, tokens / window)) if window else None
    reported = usage is not None and usage.prompt_tokens is not None and t.partial_tokens == 0
    steps = forecast_words(t.forecast(now)) if t.phase == "streaming" else ()
    return Context(tokens, window, fraction, usage.band if usage else None, bool(tokens) and not reported, steps)


def forecast_words(forecast: Forecast) -> tuple[str, ...]:
    """The bands to come in words: ``60% in 41 s``, ``restart in 67 s``; the first two, the nearest first."""
    starts = {band: f"{start:.0%}" for start, band in BAND_STARTS}
    return tuple(
        f"{'restart' if band == 'restart' else starts[band]} in {duration(seconds)}"
        for band, seconds in forecast.steps[:2]
    )


def duration(seconds: float) -> str:
    """A time span as people say it: ``41 s``, ``3 min``, ``2 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{min(seconds / 3600, 99):.0f} h"


def _diff(t: Transcript) -> Diff:
    diff: DiffUpdated | None = t.diff
    limit = t.constraints.get("max-lines")
    call = t.call if t.call is not None and t.call.name in EDIT_TOOLS else None
    pending = {"streaming": "streaming…", "called": "not applied yet"}.get(call.state, "") if call is not None else ""
    if diff is None:
        return Diff(limit=limit.limit if limit else None, pending=pending)
    changed = diff.added + diff.removed
    return Diff(diff.added, diff.removed, len(diff.files), changed, limit.limit if limit else None, pending)


EDIT_TOOLS: Final = frozenset({"edit_file", "write_file", "apply_patch"})


def tokens_text(tokens: int) -> str:
    """A token count in few characters: ``312``, ``38.4k``, ``1.2M``."""
    if tokens < 1000:
        return str(tokens)
    if tokens < 999_950:
        text = f"{tokens / 1000:.1f}k"
        return text.replace(".0k", "k")
    return f"{tokens / 1_000_000:.1f}M"


def spark(history: tuple[int, ...]) -> str:
    """A sparkline of the last seconds, scaled to their highest."""
    top = max(history, default=0)
    if top <= 0:
        return ""
    return "".join(_SPARKS[min(7, value * 8 // (top + 1))] for value in history)


def enter_words(facts: Facts, ready: bool, text: str, editing: bool = False, asked: bool = False) -> str:
    """What Enter would do now with the prompt's text, in words."""
    if editing:
        return "changes the waiting message" if text.strip() else "takes the waiting message back"
    slash = parse_slash(text)
    if slash is not None:
        action, _ = slash
        return f"command: {action.label}" if action is not None else "no such command"
    if not ready:
        return "queued until the session is ready"
    if asked:
        return "answers the question"
    if facts.phase == "streaming":
        return f"redirect now, keeps {facts.keeps:,} tokens"
    return _ENTER[facts.phase]


def gate_state(gate: GateView, t: Transcript) -> str:
    """A gate's state by the names of ``GATE_SIGN``: one that ran when its turn was cut has no end of its own."""
    if gate.state in ("running", "planned") and phase_of(t) == "idle":
        return "cut" if gate.state == "running" else "not_run"
    return gate.state


def gate_words(gate: GateView, state: str, now: float) -> tuple[str, str]:
    """A gate's state in words, and its time: ``0.4 s``; for a running one the seconds since it started."""
    _, word = GATE_SIGN[state]
    seconds = max(0.0, now - gate.started) if state == "running" else gate.seconds
    return word, f"{seconds:.1f} s" if state not in ("planned", "not_run", "cut") else ""
