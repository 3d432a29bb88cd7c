"""A tool call as rows: what it is for, its change or its output, and what came of it."""

import json
from typing import Final

from steer.domain.events import CommandFinished, EditApplied
from steer.domain.values import Json, JsonObject
from steer.render.cells import clip
from steer.render.clean import clean_line
from steer.render.diff import DiffDocument
from steer.render.entries import Entry, Fold, line_of
from steer.render.grow import Growing
from steer.render.lines import Line, LineBlock
from steer.render.pending import PendingEdit, output_styler

_EDITS: Final = frozenset({"edit_file", "write_file", "apply_patch"})
_VERBS: Final = {
    "read_file": ("read", "path"),
    "list_files": ("list", "glob"),
    "search": ("search", "pattern"),
    "edit_file": ("edit", "path"),
    "write_file": ("write", "path"),
    "apply_patch": ("patch", ""),
    "run_command": ("run", "command"),
    "ask_user": ("ask", "question"),
    "update_progress": ("progress", "next"),
}
"""What a card says for each tool, and the argument that tells most."""

DIFF_FOLD: Final = Fold(16, 6)
RUNNING_FOLD: Final = Fold(0, 12)
OUTPUT_FOLD: Final = Fold(3, 8)
_LONGEST: Final = 200
"""Characters of an argument in a head; all of it is in the body or the conversation."""


