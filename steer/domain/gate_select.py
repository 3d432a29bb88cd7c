"""Which gates a verification runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from steer.domain.globs import matches_any
from steer.domain.verify import Gate, VerifyFile


@dataclass(frozen=True, slots=True)
class Selection:
    """Gates to run, in the file's order, and those left out, each with the reason in words."""

    run: tuple[Gate, ...]
    skipped: tuple[tuple[Gate, str], ...] = ()


def select_gates(
    file: VerifyFile,
    changed: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    *,
    slow: bool = True,
) -> Selection:
    """Choose the gates for a change.

    ``changed`` are the changed paths, relative with forward slashes; None where they are not known, then no ``when``
    leaves a gate out. ``groups`` are names of groups or gates that run besides those that always do; None means all.
    ``slow`` false leaves the slow ones out.
    """
    run: list[Gate] = []
    skipped: list[tuple[Gate, str]] = []
    for gate in file.gates:
        reason = _reason(gate, changed, groups, slow)
        if reason:
            skipped.append((gate, reason))
        else:
            run.append(gate)
    return Selection(tuple(run), tuple(skipped))


def named_gates(file: VerifyFile, name: str) -> tuple[Gate, ...]:
    """The gates that ``name`` means: those of a group, or the one gate; none where it is neither (a command, then)."""
    alone = tuple(gate for gate in file.gates if gate.name.casefold() == name.strip().casefold())
    return alone or tuple(gate for gate in file.gates if gate.group and _called(gate.group, name))


def _reason(gate: Gate, changed: Sequence[str] | None, groups: Sequence[str] | None, slow: bool) -> str:
    asked = groups is not None and any(_called(gate.group, name) or _called(gate.name, name) for name in groups)
    if gate.group and groups is not None and not asked:
        return f"group {gate.group} was not asked for"
    if gate.slow and not slow:
        return "slow"
    if gate.when and changed is not None and not any(matches_any(gate.when, path) for path in changed):
        return f"no changed path matches {' '.join(gate.when)}"
    return ""


def _called(own: str, name: str) -> bool:
    """Whether a group ``ui/fast`` (or a gate) answers to ``name``: to all of it or to one of its headings; letter case aside."""
    wanted = name.strip().casefold()
    return bool(wanted) and (own.casefold() == wanted or wanted in own.casefold().split("/"))
