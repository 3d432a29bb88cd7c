"""The themes: TOML files with Textual's colours and a style for each token name."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

from steer.domain.errors import UsageError
from steer.ui.styles import PREFIX

DEFAULT: Final = "tokyo-night"
_COLORS: Final = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
_KEYS: Final = frozenset({"name", "dark", "colors", "variables", "tokens"})


def folder() -> Path:
    """Where the themes lie: in the package once installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def load_themes(extra: Iterable[Path] = ()) -> dict[str, Theme]:
    """All themes by name: the packaged ones, then those of ``extra`` folders, later ones replacing earlier ones.

    Raises UsageError that names the file and what is wrong with it.
    """
    themes: dict[str, Theme] = {}
    for place in (folder(), *extra):
        for path in sorted(place.glob("*.toml")):
            theme = load_theme(path)
            themes[theme.name] = theme
    return themes


def load_theme(path: Path) -> Theme:
    """One theme's file; raises UsageError that names the file and what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"Theme {path} cannot be read: {error}.", "Mend the file or remove it.") from error
    if unknown := sorted(set(data) - _KEYS):
        raise UsageError(f"Theme {path}: unknown key {unknown[0]!r}.", f"Known are {', '.join(sorted(_KEYS))}.")
    colors = _strings(path, "colors", data.get("colors", {}))
    for name, value in colors.items():
        _check_color(path, name, value)
    if "primary" not in colors:
        raise UsageError(f"Theme {path} has no colour 'primary'.", "Add primary under [colors].")
    variables = _strings(path, "variables", data.get("variables", {}))
    tokens = _strings(path, "tokens", data.get("tokens", {}))
    styles = {PREFIX + name.replace(".", "-"): value for name, value in tokens.items()}
    return Theme(
        name=str(data.get("name", path.stem)),
        primary=colors["primary"],
        secondary=colors.get("secondary"),
        warning=colors.get("warning"),
        error=colors.get("error"),
        success=colors.get("success"),
        accent=colors.get("accent"),
        foreground=colors.get("foreground"),
        background=colors.get("background"),
        surface=colors.get("surface"),
        panel=colors.get("panel"),
        boost=colors.get("boost"),
        dark=bool(data.get("dark", True)),
        variables={**variables, **styles},
    )


def _strings(path: Path, section: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise UsageError(f"Theme {path}: [{section}] must hold texts.", 'Write each as name = "value".')
    return {str(name): str(item) for name, item in value.items()}


def _check_color(path: Path, name: str, value: str) -> None:
    if name not in _COLORS:
        raise UsageError(f"Theme {path}: unknown colour {name!r}.", f"Known are {', '.join(_COLORS)}.")
    try:
        Color.parse(value)
    except ColorParseError as error:
        raise UsageError(f"Theme {path}: {name} = {value!r} is no colour.", "Write it as #RRGGBB.") from error
