"""What the stream costs: CPU seconds per 10,000 tokens, alone and in a Textual app that writes to nowhere.

    python -m benchmarks.render [--rate TOKENS_A_SECOND] [--turns N] [--tokens N]

``document`` is events to rows; ``screen`` adds the widget, the compositor and the escape sequences, at 30 frames a second on
a screen of 120x40. The figures are process time: waiting costs nothing.
"""

import argparse
import asyncio
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver

from steer.domain.events import Event, TextDelta, TurnFinished, TurnStarted
from steer.render.document import Document
from steer.ui.widgets.stream import StreamView

_PROSE = (
    "Next I look at how the **week parser** treats years of 53 weeks, since `parse_date` hands those on unchanged and "
    "the callers of it expect a *date*, not a tuple. The rule is in ISO 8601, section 5.2.3: see "
    "[the calendar](https://example.org/iso-8601) for the table.\n\n"
    "- the first week has the year's first Thursday\n- a year has 53 weeks if it begins or ends on one\n\n"
    "1. add the check\n2. run the tests again\n\n### What changes\n\n> Only this file; the tests stay.\n\n"
)
_SOURCE = Path(__file__).parent.parent.joinpath("steer/render/highlight.py").read_text(encoding="utf-8")
_FPS = 30


def tokens(text: str) -> list[str]:
    """Pieces of about four characters, as a tokenizer would cut."""
    return re.findall(r"\s?[^\s]{1,5}|\s+", text)


def mixed(count: int) -> list[str]:
    """Prose and fences of 40 lines by turns."""
    lines = _SOURCE.splitlines(keepends=True)
    out: list[str] = []
    at = 0
    while len(out) < count:
        code = "".join(lines[at : at + 40])
        at = (at + 40) % max(1, len(lines) - 40)
        out += tokens(f"{_PROSE}```python\n{code}```\n\n")
    return out[:count]


def fence(count: int) -> list[str]:
    """One fence of nothing but code."""
    out = tokens("```python\n")
    while len(out) < count:
        out += tokens(_SOURCE)
    return out[:count]


def turns(material: list[str], number: int) -> Iterator[Event]:
    yield TurnStarted(number, "Add the week parser")
    yield from (TextDelta(piece, 1) for piece in material)
    yield TurnFinished(number, "completed", "", (), 0, 0, 0, len(material), 1.0)


def frames(events: list[Event], rate: int) -> Iterator[list[Event]]:
    size = max(1, rate // _FPS)
    for at in range(0, len(events), size):
        yield events[at : at + size]


def document_cost(material: list[str], rate: int) -> float:
    """CPU seconds of rows alone, those on screen made at each frame."""
    document = Document(118)
    events = list(turns(material, 1))
    start = time.process_time()
    for frame in frames(events, rate):
        for event in frame:
            document.feed(event)
        document.flush()
        for row in range(max(0, document.row_count - 38), document.row_count):
            document.row(row)
    return (time.process_time() - start) * 10_000 / len(material)


class Nowhere(HeadlessDriver):
    """A driver like a terminal's, with no terminal: what is drawn is counted."""

    written = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        Nowhere.written += len(data)


class Bench(App[None]):
    """Streams turns as fast as told and notes the CPU time of each."""

    def __init__(self, turns_: list[list[Event]], rate: int) -> None:
        super().__init__(driver_class=Nowhere)
        self._turns, self._rate = turns_, rate
        self.costs: list[float] = []
        self.flushing = 0.0

    def compose(self) -> ComposeResult:
        yield StreamView()

    def on_ready(self) -> None:
        self.run_worker(self._run())

    async def _run(self) -> None:
        view = self.query_one(StreamView)
        await asyncio.sleep(0.3)
        for events in self._turns:
            start = time.process_time()
            due = time.perf_counter()
            for frame in frames(events, self._rate):
                began = time.process_time()
                view.feed(frame)
                view.flush()
                self.flushing += time.process_time() - began
                due += 1 / _FPS
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.costs.append(time.process_time() - start)
        self.exit()


def screen_cost(material: list[str], rate: int, count: int) -> tuple[list[float], float]:
    """CPU seconds per 10,000 tokens of each turn, and the share of it that is ``StreamView.flush``."""
    app = Bench([list(turns(material, number)) for number in range(1, count + 1)], rate)
    app.run(size=(120, 40))
    scale = 10_000 / len(material)
    return [cost * scale for cost in app.costs], app.flushing * scale / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=10_000, help="tokens a second")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=20_000, help="tokens a turn")
    options = parser.parse_args()
    print(f"{options.rate} tokens/s, CPU seconds per 10,000 tokens")
    totals: dict[str, float] = {}
    for name, make in (("mixed", mixed), ("long fence", fence)):
        material = make(10_000)
        alone = document_cost(material, options.rate)
        costs, flushing = screen_cost(material, options.rate, 1)
        totals[name] = costs[0]
        print(f"{name:>10}: document {alone:.3f}, with screen {costs[0]:.3f} (flush {flushing:.3f})")
    print(f"drawn: {Nowhere.written / 1e6:.1f} MB of escape sequences and text")
    print(f"long fence / mixed: {totals['long fence'] / totals['mixed']:.2f}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    costs, _ = screen_cost(mixed(options.tokens), options.rate, options.turns)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    shown = ", ".join(f"{cost:.3f}" for cost in costs)
    print(f"turns of {options.tokens} tokens: {shown}; last / first {costs[-1] / costs[0]:.2f}; memory +{grown:.0f} MB")


if __name__ == "__main__":
    main()
