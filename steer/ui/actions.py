"""The one table of what a person can do: keys, words, slash commands and quick-steer buttons all come from here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Group: TypeAlias = Literal["Brake", "Say", "Answer", "Look", "Quick steer", "Session"]
GROUPS: Final[tuple[Group, ...]] = ("Brake", "Say", "Answer", "Look", "Quick steer", "Session")


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which action a key means. ``modal``: a page lies over the cockpit. ``question``: an approval waits
    and has stood long enough to have been read; ``fresh``: not yet (T6). ``first`` and ``last``: the cursor is in that line of the prompt."""

    modal: bool = False
    running: bool = False
    empty: bool = True
    selection: bool = False
    question: bool = False
    fresh: bool = False
    trust: bool = False
    editing: bool = False
    queue: bool = False
    first: bool = True
    last: bool = True


When: TypeAlias = Callable[[Situation], bool]


def _here(s: Situation) -> bool:
    return not s.modal


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. ``label`` is the short word of hints and buttons, ``text`` the sentence of the help page.

    ``slash`` is the command's name, empty where it has none. ``when`` says where the keys mean this action; the first
    action of the table that fits counts. ``constraint`` (a quick-steer button) is set and cleared by the action,
    ``sentence`` is said.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    text: str
    group: Group
    slash: str = ""
    when: When = _here
    constraint: str = ""
    sentence: str = ""


EXPLAIN: Final = "Pause the changes. Explain in a few sentences what you are doing and why, then wait."
RESEARCH: Final = (
    "Before you change anything further, read the code that matters here and say what you found, with paths and lines."
)
SIMPLIFY: Final = (
    "Make what you have changed in this turn simpler: fewer lines, fewer new names, the same behaviour and tests."
)

