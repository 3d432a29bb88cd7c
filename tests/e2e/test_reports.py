"""``verify``, ``context``, ``init``, ``doctor`` and the demo as processes."""

import asyncio
import json
from pathlib import Path

from tests.e2e.steer_process import Server, call, calls, project, says
from tests.providers.server import Answer


def test_verify_runs_only_what_is_trusted(tmp_path: Path) -> None:
    home = project(tmp_path, VERIFY__md="- good: `echo fine`\n- bad: `echo broken; exit 3`\n")
    first = asyncio.run(home.steer("verify", "--json"))
    assert (first.code, json.loads(first.out)["status"]) == (1, "not_run")
    second = asyncio.run(home.steer("verify", "--json", "--trust"))
    report = json.loads(second.out)
    assert (second.code, report["status"]) == (1, "failed")
    assert [(g["gate"], g["command"], g["status"], g["exit_code"]) for g in report["gates"]] == [
        ("good", "echo fine", "passed", 0),
        ("bad", "echo broken; exit 3", "failed", 3),
    ]
    home.write("VERIFY.md", "- good: `echo fine`\n")
    changed = asyncio.run(home.steer("verify", "--json"))
    assert json.loads(changed.out)["status"] == "not_run", "trust is by content"
    assert asyncio.run(home.steer("verify", "--trust")).code == 0
    assert asyncio.run(home.steer("verify")).code == 0


def test_verify_without_a_file_says_so(tmp_path: Path) -> None:
    ran = asyncio.run(project(tmp_path, Makefile="test:\n\ttrue\n").steer("verify"))
    assert ran.code == 1
    assert "no VERIFY.md" in ran.err
    assert "make test" in ran.err


def test_context_counts_by_category_as_the_first_request_will(tmp_path: Path) -> None:
    home = project(tmp_path, AGENTS__md="Be brief.\n" * 50)
    ran = asyncio.run(home.steer("context", "add a test", "--json", "--context-window", "8000"))
    report = json.loads(ran.out)
    assert ran.code == 0
    assert report["categories"]["memory"] > 100
    assert report["categories"]["tools"] > 200
    assert report["prompt_tokens"] == sum(report["categories"].values())
    assert report["window"] == 8000

    async def first_request() -> int:
        async with Server([says("ok")]) as server:
            done = await home.steer("run", "add a test", "--json", "--base-url", server.url, "--context-window", "8000")
            estimate: int = done.of("request.started")[0]["prompt_tokens"]
            return estimate

    assert asyncio.run(first_request()) == report["prompt_tokens"]


def test_context_of_a_saved_request(tmp_path: Path) -> None:
    home = project(tmp_path)
    home.write("r.json", json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello world"}]}))
    ran = asyncio.run(home.steer("context", "--request", "r.json", "--json"))
    assert json.loads(ran.out)["prompt_tokens"] == 9
    home.write("r.json", "{")
    assert asyncio.run(home.steer("context", "--request", "r.json")).code == 2


def test_init_writes_what_is_missing_and_overwrites_nothing(tmp_path: Path) -> None:
    home = project(tmp_path, AGENTS__md="mine\n", Makefile="test:\n\ttrue\n")
    ran = asyncio.run(home.steer("init", "--json"))
    assert json.loads(ran.out) == {"written": ["PLAN.md", "PROGRESS.md", "VERIFY.md"], "kept": ["AGENTS.md"]}
    assert (home.project / "AGENTS.md").read_text() == "mine\n"
    assert "make test" in (home.project / "VERIFY.md").read_text()
    assert json.loads(asyncio.run(home.steer("init", "--json")).out)["written"] == []
    assert asyncio.run(home.steer("verify", "--trust")).code == 0


def test_doctor_names_what_is_missing_and_the_remedy(tmp_path: Path) -> None:
    home = project(tmp_path)

    async def main() -> None:
        models = Answer(headers={"content-type": "application/json"}, parts=[b'{"data": [{"id": "test-model"}]}'])
        async with Server([models]) as server:
            good = await home.steer("doctor", "--json", "--base-url", server.url)
        checks = {check["check"]: check for check in json.loads(good.out)["checks"]}
        assert checks["endpoint"]["status"] == "ok", checks
        assert checks["gates"]["status"] == "warn"
        assert good.code == 0
        bad = await home.steer("doctor", "--json", "--base-url", "http://127.0.0.1:9/v1")
        checks = {check["check"]: check for check in json.loads(bad.out)["checks"]}
        assert (bad.code, checks["endpoint"]["status"]) == (1, "fail")
        assert checks["endpoint"]["remedy"]
        assert "sk-secret" not in good.out + bad.out + good.err + bad.err

    asyncio.run(main())


def test_the_demo_makes_a_mistake_sees_the_gate_fail_and_repairs_it(tmp_path: Path) -> None:
    ran = asyncio.run(project(tmp_path).steer("demo", "--headless", "--json", "--rate", "0"))
    assert ran.code == 0, ran.err
    assert "not a real model" in ran.events[0]["model"]
    assert ran.events[0]["scripted"] is True
    assert [event["status"] for event in ran.of("verify.finished")] == ["failed", "passed"]
    assert ran.end["status"] == "completed"
    assert len(ran.of("edit.applied")) >= 2


def test_version_and_help(tmp_path: Path) -> None:
    home = project(tmp_path)
    assert asyncio.run(home.steer("--version")).out.startswith("steer ")
    helped = asyncio.run(home.steer("--help"))
    assert all(name in helped.out for name in ("demo", "run", "verify", "context", "init", "doctor", "DIR"))


def test_calls_run_in_the_order_they_were_made(tmp_path: Path) -> None:
    home = project(tmp_path)

    async def main() -> None:
        made = calls(
            call("write_file", "a", 0, path="n.txt", content="one\n"),
            call("run_command", "b", 1, command="cat n.txt"),
        )
        async with Server([made, says("ok")]) as server:
            await home.steer("run", "x", "--json", "--base-url", server.url)
            results = [m["content"] for m in server.bodies()[1]["messages"] if m["role"] == "tool"]
            assert "one" in results[1]

    asyncio.run(main())
