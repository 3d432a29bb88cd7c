"""The two lines on top: where and how fast, and how full the context window is."""

from collections.abc import Iterable
from typing import Final

from textual.reactive import reactive

from steer.ui.chrome import Line, LineWidget, Part, cells, fit, spread
from steer.ui.facts import SPARK_SECONDS, Context, Header, spark, tokens_text

_MARKS: Final = (0.30, 0.60, 0.80)
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_MOST_BAR: Final = 60
_RATE_WIDTH: Final = 13
"""Cells of ``123,456 tok/s``: the figure does not move what stands left of it."""


class HeaderLine(LineWidget):
    """`` steer  project @ branch · turn 3 task · model`` and, at the right, the state, the rate and a sparkline."""

    facts: reactive[Header] = reactive(Header(), repaint=False)

    def watch_facts(self) -> None:
        self.show()

    def lines(self, width: int) -> Iterable[Line]:
        facts = self.facts
        right = self._right(facts, width)
        room = width - cells(right) - 1
        left: list[Part] = [(" steer ", "bar.name"), ("  " if width >= 60 else " ", "")]
        if facts.project:
            where = f" @ {facts.branch}" if facts.branch and width >= 60 else ""
            left += [(fit(facts.project, 30), "bar.project"), (fit(where, 30), "bar.dim")]
        model = facts.model + (" (scripted)" if facts.scripted and "scripted" not in facts.model else "")
        tail: list[Part] = [(" · ", "bar.dim"), (fit(model, 40), "bar")] if model else []
        if facts.turn:
            left += [(f" · turn {facts.turn} ", "bar.dim")]
            left += [(fit(facts.task, max(0, room - cells(left) - cells(tail))), "bar")]
        if cells(left) + cells(tail) <= room:
            left += tail
        return [spread(left, right, width)]

    def _right(self, facts: Header, width: int) -> list[Part]:
        if facts.paused:
            return [(" ‖ paused ", "bar.hold"), (" ", "")]
        right: list[Part] = [(f"{facts.sign} {facts.state} ", "bar.state")]
        if facts.rate:
            if width < 70:
                right = []
            right.append((f"{facts.rate:,} tok/s".rjust(_RATE_WIDTH), "bar.live"))
        if facts.history and width >= 100:
            right.append((f"  {spark(facts.history):>{SPARK_SECONDS}}", "bar.state"))
        return [*right, (" ", "")]


class ContextLine(LineWidget):
    """The meter with its marks at 30, 60 and 80 %, the figures, the band in words and the forecast."""

    facts: reactive[Context] = reactive(Context(), repaint=False)

    def watch_facts(self) -> None:
        self.show()

    def lines(self, width: int) -> Iterable[Line]:
        facts = self.facts
        sign = "~" if facts.estimated else ""
        name = " context " if width >= 60 else " "
        if facts.window is None or facts.fraction is None:
            words = f"{sign}{tokens_text(facts.tokens)} tokens" if facts.tokens else "nothing sent yet"
            return [[(name, "bar.dim"), (words, "bar"), ("  window not known" if facts.tokens else "", "bar.dim")]]
        band = facts.band or "sharp"
        figures = f"{sign}{tokens_text(facts.tokens)}/{tokens_text(facts.window)} {facts.fraction:.0%}"
        right: list[Part] = [(f"  {figures} ", "bar"), (f"{band} ", f"meter.{band}")]
        steps = "".join(f"  {step}" for step in facts.steps)
        # A fixed place for the forecast: it comes and goes with each request, the bar must not jump.
        room = 34 if width >= 110 else 0
        bar = max(0, min(_MOST_BAR, width - len(name) - max(cells(right), 30) - room - 1))
        line: list[Part] = [(name, "bar.dim"), *meter(facts.fraction, bar, f"meter.{band}"), *right]
        if room:
            line.append((fit(steps, room), "bar.dim"))
        return [line]


def meter(fraction: float, width: int, style: str) -> list[Part]:
    """A bar of ``width`` cells, filled to ``fraction`` in eighths of a cell, with a mark where each band begins."""
    if width < 4:
        return []
    full = min(1.0, max(0.0, fraction)) * width
    marks = {min(width - 1, int(mark * width)) for mark in _MARKS}
    out: list[Part] = []
    for x in range(width):
        filled = full - x
        if x in marks and filled < 1:
            out.append(("│", "meter.mark"))
        elif filled >= 1:
            out.append(("█", style))
        elif filled >= 1 / 8:
            out.append((_EIGHTHS[int(filled * 8)], style))
        else:
            out.append(("·", "meter.rest"))
    return _joined(out)


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbours of one style as one part."""
    out: list[Part] = []
    for text, style in parts:
        if out and out[-1][1] == style:
            out[-1] = (out[-1][0] + text, style)
        else:
            out.append((text, style))
    return out
