"""A person at the cockpit: what keys post to the engine, and what the screen says meanwhile."""

import asyncio

import pytest
from textual import events

from steer.domain.commands import Decide, EditQueue, Interrupt, Pause, Restore, Steer, Submit, Trust, Verify
from steer.domain.errors import SteerError
from steer.domain.events import (
    ApprovalRequested,
    ApprovalResolved,
    ConstraintsChanged,
    Event,
    InterruptedEvent,
    Notice,
    PausedChanged,
    QueueChanged,
    TextDelta,
    ToolDelta,
    TurnFinished,
    TurnStarted,
    VerifyFinished,
)
from steer.engine.cockpit import Cockpit
from steer.ui.actions import EXPLAIN
from steer.ui.screens.page import Page
from tests.ui.fake_cockpit import DIFF, STARTED, USAGE, FakeCockpit, demo, turn
from tests.ui.harness import Hand, at_the_cockpit

STREAMING: list[Event] = [STARTED, *turn(3), TextDelta("Some words of an answer.", 312)]
ENDED = TurnFinished(3, "completed", "", (), 0, 0, 10, 10, 1.0)


def session(*events: Event) -> FakeCockpit:
    return FakeCockpit(events)


def test_enter_starts_a_turn() -> None:
    async def work(hand: Hand) -> None:
        assert "new turn" in hand.text()
        await hand.press(*"fix it", "enter")
        assert hand.screen.area.text == ""

    assert at_the_cockpit(work, cockpit=session(STARTED)).posted == [Submit("fix it")]


def test_S1_enter_tab_and_alt_enter_while_it_streams() -> None:
    async def work(hand: Hand) -> None:
        assert "redirect now, keeps 312 tokens" in hand.text()
        await hand.press(*"one", "enter")
        await hand.press(*"two", "tab")
        await hand.press(*"three", "alt+enter")
        await hand.press(*"four", "ctrl+enter")
        await hand.press(*"five", "ctrl+r")

    posted = at_the_cockpit(work, cockpit=session(*STREAMING)).posted
    assert posted == [
        Steer("one", "now"),
        Steer("two", "queued"),
        Steer("three", "next"),
        Steer("four", "next"),
        Steer("five", "now", keep_partial=False),
    ]


@pytest.mark.parametrize("key", ["escape", "f8", "ctrl+backslash"])
def test_I4_I7_interrupt_names_the_turn_that_is_seen_and_keeps_the_draft(key: str) -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"draft", key)
        assert hand.screen.area.text == "draft"

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Interrupt(3)]


def test_I4_interrupt_right_after_enter_names_the_turn_to_come() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"go", "enter", "escape")

    assert at_the_cockpit(work, cockpit=session(*STREAMING, ENDED)).posted == [Submit("go"), Interrupt(4)]


def test_I4_escape_after_the_end_interrupts_nothing() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("escape")
        assert "Nothing runs" in hand.text()

    assert at_the_cockpit(work, cockpit=session(*STREAMING, ENDED)).posted == []


def test_I5_nothing_received_gives_the_task_back() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("escape")
        await hand.say(InterruptedEvent("user", 0), TurnFinished(3, "interrupted", "", (), 0, 0, 0, 0, 0.1))
        assert hand.screen.area.text == "the task"

    at_the_cockpit(work, cockpit=session(STARTED, *turn(3, "the task")))


@pytest.mark.parametrize("draft", [True, False])
def test_I5_a_draft_or_an_answer_keeps_the_prompt_as_it_is(draft: bool) -> None:
    async def work(hand: Hand) -> None:
        if draft:
            await hand.press(*"mine")
        else:
            await hand.say(TextDelta("x", 1))
        await hand.press("escape")
        await hand.say(InterruptedEvent("user", 0), TurnFinished(3, "interrupted", "", (), 0, 0, 0, 0, 0.1))
        assert hand.screen.area.text == ("mine" if draft else "")

    at_the_cockpit(work, cockpit=session(STARTED, *turn(3, "the task")))


