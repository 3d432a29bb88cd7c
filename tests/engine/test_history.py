"""The history stays one that a strict endpoint takes, wherever a hand or an accident cuts in (EDGE-CASES H1, H6, T10)."""

import asyncio

import pytest

from steer.domain.commands import Interrupt, Submit
from steer.domain.deltas import CallPiece, Delta, Finished, TextPiece
from steer.domain.events import Record, ToolCalled, TurnFinished
from tests.engine.play import Played, play, valid_history
from tests.fakes import MemoryWorkspace, ScriptedProvider, Step, WaitTool, WriteTool, calls, ports, says

THREE_CALLS: list[Delta] = [
    TextPiece("I write "),
    TextPiece("three files."),
    CallPiece(0, "a", "write", '{"path": "a",'),
    CallPiece(0, "", "", ' "text": "1"}'),
    CallPiece(1, "b", "write", '{"path": "b", "text": "2"}'),
    CallPiece(2, "c", "write"),
    CallPiece(2, "", "", '{"path": "c", "text": "3"}'),
    Finished("tool_calls"),
]


@pytest.mark.parametrize("at", range(len(THREE_CALLS)))
def test_H1_a_stream_cut_at_any_event_leaves_a_history_that_is_valid(at: int) -> None:
    cut: Step = [*THREE_CALLS[:at], asyncio.Event(), *THREE_CALLS[at:]]
    provider, workspace = ScriptedProvider([cut, says("ok")]), MemoryWorkspace()

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await provider.started.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        assert workspace.files == {}, "no call of an answer that was cut is run"
        played.session.post(Submit("again"))
        await played.until(TurnFinished, 2)
        valid_history(list(provider.requests[1].messages))

    play(ports(provider, workspace, tools=(WriteTool(),)), task)


def test_H6_the_model_is_told_what_was_cut_and_what_may_have_happened() -> None:
    tool = WaitTool(asyncio.Event())
    provider = ScriptedProvider([calls(("a", "wait", "{}"), ("b", "wait", "{}"), text="Two steps."), says("ok")])

    async def task(played: Played) -> None:
        played.session.post(Submit("go"))
        await tool.running.wait()
        played.session.post(Interrupt(1))
        await played.until(TurnFinished)
        played.session.post(Submit("and now"))
        await played.until(TurnFinished, 2)
        running, waiting, words = [message.content for message in provider.requests[1].messages[-3:]]
        assert running.startswith("Cancelled by the user while it ran; it may have done part of its work.")
        assert waiting == "Not run: the user interrupted before this call."
        assert words.startswith("[The user interrupted your last answer")
        assert words.endswith("and now")

    play(ports(provider, tools=(tool,)), task)


def test_T10_a_resumed_session_does_not_run_a_call_again() -> None:
    first = ports(
        ScriptedProvider([calls(("a", "write", '{"path": "a", "text": "1"}')), says("done")]), tools=(WriteTool(),)
    )

    cut: list[Record] = []

    async def whole(played: Played) -> None:
        await played.session.run_turn("go")
        ends = [i for i, record in enumerate(played.journal.records) if isinstance(record.event, ToolCalled)]
        cut.extend(played.journal.records[: ends[0] + 1])

    play(first, whole)
    workspace = MemoryWorkspace()

    async def resumed(played: Played) -> None:
        await played.session.run_turn("go on")
        assert workspace.files == {}
        assert "outcome is unknown" in next(m.content for m in played.messages if m.role == "tool")

    play(ports(ScriptedProvider([says("ok")]), workspace, tools=(WriteTool(),)), resumed, earlier=cut)
