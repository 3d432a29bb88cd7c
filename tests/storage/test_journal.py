"""The journal: appended, synced, masked, and read whatever cut it off."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.errors import UsageError
from steer.domain.events import (
    CommandOutput,
    Event,
    InterruptedEvent,
    MessageAppended,
    Notice,
    ReasoningDelta,
    Record,
    SessionStarted,
    TextDelta,
    ToolCalled,
    ToolDelta,
    TurnFinished,
    TurnStarted,
)
from steer.domain.messages import Message, ToolCall
from steer.engine.ports import Journal
from steer.storage.journal import JsonlJournal, read_journal
from steer.storage.masking import MASK, Masker

KEY = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"


def records(*events: Event) -> list[Record]:
    return [Record(seq, seq / 10, event) for seq, event in enumerate(events, 1)]


def write(path: Path, *events: Event, secrets: tuple[str, ...] = ()) -> None:
    journal = JsonlJournal(path, secrets=secrets)
    journal.write(records(*events))
    journal.close()


def read(path: Path) -> list[Event]:
    result = read_journal(path)
    assert result.problems == ()
    return [record.event for record in result.records]


SESSION = (
    SessionStarted("id", "/w", "model", "chat", 1000, ("no-network",)),
    TurnStarted(1, "a task"),
    MessageAppended(Message("assistant", "hm", (ToolCall("c1", "read_file", '{"path": "é\\n"}'),))),
    TurnFinished(1, "completed", "done 👍", ("a.py",), 1, 2, 30, 40, 1.5),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep/journal.jsonl"
    journal: Journal = JsonlJournal(path)
    journal.write(records(*SESSION)[:2])
    journal.write(records(*SESSION)[2:])
    journal.close()
    assert read_journal(path).records == tuple(records(*SESSION))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_F1_synced_records_are_on_disk_while_the_journal_is_open(tmp_path: Path) -> None:
    journal = JsonlJournal(tmp_path / "j")
    journal.write(records(TextDelta("half a wor"), InterruptedEvent("user", 10)))
    journal.sync()
    assert read(tmp_path / "j") == [TextDelta("half a wor"), InterruptedEvent("user", 10)]
    journal.close()


def test_F1_what_was_synced_survives_a_kill(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from steer.domain.events import InterruptedEvent, Record\n"
        "from steer.storage.journal import JsonlJournal\n"
        "journal = JsonlJournal(Path(sys.argv[1]))\n"
        "journal.write([Record(1, 0.0, InterruptedEvent('user', 3))])\n"
        "journal.sync()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "j")], check=False).returncode == -9
    assert read(tmp_path / "j") == [InterruptedEvent("user", 3)]


def test_F1_a_second_run_appends(tmp_path: Path) -> None:
    write(tmp_path / "j", Notice("one"))
    before = (tmp_path / "j").read_bytes()
    write(tmp_path / "j", Notice("two"))
    assert (tmp_path / "j").read_bytes().startswith(before)
    assert read(tmp_path / "j") == [Notice("one"), Notice("two")]


@pytest.mark.timeout(30)
def test_records_reach_the_file_without_a_sync(tmp_path: Path) -> None:
    journal = JsonlJournal(tmp_path / "j")
    journal.write(records(Notice("one")))
    seen = threading.Event()
    while not ((tmp_path / "j").exists() and (tmp_path / "j").read_bytes().endswith(b"\n")):
        seen.wait(0.02)
    assert read(tmp_path / "j") == [Notice("one")]
    journal.close()


def test_writes_after_the_end_are_dropped_and_closing_twice_is_no_error(tmp_path: Path) -> None:
    journal = JsonlJournal(tmp_path / "j")
    journal.write(records(Notice("one")))
    journal.close()
    journal.write(records(Notice("two")))
    journal.close()
    assert read(tmp_path / "j") == [Notice("one")]


def test_H11_a_file_cut_at_every_byte_of_its_last_record_resumes(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, *SESSION)
    data = path.read_bytes()
    start = data[:-1].rindex(b"\n") + 1
    for end in range(start, len(data) + 1):
        path.write_bytes(data[:end])
        result = read_journal(path)
        whole = end >= len(data) - 1
        assert result.records == tuple(records(*SESSION)[: 4 if whole else 3])
        assert len(result.problems) == (0 if whole or end == start else 1)
        if result.problems:
            assert "line 4 is cut off" in result.problems[0]


def test_H11_what_follows_a_cut_line_is_read_after_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, *SESSION)
    path.write_bytes(path.read_bytes()[:-7])
    write(path, Notice("resumed"))
    result = read_journal(path)
    assert [record.event for record in result.records] == [*SESSION[:3], Notice("resumed")]
    assert len(result.problems) == 1
    assert "line 4" in result.problems[0]


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'"a string"',
        b"[1, 2]",
        b"\xff\xfe",
        b"\x00\x00\x00",
        b"[" * 100_000,
        b'{"type":"notice","t":1,"text":"no seq"}',
        b'{"type":"notice","seq":2,"t":1,"text":3}',
        b'{"type":"notice","seq":2,"t":1}',
        b'{"type":"turn.started","seq":2,"t":1e999,"turn":1,"task":""}',
    ],
    ids=range(10),
)
def test_H11_malformed_lines_are_passed_over_and_reported(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "j"
    write(path, Notice("one"))
    path.write_bytes(path.read_bytes() + line + b"\n\n" + path.read_bytes().replace(b'"seq":1', b'"seq":9'))
    result = read_journal(path)
    assert [record.seq for record in result.records] == [1, 9]
    assert len(result.problems) == 1
    assert "line 2" in result.problems[0]


def test_unknown_events_are_counted_and_unknown_fields_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text(
        '{"type":"notice","seq":1,"t":0,"text":"a","later":[1]}\r\n'
        '{"type":"of.tomorrow","seq":2,"t":0}\n{"type":"of.tomorrow","seq":3,"t":0}\n'
    )
    result = read_journal(path)
    assert result.records == (Record(1, 0.0, Notice("a")),)
    assert result.unknown == 2
    assert "2 events" in result.problems[0]


def test_many_problems_are_told_briefly(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("x\n" * 500)
    problems = read_journal(tmp_path / "j").problems
    assert len(problems) < 30
    assert "480 more" in problems[-1]


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        read_journal(tmp_path / "nowhere")


def test_a_refusing_disk_is_told_once_and_nothing_is_lost(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "session"
    folder.write_text("in the way")
    journal = JsonlJournal(folder / "j", on_problem=told.append)
    first = records(Notice("one"), Notice("two"))
    journal.write(first[:1])
    journal.sync()
    journal.sync()
    assert len(told) == 1
    assert str(folder / "j") in told[0]
    assert journal.problem == told[0]
    folder.unlink()
    journal.write(first[1:])
    journal.close()
    assert read(folder / "j") == [Notice("one"), Notice("two")]
    assert journal.problem == ""
    assert len(told) == 1


def test_a_full_disk_tears_no_line(tmp_path: Path) -> None:
    """A limit on the file's size refuses in the middle of a line; what it took is not written twice."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from steer.domain.events import Notice, Record\n"
        "from steer.storage.journal import JsonlJournal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "told = []\n"
        "journal = JsonlJournal(Path(sys.argv[1]), on_problem=told.append)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "for n in range(1, 101):\n"
        "    journal.write([Record(n, 0.0, Notice('x' * 50))])\n"
        "    if n % 10 == 0: journal.sync()\n"
        "assert len(told) == 1, told\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "journal.close()\n"
        "assert journal.problem == '', journal.problem\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "j")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = read_journal(tmp_path / "j")
    assert result.problems == ()
    assert [record.seq for record in result.records] == list(range(1, 101))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_a_device_without_room_does_not_raise(tmp_path: Path) -> None:
    (tmp_path / "j").symlink_to("/dev/full")
    told: list[str] = []
    journal = JsonlJournal(tmp_path / "j", on_problem=told.append)
    journal.write(records(Notice("one")))
    journal.sync()
    journal.write(records(Notice("two")))
    journal.close()
    (tmp_path / "j").unlink()
    assert len(told) == 1
    assert os.strerror(28) in told[0]