def has_page(hand: Hand) -> bool:
    return isinstance(hand.app.screen, Page)


def test_I7_escape_under_a_page_closes_the_page_only() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("question_mark")
        assert has_page(hand)
        await hand.press("escape")
        assert not has_page(hand)
        assert hand.cockpit.posted == []
        await hand.press("f1", "f8")
        assert hand.cockpit.posted == [Interrupt(3)]

    at_the_cockpit(work, cockpit=session(*STREAMING))


def test_I9_ctrl_c_clears_then_asks_and_never_leaves_at_once() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"draft", "ctrl+c")
        assert hand.screen.area.text == ""
        assert hand.app.is_running
        await hand.press("ctrl+c")
        assert "Once more ends it and leaves" in hand.text()
        hand.clock.seconds += 3
        await hand.press("ctrl+c")
        assert not hand.app._exit
        await hand.press("ctrl+c")
        assert hand.app._exit

    cockpit = at_the_cockpit(work, cockpit=session(*STREAMING))
    assert cockpit.closed
    assert cockpit.posted == []


def test_I9_cleared_text_comes_back_with_up() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"draft", "ctrl+c", "up")
        assert hand.screen.area.text == "draft"

    at_the_cockpit(work, cockpit=session(STARTED))


def test_ctrl_d_leaves_when_idle_and_asks_while_a_turn_runs() -> None:
    async def idle(hand: Hand) -> None:
        await hand.press("ctrl+d")
        assert hand.app._exit

    async def running(hand: Hand) -> None:
        await hand.press("ctrl+d")
        assert not hand.app._exit

    assert at_the_cockpit(idle, cockpit=session(STARTED)).closed
    at_the_cockpit(running, cockpit=session(*STREAMING))


def test_pause_and_go_on() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("ctrl+@")
        await hand.say(PausedChanged(True))
        assert "paused" in hand.line("#header")
        await hand.press("ctrl+space")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Pause(True), Pause(False)]


def test_S10_the_queue_is_shown_and_edited_by_id() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(QueueChanged((("m1", "first thing"), ("m2", "second thing"))))
        assert "waits: end of turn" in hand.line("#waiting")
        assert "second thing" in hand.line("#waiting")
        await hand.press("alt+up")
        assert hand.screen.area.text == "second thing"
        assert "changes the waiting message" in hand.text()
        await hand.press("!", "enter")
        await hand.press("alt+up", "alt+up")
        assert hand.screen.area.text == "first thing"
        await hand.press(*["ctrl+u"], "enter")

    posted = at_the_cockpit(work, cockpit=session(*STREAMING)).posted
    assert posted == [EditQueue("m2", "second thing!"), EditQueue("m1", "")]


def test_S5_after_an_interrupt_the_queue_is_held_and_says_so() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(QueueChanged((("m1", "later"),)))
        await hand.press("escape")
        await hand.say(InterruptedEvent("user", 24), TurnFinished(3, "interrupted", "", (), 0, 0, 0, 0, 0.1))
        assert "held: after your next turn" in hand.line("#waiting")

    at_the_cockpit(work, cockpit=session(*STREAMING))


def test_S2_a_message_that_is_said_while_it_is_edited_is_not_changed() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(QueueChanged((("m1", "later"),)))
        await hand.press("alt+up", "!")
        await hand.say(QueueChanged(()))
        assert hand.screen.area.text == "later!"
        await hand.press("enter")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Steer("later!", "now")]


ASK = ApprovalRequested("c1", "diff", None, "Change src/dates.py?", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n")


def test_T6_an_answer_counts_only_once_the_question_could_be_read() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(ASK)
        assert "Change src/dates.py?" in hand.line("#callout")
        assert "+ new" in hand.line("#callout")
        await hand.press("y")
        assert hand.cockpit.posted == []
        assert hand.screen.area.text == ""
        hand.clock.seconds += 0.5
        await hand.press("enter", "space")
        assert hand.cockpit.posted == []
        await hand.press("backspace", "y", "y")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Decide("c1", True, "")]