ACTIONS: Final[tuple[Action, ...]] = (
    # Esc, first that fits: the page on top, then the running turn, then nothing but a hint (I7).
    Action("close", ("escape", "f1", "q", "ctrl+c"), "close", "Close this page.", "Look", when=lambda s: s.modal),
    Action(
        "interrupt",
        ("escape", "f8", "ctrl+backslash"),
        "interrupt",
        "Cut the answer at once; the part that came stays, the draft stays in the prompt. F8 works over every page.",
        "Brake",
        "interrupt",
        lambda s: s.running,
    ),
    Action(
        "stop_editing", ("escape",), "leave", "Leave the waiting message as it was.", "Say", when=lambda s: s.editing
    ),
    Action("idle_escape", ("escape", "f8", "ctrl+backslash"), "", "Nothing runs: nothing happens.", "Brake"),
    Action(
        "pause",
        ("ctrl+@", "ctrl+space"),
        "pause",
        "Hold the stream without cutting it; again: go on.",
        "Brake",
        "pause",
    ),
    # Ctrl+C, first that fits: copy, clear, ask before leaving (I9).
    Action("copy", ("ctrl+c", "ctrl+shift+c"), "copy", "Copy the selection.", "Look", when=lambda s: s.selection),
    Action("clear", ("ctrl+c",), "clear", "Clear the prompt.", "Say", when=lambda s: not s.modal and not s.empty),
    Action("leave", ("ctrl+c",), "leave", "Pressed twice on an empty prompt: leave.", "Session"),
    Action("send", ("enter",), "send", "A new turn; while one runs: redirect it now, the partial answer kept.", "Say"),
    Action("drop", ("ctrl+r",), "redirect, drop partial", "Redirect now and drop the partial answer.", "Say"),
    Action(
        "next_step",
        ("ctrl+enter", "alt+enter"),
        "at the next step",
        "Say it after the running tool, without cutting.",
        "Say",
    ),
    Action(
        "queue",
        ("tab",),
        "queue",
        "Say it at the end of the turn; until then it waits above the prompt.",
        "Say",
        when=lambda s: not s.modal and not s.empty,
    ),
    Action("newline", ("shift+enter", "ctrl+j"), "new line", "A new line in the prompt.", "Say"),
    Action(
        "edit_queue",
        ("alt+up",),
        "edit waiting",
        "Edit the last waiting message, then the one before; saved empty it is taken back.",
        "Say",
        when=lambda s: not s.modal and s.queue,
    ),
    Action("older", ("up",), "older", "An earlier input.", "Say", when=lambda s: not s.modal and s.first),
    Action("newer", ("down",), "newer", "A later input.", "Say", when=lambda s: not s.modal and s.last),
    Action(
        "allow",
        ("y", "alt+y"),
        "allow",
        "Allow what is asked for; y on an empty prompt.",
        "Answer",
        when=lambda s: not s.modal and s.question,
    ),
    Action(
        "deny",
        ("n", "alt+n"),
        "deny",
        "Deny it; with Alt+N the prompt's text goes along as the reason.",
        "Answer",
        when=lambda s: not s.modal and s.question,
    ),
    Action(
        "too_early",
        ("y", "n", "alt+y", "alt+n"),
        "",
        "A key that was under way when the question appeared answers nothing.",
        "Answer",
        when=lambda s: not s.modal and s.fresh,
    ),
    Action(
        "trust",
        ("ctrl+t",),
        "trust VERIFY.md",
        "Trust the VERIFY.md as it is now and run its gates.",
        "Answer",
        "trust",
        lambda s: not s.modal and s.trust,
    ),
    Action("next_pane", ("tab",), "next pane", "On an empty prompt: the next pane.", "Look"),
    Action("previous_pane", ("shift+tab",), "previous pane", "The pane before.", "Look"),
    Action("stream", ("f2",), "stream", "The stream.", "Look", "stream"),
    Action("diff", ("f3",), "diff", "The diff.", "Look", "diff"),
    Action("verify_pane", ("f4",), "verify", "The verification.", "Look", "gates"),
    Action("zoom", ("f5", "ctrl+o"), "zoom", "Give the pane the whole width; again: give it back.", "Look", "zoom"),
    Action("page_up", ("pageup",), "up", "A page up in the pane; the stream then holds still.", "Look"),
    Action("page_down", ("pagedown",), "down", "A page down; at the end the stream follows again.", "Look"),
    Action("top", ("ctrl+home",), "top", "The pane's beginning.", "Look"),
    Action("end", ("ctrl+end",), "end", "The pane's end.", "Look"),
    Action("next_place", ("ctrl+down",), "next", "The next turn, hunk or gate of the pane.", "Look"),
    Action("previous_place", ("ctrl+up",), "previous", "The turn, hunk or gate before.", "Look"),
    Action("fold", ("ctrl+f",), "fold", "Fold or unfold the row under the cursor.", "Look"),
    Action(
        "find",
        ("ctrl+g",),
        "find",
        "/find WORDS marks them in the stream; the key goes to the next place.",
        "Look",
        "find",
    ),
    Action("context", (), "context", "What fills the context window, by category.", "Look", "context"),
    Action("git_init", (), "git init", "Make this folder a git repository, where it is none.", "Session", "git-init"),
    Action("verify", ("f9",), "run gates", "Run the gates of VERIFY.md now.", "Session", "verify"),
    Action(
        "only_file",
        ("alt+1",),
        "only this file",
        "Allow changes to one file: the one under the diff cursor, or the one being edited.",
        "Quick steer",
        constraint="only:",
    ),
    Action(
        "show_diff",
        ("alt+2",),
        "show diff first",
        "Every change waits for your word.",
        "Quick steer",
        constraint="show-diff",
    ),
    Action(
        "keep_tests",
        ("alt+3",),
        "don't touch tests",
        "Protect the tests.",
        "Quick steer",
        constraint="protect:tests/**,test_*,*_test.*,*.test.*,*.spec.*,conftest.py",
    ),
    Action(
        "max_lines",
        ("alt+4",),
        "max 150",
        "At most so many changed lines a turn.",
        "Quick steer",
        constraint="max-lines:150",
    ),
    Action("no_new", ("alt+5",), "no new files", "No new files.", "Quick steer", constraint="no-new-files"),
    Action(
        "ask_delete",
        ("alt+6",),
        "ask deletes",
        "Deleting a file waits for your word.",
        "Quick steer",
        constraint="ask-delete",
    ),
    Action("explain", ("alt+7",), "explain", "Ask what it is doing and why.", "Quick steer", sentence=EXPLAIN),
    Action("research", ("alt+8",), "research", "Ask it to read before it writes.", "Quick steer", sentence=RESEARCH),
    Action("simplify", ("alt+9",), "simplify", "Ask for a simpler change.", "Quick steer", sentence=SIMPLIFY),
    Action(
        "constrain", (), "constraint", "/constrain max-lines:50 puts a constraint in force.", "Session", "constrain"
    ),
    Action("release", (), "release", "/release no-new-files lifts a constraint.", "Session", "release"),
    Action("undo", (), "undo", "Put the files back to where the last turn started.", "Session", "undo"),
    Action("help", ("question_mark", "f1"), "keys", "This page; ? on an empty prompt.", "Session", "help"),
    Action("palette", ("ctrl+p",), "all commands", "Find a command by its name.", "Session"),
    Action("theme", ("f7",), "theme", "The next theme; /theme NAME for one of them.", "Session", "theme"),
    Action("suspend", ("ctrl+z",), "suspend", "Back to the shell; fg comes back.", "Session"),
    Action(
        "quit",
        ("ctrl+d", "ctrl+q"),
        "leave",
        "Leave; the session is kept. Asks once while a turn runs.",
        "Session",
        "quit",
    ),
)

