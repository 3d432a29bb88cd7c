"""Where sessions live, and how they are found, named and locked."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from steer.domain.errors import UsageError
from steer.domain.events import Event, MessageAppended, Notice, Record, SessionStarted, TurnFinished, TurnStarted
from steer.domain.messages import Message
from steer.storage.journal import JsonlJournal
from steer.storage.sessions import (
    SessionLock,
    clean_name,
    find_session,
    journal_path,
    list_sessions,
    new_session_id,
    rename_session,
    session_folder,
)

A, B, C = "20260101-101010-001aaaaaa", "20260102-101010-002bbbbbb", "20260103-101010-003cccccc"


def start(directory: str = "/w", parent: str | None = None) -> SessionStarted:
    return SessionStarted("id", directory, "model", "chat", 1000, (), parent=parent)


def finish(turn: int, prompt: int = 100, completion: int = 10) -> TurnFinished:
    return TurnFinished(turn, "completed", "x" * 500, (), 0, 0, prompt, completion, 1.0)


def keep(home: Path, session: str, *events: Event) -> None:
    journal = JsonlJournal(journal_path(home, session))
    journal.write([Record(seq, 0.0, event) for seq, event in enumerate(events, 1)])
    journal.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    keep(tmp_path, A, start(), TurnStarted(1, "Fix the parser\nplease"), finish(1))
    keep(tmp_path, B, start(parent=A), TurnStarted(1, "Write docs"), finish(1, 5, 5), TurnStarted(2, "More docs"))
    keep(tmp_path, C, start("/other"))
    for number, session in enumerate((A, B, C)):
        stamp = 1_800_000_000 + number * 60
        os.utime(journal_path(tmp_path, session), (stamp, stamp))
    return tmp_path


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_session_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{9}", each) for each in ids)
    times = [each[:19] for each in ids]
    assert times == sorted(times)
    assert session_folder(Path("/h"), ids[0]) == Path("/h/sessions") / ids[0]


@pytest.mark.parametrize(
    "bad", ["", "..", "../x", "a/b", "20260101-101010-001aaaaaa/..", "20260101-101010-001aaaaaa\n"]
)
def test_an_id_is_no_way_out_of_the_folder(bad: str, home: Path) -> None:
    with pytest.raises(UsageError):
        session_folder(home, bad)
    with pytest.raises(UsageError):
        rename_session(home, bad, "x")


def test_the_list_has_what_the_contract_says_newest_first(home: Path) -> None:
    c, b, a = list_sessions(home)
    assert (a.session, a.name, a.dir, a.turns, a.parent, a.tokens) == (A, "Fix the parser please", "/w", 1, None, 110)
    assert (b.session, b.name, b.dir, b.turns, b.parent, b.tokens) == (B, "Write docs", "/w", 2, A, 10)
    assert (c.session, c.name, c.dir, c.turns, c.parent, c.tokens) == (C, "", "/other", 0, None, 0)
    assert a.updated == "2027-01-15T08:00:00Z"


def test_text_that_quotes_an_event_is_not_counted(home: Path) -> None:
    quoted = '{"type":"turn.started","seq":1}\n{"type":"turn.finished"}'
    keep(home, A, MessageAppended(Message("user", quoted)), Notice(quoted))
    assert find_session(home, A).turns == 1


def test_F4_the_list_is_scoped_to_a_workspace_and_knows_if_it_is_gone(home: Path, tmp_path: Path) -> None:
    here = tmp_path / "work"
    here.mkdir()
    keep(home, new_session_id(), start(str(here)))
    (tmp_path / "link").symlink_to(here)
    (found,) = list_sessions(home, tmp_path / "link")
    assert found.dir_exists
    here.rmdir()
    assert not list_sessions(home, here)[0].dir_exists
    assert [each.session for each in list_sessions(home, Path("/w"))] == [B, A]


def test_no_sessions_and_strange_folders_are_no_error(tmp_path: Path) -> None:
    assert list_sessions(tmp_path) == ()
    (tmp_path / "sessions/notes").mkdir(parents=True)
    (tmp_path / "sessions" / A).mkdir()
    (tmp_path / "sessions" / B / "journal.jsonl").mkdir(parents=True)
    (tmp_path / "sessions" / C).write_text("a file")
    assert list_sessions(tmp_path) == ()


def test_H11_a_damaged_journal_is_still_listed(home: Path) -> None:
    path = journal_path(home, A)
    path.write_bytes(b"\xff\x00 damage\n" + path.read_bytes()[:-20])
    found = find_session(home, A)
    assert (found.name, found.turns, found.tokens) == ("Fix the parser please", 1, 0)


@pytest.mark.parametrize("text", [A, f" {A} ", "20260101", "aaaaaa", "001aaaaaa", "fix the PARSER please"])
def test_found_by_id_part_of_it_or_name(home: Path, text: str) -> None:
    assert find_session(home, text).session == A


def test_what_is_not_found_names_what_is_near(home: Path) -> None:
    with pytest.raises(UsageError, match=A) as caught:
        find_session(home, "Fix the parsers")
    assert "Fix the parsers" in caught.value.message
    with pytest.raises(UsageError, match=C):
        find_session(home, "zzz")
    with pytest.raises(UsageError, match=A):
        find_session(home, "20260101-101010-001aaaaab")
    with pytest.raises(UsageError, match="no sessions yet"):
        find_session(home / "empty", "x")


def test_a_name_of_two_sessions_asks_which(home: Path) -> None:
    rename_session(home, A, "same")
    rename_session(home, B, "same")
    with pytest.raises(UsageError, match="2 sessions") as caught:
        find_session(home, "same")
    assert A in caught.value.remedy
    assert B in caught.value.remedy
    with pytest.raises(UsageError, match="3 sessions"):
        find_session(home, "2026")


def test_F3_rename_works_while_the_session_is_open(home: Path) -> None:
    with SessionLock(home, A):
        assert rename_session(home, A, "  my \x1b[31m\tname\u202e \n") == "my [31m name"
    assert find_session(home, "my [31m name").session == A
    assert find_session(home, A).name == "my [31m name"


@pytest.mark.parametrize("bad", ["", "  ", "\x00\x1b\u202e", "x" * 201])
def test_F3_a_name_is_not_empty_and_not_over_200_characters(home: Path, bad: str) -> None:
    with pytest.raises(UsageError, match="name"):
        rename_session(home, A, bad)
    assert find_session(home, A).name == "Fix the parser please"


def test_F3_names_keep_what_people_write() -> None:
    assert clean_name("Ein Größerer Plan 👩‍💻 日本語") == "Ein Größerer Plan 👩‍💻 日本語"
    assert clean_name("x" * 200) == "x" * 200


def test_F3_renaming_what_is_not_there_names_near_ones(home: Path) -> None:
    with pytest.raises(UsageError, match=A):
        rename_session(home, "20260101-101010-001aaaaab", "x")


def test_a_long_first_task_is_cut(home: Path) -> None:
    session = new_session_id()
    keep(home, session, start(), TurnStarted(1, "word " * 100))
    name = find_session(home, session).name
    assert len(name) <= 60
    assert name.startswith("word word")
    assert name.endswith("…")


def test_F5_a_second_opening_is_refused_until_the_first_ends(home: Path) -> None:
    lock = SessionLock(home, A)
    with pytest.raises(UsageError, match=A) as caught:
        SessionLock(home, A)
    assert "fork" in caught.value.remedy
    with SessionLock(home, B):
        pass
    lock.release()
    lock.release()
    with SessionLock(home, A):
        pass


def test_F5_a_second_process_is_refused_and_told_which_has_it(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from steer.storage.sessions import SessionLock\n"
        "lock = SessionLock(Path(sys.argv[1]), sys.argv[2]); print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(home), A], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(UsageError, match=f"process {other.pid}"):
        SessionLock(home, A)
    other.kill()
    other.communicate()
    with SessionLock(home, A):
        pass


def test_F5_a_command_started_meanwhile_does_not_inherit_the_lock(home: Path) -> None:
    lock = SessionLock(home, A)
    child = subprocess.Popen(["sleep", "60"])
    lock.release()
    with SessionLock(home, A):
        pass
    child.kill()
    child.wait()


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="STEER_HOME"):
        SessionLock(tmp_path / "file", A)
