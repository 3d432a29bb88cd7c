"""Fixtures for tests in which permissions count, also where the tests are run by root."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workspace.support import NOBODY


@pytest.fixture
def plain_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, worked in as a user without root's rights."""
    if os.geteuid() != 0:
        pytest.skip("changes the user, which only root can")
    base = Path(tempfile.mkdtemp()).resolve()
    root = base / "work"
    root.mkdir()
    os.chown(base, NOBODY, NOBODY)
    os.chown(root, NOBODY, NOBODY)
    monkeypatch.setenv("HOME", str(base))
    monkeypatch.chdir(base)
    os.seteuid(NOBODY)
    try:
        yield root
    finally:
        os.seteuid(0)
        shutil.rmtree(base)
