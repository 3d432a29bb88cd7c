"""``steer run`` from the outside: the contract's events, files and exit codes against a real HTTP server."""

import asyncio
import json
import shutil
import signal
from pathlib import Path

import pytest

from steer.domain.codec import decode_record
from steer.domain.transcript import replay
from tests.e2e.steer_process import Answer, Server, call, calls, chunk, project, run_against, says, sse
from tests.engine.play import valid_history
from tests.providers.server import ABORT, HANG, usage

PASS = "- check: `true`\n"


def test_a_turn_edits_a_real_repository_and_is_verified(tmp_path: Path) -> None:
    home = project(tmp_path, a__py="def f():\n    return 1\n", VERIFY__md="- check: `grep -q 'return 2' a.py`\n")
    status = home.git("status", "--porcelain")
    edit = call("edit_file", path="a.py", old="return 1", new="return 2")
    ran, server = asyncio.run(run_against(home, [calls(edit), says("Done.")], "--trust"))
    assert ran.code == 0, ran.err
    assert (home.project / "a.py").read_text() == "def f():\n    return 2\n"
    assert status == ""
    assert home.git("status", "--porcelain") == " M a.py\n", "the index is untouched"
    assert home.git("stash", "list") == ""
    assert [event["seq"] for event in ran.events] == list(range(1, len(ran.events) + 1))
    assert ran.of("edit.applied")[0]["diff"].endswith("-    return 1\n+    return 2\n")
    assert [gate["status"] for gate in ran.of("gate.finished")] == ["passed"]
    end = ran.end
    assert (end["status"], end["files"], end["added"], end["removed"]) == ("completed", ["a.py"], 1, 1)
    first, second = server.bodies()
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert first["stream_options"] == {"include_usage": True}
    assert {tool["function"]["name"] for tool in first["tools"]} >= {
        "read_file",
        "list_files",
        "search",
        "edit_file",
        "write_file",
        "apply_patch",
        "run_command",
    }


def test_events_fold_to_a_valid_conversation_and_the_journal_says_the_same(tmp_path: Path) -> None:
    home = project(tmp_path, a__txt="x\n")
    ran, _ = asyncio.run(run_against(home, [calls(call("read_file", path="a.txt"), call("fly", "c2", 1)), says("ok")]))
    records = [record for event in ran.events if (record := decode_record(event)) is not None]
    valid_history(replay(records).messages)
    journal = next((tmp_path / "state" / "sessions").glob("*/journal.jsonl"))
    kept = [decode_record(json.loads(line)) for line in journal.read_text().splitlines()]
    assert replay([r for r in kept if r is not None]).messages == replay(records).messages
    assert "sk-secret-of-this-test" not in journal.read_text()
    assert "sk-secret-of-this-test" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("verify", "flags", "code", "status"),
    [
        (PASS, ["--trust"], 0, "passed"),
        ("- check: `false`\n", ["--trust", "--max-fix", "0"], 1, "failed"),
        (PASS, [], 1, "not_run"),
        (PASS, ["--no-verify"], 0, "not_run"),
        ("no gates here\n", [], 0, "not_run"),
    ],
)
def test_exit_codes_of_verification(tmp_path: Path, verify: str, flags: list[str], code: int, status: str) -> None:
    home = project(tmp_path, VERIFY__md=verify)
    ran, _ = asyncio.run(
        run_against(home, [calls(call("write_file", path="n.txt", content="n\n")), says("ok")], *flags)
    )
    assert (ran.code, ran.of("verify.finished")[-1]["status"]) == (code, status), ran.err


def test_a_failing_gate_goes_to_the_model_and_is_repaired(tmp_path: Path) -> None:
    home = project(tmp_path, VERIFY__md="- check: `grep good n.txt`\n")
    bad, good = (
        call("write_file", path="n.txt", content="bad\n"),
        call("write_file", "c2", path="n.txt", content="good\n"),
    )
    ran, server = asyncio.run(run_against(home, [calls(bad), says("ok"), calls(good), says("mended")], "--trust"))
    assert ran.code == 0
    assert [event["status"] for event in ran.of("verify.finished")] == ["failed", "passed"]
    told = server.bodies()[2]["messages"][-1]
    assert told["role"] == "user"
    assert "grep good n.txt" in told["content"]


