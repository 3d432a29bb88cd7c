"""What the scripted model hears in a sentence."""

import pytest

from steer.domain.constraints import ConstraintSet, parse_constraint
from steer.providers.scripted.source import edit_between, plain
from steer.providers.scripted.words import intents, length_asked, own_words, rules_in, with_rules, without_rules

ALL = (
    "only:src/**,a.py",
    "protect:tests/**",
    "max-lines:40",
    "no-new-files",
    "no-delete",
    "ask-delete",
    "show-diff",
    "read-only",
    "no-commands",
    "no-network",
)


@pytest.mark.parametrize("text", ALL)
def test_a_rule_is_read_back_from_its_sentence(text: str) -> None:
    sentence = parse_constraint(text).sentence()
    assert rules_in(f"[Constraints, enforced from now on]\n- {sentence}") == [(text, True)]
    assert rules_in(f"- No longer in force: {sentence}") == [(text, False)]
    assert own_words(sentence) == ""


def test_all_rules_at_once() -> None:
    told = "\n".join(f"- {parse_constraint(text).sentence()}" for text in ALL)
    assert with_rules(ConstraintSet(), told).strings() == ALL


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("don't touch tests", "protect:tests/**"),
        ("do not edit the tests please", "protect:tests/**"),
        ("don't touch README.md", "protect:README.md"),
        ("only change tinydates/parsing.py.", "only:tinydates/parsing.py"),
        ("no new files", "no-new-files"),
        ("max 150 lines", "max-lines:150"),
        ("ask before deleting anything", "ask-delete"),
    ],
)
def test_rules_in_a_persons_own_words(words: str, rule: str) -> None:
    assert rules_in(words) == [(rule, True)]
    assert not intents(without_rules(words)) - {"go"}


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("use a regex instead", "regex"),
        ("no regex", "split"),
        ("explain", "explain"),
        ("Simplify: find a smaller solution.", "simplify"),
        ("research it first", "research"),
        ("show the diff first", "show"),
        ("stop adding comments", "bare"),
        ("stream a long answer", "long"),
        ("write 20000 tokens", "long"),
        ("long", "long"),
        ("run the tests", "check"),
        ("stop", "stop"),
        ("undo that", "undo"),
        ("delete README.md", "delete"),
        ("add quarter support", "quarter"),
        ("purple elephants", None),
    ],
)
def test_intents(words: str, intent: str | None) -> None:
    found = intents(words)
    assert intent in found if intent else not found


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ("write 20000 tokens", 20_000),
        ("20k tokens", 20_000),
        ("20,000 words", 20_000),
        ("long", 4_000),
        ("900000 tokens", 200_000),
        ("0 tokens", 1),
    ],
)
def test_length_asked(words: str, tokens: int) -> None:
    assert length_asked(words) == tokens


def test_own_words_are_what_the_harness_did_not_write() -> None:
    text = (
        "[The user interrupted your last answer; what you see of it is all that was kept. Calls in it were not run.]\n\n"
        "[Constraints, enforced from now on]\n- Do not create new files.\n\n[The user steers]\nuse a regex"
    )
    assert own_words(text) == "use a regex"


@pytest.mark.parametrize(
    "shown",
    [
        "1\tdef a():\n2\t\n3\t    return 1",
        "     1\tdef a():\n     2\t\n     3\t    return 1",
        "a.py (3 lines)\n1| def a():\n2| \n3|     return 1\n[end]",
        "def a():\n\n    return 1\n",
    ],
)
def test_line_numbers_are_taken_off(shown: str) -> None:
    assert plain(shown) == "def a():\n\n    return 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nX\nc\n"),
        ("a\n\nb\n\nc\n", "a\n\nb\n\nnew\n\nc\n"),
        ("a\na\na\n", "a\na\na\na\n"),
        ("a\nb\n", "new\na\nb\n"),
        ("a\nb\na\n", "a\na\n"),
    ],
)
def test_an_edit_is_found_once_and_gives_the_new_text(before: str, after: str) -> None:
    old, new = edit_between(before, after)
    assert before.count(old) == 1
    assert before.replace(old, new) == after
