"""What waits above the prompt: messages for later, each with its delivery in words, and the pill of new rows."""

from collections.abc import Iterable
from typing import Final

from textual.reactive import reactive

from steer.render.clean import clean_line
from steer.ui.actions import BY_ID, keys_of
from steer.ui.chrome import Line, LineWidget, cells, fit, spread

_MOST: Final = 4
"""Messages shown; the others are counted."""


class Waiting(LineWidget):
    """One row a waiting message, oldest first. ``editing`` is the id of the one that is in the prompt."""

    DEFAULT_CSS = """
    Waiting { display: none; }
    """
    queue: reactive[tuple[tuple[str, str], ...]] = reactive((), repaint=False)
    editing: reactive[str] = reactive("", repaint=False)
    held: reactive[bool] = reactive(False, repaint=False)
    """Nothing runs: an interrupt holds the queue until the next turn has been asked for."""

    def watch_queue(self) -> None:
        rows = min(len(self.queue), _MOST)
        if self.display != bool(rows) or self.styles.height is None or self.size.height != rows:
            self.display = bool(rows)
            self.styles.height = max(1, rows)
        self.show()

    def watch_editing(self) -> None:
        self.show()

    def watch_held(self) -> None:
        self.show()

    def lines(self, width: int) -> Iterable[Line]:
        more = len(self.queue) - _MOST
        shown = self.queue[-_MOST:] if more > 0 else self.queue
        for number, (message_id, text) in enumerate(shown, len(self.queue) - len(shown) + 1):
            delivery = "held: after your next turn" if self.held else "waits: end of turn"
            state = "being edited" if message_id == self.editing else delivery
            words = f" {number} {state}  "
            hint = f"{keys_of(BY_ID['edit_queue'])} edits " if number == len(self.queue) and width >= 60 else ""
            room = width - cells([(words, ""), (hint, "")]) - 1
            text = fit(clean_line(text[:400]), room)
            yield spread([(words, "wait"), (text, "bar")], [(hint, "prompt.hint")], width)