def test_no_verify_md_proposes_the_commands_found(tmp_path: Path) -> None:
    home = project(tmp_path, Makefile="test:\n\ttrue\n")
    ran, _ = asyncio.run(run_against(home, [calls(call("write_file", path="n", content="n")), says("ok")]))
    assert ran.code == 0
    assert "make test" in ran.of("verify.finished")[0]["proposal"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer.error(401, {"error": {"message": "bad key"}}), "auth"),
        (Answer.error(404, {"error": {"message": "The model `test-model` does not exist"}}), "refused_by_endpoint"),
        (Answer.error(400, {"error": {"message": "maximum context length is 8192 tokens"}}), "context_overflow"),
        (Answer.raw(sse(chunk("half")), ABORT), "network"),
        (Answer.raw(b"<html><title>Welcome</title></html>", content_type="text/html"), "bad_stream"),
        (Answer.raw(sse(chunk("half")), sse({"error": {"message": "engine overloaded", "code": 503}})), "overloaded"),
    ],
)
def test_failures_become_one_error_event_and_exit_3(tmp_path: Path, answer: Answer, kind: str) -> None:
    home = project(tmp_path)
    ran, server = asyncio.run(run_against(home, [answer]))
    assert ran.code == 3, ran.err
    assert [(e["kind"], e["retried"]) for e in ran.of("error")] == [(kind, False)]
    assert ran.end["status"] == "failed"
    assert len(server.requests) == 1, "nothing is retried by itself once tokens were shown, or where it cannot help"


def test_a_busy_endpoint_is_tried_again_before_the_first_token(tmp_path: Path) -> None:
    home = project(tmp_path)
    busy = Answer.error(503, {"error": {"message": "busy"}}, retry_after="0")
    ran, server = asyncio.run(run_against(home, [busy, says("hello")]))
    assert (ran.code, len(server.requests)) == (0, 2)
    assert [e["retried"] for e in ran.of("error")] == [True]
    assert ran.end["text"] == "hello"


def test_usage_and_bands_are_reported(tmp_path: Path) -> None:
    home = project(tmp_path)
    answer = Answer.events(
        chunk("hi"), chunk(finish="stop"), usage(7000, 20, prompt_tokens_details={"cached_tokens": 512})
    )
    ran, _ = asyncio.run(run_against(home, [answer], "--context-window", "10000"))
    last = ran.of("usage")[-1]
    assert (last["prompt_tokens"], last["completion_tokens"], last["cached_tokens"]) == (7000, 20, 512)
    assert last["band"] in ("degrading", "drifting", "sharp", "restart")
    assert last["window"] == 10000
    assert abs(last["fraction"] - last["estimate"] / 10000) < 0.001


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_keeps_the_partial_answer_and_closes_the_connection(tmp_path: Path, number: int) -> None:
    home = project(tmp_path)

    async def main() -> None:
        async with Server([Answer.raw(sse(chunk("half an answer")), HANG)]) as server:
            process = await home.start("run", "do it", "--json", "--base-url", server.url)
            assert process.stdout is not None
            lines = []
            while b"text.delta" not in (line := await asyncio.wait_for(process.stdout.readline(), 30)):
                assert line
                lines.append(line)
            process.send_signal(number)
            await asyncio.wait_for(server.requests[0].gone.wait(), 10)
            out, _ = await asyncio.wait_for(process.communicate(), 30)
            events = [json.loads(line) for line in (out).splitlines()]
            assert process.returncode == 130
            assert [e["kept_chars"] for e in events if e["type"] == "interrupted"] == [len("half an answer")]
            assert events[-1]["status"] == "interrupted"

    asyncio.run(main())


