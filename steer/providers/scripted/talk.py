"""Answers in words: explaining, researching, reviewing, and saying honestly what the script does not know."""

import json
import re
from typing import Final

from steer.providers.scripted import quarters, weeks
from steer.providers.scripted.conversation import Conversation
from steer.providers.scripted.reply import Call, Reply
from steer.providers.scripted.source import function
from steer.providers.scripted.words import path_in
from steer.providers.scripted.work import reads

CAN: Final = (
    "read ISO week dates (with a slip that the gates find), add `quarter(day)`, document both; and while I do: "
    "*use a regex instead*, *simplify*, *no comments*, *explain*, *research*, *show the diff first*, *don't touch the tests*, "
    "*only change FILE*, *no new files*, *at most 40 lines*, *delete FILE*, *run the tests*, *review*, "
    "*write 20000 tokens*"
)
_ABOUT_READERS: Final = {
    "split": "It splits the text at the hyphens and checks the lengths of the parts, so `2020-W5-1` is refused.",
    "regex": "One pattern reads both forms, with the day in an optional group.",
}
_ABOUT_RULES: Final = {
    "slip": "From 4 January, which is always in week 1, it goes back to that week's Monday with `isoweekday()`, then adds "
    "weeks and days. I have not checked it against the tests yet.",
    "fixed": "From 4 January, which is always in week 1, it goes back to that week's Monday with `weekday()` (Monday is 0), "
    "then adds weeks and days. 28 December is always in the last week: that is how week 53 is refused in a short year.",
    "library": "`date.fromisocalendar` counts and refuses what does not exist; only the reading of the text is ours.",
}


def unknown(talk: Conversation, going: str) -> Reply:
    """The honest answer to words that the script does not know; ``going`` names unfinished work."""
    quoted = " ".join(talk.words.split())[:120]
    heard = f"I understood nothing in “{quoted}” that it knows." if quoted else "Nothing was asked."
    more = f"\n\n{going} is not finished: *go on* continues it." if going else ""
    return Reply(f"I am a scripted demo model: I answer from a script. {heard} I can {CAN}.{more}")


def hello() -> Reply:
    """Who this is, and what it can do."""
    return Reply(
        f"I am the scripted model of this demo, not a real one. My answers come from a script, the edits and the gates are real. I can {CAN}."
    )


def stopped() -> Reply:
    """The answer to a bare stop."""
    return Reply("Stopped. Nothing runs on my side; say *go on*, or tell me what else.")


def undo() -> Reply:
    """The answer to a wish that the cockpit fulfils better."""
    return Reply(
        "Taking back is the cockpit's work: rewind puts every file back to the checkpoint exactly. I change nothing."
    )


def explain(talk: Conversation) -> Reply:
    """The code as it is, in prose, without an edit."""
    if missing := _unseen(talk, weeks.CODE):
        return Reply("I look at the code as it is now, then explain. No edits.", "", missing)
    source = talk.files.get(weeks.CODE, "")
    shape = weeks.shape_in(source)
    parts: list[str] = []
    if shape is not None:
        lines = len(function(source, "parse_week").splitlines())
        parts.append(f"`parse` hands every text with a `W` in it to `parse_week` ({lines} lines in `{weeks.CODE}`).")
        parts.append(f"{_ABOUT_READERS[shape.reader]} {_ABOUT_RULES[shape.rule]}")
    elif source:
        parts.append("`parse` tries one pattern a format and raises `ValueError` with the text in it when none fits.")
        parts.append(
            "Week dates are missing: the plan is a `parse_week` below it, and one line in `parse` that leads there."
        )
    else:
        parts.append(f"I cannot read `{weeks.CODE}`, so there is nothing I could explain honestly.")
    if "def quarter(" in talk.files.get(quarters.CODE, ""):
        parts.append("`quarter` is `(month + 2) // 3`: integer division does the grouping in threes.")
    return Reply("\n\n".join(parts))


def _unseen(talk: Conversation, path: str) -> tuple[Call, ...]:
    tried = any(each.path == path and each.name == "read_file" for each in talk.since_task())
    return () if path in talk.files or tried or "read_file" not in talk.tools else reads(path)


