"""The bundled project: whole, green, and with a feature missing."""

import sys
from pathlib import Path

import pytest

import steer.demo
from steer.demo import copy_sample
from tests.demo.agent import run_gates


def test_the_copy_is_green_and_skips_what_is_missing(tmp_path: Path) -> None:
    root = copy_sample(tmp_path / "new" / "tinydates")
    gates = {each.gate: each for each in run_gates(root)}
    assert {name: each.status for name, each in gates.items()} == dict.fromkeys(("compile", "style", "tests"), "passed")
    assert "skipped=4" in gates["tests"].output


def test_the_copy_has_the_memory_files_and_nothing_compiled(tmp_path: Path) -> None:
    compiled = Path(steer.demo.__file__).parent / "sample" / "tinydates" / "__pycache__"
    made = not compiled.exists()
    compiled.mkdir(exist_ok=True)
    try:
        root = copy_sample(tmp_path / "copy")
    finally:
        if made:
            compiled.rmdir()
    names = {path.name for path in root.rglob("*")}
    assert {"AGENTS.md", "PLAN.md", "PROGRESS.md", "VERIFY.md", "README.md", ".gitignore"} <= names
    assert "__pycache__" not in names


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        copy_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_without_python3_the_gates_name_this_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = (copy_sample(tmp_path / "copy") / "VERIFY.md").read_text()
    assert text.count(sys.executable) == 3
    assert "`python3 " not in text
