"""The rules of the house that import-linter, ruff and the type checker do not hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "steer"
MODULES = [path for path in sorted(ROOT.rglob("*.py")) if "sample" not in path.parts]
EXTERNAL = {
    "textual": {"ui"},
    "rich": {"ui"},
    "openai": {"providers"},
    "httpx": {"providers"},
    "git": {"workspace"},
    "tiktoken": {"storage"},
    "pygments": {"render"},
    "subprocess": {"process", "workspace", "tools"},
}
LATE_IMPORTS = {"compose.py"}
BROAD_HANDLERS = {"engine/session.py", "cli.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_keeps_the_rules(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for line, module in imports(tree):
        owners = EXTERNAL.get(module.partition(".")[0])
        assert owners is None or package(path) in owners, f"{path}:{line}: only {owners} may import {module}"
    assert "TYPE_CHECKING" not in source, "a TYPE_CHECKING import hides a cycle; move the type down a layer"
    assert source.count("\n") <= 400, "over 400 lines; split it by responsibility"
    inner = [line for function in functions(tree) for line, _ in imports(function)]
    assert not inner or name(path) in LATE_IMPORTS, f"{path}:{inner}: import at the top of the module"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_broad_except_and_no_any_in_a_signature(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and name(path) not in BROAD_HANDLERS:
            if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
                continue  # cleans up and lets it go on
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("Exception", "BaseException", "everything"), f"{path}:{node.lineno}: broad except"
    for function in functions(tree):
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        notes = [argument.annotation for argument in every if argument is not None] + [function.returns]
        for note in notes:
            spoken = {node.id for node in ast.walk(note) if isinstance(node, ast.Name)} if note else set()
            assert "Any" not in spoken, f"{path}:{function.lineno}: {function.name} says Any"


@pytest.mark.parametrize("path", [p for p in MODULES if package(p) == "domain"], ids=name)
def test_the_domain_is_standard_library_only(path: Path) -> None:
    for line, module in imports(ast.parse(path.read_text(encoding="utf-8"))):
        top = module.partition(".")[0]
        assert top == "steer" or top in sys.stdlib_module_names, f"{path}:{line}: {module}"


def test_only_the_bridge_knows_the_engine() -> None:
    knowing = {
        name(path)
        for path in MODULES
        if package(path) == "ui"
        for _, module in imports(ast.parse(path.read_text(encoding="utf-8")))
        if module.startswith("steer.engine")
    }
    assert knowing == {"ui/bridge.py"}


def test_no_colour_outside_the_themes() -> None:
    for path in [*MODULES, *ROOT.rglob("*.tcss")]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            strings = [
                n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            ]
        else:
            strings = [text]
        for string in strings:
            assert not re.search(r"(?<![\w&])#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b(?!\d)", string), (
                f"{path}: {string!r:.80}"
            )


@pytest.mark.parametrize(
    "code",
    [
        "import steer.engine.session",
        "import sys; sys.argv=['steer','--help']; from steer.__main__ import main\ntry: main()\nexcept SystemExit: pass",
    ],
)
def test_help_and_engine_load_no_heavy_library(code: str) -> None:
    probe = "\nimport sys; print('LOADED', [m for m in ('textual','rich','openai','httpx','git','tiktoken','pygments') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_the_arrows_point_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT.parent,
        check=False,
    )
    assert done.returncode == 0, done.stdout
