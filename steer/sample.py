"""The demo's project and model: a fresh copy of the sample, and the scripted endpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steer.demo import copy_sample
from steer.providers.scripted.server import ScriptedServer
from steer.workspace.discover import commit_sample, init_repository


@dataclass(frozen=True, slots=True)
class Demo:
    """A fresh copy of the sample project and the scripted model's server; ``close`` ends the server."""

    folder: Path
    base_url: str
    model: str
    close: Callable[[], None]


def open_demo(folder: Path, rate: float) -> Demo:
    """Copy the sample into ``folder``, make it a repository, and start the scripted model at ``rate`` tokens a second."""
    copy_sample(folder)
    init_repository(folder)
    commit_sample(folder)
    server = ScriptedServer(rate)
    return Demo(folder, server.base_url, server.model, server.close)
