"""search and list_files: with ripgrep and without it the same."""

import os
import shutil
from pathlib import Path

import pytest

from steer.domain.errors import ToolError
from steer.tools.listing import ListFiles
from steer.tools.search import Search
from steer.tools.walking import Selection, walk
from tests.tools.context import FolderContext, call

ENGINES = [pytest.param("", id="python"), *([pytest.param("rg", id="ripgrep")] if shutil.which("rg") else [])]
FILES = {
    ".gitignore": b"*.log\n/build/\n!keep.log\nsecret.txt\n",
    "a.py": b"import os\nneedle = 1\n",
    "src/b.py": b"def f():\r\n    return needle\r\n",
    "src/.gitignore": b"generated/\n",
    "src/generated/c.py": b"needle\n",
    "src/deep/d.ts": b"needle needle\n",
    "build/out.py": b"needle\n",
    "x/build/in.py": b"needle\n",
    "debug.log": b"needle\n",
    "keep.log": b"needle\n",
    ".hidden": b"needle\n",
    "secret.txt": b"needle\n",
    "latin.txt": b"needle caf\xe9\n",
    "wide.txt": "needle é\n".encode("utf-16"),
    "image.bin": b"needle\0\1\n",
    ".git/config": b"needle\n",
    "na:me.txt": b"needle: here\n",
    ".ignore": b"a.py\n",
}


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    for path, data in FILES.items():
        full = tmp_path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "linked").symlink_to("src")
    return FolderContext(tmp_path)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_the_same(engine: str, context: FolderContext) -> None:
    result = call(Search(engine), context, pattern="needle")
    assert result.content.splitlines() == [
        ".hidden:1:needle",
        "a.py:2:needle = 1",
        "keep.log:1:needle",
        "latin.txt:1:needle café",
        "na:me.txt:1:needle: here",
        "src/b.py:2:    return needle",
        "src/deep/d.ts:1:needle needle",
        "wide.txt:1:needle é",
        "x/build/in.py:1:needle",
    ]
    assert result.summary == "search needle · 9 matches"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("glob", "files"),
    [
        ("*.py", ["a.py", "src/b.py", "x/build/in.py"]),
        ("src", ["src/b.py", "src/deep/d.ts"]),
        ("src/**/*.{ts,py}", ["src/b.py", "src/deep/d.ts"]),
        ("*.py,!src/**", ["a.py", "x/build/in.py"]),
        ("./a.py", ["a.py"]),
        ("**/*", None),
        ("secret.txt", []),
    ],
)
def test_globs(engine: str, glob: str, files: list[str] | None, context: FolderContext) -> None:
    content = call(Search(engine), context, pattern="needle", glob=glob).content
    found = [line.rsplit(":", 2)[0] for line in content.splitlines()]
    if files:
        assert found == files
    elif files is None:
        assert len(found) == 9
    else:
        assert content.startswith("No match")


@pytest.mark.parametrize("engine", ENGINES)
def test_line_end_anchor_and_look_ahead(engine: str, context: FolderContext) -> None:
    assert call(Search(engine), context, pattern=r"needle$", glob="src/b.py").content == "src/b.py:2:    return needle"
    assert "d.ts" in call(Search(engine), context, pattern=r"needle(?= needle)").content
    assert "a.py:2" in call(Search(engine), context, pattern=r"(?i)NEEDLE = \d").content
    assert call(Search(engine), context, pattern="-e needle").content.startswith("No match")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("pattern", ["f(", "[z-a]", "*x", "(?P<n"])
def test_a_pattern_that_cannot_be_read_says_so(engine: str, pattern: str, context: FolderContext) -> None:
    with pytest.raises(ToolError, match="cannot be read"):
        call(Search(engine), context, pattern=pattern)


@pytest.mark.parametrize("pattern", ["", "a\nb", "a\0", "\ud800"])
def test_impossible_patterns(pattern: str, context: FolderContext) -> None:
    with pytest.raises(ToolError):
        call(Search(), context, pattern=pattern)


@pytest.mark.parametrize("engine", ENGINES)
def test_caps_on_matches_and_line_length(engine: str, context: FolderContext) -> None:
    (context.root / "many.txt").write_bytes(b"hay\n" * 150)
    (context.root / "more.txt").write_bytes(b"hay\n" * 150)
    (context.root / "long.txt").write_bytes(b"hay" + b"x" * 100_000 + b"\n")
    lines = call(Search(engine), context, pattern="hay").content.splitlines()
    assert len(lines) == 201
    assert lines[0].startswith("long.txt:1:hayxxx")
    assert lines[0].endswith("[+99703 characters]")
    assert "only the first 200 matches" in lines[-1]
    assert "only" not in call(Search(engine), context, pattern="hay", glob="many.txt").content


def test_the_workspaces_own_modules_are_not_imported(context: FolderContext) -> None:
    for name in ("json.py", "re.py", "steer.py", "pathspec.py"):
        (context.root / name).write_text("raise SystemExit('imported')\n")
    assert "a.py:2" in call(Search(""), context, pattern="needle = ").content


def test_a_program_that_is_not_there(context: FolderContext) -> None:
    with pytest.raises(ToolError, match="could not start"):
        call(Search("/nowhere/rg"), context, pattern="x")


def test_list_files(context: FolderContext) -> None:
    result = call(ListFiles(), context)
    files = result.content.splitlines()
    assert files == sorted(files, key=lambda path: path.split("/"))
    assert set(files) == {
        *(".gitignore", ".hidden", ".ignore", "a.py", "image.bin", "keep.log", "latin.txt", "link.py", "na:me.txt"),
        *("src/.gitignore", "src/b.py", "src/deep/d.ts", "wide.txt", "x/build/in.py"),
    }
    assert result.summary == "list · 14 files"
    assert call(ListFiles(), context, glob="*.ts").content == "src/deep/d.ts"
    assert call(ListFiles(), context, glob="*.rs").content == "No files match '*.rs'."
    with pytest.raises(ToolError, match="out of the workspace"):
        call(ListFiles(), context, glob="../*")


def test_list_files_says_what_is_left_out(tmp_path: Path) -> None:
    for number in range(1005):
        (tmp_path / f"d{number % 2}").mkdir(exist_ok=True)
        (tmp_path / f"d{number % 2}" / f"{number:04}").touch()
    lines = call(ListFiles(), FolderContext(tmp_path)).content.splitlines()
    assert len(lines) == 1001
    assert lines[-1] == "[1,000 of 1,005 files; by folder: d0/ 503, d1/ 502. Narrow it with glob.]"


def test_walk_survives_bad_names_and_bad_ignore_files(tmp_path: Path) -> None:
    (tmp_path / "new\nline").write_text("x")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff")).write_text("x")
    (tmp_path / ".gitignore").write_bytes(b"!\n/\n\\\nskip\n\xff\n[\n")
    (tmp_path / "skip").touch()
    os.mkfifo(tmp_path / "pipe")
    assert len(list(walk(tmp_path))) == 3
    assert call(ListFiles(), FolderContext(tmp_path)).content.splitlines() == [
        ".gitignore",
        "'bad\\udcff'",
        "'new\\nline'",
    ]


def test_braces() -> None:
    assert Selection.parse("{a,b}/*.{x,y}").wanted == ("a/*.x", "a/*.y", "b/*.x", "b/*.y")
    assert Selection.parse("{a,{b,c}}.py").has("c.py")
    with pytest.raises(ToolError, match="patterns"):
        Selection.parse("{1,2,3,4,5,6,7,8}" * 8)
