"""What is proposed for a VERIFY.md: every command stands for something in the project."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from steer.domain.verify_file import parse_verify
from steer.gates.propose import propose_verify
from steer.gates.runner import ShellGateRunner
from tests.gates.test_runner import Book


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH: programs that seem to be installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    install(folder, "python")
    return folder


def install(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def make(tmp_path: Path, files: dict[str, str]) -> Path:
    root = tmp_path / "project"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    root.mkdir(exist_ok=True)
    return root


def proposed(root: Path) -> list[str]:
    text = propose_verify(root)
    file = parse_verify(text, "")
    assert file.problems == ()
    assert bool(text) == bool(file.gates)
    return [gate.command for gate in file.gates]


PYTEST = "python -m pytest -q"


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({}, []),
        ({"README.md": "run `pytest`", "src/a.py": ""}, []),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n[tool.black]\n"}, ["black --check .", PYTEST]),
        ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"}, [PYTEST]),
        (
            {"pyproject.toml": "[project]\nname='x'\n[dependency-groups]\ndev = ['pytest>=8', {include-group='x'}]\n"},
            [PYTEST],
        ),
        ({"pyproject.toml": "[project.optional-dependencies]\ntest = ['pytest[extra]>=8']\n"}, [PYTEST]),
        (
            {"pyproject.toml": "[tool.poetry.group.dev.dependencies]\npytest = '^8'\nruff = '*'\n"},
            ["ruff check .", PYTEST],
        ),
        ({"requirements-dev.txt": "# tools\npytest==8\nmypy ; python_version > '3'\n-r x.txt\n"}, ["mypy .", PYTEST]),
        ({"pytest.ini": "[pytest]\n"}, [PYTEST]),
        ({"setup.cfg": "[tool:pytest]\n[flake8]\n[mypy]\nfiles = src\n"}, ["flake8", "mypy", PYTEST]),
        ({"tests/test_a.py": "def test_a(): pass\n"}, [PYTEST]),
        ({"tests/test_a.py": "import unittest\n"}, ["python -m unittest discover -q -s tests"]),
        ({"tests/test_a.py": "import unittest\n", "tests/__init__.py": ""}, ["python -m unittest discover -q"]),
        ({"test_a.py": "from unittest import TestCase\n"}, ["python -m unittest discover -q"]),
        ({"tests/test_a.py": "import unittest\nimport pytest\n"}, [PYTEST]),
        ({"manage.py": "import django\n"}, ["python manage.py test"]),
        ({"noxfile.py": ""}, ["nox"]),
        ({"tox.ini": "[tox]\n[testenv]\n"}, ["tox"]),
        ({"tox.ini": "[testenv]\n[pytest]\n"}, [PYTEST]),
        (
            {
                "pyproject.toml": "[tool.ruff.format]\nx = 1\n[tool.mypy]\nfiles = ['a']\n[tool.black]\nx=1\n[tool.pyright]\nx=1"
            },
            ["ruff format --check .", "black --check .", "ruff check .", "mypy", "pyright"],
        ),
        ({"pyproject.toml": "this is [ no toml", "setup.cfg": "nor = this"}, []),
        ({"package.json": "[]"}, []),
        ({"package.json": "{ broken"}, []),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, []),
        ({"package.json": '{"scripts": {"test": "jest --watch", "start": "x"}}'}, []),
        ({"package.json": '{"scripts": {"test": "vitest --watch", "test:ci": "vitest run"}}'}, ["npm run test:ci"]),
        ({"package.json": '{"scripts": {"test": "react-scripts test"}}'}, ["CI=true npm test"]),
        ({"package.json": '{"scripts": {"check": "svelte-check"}}'}, ["npm run check"]),
        (
            {"package.json": '{"devDependencies": {"typescript": "5"}}', "tsconfig.json": "{}"},
            ["npx --no-install tsc --noEmit"],
        ),
        ({"Makefile": ".PHONY: test\nCC := gcc\ntest: build\n\t./run.sh\nbuild:\n\tcc x.c\n"}, ["make test"]),
        ({"Makefile": "lint test:\n\t./do $@\ncheck: lint test\n"}, ["make lint", "make test"]),
        ({"Makefile": "test := 3\nclean:\n\trm x\n"}, []),
        ({"Makefile": "test:\n\tpytest -q\n", "pytest.ini": ""}, [PYTEST]),
        ({"Makefile": "test:\n\t./all.sh\n", "pytest.ini": ""}, [PYTEST, "make test"]),
        ({"justfile": "set shell := ['sh']\ntest *ARGS:\n  x {{ARGS}}\nlint:\n  y\n"}, ["just lint", "just test"]),
        (
            {"Taskfile.yml": "version: '3'\ntasks:\n  test:\n    cmds:\n      - ./x\n  other:\n    cmd: y\n"},
            ["task test"],
        ),
        ({"Cargo.toml": "[package]\n"}, ["cargo clippy", "cargo test"]),
        ({"Cargo.toml": "", "rustfmt.toml": ""}, ["cargo fmt --check", "cargo clippy", "cargo test"]),
        ({"go.mod": "module x\n"}, ["go vet ./...", "go test ./..."]),
        ({"pom.xml": "<project/>"}, ["mvn -q -B test"]),
        ({"build.gradle.kts": "", "gradlew": ""}, ["./gradlew test"]),
        ({"mix.exs": "", ".formatter.exs": ""}, ["mix format --check-formatted", "mix test"]),
        ({"Gemfile": "gem 'rspec'\n", ".rubocop.yml": ""}, ["bundle exec rubocop", "bundle exec rspec"]),
        ({"Rakefile": "Rake::TestTask.new\n"}, ["rake test"]),
        ({"composer.json": '{"scripts": {"test": "phpunit"}}'}, ["composer test"]),
        ({"app.csproj": ""}, ["dotnet test"]),
    ],
    ids=lambda value: "-".join(value)[:40] if value else "none",
)
@pytest.mark.usefixtures("tools")
def test_only_what_the_project_is_set_up_for(tmp_path: Path, files: dict[str, str], commands: list[str]) -> None:
    assert proposed(make(tmp_path, files)) == commands


@pytest.mark.parametrize(
    ("lock", "commands"),
    [
        ("package-lock.json", ["npm run lint", "npm run typecheck", "npm test", "npm run build"]),
        ("pnpm-lock.yaml", ["pnpm run lint", "pnpm run typecheck", "pnpm test", "pnpm run build"]),
        ("yarn.lock", ["yarn run lint", "yarn run typecheck", "yarn test", "yarn run build"]),
        ("bun.lockb", ["bun run lint", "bun run typecheck", "bun run test", "bun run build"]),
    ],
)
def test_scripts_of_a_package_through_its_manager(tmp_path: Path, lock: str, commands: list[str]) -> None:
    scripts = {"build": "vite build", "test": "vitest run", "lint": "eslint .", "typecheck": "tsc", "dev": "vite"}
    root = make(tmp_path, {"package.json": json.dumps({"scripts": scripts}), lock: ""})
    assert proposed(root) == commands
    gates = parse_verify(propose_verify(root), "").gates
    assert [gate.name for gate in gates] == ["lint", "types", "tests", "build"]
    assert [gate.slow for gate in gates] == [False, False, False, True]


def test_the_declared_package_manager_counts_more_than_a_lock(tmp_path: Path) -> None:
    package = json.dumps({"scripts": {"lint": "x"}, "packageManager": "pnpm@9.1.0"})
    assert proposed(make(tmp_path, {"package.json": package, "yarn.lock": ""})) == ["pnpm run lint"]


def test_a_python_tool_is_called_as_the_project_does(tmp_path: Path, tools: Path) -> None:
    root = make(tmp_path, {"pytest.ini": "", "ruff.toml": "", "uv.lock": ""})
    assert proposed(root) == ["ruff check .", PYTEST]
    install(tools, "uv")
    assert proposed(root) == ["uv run ruff check .", f"uv run {PYTEST}"]
    (root / "uv.lock").unlink()
    (root / ".venv/bin").mkdir(parents=True)
    install(root / ".venv/bin", "python")
    assert proposed(root) == ["ruff check .", f".venv/bin/{PYTEST}"]


def test_python3_where_there_is_no_python(tmp_path: Path, tools: Path) -> None:
    (tools / "python").unlink()
    assert proposed(make(tmp_path, {"pytest.ini": ""})) == ["python3 -m pytest -q"]


@pytest.mark.usefixtures("tools")
def test_several_languages_get_a_name_each(tmp_path: Path) -> None:
    root = make(tmp_path, {"pytest.ini": "", "go.mod": "", "package.json": '{"scripts": {"test": "node --test"}}'})
    gates = parse_verify(propose_verify(root), "").gates
    assert [(gate.name, gate.command) for gate in gates] == [
        ("vet", "go vet ./..."),
        ("tests-pytest", PYTEST),
        ("tests-npm", "npm test"),
        ("tests-go", "go test ./..."),
    ]


def test_strange_files_are_no_trouble(tmp_path: Path) -> None:
    root = make(tmp_path, {})
    (root / "package.json").mkdir()
    os.mkfifo(root / "Makefile")
    (root / "pyproject.toml").write_bytes(b"\xff\xfe[tool.ruff]\n")
    (root / "setup.cfg").symlink_to(root / "setup.cfg")
    assert propose_verify(root) == ""
    assert propose_verify(root / "missing") == ""


def test_a_proposal_runs(tmp_path: Path) -> None:
    """End to end: propose, write, trust, pass; then the gate fails when the code does."""
    code = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertTrue(GOOD)\nGOOD = True\n"
    root = make(tmp_path, {"tests/test_a.py": code})
    runner = ShellGateRunner(root, Book(), tmp_path / "logs")

    async def scenario() -> list[str]:
        (root / "VERIFY.md").write_text(await runner.propose())
        file = await runner.load()
        assert file is not None
        runner.trust(file.digest)
        (gate,) = file.gates
        first = await runner.run(gate, lambda _: None)
        (root / "tests/test_a.py").write_text(code.replace("True\n", "0\n"))
        second = await runner.run(gate, lambda _: None)
        return [first.status, second.status]

    assert asyncio.run(scenario()) == ["passed", "failed"]