BUTTONS: Final[tuple[Action, ...]] = tuple(action for action in ACTIONS if action.group == "Quick steer")
BY_ID: Final[Mapping[str, Action]] = MappingProxyType({action.id: action for action in ACTIONS})
BY_SLASH: Final[Mapping[str, Action]] = MappingProxyType({action.slash: action for action in ACTIONS if action.slash})
_BY_KEY: Final[Mapping[str, tuple[Action, ...]]] = MappingProxyType(
    {
        key: tuple(action for action in ACTIONS if key in action.keys)
        for key in {key for action in ACTIONS for key in action.keys}
    }
)
_PRINTED: Final = MappingProxyType(
    {"escape": "esc", "question_mark": "?", "ctrl+@": "^␣", "ctrl+space": "^␣", "ctrl+backslash": "^\\", "enter": "⏎"}
)
_OVER_PAGES: Final = frozenset({"close", "copy"})
_EMPTY_ONLY: Final = frozenset({"question_mark", "ctrl+d", "y", "n"})
"""Keys that are typing, or editing, while there is text in the prompt."""


def resolve(key: str, situation: Situation) -> Action | None:
    """The action a key means now; None where it is typing or nothing."""
    for action in _BY_KEY.get(key, ()):
        if situation.modal and action.id not in _OVER_PAGES and not (action.id == "interrupt" and key != "escape"):
            continue
        if key in _EMPTY_ONLY and not situation.empty:
            continue
        if action.when(situation):
            return action
    return None


def key_name(key: str) -> str:
    """A key as people write it: ``esc``, ``^p``, ``alt+1``."""
    if key in _PRINTED:
        return _PRINTED[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return "^" + key[-1]
    return key.upper() if key[0] == "f" and key[1:].isdigit() else key


def keys_of(action: Action) -> str:
    """An action's keys as people write them, each once."""
    return " ".join(dict.fromkeys(key_name(key) for key in action.keys))


def parse_slash(text: str) -> tuple[Action | None, str] | None:
    """The command a prompt's text is, and what follows its name; None where the text is no command.

    ``/name`` alone or followed by a blank is one, whether it is known (else the action is None) or not; ``/etc/hosts``
    and text over several lines are not.
    """
    name, _, rest = text.strip().partition(" ")
    if not name.startswith("/") or not name[1:].replace("-", "").isalpha() or "\n" in text.strip():
        return None
    return BY_SLASH.get(name[1:].lower()), rest.strip()
