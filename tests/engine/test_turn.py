"""A turn from the task to its verification, over scripts."""

import asyncio

from steer.domain.commands import Submit
from steer.domain.deltas import CallPiece, Failed, Finished, ReasoningPiece, Retrying, TextPiece, UsagePiece
from steer.domain.events import (
    CommandFinished,
    ConstraintViolated,
    DiffUpdated,
    EditApplied,
    EditRefused,
    ErrorRaised,
    RequestStarted,
    TextDelta,
    ToolCalled,
    ToolFinished,
    TurnFinished,
    Usage,
    VerifyFinished,
)
from steer.domain.values import JsonObject
from steer.domain.verify import Gate
from steer.engine.core import SessionOptions
from steer.engine.ports import ToolContext, ToolResult
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

WRITE = ("c1", "write", '{"path": "a.txt", "text": "one\\n"}')


async def one(played: Played) -> TurnFinished:
    return await played.session.run_turn("do it")


def test_text_turn_streams_and_ends_with_a_reason_why_nothing_was_verified() -> None:
    provider = ScriptedProvider([says("Hel", "lo")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert (done.status, done.text, done.files) == ("completed", "Hello", ())
        assert "".join(event.text for event in played.of(TextDelta)) == "Hello"
        assert [event.status for event in played.of(VerifyFinished)] == ["not_run"]
        assert [m.role for m in played.messages] == ["system", "user", "assistant"]
        assert played.types()[0] == "session.started"
        assert played.types()[-1] == "turn.finished"

    play(ports(provider), task)


def test_edit_is_judged_checkpointed_applied_and_shown_in_the_diff() -> None:
    workspace = MemoryWorkspace()
    provider = ScriptedProvider([calls(WRITE), says("done")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert workspace.files == {"a.txt": b"one\n"}
        assert (done.files, done.added, done.removed) == (("a.txt",), 1, 0)
        edit = played.of(EditApplied)[0]
        assert (edit.path, edit.added, edit.removed) == ("a.txt", 1, 0)
        assert "+one" in edit.diff
        assert played.of(DiffUpdated)[-1].patch == edit.diff
        assert len(workspace.saved) == 2, "one checkpoint for the turn, one for the call"
        assert played.of(ToolCalled)[0].arguments == {"path": "a.txt", "text": "one\n"}
        assert played.of(ToolFinished)[0].ok

    play(ports(provider, workspace, tools=(WriteTool(),)), task)


def test_each_request_extends_the_one_before() -> None:
    provider = ScriptedProvider([calls(WRITE), says("done"), says("again")])

    async def task(played: Played) -> None:
        await one(played)
        await one(played)
        for before, after in zip(provider.requests, provider.requests[1:], strict=False):
            assert after.messages[: len(before.messages)] == before.messages
            assert after.tools == before.tools

    play(ports(provider, tools=(WriteTool(),)), task)


def test_unknown_tool_and_unusable_arguments_get_an_error_and_the_turn_goes_on() -> None:
    provider = ScriptedProvider([calls(("x", "fly", "{}"), ("y", "write", '{"path": ')), says("sorry")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert done.status == "completed"
        assert [event.ok for event in played.of(ToolFinished)] == [False, False]
        assert played.of(ToolCalled)[1].arguments == '{"path": ', "the raw string where it is not JSON"
        stored = [call.arguments for message in played.messages for call in message.tool_calls]
        assert stored == ["{}", "{}"], "broken JSON in the history makes later requests fail (H3)"
        results = [message.content for message in played.messages if message.role == "tool"]
        assert "no tool 'fly'" in results[0]
        assert "not a JSON object" in results[1]

    play(ports(provider, tools=(WriteTool(),)), task)


def test_ids_that_an_endpoint_uses_again_are_made_unique() -> None:
    again = ("c1", "write", '{"path": "b.txt", "text": "two"}')
    provider = ScriptedProvider(
        [calls(WRITE), calls(again), calls(("", "write", '{"path": "c", "text": "3"}')), says("ok")]
    )

    async def task(played: Played) -> None:
        await one(played)
        ids = [call.id for message in played.messages for call in message.tool_calls]
        assert ids == ["c1", "c1-2", "call_3_0"]

    play(ports(provider, tools=(WriteTool(),)), task)


def test_H3_a_call_cut_by_the_output_limit_is_not_run() -> None:
    cut: Step = [CallPiece(0, "c1", "write", '{"path": "a", "text": "x"}'), Finished("length")]
    workspace = MemoryWorkspace()
    provider = ScriptedProvider([cut, says("ok")])

    async def task(played: Played) -> None:
        await one(played)
        assert workspace.files == {}
        assert not played.of(ToolCalled)
        assert "no call of it was run" in played.messages[-2].content

    play(ports(provider, workspace, tools=(WriteTool(),)), task)


def test_a_failing_endpoint_ends_the_turn_and_keeps_what_came() -> None:
    step: Step = [TextPiece("half of"), CallPiece(0, "c", "write", '{"pa'), Failed("network", "the connection dropped")]
    provider = ScriptedProvider([step, says("continued")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert (done.status, done.reason, done.text) == ("failed", "the connection dropped", "half of")
        assert [(e.kind, e.retried) for e in played.of(ErrorRaised)] == [("network", False)]
        await played.session.run_turn("go on")
        kept, marker = played.messages[2:4]
        assert (kept.role, kept.content, kept.tool_calls) == ("assistant", "half of", ())
        assert marker.content.startswith("[Your last answer was cut by a failure (network)")
        assert marker.content.endswith("go on")

    play(ports(provider, tools=(WriteTool(),)), task)


def test_retries_are_told() -> None:
    provider = ScriptedProvider([[Retrying("overloaded", "503.", 1.5), TextPiece("hi"), Finished("stop")]])

    async def task(played: Played) -> None:
        assert (await one(played)).status == "completed"
        error = played.of(ErrorRaised)[0]
        assert (error.kind, error.retried, error.message) == ("overloaded", True, "503. Trying again in 1.5 s.")

    play(ports(provider), task)


def test_H8_reasoning_only_is_asked_for_once_more_then_an_error() -> None:
    blank: Step = [ReasoningPiece("hmm"), Finished("stop")]
    good = ScriptedProvider([blank, says("fine")])
    bad = ScriptedProvider([blank, blank])

    async def mended(played: Played) -> None:
        assert (await one(played)).status == "completed"

    async def stuck(played: Played) -> None:
        assert (await one(played)).status == "failed"
        assert played.of(ErrorRaised)[0].kind == "bad_stream"

    play(ports(good), mended)
    play(ports(bad), stuck)


def test_the_step_limit_stops_the_turn() -> None:
    provider = ScriptedProvider([calls((f"c{i}", "write", f'{{"path": "f{i}", "text": "x"}}')) for i in range(3)])

    async def task(played: Played) -> None:
        done = await one(played)
        assert (done.status, len(provider.requests)) == ("blocked", 3)
        assert "--max-steps" in done.reason
        assert played.of(VerifyFinished), "a bounded turn ends in a verification result too"

    play(ports(provider, tools=(WriteTool(),)), task, SessionOptions("s", max_steps=3))


def test_a_failing_gate_is_the_next_step_up_to_max_fix() -> None:
    gate = Gate("tests", "pytest")
    edit = [calls((f"c{i}", "write", f'{{"path": "f{i}", "text": "x"}}')) for i in range(3)]
    provider = ScriptedProvider([edit[0], says("a"), edit[1], says("b"), says("c")])
    gates = ScriptedGates((gate,), ["failed", "failed", "failed"])

    async def task(played: Played) -> None:
        done = await one(played)
        assert done.status == "completed"
        assert [event.status for event in played.of(VerifyFinished)] == ["failed"] * 3
        told = [m.content for m in played.messages if m.content.startswith("[Verification failed")]
        assert len(told) == 2
        assert "tests output" in told[0]
        assert "fix attempt 2 of 2" in told[1]
        assert played.session.outcome is not None
        assert played.session.outcome.failing

    play(ports(provider, gates=gates, tools=(WriteTool(),)), task)


def test_gates_that_are_not_trusted_do_not_run() -> None:
    gates = ScriptedGates((Gate("tests", "pytest"),), ["passed"], is_trusted=False)

    async def task(played: Played) -> None:
        await one(played)
        assert played.of(VerifyFinished)[0].status == "not_run"
        assert gates.results == ["passed"], "nothing ran"
        assert played.session.outcome is not None
        assert played.session.outcome.blocked

    play(ports(ScriptedProvider([calls(WRITE), says("x")]), gates=gates, tools=(WriteTool(),)), task)
    trusting = SessionOptions("s", trust=True)

    async def trusted(played: Played) -> None:
        await one(played)
        assert played.of(VerifyFinished)[0].status == "passed"

    play(ports(ScriptedProvider([calls(WRITE), says("x")]), gates=gates, tools=(WriteTool(),)), trusted, trusting)


def test_no_verify_md_ends_with_the_reason_and_a_proposal() -> None:
    async def task(played: Played) -> None:
        await one(played)
        end = played.of(VerifyFinished)[0]
        assert (end.status, end.proposal) == ("not_run", "- tests: `pytest`\n")
        assert "no VERIFY.md" in end.reason

    play(ports(ScriptedProvider([calls(WRITE), says("x")]), tools=(WriteTool(),)), task)


def test_a_constraint_refuses_an_edit_and_the_model_is_told() -> None:
    provider = ScriptedProvider([calls(WRITE), says("then not")])
    workspace = MemoryWorkspace()

    async def task(played: Played) -> None:
        done = await one(played)
        assert workspace.files == {}
        assert (done.status, done.reason.partition(":")[0]) == ("blocked", "only")
        broken = played.of(ConstraintViolated)[0]
        assert (broken.constraint, broken.stage, broken.path) == ("only:src/**", "preflight", "a.txt")
        assert played.of(EditRefused)[0].path == "a.txt"
        assert "Change only these files: src/**" in played.messages[-2].content

    play(ports(provider, workspace, tools=(WriteTool(),)), task, SessionOptions("s", ("only:src/**",)))


def test_max_lines_counts_what_differs_in_the_end_not_each_rework() -> None:
    lines = "\\n".join(f"line {i}" for i in range(6))
    rework = "\\n".join(f"Line {i}" for i in range(6))
    tool = WriteTool()
    workspace = MemoryWorkspace(tool.files)
    first = calls(("a", "write", f'{{"path": "f", "text": "{lines}"}}'))
    second = calls(("b", "write", f'{{"path": "f", "text": "{rework}"}}'))
    third = calls(("c", "write", '{"path": "g", "text": "1\\n2\\n3\\n4\\n5\\n"}'))
    provider = ScriptedProvider([first, second, third, says("end")])

    async def task(played: Played) -> None:
        await one(played)
        assert [event.ok for event in played.of(ToolFinished)] == [True, True, False]
        assert "11 changed lines in this turn, 10 allowed" in played.of(ConstraintViolated)[0].detail

    play(ports(provider, workspace, tools=(tool,)), task, SessionOptions("s", ("max-lines:10",)))


def test_a_command_that_breaks_a_constraint_is_undone() -> None:
    workspace = MemoryWorkspace({"keep.txt": b"precious", "src/a.py": b"x"})
    release = asyncio.Event()
    release.set()
    tool = WaitTool(release, work=lambda: workspace.files.__delitem__("keep.txt"))
    provider = ScriptedProvider([calls(("c", "wait", "{}")), says("ok")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert workspace.files["keep.txt"] == b"precious"
        assert done.status == "blocked"
        command = played.of(CommandFinished)[0]
        assert (command.deleted, command.committed) == (("keep.txt",), False)
        assert played.of(ConstraintViolated)[0].stage == "effects"

    play(ports(provider, workspace, tools=(tool,)), task, SessionOptions("s", ("no-delete",)))


def test_headless_nobody_allows_a_deletion() -> None:
    tool = WriteTool(files={"a.txt": b"one\n"})
    workspace = MemoryWorkspace(tool.files)
    provider = ScriptedProvider([calls(("c", "write", '{"path": "a.txt"}')), says("kept")])

    async def task(played: Played) -> None:
        done = await one(played)
        assert "a.txt" in workspace.files
        assert done.status == "blocked"
        assert [t for t in played.types() if t.startswith("approval")] == ["approval.requested", "approval.resolved"]

    play(ports(provider, workspace, tools=(tool,)), task, SessionOptions("s", ("ask-delete",), approve="none"))


def test_usage_is_estimated_before_and_corrected_after_a_report() -> None:
    step: Step = [TextPiece("hello there"), UsagePiece(5000, 200, 1000), Finished("stop")]

    async def task(played: Played) -> None:
        await one(played)
        first, last = played.of(Usage)[0], played.of(Usage)[-1]
        assert (first.prompt_tokens, first.band) == (None, "sharp")
        assert (last.prompt_tokens, last.completion_tokens, last.cached_tokens, last.window) == (
            5000,
            200,
            1000,
            10_000,
        )
        assert last.estimate > first.estimate
        asked = played.of(RequestStarted)[0]
        assert asked.messages == 2

    play(ports(ScriptedProvider([step])), task)


def test_a_bug_in_a_tool_ends_the_turn_as_failed_with_a_valid_history() -> None:
    class Broken(WriteTool):
        async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
            raise ZeroDivisionError("oops")

    async def task(played: Played) -> None:
        done = await one(played)
        assert (done.status, "oops" in done.reason) == ("failed", True)
        assert (await played.session.run_turn("again")).status == "completed"

    play(ports(ScriptedProvider([calls(WRITE), says("fine")]), tools=(Broken(),)), task)


def test_submitted_tasks_run_one_after_the_other() -> None:
    provider = ScriptedProvider([says("first"), says("second")])

    async def task(played: Played) -> None:
        played.session.post(Submit("one"))
        played.session.post(Submit("two"))
        await played.until(TurnFinished, 2)
        assert [event.text for event in played.of(TurnFinished)] == ["first", "second"]
        assert [m.content for m in played.messages if m.role == "user"] == ["one", "two"]

    play(ports(provider), task)
