"""How each program is started, how one sees that it takes input, and which keys interrupt it.

Other people's programs are looked for in ``$STEER_BENCH_PEERS`` (a folder with ``node_modules``) and on PATH, and left out with the
reason where they are not there. Placeholders in arguments, environment and files: ``{url}`` of the endpoint, ``{home}`` a
throw-away home, ``{work}`` an empty repository in it.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ESCAPE: Final = b"\x1b"
F8: Final = b"\x1b[19~"
HERE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Peer:
    """A program to measure. ``ready`` is a pattern on the screen; ``second`` another key that interrupts, if there is one."""

    name: str
    argv: tuple[str, ...]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    submit: bytes = b"\r"
    interrupt: bytes = ESCAPE
    second: bytes | None = None
    answers: bool = True
    """Whether it can be asked something; the bare Textual app cannot."""

    types: bool = True
    """Whether what is typed while text streams can be told from the stream."""

    dismiss: tuple[tuple[str, bytes], ...] = ()
    """Dialogs on the way: (pattern, keys)."""

    settle: float = 0.25
    """Seconds between the prompt's text and Enter: some programs take keys that come together for a paste."""


@dataclass(frozen=True)
class Absent:
    """A program that is not measured, and why."""

    name: str
    reason: str


CODEX: Final = """model = "bench"
model_provider = "bench"
model_context_window = 1000000
model_auto_compact_token_limit = 900000
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.bench]
name = "bench"
base_url = "{url}"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
[analytics]
enabled = false
[feedback]
enabled = false
[notice]
hide_full_access_warning = true
[projects."{work}"]
trust_level = "trusted"
"""

PI_MODELS: Final = json.dumps(
    {
        "providers": {
            "bench": {
                "baseUrl": "{url}",
                "api": "openai-completions",
                "apiKey": "bench",
                "compat": {"supportsDeveloperRole": False},
                "models": [{"id": "bench", "contextWindow": 1_000_000, "maxTokens": 100_000}],
            }
        }
    }
)
PI_SETTINGS: Final = json.dumps(
    {"enableInstallTelemetry": False, "compaction": {"enabled": False}, "defaultThinkingLevel": "off"}
)

STEER: Final = os.environ.get("STEER", str(Path(sys.executable).parent / "steer"))
PROGRAMS: Final[dict[str, Peer]] = {
    peer.name: peer
    for peer in (
        Peer(
            "steer",
            (STEER, "{work}", "--model", "bench", "--base-url", "{url}"),
            ready="›",
            env={"STEER_HOME": "{home}/state", "STEER_CONFIG": "{home}/config.toml"},
            second=F8,
        ),
        Peer("reader-socket", (sys.executable, str(HERE / "bare.py"), "socket"), ready=r"(?m)^READY>", types=False),
        Peer("reader-httpx", (sys.executable, str(HERE / "bare.py"), "httpx"), ready=r"(?m)^READY>", types=False),
        Peer("bare-textual", (sys.executable, str(HERE / "bare_textual.py")), ready="bare-ready", answers=False),
        Peer(
            "codex",
            ("codex",),
            ready=r"(?m)^› ",
            env={"CODEX_HOME": "{home}/.codex"},
            files={".codex/config.toml": CODEX},
        ),
        Peer(
            "pi",
            ("pi", "--provider", "bench", "--model", "bench"),
            ready="bench",
            env={
                "PI_OFFLINE": "1",
                "PI_TELEMETRY": "0",
                "PI_SKIP_VERSION_CHECK": "1",
                "PI_CODING_AGENT_DIR": "{home}/.pi/agent",
            },
            files={".pi/agent/models.json": PI_MODELS, ".pi/agent/settings.json": PI_SETTINGS},
        ),
    )
}


def find(name: str) -> Peer | Absent:
    """The program of that name with the path of its executable, or why there is none."""
    peer = PROGRAMS.get(name)
    if peer is None:
        return Absent(name, f"unknown program; known are {', '.join(PROGRAMS)}")
    folders = [os.environ.get("PATH", "")]
    if where := os.environ.get("STEER_BENCH_PEERS"):
        folders.insert(0, str(Path(where) / "node_modules" / ".bin"))
    executable = shutil.which(peer.argv[0], path=os.pathsep.join(folders))
    if executable is None:
        hint = "" if "/" in peer.argv[0] else " (set STEER_BENCH_PEERS to the folder with its node_modules)"
        return Absent(name, f"{peer.argv[0]} was not found{hint}")
    return Peer(**{**peer.__dict__, "argv": (executable, *peer.argv[1:])})


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into placeholders; other braces stay as they are."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
