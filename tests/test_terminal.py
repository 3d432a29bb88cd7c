"""The instrument of the real-terminal tests, tried on small programs."""

import os
import sys
from pathlib import Path

import pytest

from tests.terminal import Filter, ScreenTimeout, TerminalApp, answer

pytestmark = pytest.mark.pty
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def python(code: str, folder: Path, columns: int = 40, rows: int = 6) -> TerminalApp:
    return TerminalApp([sys.executable, "-c", code], folder, ENVIRONMENT, columns, rows)


def test_keys_reach_the_program_and_its_answer_the_screen(tmp_path: Path) -> None:
    with python("print('name?'); print('hello', input(), end='!')", tmp_path) as app:
        app.wait_for("name?")
        app.send(b"ada\n")
        assert app.wait_for("hello ada!").splitlines()[0] == "name?"
        assert app.wait_exit() == 0
        assert b"hello ada!" in app.raw


def test_colours_and_wide_characters_are_cells(tmp_path: Path) -> None:
    code = r"print('\x1b[1;38;2;1;2;255;48:2:9:9:9m漢\x1b[0;3ma\x1b[0m')"
    with python(code, tmp_path) as app:
        app.wait_for("漢a")
        wide, second, plain = app.cells()[0][:3]
    assert (wide.text, wide.foreground, wide.bold) == ("漢", "0102ff", True)
    assert second.text == ""
    assert (plain.text, plain.italic, plain.foreground) == ("a", True, "default")


def test_what_does_not_appear_is_reported_with_the_screen(tmp_path: Path) -> None:
    with python("print('only this'); input()", tmp_path) as app:
        with pytest.raises(ScreenTimeout, match="only this"):
            app.wait_for("something else", timeout=0.3)
        app.send(b"\n")
        with pytest.raises(ScreenTimeout, match="ended"):
            app.wait_for("something else")


def test_a_program_that_ignores_the_hang_up_is_killed(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); print('here', flush=True); signal.pause()"
    app = python(code, tmp_path)
    app.wait_for("here")
    assert app.close(0.2) == -9
    assert app.close() == -9


def test_exit_codes_and_a_new_size(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})\n"
        "print('ready', flush=True); signal.sigwait({signal.SIGWINCH})\n"
        "print(os.get_terminal_size(), flush=True); raise SystemExit(7)"
    )
    with python(code, tmp_path, columns=60) as app:
        app.wait_for("ready")
        app.resize(50, 8)
        app.wait_for("columns=50, lines=8")
        assert app.wait_exit() == 7


def test_half_a_frame_is_not_looked_at(tmp_path: Path) -> None:
    code = (
        r"import sys; w = lambda s: (sys.stdout.write(s), sys.stdout.flush()); w('\x1b[?2026hfirst\r\n')"
        "\n"
        r"input(); w('second\x1b[?2026l'); input()"
    )
    with python(code, tmp_path) as app:
        app.wait_quiet(0.2)
        assert app.drawing
        app.send(b"\n")
        assert "second" in app.wait_for("first")


@pytest.mark.parametrize("split", range(1, 30))
def test_sequences_cut_anywhere_are_the_same_text(split: int) -> None:
    data = "é\x1b[>4;2mA\x1b[?2026$p\x1b]11;?\x07B\x1b[<u漢\x1bP+q54\x1b\\C".encode()
    halves = Filter(24)
    text = halves.feed(data[:split]) + halves.feed(data[split:])
    assert text == "éAB漢C"
    assert halves.questions == [b"\x1b[?2026$p", b"\x1b]11;?\x07"]


def test_questions_are_answered_as_a_terminal_does() -> None:
    assert answer(b"\x1b[6n", (3, 7), (80, 24)) == b"\x1b[3;7R"
    assert answer(b"\x1b[?2026$p", (1, 1), (80, 24)) == b"\x1b[?2026;2$y"
    assert answer(b"\x1b[18t", (1, 1), (80, 24)) == b"\x1b[8;24;80t"
    assert answer(b"\x1b[22;0t", (1, 1), (80, 24)) == b""
    assert answer(b"\x1b]11;?\x07", (1, 1), (80, 24)).startswith(b"\x1b]11;rgb:")
