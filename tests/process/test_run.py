"""Real commands: how they end, what is kept of them, and that nothing is left behind."""

import asyncio
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

import pytest

from steer.process import CutShort, OutputCap, ShellOptions, ShellResult, run_shell


def run(command: str, cwd: Path, timeout: float | None = 60.0, **options: Unpack[ShellOptions]) -> ShellResult:
    return run_live(command, cwd, timeout, options)[0]


def run_live(command: str, cwd: Path, timeout: float | None, options: ShellOptions) -> tuple[ShellResult, str]:
    shown: list[str] = []
    result = asyncio.run(run_shell(command, cwd=cwd, timeout=timeout, output=shown.append, **options))
    return result, "".join(shown)


def alive(word: str) -> list[str]:
    """Command lines of running processes that contain a word."""
    return list(_commands(word))


def _commands(word: str) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if word in line:
                yield line


async def cancel_when(text: str, command: str, cwd: Path, cancels: int = 1) -> ShellResult:
    """Cancel the command once it has printed ``text``; gives what was kept of it."""
    printed = asyncio.Event()
    shown: list[str] = []

    def output(piece: str) -> None:
        shown.append(piece)
        if text in "".join(shown):
            printed.set()

    task = asyncio.create_task(run_shell(command, cwd=cwd, timeout=None, output=output))
    await printed.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, CutShort)
    return caught.value.__cause__.result


def test_exit_code_and_both_streams_in_order(tmp_path: Path) -> None:
    result, shown = run_live("echo one; echo two >&2; echo three; exit 3", tmp_path, 60, {})
    assert (result.outcome, result.exit_code, result.output) == ("exited", 3, "one\ntwo\nthree\n")
    assert shown == result.output


def test_T1_cancel_leaves_no_survivors(tmp_path: Path) -> None:
    mark = f"60.{os.getpid()}1"
    result = asyncio.run(cancel_when("up", f"bash -c 'echo up; sleep {mark} & sleep {mark}'", tmp_path))
    assert result.outcome == "cancelled"
    assert alive(mark) == []


def test_T1_a_process_that_ignores_SIGTERM_is_killed(tmp_path: Path) -> None:
    mark = f"60.{os.getpid()}2"
    command = f"trap '' TERM; echo up; sleep {mark} & for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done"
    assert asyncio.run(cancel_when("up", command, tmp_path)).outcome == "cancelled"
    assert alive(mark) == []


def test_cancelling_twice_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    mark = f"60.{os.getpid()}3"
    result = asyncio.run(cancel_when("up", f"trap '' TERM; echo up; sleep {mark}; sleep {mark}", tmp_path, cancels=2))
    assert result.output == "up\n"


@pytest.mark.parametrize(
    "command",
    [
        "setsid sleep {0} & echo up; sleep {0}",
        "(setsid nohup sleep {0} >/dev/null 2>&1 &); echo up; sleep {0}",
        "bash -c 'setsid bash -c \"sleep {0} & disown; sleep {0}\" & echo up; wait'",
    ],
)
def test_interrupt_ends_grandchildren_in_sessions_of_their_own(command: str, tmp_path: Path) -> None:
    mark = f"61.{os.getpid()}{abs(hash(command)) % 1000}"
    asyncio.run(cancel_when("up", command.format(mark), tmp_path))
    assert alive(mark) == []


def test_a_child_that_holds_the_pipe_does_not_hold_the_result(tmp_path: Path) -> None:
    mark = f"62.{os.getpid()}"
    result = run(f"sleep {mark} & echo done", tmp_path)
    assert (result.outcome, result.exit_code, result.output) == ("exited", 0, "done\n")
    assert alive(mark) == []


def test_T2_output_before_the_cancel_is_kept(tmp_path: Path) -> None:
    result = asyncio.run(cancel_when("3\n", "for i in 1 2 3; do echo $i; done; printf half; sleep 60", tmp_path))
    assert result.output.startswith("1\n2\n3\n")


