"""The themes: complete, readable, and their mistakes named."""

from pathlib import Path

import pytest
from rich.style import Style
from textual.color import Color

from steer.domain.errors import UsageError
from steer.render.rows import TOKENS
from steer.ui.chrome import CHROME, ChromeBook
from steer.ui.styles import PREFIX, StyleBook
from steer.ui.themes import DEFAULT, folder, load_theme, load_themes

THEMES = sorted(folder().glob("*.toml"))
DECORATION = {"rule", "separator", "thumb", "frame", "frame.on", "meter.rest"}
"""Lines and blocks, no text."""
FILLS = ("", "added", "removed", "cursor")
CODE = {"text", "kw", "str", "num", "comment", "func", "class", "op", "name", "const", "deco", "tag", "attr", "gutter"}
READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA)."""


def contrast(style: Style) -> float:
    """The contrast of a style's text with its background, 1 to 21 (WCAG's formula)."""
    assert style.color is not None
    assert style.bgcolor is not None
    front, back = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
    first, second = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(color: Color) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def base_of(path: Path) -> tuple[Style, dict[str, str]]:
    theme = load_theme(path)
    assert theme.foreground
    assert theme.background
    front, back = Color.parse(theme.foreground), Color.parse(theme.background)
    variables = {**theme.to_color_system().generate(), **theme.variables}
    return Style(color=front.rich_color, bgcolor=back.rich_color), variables


def test_there_is_a_dark_and_a_light_theme() -> None:
    themes = load_themes()
    assert DEFAULT in themes
    assert {theme.dark for theme in themes.values()} == {True, False}


@pytest.mark.parametrize("path", THEMES, ids=lambda p: p.stem)
def test_every_name_has_a_style(path: Path) -> None:
    theme = load_theme(path)
    missing = [name for name in {*TOKENS, *CHROME} if PREFIX + name.replace(".", "-") not in theme.variables]
    assert not missing


@pytest.mark.parametrize("path", THEMES, ids=lambda p: p.stem)
def test_text_can_be_read(path: Path) -> None:
    base, variables = base_of(path)
    book, chrome = StyleBook(base, variables), ChromeBook(base, variables)
    for name in sorted(TOKENS - DECORATION):
        for fill in FILLS if name in CODE else ("",):
            assert contrast(book.style(name, fill)) >= READABLE, (name, fill)
    for name in sorted(set(CHROME) - DECORATION):
        assert contrast(chrome.style(name)) >= READABLE, name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "cannot be read"),
        ("nonsense = 1\n", "unknown key 'nonsense'"),
        ("[colors]\nprimary = 'no colour'\n", "primary = 'no colour' is no colour"),
        ("[colors]\nsky = '#000000'\n", "unknown colour 'sky'"),
        ("[colors]\nerror = '#000000'\n", "has no colour 'primary'"),
        ("[colors]\nprimary = '#000000'\n[tokens]\nkw = 1\n", "[tokens] must hold texts"),
        ("tokens = 3\n[colors]\nprimary = '#000000'\n", "[tokens] must hold texts"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"mine\.toml") as error:
        load_themes([tmp_path])
    assert says in str(error.value)


def test_a_users_theme_joins_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[colors]\nprimary = '#123456'\n")
    assert load_themes([tmp_path])["mine"].primary == "#123456"
