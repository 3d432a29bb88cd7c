"""Which paths tools take."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from steer.domain.errors import ToolError
from steer.tools.paths import check_file, locate, missing, spelling, twin


@pytest.fixture
def root(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / ".git" / "hooks").mkdir(parents=True)
    (work / "src" / "a.py").write_text("a\n")
    (tmp_path / "outside.txt").write_text("secret\n")
    return work


@pytest.mark.parametrize(
    "given", ["src/a.py", "./src/a.py", "src//a.py", "src/../src/a.py", "src/./a.py", "gone/../src/a.py"]
)
def test_ways_to_the_same_file(root: Path, given: str) -> None:
    assert locate(root, given).path == "src/a.py"


def test_absolute_paths_inside_are_taken_also_by_a_link_to_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert locate(root, str(root / "src" / "a.py")).path == "src/a.py"
    assert locate(tmp_path / "link", str(tmp_path / "link" / "src" / "a.py")).path == "src/a.py"
    assert locate(tmp_path / "link", str(root / "src" / "a.py")).path == "src/a.py"


@pytest.mark.parametrize(
    "given",
    [
        "../outside.txt",
        "src/../../outside.txt",
        "/etc/passwd",
        "..",
        "/",
        "src/../../work2/x",
        "out.txt",
        "outdir/x",
        "dangling",
    ],
)
def test_outside_is_refused(root: Path, tmp_path: Path, given: str) -> None:
    (root / "out.txt").symlink_to(tmp_path / "outside.txt")
    (root / "outdir").symlink_to("..")
    (root / "dangling").symlink_to("../not/there")
    with pytest.raises(ToolError, match="outside the workspace"):
        locate(root, given)


@pytest.mark.parametrize(
    "given",
    [
        ".git/config",
        ".GIT/config",
        "src/.git/hooks/x",
        "./.git",
        ".git",
        "hooks/pre-commit",
        ".git./x",
        ".g\u200cit/x",
        "GIT~1/x",
    ],
)
def test_git_is_refused_by_any_name(root: Path, given: str) -> None:
    (root / "hooks").symlink_to(".git/hooks")
    with pytest.raises(ToolError, match=r"\.git"):
        locate(root, given)


def test_names_that_only_look_like_git_are_taken(root: Path) -> None:
    assert [locate(root, name).path for name in (".gitignore", ".github/x", "my.git/x")] == [
        ".gitignore",
        ".github/x",
        "my.git/x",
    ]


@pytest.mark.parametrize("given", ["", "  ", "a\0b", "x" * 256, "a/" + "é" * 128, "d/" * 3000 + "x", "half\ud800"])
def test_impossible_names_are_refused(root: Path, given: str) -> None:
    with pytest.raises(ToolError):
        locate(root, given)


def test_names_with_newlines_and_blanks_are_names(root: Path) -> None:
    for name in ("a\nb.txt", " lead.txt", "trail ", "tab\tname", "-dash", "~"):
        (root / name).write_text("x")
        target = locate(root, name)
        assert target.path == name
        assert check_file(target) is not None


def test_a_link_inside_is_followed_to_its_file(root: Path) -> None:
    (root / "alias.py").symlink_to("src/a.py")
    target = locate(root, "alias.py")
    assert (target.path, target.is_link) == ("src/a.py", True)


def test_a_circle_of_links_is_refused(root: Path) -> None:
    (root / "x").symlink_to("y")
    (root / "y").symlink_to("x")
    with pytest.raises(ToolError, match="circle"):
        locate(root, "x")


def make_socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path.name)
        server.close()
    finally:
        os.fchdir(here)
        os.close(here)


@pytest.mark.parametrize(
    ("make", "word"),
    [(lambda path: path.mkdir(), "directory"), (os.mkfifo, "named pipe"), (make_socket, "socket")],
)
def test_what_is_no_file_is_named_and_not_opened(root: Path, make: Callable[[Path], None], word: str) -> None:
    make(root / "thing")
    with pytest.raises(ToolError, match=word):
        check_file(locate(root, "thing"))


def test_a_file_where_a_directory_is_needed(root: Path) -> None:
    with pytest.raises(ToolError, match="not a directory"):
        check_file(locate(root, "src/a.py/b"))


def test_missing_files_suggest_names(root: Path) -> None:
    assert "src/a.py" in str(missing(root, locate(root, "src/A.py")))
    assert "src/a.py" in str(missing(root, locate(root, "src/a.pyi")))
    assert "Nor is there a directory nowhere." in str(missing(root, locate(root, "nowhere/a.py")))


def test_case_twins(root: Path) -> None:
    (root / "README.md").write_text("x")
    assert twin(locate(root, "readme.md")) == "README.md"
    assert twin(locate(root, "README.md")) is None
    assert spelling("readme.md", ["README.md", "src"]) == "README.md"
    assert spelling("readme.md", ["README.md", "readme.md"]) == "readme.md"
    assert spelling("new.md", ["README.md"]) == "new.md"