def test_I6_a_signal_ends_a_running_command_and_its_children(tmp_path: Path) -> None:
    home = project(tmp_path)
    command = "sh -c 'sleep 300 & echo $! > child.pid; echo started; wait'"

    async def main() -> None:
        async with Server([calls(call("run_command", command=command))]) as server:
            process = await home.start("run", "do it", "--json", "--base-url", server.url)
            assert process.stdout is not None
            while (
                b"started" not in (line := await asyncio.wait_for(process.stdout.readline(), 30))
                or b"command.output" not in line
            ):
                assert line
            process.send_signal(signal.SIGINT)
            out, _ = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 130
            finished = [json.loads(x) for x in out.splitlines() if b"command.finished" in x]
            assert finished[0]["outcome"] == "cancelled"
        child = int((home.project / "child.pid").read_text())
        state = Path(f"/proc/{child}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"

    asyncio.run(main())


def test_constraints_are_enforced_on_edits_and_on_commands(tmp_path: Path) -> None:
    home = project(tmp_path, a__txt="one\n", keep__txt="precious\n")
    made = calls(
        call("edit_file", "c1", 0, path="a.txt", old="one", new="two"),
        call("run_command", "c2", 1, command="rm keep.txt && echo gone"),
        call("apply_patch", "c3", 2, patch="*** Begin Patch\n*** Delete File: keep.txt\n*** End Patch"),
    )
    ran, server = asyncio.run(
        run_against(home, [made, says("stopped")], "--constraint", "only:src/**", "--constraint", "no-delete")
    )
    assert ran.code == 4, ran.err
    assert (home.project / "a.txt").read_text() == "one\n"
    assert (home.project / "keep.txt").read_text() == "precious\n"
    assert {(e["constraint"], e["stage"]) for e in ran.of("constraint.violated")} >= {
        ("only:src/**", "preflight"),
        ("only:src/**", "effects"),
        ("no-delete", "preflight"),
    }
    assert [e["committed"] for e in ran.of("command.finished")] == [False]
    assert all(m["content"].startswith("Refused") for m in server.bodies()[1]["messages"] if m["role"] == "tool")


@pytest.mark.parametrize(
    "path", ["../outside.txt", "/etc/steer-test", ".git/config", "a/../../outside.txt", ".GIT/hooks/x"]
)
def test_paths_outside_the_workspace_are_refused(tmp_path: Path, path: str) -> None:
    home = project(tmp_path)
    before = (home.project / ".git" / "config").read_bytes()
    ran, _ = asyncio.run(
        run_against(home, [calls(call("write_file", path=path, content="x")), says("ok")], "--permissions", "full")
    )
    assert [e["ok"] for e in ran.of("tool.finished")] == [False]
    assert not (tmp_path / "outside.txt").exists()
    assert (home.project / ".git" / "config").read_bytes() == before


def test_a_folder_without_git_gets_a_private_repository(tmp_path: Path) -> None:
    home = project(tmp_path)
    shutil.rmtree(home.project / ".git")
    ran, _ = asyncio.run(run_against(home, [calls(call("write_file", path="n.txt", content="n\n")), says("ok")]))
    assert ran.code == 0, ran.err
    assert ran.of("session.started")[0]["repository"] == "private"
    assert ran.end["added"] == 1
    assert not (home.project / ".git").exists()


def test_a_session_is_continued_with_its_history(tmp_path: Path) -> None:
    home = project(tmp_path)

    async def main() -> None:
        async with Server([says("I am first"), says("I am second")]) as server:
            first = await home.steer("run", "one", "--json", "--base-url", server.url)
            session = first.events[0]["session"]
            second = await home.steer("run", "two", "--json", "--base-url", server.url, "--session", session)
            assert second.code == 0, second.err
            assert second.events[0]["seq"] == first.events[-1]["seq"] + 1
            one, two = server.bodies()
            assert two["messages"][: len(one["messages"])] == one["messages"]
            assert [m["content"] for m in two["messages"][-2:]] == ["I am first", "two"]
            lost = await home.steer("run", "three", "--base-url", server.url, "--session", "nonsense")
            assert lost.code == 2
            assert "nonsense" in lost.err

    asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "says_what"),
    [
        (["run", "x", "--constraint", "onyl:a"], "onyl:a"),
        (["run", " "], "task is empty"),
        (["run", "x", "--dir", "nowhere"], "nowhere"),
        (["run"], "TASK"),
        (["run", "x", "--max-steps", "0"], "max_steps"),
        (["context", "--request", "missing.json"], "missing.json"),
        (["frobnicate-not-a-folder"], "terminal"),
    ],
)
def test_wrong_usage_is_exit_2_and_names_the_thing(tmp_path: Path, arguments: list[str], says_what: str) -> None:
    ran = asyncio.run(project(tmp_path).steer(*arguments))
    assert ran.code == 2
    assert says_what in ran.err
    assert "Traceback" not in ran.err


