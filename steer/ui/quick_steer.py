"""What a quick-steer button does to the constraints in force, and how it shows them."""

from dataclasses import dataclass

from steer.domain.constraints import Constraint, ConstraintSet, parse_constraint
from steer.ui.actions import Action


@dataclass(frozen=True, slots=True)
class Change:
    """Constraints to put in force and to lift; both empty where nothing can be done."""

    set: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()


def in_force(button: Action, constraints: ConstraintSet) -> Constraint | None:
    """The constraint by which a button counts as active; None where it is off (or only says a sentence)."""
    if not button.constraint:
        return None
    kind = button.constraint.partition(":")[0]
    found = next((item for item in constraints.items if item.kind == kind), None)
    if found is None or kind != "protect":
        return found
    return found if set(parse_constraint(button.constraint).globs) <= set(found.globs) else None


def toggled(button: Action, constraints: ConstraintSet, path: str) -> Change:
    """What a press changes. ``path`` is the file that "only this file" means; empty where there is none."""
    active = in_force(button, constraints)
    kind = button.constraint.partition(":")[0]
    if kind == "protect":
        return _protect(parse_constraint(button.constraint).globs, constraints, active is not None)
    if active is not None:
        return Change(clear=(str(active),))
    if kind == "only":
        return Change(set=(f"only:{glob_of(path)}",)) if path else Change()
    return Change(set=(button.constraint,))


def _protect(globs: tuple[str, ...], constraints: ConstraintSet, active: bool) -> Change:
    """Protected paths of the user's own stay protected when the button is pressed, and pressed again."""
    present = constraints.get("protect")
    own = tuple(glob for glob in present.globs if glob not in globs) if present else ()
    if not active:
        return Change(set=(str(Constraint("protect", globs=(*own, *globs))),))
    if own:
        return Change(set=(str(Constraint("protect", globs=own)),))
    return Change(clear=(str(present),) if present else ())


def glob_of(path: str) -> str:
    """A pattern for this path: anchored, and what a pattern would read otherwise is literal or stands for any one letter."""
    literal = "".join(f"[{char}]" if char in "*?" else "?" if char in "[," else char for char in path)
    return f"/{literal}"


def label_of(button: Action, constraints: ConstraintSet) -> str:
    """A button's words now: the limit or file that is in force stands in them."""
    active = in_force(button, constraints)
    if active is None:
        return button.label
    if active.kind == "max-lines":
        return f"max {active.limit}"
    if active.kind == "only":
        name = active.globs[0].rsplit("/", 1)[-1] if len(active.globs) == 1 else f"{len(active.globs)} paths"
        return f"only {name}"
    return button.label