@pytest.mark.parametrize("text", ["\ud83d", "a\udc4d", "\udc4d\ud83d", "x👍\ud800y", "\x00\x1b[31m\u2028\x85"])
def test_H10_any_text_can_be_written_and_read_back(tmp_path: Path, text: str) -> None:
    write(tmp_path / "j", TextDelta(text), ToolCalled("c", "n", {"path" + text: [text]}), Notice("next"))
    delta, called, after = read(tmp_path / "j")
    assert isinstance(delta, TextDelta)
    assert isinstance(called, ToolCalled)
    assert delta.text == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert called.arguments == {"path" + delta.text: [delta.text]}
    assert after == Notice("next")


def test_numbers_of_any_size_can_be_written(tmp_path: Path) -> None:
    write(tmp_path / "j", ToolCalled("c", "n", {"n": 10**40}), Notice("next"))
    assert read(tmp_path / "j") == [ToolCalled("c", "n", {"n": 10**40}), Notice("next")]


SECRETS = [
    KEY,
    "sk-ant-api03-" + "Ab1_" * 20,
    "csk-" + "a1b2c3d4" * 6,
    "gsk_" + "A1b2" * 13,
    "ghp_" + "A1b2C3" * 6,
    "github_pat_" + "11ABCDE_" * 5,
    "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "AKIA" + "ABCDEFGH12345678",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "xoxb-" + "123456789012-abcdefABCDEF",
    "hf_" + "AbCdEf1234567890GhIj",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nowIB\n-----END RSA PRIVATE KEY-----",
    "correct horse battery",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda s: s[:8])
