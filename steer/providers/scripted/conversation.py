"""What a history says: the files as the model knows them, what was refused, what the person asked for last."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from steer.domain.constraints import ConstraintSet
from steer.domain.messages import Message, ToolCall
from steer.domain.values import JsonObject
from steer.providers.scripted.source import plain
from steer.providers.scripted.words import (
    Intent,
    intents,
    means_this_file,
    own_words,
    rules_in,
    with_rules,
    without_rules,
)

_FAILURE: Final = re.compile(
    r"^\[Verification failed|^Gate \S+ .*(?:failed|exit code [1-9])|^FAIL: |^ERROR: |^FAILED \(|Traceback \(most recent call last\)",
    re.MULTILINE,
)
_FAILED: Final = re.compile(
    r"\b(refused|denied|declined|rejected|not allow|cancelled|no tool|error|violat|not found|not run|no match|no such|not exist|cannot|could not"
    r"|outside|protected|interrupted|ambiguous|unknown|conflict|changed on disk|matches [0-9]|occurs [0-9]"
    r"|not there|is not in|nothing was|no file|not a (regular )?file|is a (folder|directory|binary)|exists already"
    r"|old is|old and new|needs the argument|must be)",
    re.IGNORECASE,
)
_REFUSED: Final = re.compile(
    r"\b(refused|denied|declined|rejected|violat|constraint|outside|protected|not allow|approv|read-only|changed lines)",
    re.IGNORECASE,
)
_WORDS: Final = 4_000
"""Characters of a message that are looked at for what it asks: a pasted log is not a wish."""
_CHANGES: Final = ("edit_file", "write_file", "apply_patch")


def parse_arguments(text: str) -> JsonObject:
    """A call's arguments; empty where they are no JSON object."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def text_of(arguments: JsonObject, key: str) -> str:
    """A text argument; empty where it is missing or something else."""
    value = arguments.get(key)
    return value if isinstance(value, str) else ""


def is_failure(content: str) -> bool:
    """Whether a user message reports failing gates."""
    return _FAILURE.search(content) is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call and its result; ``at`` is the result's place in the history."""

    name: str
    arguments: JsonObject
    result: str
    at: int

    @property
    def path(self) -> str:
        return text_of(self.arguments, "path").removeprefix("./")

    @property
    def failed(self) -> bool:
        """Judged by the words of the result: the wire has no field for it."""
        first = self.result.strip().split("\n", 1)[0]
        if self.name == "read_file":
            return len(self.result) < 400 and self.result.count("\n") < 3 and _FAILED.search(first) is not None
        return _FAILED.search(first[:300]) is not None

    @property
    def reason(self) -> str:
        """The first line of the result, without what it repeats of the rules in force."""
        first = self.result.strip().split("\n", 1)[0]
        return re.split(r"\. (?=Nothing was|What the|In force|Go on)", first)[0][:200].rstrip(".")

    @property
    def refused(self) -> bool:
        """Whether a rule or a person stands against it, so that trying again as it was is pointless."""
        return self.failed and self.name in _CHANGES and _REFUSED.search(self.result[:600]) is not None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A history, read. ``task_at`` is the place of the last message that the gates did not write, -1 without one; ``words`` are the last
    words of a person, which may be further up where only constraints have changed since."""

    messages: Sequence[Message]
    tools: frozenset[str]
    outcomes: tuple[Outcome, ...]
    task_at: int
    rules: ConstraintSet
    words: str
    intents: frozenset[Intent]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def last_user(self) -> int:
        """Place of the last user message, whoever wrote it."""
        return max((at for at, each in enumerate(self.messages) if each.role == "user"), default=-1)

    @property
    def told(self) -> list[tuple[str, bool]]:
        """Rules told in the last message that the gates did not write, and whether they are in force."""
        told = rules_in(self.messages[self.task_at].content) if self.task_at >= 0 else []
        only = self.rules.get("only")
        if only is not None and means_this_file(self.words) and not any(text.startswith("only:") for text, _ in told):
            told.append((str(only), True))
        return told

    @property
    def opening(self) -> bool:
        """Nothing has been answered since the last user message."""
        return not any(each.role == "assistant" for each in self.messages[self.last_user + 1 :])

    @property
    def failure(self) -> str:
        """The gates' report that is to be answered; empty where there is none."""
        content = self.messages[self.last_user].content if self.last_user >= 0 else ""
        return content if is_failure(content) else ""

    @property
    def failures(self) -> int:
        """Reports of failing gates in the whole history."""
        return sum(each.role == "user" and is_failure(each.content) for each in self.messages)

    @property
    def repairs(self) -> int:
        """Reports of failing gates since a person said something."""
        return sum(each.role == "user" for each in self.messages[self.task_at + 1 :])

    @property
    def steps(self) -> int:
        """Answers given since the last user message."""
        return sum(each.role == "assistant" for each in self.messages[self.last_user + 1 :])

    def since_task(self) -> tuple[Outcome, ...]:
        """Outcomes after the last thing that a person said."""
        return tuple(each for each in self.outcomes if each.at > self.task_at)

    def said(self) -> tuple[str, ...]:
        """The person's own words, message by message."""
        return tuple(_words(each) for each in self.messages if each.role == "user")