def research(talk: Conversation) -> Reply:
    """Look around first, then report; no edits."""
    found = [each for each in talk.since_task() if each.name == "search"]
    if not found and "search" in talk.tools:
        call = Call("search", {"pattern": "parse_week|isocalendar|W53"})
        return Reply(
            "Research first, no edits: who uses week dates, and what is there to build on?",
            "",
            (call, *_unseen(talk, weeks.CODE)),
        )
    hits = (
        [
            line
            for line in found[-1].result.split("\n")
            if "W53" in line or "parse_week" in line or "isocalendar" in line
        ]
        if found
        else []
    )
    places = sorted({match[0] for line in hits if (match := re.search(r"[\w./-]+\.(?:py|md)", line))})
    seen = (
        f"The project speaks of week dates in {', '.join(f'`{place}`' for place in places)}."
        if places
        else "The search found no use of week dates."
    )
    return Reply(
        f"{seen}\n\nTwo ways to count:\n\n"
        "1. From 4 January, always in week 1: back to its Monday, then add. Works everywhere, six lines, easy to be one day off.\n"
        "2. `date.fromisocalendar(year, week, day)`: in the standard library since Python 3.8, refuses weeks that are none.\n\n"
        "The project asks for 3.8 or newer, so 2 is open; *simplify* takes it. *Go on* continues as it was."
    )


def check(talk: Conversation) -> Reply:
    """Run the tests once and report what came."""
    ran = [each for each in talk.since_task() if each.name == "run_command"]
    if ran:
        tail = "\n".join(ran[-1].result.strip().split("\n")[-8:])
        return Reply(f"It printed:\n\n```\n{tail}\n```")
    if "run_command" not in talk.tools or talk.rules.has("no-commands"):
        return Reply("I may not run commands now. The gates run them after the turn.")
    return Reply("Running the tests.", "", (Call("run_command", {"command": "python3 -m unittest -q"}),))


def delete(talk: Conversation) -> Reply:
    """Delete one named file through a patch, and report what became of it."""
    path = path_in(talk.words)
    done = [each for each in talk.since_task() if each.name == "apply_patch"]
    if done:
        return Reply(
            f"Not deleted: {done[-1].reason}" if done[-1].failed else f"`{path}` is gone. Rewind brings it back."
        )
    effect = "read-only" if talk.rules.has("read-only") else "no-delete" if talk.rules.has("no-delete") else ""
    if effect or "apply_patch" not in talk.tools:
        return Reply(f"I leave `{path}`: {effect or 'I have no tool that deletes'}.")
    patch = f"*** Begin Patch\n*** Delete File: {path}\n*** End Patch\n"
    return Reply(f"Deleting `{path}`.", "", (Call("apply_patch", {"patch": patch}),))


def review(talk: Conversation) -> Reply:
    """Findings on ``parse_week``: as an object where the request speaks of findings as JSON, else in prose."""
    asked = "\n".join(each.content for each in talk.messages if each.role in ("system", "user"))
    source = talk.files.get(weeks.CODE, "")
    as_object = '"findings"' in asked
    if not source and not as_object and (missing := _unseen(talk, weeks.CODE)):
        return Reply("I read the code first.", "", missing)
    slip = _slip_line(source, asked)
    if as_object:
        return Reply(json.dumps({"findings": [_finding(slip)] if slip else [], "summary": _verdict(slip)}))
    return Reply(f"P1 `{weeks.CODE}:{slip}`: {_verdict(slip)}" if slip else _verdict(slip))


def _verdict(slip: int) -> str:
    if slip:
        return "`isoweekday()` is 1 on a Monday: the Monday of week 1 comes out a day early. `weekday()` is meant."
    return "Nothing found. My script knows one mistake, the weekday slip in `parse_week`; it is not there."


def _finding(line: int) -> dict[str, str | int]:
    return {
        "path": weeks.CODE,
        "line": line,
        "severity": "P1",
        "title": "Monday of week 1 is one day early",
        "detail": _verdict(line),
        "suggestion": "monday = fourth - timedelta(days=fourth.weekday())",
    }


def _slip_line(source: str, asked: str) -> int:
    """The line of the slip in the file as it was read, else in a diff among what was asked; 0 where it is not."""
    for number, line in enumerate(source.split("\n"), 1):
        if "fourth.isoweekday()" in line:
            return number
    number = 0
    for line in asked.split("\n"):
        if match := re.match(r"@@ -\S+ \+(\d+)", line):
            number = int(match[1]) - 1
        elif not line.startswith("-"):
            number += 1
        if line.startswith("+") and "fourth.isoweekday()" in line:
            return number
    return 0


def plan() -> Reply:
    """A plan in PLAN.md's grammar."""
    return Reply(
        "- [ ] Read ISO week dates such as 2020-W53-7\n"
        '  accept: `parse("2020-W53-7")` is 3 January 2021\n'
        "  accept: a week that the year does not have raises `ValueError`\n"
        "  verify: tests\n  max-lines: 80\n"
        "- [ ] Add `quarter(day)` to the spans\n"
        "  accept: 31 March is in quarter 1, 1 April in quarter 2\n"
        "  verify: tests\n  max-lines: 60\n"
        "- [ ] Document week dates in the README\n"
        "  accept: the table of formats has a row for them\n"
        "  verify: style\n  only: README.md\n"
    )
