"""Running gates: real files, real processes."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from steer.domain.verify import Gate, GateResult, VerifyFile
from steer.engine.ports import GateRunner
from steer.gates.runner import ShellGateRunner


class Book:
    """Trust kept in memory."""

    def __init__(self) -> None:
        self.contents: dict[tuple[Path, str], bytes] = {}

    def trusted(self, path: Path, digest: str) -> bool:
        return (path, digest) in self.contents

    def trust(self, path: Path, digest: str, content: bytes = b"") -> None:
        self.contents[path, digest] = content

    def previous(self, path: Path) -> bytes | None:
        return next((data for (each, _), data in reversed(self.contents.items()) if each == path), None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def runner(root: Path, tmp_path: Path) -> ShellGateRunner:
    return ShellGateRunner(root, Book(), tmp_path / "logs")


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits for its parent does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def run(runner: ShellGateRunner, gate: Gate) -> GateResult:
    return asyncio.run(runner.run(gate, lambda _: None))


def load(runner: ShellGateRunner) -> VerifyFile | None:
    return asyncio.run(runner.load())


def test_it_is_the_port(runner: ShellGateRunner) -> None:
    port: GateRunner = runner
    assert asyncio.run(port.load()) is None


def test_load_gives_the_file_with_the_digest_of_its_bytes(root: Path, runner: ShellGateRunner) -> None:
    data = b"\xef\xbb\xbf# Verify\r\n- a: `true`\r\n"
    (root / "VERIFY.md").write_bytes(data)
    file = load(runner)
    assert file is not None
    assert file.gates == (Gate("a", "true"),)
    assert file.digest == hashlib.sha256(data).hexdigest()
    (root / "VERIFY.md").unlink()
    assert load(runner) is None


def test_a_file_that_is_no_good_says_so_and_has_no_gates(root: Path, runner: ShellGateRunner) -> None:
    (root / "VERIFY.md").write_bytes(b"- a: `true`\n" + b"x" * 300_000)
    file = load(runner)
    assert file is not None
    assert file.gates == ()
    assert "larger" in file.problems[0]
    (root / "VERIFY.md").unlink()
    (root / "VERIFY.md").mkdir()
    file = load(runner)
    assert file is not None
    assert "not a file" in file.problems[0]


@pytest.mark.timeout(20)
def test_a_fifo_is_not_opened(root: Path, runner: ShellGateRunner) -> None:
    os.mkfifo(root / "VERIFY.md")
    file = load(runner)
    assert file is not None
    assert "not a file" in file.problems[0]


def test_bytes_that_are_no_utf8_are_said(root: Path, runner: ShellGateRunner) -> None:
    (root / "VERIFY.md").write_bytes(b"- a: `echo \xe9`\n- b: `true`\n")
    file = load(runner)
    assert file is not None
    assert [gate.name for gate in file.gates] == ["a", "b"]
    assert "UTF-8" in file.problems[0]


def test_Trust_nothing_runs_before_this_content_is_trusted(root: Path, runner: ShellGateRunner) -> None:
    (root / "VERIFY.md").write_text("- a: `touch ran`\n")
    file = load(runner)
    assert file is not None
    refused = run(runner, file.gates[0])
    assert (refused.status, refused.exit_code) == ("not_run", None)
    assert "trusted" in refused.reason
    assert not (root / "ran").exists()
    runner.trust(file.digest)
    assert runner.trusted(file.digest)
    assert run(runner, file.gates[0]).status == "passed"
    assert (root / "ran").exists()


def test_Trust_a_change_asks_again_and_shows_the_change(root: Path, runner: ShellGateRunner) -> None:
    (root / "VERIFY.md").write_text("- a: `true`\n")
    first = load(runner)
    assert first is not None
    assert runner.difference() == ""
    runner.trust(first.digest)
    (root / "VERIFY.md").write_text("- a: `touch ran`\n")
    second = load(runner)
    assert second is not None
    assert not runner.trusted(second.digest)
    assert run(runner, second.gates[0]).status == "not_run"
    assert "-- a: `true`" in runner.difference()
    assert "+- a: `touch ran`" in runner.difference()


def test_Trust_a_copy_of_the_workspace_asks_for_the_original(root: Path, tmp_path: Path) -> None:
    book = Book()
    (root / "VERIFY.md").write_text("- a: `true`\n")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "VERIFY.md").write_text("- a: `true`\n")
    original = ShellGateRunner(root, book, tmp_path / "logs")
    file = load(original)
    assert file is not None
    original.trust(file.digest)
    variant = ShellGateRunner(copy, book, tmp_path / "logs", trusted_as=root / "VERIFY.md")
    assert variant.trusted(file.digest)
    assert not ShellGateRunner(copy, book, tmp_path / "logs").trusted(file.digest)


def test_passed(root: Path, runner: ShellGateRunner) -> None:
    shown: list[str] = []
    result = asyncio.run(runner.run(Gate("a", "pwd; echo fine"), shown.append))
    assert (result.gate, result.command, result.status, result.exit_code) == ("a", "pwd; echo fine", "passed", 0)
    assert result.reason == ""
    assert result.seconds >= 0
    assert str(root.resolve()) in result.output
    assert "fine" in "".join(shown)


@pytest.mark.parametrize(
    ("command", "status", "code", "says"),
    [
        ("echo '== 1 failed =='; exit 3", "failed", 3, "exit 3: 1 failed"),
        ("exit 1", "failed", 1, "exit 1"),
        ("no-such-command-here", "not_run", 127, "no-such-command-here"),
        ("./notes.txt", "not_run", 126, "notes.txt"),
        ("kill -SEGV $$", "failed", 139, "SIGSEGV"),
        ("exit 137", "failed", 137, "SIGKILL"),
    ],
)
def test_outcomes_in_words(
    root: Path, runner: ShellGateRunner, command: str, status: str, code: int, says: str
) -> None:
    (root / "notes.txt").write_text("not a program")
    result = run(runner, Gate("a", command))
    assert (result.status, result.exit_code) == (status, code)
    assert says in result.reason


def test_a_timeout_is_called_one(runner: ShellGateRunner) -> None:
    result = run(runner, Gate("a", "echo begun; sleep 60", timeout=0.3))
    assert (result.status, result.exit_code) == ("timeout", None)
    assert "0.3 s" in result.reason
    assert "begun" in result.output


def test_standard_input_is_closed(runner: ShellGateRunner) -> None:
    assert run(runner, Gate("a", "read line || echo nothing", timeout=20)).output.strip() == "nothing"


def test_cancelling_ends_the_process_group(root: Path, runner: ShellGateRunner) -> None:
    async def scenario() -> int:
        started = asyncio.Event()
        shown: list[str] = []

        def output(text: str) -> None:
            shown.append(text)
            if "\n" in text:
                started.set()

        task = asyncio.create_task(runner.run(Gate("a", "sleep 60 & echo $!; wait"), output))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int("".join(shown).split()[0])

    assert not alive(asyncio.run(scenario()))


def test_long_output_keeps_its_tail(runner: ShellGateRunner, tmp_path: Path) -> None:
    result = run(runner, Gate("a/b", "seq 1 20000; echo the end"))
    assert result.output.rstrip().endswith("the end")
    assert len(result.output) < 20_000


def test_a_gate_runs_without_a_folder_for_logs(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    runner = ShellGateRunner(root, Book(), tmp_path / "file" / "logs")
    assert run(runner, Gate("a", "true")).status == "passed"


def test_an_artifact_must_be_left(root: Path, runner: ShellGateRunner) -> None:
    gate = Gate("a", "true", artifacts=("shots/*.png",))
    result = run(runner, gate)
    assert (result.status, result.exit_code) == ("failed", 0)
    assert "shots/*.png" in result.reason
    made = run(runner, Gate("a", "mkdir -p shots && echo x > shots/a.png", artifacts=("shots/*.png",)))
    assert made.status == "passed"
    stale = run(runner, gate)
    assert stale.status == "failed"
    assert "shots/a.png" in stale.reason


@pytest.mark.parametrize(
    ("command", "pattern", "status"),
    [
        ("echo y > out/old.txt", "out/old.txt", "passed"),
        ("cp -p out/old.txt t && mv t out/old.txt", "out/", "passed"),
        ("touch out/new.jpg", "out/*.{png,jpg}", "passed"),
        ("mkdir -p a/b && touch a/b/report.html", "report.html", "passed"),
        ("touch out/new.txt", "/out/*.txt", "passed"),
        ("touch out/new.txt", "*.md", "failed"),
        ("touch ../outside.txt", "../*.txt", "failed"),
        ("rm out/old.txt", "out/*", "failed"),
        ("mkdir out/folder", "out/*", "failed"),
    ],
)
def test_what_counts_as_an_artifact(
    root: Path, runner: ShellGateRunner, command: str, pattern: str, status: str
) -> None:
    (root / "out").mkdir()
    (root / "out/old.txt").write_text("x")
    assert run(runner, Gate("a", command, artifacts=(pattern,))).status == status


def test_each_artifact_is_asked_for(runner: ShellGateRunner) -> None:
    result = run(runner, Gate("a", "touch a.txt", artifacts=("a.txt", "b.txt")))
    assert result.status == "failed"
    assert "b.txt" in result.reason
    assert "a.txt" not in result.reason


def test_a_failing_command_is_not_blamed_for_its_artifact(runner: ShellGateRunner) -> None:
    assert run(runner, Gate("a", "exit 2", artifacts=("a.txt",))).reason == "exit 2"