def _words(message: Message) -> str:
    return "" if is_failure(message.content) else own_words(message.content)[:_WORDS]


def _this_file(rules: ConstraintSet, message: Message, before: Sequence[Outcome]) -> ConstraintSet:
    """*Only this file*, where the harness did not say which: the one changed last, else the one read first."""
    if message.role != "user" or not means_this_file(_words(message)) or "Change only these files" in message.content:
        return rules
    changed = [each.path for each in before if each.name in _CHANGES and each.path]
    read = [each.path for each in before if each.name == "read_file"]
    path = changed[-1] if changed else read[0] if read else ""
    return rules.with_([f"only:{path}"]) if path else rules


def read_conversation(messages: Sequence[Message], tools: frozenset[str]) -> Conversation:
    """Read a whole history. Nothing is kept between two calls."""
    outcomes = _outcomes(messages)
    rules = ConstraintSet()
    for at, each in enumerate(messages):
        if each.role in ("system", "user"):
            rules = _this_file(with_rules(rules, each.content), each, [one for one in outcomes if one.at < at])
    spoken = [at for at, each in enumerate(messages) if each.role == "user" and not is_failure(each.content)]
    task_at = spoken[-1] if spoken else -1
    words = next((said for at in reversed(spoken) if (said := _words(messages[at]))), "")
    return Conversation(
        messages, tools, outcomes, task_at, rules, words, intents(without_rules(words)), _files(outcomes)
    )


def _outcomes(messages: Sequence[Message]) -> tuple[Outcome, ...]:
    calls: dict[str, ToolCall] = {}
    out: list[Outcome] = []
    for at, each in enumerate(messages):
        calls.update((call.id, call) for call in each.tool_calls)
        call = calls.get(each.tool_call_id or "") if each.role == "tool" else None
        if call is not None:
            out.append(Outcome(call.name, parse_arguments(call.arguments), each.content, at))
    return tuple(out)


def _files(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The files as they must be now: what was read, with the changes made since. A failed change makes a file unknown."""
    files: dict[str, str] = {}
    for each in outcomes:
        if each.name == "read_file" and not each.failed and not {"start", "end"} & each.arguments.keys():
            files[each.path] = plain(each.result)
        elif each.name == "write_file" and not each.failed:
            files[each.path] = text_of(each.arguments, "content")
        elif each.name == "edit_file":
            _edit(files, each)
    return files


def _edit(files: dict[str, str], edit: Outcome) -> None:
    old, new = text_of(edit.arguments, "old"), text_of(edit.arguments, "new")
    text = files.get(edit.path, "")
    if edit.failed and edit.refused:
        return
    if edit.failed or text.count(old) != 1:
        files.pop(edit.path, None)
    else:
        files[edit.path] = text.replace(old, new)