def test_T6_keys_of_a_draft_do_not_answer() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("n")
        await hand.say(ASK)
        hand.clock.seconds += 0.5
        await hand.press("o", "y")
        assert hand.screen.area.text == "noy"

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == []


def test_T7_a_denial_takes_the_prompt_along_as_its_reason() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(ASK)
        hand.clock.seconds += 0.5
        await hand.press(*"wrong file", "alt+n")
        await hand.say(ApprovalResolved("c1", "diff", False, "wrong file"))
        assert not hand.screen.callout.display

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Decide("c1", False, "wrong file")]


def test_answers_can_be_clicked() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(ASK)
        hand.clock.seconds += 0.5
        await hand.pilot.click("Answers", offset=(5, 0))

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Decide("c1", True, "")]


def test_a_question_is_answered_with_words() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(ApprovalRequested("q1", "question", None, "Which calendar?"))
        assert "answers the question" in hand.text()
        await hand.press(*"ISO", "enter")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Decide("q1", True, "ISO")]


def test_quick_steer_sets_and_lifts_a_constraint() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("alt+2")
        await hand.say(ConstraintsChanged(("max-lines:40", "show-diff")))
        assert "2 show diff first ●" in hand.line("#quick")
        assert "4 max 40 ●" in hand.line("#quick")
        assert "6 ask deletes ●" not in hand.line("#quick")
        await hand.press("alt+2", "alt+4")

    posted = at_the_cockpit(work, cockpit=session(*STREAMING), size=(160, 45)).posted
    assert posted == [
        Steer("", "next", constraints=("show-diff",)),
        Steer("", "next", clear=("show-diff",)),
        Steer("", "next", clear=("max-lines:40",)),
    ]


def test_a_button_can_be_clicked() -> None:
    async def work(hand: Hand) -> None:
        bar = hand.line("#quick")
        await hand.pilot.click("#quick", offset=(bar.index("5 no new") + 2, 0))

    posted = at_the_cockpit(work, cockpit=session(*STREAMING), size=(160, 45)).posted
    assert posted == [Steer("", "next", constraints=("no-new-files",))]


def test_only_this_file_is_the_one_being_edited_or_says_that_there_is_none() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("alt+1")
        assert "No file is under the diff cursor" in hand.text()
        assert hand.cockpit.posted == []
        await hand.say(ToolDelta("c1", "edit_file", '{"path": "src/a.py", "old": "x', 5))
        await hand.press("alt+1")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [
        Steer("", "next", constraints=("only:/src/a.py",))
    ]


def test_only_this_file_is_the_one_under_the_diff_cursor() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(DIFF)
        await hand.press("f3", "ctrl+end", "ctrl+up", "alt+1")

    posted = at_the_cockpit(work, cockpit=session(*STREAMING)).posted
    assert posted in (
        [Steer("", "next", constraints=("only:/tests/test_dates.py",))],
        [Steer("", "next", constraints=("only:/src/dates.py",))],
    )


def test_explain_is_a_redirect_while_it_streams_and_a_turn_when_idle() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("alt+7")
        await hand.say(ENDED)
        await hand.press("alt+7")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Steer(EXPLAIN, "now"), Submit(EXPLAIN)]


def test_trust_prompt_is_one_key() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("ctrl+t")
        assert hand.cockpit.posted == []
        await hand.say(
            Notice("VERIFY.md is not trusted yet.", "trust:abc123"), VerifyFinished("not_run", "not trusted")
        )
        assert "^t trusts this VERIFY.md" in hand.line("#verify")
        await hand.press("ctrl+t")
        assert "^t trusts" not in hand.line("#verify")

    assert at_the_cockpit(work, cockpit=session(STARTED)).posted == [Trust("abc123")]