def test_secrets_are_not_written(tmp_path: Path, secret: str) -> None:
    write(
        tmp_path / "j",
        MessageAppended(Message("tool", f'KEY="{secret}"\nnext', tool_call_id="c")),
        ToolCalled("c", "write_file", {"content": [{"deep": f"x {secret}"}]}),
        Notice(secret),
        secrets=("correct horse battery",),
    )
    data = (tmp_path / "j").read_text()
    assert json.dumps(secret)[1:-1] not in data
    assert data.count(MASK) == 3
    message, called, notice = read(tmp_path / "j")
    assert isinstance(message, MessageAppended)
    assert message.message.content == f'KEY="{MASK}"\nnext'
    assert called == ToolCalled("c", "write_file", {"content": [{"deep": f"x {MASK}"}]})
    assert notice == Notice(MASK)


@pytest.mark.parametrize(
    "text",
    [
        "task-1234567890123456789012 is done",
        "risk-assessment-of-the-whole-thing",
        "sk-learn and sk-circle-fade-dot-container",
        "pk_user_accounts_2024_index",
        "the Bearer of good news arrives tomorrow morning",
        "hf_model = load()",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "https://example.org/eyJ",
    ],
)
def test_words_that_only_look_like_secrets_stay(text: str) -> None:
    assert Masker(("none", "")).mask(f"{text} none") == f"{text} none"


def test_bearer_tokens_are_masked_and_the_word_stays() -> None:
    assert Masker().mask("Authorization: Bearer abc123.def456-ghi789_x\n") == f"Authorization: Bearer {MASK}\n"


@pytest.mark.parametrize("secret", SECRETS, ids=lambda s: s[:8])
@pytest.mark.parametrize("kind", ["text", "reasoning", "tool", "command"])
def test_secrets_that_stream_in_pieces_are_not_written(tmp_path: Path, secret: str, kind: str) -> None:
    makers: dict[str, Callable[[str], Event]] = {
        "text": TextDelta,
        "reasoning": ReasoningDelta,
        "tool": lambda text: ToolDelta("c", "n", text),
        "command": lambda text: CommandOutput("c", text),
    }
    make = makers[kind]
    text = f"the key is {secret} indeed, and done "
    journal = JsonlJournal(tmp_path / "j", secrets=("correct horse battery",))
    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    for seq, piece in enumerate(pieces, 1):
        journal.write([Record(seq, 0.0, make(piece))])
        with journal._disk:
            journal._flush(final=False)  # as the thread does, at the worst of times
    journal.close()
    result = read_journal(tmp_path / "j")
    assert [record.seq for record in result.records] == list(range(1, len(pieces) + 1))
    written = "".join(json.loads(line)["text"] for line in (tmp_path / "j").read_text().splitlines())
    assert written == f"the key is {MASK} indeed, and done "


def test_a_stream_is_not_held_for_long(tmp_path: Path) -> None:
    """Only the word that is still growing waits."""
    journal = JsonlJournal(tmp_path / "j")
    journal.write(records(TextDelta("some "), TextDelta("words and"), TextDelta(" mo"), TextDelta("re")))
    with journal._disk:
        journal._flush(final=False)
    assert read(tmp_path / "j") == [TextDelta("some "), TextDelta("words and")]
    journal.close()
    assert len(read(tmp_path / "j")) == 4


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a ", KEY, KEY[:9], "AKIA", "ABCDEFGH12345678", " ", "b", "hunter22", "\n"]), max_size=8),
    st.lists(st.integers(0, 120), max_size=12),
)
def test_masking_pieces_is_masking_their_sum(parts: list[str], cuts: list[int]) -> None:
    masker = Masker(("hunter22",))
    text = "".join(parts)
    marks = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(marks)]
    masked = masker.mask_pieces(pieces)
    assert len(masked) == len(pieces)
    assert "".join(masked) == masker.mask(text)
    count = masker.settled(pieces)
    first, rest = "".join(pieces[:count]), "".join(pieces[count:])
    assert masker.mask(first) + masker.mask(rest) == masker.mask(text)
