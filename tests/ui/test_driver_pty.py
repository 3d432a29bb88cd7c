"""Real bytes through a real terminal: Esc, Alt, mouse reports, pastes, and what is left behind at the end."""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest
from ptyprocess import PtyProcess

ROOT = Path(__file__).parent.parent.parent
pytestmark = [pytest.mark.pty, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and needs a pty")]
PATIENCE = 30.0
INTERRUPT = "Interrupt(turn=3, reason='user')"


class Terminal:
    """A program in a terminal of 100 columns, what it shows, and what its session was asked."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        command = [sys.executable, str(ROOT / "tests/ui/pty_app.py"), str(log), *arguments]
        self.process = PtyProcess.spawn(command, dimensions=(30, 100), env=environment, cwd=str(ROOT))
        self.output = b""
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)

    def read(self, seconds: float) -> bool:
        """Take what the program writes within some time; False once it has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.process.fd], [], [], left)[0]:
                return True
            try:
                data = self.process.read(65536)
            except EOFError:
                return False
            self.output += data
            self._stream.feed(data)
        return True

    def wait_for(self, text: str) -> None:
        """Until the screen shows a text."""
        until = time.monotonic() + PATIENCE
        while not any(text in row for row in self._screen.display):
            assert self.read(0.05), "the program ended:\n" + self.output.decode("utf-8", "replace")[-3000:]
            assert time.monotonic() < until, "\n".join(self._screen.display)

    def asked(self, count: int) -> list[str]:
        """The first ``count`` lines of the session's log, as soon as they are there."""
        until = time.monotonic() + PATIENCE
        while len(lines := self.log.read_text().splitlines() if self.log.exists() else []) < count:
            self.read(0.02)
            assert time.monotonic() < until, f"only {lines}"
        return lines

    def send(self, *pieces: bytes | float) -> None:
        """Write bytes; a number between them is a pause in seconds."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self.process.write(piece)
            else:
                self.read(piece)

    def ended(self) -> None:
        """Until the program has ended."""
        until = time.monotonic() + PATIENCE
        while self.read(0.1):
            assert time.monotonic() < until, "the program does not end"
        self.process.wait()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "log")
    made.wait_for("keeps 312 tokens")
    yield made
    made.process.terminate(force=True)


def test_I2_I8_escapes_and_the_keys_that_need_no_waiting(terminal: Terminal) -> None:
    terminal.send(b"\x1b")
    assert terminal.asked(1) == [INTERRUPT]
    terminal.send(b"\x1b[19~")
    assert terminal.asked(2)[1] == INTERRUPT
    terminal.send(b"\x1c")
    assert terminal.asked(3)[2] == INTERRUPT
    terminal.send(b"\x1b\x1b")
    assert terminal.asked(5)[3:] == [INTERRUPT, INTERRUPT]
    terminal.send(b"\x1b", 0.05, b"\x1b")
    assert terminal.asked(7)[5:] == [INTERRUPT, INTERRUPT]


def test_U9_what_a_library_prints_does_not_reach_the_screen(terminal: Terminal) -> None:
    terminal.send(b"drawn after it")
    terminal.wait_for("drawn after it")
    assert b"stray" not in terminal.output


def test_I10_alt_keys_reports_and_pastes_are_no_escapes(terminal: Terminal) -> None:
    terminal.send(b"\x1b2")
    assert terminal.asked(1) == ["Steer(text='', when='next', constraints=('show-diff',), clear=(), keep_partial=True)"]
    terminal.send(b"\x1b[<35;10;", 0.05, b"5M", b"\x1b[<NaN;NaN;NaNM", b"\x1b[I", b"\x1b[<0;5;5", 0.7, b"M")
    terminal.send(b"\x1b[200~two\rlines\x1b[201~")
    terminal.wait_for("lines")
    terminal.send(b"\r")
    assert "two\\nlines" in terminal.asked(2)[1]
    terminal.send(b"\x1b[200~no end mark")
    terminal.wait_for("no end mark")
    terminal.send(b"\x1b")
    assert terminal.asked(3)[2] == INTERRUPT


def assert_restored(terminal: Terminal) -> None:
    """Alternate screen left, cursor shown, mouse and paste modes off."""
    tail = terminal.output[terminal.output.rindex(b"\x1b[?1049l") - 400 :]
    for mode in (b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?1004l"):
        assert mode in tail, mode


def test_the_terminal_is_restored_after_leaving(terminal: Terminal) -> None:
    terminal.send(b"\x03", 0.1, b"\x03")
    terminal.ended()
    assert terminal.asked(1) == ["closed"]
    assert terminal.process.exitstatus == 0
    assert_restored(terminal)


def test_I12_sigterm_ends_the_session_and_restores_the_terminal(terminal: Terminal) -> None:
    terminal.process.kill(signal.SIGTERM)
    terminal.ended()
    assert terminal.asked(1) == ["closed"]
    assert terminal.process.exitstatus == 128 + signal.SIGTERM
    assert_restored(terminal)


def test_I12_a_terminal_that_goes_away_ends_the_session(terminal: Terminal) -> None:
    os.close(terminal.process.fd)
    until = time.monotonic() + PATIENCE
    while terminal.process.isalive():
        time.sleep(0.05)
        assert time.monotonic() < until, "it outlives its terminal"
    assert terminal.log.read_text() == "closed\n"


def test_the_terminal_is_restored_after_a_crash(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "log", "crash")
    terminal.wait_for("keeps 312 tokens")
    terminal.send(b"hello\r")
    terminal.ended()
    assert "closed" in terminal.asked(2)
    assert_restored(terminal)
    assert b"the screen's own failure" in terminal.output


def test_U8_suspended_and_back_the_screen_is_drawn_again(terminal: Terminal) -> None:
    terminal.send(b"\x1a")
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        terminal.read(0.02)
        assert time.monotonic() < until, "it does not stop"
    terminal.read(0.05)
    assert_restored(terminal)
    terminal.output = b""
    terminal.process.kill(signal.SIGCONT)
    while b"redirect now" not in terminal.output:
        assert terminal.read(0.05)
        assert time.monotonic() < until, "the screen stays empty"
    terminal.send(b"\x1b")
    assert terminal.asked(1) == [INTERRUPT]