class Call(Entry):
    """One tool call, from the first piece of its arguments to its result."""

    def __init__(self, id: int, width: int, call_id: str, name: str) -> None:
        super().__init__(id, "call", width, DIFF_FOLD)
        self.call_id = call_id
        self.name = name
        self._stream: PendingEdit | None = None
        self._pieces: list[str] = []
        self._arguments: JsonObject | str | None = None
        self._edits: list[EditApplied] = []
        self._edits_shown = 0
        self._notes: list[Line] = []
        self._state: tuple[str, str] = ("streaming…", "running")
        self._command: tuple[str, ...] = ()
        self._has_output = False

    @property
    def is_edit(self) -> bool:
        return self.name in _EDITS

    # -- what happens to it ----------------------------------------------------------------------------------------

    def stream(self, name: str, text: str) -> None:
        """A piece of the arguments. The name may come later than the first piece."""
        if name and not self.name:
            self.name = name
        self._pieces.append(text)
        self._changed = 0 if self._changed is None else self._changed

    def called(self, name: str, arguments: JsonObject | str) -> None:
        """The arguments are complete; the call runs."""
        self.name = name or self.name
        self._arguments = arguments
        self._state = ("running…", "running")
        if self.is_edit and self._stream is None and not self._pieces:
            # A journal may leave the pieces out: the whole is one piece.
            self._pieces.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def output(self, text: str) -> None:
        if not self._has_output:
            self._has_output = True
            self.fold = RUNNING_FOLD
            self.grow(Growing(LineBlock(self._width), output_styler(), "overwrite"))
        self.feed(text)

    def applied(self, event: EditApplied) -> None:
        self._edits.append(event)

    def note(self, text: str, token: str) -> None:
        """A line under the head: why it was refused, what it changed."""
        self._notes.append(line_of(("    " + text, token), hang="    "))

    def stopped(self, reason: str) -> None:
        """It was not carried out, or not to its end. A result that is there already stays."""
        if self._state[1] == "running":
            self._state = (f"✗ {reason}", "error")
            self.end()

    def command(self, event: CommandFinished) -> None:
        ended = f"exit {event.exit_code}" if event.exit_code is not None else "ended"
        word = "" if event.outcome == "exited" else f"{event.outcome.replace('_', ' ')}, "
        fine = event.exit_code == 0
        self._command = (word + ended, f"{event.seconds:.1f} s")
        self._state = (f"{'✓' if fine else '✗'} {' · '.join(self._command)}", "ok" if fine else "error")
        self._arguments = self._arguments or {"command": event.command}
        changes = (("created", event.created), ("modified", event.modified), ("deleted", event.deleted))
        said = "; ".join(f"{word} {', '.join(map(clean_line, paths))}" for word, paths in changes if paths)
        if said:
            self.note(said if event.committed else f"held back, not committed: {said}", "detail")
        self.fold = OUTPUT_FOLD
        self.end()

    def finished(self, ok: bool, summary: str) -> None:
        said = clip(clean_line(summary), _LONGEST)
        # A summary that tells the exit code itself is not told it twice.
        parts = [part for part in self._command if part not in said]
        words = " · ".join([*parts, said] if said else parts)
        self._state = (f"{'✓' if ok else '✗'} {words or ('done' if ok else 'failed')}", "ok" if ok else "error")
        self.fold = OUTPUT_FOLD if self._has_output else DIFF_FOLD
        self.end()

    # -- rows ------------------------------------------------------------------------------------------------------

    def flush(self) -> int | None:
        self._take_arguments()
        self._take_edits()
        self._take_text()
        self.set_head(self._heading())
        return super().flush()

    def _take_arguments(self) -> None:
        if not self._pieces or not self.name:
            return
        stream = self._stream
        if stream is None:
            stream = self._stream = PendingEdit(self.name, self._width)
            if self.is_edit:
                self.set_body(stream.block)
                self.fold = None
        stream.feed("".join(self._pieces))
        self._pieces.clear()
        first = stream.flush()
        if first is not None and not self._edits and not self._has_output:
            self._touch(self._shown(first))

    def _take_edits(self) -> None:
        if len(self._edits) == self._edits_shown:
            return
        self._edits_shown = len(self._edits)
        document = DiffDocument("".join(edit.diff for edit in self._edits), self._width)
        # A single file is named in the head already.
        self.set_body(document, skip=1 if len(document.files) == 1 else 0)
        self.fold = DIFF_FOLD
        self._stream = None

    def _heading(self) -> list[Line]:
        words, token = self._state
        sign = "▾ " if self.foldable and self.opened else "▸ "
        verb, subject = self._subject()
        counts = self._counts()
        head = line_of(
            (sign, "tool"),
            (verb, "tool"),
            (f" {subject}" if subject else "", "path" if self.is_edit else ""),
            (f" {counts}" if counts else "", "detail"),
            ("  ", ""),
            (words, token),
            hang="    ",
        )
        return [head, *self._notes]

    def _counts(self) -> str:
        if self._edits:
            return f"+{sum(edit.added for edit in self._edits)} −{sum(edit.removed for edit in self._edits)}"
        if self._stream is not None and self.is_edit:
            added, removed = self._stream.counts()
            return f"+{added} −{removed}"
        return ""

    def _subject(self) -> tuple[str, str]:
        verb, key = _VERBS.get(self.name, (clean_line(self.name) or "call", ""))
        if self._edits:
            return verb, clip(", ".join(dict.fromkeys(clean_line(edit.path) for edit in self._edits)), _LONGEST)
        if self._stream is not None and self._arguments is None:
            said = self._stream.path if self.is_edit else self._stream.arguments.value(key)
        elif isinstance(self._arguments, str):
            said = self._arguments
        else:
            said = self._told(key)
        return verb, clip(clean_line(said), _LONGEST)

    def _told(self, key: str) -> str:
        """The telling part of complete arguments; all of them where the tool is not known."""
        arguments = self._arguments
        if arguments is None or isinstance(arguments, str):
            return ""
        if self.name == "apply_patch":
            return self._stream.path if self._stream is not None else ""
        if not key:
            return json.dumps(arguments, ensure_ascii=False) if arguments else ""
        words = [_plain(arguments.get(key, ""))]
        if self.name == "read_file" and ("start" in arguments or "end" in arguments):
            words.append(f"{_plain(arguments.get('start', 1))}–{_plain(arguments.get('end', ''))}")
        if self.name == "search" and arguments.get("glob"):
            words.append(f"in {_plain(arguments['glob'])}")
        return " ".join(word for word in words if word)


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
