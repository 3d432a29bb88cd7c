"""The cockpit: header, panes, what waits, buttons and prompt, and how keys and events reach them."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from steer.domain.commands import Steer, Submit
from steer.domain.errors import SteerError
from steer.domain.events import Event, Notice
from steer.ui.actions import BY_ID, Situation, key_name, resolve
from steer.ui.bridge import IDLE_POLL, Bridge, Opener
from steer.ui.chrome import Part
from steer.ui.commander import QUESTION, Commander
from steer.ui.facts import Context, Facts, Header, enter_words
from steer.ui.geometry import PANES, Pane
from steer.ui.screens.page import Page, context_rows, help_rows
from steer.ui.titles import diff_title, gates_title
from steer.ui.widgets.callout import Answers, Callout
from steer.ui.widgets.diff_pane import DiffPane
from steer.ui.widgets.header import ContextLine, HeaderLine
from steer.ui.widgets.line_view import LineView
from steer.ui.widgets.panes import Panes
from steer.ui.widgets.prompt import HintLine, Prompt, PromptArea
from steer.ui.widgets.quick_bar import QuickBar
from steer.ui.widgets.stream import StreamView
from steer.ui.widgets.verify_pane import VerifyPane
from steer.ui.widgets.waiting import Waiting

READ_FIRST: Final = 0.4
"""Seconds for which a question that has just appeared takes no key (T6)."""
_FLASH: Final = 4.0
_BROAD: Final = 140
_SHORT: Final = 16


_UPDATE: Final = 1 / 200
"""Seconds from a change to its drawing."""


class CockpitScreen(Screen[None], inherit_bindings=False):
    """The main screen. ``header`` and the other reactives are set by the bridge's facts, at most once a frame."""

    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = "#prompt-area"

    header: reactive[Header] = reactive(Header(), repaint=False)
    context: reactive[Context] = reactive(Context(), repaint=False)
    constraints: reactive[tuple[str, ...]] = reactive((), repaint=False)
    queue: reactive[tuple[tuple[str, str], ...]] = reactive((), repaint=False)
    editing: reactive[str] = reactive("", repaint=False)
    held: reactive[bool] = reactive(False, repaint=False)
    words: reactive[str] = reactive("", repaint=False)
    hints: reactive[tuple[tuple[str, str], ...]] = reactive((), repaint=False)
    remark: reactive[str] = reactive("", repaint=False)

    def __init__(self, opener: Opener, header: Header, task: str | None = None, suggestion: str = "") -> None:
        super().__init__(id="cockpit")
        self._opener, self._first_task, self._suggestion = opener, task, suggestion
        self.clock: Callable[[], float] = monotonic
        self.set_reactive(CockpitScreen.header, header)
        self.bridge = Bridge()
        self.prompt = Prompt(self.press, id="prompt")
        self.commander = Commander(self.bridge, self.area, self, lambda: self.clock())
        self.stream = StreamView(id="stream")
        self.diff = DiffPane(id="diff")
        self.verify = VerifyPane(id="verify")
        self.panes = Panes({"stream": self.stream, "diff": self.diff, "verify": self.verify}, id="panes")
        self.callout = Callout(id="callout")
        self._drawing = False
        self._updates: Timer | None = None
        self._remark_timer: Timer | None = None
        self._asked_at = 0.0
        self._sought = ""

    @property
    def area(self) -> PromptArea:
        """The prompt's text area."""
        return self.prompt.area

    def compose(self) -> ComposeResult:
        yield HeaderLine(id="header").data_bind(facts=CockpitScreen.header)
        yield ContextLine(id="context").data_bind(facts=CockpitScreen.context)
        yield self.panes
        yield self.callout
        yield Waiting(id="waiting").data_bind(CockpitScreen.queue, CockpitScreen.editing, CockpitScreen.held)
        yield QuickBar(id="quick").data_bind(constraints=CockpitScreen.constraints)
        yield self.prompt
        yield HintLine(id="hints").data_bind(hints=CockpitScreen.hints, flash=CockpitScreen.remark)

    def on_mount(self) -> None:
        self.prompt.end.data_bind(words=CockpitScreen.words, hints=CockpitScreen.hints, flash=CockpitScreen.remark)
        for view in self.panes.views.values():
            view.can_focus = False
        self.set_interval(IDLE_POLL, self._poll)
        if self._suggestion:
            self.area.offer(self._suggestion)
        self._titles(self.bridge.facts)
        self.changed()
        self.call_after_refresh(self._begin)

    # -- the session -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The first paint is done: now the heavy part may load."""
        self.run_worker(self._open(), name="open", exclusive=True, group="open")

    async def _open(self) -> None:
        try:
            cockpit = await self._opener()
        except SteerError as error:
            self._failed(error)
            return
        self.bridge.connect(cockpit)
        if self._first_task:
            self.commander.start(self._first_task)
        self._poll()
        self.changed()

    def _failed(self, error: SteerError) -> None:
        """There is no session; the screen says why, and what was typed comes back."""
        failure = f"{error.message} {error.remedy}".strip()
        self.header = Header(
            self.header.project, self.header.branch, model=self.header.model, state="could not start", sign="!"
        )
        self.stream.feed([Notice(failure, "error")])
        self.stream.flush()
        waiting = [command.text for command in self.bridge.fail(failure) if isinstance(command, Submit | Steer)]
        if waiting and self.area.is_blank:
            self.area.put("\n".join(waiting))
        self.commander.awaiting = False
        self.changed()

    @property
    def _update_timer(self) -> Timer:
        """Textual's own timer between a change and its drawing, at 5 ms instead of 17: the bridge paces the frames already,
        and a second wait of 8 ms in the middle would only be lag."""
        if self._updates is None:
            self._updates = self.set_interval(_UPDATE, self._on_timer_update, name="screen_update", pause=True)
        return self._updates

    def _poll(self) -> None:
        """Idle: look whether something has come, and begin with frames if so."""
        if not self._drawing:
            self.bridge.rested()
            self._frame()

    def _frame(self) -> None:
        """One frame, and the timer for the next: a timer each, since the time between them varies with their cost."""
        self._drawing = self.bridge.frame(self)
        if self._drawing:
            self.set_timer(self.bridge.wait(), self._frame)

    def on_events(self, events: Sequence[Event]) -> None:
        """The bridge's: draw what has happened."""
        transcript = self.bridge.transcript
        self.stream.feed(events)
        self.stream.flush()
        self.diff.feed(events)
        self.verify.feed(events, transcript, self.bridge.now())
        self.commander.observe(events)
        self._ask()

    def on_facts(self, facts: Facts) -> None:
        """The bridge's: figures have changed."""
        self.header, self.context = facts.header, facts.context
        self.constraints, self.queue = facts.constraints, facts.queue
        self.held = facts.phase == "idle"
        self._titles(facts)
        self.changed()

    def on_second(self) -> None:
        """The bridge's: clocks run on."""
        self.verify.tick(self.bridge.now())

    def _ask(self) -> None:
        waiting = self.commander.open_approvals
        first = waiting[0] if waiting else None
        shown = self.callout.ask
        if first is not None and (shown is None or shown.call_id != first.call_id):
            self._asked_at = self.clock()
        if first is not shown or len(waiting) > 1:
            self.callout.put(first, len(waiting) - 1)
            self.changed()

    def _titles(self, facts: Facts) -> None:
        stream: list[Part] = [("Stream", "")]
        if self.stream.new_rows:
            stream.append((f" ↓ {self.stream.new_rows:,} new lines", "bar.state"))
        self.panes.title("stream", stream)
        self.panes.title("diff", diff_title(facts.diff))
        self.panes.title("verify", gates_title(facts.gates))

    def on_line_view_follow_changed(self, event: LineView.FollowChanged) -> None:
        event.stop()
        self._titles(self.bridge.facts)

    # -- keys and clicks -------------------------------------------------------------------------------------------

    def situation(self) -> Situation:
        """What decides about keys now."""
        waiting = self.commander.open_approvals
        asks = bool(waiting) and waiting[0].kind != QUESTION and self.callout.display
        fresh = asks and self.clock() - self._asked_at < READ_FIRST
        return Situation(
            modal=self.app.screen is not self,
            running=self.commander.running,
            empty=self.area.is_blank,
            selection=bool(self.selections) or bool(self.area.selected_text),
            question=asks and not fresh,
            fresh=fresh,
            trust=bool(self.verify.digest),
            editing=bool(self.commander.editing),
            queue=bool(self.bridge.transcript.queue),
            first=self.area.in_first_line,
            last=self.area.in_last_line,
        )

    def press(self, key: str, only: str = "") -> bool:
        """Carry out what a key means now (``only``: if it is that action); False where it means nothing but itself."""
        if only and key not in BY_ID[only].keys:
            return False
        action = resolve(key, self.situation())
        if action is None or (only and action.id != only):
            return False
        self.commander.run(action)
        return True

    def on_key(self, event: events.Key) -> None:
        """A key while the prompt has no focus: it is meant for the prompt all the same."""
        if self.focused is None:
            event.stop()
            self.area.focus()
            if not self.press(event.key) and event.is_printable and event.character:
                self.area.insert(event.character)

    def press_action(self, action_id: str) -> None:
        """Carry out an action by its id: a click, the palette."""
        self.commander.run(BY_ID[action_id])

    def on_quick_bar_pressed(self, event: QuickBar.Pressed) -> None:
        self.press_action(event.action_id)

    def on_answers_chosen(self, event: Answers.Chosen) -> None:
        if self.situation().question:
            self.press_action(event.action_id)

    def on_panes_activated(self, event: Panes.Activated) -> None:
        self.show_pane(event.pane)

    def on_prompt_area_edited(self) -> None:
        self.changed()

    def on_resize(self, event: events.Resize) -> None:
        broad = event.size.width >= _BROAD
        self.set_class(broad, "-broad")
        self.set_class(event.size.height < _SHORT, "-short")
        self.prompt.end.broad = broad

    # -- the commander's desk --------------------------------------------------------------------------------------

    def flash(self, text: str) -> None:
        """Say something in passing, where the hints stand."""
        self.remark = text
        if self._remark_timer is not None:
            self._remark_timer.stop()
        self._remark_timer = self.set_timer(_FLASH, self._unflash)

    def _unflash(self) -> None:
        self.remark = ""

    def leave(self) -> None:
        self.app.exit()

    def show_pane(self, pane: Pane) -> None:
        self.panes.activate(pane)

    def move(self, how: str) -> None:
        """Move in the active pane, or to another."""
        if how in ("next_pane", "previous_pane"):
            step = 1 if how == "next_pane" else -1
            self.show_pane(PANES[(PANES.index(self.panes.active) + step) % len(PANES)])
        elif how == "zoom":
            self.panes.zoom()
        else:
            self._move_in(self.panes.active, how)

    def _move_in(self, pane: Pane, how: str) -> None:
        view = {"stream": self.stream, "diff": self.diff, "verify": self.verify}[pane]
        page = max(1, view.size.height - 1)
        match how:
            case "page_up" | "page_down":
                view.move_top(view.scroll_offset.y + (page if how == "page_down" else -page))
            case "top":
                view.move_top(0)
            case "end":
                view.follow()
            case "next_place" | "previous_place":
                self._walk(pane, 1 if how == "next_place" else -1)
            case "fold":
                self._fold(pane)

    def _walk(self, pane: Pane, by: int) -> None:
        if pane == "diff" and not self.diff.walk(by):
            self.flash("There is no further hunk.")
        elif pane == "stream":
            self.stream.jump(by)

    def _fold(self, pane: Pane) -> None:
        if pane == "stream":
            self.stream.toggle_fold()
        elif pane == "verify":
            row = self.verify.cursor_row
            self.verify.fold(row if row is not None else self.verify.scroll_offset.y)

    def find(self, needle: str) -> None:
        """Mark words in the stream and go to the next place before; without words the ones sought last."""
        self._sought = needle or self._sought
        if not self._sought:
            self.flash("Type /find and the words to look for.")
            return
        self.show_pane("stream")
        place, of = self.stream.find(self._sought, -1)
        self.flash(f"{place} of {of}" if of else f"{self._sought!r} does not occur.")

    def on_line_view_row_activated(self, event: LineView.RowActivated) -> None:
        event.stop()
        if event.view is self.verify:
            self.verify.fold(event.row)

    def open_page(self, name: str) -> None:
        """Lay a page over the cockpit, or take it away."""
        if name == "close":
            if self.app.screen is not self:
                self.app.pop_screen()
        elif name == "palette":
            self.app.action_command_palette()
        elif name == "context":
            self.app.push_screen(Page("Context", context_rows(self.bridge.transcript)))
        else:
            self.app.push_screen(Page("Keys and commands", help_rows()))

    def copy(self) -> None:
        """Copy the selection through the terminal (OSC 52)."""
        text = self.get_selected_text() or self.area.selected_text
        if text:
            self.app.copy_to_clipboard(text)
            self.clear_selection()
            self.flash(f"Copied {len(text):,} characters through the terminal (OSC 52).")

    def suspend(self) -> None:
        self.app.action_suspend_process()

    def set_theme(self, name: str) -> None:
        """Switch the theme; empty: to the next one."""
        names = sorted(self.app.available_themes)
        if name and name not in names:
            self.flash(f"There is no theme {name!r}; there are {', '.join(names)}.")
            return
        current = names.index(self.app.theme) if self.app.theme in names else -1
        self.app.theme = name or names[(current + 1) % len(names)]
        self.flash(f"Theme: {self.app.theme}")

    def trust_digest(self) -> str:
        return self.verify.digest

    def trusted(self) -> None:
        self.verify.trusted()

    def file_at_hand(self) -> str:
        return self.diff.path

    def changed(self) -> None:
        """Say anew what Enter would do and which keys matter."""
        commander = self.commander
        waiting = commander.open_approvals
        asked = bool(waiting) and waiting[0].kind == QUESTION
        self.editing = commander.editing
        if self.bridge.failure:
            self.words = "there is no session: ^d leaves"
        else:
            self.words = enter_words(
                self.bridge.facts, self.bridge.ready, self.area.text, bool(commander.editing), asked
            )
        names: tuple[str, ...] = ("help", "palette", "quit")
        if waiting and not asked:
            names = ("allow", "deny", "interrupt", "help")
        elif commander.running:
            names = ("interrupt", "pause", "queue", "help")
        elif self.verify.digest:
            names = ("trust", *names)
        self.hints = tuple((key_name(BY_ID[name].keys[0]), BY_ID[name].label) for name in names if BY_ID[name].keys)
