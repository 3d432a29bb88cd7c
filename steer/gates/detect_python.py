"""Checks that a Python project is set up for."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from steer.domain.values import Json
from steer.gates.project import Found, Project, table

_LOCKS: Final = (
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("Pipfile.lock", "pipenv"),
)
_TEST_FILES: Final = (
    "test_*.py",
    "tests/test_*.py",
    "tests/*/test_*.py",
    "test/test_*.py",
    "tests/*_test.py",
    "*/tests/test_*.py",
)
_MAX_TEST_FILES: Final = 20


def detect_python(project: Project) -> Iterator[Found]:
    """Formatter, linter, type checker and tests, each only if it is configured, a dependency, or has something to run."""
    config = project.toml("pyproject.toml")
    named = frozenset((*_requirements(config), *_plain_requirements(project)))
    runner = _Runner(project)
    yield from _style(project, config, named, runner)
    yield from _types(project, config, named, runner)
    yield from _tests(project, config, named, runner)


class _Runner:
    """How a tool of this project is called: through its package manager, from its environment, or as it is."""

    def __init__(self, project: Project) -> None:
        self._project = project
        managers = (tool for lock, tool in _LOCKS if project.has(lock) and shutil.which(tool))
        self._manager = next(managers, "")

    def tool(self, name: str, arguments: str = "") -> str:
        return f"{self._prefix(name)}{name} {arguments}".strip()

    def module(self, name: str, arguments: str = "") -> str:
        """As ``python -m``, which puts the project's folder on the import path."""
        python = "python" if self._manager or self._in_environment("python") or shutil.which("python") else "python3"
        return f"{self._prefix(python)}{python} -m {name} {arguments}".strip()

    def script(self, arguments: str) -> str:
        python = "python" if self._manager or shutil.which("python") else "python3"
        return f"{self._prefix(python)}{python} {arguments}"

    def _prefix(self, name: str) -> str:
        if self._manager:
            return f"{self._manager} run "
        return ".venv/bin/" if self._in_environment(name) else ""

    def _in_environment(self, name: str) -> bool:
        return self._project.has(f".venv/bin/{name}")


def _style(project: Project, config: Mapping[str, Json], named: frozenset[str], runner: _Runner) -> Iterator[Found]:
    tools = table(config, "tool")
    if "ruff" in tools or "ruff" in named or project.has("ruff.toml", ".ruff.toml"):
        yield Found("lint", "ruff", runner.tool("ruff", "check ."))
    if "format" in table(tools, "ruff"):
        yield Found("format", "ruff", runner.tool("ruff", "format --check ."))
    if "black" in tools or "black" in named:
        yield Found("format", "black", runner.tool("black", "--check ."))
    if "isort" in tools or project.has(".isort.cfg") or "isort" in named:
        yield Found("imports", "isort", runner.tool("isort", "--check-only ."))
    flake8 = "flake8" in named or project.has(".flake8")
    if flake8 or any("flake8" in project.sections(name) for name in ("setup.cfg", "tox.ini")):
        yield Found("lint", "flake8", runner.tool("flake8"))


def _types(project: Project, config: Mapping[str, Json], named: frozenset[str], runner: _Runner) -> Iterator[Found]:
    mypy = table(config, "tool", "mypy")
    inis = [name for name in ("mypy.ini", ".mypy.ini", "setup.cfg") if "mypy" in project.sections(name)]
    if "mypy" in table(config, "tool") or inis or "mypy" in named:
        own_files = {"files", "packages", "modules"} & set(mypy) or any(_ini_files(project.text(name)) for name in inis)
        yield Found("types", "mypy", runner.tool("mypy", "" if own_files else "."))
    if "pyright" in table(config, "tool") or project.has("pyrightconfig.json") or "pyright" in named:
        yield Found("types", "pyright", runner.tool("pyright"))
    if "basedpyright" in table(config, "tool") or "basedpyright" in named:
        yield Found("types", "basedpyright", runner.tool("basedpyright"))


def _ini_files(text: str) -> bool:
    return re.search(r"(?m)^(?:files|packages|modules)\s*=", text) is not None


def _tests(project: Project, config: Mapping[str, Json], named: frozenset[str], runner: _Runner) -> Iterator[Found]:
    sources = list(_test_sources(project))
    configured = (
        "pytest" in table(config, "tool")
        or project.has("pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py")
        or "tool:pytest" in project.sections("setup.cfg")
        or "pytest" in project.sections("tox.ini")
    )
    imported = any(re.search(r"(?m)^\s*(?:import|from) pytest\b", text) for text in sources)
    unittests = any(re.search(r"(?m)^\s*(?:import|from) unittest\b", text) for text in sources)
    if configured or imported or "pytest" in named:
        yield Found("tests", "pytest", runner.module("pytest", "-q"))
    elif "django" in project.text("manage.py").lower():
        yield Found("tests", "django", runner.script("manage.py test"))
    elif unittests:
        yield Found("tests", "unittest", runner.module("unittest", _discover(project)))
    elif sources:
        yield Found("tests", "pytest", runner.module("pytest", "-q"))
    elif project.has("noxfile.py"):
        yield Found("tests", "nox", runner.tool("nox"))
    elif any(name == "tox" or name.startswith("testenv") for name in project.sections("tox.ini")):
        yield Found("tests", "tox", runner.tool("tox"))


def _discover(project: Project) -> str:
    """unittest's own discovery enters a folder only if that is a package; otherwise it must be named."""
    folder = next((name for name in ("tests", "test") if project.has(name)), "")
    if not folder or project.has_match("test_*.py") or project.has(f"{folder}/__init__.py"):
        return "discover -q"
    return f"discover -q -s {folder}"


def _test_sources(project: Project) -> Iterator[str]:
    count = 0
    for pattern in _TEST_FILES:
        for path in sorted(project.root.glob(pattern)):
            if count < _MAX_TEST_FILES:
                count += 1
                yield project.text(path.relative_to(project.root).as_posix()) or "#"


def _requirements(config: Mapping[str, Json]) -> Iterator[str]:
    """The names of all packages that pyproject.toml asks for, in any of its tables."""
    yield from _names(table(config, "project").get("dependencies"))
    for where in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        for group in table(config, *where).values():
            yield from _names(group)
    yield from _names(table(config, "tool", "uv").get("dev-dependencies"))
    poetry = table(config, "tool", "poetry")
    yield from (name.lower() for key in ("dependencies", "dev-dependencies") for name in table(poetry, key))
    for group in table(poetry, "group").values():
        yield from (name.lower() for name in table(group, "dependencies"))


def _plain_requirements(project: Project) -> Iterator[str]:
    paths = [*project.root.glob("requirements*.txt"), *project.root.glob("requirements/*.txt")]
    for path in sorted(paths)[:_MAX_TEST_FILES]:
        yield from _names(project.text(path.relative_to(project.root).as_posix()).splitlines())


def _names(requirements: Json) -> Iterator[str]:
    """The package names of requirement strings such as ``ruff>=0.5 ; extra``."""
    if not isinstance(requirements, Sequence) or isinstance(requirements, str):
        return
    for text in requirements:
        if isinstance(text, str) and (found := re.match(r"\s*([A-Za-z0-9][\w.-]*)", text)) is not None:
            yield found[1].lower().replace("_", "-")
