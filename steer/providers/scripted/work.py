"""Carrying a piece of work out: read, change, and say what stands in the way, all judged anew from the history."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from steer.domain.constraints import Effect
from steer.providers.scripted.conversation import Conversation
from steer.providers.scripted.reply import Call, Reply
from steer.providers.scripted.source import as_diff, changed_lines, edit_between

MOST_STEPS: Final = 12
"""Answers without a word from the user or the gates; a script that needs more is going in circles."""
_MOST_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """A change to one file: ``change`` maps its text to what it should be. ``create`` is the whole text of a new file."""

    path: str
    what: str
    change: Callable[[str], str] = str
    required: bool = True
    batch: int = 0
    create: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work. ``opening``, ``edits`` and ``done`` are its words before reading, with each batch, at the end; ``thought`` and
    ``thoughts`` what is reasoned before them."""

    name: str
    opening: str
    thought: str
    steps: tuple[Step, ...]
    edits: tuple[str, ...]
    done: str
    thoughts: tuple[str, ...] = ("", "")
    extra: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A step whose file is not yet as it should be; ``obstacle`` says why it cannot be done, empty where it can."""

    step: Step
    before: str
    after: str
    obstacle: str


def pending_steps(job: Job, talk: Conversation) -> list[Pending]:
    """The steps still to do, in order. Files that were not read are left out."""
    out: list[Pending] = []
    for step in job.steps:
        if step.create:
            if step.path not in talk.files:
                out.append(Pending(step, "", step.create, obstacle(talk, step.path, "", step.create)))
            continue
        before = talk.files.get(step.path)
        after = step.change(before) if before is not None else None
        if before is not None and after is not None and after != before:
            out.append(Pending(step, before, after, obstacle(talk, step.path, before, after)))
    return out


def obstacle(talk: Conversation, path: str, before: str, after: str) -> str:
    """Why this change cannot be made now: a refusal since the last word, too many tries, or a rule in force."""
    tries = [each for each in talk.since_task() if each.path == path and each.failed and each.name != "read_file"]
    refusals = [each for each in tries if each.refused]
    if refusals:
        return refusals[-1].reason
    if len(tries) >= _MOST_TRIES:
        return f"the edit failed {len(tries)} times"
    effect = Effect("modified" if before else "created", path, added=changed_lines(before, after))
    judged = talk.rules.judge([effect])
    return judged.violations[0].detail if judged.violations else ""


def unread(job: Job, talk: Conversation) -> tuple[str, ...]:
    """Files the job has to see first and has not tried to since the user's last word."""
    tried = {each.path for each in talk.since_task() if each.name == "read_file" and each.failed}
    paths = dict.fromkeys(step.path for step in job.steps if not step.create)
    return tuple(path for path in paths if path not in talk.files and path not in tried)


def reads(*paths: str) -> tuple[Call, ...]:
    """Calls that read these files."""
    return tuple(Call("read_file", {"path": path}) for path in paths)


def carry_out(job: Job, talk: Conversation, said: str) -> Reply:
    """The next answer on the way through ``job``. ``said`` goes before its words: an acknowledgement, a finding."""
    if not {"read_file", "edit_file"} <= talk.tools:
        return Reply(
            _join(said, "I have no tools to read and edit files in this request, so I can only talk about it.")
        )
    if talk.steps >= MOST_STEPS:
        return Reply(_join(said, f"I stop here: {MOST_STEPS} steps without getting {job.name} done."))
    if missing := unread(job, talk):
        words = job.opening if not talk.since_task() else "The file is not what I took it for; reading it again."
        return Reply(_join(said, words), job.thought, reads(*missing))
    absent = [step.path for step in job.steps if step.required and not step.create and step.path not in talk.files]
    if absent:
        return Reply(_join(said, f"I cannot read `{absent[0]}`. My script fits the demo's sample project only."))
    return _change(job, talk, said)


def _change(job: Job, talk: Conversation, said: str) -> Reply:
    waiting = pending_steps(job, talk)
    for each in waiting:
        if each.step.required and each.obstacle:
            diff = as_diff(each.step.path, each.before, each.after)
            words = f"I may not make the change: {each.obstacle}. It would be:\n\n{diff}\n\nLift the rule, or say what to do instead."
            return Reply(_join(said, words))
    free = [each for each in waiting if not each.obstacle and not (each.step.create and "write_file" not in talk.tools)]
    if not free:
        return Reply(_join(said, _missing_places(job, talk), job.done, _left_out(waiting)))
    batch = min(each.step.batch for each in free)
    group = [each for each in free if each.step.batch == batch]
    if _wants_to_see(talk):
        diffs = "\n\n".join(as_diff(each.step.path, each.before, each.after) for each in group)
        return Reply(_join(said, f"This is what I would change:\n\n{diffs}\n\nSay *yes* and I apply it."))
    last = batch == max(each.step.batch for each in free)
    extra = tuple(call for call in job.extra if call.name in talk.tools) if last and batch else ()
    return Reply(_join(said, job.edits[batch]), job.thoughts[batch], tuple(_call(each) for each in group) + extra)


def _wants_to_see(talk: Conversation) -> bool:
    """Asked to show first, with no rule that makes the harness do it; what the gates ask for is not held up."""
    return "show" in talk.intents and not talk.rules.has("show-diff") and not talk.failure


def _call(pending: Pending) -> Call:
    if pending.step.create:
        return Call("write_file", {"path": pending.step.path, "content": pending.after})
    old, new = edit_between(pending.before, pending.after)
    return Call("edit_file", {"path": pending.step.path, "old": old, "new": new})


def _missing_places(job: Job, talk: Conversation) -> str:
    gone = [step.what for step in job.steps if not step.create and step.path not in talk.files]
    return f"Not done, the file is not there: {', '.join(gone)}." if gone else ""


def _left_out(waiting: list[Pending]) -> str:
    left = [f"{each.step.what} ({each.obstacle})" for each in waiting if each.obstacle]
    return f"Left out: {'; '.join(left)}." if left else ""


def _join(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
