"""A page of text over the cockpit: the keys, what fills the context."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from steer.domain.transcript import Transcript
from steer.render.lines import Line, LineBlock
from steer.render.rows import Row
from steer.ui.actions import ACTIONS, GROUPS, keys_of
from steer.ui.facts import tokens_text
from steer.ui.widgets.line_view import LineView

_KEYS_WIDTH: Final = 22
_NAME_WIDTH: Final = 11


class BlockSource:
    """Wrapped lines as the rows of a view."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._block = LineBlock(80)
        for line in lines:
            self._block.append(line)

    @property
    def row_count(self) -> int:
        return self._block.row_count

    def row(self, index: int) -> Row:
        return self._block.row(index)

    def set_width(self, width: int) -> None:
        self._block.set_width(width)

    def locate(self, row: Row) -> int:
        return self._block.first_row(row.line)


class Page(ModalScreen[None], inherit_bindings=False):
    """Lines of text in a frame; scrolled with the wheel and the page keys, closed with Esc."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._source = title, BlockSource(lines)
        self.view = LineView(self._source, follow=False)
        self.view.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as frame:
            frame.border_title = f"{self._title} · esc closes"
            yield self.view

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self, _: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        self._source.set_width(max(20, min(92, self.app.size.width - 8)))
        self.view.styles.height = max(1, min(self._source.row_count, self.app.size.height * 9 // 10 - 2))

    def scroll_page(self, by: int) -> None:
        """Scroll by so many pages."""
        self.view.move_top(self.view.scroll_offset.y + by * max(1, self.view.size.height - 1))


def help_rows() -> list[Line]:
    """The keys and commands by group, from the table of actions."""
    lines: list[Line] = []
    for group in GROUPS:
        if lines:
            lines.append(Line(""))
        lines.append(Line(group, ((0, len(group), "heading"),)))
        for action in ACTIONS:
            if action.group != group or not action.label:
                continue
            keys = keys_of(action)
            name = f"/{action.slash}" if action.slash else ""
            left = f"{keys:<{_KEYS_WIDTH}} {name:<{_NAME_WIDTH}}"
            text = f"{left} {action.text}"
            spans = ((0, len(keys), "task"), (_KEYS_WIDTH + 1, len(left), "tool"))
            lines.append(Line(text, spans, hang=" " * (len(left) + 1)))
    return lines


def context_rows(transcript: Transcript) -> list[Line]:
    """What fills the context window, the largest first."""
    usage = transcript.usage
    if usage is None:
        text = "Nothing has been sent yet."
        return [Line(text, ((0, len(text), "dim"),))]
    total = max(1, sum(usage.categories.values()))
    lines: list[Line] = []
    for name, tokens in sorted(usage.categories.items(), key=lambda item: -item[1]):
        bar = "█" * max(0, round(30 * tokens / total))
        text = f"{name.replace('_', ' '):<16} {tokens_text(tokens):>8} tokens  {tokens / total:>4.0%}  {bar}"
        lines.append(Line(text, ((len(text) - len(bar), len(text), "running"),)))
    window = f" of {tokens_text(usage.window)}" if usage.window else "; the window's size is not known"
    said = f"{transcript.tokens():,} tokens{window}"
    reported = (
        "as the endpoint reported" if usage.prompt_tokens is not None else "estimated; the endpoint has reported none"
    )
    cached = f", {usage.cached_tokens:,} of them cached" if usage.cached_tokens else ""
    return [*lines, Line(""), Line(f"In all {said}, {reported}{cached}.")]
