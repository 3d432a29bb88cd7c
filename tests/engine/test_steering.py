"""A person's hand in a running turn: interrupts, redirects, the queue, pause, constraints (EDGE-CASES H, I and S)."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.commands import Command, Decide, EditQueue, Interrupt, Pause, Steer, Submit, Trust
from steer.domain.deltas import CallPiece, Delta, Finished, TextPiece
from steer.domain.events import (
    ApprovalRequested,
    CommandFinished,
    ConstraintsChanged,
    GateFinished,
    GateStarted,
    InterruptedEvent,
    QueueChanged,
    RequestStarted,
    Steered,
    TextDelta,
    ToolCalled,
    ToolFinished,
    TurnFinished,
    VerifyFinished,
)
from steer.domain.transcript import replay
from steer.domain.verify import Gate
from steer.engine.core import SessionOptions
from tests.engine.play import Played, play
from tests.fakes import (
    MemoryWorkspace,
    ScriptedGates,
    ScriptedProvider,
    Step,
    WaitTool,
    WriteTool,
    calls,
    ports,
    says,
)

WRITE = '{"path": "a.txt", "text": "one"}'


STOP = (Finished("stop"),)


def held(*before: Delta, after: Step = STOP) -> tuple[Step, asyncio.Event]:
    """An answer that stands still after ``before`` until the event is set."""
    gate = asyncio.Event()
    return [*before, gate, *after], gate


async def flushed(played: Played, count: int = 1) -> None:
    """Until the model's text is published: deltas are held for a moment, as a screen would drain them."""
    await played.until(TextDelta, count)


def user_words(played: Played) -> list[str]:
    return [message.content for message in played.messages if message.role == "user"]


