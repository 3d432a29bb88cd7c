"""What a person's sentence asks for: rules on changes, and intents, found by plain patterns."""

import re
from typing import Final, Literal, TypeAlias

from steer.domain.constraints import ConstraintSet, parse_constraint
from steer.domain.errors import UsageError

Intent: TypeAlias = Literal[
    "long",
    "review",
    "plan",
    "delete",
    "explain",
    "research",
    "show",
    "undo",
    "check",
    "stop",
    "hello",
    "simplify",
    "regex",
    "split",
    "bare",
    "docs",
    "quarter",
    "weeks",
    "code",
    "go",
    "order",
]
_INTENTS: Final[tuple[tuple[Intent, str], ...]] = (
    ("long", r"\b(long|endless) (answer|text|output|story|stream)|[0-9]\s?k?\s*(tokens|words)\b|\A\W*long\b"),
    ("review", r"\breview\b"),
    ("plan", r"\b(write|make|draft|update) (me )?(a|the) plan\b|\bplan (for|how)\b"),
    ("delete", r"\b(delete|remove)( the)?( file)? [`'\"]?[\w./-]*\w\.\w+"),
    ("explain", r"\bexplain|\bwhy\b|\bwhat (does|do|did|is|are)\b|\bhow (does|do|did)\b|\bwalk me through\b"),
    ("research", r"\bresearch|\binvestigate\b|\blook (it|this|that) up\b|\balternatives\b|\bwhich options\b"),
    ("show", r"\b(show|see)\b.{0,24}\b(diff|changes?)\b|\bdiff first\b"),
    ("undo", r"\b(undo|revert|roll ?back|put (it|that) back)\b"),
    ("check", r"\brun\b.{0,12}\b(tests?|gates?|checks?)\b"),
    ("stop", r"\A\W*(stop|halt|wait|hold on)\W*\Z"),
    ("hello", r"\A\W*(hi|hello|hey|help)\b|\bwho are you\b|\bwhat can you\b"),
    ("simplify", r"\bsimpl|\bshorter\b|\bsmaller\b|\bless code\b|\btoo (complicated|complex|clever|long)\b"),
    ("split", r"\b(no|not|without|instead of|avoid)( a| an| any)? (regex|regular)"),
    ("regex", r"\bregex|\bregular expression"),
    ("bare", r"\b(stop|no|without|fewer|less|drop|remove|skip)\b.{0,20}\bcomment"),
    ("docs", r"\breadme\b|\bdocument\b|\bdocs?\b|\bdocumentation\b"),
    ("quarter", r"\bquarter"),
    ("weeks", r"\bweeks?\b|\bparse_week\b|W53"),
    (
        "code",
        r"\b(add|build|change|code|create|do|feature|fix|implement|item|make|next|parse|refactor|repair|start|support"
        r"|task|use|work|write)\b",
    ),
    (
        "order",
        r"\A\W*(please )?(add|build|create|do|finish|fix|implement|make|parse|read|refactor|start|support|teach|write)\b",
    ),
    ("go", r"\A\W*(yes|y|ok|okay|sure|go( on| ahead)?|continue|carry on|proceed|apply( it)?|do it|fine)\b"),
)
_COMPILED: Final = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _INTENTS)

