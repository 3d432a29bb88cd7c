"""Checks that a package.json is set up for."""

import re
from collections.abc import Iterator
from typing import Final

from steer.gates.project import Found, Project, table

_LOCKS: Final = (
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
# Script names by what they check, the better one first.
_SCRIPTS: Final = (
    ("format", ("format:check", "check:format", "fmt:check", "prettier:check")),
    ("lint", ("lint:check", "lint:ci", "lint")),
    ("types", ("typecheck", "type-check", "check-types", "types", "tsc")),
    ("tests", ("test:ci", "test:run", "test:unit", "test")),
    ("build", ("build",)),
)
_WATCHES: Final = re.compile(
    r"--watch(?!=false|All=false)\b|\b(?:tsc|mocha|vitest|jest)\b[^&|;]*\s-w(?:\s|$)|\bnodemon\b"
)
_EMPTY: Final = re.compile(r"no test specified")


def detect_node(project: Project) -> Iterator[Found]:
    """One script of each kind, called through the package manager whose lock file is there."""
    package = project.json("package.json")
    scripts = {name: text for name, text in table(package, "scripts").items() if isinstance(text, str) and text.strip()}
    manager = _manager(project, package.get("packageManager"))
    kinds = set()
    for kind, names in _SCRIPTS:
        name = next((name for name in names if _usable(scripts.get(name, ""))), "")
        if name:
            kinds.add(kind)
            yield Found(kind, manager, _call(manager, name, scripts[name]))
    # A script called check often runs the others: it counts where there are none.
    if not kinds & {"lint", "types"} and _usable(scripts.get("check", "")):
        yield Found("check", manager, _call(manager, "check", scripts["check"]))
    wanted = {**table(package, "dependencies"), **table(package, "devDependencies")}
    if "types" not in kinds and "typescript" in wanted and project.has("tsconfig.json"):
        yield Found("types", "tsc", "npx --no-install tsc --noEmit")


def _manager(project: Project, declared: object) -> str:
    if isinstance(declared, str) and (found := re.match(r"(npm|pnpm|yarn|bun)@", declared)) is not None:
        return found[1]
    return next((manager for lock, manager in _LOCKS if project.has(lock)), "npm")


def _usable(script: str) -> bool:
    """A script that says something and ends by itself."""
    return bool(script) and not _EMPTY.search(script) and not _WATCHES.search(script)


def _call(manager: str, name: str, script: str) -> str:
    call = f"{manager} test" if name == "test" and manager in ("npm", "pnpm", "yarn") else f"{manager} run {name}"
    # Without CI=true this runner waits for a key after the first round.
    return f"CI=true {call}" if "react-scripts test" in script else call