def test_no_model_and_no_key_say_what_to_set(tmp_path: Path) -> None:
    home = project(tmp_path)
    no_model = asyncio.run(home.steer("run", "x", STEER_MODEL=""))
    assert (no_model.code, "STEER_MODEL" in no_model.err) == (2, True)
    no_key = asyncio.run(home.steer("run", "x", OPENAI_API_KEY=""))
    assert (no_key.code, "OPENAI_API_KEY" in no_key.err) == (2, True)


def test_configuration_file_environment_and_flags_in_that_order(tmp_path: Path) -> None:
    home = project(tmp_path)
    (tmp_path / "config.toml").write_text('model = "from-file"\ncontext_window = 4000\nconstraints = ["max-lines:7"]\n')
    ran, server = asyncio.run(run_against(home, [says("ok")], "--constraint", "no-delete"))
    start = ran.of("session.started")[0]
    assert (start["model"], start["context_window"]) == ("test-model", 4000)
    assert start["constraints"] == ["ask-delete", "no-network", "max-lines:7", "no-delete"]
    (tmp_path / "config.toml").write_text("modle = 'x'\n")
    wrong = asyncio.run(home.steer("run", "x", "--base-url", server.url))
    assert wrong.code == 2
    assert "modle" in wrong.err
    assert "config.toml" in wrong.err
    assert "'model'" in wrong.err


def test_a_projects_own_configuration_is_read_once_trusted_and_only_tightens(tmp_path: Path) -> None:
    home = project(tmp_path)
    home.write(
        ".steer/config.toml", 'constraints = ["protect:secret/**", "max-lines:900", "no-delete"]\nmax_steps = 3\n'
    )
    untrusted, _ = asyncio.run(run_against(home, [says("ok")]))
    assert untrusted.of("session.started")[0]["constraints"] == ["max-lines:150", "ask-delete", "no-network"]
    assert "not trusted" in untrusted.of("notice")[0]["text"]
    asyncio.run(run_against(home, [says("ok")], "--trust"))
    trusted, _ = asyncio.run(run_against(home, [says("ok")]))
    assert trusted.of("session.started")[0]["constraints"] == [
        "max-lines:150",
        "ask-delete",
        "no-network",
        "protect:secret/**",
        "no-delete",
    ]
    home.write(".steer/config.toml", 'base_url = "https://elsewhere.example/v1"\n')
    hostile, _ = asyncio.run(run_against(home, [says("ok")], "--trust"))
    assert hostile.code == 2
    assert "'base_url'" in hostile.err


def test_text_output_is_readable_and_free_of_escapes(tmp_path: Path) -> None:
    home = project(tmp_path)

    async def main() -> None:
        async with Server([says("Hello \x1b[31mred\x1b[0m \x1b]52;c;x\x07 world")]) as server:
            ran = await home.steer("run", "hi", "--base-url", server.url)
            assert ran.code == 0
            assert "Hello" in ran.out
            assert "\x1b" not in ran.out + ran.err
            assert "turn completed" in ran.err

    asyncio.run(main())