_SENTENCES: Final = (
    (re.compile(r"Change only these files: (.+?)\.(?=\s|$)"), "only:{}"),
    (re.compile(r"Do not touch: (.+?)\.(?=\s|$)"), "protect:{}"),
    (re.compile(r"At most ([0-9]+) changed lines[^.\n]*\.?"), "max-lines:{}"),
    (re.compile(r"Do not create new files\.?"), "no-new-files"),
    (re.compile(r"Do not delete files\.?"), "no-delete"),
    (re.compile(r"Deleting a file needs the user's approval first\.?"), "ask-delete"),
    (re.compile(r"Every change waits for the user's approval of its diff\.?"), "show-diff"),
    (re.compile(r"Change nothing: read, search and explain only\.?"), "read-only"),
    (re.compile(r"Do not run commands\.?"), "no-commands"),
    (re.compile(r"Commands have no network\.?"), "no-network"),
)
_SPOKEN: Final = (
    (
        re.compile(r"\b(?:don'?t|do not|never) (?:touch|change|edit|modify) (?:the |any )?tests?\b", re.I),
        "protect:tests/**",
    ),
    (re.compile(r"\b(?:don'?t|do not|never) (?:touch|change|edit|modify) ([\w./*-]*\w\.\w+)", re.I), "protect:{}"),
    (re.compile(r"\bonly (?:change|touch|edit) ([\w./*-]*\w\.\w+)", re.I), "only:{}"),
    (re.compile(r"\bno new files?\b", re.I), "no-new-files"),
    (re.compile(r"\b(?:max|maximum|at most|no more than)\.? ([0-9]+) (?:changed )?lines\b", re.I), "max-lines:{}"),
    (re.compile(r"\bask (?:me )?before (?:you )?(?:delet|remov)\w*", re.I), "ask-delete"),
    (re.compile(r"\b(?:change nothing|no changes|read[- ]only)\b", re.I), "read-only"),
)
_HERE: Final = re.compile(r"\b(?:only|just) (?:change |touch |edit |work on )?this file\b", re.IGNORECASE)
_LIFTED: Final = re.compile(r"\b(lifted|no longer|not in force|cleared|removed|dropped)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"([0-9][0-9,._' ]*)\s*(k?)\s*(?:tokens|words)\b", re.IGNORECASE)
_LONGEST: Final = 200_000


def rules_in(text: str) -> list[tuple[str, bool]]:
    """Constraints told in ``text``, as (constraint, in force), in order; a line that says it is lifted lifts it."""
    out: list[tuple[str, bool]] = []
    for line in text.split("\n"):
        rest = line
        for pattern, _ in _SENTENCES:
            rest = pattern.sub(" ", rest)
        on = not _LIFTED.search(rest)
        for pattern, template in _SENTENCES:
            for match in pattern.finditer(line):
                _add(out, template.format(*match.groups()), on)
        for pattern, template in _SPOKEN:
            for match in pattern.finditer(rest):
                _add(out, template.format(*match.groups()), True)
    return out


def _add(out: list[tuple[str, bool]], text: str, on: bool) -> None:
    try:
        out.append((str(parse_constraint(text)), on))
    except UsageError:
        return  # a sentence that names no files: it rules nothing


def with_rules(rules: ConstraintSet, text: str) -> ConstraintSet:
    """``rules`` and what ``text`` puts in force or lifts."""
    for constraint, on in rules_in(text):
        rules = rules.with_([constraint]) if on else rules.without([constraint])
    return rules


def own_words(text: str) -> str:
    """A user message without what the harness put around it: bracketed notes and sentences of constraints."""
    text = re.sub(r"^\[[^\[\]]*\]", " ", text, flags=re.MULTILINE)
    for pattern, _ in _SENTENCES:
        text = pattern.sub(" ", text)
    lines = [line.strip() for line in text.split("\n")]
    return "\n".join(line for line in lines if line.strip("-* \t") and not _LIFTED.fullmatch(line.strip("-*:. \t")))


def without_rules(words: str) -> str:
    """``words`` without the rules spoken in them: what is left may ask for something else."""
    for pattern, _ in _SPOKEN:
        words = pattern.sub(" ", words)
    return _HERE.sub(" ", words)


def means_this_file(words: str) -> bool:
    """Whether changes are to stay in the file at hand, whichever that is."""
    return _HERE.search(words) is not None


def intents(words: str) -> frozenset[Intent]:
    """All that ``words`` seem to ask for."""
    found = {name for name, pattern in _COMPILED if pattern.search(words)}
    if "split" in found:
        found.discard("regex")
    return frozenset(found)


def length_asked(words: str) -> int:
    """How many tokens of long answer are asked for: 4,000 where no number is given, 200,000 at most."""
    match = _NUMBER.search(words)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    if not match or not digits:
        return 4_000
    return max(1, min(_LONGEST, int(digits[:9]) * (1_000 if match[2] else 1)))


def path_in(words: str) -> str:
    """The first thing in ``words`` that looks like a file's path."""
    match = re.search(r"[\w./-]*\w\.[A-Za-z]\w*", words)
    return match[0].removeprefix("./") if match else ""
