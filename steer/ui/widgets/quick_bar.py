"""The nine quick-steer buttons, drawn as one line."""

from collections.abc import Iterable
from typing import Final

from textual import events
from textual.message import Message
from textual.reactive import reactive

from steer.domain.constraints import ConstraintSet
from steer.render.clean import clean_line
from steer.ui.actions import BUTTONS, Action
from steer.ui.chrome import Line, LineWidget, Part, cells, fit
from steer.ui.quick_steer import in_force, label_of

ON: Final = "●"
_SHORT: Final = {
    "only_file": "only",
    "show_diff": "diff",
    "keep_tests": "no tests",
    "max_lines": "max",
    "no_new": "no new",
    "ask_delete": "ask del",
    "explain": "why",
    "research": "read",
    "simplify": "simp",
}


class QuickBar(LineWidget):
    """``1 only this file  2 show diff first ●  ...``: a dot says that a constraint is in force. Clicked or Alt+digit."""

    constraints: reactive[tuple[str, ...]] = reactive((), repaint=False)

    class Pressed(Message):
        """A button was clicked."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: list[tuple[int, int, str]] = []

    def watch_constraints(self) -> None:
        self.show()

    def lines(self, width: int) -> Iterable[Line]:
        """The widest form that fits: words, short words, figures only."""
        rules = ConstraintSet.parse(self.constraints)
        for form in ("words", "short", "figures"):
            line, spans = self._line(rules, form)
            if cells(line) <= width:
                break
        self._spans = spans
        return [line]

    def _line(self, rules: ConstraintSet, form: str) -> tuple[list[Part], list[tuple[int, int, str]]]:
        line: list[Part] = [(" ", "")]
        spans: list[tuple[int, int, str]] = []
        for number, button in enumerate(BUTTONS, 1):
            on = in_force(button, rules) is not None
            words = self._words(button, rules, form)
            start = cells(line)
            style = "button.on" if on else "button"
            line.append((str(number), style if on else "button.key"))
            line.append((f" {words}" if words else "", style))
            line.append((f" {ON}" if on and form == "words" else ON if on else "", style))
            spans.append((start, cells(line), button.id))
            line.append(("  " if form == "words" else " ", ""))
        return line[:-1], spans

    def _words(self, button: Action, rules: ConstraintSet, form: str) -> str:
        if form == "figures":
            return ""
        active = in_force(button, rules)
        if form == "words" or (active is not None and active.limit):
            return fit(clean_line(label_of(button, rules)), 24)
        return _SHORT[button.id]

    def on_click(self, event: events.Click) -> None:
        for first, last, action_id in self._spans:
            if first <= event.x < last:
                self.post_message(self.Pressed(action_id))
                event.stop()
