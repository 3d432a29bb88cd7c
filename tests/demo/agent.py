"""A small agent for tests: asks the scripted endpoint, carries its calls out on a real folder, runs the real gates."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from steer.domain.constraints import ConstraintSet, Effect, EffectKind
from steer.domain.edits import text_diff
from steer.domain.errors import ToolError
from steer.domain.verify import GateResult
from steer.engine.conversation import failure_text, steer_text, system_text, user_text
from steer.engine.steering import Waiting

NAMES = (
    "read_file",
    "list_files",
    "search",
    "edit_file",
    "write_file",
    "apply_patch",
    "run_command",
    "update_progress",
)
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object"}}}
    for name in NAMES
]


def run_gates(root: Path) -> list[GateResult]:
    """Run VERIFY.md's commands with this interpreter."""
    out: list[GateResult] = []
    for name, command in re.findall(r"^- (\w+): `([^`]+)`", (root / "VERIFY.md").read_text(), re.MULTILINE):
        words = command.replace("python3 ", f"{sys.executable} -B ", 1).split()
        done = subprocess.run(words, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        status = "passed" if done.returncode == 0 else "failed"
        out.append(
            GateResult(
                name,
                command,
                "passed" if status == "passed" else "failed",
                done.returncode,
                0.1,
                "",
                done.stdout + done.stderr,
            )
        )
    return out


@dataclass
class Agent:
    """One session. ``calls`` are (name, arguments, result) of everything run so far, ``gates`` failing gates by run."""

    client: httpx.Client
    root: Path
    rules: ConstraintSet = field(default_factory=ConstraintSet)
    numbered: bool = True
    deny: str = ""
    tools: list[dict[str, Any]] = field(default_factory=lambda: list(TOOLS))
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    failing: list[list[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    most: int = 30

    def __post_init__(self) -> None:
        self.messages.append({"role": "system", "content": system_text(self.rules, ())})

    def task(self, text: str, cut: str = "") -> str:
        """A task's turn to its end; gives all that the model said in it."""
        return self._turn(user_text(text, cut))

    def steer(self, text: str, constraints: Sequence[str] = (), cut: str = "") -> str:
        """A steer, told as the engine tells it; then on to the turn's end."""
        self.rules = self.rules.with_(constraints)
        told = tuple(item.sentence() for item in ConstraintSet.parse(constraints).items)
        return self._turn(steer_text([Waiting("m1", text, told)], cut))

    def partial(self, text: str, answer: str) -> None:
        """A task whose answer was cut after ``answer``."""
        self.messages += [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]

    def _turn(self, content: str) -> str:
        self.messages.append({"role": "user", "content": content})
        first = len(self.texts)
        for attempt in range(1, 5):
            self._steps()
            failing = [each for each in run_gates(self.root) if each.status == "failed"]
            self.failing.append([each.gate for each in failing])
            if not failing:
                break
            self.messages.append({"role": "user", "content": failure_text(failing, attempt, 4)})
        return "\n\n".join(self.texts[first:])

    def _steps(self) -> None:
        for _ in range(self.most):
            message = self.step()
            if not message.get("tool_calls"):
                return
        raise AssertionError(f"no end after {self.most} steps: {self.texts[-3:]}")

    def step(self) -> dict[str, Any]:
        """One request; its calls are run."""
        body = {"model": "any", "messages": self.messages, "tools": self.tools}
        answer = self.client.post("chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        message: dict[str, Any] = answer.json()["choices"][0]["message"]
        message.pop("reasoning_content", None)
        self.messages.append(message)
        self.texts.append(message["content"] or "")
        for call in message.get("tool_calls", ()):
            name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
            try:
                result = self._run(name, arguments)
            except ToolError as error:
                result = str(error)
            self.calls.append((name, arguments, result))
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        return message

    def _run(self, name: str, arguments: dict[str, Any]) -> str:
        if name not in [tool["function"]["name"] for tool in self.tools]:
            raise ToolError(f"There is no tool {name!r}.")
        if name == "run_command":
            return "Ran 11 tests in 0.001s\n\nOK (skipped=4)"
        if name == "search":
            return "tests/test_weeks.py:15: self.assertEqual(parse('2020-W53-7'))\nREADME.md:3: nothing"
        if name == "update_progress":
            return "PROGRESS.md updated."
        path = self.root / self._path(arguments)
        if name == "read_file":
            return self._read(path)
        return self._change(name, path, arguments)

    def _path(self, arguments: dict[str, Any]) -> str:
        if "patch" in arguments:
            return str(arguments["patch"]).split("Delete File: ")[1].split("\n")[0]
        return str(arguments["path"])

    def _read(self, path: Path) -> str:
        if not path.is_file():
            raise ToolError(f"{path.name} does not exist.")
        text = path.read_text()
        if not self.numbered:
            return text
        return "\n".join(f"{at:6}\t{line}" for at, line in enumerate(text.split("\n")[:-1], 1))

    def _change(self, name: str, path: Path, arguments: dict[str, Any]) -> str:
        before = path.read_text() if path.is_file() else None
        after: str | None = arguments.get("content")
        if name == "edit_file":
            if before is None or before.count(arguments["old"]) != 1:
                raise ToolError(f"old was not found exactly once in {path.name}.")
            after = before.replace(arguments["old"], arguments["new"])
        self._judge(path, before, after)
        if after is None:
            path.unlink()
        else:
            path.write_text(after)
        return f"{name} {path.relative_to(self.root)}: done"

    def _judge(self, path: Path, before: str | None, after: str | None) -> None:
        where = path.relative_to(self.root).as_posix()
        old, new = (None if text is None else text.encode() for text in (before, after))
        diff = text_diff(where, old, new)
        kind: EffectKind = "created" if before is None else "deleted" if after is None else "modified"
        judged = self.rules.judge([Effect(kind, where, diff.added, diff.removed)])
        if judged.violations:
            details = "; ".join(f"{each.constraint} ({each.detail})" for each in judged.violations)
            rules = " ".join(item.sentence() for item in self.rules.items)
            raise ToolError(f"Refused by a constraint of the user: {details}. Nothing was changed. In force: {rules}")
        if judged.asks and self.deny:
            raise ToolError(f"The user did not allow this ({self.deny}). Nothing was changed. Go on without it.")
