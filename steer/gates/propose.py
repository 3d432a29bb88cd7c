"""A VERIFY.md proposed from what a project is already set up for."""

from pathlib import Path
from typing import Final

from steer.domain.gate_options import gate_line
from steer.domain.verify import Gate
from steer.gates.detect_node import detect_node
from steer.gates.detect_others import detect_others
from steer.gates.detect_python import detect_python
from steer.gates.detect_targets import detect_targets
from steer.gates.project import Found, Project

# Fastest first; seconds after which a check of that kind has hung rather than found something.
_TIMEOUTS: Final = {
    "format": 120.0,
    "imports": 120.0,
    "lint": 300.0,
    "vet": 300.0,
    "types": 300.0,
    "check": 900.0,
    "tests": 900.0,
    "build": 900.0,
}
_SLOW: Final = ("build",)
_INTRO: Final = """# Verify

<!-- Each gate is a list item: a name, a colon, the command in backticks. Behind it, in parentheses: timeout 120s,
when: GLOB (only if a matching file changed), artifact: GLOB (a file the command must leave), slow.
Headings group gates by kind of task; those before the first, or under Always, run always. -->

"""


def propose_verify(root: Path) -> str:
    """The text of a VERIFY.md with the checks found in the top folder of ``root``, the fastest first; empty for none.

    Nothing is run and nothing invented: each command stands for a configuration, a dependency, a script or target.
    """
    found = find_checks(root)
    if not found:
        return ""
    names = _names(found)
    gates = (
        Gate(name, f.command, _TIMEOUTS[f.kind], slow=f.kind in _SLOW) for name, f in zip(names, found, strict=True)
    )
    return _INTRO + "".join(f"{gate_line(gate)}\n" for gate in gates)


def find_checks(root: Path) -> list[Found]:
    """The checks a project is set up for, by kind, the fastest kind first."""
    project = Project(root)
    found = [*detect_python(project), *detect_node(project), *detect_others(project)]
    found.extend(detect_targets(project, list(found)))
    unique: dict[str, Found] = {}
    for each in found:
        unique.setdefault(each.command, each)
    order = list(_TIMEOUTS)
    return sorted(unique.values(), key=lambda each: order.index(each.kind))


def _names(found: list[Found]) -> list[str]:
    """A name each: its kind, and its tool too where several are of that kind."""
    kinds = [each.kind for each in found]
    return [each.kind if kinds.count(each.kind) == 1 else f"{each.kind}-{each.tool}" for each in found]
