"""Trust by content, kept under STEER_HOME."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from steer.domain.errors import SteerError
from steer.gates.runner import TrustBook
from steer.storage.trust import TrustStore


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


A, B = digest(b"a"), digest(b"b")


def test_it_is_what_the_gates_ask_for(tmp_path: Path) -> None:
    book: TrustBook = TrustStore(tmp_path)
    assert not book.trusted(tmp_path / "VERIFY.md", A)


def test_Trust_is_by_content_and_path_and_a_change_asks_again(tmp_path: Path) -> None:
    file, other = tmp_path / "one/VERIFY.md", tmp_path / "two/VERIFY.md"
    TrustStore(tmp_path / "home").trust(file, A)
    again = TrustStore(tmp_path / "home")
    assert again.trusted(file, A)
    assert not again.trusted(file, B)
    assert not again.trusted(other, A)


def test_one_file_by_two_paths_is_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    store = TrustStore(tmp_path / "home")
    store.trust(tmp_path / "link/VERIFY.md", A)
    assert store.trusted(tmp_path / "real/VERIFY.md", A)
    assert store.trusted(tmp_path / "real/../real/VERIFY.md", A)


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    TrustStore(tmp_path / "deep/home").trust(tmp_path / "x", A, b"a")
    for path in (tmp_path / "deep/home").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE((tmp_path / "deep/home/trust.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"trusted": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_corrupt_file_counts_as_empty_and_is_kept_aside(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "trust.json").write_bytes(broken)
    store = TrustStore(tmp_path)
    assert not store.trusted(tmp_path / "x", A)
    store.trust(tmp_path / "x", A)
    assert TrustStore(tmp_path).trusted(tmp_path / "x", A)
    (aside,) = tmp_path.glob("trust.json.broken-*")
    assert aside.read_bytes() == broken


def test_the_previous_content_can_be_shown(tmp_path: Path) -> None:
    store = TrustStore(tmp_path)
    file = tmp_path / "x"
    assert store.previous(file) is None
    store.trust(file, A, b"a")
    store.trust(file, B, b"b")
    assert store.previous(file) == b"b"
    store.trust(file, A, b"a")
    assert TrustStore(tmp_path).previous(file) == b"a"
    store.trust(file, digest(b"c"), b"something else")
    assert store.previous(file) is None


def test_a_digest_is_no_way_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"a")
    book = {"trusted": {os.path.realpath(tmp_path / "x"): ["../../secret"]}}
    (tmp_path / "home").mkdir()
    (tmp_path / "home/trust.json").write_text(json.dumps(book))
    assert TrustStore(tmp_path / "home").previous(tmp_path / "x") is None


def test_a_disk_that_takes_nothing_is_said_and_trust_holds_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    store = TrustStore(tmp_path / "home")
    with pytest.raises(SteerError, match="STEER_HOME") as caught:
        store.trust(tmp_path / "x", A)
    assert str(tmp_path / "home/trust.json") in caught.value.message
    assert store.trusted(tmp_path / "x", A)
    assert not TrustStore(tmp_path / "home").trusted(tmp_path / "x", A)


def test_processes_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from steer.storage.trust import TrustStore\n"
        "store = TrustStore(Path(sys.argv[1]))\n"
        "for n in range(10): store.trust(Path(f'/w/{sys.argv[2]}-{n}'), 'd')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)]) for n in range(3)]
    assert [each.wait() for each in running] == [0, 0, 0]
    store = TrustStore(tmp_path)
    assert all(store.trusted(Path(f"/w/{p}-{n}"), "d") for p in range(3) for n in range(10))
