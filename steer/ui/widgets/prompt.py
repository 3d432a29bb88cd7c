"""The prompt: several lines, pastes kept as one word, a history, and at its right end what Enter would do."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Final, TypeAlias

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import TextArea

from steer.render.clean import clean
from steer.ui.chrome import Line, LineWidget, Part, cells, fit

Press: TypeAlias = Callable[[str], bool]
PASTE_LINES: Final = 8
PASTE_CHARS: Final = 1_000
"""From this size on a paste is shown as a word: the text area lays out every character it holds."""
_HISTORY: Final = 200


class PromptArea(TextArea):
    """The text being written. ``press`` is asked about each key first, and says whether it has carried it out.

    Keys come here in the order in which they were typed, so that an Enter sees the text that was typed before it.
    """

    DEFAULT_CSS = """
    PromptArea {
        height: auto; max-height: 8; width: 1fr; border: none; padding: 0; background: $background; color: $foreground;
        scrollbar-size: 0 0;
    }
    PromptArea:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    class Edited(Message):
        """The text has changed."""

    def __init__(self, press: Press, *, id: str | None = None) -> None:
        super().__init__(
            "",
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            tab_behavior="focus",
        )
        self.cursor_blink = False
        self._press = press
        self._pastes: dict[str, str] = {}
        self._history: list[str] = []
        self._at = 0
        self._draft = ""

    async def _on_key(self, event: events.Key) -> None:
        if self._press(event.key):
            event.stop()
            event.prevent_default()

    # -- text ------------------------------------------------------------------------------------------------------

    @property
    def written(self) -> str:
        """The text with every paste in its place."""
        text = self.text
        for word, pasted in self._pastes.items():
            text = text.replace(word, pasted)
        return text

    @property
    def offered(self) -> str:
        """The task that an empty prompt offers."""
        return str(self.placeholder)

    def offer(self, task: str) -> None:
        """Show a task in the empty prompt: Enter sends it, typing replaces it; an empty one offers nothing any more."""
        self.placeholder = task

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    def put(self, text: str) -> None:
        """Replace the text; a large one is shown as a word."""
        shown = self._word(text) if _is_large(text) else clean(text)
        self.text = shown
        self.move_cursor(self.document.end)

    def take(self) -> str:
        """The text, which is then gone from the prompt and last in the history."""
        written = self.written
        if self.text.strip() and (not self._history or self._history[-1] != self.text):
            self._history = [*self._history[-_HISTORY:], self.text]
        self._at, self._draft = len(self._history), ""
        self.text = ""
        return written

    def break_line(self) -> None:
        """A new line at the cursor."""
        self.insert("\n", maintain_selection_offset=False)

    def _word(self, text: str) -> str:
        lines = text.count("\n") + 1
        word = f"[pasted {lines:,} lines]" if lines > 1 else f"[pasted {len(text):,} characters]"
        number = 2
        base = word[:-1]
        while word in self._pastes and self._pastes[word] != text:
            word, number = f"{base} #{number}]", number + 1
        self._pastes[word] = text
        return word

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if text:
            self.insert(self._word(text) if _is_large(text) else clean(text), maintain_selection_offset=False)

    # -- history ---------------------------------------------------------------------------------------------------

    @property
    def in_first_line(self) -> bool:
        """Whether the cursor stands in the first row that the text is wrapped to."""
        return self.cursor_location[0] == 0 and self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def in_last_line(self) -> bool:
        """Whether it stands in the last one."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y >= self.wrapped_document.height - 1

    def older(self) -> None:
        """The input before this one."""
        if self._at == len(self._history):
            self._draft = self.text
        self._show(max(0, self._at - 1))

    def newer(self) -> None:
        """The input after this one; behind the last one what was being written."""
        self._show(min(len(self._history), self._at + 1))

    def _show(self, at: int) -> None:
        if at == self._at:
            return
        self._at = at
        self.text = self._history[at] if at < len(self._history) else self._draft
        self.move_cursor(self.document.end)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())


def _is_large(text: str) -> bool:
    return len(text) > PASTE_CHARS or text.count("\n") >= PASTE_LINES


class Glyph(LineWidget):
    """The mark before the prompt."""

    DEFAULT_CSS = """
    Glyph { width: 3; }
    """

    def lines(self, width: int) -> Iterable[Line]:
        return [[(" › ", "prompt.glyph")]]


class Words(LineWidget):
    """``⏎ redirect now, keeps 312 tokens`` and the hints, or a passing remark in place of the hints."""

    words: reactive[str] = reactive("", repaint=False)
    hints: reactive[tuple[tuple[str, str], ...]] = reactive((), repaint=False)
    flash: reactive[str] = reactive("", repaint=False)

    def watch_words(self) -> None:
        self.show()

    def watch_hints(self) -> None:
        self.show()

    def watch_flash(self) -> None:
        self.show()

    def hint_parts(self, room: int) -> list[Part]:
        """The remark, or as many hints as there is room for."""
        if self.flash:
            return [(fit(self.flash, room), "prompt.enter")]
        out: list[Part] = []
        for key, label in self.hints:
            part: list[Part] = [("   " if out else "", ""), (key, "prompt.key"), (f" {label}", "prompt.hint")]
            if cells(out) + cells(part) > room:
                break
            out += part
        return out


class PromptEnd(Words):
    """The prompt's right end: what Enter would do now; on a broad screen the hints too."""

    DEFAULT_CSS = """
    PromptEnd { width: 12; }
    """
    broad: reactive[bool] = reactive(False, repaint=False)
    _STEP: Final = 4

    def watch_broad(self) -> None:
        self.show()

    def _parts(self) -> list[Part]:
        parts: list[Part] = [("⏎ ", "prompt.key"), (self.words, "prompt.enter")]
        if self.broad and (hints := self.hint_parts(self.app.size.width * 3 // 5 - cells(parts) - 6)):
            parts += [("    ", ""), *hints]
        return [*parts, (" ", "")]

    def show(self) -> None:
        wanted = -(-cells(self._parts()) // self._STEP) * self._STEP
        most = max(12, self.app.size.width * 3 // 5)
        if self.styles.width is None or self.styles.width.value != min(wanted, most):
            self.styles.width = min(wanted, most)
        super().show()

    def lines(self, width: int) -> Iterable[Line]:
        parts = self._parts()
        if cells(parts) > width:
            parts = [("⏎ ", "prompt.key"), (fit(self.words, width - 3), "prompt.enter"), (" ", "")]
        return [[(" " * (width - cells(parts)), ""), *parts]]


class HintLine(Words):
    """The last line of a narrow screen: the hints, or a passing remark."""

    def lines(self, width: int) -> Iterable[Line]:
        return [[(" ", ""), *self.hint_parts(width - 2)]]


class Prompt(Horizontal):
    """The row of mark, text and right end."""

    DEFAULT_CSS = """
    Prompt { height: auto; max-height: 8; width: 1fr; background: $background; }
    """

    def __init__(self, press: Press, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.area = PromptArea(press, id="prompt-area")
        self.end = PromptEnd(id="prompt-end")

    def compose(self) -> ComposeResult:
        yield Glyph()
        yield self.area
        yield self.end
