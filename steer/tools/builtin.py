"""The set of tools that every session starts with."""

import os
import tempfile
from pathlib import Path

from steer.engine.ports import Tool
from steer.tools.command import RunCommand
from steer.tools.edit import EditFile
from steer.tools.listing import ListFiles
from steer.tools.patching import ApplyPatch
from steer.tools.read import ReadFile
from steer.tools.search import Search
from steer.tools.write import WriteFile


def builtin_tools(log_dir: Path | None = None) -> tuple[Tool, ...]:
    """The tools, in the order they are declared; ``log_dir`` takes the full output of commands that print too much."""
    if log_dir is None:
        log_dir = Path(tempfile.gettempdir()) / f"steer-{os.getuid() if hasattr(os, 'getuid') else 'logs'}"
    return (ReadFile(), ListFiles(), Search(), EditFile(), WriteFile(), ApplyPatch(), RunCommand(log_dir))
