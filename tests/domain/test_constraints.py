"""Constraints: the grammar, and what they say of an effect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.domain.constraints import PERMISSIONS, ConstraintSet, Effect, parse_constraint
from steer.domain.errors import UsageError
from steer.domain.globs import matches


@pytest.mark.parametrize(
    "text",
    [
        "only:src/**",
        "only:a.py,b.py",
        "protect:tests/**",
        "max-lines:150",
        "max-lines:0",
        "no-new-files",
        "no-delete",
        "ask-delete",
        "show-diff",
        "read-only",
        "no-commands",
        "no-network",
    ],
)
def test_every_constraint_is_printed_as_it_is_parsed(text: str) -> None:
    assert str(parse_constraint(text)) == text
    assert parse_constraint(text).sentence()


@pytest.mark.parametrize(
    "text", ["", "onyl:x", "only:", "only: , ", "max-lines:", "max-lines:-1", "max-lines:many", "no-delete:x"]
)
def test_a_wrong_one_names_itself_and_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_constraint(text)
    assert repr(text) in str(caught.value)
    assert caught.value.remedy


def test_several_only_add_up_and_others_replace() -> None:
    got = ConstraintSet.parse(["only:a", "only:b,a", "max-lines:10", "max-lines:20", "no-delete", "no-delete"])
    assert got.strings() == ("only:a,b", "max-lines:20", "no-delete")
    assert got.with_(["max-lines:5"]).without(["no-delete"]).strings() == ("only:a,b", "max-lines:5")


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "lib/src/a.py", False),
        ("src", "src/a.py", True),
        ("src/", "src/deep/a.py", True),
        ("tests", "pkg/tests/test_a.py", True),
        ("*.py", "a/b.py", True),
        ("*.py", "a/b.pyc", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("src/**/*.py", "src/b.py", True),
        ("src/**/*.py", "src/a/c/b.py", True),
        ("./a.txt", "a.txt", True),
        ("/a.txt", "a.txt", True),
        ("/a.txt", "b/a.txt", False),
        ("**", "anything/at all", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("a+b(c).txt", "a+b(c).txt", True),
        ("a[[]b", "a[b", True),
        ("a[&&~]b", "a~b", True),
        ("weird\nname", "weird\nname", True),
    ],
)
def test_globs(pattern: str, path: str, covered: bool) -> None:
    assert matches(pattern, path) is covered


@given(st.text(min_size=1, max_size=12), st.text(max_size=20))
def test_no_pattern_crashes(pattern: str, path: str) -> None:
    assert matches(pattern, path) in (True, False)


NEW, OLD, GONE = (
    Effect("created", "src/n.py", 10),
    Effect("modified", "src/m.py", 5, 5),
    Effect("deleted", "src/d.py", 0, 9),
)


@pytest.mark.parametrize(
    ("constraints", "effect", "broken"),
    [
        (["only:src/**"], NEW, []),
        (["only:lib/**"], OLD, ["only:lib/**"]),
        (["protect:src/m.py"], OLD, ["protect:src/m.py"]),
        (["no-new-files"], NEW, ["no-new-files"]),
        (["no-new-files"], OLD, []),
        (["no-delete"], GONE, ["no-delete"]),
        (["read-only"], OLD, ["read-only"]),
        (["max-lines:9"], NEW, ["max-lines:9"]),
        (["max-lines:10"], NEW, []),
        (["max-lines:10"], OLD, []),
        (["no-network", "no-commands"], NEW, []),
    ],
)
def test_judging_an_effect(constraints: list[str], effect: Effect, broken: list[str]) -> None:
    assert [v.constraint for v in ConstraintSet.parse(constraints).judge([effect]).violations] == broken


def test_lines_add_up_over_a_turn_and_deletions_and_diffs_are_asked() -> None:
    rules = ConstraintSet.parse(["max-lines:20", "ask-delete", "show-diff"])
    judged = rules.judge([NEW, GONE], used_lines=2)
    assert judged.violations[0].detail == "21 changed lines in this turn, 20 allowed"
    assert set(judged.asks) == {("delete", "src/d.py"), ("diff", "src/n.py")}


@pytest.mark.parametrize("name", PERMISSIONS)
def test_permission_sets_parse(name: str) -> None:
    assert ConstraintSet.parse(PERMISSIONS[name]).strings() == PERMISSIONS[name]
