"""Rules on effects: parse them, print them, judge an effect by them. The grammar is in the README, "Constraints"."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from steer.domain.errors import UsageError
from steer.domain.globs import matches_any

Kind: TypeAlias = Literal[
    "only",
    "protect",
    "max-lines",
    "no-new-files",
    "no-delete",
    "ask-delete",
    "show-diff",
    "read-only",
    "no-commands",
    "no-network",
]
_WITH_GLOBS: Final = ("only", "protect")
_FLAGS: Final = ("no-new-files", "no-delete", "ask-delete", "show-diff", "read-only", "no-commands", "no-network")
_SAYS: Final = {
    "no-new-files": "Do not create new files.",
    "no-delete": "Do not delete files.",
    "ask-delete": "Deleting a file needs the user's approval first.",
    "show-diff": "Every change waits for the user's approval of its diff.",
    "read-only": "Change nothing: read, search and explain only.",
    "no-commands": "Do not run commands.",
    "no-network": "Commands have no network.",
}
EffectKind: TypeAlias = Literal["created", "modified", "deleted"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule. ``globs`` for only and protect, ``limit`` (changed lines a turn) for max-lines."""

    kind: Kind
    globs: tuple[str, ...] = ()
    limit: int = 0

    def __str__(self) -> str:
        if self.globs:
            return f"{self.kind}:{','.join(self.globs)}"
        return f"{self.kind}:{self.limit}" if self.kind == "max-lines" else self.kind

    def sentence(self) -> str:
        """The rule in words for the model."""
        if self.kind == "only":
            return f"Change only these files: {', '.join(self.globs)}."
        if self.kind == "protect":
            return f"Do not touch: {', '.join(self.globs)}."
        if self.kind == "max-lines":
            return f"At most {self.limit} changed lines (added + removed) a turn."
        return _SAYS[self.kind]


def parse_constraint(text: str) -> Constraint:
    """Parse one constraint; raises UsageError that names the text and the kinds there are."""
    kind, _, value = text.strip().partition(":")
    value = value.strip()
    for name in _WITH_GLOBS:
        if kind == name:
            globs = tuple(glob for part in value.split(",") if (glob := part.strip()))
            if not globs:
                raise UsageError(f"Constraint {text!r} names no files.", f"Write it as {name}:GLOB[,GLOB].")
            return Constraint(name, globs=globs)
    if kind == "max-lines":
        if not value.isascii() or not value.isdigit():
            raise UsageError(f"Constraint {text!r} needs a number of lines.", "Write it as max-lines:150.")
        return Constraint("max-lines", limit=int(value))
    for flag in _FLAGS:
        if kind == flag and not value:
            return Constraint(flag)
    known = ", ".join([*(f"{name}:GLOB" for name in _WITH_GLOBS), "max-lines:N", *_FLAGS])
    raise UsageError(f"Unknown constraint {text!r}.", f"Known are {known}.")


def parse_constraints(texts: Iterable[str]) -> tuple[Constraint, ...]:
    """Parse several, later ones of the same kind replacing earlier ones, except that several ``only`` and ``protect`` add up."""
    out: dict[str, Constraint] = {}
    for text in texts:
        new = parse_constraint(text)
        old = out.get(new.kind)
        if old is not None and new.globs:
            new = Constraint(new.kind, globs=tuple(dict.fromkeys((*old.globs, *new.globs))))
        out[new.kind] = new
    return tuple(out.values())


DEFAULT_CONSTRAINTS: Final = ("max-lines:150", "ask-delete", "no-network")
PERMISSIONS: Final = {
    "read-only": ("read-only", "no-commands", "no-network"),
    "ask": ("max-lines:150", "show-diff", "ask-delete", "no-network"),
    "edit": DEFAULT_CONSTRAINTS,
    "full": (),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to one file. ``path`` is relative with forward slashes; lines are added and removed."""

    kind: EffectKind
    path: str
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    constraint: str
    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """``violations``: what is forbidden. ``asks``: (kind, path) that need a person's word: delete, diff."""

    violations: tuple[Violation, ...] = ()
    asks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConstraintSet:
    """The constraints in force. Immutable: ``with_`` and ``without`` give a new set."""

    items: tuple[Constraint, ...] = field(default=())

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "ConstraintSet":
        return cls(parse_constraints(texts))

    def strings(self) -> tuple[str, ...]:
        return tuple(str(item) for item in self.items)

    def get(self, kind: Kind) -> Constraint | None:
        return next((item for item in self.items if item.kind == kind), None)

    def has(self, kind: Kind) -> bool:
        return self.get(kind) is not None

    def with_(self, texts: Iterable[str]) -> "ConstraintSet":
        """These and ``texts``: of the same kind the new one counts."""
        new = parse_constraints(texts)
        kinds = {item.kind for item in new}
        return ConstraintSet((*(item for item in self.items if item.kind not in kinds), *new))

    def without(self, texts: Iterable[str]) -> "ConstraintSet":
        gone = {str(parse_constraint(text)) for text in texts}
        return ConstraintSet(tuple(item for item in self.items if str(item) not in gone))

    def judge(self, effects: Iterable[Effect], used_lines: int = 0) -> Judgement:
        """Judge effects as a whole; ``used_lines`` is what the turn has already changed (added + removed)."""
        effects = tuple(effects)
        violations = [v for effect in effects for v in self._forbidden(effect)]
        if (limit := self.get("max-lines")) is not None:
            total = used_lines + sum(effect.added + effect.removed for effect in effects)
            if effects and total > limit.limit:
                detail = f"{total} changed lines in this turn, {limit.limit} allowed"
                violations.append(Violation(str(limit), effects[-1].path, detail))
        asks = [("delete", e.path) for e in effects if e.kind == "deleted" and self.has("ask-delete")]
        if self.has("show-diff"):
            asks.extend(("diff", e.path) for e in effects if ("delete", e.path) not in asks)
        return Judgement(tuple(violations), tuple(asks))

    def _forbidden(self, effect: Effect) -> Iterable[Violation]:
        only, protect = self.get("only"), self.get("protect")
        if self.has("read-only"):
            yield Violation("read-only", effect.path, f"{effect.path} would be {effect.kind}")
        if only is not None and not matches_any(only.globs, effect.path):
            yield Violation(str(only), effect.path, f"{effect.path} is outside {', '.join(only.globs)}")
        if protect is not None and matches_any(protect.globs, effect.path):
            yield Violation(str(protect), effect.path, f"{effect.path} is protected")
        if effect.kind == "created" and self.has("no-new-files"):
            yield Violation("no-new-files", effect.path, f"{effect.path} would be a new file")
        if effect.kind == "deleted" and self.has("no-delete"):
            yield Violation("no-delete", effect.path, f"{effect.path} would be deleted")