def test_why_nothing_ran_and_what_could() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(VerifyFinished("not_run", "There is no VERIFY.md.", "- tests: `pytest -q`\n"))
        pane = hand.line("#verify")
        assert "Nothing was verified. There is no" in pane
        assert "- tests: `pytest -q`" in pane

    at_the_cockpit(work, cockpit=session(STARTED), size=(160, 45))


def test_slash_commands() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"/verify", "enter")
        await hand.press(*"/interrupt", "enter")
        await hand.press(*"/constrain max-lines:9", "enter")
        await hand.press(*"/release ask-delete", "enter")
        await hand.press(*"/nonsense", "enter")
        assert hand.screen.area.text == "/nonsense"
        assert "no such command" in hand.text()

    posted = at_the_cockpit(work, cockpit=session(*STREAMING)).posted
    assert posted == [
        Verify(),
        Interrupt(3),
        Steer("", "next", constraints=("max-lines:9",)),
        Steer("", "next", clear=("ask-delete",)),
    ]


def test_undo_puts_back_to_the_start_of_the_last_turn() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"/undo", "enter")
        assert hand.cockpit.posted == []
        await hand.say(ENDED)
        await hand.press(*"/undo", "enter")

    assert at_the_cockpit(work, cockpit=session(*STREAMING)).posted == [Restore("cp3")]


def test_context_page_tells_the_categories() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"/context", "enter")
        assert "tool results" in hand.text()
        assert "22k tokens" in hand.text()

    at_the_cockpit(work, cockpit=session(STARTED, USAGE))


def test_what_is_typed_before_the_session_is_ready_is_delivered() -> None:
    ready = asyncio.Event()
    fake = session(STARTED)

    async def opener() -> Cockpit:
        await ready.wait()
        return fake

    async def work(hand: Hand) -> None:
        assert "queued until the session is ready" in hand.text()
        await hand.press(*"early", "enter", *"rest")
        assert fake.posted == []
        ready.set()
        await hand.drawn()
        assert hand.screen.area.text == "rest"

    at_the_cockpit(work, cockpit=fake, opener=opener)
    assert fake.posted == [Submit("early")]


def test_a_session_that_cannot_open_is_told_with_its_remedy_and_gives_the_text_back() -> None:
    failing = asyncio.Event()

    async def opener() -> Cockpit:
        await failing.wait()
        raise SteerError("There is no key for the endpoint.", "Set OPENAI_API_KEY.")

    async def work(hand: Hand) -> None:
        await hand.press(*"early", "enter")
        assert hand.screen.area.text == ""
        failing.set()
        while not hand.screen.bridge.failure:
            await hand.pilot.pause()
        await hand.pilot.pause()
        assert "There is no key for the endpoint. Set OPENAI_API_KEY." in hand.text()
        assert "could not start" in hand.line("#header")
        await hand.press("enter")
        assert hand.screen.area.text == "early"
        await hand.press("ctrl+u", "ctrl+d")
        assert hand.app._exit

    at_the_cockpit(work, opener=opener)


def test_the_first_task_is_submitted() -> None:
    async def work(hand: Hand) -> None:
        await asyncio.sleep(0)

    assert at_the_cockpit(work, cockpit=session(STARTED), task="do it").posted == [Submit("do it")]


def test_U1_a_paste_of_100000_characters_is_one_word_and_submits_nothing() -> None:
    text = "line of text\n" * 8000

    async def work(hand: Hand) -> None:
        await hand.press(*"see ")
        hand.app.post_message(events.Paste(text))
        await hand.pilot.pause()
        assert hand.screen.area.text == "see [pasted 8,001 lines]"
        assert hand.cockpit.posted == []
        await hand.press("enter")

    assert at_the_cockpit(work, cockpit=session(STARTED)).posted == [Submit("see " + text)]


def test_U1_a_short_paste_of_several_lines_does_not_submit() -> None:
    async def work(hand: Hand) -> None:
        hand.app.post_message(events.Paste("one\r\ntwo\x1b[31m!"))
        await hand.pilot.pause()
        assert hand.screen.area.text == "one\ntwo!"
        assert hand.cockpit.posted == []

    at_the_cockpit(work, cockpit=session(STARTED))


