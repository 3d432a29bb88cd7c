"""``steer`` as a process: a fresh home, a real git repository, nothing of the caller's environment but PATH."""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.providers.server import Answer, Server, chunk, sse


@dataclass
class Ran:
    """What a process left: exit code, standard output and error."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def end(self) -> dict[str, Any]:
        return self.events[-1]


@dataclass
class Home:
    """A user's machine: a project and Steer's state below one temporary folder."""

    base: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.base / "project"

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=U", "-c", "user.email=u@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.project, capture_output=True, text=True, check=True
        )
        return done.stdout

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base),
            "LANG": "C.UTF-8",
            "STEER_HOME": str(self.base / "state"),
            "STEER_CONFIG": str(self.base / "config.toml"),
            "OPENAI_API_KEY": "sk-secret-of-this-test",
            "STEER_MODEL": "test-model",
            **self.env,
            **more,
        }

    async def start(self, *arguments: str, **env: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "steer",
            *arguments,
            cwd=self.project,
            env=self.environment(**env),
            stdout=PIPE,
            stderr=PIPE,
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def steer(self, *arguments: str, **env: str) -> Ran:
        process = await self.start(*arguments, **env)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Ran(process.returncode or 0, out.decode(), err.decode())


def project(base: Path, **files: str) -> Home:
    """A repository with one commit that holds ``files`` (double underscores in names are dots)."""
    home = Home(base)
    home.project.mkdir()
    for name, text in files.items():
        home.write(name.replace("__", "."), text)
    home.git("init", "-q")
    home.git("add", "-A")
    home.git("commit", "-q", "--allow-empty", "-m", "start")
    return home


def call(name: str, call_id: str = "c1", slot: int = 0, **arguments: object) -> dict[str, Any]:
    """A whole tool call in one chunk."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return chunk(tool_calls=[{"index": slot, "id": call_id, "type": "function", "function": function}])


def calls(*made: dict[str, Any]) -> Answer:
    return Answer.events(*made, chunk(finish="tool_calls"))


def says(*texts: str) -> Answer:
    return Answer.events(*(chunk(text) for text in texts), chunk(finish="stop"))


async def run_against(home: Home, answers: Sequence[Answer], *arguments: str) -> tuple[Ran, Server]:
    """``steer run "do it" --json`` against a scripted endpoint."""
    async with Server(answers) as server:
        ran = await home.steer("run", "do it", "--json", "--base-url", server.url, *arguments)
    return ran, server


__all__ = ["Answer", "Home", "Ran", "Server", "call", "calls", "chunk", "project", "run_against", "says", "sse"]
