"""Settings: defaults < the user's TOML < a trusted project's TOML < environment < flags, into one frozen value."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from steer.domain.constraints import PERMISSIONS, ConstraintSet
from steer.domain.errors import UsageError
from steer.domain.values import Json, Wire

Approve: TypeAlias = Literal["none", "edits", "all"]
_TIGHTENING: Final = ("constraints", "max_steps", "max_fix")
"""What a project's own file may set: nothing in it may send the code elsewhere or allow more."""
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "wire": ("chat", "responses"),
    "permissions": tuple(PERMISSIONS),
    "approve": ("none", "edits", "all"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``context_window`` in tokens; ``theme`` names a file of themes/."""

    model: str = ""
    base_url: str = ""
    wire: Wire = "chat"
    context_window: int | None = None
    permissions: str = "edit"
    constraints: tuple[str, ...] = ()
    approve: Approve = "none"
    max_steps: int = 50
    max_fix: int = 2
    theme: str = "tokyo-night"

    def effective(self) -> ConstraintSet:
        """The constraints at a session's start: the permissions' set, then the settings' own by kind."""
        return ConstraintSet.parse(PERMISSIONS[self.permissions]).with_(self.constraints)


@dataclass(frozen=True, slots=True)
class Spec:
    """A session to open. ``home`` holds Steer's state; ``session`` names one to continue; ``key`` is the endpoint's;
    ``approve`` says who answers questions: a person at the screen (ask), or nobody, edits, all; ``notes`` are to be told."""

    directory: Path
    home: Path
    settings: Settings
    key: str = ""
    session: str = ""
    approve: Literal["ask", "none", "edits", "all"] = "ask"
    verify: bool = True
    trust: bool = False
    scripted: bool = False
    notes: tuple[str, ...] = ()


PROJECT_FILE: Final = Path(".steer") / "config.toml"


def parse_toml(text: str, source: str) -> Mapping[str, Json]:
    """Parse TOML; raises UsageError that names the file and the place."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no valid TOML: {error}.", "Mend the file, or move it away.") from error


def read_toml(path: Path) -> Mapping[str, Json]:
    """A TOML file's table; an absent file is empty. Raises UsageError that names the file."""
    try:
        return parse_toml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend the file, or move it away.") from error


def with_values(base: Settings, values: Mapping[str, Json], source: str) -> Settings:
    """Lay ``values`` over ``base``; constraints of the same kind replace. Raises UsageError naming ``source`` and key."""
    known = [f.name for f in fields(Settings)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known keys are {', '.join(known)}."
            raise UsageError(f"{source}: unknown key {key!r}.", hint)
    checked = {key: _check(key, value, source) for key, value in values.items()}
    if "constraints" in checked:
        merged = ConstraintSet.parse(base.constraints).with_(checked["constraints"])  # type: ignore[arg-type]
        checked["constraints"] = merged.strings()
    return replace(base, **checked)  # type: ignore[arg-type]


def _check(key: str, value: Json, source: str) -> object:
    """``value`` as the type that ``key`` has; raises UsageError."""
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise UsageError(f"{source}: {key} is {value!r}.", f"It is one of {', '.join(_CHOICES[key])}.")
        return value
    if key == "constraints":
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise UsageError(
                f"{source}: constraints is no list of strings.", 'Write it as ["only:src/**", "max-lines:80"].'
            )
        return tuple(str(item) for item in value)
    if key in ("context_window", "max_steps", "max_fix"):
        least = 0 if key == "max_fix" else 1
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(f"{source}: {key} is {value!r}.", f"It is a whole number, at least {least}.")
        return value
    if not isinstance(value, str):
        raise UsageError(f"{source}: {key} is {value!r}.", "It is a text.")
    return value


def tighten(base: Settings, values: Mapping[str, Json], source: str) -> Settings:
    """Lay a project's own values over ``base`` where they allow less; raises UsageError for any other key."""
    for key in values:
        if key not in _TIGHTENING:
            raise UsageError(f"{source}: a project cannot set {key!r}.", f"It can set {', '.join(_TIGHTENING)}.")
    wanted = with_values(Settings(constraints=()), values, source)
    mine, theirs = base.effective(), ConstraintSet.parse(wanted.constraints)
    own_limit, their_limit = mine.get("max-lines"), theirs.get("max-lines")
    drop = [str(item) for item in theirs.items if item.kind == "only" and mine.has("only")]
    if own_limit and their_limit and their_limit.limit > own_limit.limit:
        drop.append(str(their_limit))
    added = theirs.without(drop).strings()
    protect = mine.get("protect")
    both = (*((str(protect),) if protect else ()), *added)
    return replace(
        base,
        constraints=ConstraintSet.parse(base.constraints).with_(both).strings(),
        max_steps=min(base.max_steps, wanted.max_steps) if "max_steps" in values else base.max_steps,
        max_fix=min(base.max_fix, wanted.max_fix) if "max_fix" in values else base.max_fix,
    )


def from_environment(env: Mapping[str, str]) -> Mapping[str, Json]:
    """What the environment sets: OPENAI_BASE_URL and STEER_MODEL. The key is not a setting: only its reader sees it."""
    names = {"OPENAI_BASE_URL": "base_url", "STEER_MODEL": "model"}
    return {key: env[name] for name, key in names.items() if env.get(name)}