def test_U1_two_pastes_of_the_same_size_stay_two() -> None:
    async def work(hand: Hand) -> None:
        for letter in "ab":
            hand.app.post_message(events.Paste(f"{letter}\n" * 20))
            await hand.pilot.pause()
        await hand.press("enter")

    posted = at_the_cockpit(work, cockpit=session(STARTED)).posted
    assert posted == [Submit("a\n" * 20 + "b\n" * 20)]


def test_keys_that_come_at_once_keep_their_order() -> None:
    async def work(hand: Hand) -> None:
        for key in "abc":
            hand.app.post_message(events.Key(key, key))
        hand.app.post_message(events.Paste("def"))
        hand.app.post_message(events.Key("enter", "\r"))
        hand.app.post_message(events.Key("x", "x"))
        await hand.pilot.pause()
        assert hand.screen.area.text == "x"

    assert at_the_cockpit(work, cockpit=session(STARTED)).posted == [Submit("abcdef")]


def test_newline_and_history() -> None:
    async def work(hand: Hand) -> None:
        await hand.press("a", "shift+enter", "b", "ctrl+j", "c")
        assert hand.screen.area.text == "a\nb\nc"
        await hand.press("up")
        assert hand.screen.area.text == "a\nb\nc"
        await hand.press("enter", *"draft", "up")
        assert hand.screen.area.text == "a\nb\nc"
        await hand.press("down")
        assert hand.screen.area.text == "draft"

    assert at_the_cockpit(work, cockpit=session(STARTED)).posted == [Submit("a\nb\nc")]


def words(pane: str) -> list[str]:
    """A pane's rows without the scroll thumb."""
    return [row.rstrip("┃ ") for row in pane.split("\n")]


def test_U4_scrolled_up_the_stream_holds_still_and_counts_what_is_new() -> None:
    async def work(hand: Hand) -> None:
        await hand.say(TextDelta("".join(f"line {n}\n\n" for n in range(200)), 400))
        await hand.press("pageup", "pageup")
        before = words(hand.line("#stream"))
        await hand.say(TextDelta("".join(f"more {n}\n\n" for n in range(30)), 60))
        assert words(hand.line("#stream")) == before
        assert "new lines" in hand.text()
        await hand.press("ctrl+end")
        assert "more 29" in hand.line("#stream")
        await hand.say(TextDelta("the very end\n", 3))
        assert "the very end" in hand.line("#stream")

    at_the_cockpit(work, cockpit=session(*STREAMING))


def test_fewer_than_forty_widgets_however_long_the_session() -> None:
    async def work(hand: Hand) -> None:
        for number in range(4, 40):
            await hand.say(TurnStarted(number, f"task {number}"), *demo()[2:], ENDED)
        assert len(list(hand.app.screen.walk_children())) < 40

    at_the_cockpit(work, cockpit=session(*demo()))


def draws(hand: Hand) -> bool:
    return hand.screen._drawing


def test_frames_pause_when_nothing_happens() -> None:
    async def work(hand: Hand) -> None:
        assert draws(hand)
        await hand.say(ENDED)
        for _ in range(100):
            await hand.pilot.pause(0.02)
            if not draws(hand):
                break
        assert not draws(hand)
        await hand.say(TurnStarted(4, "more"), TextDelta("fresh words", 2))
        assert "fresh words" in hand.line("#stream")

    at_the_cockpit(work, cockpit=session(*STREAMING))


def theme_of(hand: Hand) -> str:
    return hand.app.theme


def test_theme_switches_live() -> None:
    async def work(hand: Hand) -> None:
        await hand.press(*"/theme paper", "enter")
        assert theme_of(hand) == "paper"
        await hand.press("f7")
        assert theme_of(hand) == "tokyo-night"
        await hand.press(*"/theme nope", "enter")
        assert "There is no theme 'nope'" in hand.text()

    at_the_cockpit(work, cockpit=session(STARTED))
