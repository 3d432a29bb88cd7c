"""Reading project memory, and writing first files."""

import os
import re
from pathlib import Path

import pytest

from steer.domain.errors import UsageError
from steer.domain.verify_file import parse_verify
from steer.engine.ports import MemoryFile
from steer.gates.propose import propose_verify
from steer.storage.memory_files import MAX_BYTES, InitReport, read_memory, write_init


def names(root: Path) -> list[str]:
    return [each.name for each in read_memory(root)]


def test_the_files_in_their_order(tmp_path: Path) -> None:
    for name in ("VERIFY.md", "PROGRESS.md", "AGENTS.md", "PLAN.md", "CLAUDE.md", "README.md"):
        (tmp_path / name).write_text(f"text of {name}\n")
    assert read_memory(tmp_path) == tuple(
        MemoryFile(name, f"text of {name}\n") for name in ("AGENTS.md", "PLAN.md", "PROGRESS.md", "VERIFY.md")
    )
    (tmp_path / "AGENTS.md").unlink()
    assert names(tmp_path) == ["CLAUDE.md", "PLAN.md", "PROGRESS.md", "VERIFY.md"]
    assert names(tmp_path / "missing") == []


@pytest.mark.parametrize("name", ["CLAUDE.md", "GEMINI.md", ".cursorrules"])
def test_other_names_for_the_instructions(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("rules")
    assert read_memory(tmp_path) == (MemoryFile(name, "rules"),)
    (tmp_path / "AGENTS.md").write_text(" \n")
    assert names(tmp_path) == [name]


def test_bytes_become_text(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_bytes(b"\xef\xbb\xbfa\r\nb\xe9c")
    assert read_memory(tmp_path)[0].text == "a\nb\ufffdc"


@pytest.mark.parametrize("pad", range(4))
def test_a_long_file_is_cut_between_characters_and_says_so(tmp_path: Path, pad: int) -> None:
    (tmp_path / "PLAN.md").write_text("x" * pad + "👍" * (MAX_BYTES // 4 + 10))
    (each,) = read_memory(tmp_path)
    kept, _, note = each.text.partition("\n\n[")
    assert re.fullmatch("x*👍+", kept)
    assert MAX_BYTES - 4 <= len(kept.encode()) <= MAX_BYTES
    assert "PLAN.md is cut here" in note


def test_Trust_links_out_of_the_workspace_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "docs").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (root / "docs/agents.md").write_text("rules")
    (root / "PLAN.md").symlink_to(tmp_path / "secret")
    (root / "PROGRESS.md").symlink_to("PROGRESS.md")
    (root / "AGENTS.md").symlink_to("docs/agents.md")
    assert read_memory(root) == (MemoryFile("AGENTS.md", "rules"),)


@pytest.mark.timeout(20)
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "PLAN.md")
    (tmp_path / "AGENTS.md").mkdir()
    (tmp_path / "VERIFY.md").symlink_to("/dev/zero")
    assert read_memory(tmp_path) == ()


ALL = ("AGENTS.md", "PLAN.md", "PROGRESS.md", "VERIFY.md")


def test_init_in_an_empty_folder(tmp_path: Path) -> None:
    assert write_init(tmp_path, "") == InitReport(ALL, ())
    assert names(tmp_path) == list(ALL)
    assert parse_verify((tmp_path / "VERIFY.md").read_text(), "").gates == ()
    assert parse_verify((tmp_path / "VERIFY.md").read_text(), "").problems == ()
    assert "No test" in (tmp_path / "VERIFY.md").read_text()
    assert tmp_path.name in (tmp_path / "AGENTS.md").read_text()


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "PLAN.md").write_text("mine")
    (tmp_path / "VERIFY.md").symlink_to("nowhere")
    assert write_init(tmp_path, "- a: `b`\n") == InitReport(("AGENTS.md", "PROGRESS.md"), ("PLAN.md", "VERIFY.md"))
    assert (tmp_path / "PLAN.md").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    before = {name: (tmp_path / name).read_bytes() for name in ("AGENTS.md", "PROGRESS.md")}
    assert write_init(tmp_path, "") == InitReport((), ALL)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def test_init_drafts_from_what_is_found(tmp_path: Path) -> None:
    files = {
        "README.md": "<!-- logo -->\n# My *Parser*\n\n[![badge](x)](y)\n\nReads dates\nof all kinds.\n\n## More\n\nno\n",
        "src/a.py": "",
        "src/b.py": "",
        "web/c.ts": "",
        "node_modules/x/index.js": "",
        ".git/config": "",
        "tests/test_a.py": "import unittest\n",
        "Makefile": "lint:\n\t./check `x`\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    proposal = propose_verify(tmp_path)
    write_init(tmp_path, proposal)
    agents = (tmp_path / "AGENTS.md").read_text()
    assert agents.startswith("# My *Parser*\n\nReads dates of all kinds.\n")
    assert "Python (3), TypeScript (1)" in agents
    assert "- `src/`\n- `tests/` tests\n- `web/`\n" in agents
    assert "node_modules" not in agents
    assert "`make lint`" in agents
    assert "unittest" in agents
    assert (tmp_path / "VERIFY.md").read_text() == proposal
    assert [gate.name for gate in parse_verify(proposal, "").gates] == ["lint", "tests"]


def test_init_keeps_what_other_instructions_say(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("Never use tabs.\n")
    write_init(tmp_path, "")
    assert "Never use tabs." in read_memory(tmp_path)[0].text


def test_progress_has_its_sections_and_times(tmp_path: Path) -> None:
    write_init(tmp_path, "")
    lines = (tmp_path / "PROGRESS.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## Now", "## Done", "## Failed", "## Next"]
    (entry,) = [line for line in lines if line.startswith("- ")]
    assert re.match(r"- \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S", entry)


def test_the_plan_explains_its_grammar_and_has_no_item(tmp_path: Path) -> None:
    write_init(tmp_path, "")
    text = (tmp_path / "PLAN.md").read_text()
    assert not re.search(r"(?m)^\s*[-*+] ", text)
    assert all(word in text for word in ("accept:", "verify:", "max-lines:", "only:", "track:"))
    assert text.count("<!--") == text.count("-->") == 1


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        write_init(tmp_path / "missing", "")


def test_a_name_that_is_no_unicode_is_no_trouble(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    root.mkdir()
    assert write_init(root, "").written == ALL
