"""read_file."""

import codecs
import os
from pathlib import Path

import pytest

from steer.domain.errors import ToolError
from steer.tools.read import ReadFile
from tests.tools.context import FolderContext, call


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)


def write(context: FolderContext, data: bytes) -> None:
    (context.root / "f").write_bytes(data)


def read(context: FolderContext, **arguments: str | int) -> str:
    return call(ReadFile(), context, path="f", **arguments).content


def test_lines_are_numbered_and_seen(context: FolderContext) -> None:
    write(context, b"one\ntwo\n")
    result = call(ReadFile(), context, path="./f")
    assert result.content == "1\tone\n2\ttwo"
    assert result.summary == "read f 2 lines"
    assert context.seen == {"f": b"one\ntwo\n"}


def test_ranges(context: FolderContext) -> None:
    write(context, b"".join(b"line %d\n" % number for number in range(1, 11)))
    assert read(context, start=3, end=4) == "3\tline 3\n4\tline 4\n[lines 3-4 of 10; read on with start=5]"
    assert read(context, start="9", end="99") == "9\tline 9\n10\tline 10\n[lines 9-10 of 10]"
    assert read(context, start=0, end=1).startswith("1\tline 1\n[")
    for wrong in ({"start": 11}, {"start": 5, "end": 4}, {"start": -1}, {"end": 0}, {"start": "x"}, {"start": 1.5}):
        with pytest.raises(ToolError):
            call(ReadFile(), context, path="f", **wrong)


def test_caps(context: FolderContext) -> None:
    write(context, b"x\n" * 5000)
    assert read(context).endswith("[lines 1-2000 of 5000; read on with start=2001]")
    write(context, (b"y" * 999 + b"\n") * 1000)
    content = read(context)
    assert len(content) < 101_000
    assert "read on with start=100]" in content
    write(context, b"z" * 1_000_000)
    assert "[+998000 characters]" in read(context)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "[f is empty]"),
        (b"a", "1\ta\n[no line end at the end]"),
        (b"a\r\nb\r\n", "1\ta\n2\tb\n[line ends CRLF]"),
        (b"a\r\nb\n", "1\ta\n2\tb\n[mixed line ends: 1 CRLF, 1 LF]"),
        (codecs.BOM_UTF8 + b"a\n", "1\ta\n[starts with a byte order mark]"),
        ("é\n".encode("utf-16"), "1\té\n[encoding UTF-16-LE]"),
        (codecs.BOM_UTF16_BE + "é\n".encode("utf-16-be"), "1\té\n[encoding UTF-16-BE]"),
        (b"caf\xe9 \x93x\x94\n", "1\tcafé “x”\n[encoding Windows-1252]"),
        (b"caf\xe9 \x81\n", "1\tcafé \x81\n[encoding Latin-1]"),
        ("a\u2028b\x0cc\n".encode(), "1\ta\u2028b\x0cc"),
    ],
)
def test_encodings_and_line_ends(context: FolderContext, data: bytes, shown: str) -> None:
    write(context, data)
    assert read(context) == shown


@pytest.mark.parametrize("data", [b"\x7fELF\0\0\1", b"\xff\x01\x02\x03\x04\x05\x06" * 9])
def test_binary_files_are_refused_with_their_size(context: FolderContext, data: bytes) -> None:
    write(context, data)
    with pytest.raises(ToolError, match=f"binary file of {len(data)} bytes"):
        read(context)


def test_a_1_GB_file_is_read_in_part_only(context: FolderContext) -> None:
    with (context.root / "f").open("wb") as file:
        file.write(b"first\nsecond\r\nthird\n")
        file.truncate(1_000_000_000)
    with pytest.raises(ToolError, match="start and end"):
        read(context)
    with (context.root / "f").open("r+b") as file:
        file.write(b"first\nsecond\r\nthird\n" + b"x" * 70_000 + b"\n")
    assert read(context, start=2, end=3).startswith("2\tsecond\n3\tthird\n[lines 2-3 of a large file")


def test_a_large_file_without_that_line(context: FolderContext) -> None:
    write(context, b"0123456789abcde\n" * 700_000)
    assert read(context, start=650_000).startswith("650000\t0123456789abcde\n")
    with pytest.raises(ToolError, match="700,000 lines"):
        read(context, start=700_001)


def test_fifo_directory_missing_and_unreadable(context: FolderContext) -> None:
    os.mkfifo(context.root / "pipe")
    (context.root / "folder").mkdir()
    (context.root / "settings.py").write_text("")
    for path, word in (
        ("pipe", "named pipe"),
        ("folder", "directory"),
        ("setings.py", "settings.py"),
        ("/dev/zero", "outside"),
    ):
        with pytest.raises(ToolError, match=word):
            call(ReadFile(), context, path=path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(context: FolderContext) -> None:
    write(context, b"x")
    (context.root / "f").chmod(0)
    with pytest.raises(ToolError, match="Permission denied"):
        read(context)


def test_arguments_missing_wrong_and_unknown(context: FolderContext) -> None:
    write(context, b"x\n")
    with pytest.raises(ToolError, match="needs the argument 'path'; given: file_path"):
        call(ReadFile(), context, file_path="f")
    with pytest.raises(ToolError, match="'path' must be a string"):
        call(ReadFile(), context, path=3)
    assert "no argument 'colour'" in read(context, colour="red")
