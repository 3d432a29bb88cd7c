"""Which contents of which files the user has trusted: once, by hash; a changed file asks again."""

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from steer.domain.errors import SteerError
from steer.storage.private_files import private_folder, write_private

_KEEP: Final = 50
"""Contents remembered a file."""


class _Book(msgspec.Struct):
    """``trusted``: the digests of each path, the one trusted last at the end."""

    trusted: dict[str, list[str]] = {}


class TrustStore:
    """Trust kept in ``home/trust.json`` (mode 0600), and in ``home/trusted/`` the contents, so that a change can be shown.

    Keys are a file's real path and the SHA-256 of its bytes in hex. A file that cannot be understood counts as empty
    and is kept aside as ``trust.json.broken-*`` when the next trust is written. Safe in several threads and processes.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / "trust.json"
        self._guard = threading.Lock()
        # What was trusted in this process counts even where the disk does not take it.
        self._now: set[tuple[str, str]] = set()

    def trusted(self, path: Path, digest: str) -> bool:
        """Whether this content of this file was trusted. Never raises: what cannot be read is not trusted."""
        key = os.path.realpath(path)
        return (key, digest) in self._now or digest in self._read().trusted.get(key, [])

    def trust(self, path: Path, digest: str, content: bytes = b"") -> None:
        """Remember that this content is trusted; ``content``, where given, is kept for showing later changes.

        Raises SteerError where it cannot be written: the trust then holds for this process only.
        """
        key = os.path.realpath(path)
        self._now.add((key, digest))
        try:
            with self._locked():
                book = self._read(set_aside=True)
                digests = [each for each in book.trusted.get(key, []) if each != digest]
                book.trusted[key] = [*digests, digest][-_KEEP:]
                write_private(self._path, msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n")
                if content and hashlib.sha256(content).hexdigest() == digest:
                    write_private(self._copy(digest), content)
        except OSError as error:
            text = f"Trust could not be written to {self._path}: {error.strerror}. It holds until Steer ends."
            raise SteerError(text, "Make the folder writable, or set STEER_HOME to another.") from error

    def previous(self, path: Path) -> bytes | None:
        """The content of this file that was trusted last; None where none was, or none was kept."""
        digests = self._read().trusted.get(os.path.realpath(path), [])
        try:
            data = self._copy(digests[-1]).read_bytes() if digests else None
        except OSError:
            return None
        return data if data is not None and hashlib.sha256(data).hexdigest() == digests[-1] else None

    def _copy(self, digest: str) -> Path:
        """Where a content is kept. The name is hashed again, so that no digest leads out of the folder."""
        return self._home / "trusted" / hashlib.sha256(digest.encode("utf-8", "replace")).hexdigest()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, of all processes."""
        private_folder(self._home)
        lock = os.open(self._home / "trust.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self._guard:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        finally:
            os.close(lock)

    def _read(self, *, set_aside: bool = False) -> _Book:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Book)
        except OSError:
            return _Book()
        except (ValueError, RecursionError):
            if set_aside:
                self._path.replace(self._path.with_name(f"{self._path.name}.broken-{time.time_ns()}"))
            return _Book()