def test_H5_an_interrupt_keeps_the_partial_answer_and_marks_it() -> None:
    step, _ = held(TextPiece("half of it "))
    provider = ScriptedProvider([step, says("more")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        done = played.of(TurnFinished)[0]
        assert (done.status, done.text, provider.closed) == ("interrupted", "half of it", 1)
        cut = played.of(InterruptedEvent)[0]
        assert (cut.reason, cut.kept_chars) == ("user", len("half of it "))
        played.session.post(Submit("continue"))
        await played.until(TurnFinished, 2)
        sent = provider.requests[1].messages
        assert [m.role for m in sent] == ["system", "user", "assistant", "user"]
        assert sent[2].content == "half of it", "no trailing blank: some endpoints refuse it"
        assert sent[3].content.startswith("[The user interrupted your last answer")
        assert sent[3].content.endswith("continue")

    play(ports(provider), task)


def test_I3_nothing_received_after_the_interrupt_is_applied() -> None:
    workspace = MemoryWorkspace()
    step, gate = held(TextPiece("x"), after=[CallPiece(0, "c", "write", WRITE), Finished("tool_calls")])
    provider = ScriptedProvider([step])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        gate.set()
        played.session.post(Interrupt())
        await played.until(TurnFinished)
        assert workspace.files == {}
        assert not played.of(ToolCalled)

    play(ports(provider, workspace, tools=(WriteTool(),)), task)


def test_I4_an_interrupt_for_a_turn_that_is_over_does_nothing() -> None:
    step, gate = held(TextPiece("second"))
    provider = ScriptedProvider([says("first"), step])

    async def task(played: Played) -> None:
        played.session.post(Interrupt())
        await played.session.run_turn("one")
        played.session.post(Submit("two"))
        await flushed(played, 2)
        played.session.post(Interrupt(1))
        gate.set()
        await played.until(TurnFinished, 2)
        assert [event.status for event in played.of(TurnFinished)] == ["completed", "completed"]
        assert not played.of(InterruptedEvent)

    play(ports(provider), task)


@pytest.mark.parametrize("yields", range(12))
def test_I4_an_interrupt_around_the_end_has_one_outcome(yields: int) -> None:
    provider = ScriptedProvider([says("a"), says("b")])

    async def task(played: Played) -> None:
        played.session.post(Submit("one"))
        await provider.started.wait()
        for _ in range(yields):
            await asyncio.sleep(0)
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        ended = played.of(TurnFinished)
        assert len(ended) == 1
        assert (ended[0].status == "interrupted") == bool(played.of(InterruptedEvent))

    play(ports(provider), task)


def test_I5_an_interrupt_before_the_first_byte() -> None:
    step, _ = held()
    provider = ScriptedProvider([step, says("ok")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await provider.started.wait()
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        assert played.of(InterruptedEvent)[0].kept_chars == 0
        assert [m.role for m in played.messages] == ["system", "user"], "no empty assistant message (H8)"

    play(ports(provider), task)


def test_I6_an_interrupt_while_a_tool_runs_keeps_its_output_and_answers_every_call() -> None:
    tool = WaitTool(asyncio.Event())
    provider = ScriptedProvider([calls(("a", "wait", "{}"), ("b", "write", WRITE)), says("ok")])
    workspace = MemoryWorkspace()

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await tool.running.wait()
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        results = {m.tool_call_id: m.content for m in played.messages if m.role == "tool"}
        assert "Cancelled by the user" in results["a"]
        assert "half way" in results["a"], "T2: what it printed is kept"
        assert "Not run" in results["b"]
        assert workspace.files == {}
        assert played.of(CommandFinished)[0].outcome == "cancelled"
        played.session.post(Submit("again"))
        await played.until(TurnFinished, 2)

    play(ports(provider, workspace, tools=(tool, WriteTool())), task)


def test_I6_an_interrupt_while_a_gate_runs() -> None:
    gates = ScriptedGates((Gate("tests", "pytest"),), [asyncio.Event()])
    provider = ScriptedProvider([calls(("c", "write", WRITE)), says("done")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await played.until(GateStarted)
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        assert played.of(TurnFinished)[0].status == "interrupted"
        assert [(e.status, e.reason) for e in played.of(GateFinished)] == [("not_run", "interrupted")]
        assert [e.status for e in played.of(VerifyFinished)] == ["not_run"]

    play(ports(provider, gates=gates, tools=(WriteTool(),)), task)


def test_I6_an_interrupt_while_an_approval_is_open_closes_it_as_denied() -> None:
    workspace = MemoryWorkspace()
    provider = ScriptedProvider([calls(("c", "write", WRITE))])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await played.until(ApprovalRequested)
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        played.session.post(Decide("c", allowed=True))
        assert workspace.files == {}
        assert not played.session.transcript.approvals

    play(ports(provider, workspace, tools=(WriteTool(),)), task, SessionOptions("s", ("show-diff",)))


def test_I11_a_hundred_interrupts_in_a_row_leave_no_task_behind() -> None:
    steps = [held(TextPiece(f"try {i}"))[0] for i in range(100)]
    provider = ScriptedProvider(steps)

    async def task(played: Played) -> None:
        before = len(asyncio.all_tasks())
        for i in range(100):
            provider.started.clear()
            played.session.post(Submit(f"task {i}"))
            await provider.started.wait()
            played.session.post(Interrupt(i + 1))
            await played.until(TurnFinished, i + 1)
        assert len(asyncio.all_tasks()) <= before + 1
        assert provider.closed == 100

    play(ports(provider), task)


def test_S1_now_cuts_the_answer_and_goes_on_with_the_words() -> None:
    step, _ = held(TextPiece("I will use a class"))
    provider = ScriptedProvider([step, says("a function then")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("use a function"))
        await played.until(TurnFinished)
        assert [event.status for event in played.of(TurnFinished)] == ["completed"]
        assert played.of(InterruptedEvent)[0].reason == "redirect"
        assert provider.closed == 1
        words = user_words(played)[-1]
        assert words.startswith("[The user interrupted")
        assert words.endswith("[The user steers]\nuse a function")
        before, after = provider.requests
        assert after.messages[: len(before.messages)] == before.messages, "S7: appended, never inserted"
        assert after.messages[len(before.messages)].content == "I will use a class"

    play(ports(provider), task)


def test_S1_now_can_drop_the_partial_answer() -> None:
    step, _ = held(TextPiece("wrong track"))
    provider = ScriptedProvider([step, says("right")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("other way", keep_partial=False))
        await played.until(TurnFinished)
        assert not [m for m in played.messages if "wrong track" in m.content]

    play(ports(provider), task)


def test_S1_next_is_said_after_the_running_tool() -> None:
    release = asyncio.Event()
    tool = WaitTool(release)
    provider = ScriptedProvider([calls(("a", "wait", "{}")), says("ok")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await tool.running.wait()
        played.session.post(Steer("and then this", "next"))
        release.set()
        await played.until(TurnFinished)
        roles = [m.role for m in provider.requests[1].messages]
        assert roles == ["system", "user", "assistant", "tool", "user"]
        assert "half way" in provider.requests[1].messages[3].content
        assert provider.requests[1].messages[4].content.endswith("and then this")

    play(ports(provider, tools=(tool,)), task)


def test_S3_a_steer_that_comes_with_the_last_token_forces_one_more_request() -> None:
    for when in ("next", "now"):
        step, gate = held(TextPiece("all done"))
        provider = ScriptedProvider([step, says("one more")])

        async def task(played: Played, gate: asyncio.Event = gate, when: str = when) -> None:
            played.session.post(Submit("go"))
            await flushed(played)
            gate.set()
            played.session.post(Steer("wait", "now" if when == "now" else "next"))
            await played.until(RequestStarted, 2)
            await played.until(TurnFinished)
            assert sum("wait" in words for words in user_words(played)) == 1

        play(ports(provider), task)


def test_S4_steers_go_before_what_was_queued_earlier() -> None:
    step, gate = held(TextPiece("x"))
    provider = ScriptedProvider([step, says("y"), says("z")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("for later", "queued"))
        played.session.post(Steer("at once", "next"))
        gate.set()
        await played.until(TurnFinished, 2)
        assert [words.rsplit("\n")[-1] for words in user_words(played)] == ["go", "at once", "for later"]

    play(ports(provider), task)


def test_S5_an_interrupt_holds_the_queue_and_loses_nothing() -> None:
    step, _ = held(TextPiece("x"))
    provider = ScriptedProvider([step, says("y"), says("z")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("queued words", "queued"))
        played.session.post(Steer("next words", "next"))
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        await played.session.idle()
        waiting = [text for _, text in played.session.transcript.queue]
        assert sorted(waiting) == ["next words", "queued words"]
        assert len(provider.requests) == 1
        played.session.post(Submit("new task"))
        await played.until(TurnFinished, 2)
        said = "\n".join(user_words(played))
        await played.until(TurnFinished, 3)
        assert "new task" in said

    provider.steps.append(says("last"))
    play(ports(provider), task)


@pytest.mark.parametrize("command", [Submit("the new task"), Steer("the new task")])
def test_words_right_behind_an_interrupt_are_the_next_task(command: Command) -> None:
    step, _ = held(TextPiece("x"))
    provider = ScriptedProvider([step, says("y"), says("z")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("queued words", "queued"))
        played.session.post(Interrupt(1))
        played.session.post(command)
        await played.until(TurnFinished, 3)
        assert [event.status for event in played.of(TurnFinished)] == ["interrupted", "completed", "completed"]
        assert user_words(played)[1].endswith("the new task")
        assert user_words(played)[2].endswith("queued words")

    play(ports(provider), task)


def test_S10_queued_messages_are_edited_and_taken_back_by_stable_ids() -> None:
    step, gate = held(TextPiece("x"))
    provider = ScriptedProvider([step, says("y")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("first", "queued"))
        played.session.post(Steer("second", "queued"))
        (one, _), (two, _) = played.session.transcript.queue
        played.session.post(EditQueue(one, ""))
        played.session.post(EditQueue(two, "second, better"))
        played.session.post(EditQueue("m99", "nobody"))
        assert played.of(QueueChanged)[-1].waiting == ((two, "second, better"),)
        gate.set()
        await played.until(TurnFinished, 2)
        assert user_words(played)[-1] == "second, better"

    play(ports(provider), task)


def test_a_constraint_set_in_mid_stream_holds_at_once_and_the_model_is_told() -> None:
    step, gate = held(TextPiece("x"), after=[CallPiece(0, "c", "write", WRITE), Finished("tool_calls")])
    provider = ScriptedProvider([step, says("ok")])
    workspace = MemoryWorkspace()

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("", "next", constraints=("no-new-files",)))
        assert played.of(ConstraintsChanged)[-1].constraints == ("max-lines:9", "no-new-files")
        assert played.of(Steered)[0].constraints == ("no-new-files",)
        gate.set()
        await played.until(TurnFinished)
        assert workspace.files == {}
        assert "- Do not create new files." in user_words(played)[-1]
        played.session.post(Steer("", clear=("no-new-files",)))
        assert played.session.transcript.constraints.strings() == ("max-lines:9",)
        provider.steps.append(says("again"))
        played.session.post(Submit("again"))
        await played.until(TurnFinished, 2)
        assert "No longer in force: Do not create new files." in user_words(played)[-1]

    play(ports(provider, workspace, tools=(WriteTool(),)), task, SessionOptions("s", ("max-lines:9",)))


def test_a_constraint_set_during_the_last_answer_is_told_with_the_next_task() -> None:
    step, gate = held(TextPiece("x"))
    provider = ScriptedProvider([step, says("ok")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Steer("", "next", constraints=("no-delete",)))
        gate.set()
        await played.until(TurnFinished)
        assert len(provider.requests) == 1, "it holds already and needs no answer"
        await played.session.idle()
        await played.session.run_turn("and now")
        assert user_words(played)[-1] == "[Constraints, enforced from now on]\n- Do not delete files.\n\nand now"

    play(ports(provider), task)


def test_pause_holds_the_stream_and_interrupt_ends_the_pause() -> None:
    step, gate = held(TextPiece("x"), after=[CallPiece(0, "c", "write", WRITE), Finished("tool_calls")])
    provider = ScriptedProvider([step, says("ok")])
    workspace = MemoryWorkspace()

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await flushed(played)
        played.session.post(Pause(True))
        gate.set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert workspace.files == {}
        assert played.session.transcript.paused
        played.session.post(Pause(False))
        await played.until(TurnFinished)
        assert workspace.files == {"a.txt": b"one"}

    play(ports(provider, workspace, tools=(WriteTool(),)), task)


def test_a_person_allows_or_denies_with_a_reason() -> None:
    provider = ScriptedProvider(
        [calls(("c", "write", WRITE)), says("ok"), calls(("d", "write", '{"path": "b", "text": ""}')), says("k")]
    )
    workspace = MemoryWorkspace()

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await played.until(ApprovalRequested)
        asked = played.of(ApprovalRequested)[0]
        assert (asked.kind, "+one" in asked.diff) == ("diff", True)
        played.session.post(Decide("c", allowed=True))
        await played.until(TurnFinished)
        assert workspace.files == {"a.txt": b"one"}
        played.session.post(Submit("more"))
        await played.until(ApprovalRequested, 2)
        played.session.post(Decide("d", allowed=False, reason="not there"))
        await played.until(TurnFinished, 2)
        assert "b" not in workspace.files
        assert "(not there)" in played.messages[-2].content, "T7: the reason goes to the model"

    play(ports(provider, workspace, tools=(WriteTool(),)), task, SessionOptions("s", ("show-diff",)))


def test_trust_given_at_the_screen_runs_the_gates() -> None:
    gates = ScriptedGates((Gate("tests", "pytest"),), ["passed"], is_trusted=False)

    async def task(played: Played) -> None:
        played.session.post(Trust("digest"))
        await played.until(VerifyFinished)
        assert played.of(VerifyFinished)[0].status == "passed"
        assert played.session.transcript.phase == "idle"

    play(ports(ScriptedProvider([]), gates=gates), task)


def test_H2_a_session_that_ended_in_the_middle_of_a_call_resumes_with_a_valid_history() -> None:
    provider = ScriptedProvider([calls(("a", "write", WRITE)), says("done")])
    first = ports(provider, tools=(WriteTool(),))

    async def record(played: Played) -> None:
        await played.session.run_turn("go")

    play(first, record)
    whole = list(first.journal.records)  # type: ignore[attr-defined]
    for end in range(1, len(whole)):
        earlier = whole[:end]

        async def resume(played: Played) -> None:
            assert (await played.session.run_turn("go on")).status == "completed"

        play(ports(ScriptedProvider([says("ok")]), tools=(WriteTool(),)), resume, earlier=earlier)


ACTIONS = st.lists(
    st.sampled_from(["step", "step", "interrupt", "now", "next", "queued", "pause", "resume", "constraint", "submit"]),
    max_size=14,
)


async def hand(played: Played, action: str, words: str) -> None:
    """One thing a person does."""
    if action == "step":
        for _ in range(7):
            await asyncio.sleep(0)
        return
    made: dict[str, Command] = {
        "interrupt": Interrupt(),
        "now": Steer(words, "now"),
        "next": Steer(words, "next"),
        "queued": Steer(words, "queued"),
        "submit": Submit(words),
        "pause": Pause(True),
        "resume": Pause(False),
        "constraint": Steer("", constraints=(f"max-lines:{50 + len(words)}",)),
    }
    played.session.post(made[action])


@settings(max_examples=150, deadline=None)
@given(ACTIONS, st.integers(0, 5))
def test_S2_any_order_of_hands_loses_no_word_and_says_none_twice(actions: list[str], calls_made: int) -> None:
    answers: list[Step] = [
        [TextPiece("t"), CallPiece(0, f"c{i}", "write", f'{{"path": "f{i}", "text": "x"}}'), Finished("tool_calls")]
        for i in range(calls_made)
    ]
    provider = ScriptedProvider([*answers, *(says("text") for _ in range(60))])

    async def task(played: Played) -> None:
        said: list[str] = []
        for number, action in enumerate(actions):
            words = f"<word {number}>"
            if action in ("now", "next", "queued", "submit"):
                said.append(words)
            await hand(played, action, words)
        played.session.post(Pause(False))
        await played.session.idle()
        sent = "\n".join(user_words(played))
        waiting = "\n".join(text for _, text in played.session.transcript.queue)
        for words in said:
            assert sent.count(words) + waiting.count(words) == 1, (words, sent, waiting)

    play(ports(provider, tools=(WriteTool(),)), task)


def test_the_transcript_is_the_fold_of_the_events_at_every_point() -> None:
    provider = ScriptedProvider([calls(("a", "write", WRITE)), says("done")])
    made = ports(provider, tools=(WriteTool(),))

    async def task(played: Played) -> None:
        await played.session.run_turn("go")
        assert played.of(ToolFinished)
        assert replay(played.journal.records) == played.session.transcript

    play(made, task)