def test_T3_200_MB_stay_out_of_memory_and_are_all_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "full.log"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = run(f"yes {'0123456789' * 4} | head -c 200000000", tmp_path, log=log)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 50_000_000
    assert log.stat().st_size == 200_000_000
    assert log.stat().st_mode & 0o077 == 0
    assert f"[{result.omitted} bytes omitted, full log at {log}]" in result.output
    assert len(result.output) < 30_000
    log.unlink()


def test_T3_no_log_where_nothing_is_omitted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = run(r"for i in $(seq 20000); do printf '%d %%\r' $i; done; echo ready", tmp_path, log=log)
    assert (result.output, result.omitted) == ("ready\n", 0)
    assert not log.exists()


def test_T3_a_log_that_cannot_be_written_is_not_promised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("seq 50000", tmp_path, log=tmp_path / "file" / "log", cap=OutputCap(100, 100))
    assert " bytes omitted]\n" in result.output


def test_T3_what_is_shown_live_is_bounded_and_says_so(tmp_path: Path) -> None:
    result, shown = run_live("yes 0123456789012345 | head -c 20000000", tmp_path, 60, {})
    assert result.exit_code == 0
    assert len(shown) < 2_000_000
    assert "characters not shown]" in shown


def test_a_progress_bar_is_not_shown_picture_by_picture(tmp_path: Path) -> None:
    _, shown = run_live(r"for i in 1 2 3 4 5; do printf '\r%d0 %%' $i; done; echo; echo after", tmp_path, 60, {})
    assert "\r" not in shown
    assert shown.endswith("50 %\nafter\n")


@pytest.mark.parametrize("command", ["cat; echo ended", "read x; echo ended", "head -c1 </dev/tty; echo ended"])
def test_T4_reading_the_input_or_the_terminal_does_not_hang(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path)
    assert result.outcome == "exited"
    assert result.output.endswith("ended\n")


def test_T5_timeout_is_timeout_and_143_is_an_exit_code(tmp_path: Path) -> None:
    late = run("echo begun; sleep 60", tmp_path, timeout=0.3)
    assert (late.outcome, late.exit_code, late.output) == ("timeout", None, "begun\n")
    assert (run("exit 143", tmp_path).outcome, run("exit 143", tmp_path).exit_code) == ("exited", 143)
    assert run("kill -TERM $$", tmp_path).exit_code == 143
    assert run("kill -SEGV $$", tmp_path).exit_code == 139


def test_output_after_the_kill_is_not_shown(tmp_path: Path) -> None:
    result = asyncio.run(cancel_when("up", "trap 'echo late; exit' TERM; echo up; sleep 60 & wait", tmp_path))
    assert result.outcome == "cancelled"


@pytest.mark.parametrize("command", ["echo \0", "echo " + "x" * 300_000])
def test_what_cannot_be_started_says_why(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path)
    assert result.outcome == "not_started"
    assert "not started" in result.output


def test_a_missing_folder_is_not_started(tmp_path: Path) -> None:
    result = run("true", tmp_path / "gone")
    assert result.outcome == "not_started"
    assert "gone" in result.output


def test_a_command_that_starts_with_a_dash_is_a_command(tmp_path: Path) -> None:
    assert run("-n || echo still run", tmp_path).output.endswith("still run\n")


def test_keys_do_not_reach_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "verysecretvalue"
    for name in (
        "OPENAI_API_KEY",
        "FOO_API_KEY",
        "GITHUB_TOKEN",
        "MY_SECRET",
        "AWS_PROFILE",
        "DB_PASSWORD",
        "x_apikey",
    ):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "kept")
    result = run("env", tmp_path, env={"EXTRA": "given"})
    assert secret not in result.output
    lines = result.output.splitlines()
    for line in ("TOKENIZERS_PARALLELISM=kept", "EXTRA=given", "TERM=dumb", "NO_COLOR=1", "GIT_TERMINAL_PROMPT=0"):
        assert line in lines


def test_a_hundred_commands_leak_no_descriptors(tmp_path: Path) -> None:
    async def many() -> tuple[int, int]:
        async def once() -> None:
            await run_shell("true", cwd=tmp_path, timeout=None, output=lambda _: None)

        await once()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(30):
            await once()
        return before, len(os.listdir("/proc/self/fd"))

    before, after = asyncio.run(many())
    assert after <= before
