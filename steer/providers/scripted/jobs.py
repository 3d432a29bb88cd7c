"""Which piece of work is on, and how it is to be done after all that was said."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from steer.domain.constraints import Effect
from steer.providers.scripted import quarters, weeks
from steer.providers.scripted.conversation import Conversation
from steer.providers.scripted.reply import Call
from steer.providers.scripted.source import changed_lines, function
from steer.providers.scripted.weeks import RULES, Reader, Rule, Shape
from steer.providers.scripted.words import Intent, intents, without_rules
from steer.providers.scripted.work import Job, Step

Name: TypeAlias = Literal["weeks", "quarter", "docs"]
_ORDER: Final[tuple[Name, ...]] = ("weeks", "quarter", "docs")
TALK: Final[frozenset[Intent]] = frozenset(
    ("long", "review", "plan", "delete", "explain", "research", "undo", "check", "stop", "hello")
)
_STYLE: Final[frozenset[Intent]] = frozenset(("simplify", "regex", "split", "bare"))


def only_talk(found: frozenset[Intent]) -> bool:
    """Whether the words ask for an answer and not for work."""
    if "order" in found and not found & {"long", "plan"}:
        return False
    return bool(found & TALK)


def job_name(talk: Conversation) -> Name | None:
    """The work that the user's messages have led to; None where none was asked for or all of it is done."""
    name: Name | None = None
    given: list[Name] = []
    for words in talk.said():
        found = intents(without_rules(words))
        if not only_talk(found):
            name = _next(name, given, found, talk.files)
        if name is not None and name not in given:
            given.append(name)
    return name


def _next(name: Name | None, given: list[Name], found: frozenset[Intent], files: Mapping[str, str]) -> Name | None:
    for each in ("docs", "quarter", "weeks"):
        if each in found:
            return each
    if found & _STYLE:
        return name or "weeks"
    if "code" not in found or "go" in found or (name is not None and not is_done(name, files)):
        return name
    return next((each for each in _ORDER if each not in given), None)


def is_done(name: Name, files: Mapping[str, str]) -> bool:
    """Whether the files, as far as they are known, have that piece of work in them."""
    if name == "weeks":
        return "def parse_week(" in files.get(weeks.CODE, "")
    if name == "quarter":
        return "def quarter(" in files.get(quarters.CODE, "")
    return "week date" in files.get(quarters.README, "")


def make_job(name: Name, talk: Conversation) -> Job:
    """The work as it has to be done now."""
    if name == "weeks":
        return _weeks(talk)
    return _quarter(talk) if name == "quarter" else _docs()


def wanted_shape(talk: Conversation) -> Shape:
    """How ``parse_week`` has to be written: what it is, what was asked for, and what the gates found."""
    there = weeks.shape_in(talk.files.get(weeks.CODE, ""))
    reader: Reader = there.reader if there else "split"
    comments = there.comments if there else True
    rule: Rule = there.rule if there else "slip"
    for words in talk.said():
        found = intents(without_rules(words))
        if "split" in found:
            reader = "split"
        elif "regex" in found:
            reader = "regex"
        comments = comments and "bare" not in found
        if "simplify" in found:
            rule = "library"
    if talk.failures and rule == "slip":
        rule = "fixed"
    shape = Shape(reader, rule, comments)
    if rule != "library" and _too_long(talk, shape):
        return Shape(reader, "library", False)
    return shape


def _too_long(talk: Conversation, shape: Shape) -> bool:
    """Whether a limit on changed lines stands against this shape: the rule itself, or a refusal that names it."""
    before = talk.files.get(weeks.CODE, "")
    change = Effect("modified", weeks.CODE, added=changed_lines(before, weeks.put(before, shape)))
    if any(each.constraint.startswith("max-lines") for each in talk.rules.judge([change]).violations):
        return True
    return any(each.refused and "changed lines in this turn" in each.result for each in talk.since_task())


