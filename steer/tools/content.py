"""Bytes of a file and the text they are: read safely, decoded so that encoding gives the very same bytes again."""

import codecs
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.edits import is_binary
from steer.domain.errors import ToolError
from steer.tools.paths import Target

WHOLE: Final = 10_000_000
"""Bytes: a larger file is not held in memory, nor edited."""

_SAMPLE: Final = 8_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES: Final = (("cp1252", "Windows-1252"), ("latin-1", "Latin-1"))
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\f\b\x1b")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text with what its bytes need besides: ``encoding`` (Python's name) and the byte order mark. Line ends are as in the file."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader would not expect: encoding, byte order mark, line ends, no line end at the end."""
        out: list[str] = []
        if self.encoding != "utf-8":
            out.append(f"encoding {dict(_NAMES).get(self.encoding, self.encoding.upper())}")
        elif self.mark:
            out.append("starts with a byte order mark")
        windows, unix = self.text.count("\r\n"), self.text.count("\n")
        if windows:
            out.append("line ends CRLF" if windows == unix else f"mixed line ends: {windows} CRLF, {unix - windows} LF")
        if self.text and not self.text.endswith(("\n", "\r")):
            out.append("no line end at the end")
        return tuple(out)

    def encode(self, text: str, path: str) -> bytes:
        """Another text as this file has it; raises ToolError for a character that its encoding has not."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            char = text[error.start]
            line = text.count("\n", 0, error.start) + 1
            if 0xD800 <= ord(char) < 0xE000:
                raise ToolError(f"{path}, line {line} of the new text: U+{ord(char):04X} is half of a pair.") from None
            name = dict(_NAMES).get(self.encoding, self.encoding)
            raise ToolError(
                f"{path} is {name}, which has no {char!r} (U+{ord(char):04X}, line {line}).",
                "Use a character it has, or write the whole file with write_file, which makes it UTF-8.",
            ) from None


def decode(data: bytes, path: str) -> TextFile:
    """UTF-8, UTF-16 and UTF-32 by their marks, else Windows-1252 or Latin-1. Raises ToolError for a binary file."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return TextFile(data[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                break
    if is_binary(data):
        raise ToolError(f"{path} is a binary file of {len(data):,} bytes.", "Tools read and write text only.")
    try:
        return TextFile(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    sample = data[:_SAMPLE]
    if sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in sample) > len(sample) // 20:
        raise ToolError(f"{path} is a binary file of {len(data):,} bytes.", "Tools read and write text only.")
    try:
        return TextFile(data.decode("cp1252"), "cp1252")
    except UnicodeDecodeError:
        return TextFile(data.decode("latin-1"), "latin-1")


def open_regular(path: Path, name: str) -> int:
    """A descriptor for reading a regular file; raises ToolError. Never waits for a pipe that took its place meanwhile."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise ToolError(f"{name} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ToolError(f"{name} is not a regular file.")
    return descriptor


def read_whole(target: Target) -> bytes:
    """All bytes of a file of at most ``WHOLE`` bytes; raises ToolError."""
    with os.fdopen(open_regular(target.full, target.path), "rb") as file:
        try:
            data = file.read(WHOLE + 1)
        except OSError as error:
            raise ToolError(f"{target.path} cannot be read: {error.strerror}.") from None
    if len(data) > WHOLE:
        raise ToolError(
            f"{target.path} is larger than {WHOLE // 1_000_000} MB.",
            "Read a part of it with start and end; change it with a command.",
        )
    return data
