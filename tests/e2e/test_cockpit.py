"""The cockpit in a real terminal, against the scripted model: the whole product as a user meets it."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.steer_process import Home, project
from tests.terminal import TerminalApp

pytestmark = pytest.mark.pty
LEFT = b"\x1b[?1049l"
CURSOR = b"\x1b[?25h"


def demo(base: Path, columns: int = 120, rows: int = 40, rate: str = "1200") -> TerminalApp:
    home = Home(base)
    home.project.mkdir()
    env = home.environment(TERM="xterm-256color", COLORTERM="truecolor", TMPDIR=str(base))
    argv = [sys.executable, "-m", "steer", "demo", "--rate", rate]
    return TerminalApp(argv, home.project, env, columns, rows)


def journal(base: Path) -> list[dict[str, Any]]:
    """The events that the demo's only session has written."""
    path = next(base.glob("steer-demo-*/state/sessions/*/journal.jsonl"))
    return [json.loads(line) for line in path.read_text().splitlines()]


def started(base: Path, columns: int = 120, rows: int = 40) -> TerminalApp:
    app = demo(base, columns, rows)
    app.wait_for("new turn", 40)
    app.wait_for("@ main", 40)
    return app


def test_the_demo_from_enter_to_green_gates(tmp_path: Path) -> None:
    with started(tmp_path) as app:
        app.send(b"\r")
        app.wait_for("3 of 3 gates passed", 60)
        app.wait_for("turn 1 completed", 20)
        screen = app.screen()
        assert "not a real model" in screen
        assert "+25" in screen
        app.send(b"\x04")
        app.wait_exit(20)
        assert [event["status"] for event in journal(tmp_path) if event["type"] == "verify.finished"] == [
            "failed",
            "passed",
        ]
        assert b"\x1b[?2026h" in app.raw, "U3: frames are drawn in one go where the terminal can"
        assert LEFT in app.raw
        assert CURSOR in app.raw
        assert not list(Path("/proc").glob(f"{app.pid}/task")), "nothing is left running"


def test_esc_interrupts_and_the_next_task_starts(tmp_path: Path) -> None:
    with started(tmp_path) as app:
        app.send(b"write 20000 tokens\r")
        app.wait_for("esc interrupt", 30)
        app.wait_for("tok/s", 30)
        app.send(b"\x1b")
        app.wait_for("interrupted", 20)
        app.wait_for("new turn", 20)
        app.send(b"explain\r")
        app.wait_for("turn 2", 30)


def test_enter_while_it_streams_redirects(tmp_path: Path) -> None:
    with started(tmp_path) as app:
        app.send(b"write 20000 tokens\r")
        app.wait_for("redirect now", 30)
        app.wait_for("tok/s", 30)
        app.send(b"explain what you are doing\r")
        app.wait_for("explain what you are doing", 20)
        app.wait_for("turn 1 completed", 60)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (160, 45), (40, 20)])
def test_every_size_shows_the_parts(tmp_path: Path, columns: int, rows: int) -> None:
    with started(tmp_path, columns=columns, rows=rows) as app:
        screen = app.screen()
        for part in ("Stream", "Diff", "Verify", "›") if columns >= 80 else ("›",):
            assert part in screen, screen
        app.resize(100, 30)
        app.wait_for("Verify", 20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_I12_a_signal_restores_the_terminal_and_keeps_the_session(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as app:
        app.send(b"write 20000 tokens\r")
        app.wait_for("tok/s", 30)
        os.kill(app.pid, number)
        app.wait_exit(20)
        if number == signal.SIGTERM:
            assert LEFT in app.raw
            assert CURSOR in app.raw
        assert "interrupted" in [event["type"] for event in journal(tmp_path)]


def test_an_endpoint_that_cannot_be_opened_is_said_in_words(tmp_path: Path) -> None:
    home = project(tmp_path)
    env = home.environment(TERM="xterm-256color", OPENAI_API_KEY="", STEER_MODEL="m")
    with TerminalApp([sys.executable, "-m", "steer"], home.project, env, 120, 40) as app:
        app.wait_for("OPENAI_API_KEY", 40)
        app.send(b"\x04")
        app.wait_exit(20)


def test_a_folder_without_git_is_offered_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.project.mkdir()
    env = home.environment(TERM="xterm-256color", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    with TerminalApp([sys.executable, "-m", "steer"], home.project, env, 120, 40) as app:
        app.wait_for("/git-init", 40)
        app.send(b"/git-init\r")
        app.wait_for("Made a git repository here", 20)
        assert (home.project / ".git" / "HEAD").is_file()
        app.send(b"/git-init\r")
        app.wait_for("a git repository", 20)
        app.send(b"\x04")
        app.wait_exit(20)
