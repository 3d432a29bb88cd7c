"""What the buttons do to the constraints."""

import pytest

from steer.domain.constraints import ConstraintSet, Effect
from steer.ui.actions import BUTTONS, BY_ID
from steer.ui.quick_steer import Change, glob_of, in_force, label_of, toggled

TESTS = BY_ID["keep_tests"].constraint


def rules(*texts: str) -> ConstraintSet:
    return ConstraintSet.parse(texts)


@pytest.mark.parametrize("button", [b for b in BUTTONS if b.constraint and b.id != "only_file"], ids=lambda b: b.id)
def test_pressed_twice_is_as_before(button: object) -> None:
    chosen = next(b for b in BUTTONS if b is button)
    before = rules("no-network")
    first = toggled(chosen, before, "")
    after = before.without(first.clear).with_(first.set)
    assert in_force(chosen, after) is not None
    second = toggled(chosen, after, "")
    assert after.without(second.clear).with_(second.set) == before


def test_the_tests_button_keeps_what_was_protected_before() -> None:
    button = BY_ID["keep_tests"]
    before = rules("protect:docs/**")
    first = toggled(button, before, "")
    after = before.without(first.clear).with_(first.set)
    assert after.judge([Effect("modified", "docs/a.md")]).violations
    assert after.judge([Effect("modified", "tests/test_a.py")]).violations
    second = toggled(button, after, "")
    assert after.without(second.clear).with_(second.set) == before


def test_protecting_something_else_does_not_light_the_tests_button() -> None:
    assert in_force(BY_ID["keep_tests"], rules("protect:docs/**")) is None


@pytest.mark.parametrize("path", ["src/a.py", "a.py", "odd [x]*?.py", "a,b.py", "dir with space/ü.py"])
def test_only_this_file_means_this_file_and_no_other(path: str) -> None:
    change = toggled(BY_ID["only_file"], rules(), path)
    after = rules(*change.set)
    assert not after.judge([Effect("modified", path)]).violations
    assert after.judge([Effect("modified", f"other/{path}")]).violations
    assert after.judge([Effect("modified", "x.py")]).violations
    assert glob_of(path) in change.set[0]


def test_only_this_file_without_a_file_changes_nothing() -> None:
    assert toggled(BY_ID["only_file"], rules(), "") == Change()


def test_labels_tell_the_limit_and_the_file_in_force() -> None:
    force = rules("max-lines:40", "only:/src/dates.py")
    assert label_of(BY_ID["max_lines"], force) == "max 40"
    assert label_of(BY_ID["only_file"], force) == "only dates.py"
    assert label_of(BY_ID["max_lines"], rules()) == "max 150"
