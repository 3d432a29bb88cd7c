"""The verification: a row a gate, its output below while it runs or once it failed, and why nothing ran."""

from collections.abc import Sequence
from typing import Final

from steer.domain.events import (
    Event,
    GateFinished,
    GateOutput,
    GatesPlanned,
    GateStarted,
    Notice,
    TurnFinished,
    TurnStarted,
    VerifyFinished,
)
from steer.domain.transcript import GateView, Transcript
from steer.render.cells import expand_tabs
from steer.render.clean import Cleaner, clean, clean_line, guard_line
from steer.render.lines import Line, LineBlock
from steer.render.rows import Row
from steer.ui.actions import BY_ID, keys_of
from steer.ui.facts import GATE_SIGN, gate_state, gate_words
from steer.ui.widgets.line_view import LineView

_WIDTH: Final = 40
"""Cells to wrap to before the pane has a size."""
_TAIL_CHARS: Final = 6_000
_RUNNING_LINES: Final = 12
_FAILED_LINES: Final = 400
_STYLE: Final = {"passed": "ok", "failed": "error", "timeout": "error", "running": "running", "cut": "warning"}
_TRUST: Final = "trust:"
_EVENTS: Final = (GatesPlanned, GateStarted, GateOutput, GateFinished, VerifyFinished, TurnStarted, TurnFinished)


class VerifySource:
    """Wrapped lines; built anew whenever a gate changes, as they are few."""

    def __init__(self, width: int) -> None:
        self.block = LineBlock(width)
        self.gates: list[str] = []
        """The gate that each line belongs to; empty for none."""

    @property
    def row_count(self) -> int:
        return self.block.row_count

    def row(self, index: int) -> Row:
        return self.block.row(index)

    def set_width(self, width: int) -> None:
        self.block.set_width(width)

    def locate(self, row: Row) -> int:
        return self.block.first_row(min(row.line, len(self.block) - 1)) if len(self.block) else 0

    def add(self, line: Line, gate: str = "") -> None:
        self.block.append(line)
        self.gates.append(gate)


