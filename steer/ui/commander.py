"""What each action of the table does: it becomes a command to the engine, or changes what is shown."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from steer.domain.commands import (
    Decide,
    EditQueue,
    InitRepository,
    Interrupt,
    Pause,
    Restore,
    Steer,
    Submit,
    Trust,
    Verify,
)
from steer.domain.constraints import ConstraintSet, parse_constraint
from steer.domain.errors import UsageError
from steer.domain.events import (
    ApprovalRequested,
    Event,
    InterruptedEvent,
    ReasoningDelta,
    TextDelta,
    ToolCalled,
    ToolDelta,
    TurnFinished,
    TurnStarted,
)
from steer.domain.transcript import Transcript
from steer.domain.values import When
from steer.ui.actions import BUTTONS, Action, parse_slash
from steer.ui.bridge import Bridge
from steer.ui.desk import Desk, Draft
from steer.ui.facts import phase_of
from steer.ui.quick_steer import toggled

AGAIN: Final = 2.0
"""Seconds in which a second Ctrl+C leaves."""
QUESTION: Final = "question"
"""The kind of approval that is answered with words."""
MOVES: Final = (
    "page_up",
    "page_down",
    "top",
    "end",
    "next_place",
    "previous_place",
    "fold",
    "zoom",
    "next_pane",
    "previous_pane",
)
"""Actions that only move in what is shown."""
_RECEIVED: Final = (TextDelta, ReasoningDelta, ToolDelta, ToolCalled)


class Commander:
    """Carries actions out. ``clock`` gives monotonic seconds."""

    def __init__(self, bridge: Bridge, draft: Draft, desk: Desk, clock: Callable[[], float]) -> None:
        self._bridge, self._draft, self._desk, self._clock = bridge, draft, desk, clock
        self.awaiting = False
        """A turn was asked for and has not been seen to start."""
        self.editing = ""
        """The id of the waiting message that is in the prompt."""
        self._decided: set[str] = set()
        self._asked_to_leave = -AGAIN
        self._interrupting: int | None = None
        self._heard = False
        self._handlers: Mapping[str, Callable[[str], None]] = self._table()

    def _table(self) -> dict[str, Callable[[str], None]]:
        desk, draft = self._desk, self._draft
        table: dict[str, Callable[[str], None]] = {
            "close": lambda _: desk.open_page("close"),
            "interrupt": self._interrupt,
            "stop_editing": self._stop_editing,
            "idle_escape": lambda _: desk.flash("Nothing runs. ^d leaves, ? shows the keys."),
            "pause": self._pause,
            "copy": lambda _: desk.copy(),
            "clear": self._clear,
            "leave": self._leave,
            "send": lambda _: self._send("now"),
            "drop": lambda _: self._send("now", keep_partial=False),
            "next_step": lambda _: self._send("next"),
            "queue": lambda _: self._send("queued"),
            "newline": lambda _: draft.break_line(),
            "edit_queue": self._edit_queue,
            "older": lambda _: draft.older(),
            "newer": lambda _: draft.newer(),
            "allow": lambda _: self._decide(True),
            "deny": lambda _: self._decide(False),
            "too_early": lambda _: desk.flash("Read the question first; then y or n."),
            "trust": self._trust,
            "stream": lambda _: desk.show_pane("stream"),
            "diff": lambda _: desk.show_pane("diff"),
            "verify_pane": lambda _: desk.show_pane("verify"),
            "find": desk.find,
            "context": lambda _: desk.open_page("context"),
            "verify": self._verify,
            "git_init": lambda _: self._bridge.post(InitRepository()),
            "constrain": lambda text: self._constrain(text, lift=False),
            "release": lambda text: self._constrain(text, lift=True),
            "undo": self._undo,
            "help": lambda _: desk.open_page("help"),
            "palette": lambda _: desk.open_page("palette"),
            "theme": desk.set_theme,
            "suspend": lambda _: desk.suspend(),
            "quit": self._quit,
        }
        table.update({name: partial(self._move, name) for name in MOVES})
        table.update({button.id: partial(self._press, button) for button in BUTTONS})
        return table

    def _move(self, how: str, _: str) -> None:
        self._desk.move(how)

    @property
    def actions(self) -> Sequence[str]:
        """The ids of all actions it can carry out."""
        return tuple(self._handlers)

    @property
    def transcript(self) -> Transcript:
        return self._bridge.transcript

    @property
    def running(self) -> bool:
        """Whether there is something to interrupt."""
        return self.awaiting or phase_of(self.transcript) != "idle"

    def run(self, action: Action, argument: str = "") -> None:
        """Carry an action out; ``argument`` is what follows a slash command's name."""
        if action.id not in ("leave", "quit"):
            self._asked_to_leave = -AGAIN
        self._handlers[action.id](argument)
        self._desk.changed()

    def start(self, task: str) -> None:
        """Submit the task the program was started with."""
        self.awaiting = True
        self._bridge.post(Submit(task))

    # -- what events mean for the prompt -----------------------------------------------------------------------------

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the events of a frame, applied already."""
        for event in events:
            if isinstance(event, TurnStarted):
                self.awaiting, self._heard = False, False
            elif isinstance(event, _RECEIVED):
                self._heard = True
            elif isinstance(event, InterruptedEvent):
                self._give_back(event)
            elif isinstance(event, TurnFinished):
                self._interrupting = None
                self._decided.clear()
        if self.editing and all(message_id != self.editing for message_id, _ in self.transcript.queue):
            self.editing = ""
            self._desk.flash("That message has been said already; the prompt's text is a new one.")

    def _give_back(self, event: InterruptedEvent) -> None:
        """Nothing had come when it was cut (I5): the task goes back to the prompt."""
        turn = self.transcript.turn
        if turn is None or self._interrupting != turn.number or self._heard or event.kept_chars:
            return
        self._interrupting = None
        if not self._draft.text.strip():
            self._draft.put(turn.task)

    # -- brake -----------------------------------------------------------------------------------------------------

    def _interrupt(self, _: str) -> None:
        transcript = self.transcript
        if not self.running:
            self._desk.flash("Nothing runs.")
            return
        # The turn that the person sees; where a new one was asked for and has not shown yet, that one (I4).
        number = transcript.turns + (1 if self.awaiting else 0)
        self._bridge.post(Interrupt(number))
        self._interrupting = number

    def _pause(self, _: str) -> None:
        self._bridge.post(Pause(not self.transcript.paused))

    def _leave(self, _: str) -> None:
        now = self._clock()
        again = now - self._asked_to_leave < AGAIN
        self._asked_to_leave = now
        if again:
            self._desk.leave()
        elif self.running:
            self._desk.flash("A turn runs. Once more ends it and leaves; esc only interrupts it.")
        else:
            self._desk.flash("Once more leaves; the session is kept.")

    def _quit(self, _: str) -> None:
        if self.running:
            self._leave("")
        else:
            self._desk.leave()

    def _clear(self, _: str) -> None:
        self.editing = ""
        self._draft.take()
        self._desk.flash("Cleared; up brings it back.")

    # -- say -------------------------------------------------------------------------------------------------------

    def _send(self, when: When, keep_partial: bool = True) -> None:
        if self.editing:
            self._save_edit()
            return
        slash = parse_slash(self._draft.text)
        if slash is not None:
            self._slash(*slash)
            return
        if not self._draft.text.strip():
            self._draft.put(self._draft.offered)
        if not self._draft.text.strip():
            self._desk.flash("The prompt is empty.")
            return
        if self._bridge.failure:
            self._desk.flash("There is no session to send it to; the text stays here.")
            return
        question = self._question()
        text = self._draft.take()
        self._draft.offer("")
        if question and when == "now":
            self._decided.add(question)
            self._bridge.post(Decide(question, True, text))
        elif self.running:
            self._bridge.post(Steer(text, when, keep_partial=keep_partial))
        else:
            self.awaiting = True
            self._bridge.post(Submit(text))

    def _slash(self, action: Action | None, argument: str) -> None:
        if action is None:
            self._desk.flash("There is no such command; /help shows them. A blank before the slash sends it as text.")
            return
        self._draft.take()
        self.run(action, argument)

    def _question(self) -> str:
        """The id of an open question that is answered with words; empty where there is none."""
        return next((a.call_id for a in self.open_approvals if a.kind == QUESTION), "")

    @property
    def open_approvals(self) -> list[ApprovalRequested]:
        """Approvals without an answer, oldest first."""
        return [ask for call_id, ask in self.transcript.approvals.items() if call_id not in self._decided]

    def _edit_queue(self, _: str) -> None:
        queue = self.transcript.queue
        ids = [message_id for message_id, _ in queue]
        at = ids.index(self.editing) - 1 if self.editing in ids else len(queue) - 1
        if at < 0:
            at = len(queue) - 1
        if not self.editing and self._draft.text.strip():
            self._draft.take()
            self._desk.flash("The draft is in the history: up brings it back.")
        self.editing = ids[at]
        self._draft.put(queue[at][1])

    def _save_edit(self) -> None:
        message_id, self.editing = self.editing, ""
        text = self._draft.take()
        self._bridge.post(EditQueue(message_id, text.strip() and text))
        self._desk.flash("Changed." if text.strip() else "Taken back.")

    def _stop_editing(self, _: str) -> None:
        self.editing = ""
        self._draft.take()
        self._desk.flash("The waiting message stays as it was.")

    # -- answer ----------------------------------------------------------------------------------------------------

    def _decide(self, allowed: bool) -> None:
        waiting = self.open_approvals
        if not waiting or waiting[0].kind == QUESTION:
            return
        reason = "" if allowed or not self._draft.text.strip() else self._draft.take()
        self._decided.add(waiting[0].call_id)
        self._bridge.post(Decide(waiting[0].call_id, allowed, reason))

    def _trust(self, _: str) -> None:
        digest = self._desk.trust_digest()
        if not digest:
            self._desk.flash("No VERIFY.md waits to be trusted.")
            return
        self._bridge.post(Trust(digest))
        self._desk.trusted()

    def _verify(self, _: str) -> None:
        self._desk.show_pane("verify")
        self._bridge.post(Verify())

    def _undo(self, _: str) -> None:
        turn = self.transcript.turn
        if self.running:
            self._desk.flash("A turn runs: interrupt it first (esc), then /undo.")
        elif turn is None or not turn.checkpoint:
            self._desk.flash("There is no turn to undo.")
        else:
            self._bridge.post(Restore(turn.checkpoint))

    # -- constraints -----------------------------------------------------------------------------------------------

    def _press(self, button: Action, _: str) -> None:
        if button.sentence:
            if self.running:
                self._bridge.post(Steer(button.sentence, "now"))
            else:
                self.awaiting = True
                self._bridge.post(Submit(button.sentence))
            return
        change = toggled(button, self.transcript.constraints, self._desk.file_at_hand())
        if not change.set and not change.clear:
            self._desk.flash(
                "No file is under the diff cursor, and none is being edited: /constrain only:PATH names one."
            )
            return
        self._bridge.post(Steer("", "next", change.set, change.clear))

    def _constrain(self, text: str, lift: bool) -> None:
        rules: ConstraintSet = self.transcript.constraints
        try:
            constraint = parse_constraint(text)
        except UsageError as error:
            found = next((item for item in rules.items if item.kind == text.strip()), None) if lift else None
            if found is None:
                self._desk.flash(str(error))
                return
            constraint = found
        if lift and constraint not in rules.items:
            self._desk.flash(f"{constraint} is not in force: {', '.join(rules.strings()) or 'nothing is'}.")
        elif lift:
            self._bridge.post(Steer("", "next", clear=(str(constraint),)))
        else:
            self._bridge.post(Steer("", "next", constraints=(str(constraint),)))
