"""The table of actions: which key means what, when."""

import asyncio
import re
from pathlib import Path

import pytest

from steer.ui.actions import ACTIONS, BUTTONS, BY_SLASH, Situation, keys_of, parse_slash, resolve
from steer.ui.screens.page import help_rows
from tests.ui.harness import Hand, at_the_cockpit

UI = Path(__file__).parent.parent.parent / "steer" / "ui"


def meaning(key: str, situation: Situation) -> str | None:
    action = resolve(key, situation)
    return action.id if action is not None else None


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation(modal=True, running=True, empty=False), "close"),
        (Situation(running=True), "interrupt"),
        (Situation(running=True, empty=False), "interrupt"),
        (Situation(running=True, editing=True, empty=False), "interrupt"),
        (Situation(editing=True, empty=False), "stop_editing"),
        (Situation(), "idle_escape"),
        (Situation(empty=False), "idle_escape"),
    ],
)
def test_I7_escape_closes_what_lies_on_top_then_interrupts(situation: Situation, expected: str) -> None:
    assert meaning("escape", situation) == expected


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation(selection=True, running=True, empty=False), "copy"),
        (Situation(running=True, empty=False), "clear"),
        (Situation(empty=False), "clear"),
        (Situation(running=True), "leave"),
        (Situation(), "leave"),
        (Situation(modal=True), "close"),
    ],
)
def test_I9_ctrl_c_copies_then_clears_then_asks(situation: Situation, expected: str) -> None:
    assert meaning("ctrl+c", situation) == expected


@pytest.mark.parametrize("key", ["f8", "ctrl+backslash"])
def test_I2_a_key_that_needs_no_waiting_interrupts_over_every_page(key: str) -> None:
    assert meaning(key, Situation(running=True)) == "interrupt"
    assert meaning(key, Situation(running=True, modal=True)) == "interrupt"


@pytest.mark.parametrize("key", ["enter", "tab", "ctrl+@", "alt+1", "y", "up", "ctrl+t"])
def test_keys_of_the_cockpit_mean_nothing_under_a_page(key: str) -> None:
    assert meaning(key, Situation(modal=True, running=True, question=True, trust=True, queue=True)) is None


@pytest.mark.parametrize("key", ["y", "n"])
def test_T6_answers_need_an_empty_prompt_and_a_question_that_was_read(key: str) -> None:
    answer = {"y": "allow", "n": "deny"}[key]
    assert meaning(key, Situation(question=True)) == answer
    assert meaning(key, Situation(question=True, empty=False)) is None
    assert meaning(key, Situation(fresh=True)) == "too_early"
    assert meaning(key, Situation()) is None


def test_question_mark_is_typing_in_a_draft() -> None:
    assert meaning("question_mark", Situation()) == "help"
    assert meaning("question_mark", Situation(empty=False)) is None


def test_tab_queues_a_draft_and_walks_the_panes_without_one() -> None:
    assert meaning("tab", Situation(empty=False)) == "queue"
    assert meaning("tab", Situation()) == "next_pane"


def test_ids_and_slash_names_are_unique() -> None:
    ids = [action.id for action in ACTIONS]
    names = [action.slash for action in ACTIONS if action.slash]
    assert len(set(ids)) == len(ids)
    assert len(set(names)) == len(names) == len(BY_SLASH)


def test_nine_buttons_on_alt_one_to_nine() -> None:
    assert [button.keys for button in BUTTONS] == [(f"alt+{n}",) for n in range(1, 10)]
    assert all(bool(button.constraint) != bool(button.sentence) for button in BUTTONS)


def test_every_action_can_be_carried_out() -> None:
    async def look(hand: Hand) -> None:
        await asyncio.sleep(0)
        assert {action.id for action in ACTIONS} == set(hand.screen.commander.actions)

    at_the_cockpit(look)


def test_the_help_page_names_every_key_of_a_labelled_action() -> None:
    page = "\n".join(line.text for line in help_rows())
    for action in ACTIONS:
        if action.label:
            assert keys_of(action) in page
            assert action.text in page


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("/verify", "verify", ""),
        ("/theme paper", "theme", "paper"),
        ("  /help  ", "help", ""),
        ("/HELP", "help", ""),
        ("/constrain max-lines:50", "constrain", "max-lines:50"),
    ],
)
def test_S9_slash_commands_are_commands(text: str, name: str, rest: str) -> None:
    parsed = parse_slash(text)
    assert parsed is not None
    action, argument = parsed
    assert action is not None
    assert (action.slash, argument) == (name, rest)


@pytest.mark.parametrize(
    "text", ["/etc/hosts is wrong", "verify /help", "/", "// a comment", "/help\nand more", "", "/ help"]
)
def test_text_that_only_begins_with_a_slash_is_text(text: str) -> None:
    assert parse_slash(text) is None


def test_an_unknown_command_is_recognised_as_one() -> None:
    assert parse_slash("/nonsense x") == (None, "x")


def test_no_colour_outside_the_themes_and_no_binding_outside_the_table() -> None:
    for path in [*UI.rglob("*.py"), *UI.rglob("*.tcss")]:
        source = path.read_text()
        assert not re.search(r"#[0-9a-fA-F]{6}\b", source), f"{path} holds a colour"
        assert "Binding(" not in source, f"{path} binds a key of its own"
