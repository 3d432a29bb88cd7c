"""What to answer: a pure function of the messages, so that the same conversation always gets the same answer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from steer.providers.scripted import talk as say
from steer.providers.scripted import weeks
from steer.providers.scripted.conversation import Conversation
from steer.providers.scripted.jobs import is_done, job_name, make_job, only_talk
from steer.providers.scripted.reply import Reply
from steer.providers.scripted.words import Intent, length_asked
from steer.providers.scripted.work import carry_out, pending_steps, reads

_ANSWERS: Final[tuple[tuple[Intent, Callable[[Conversation], Reply]], ...]] = (
    ("long", lambda talk: Reply(handbook=length_asked(talk.words))),
    ("review", say.review),
    ("plan", lambda talk: say.plan()),
    ("delete", say.delete),
    ("explain", say.explain),
    ("research", say.research),
    ("undo", lambda talk: say.undo()),
    ("check", say.check),
    ("stop", lambda talk: say.stopped()),
    ("hello", lambda talk: say.hello()),
)
_ACKNOWLEDGED: Final[tuple[tuple[Intent, str], ...]] = (
    ("regex", "A regular expression, then."),
    ("split", "Without a regular expression, then."),
    ("simplify", "Simpler, then."),
    ("bare", "No comments from here on."),
)
_MOST_REPAIRS: Final = 3


def answer(talk: Conversation) -> Reply:
    """The next answer in a conversation."""
    if talk.failure:
        return _repair(talk)
    if only_talk(talk.intents):
        ask = next(reply for intent, reply in _ANSWERS if intent in talk.intents)
        return _after(_acknowledge(talk, styles=False), ask(talk))
    return _work(talk)


def _after(said: str, reply: Reply) -> Reply:
    return replace(reply, text=f"{said}\n\n{reply.text}") if said else reply


def _work(talk: Conversation) -> Reply:
    name = job_name(talk)
    said = _acknowledge(talk)
    known = {"docs", "quarter", "weeks", "simplify", "regex", "split", "bare", "code", "go", "show", "order"}
    if talk.words and not talk.intents & known and not talk.told:
        going = make_job(name, talk).name if name is not None and not is_done(name, talk.files) else ""
        return say.unknown(talk, going)
    if name is None:
        return _after(said, say.unknown(talk, "")) if talk.words and not talk.told else Reply(said or say.hello().text)
    if talk.opening and not talk.intents & (known - {"code", "order"}) and "code" in talk.intents:
        said = (
            f"{said}\n\n".lstrip()
            + f"My script does not know that as such; I take {make_job(name, talk).name}, which it knows."
        )
    return carry_out(make_job(name, talk), talk, said)


def _acknowledge(talk: Conversation, styles: bool = True) -> str:
    """What is taken note of before going on: rules and manners told since the last answer."""
    if not talk.opening:
        return ""
    parts = [line for intent, line in _ACKNOWLEDGED if styles and intent in talk.intents]
    if "go" in talk.intents:
        parts.append("Going on.")
    if on := [f"`{text}`" for text, active in talk.told if active]:
        parts.append(f"Understood: {', '.join(dict.fromkeys(on))}.")
    if off := [f"`{text}`" for text, active in talk.told if not active]:
        parts.append(f"Lifted: {', '.join(dict.fromkeys(off))}.")
    return " ".join(parts)


def _repair(talk: Conversation) -> Reply:
    """Gates failed: read the report, mend what the script knows, or say that it does not."""
    name = job_name(talk)
    about_weeks = "W53" in talk.failure or "test_weeks" in talk.failure
    if name is None or (name != "weeks" and about_weeks):
        name = "weeks"
    job = make_job(name, talk)
    finding = weeks.read_failure(talk.failure) if talk.opening else ""
    if talk.repairs > _MOST_REPAIRS:
        return Reply(f"The gates have failed {talk.repairs} times on my changes. I stop: this needs your eyes.")
    path = job.steps[0].path
    looked = any(each.name == "read_file" and each.at > talk.last_user for each in talk.outcomes)
    changed = any(each.name in ("edit_file", "write_file") and each.at > talk.last_user for each in talk.outcomes)
    settled = path in talk.files and not [each for each in pending_steps(job, talk) if each.step.required]
    if settled and not looked and not changed and "read_file" in talk.tools:
        return Reply(f"{finding} I look at the file again.".lstrip(), "", reads(path))
    if settled and not changed and not any(not each.obstacle for each in pending_steps(job, talk)):
        return Reply(
            f"{finding} `{path}` is as I would write it, so the cause is elsewhere and my script does not reach it.".lstrip()
        )
    return carry_out(job, talk, finding)