class VerifyPane(LineView):
    """Draws the gates of a transcript. ``digest`` is the VERIFY.md that waits to be trusted, empty where none does."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(VerifySource(_WIDTH), id=id, follow=False)
        self.digest = ""
        self._ask = ""
        self._folds: dict[str, bool] = {}
        self._transcript = Transcript()
        self._now = 0.0

    def on_mount(self) -> None:
        super().on_mount()
        self.rebuild()

    def feed(self, events: Sequence[Event], transcript: Transcript, now: float) -> None:
        """Take the events of a frame."""
        changed = False
        for event in events:
            if isinstance(event, Notice) and event.topic.startswith(_TRUST):
                self.digest, self._ask, changed = event.topic.removeprefix(_TRUST), event.text, True
            elif isinstance(event, _EVENTS):
                changed = True
                if isinstance(event, GatesPlanned | GateStarted):
                    self.digest = self._ask = ""
        if changed:
            self._transcript, self._now = transcript, now
            self.rebuild()

    def tick(self, now: float) -> None:
        """The seconds of a running gate."""
        if any(gate_state(gate, self._transcript) == "running" for gate in self._transcript.gates.values()):
            self._now = now
            self.rebuild()

    def trusted(self) -> None:
        """The person has trusted the file: the question is answered."""
        self.digest = self._ask = ""
        self.rebuild()

    def fold(self, row: int) -> None:
        """Fold or unfold the gate that a row belongs to."""
        source = self.source
        if not isinstance(source, VerifySource) or not 0 <= row < source.row_count:
            return
        name = source.gates[source.row(row).line]
        gate = self._transcript.gates.get(name)
        if gate is not None:
            self._folds[name] = not self._folds.get(name, _folded(gate))
            self.rebuild()

    # -- rows ------------------------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Build all lines again and keep the place."""
        source = VerifySource(self.wrap_width if self.size.width else _WIDTH)
        self._trust_lines(source)
        gates = self._transcript.gates
        name_width = min(24, max((len(clean_line(name)) for name in gates), default=0))
        for gate in gates.values():
            self._gate_lines(source, gate, name_width)
        self._verdict_lines(source)
        top, cursor = self.scroll_offset.y, self.cursor_row
        if isinstance(self.source, VerifySource) and self.source.block.row_count == source.block.row_count:
            self._replace(source)
            return
        self.set_source(source)
        self.move_top(top)
        self.cursor_row = cursor if cursor is not None and cursor < source.row_count else None

    def _replace(self, source: VerifySource) -> None:
        """As many rows as before: only those that differ are drawn."""
        before = self.source
        first = next((i for i in range(source.row_count) if before.row(i) != source.row(i)), None)
        if first is not None:
            self._source = source
            self.rows_changed(first)

    def _trust_lines(self, source: VerifySource) -> None:
        if not self.digest:
            return
        key = keys_of(BY_ID["trust"])
        for line in clean(self._ask or "VERIFY.md is not trusted.").splitlines():
            line = expand_tabs(guard_line(line))
            source.add(Line(line, ((0, len(line), "warning"),)))
        text = f"{key} trusts this VERIFY.md and runs its gates."
        source.add(Line(text, ((0, len(key), "task"),)))
        source.add(Line(""))

    def _gate_lines(self, source: VerifySource, gate: GateView, name_width: int) -> None:
        state = gate_state(gate, self._transcript)
        sign, _ = GATE_SIGN[state]
        word, seconds = gate_words(gate, state, self._now)
        name = clean_line(gate.name)
        style = _STYLE.get(state, "dim")
        head = f"{sign} {name:<{name_width}}"
        reason = f": {clean_line(gate.reason)}" if gate.reason else ""
        text = f"{head}  {seconds:>7}  {word}{reason}"
        tail = (len(head), len(head) + 9, "detail")
        source.add(Line(text, ((0, len(head), style), tail, (len(head) + 11, len(text), style)), hang="  "), gate.name)
        if not self._folds.get(gate.name, _folded(gate)):
            for line in _output_lines(gate):
                source.add(
                    Line(line, ((0, len(line), "output"),), lead="  │ ", hang="  │ ", mark="separator"), gate.name
                )

    def _verdict_lines(self, source: VerifySource) -> None:
        verify = self._transcript.verify
        if verify is None:
            if not self._transcript.gates and not self.digest:
                source.add(Line("No gate has run yet.", ((0, 20, "dim"),)))
            return
        sign, style = {"passed": ("✓", "ok"), "failed": ("✗", "error"), "not_run": ("–", "warning")}[verify.status]
        words = {"passed": "All gates passed.", "failed": "A gate failed.", "not_run": "Nothing was verified."}[
            verify.status
        ]
        reason = clean_line(verify.reason)
        text = f"{sign} {words} {reason}".rstrip()
        if self._transcript.gates:
            source.add(Line(""))
        source.add(Line(text, ((0, 2 + len(words), style),), hang="  "))
        if verify.proposal:
            source.add(Line(""))
            title = "A VERIFY.md for this project could be:"
            source.add(Line(title, ((0, len(title), "dim"),)))
            for line in clean(verify.proposal).splitlines():
                source.add(Line(expand_tabs(guard_line(line)), lead="  ", hang="  "))


def _folded(gate: GateView) -> bool:
    """Green gates are folded; a running one shows its tail, a failed one all that was kept."""
    return gate.state not in ("running", "failed", "timeout")


def _output_lines(gate: GateView) -> list[str]:
    """The end of a gate's output as safe lines."""
    limit = _TAIL_CHARS if gate.state == "running" else 200_000
    pieces: list[str] = []
    size = 0
    for piece in reversed(gate.output):
        pieces.append(piece)
        size += len(piece)
        if size >= limit:
            break
    cleaner = Cleaner("overwrite")
    text = cleaner.feed("".join(reversed(pieces))[-limit:]) + cleaner.finish()
    lines = [expand_tabs(guard_line(line.rstrip("\r").rpartition("\r")[2])) for line in text.rstrip("\n").split("\n")]
    most = _RUNNING_LINES if gate.state == "running" else _FAILED_LINES
    return lines[-most:] if any(lines) else []
