"""Reading what a path holds for a checkpoint: exact bytes and their git blob id, without blocking on what is no file."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_IN_MEMORY: Final = 32 * 1024 * 1024
"""Bytes up to which a file is read into memory; a larger one is first copied aside, so that it cannot change while it is read."""
_CHUNK: Final = 1024 * 1024


class NotAFile(OSError):
    """The path is (by now) neither a regular file nor a link."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file and their git id. A large one lies in an open temporary file."""

    blob: str
    size: int
    data: bytes = b""
    copy: BinaryIO | None = None

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces."""
        if self.copy is None:
            yield self.data
            return
        self.copy.seek(0)
        while piece := self.copy.read(_CHUNK):
            yield piece


def link_target(path: Path | str) -> bytes:
    """What a symbolic link says, byte for byte. Raises OSError."""
    return os.readlink(os.fsencode(path))  # noqa: PTH115 - Path.readlink tidies "./a//b" up and so loses what it says.


def link_content(target: bytes) -> Content:
    """The content of a symbolic link: its target's bytes."""
    return Content(blob_id(target), len(target), target)


def blob_id(data: bytes) -> str:
    """The SHA-1 that git gives to these bytes as a blob, in hex."""
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def open_regular(path: Path | str) -> int:
    """Open a regular file for reading; a FIFO, device or link in its place is not opened, or left at once. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile(f"{path} is no regular file")
    return descriptor


@contextmanager
def file_content(path: str) -> Iterator[Content]:
    """The content of a regular file, usable inside the ``with``. Raises OSError."""
    with open(open_regular(path), "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size <= _IN_MEMORY:
            data = file.read()
            yield Content(blob_id(data), len(data), data)
            return
        with tempfile.TemporaryFile() as copy:
            while piece := file.read(_CHUNK):
                copy.write(piece)
            yield _large(copy)


def _large(copy: BinaryIO) -> Content:
    size = copy.tell()
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    content = Content("", size, copy=copy)
    for piece in content.chunks():
        digest.update(piece)
    return Content(digest.hexdigest(), size, copy=copy)
