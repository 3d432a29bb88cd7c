"""What waits for a person's word: the question, the change it is about, and how to answer."""

from collections.abc import Iterable
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from steer.domain.events import ApprovalRequested
from steer.render.clean import clean_line
from steer.render.diff import DiffDocument
from steer.ui.chrome import Line, LineWidget, Part, cells, fit
from steer.ui.commander import QUESTION
from steer.ui.widgets.line_view import LineView

_MOST_ROWS: Final = 10
_KIND: Final = {"delete": "delete a file", "diff": "apply a change", "command": "run a command"}


class Question(LineWidget):
    """The question, in one line."""

    ask: ApprovalRequested | None = None
    more: int = 0

    def lines(self, width: int) -> Iterable[Line]:
        if self.ask is None:
            return []
        what = (
            clean_line(self.ask.question)
            or f"The model wants to {_KIND.get(self.ask.kind, clean_line(self.ask.kind))}."
        )
        others = f" +{self.more} more" if self.more else ""
        sign = " ? " if self.ask.kind == QUESTION else " ! "
        return [[(sign, "ask"), (" ", ""), (fit(what, width - 4 - len(others)), "bar.project"), (others, "bar.dim")]]


class Answers(LineWidget):
    """``y allow   n deny``, clickable."""

    asks_words = False

    class Chosen(Message):
        """An answer was clicked: the id of its action."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[int, int, str]] = []

    def lines(self, width: int) -> Iterable[Line]:
        line: list[Part] = [("    ", "")]
        self._spans = []
        if self.asks_words:
            return [[*line, ("type the answer and press ", "prompt.hint"), ("⏎", "ask.key")]]
        for key, word, action_id in (("y", "allow", "allow"), ("n", "deny", "deny")):
            start = cells(line)
            line += [(key, "ask.key"), (f" {word}", "bar")]
            self._spans.append((start, cells(line), action_id))
            line.append(("     ", ""))
        return [[*line, (fit("alt+n: the prompt's text goes along as the reason", width - cells(line)), "prompt.hint")]]

    def on_click(self, event: events.Click) -> None:
        for first, last, action_id in self._spans:
            if first <= event.x < last:
                self.post_message(self.Chosen(action_id))
                event.stop()


class Callout(Vertical):
    """The oldest open question; hidden while there is none."""

    DEFAULT_CSS = """
    Callout { display: none; height: auto; background: $background; border-left: thick $warning; }
    Callout LineView { height: 1; background: $background; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ask: ApprovalRequested | None = None
        self._question = Question()
        self._view = LineView(follow=False)
        self._view.can_focus = False
        self._answers = Answers()

    def compose(self) -> ComposeResult:
        yield self._question
        yield self._view
        yield self._answers

    def put(self, ask: ApprovalRequested | None, more: int) -> None:
        """Show a question (None: hide) and say how many more wait behind it."""
        if ask is None:
            self.ask = None
            self.display = False
            return
        new = self.ask is None or ask.call_id != self.ask.call_id
        self.ask, self._question.ask, self._question.more = ask, ask, more
        self._answers.asks_words = ask.kind == QUESTION
        if new:
            change = DiffDocument(ask.diff, max(20, self.app.size.width - 4))
            self._view.styles.height = max(1, min(_MOST_ROWS, change.row_count, max(1, self.app.size.height // 3)))
            self._view.display = bool(change.row_count)
            self._view.set_source(change)
            self.display = True
        self._question.show()
        self._answers.show()
