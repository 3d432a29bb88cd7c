"""run_command and the set of tools."""

import asyncio
import json
from pathlib import Path

import pytest

from steer.domain.errors import Interrupted, ToolError
from steer.tools import RunCommand, builtin_tools
from steer.tools.shown import escaped, one_line
from tests.tools.context import FolderContext, call


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    (tmp_path / "work").mkdir()
    return FolderContext(tmp_path / "work")


def tool(context: FolderContext) -> RunCommand:
    return RunCommand(context.root.parent / "logs")


def test_output_exit_code_and_summary(context: FolderContext) -> None:
    result = call(tool(context), context, command="pwd; echo no >&2; exit 3", timeout="5")
    assert not result.ok
    head, *lines = result.content.splitlines()
    assert head.startswith("exit code 3, ")
    assert lines == [str(context.root), "no"]
    assert result.summary.startswith("$ pwd; echo no >&2; exit 3 · exit 3 · ")
    assert "".join(context.shown) == f"{context.root}\nno\n"
    assert context.commands == [("pwd; echo no >&2; exit 3", 5.0)]


def test_silent_success(context: FolderContext) -> None:
    result = call(tool(context), context, command="true")
    assert result.ok
    assert result.content.endswith("\n(no output)")
    assert context.commands == [("true", 120.0)]


def test_T5_timeout_and_signals_are_told_apart(context: FolderContext) -> None:
    late = call(tool(context), context, command="echo begun; sleep 60", timeout=0.3)
    assert late.content == "timeout: ended after 0.3 s, not finished\nbegun\n"
    assert " · timeout · " in late.summary
    assert call(tool(context), context, command="kill -TERM $$").content.startswith("exit code 143 (SIGTERM), ")


def test_the_longest_timeout_is_kept_to(context: FolderContext) -> None:
    assert "the longest timeout is 600 s" in call(tool(context), context, command="true", timeout=9999).content
    assert context.commands == [("true", 600.0)]


@pytest.mark.parametrize(
    "arguments", [{}, {"command": "  "}, {"command": "x", "timeout": 0}, {"command": "x", "timeout": "soon"}]
)
def test_unusable_arguments(context: FolderContext, arguments: dict[str, str | int]) -> None:
    with pytest.raises(ToolError, match="run_command"):
        call(tool(context), context, **arguments)
    assert context.commands == []


def test_T2_a_cancelled_command_leaves_its_output(context: FolderContext) -> None:
    async def scenario() -> str:
        task = asyncio.create_task(tool(context).run({"command": "echo one; sleep 60"}, context))
        await context.first_output.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert isinstance(caught.value.__cause__, Interrupted)
        return str(caught.value.__cause__)

    said = asyncio.run(scenario())
    assert said.startswith("cancelled by the user after ")
    assert said.endswith("\none\n")


def test_T3_a_long_output_names_its_log(context: FolderContext) -> None:
    content = call(tool(context), context, command="seq 100000").content
    (log,) = (context.root.parent / "logs").iterdir()
    assert f"bytes omitted, full log at {log}]" in content
    assert log.read_text().splitlines() == [str(number) for number in range(1, 100_001)]
    assert content.splitlines()[1] == "1"
    assert content.endswith("\n100000\n")


def test_T6_hidden_characters_and_padding_are_shown(context: FolderContext) -> None:
    command = "echo ok" + " " * 300 + "\t\u202e#\u200b\n true"
    summary = call(tool(context), context, command=command).summary
    assert summary.startswith("$ echo ok[300 blanks]\\t\\u202e#\\u200b\\n true · ")


def test_escaped_leaves_plain_text_alone() -> None:
    assert escaped("naïve 日本 x") == "naïve 日本 x"
    assert escaped("a\x1b[31m\x9b\u2028\U000e0041") == "a\\x1b[31m\\x9b\\u2028\\U000e0041"
    assert escaped("a\u00a0b\u3000c\ud800") == "a\\xa0b\\u3000c\\ud800"
    assert len(one_line("x" * 1000)) <= 160


def test_the_declared_tools(tmp_path: Path) -> None:
    specs = [tool.spec for tool in builtin_tools(tmp_path)]
    signatures = {spec.name: spec.parameters for spec in specs}
    assert {name: list(_object(schema["properties"])) for name, schema in signatures.items()} == {
        "read_file": ["path", "start", "end"],
        "list_files": ["glob"],
        "search": ["pattern", "glob"],
        "edit_file": ["path", "old", "new", "count"],
        "write_file": ["path", "content"],
        "apply_patch": ["patch"],
        "run_command": ["command", "timeout"],
    }
    for spec in specs:
        assert spec.parameters["additionalProperties"] is False
        assert spec.description
    assert signatures["edit_file"]["required"] == ["path", "old", "new"]
    json.dumps([spec.parameters for spec in specs])


def _object(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