def _weeks(talk: Conversation) -> Job:
    shape = wanted_shape(talk)
    before = talk.files.get(weeks.CODE, "")
    there = weeks.shape_in(before)
    steps = [Step(weeks.CODE, "the code", lambda source: weeks.put(source, shape))]
    if shape.rule != "slip":
        steps.append(Step(weeks.TESTS, "the test", weeks.put_test, required=False, batch=1))
    else:
        steps.append(Step(weeks.TESTS, "the test", required=False))
    return Job(
        name="ISO week dates",
        opening=f"I read the parser and the acceptance tests of week dates first, then add `parse_week` to `{weeks.CODE}`.",
        thought="Week dates count from the Monday of week 1, the week with 4 January in it. A long year has week 53. "
        "The parser's style is one function a format, so a function of its own and one line in parse.",
        steps=tuple(steps),
        edits=(_weeks_edit(there, shape), "Now a test that goes there and back for every day of 28 years."),
        done=_weeks_done(talk, before, there, shape),
        thoughts=(
            _weeks_thought(there, shape),
            "Single dates prove little. Every day of 28 years covers all ways a year can begin.",
        ),
        extra=(
            Call(
                "update_progress",
                {
                    "done": "ISO week dates: parse_week, with a test over 28 years of days.",
                    "next": "quarter(day) in tinydates/spans.py.",
                },
            ),
        ),
    )


def _weeks_edit(there: Shape | None, shape: Shape) -> str:
    if there is None:
        how = {"split": "splitting at the hyphens", "regex": "with one pattern for both forms"}[shape.reader]
        rule = (
            "the library counts the weeks" if shape.rule == "library" else "counting from 4 January, always in week 1"
        )
        return f"`parse_week` goes below `parse`, {how}; {rule}."
    if RULES.index(shape.rule) > RULES.index(there.rule):
        if shape.rule == "library":
            return "`date.fromisocalendar` does the counting and refuses weeks that are none, so the arithmetic can go."
        return (
            "`isoweekday()` is 1 on a Monday where I need 0: `weekday()` it is. The number of weeks comes from 28 December, "
            "which is always in the last one."
        )
    if shape.reader != there.reader:
        return (
            "I swap the reading of the text for a pattern."
            if shape.reader == "regex"
            else "Plain splitting instead of the pattern."
        )
    return "Taking the comments out of `parse_week`."


def _weeks_thought(there: Shape | None, shape: Shape) -> str:
    if there is None:
        return (
            "parse falls through to a ValueError, so a week date has to be told apart before that: the W does. "
            "Without a day it is the Monday, as PLAN.md says."
        )
    if RULES.index(shape.rule) > RULES.index(there.rule):
        return (
            "What comes out for a Monday is the Sunday before it: the step back is one too long."
            if shape.rule == "fixed"
            else "Python 3.8 has fromisocalendar."
        )
    return "Same behaviour, another way to write it: the tests must not notice."


def _weeks_done(talk: Conversation, before: str, there: Shape | None, shape: Shape) -> str:
    if there is None:
        return f"I find no place for `parse_week` in `{weeks.CODE}`: `parse` does not end as in the sample project."
    changed = any(each.name == "edit_file" and not each.failed for each in talk.since_task())
    lines = len(function(before, "parse_week").splitlines())
    if not changed and not talk.failure:
        return f"`parse_week` is there already, {lines} lines; I changed nothing."
    if shape.rule == "slip":
        return "`parse` now reads `2020-W53-7` and `2020-W53`. The gates tell whether the counting is right."
    return f"`parse` reads week dates: `2020-W53-7` is 2021-01-03, `2021-W53-1` raises `ValueError`. `parse_week` has {lines} lines."


def _quarter(talk: Conversation) -> Job:
    tests = Step(quarters.NEW_TESTS, "a test", required=False, batch=1, create=quarters.NEW_TEST_FILE)
    if talk.rules.has("no-new-files"):
        tests = Step(quarters.TESTS, "a test", quarters.put_test, required=False, batch=1)
    return Job(
        name="quarters",
        opening=f"`quarter(day)` belongs to the spans. I read `{quarters.CODE}` and what the package exports.",
        thought="Months 1 to 3 are quarter 1: (month + 2) // 3. No table, no branches.",
        steps=(
            Step(quarters.CODE, "the function", quarters.put_function),
            Step(quarters.EXPORTS, "the export", quarters.put_export, required=False),
            tests,
            Step(quarters.README, "the README", quarters.put_example, required=False, batch=1),
        ),
        edits=(
            "`(month + 2) // 3` is all it takes.",
            "A test at the edges of the quarters, and a line in the README's example.",
        ),
        thoughts=(
            "The style of the file: a function, a docstring, one line.",
            "31 March and 1 April are the edge that matters.",
        ),
        done="`quarter(day)` gives 1 to 4: 31 March is still 1, 1 April is 2.",
    )


def _docs() -> Job:
    return Job(
        name="the README",
        opening="I read the README's table of formats.",
        thought="One row. The order of the table is the order in which parse tries them.",
        steps=(Step(quarters.README, "the README", quarters.put_week_row),),
        edits=("A row for week dates, below the ordinal ones.",),
        done="The README's table of formats has a row for week dates.",
    )
