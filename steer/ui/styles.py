"""Token names to styles, from the theme in force. No colour is written here: themes hold them."""

from collections.abc import Mapping
from typing import Final

from rich.style import Style
from textual.color import Color, ColorParseError

from steer.render.rows import TOKENS

PREFIX: Final = "token-"
"""A theme styles token ``added.word`` by its variable ``token-added-word``: attributes and colours, ``bold #RRGGBB on #RRGGBB``."""

_ATTRIBUTES: Final = frozenset({"bold", "dim", "italic", "underline", "strike", "reverse"})

_DEFAULTS: Final[Mapping[str, str]] = {
    "dim": "$foreground-muted",
    "heading": "bold $primary",
    "bold": "bold",
    "italic": "italic",
    "strike": "strike",
    "code": "$text-accent",
    "link": "underline $text-primary",
    "quote": "italic $foreground-muted",
    "rule": "$foreground-disabled",
    "bullet": "$text-primary",
    "kw": "bold $text-secondary",
    "str": "$text-success",
    "num": "$text-accent",
    "comment": "italic $foreground-muted",
    "func": "$text-primary",
    "class": "bold $text-primary",
    "const": "$text-accent",
    "deco": "$text-warning",
    "tag": "$text-secondary",
    "attr": "$text-primary",
    "fence": "$foreground-disabled",
    "added": "on $success-muted",
    "removed": "on $error-muted",
    "added.word": "bold on $success-darken-2",
    "removed.word": "bold on $error-darken-2",
    "hunk": "$text-secondary",
    "file": "bold $text-primary",
    "gutter": "$foreground-disabled",
    "unseen": "bold $text-warning",
    "pending": "italic $text-warning",
    "task": "bold $text-primary",
    "steer": "bold $text-accent",
    "tool": "$text-secondary",
    "reasoning": "italic $foreground-muted",
    "output": "$foreground-muted",
    "ok": "$text-success",
    "error": "bold $text-error",
    "warning": "$text-warning",
    "notice": "italic $text-secondary",
    "running": "$text-accent",
    "detail": "$foreground-muted",
    "path": "underline",
    "separator": "$foreground-disabled",
    "control": "reverse",
    "cursor": "on $surface-lighten-2",
    "match": "underline reverse",
    "match.current": "bold reverse",
    "thumb": "$primary",
}
"""What a theme that says nothing of a token gets: Textual's own colour names, so any of its themes works."""


def parse_style(text: str, variables: Mapping[str, str], background: Color) -> Style:
    """A style from words: attributes, a colour, ``on`` a colour; a colour may be ``$name`` of a theme variable.

    Colours with transparency are blended over ``background``. What cannot be read is left out: a theme's slip must
    not take the screen down.
    """
    attributes: dict[str, bool] = {}
    colours: dict[str, Color] = {}
    target = "color"
    for word in text.split():
        if word == "on":
            target = "bgcolor"
        elif word in _ATTRIBUTES:
            attributes[word] = True
        elif (colour := _colour(word, variables)) is not None:
            colours[target] = colour
    under = _over(background, colours.get("bgcolor"))
    front = _over(under, colours.get("color"))
    return Style(
        color=front.rich_color if "color" in colours else None,
        bgcolor=under.rich_color if "bgcolor" in colours else None,
        bold=attributes.get("bold"),
        dim=attributes.get("dim"),
        italic=attributes.get("italic"),
        underline=attributes.get("underline"),
        strike=attributes.get("strike"),
        reverse=attributes.get("reverse"),
    )


def _colour(word: str, variables: Mapping[str, str]) -> Color | None:
    name = variables.get(word.removeprefix("$"), "") if word.startswith("$") else word
    try:
        return Color.parse(name)
    except ColorParseError:
        return None


def _over(background: Color, colour: Color | None) -> Color:
    if colour is None:
        return background
    return colour if colour.ansi is not None else background + colour


class StyleBook:
    """The style of each token under one theme. Immutable; a change of theme makes a new one.

    ``base`` is the widget's own style (text and background), ``variables`` the theme's (``App.theme_variables``).
    """

    def __init__(self, base: Style, variables: Mapping[str, str]) -> None:
        self.base = base
        background = _background(base)
        self._styles: dict[str, Style] = {}
        for token in TOKENS:
            written = variables.get(PREFIX + token.replace(".", "-"), _DEFAULTS.get(token, ""))
            self._styles[token] = parse_style(written, variables, background)
        self._combined: dict[tuple[str, str], Style] = {}

    def style(self, token: str, fill: str = "") -> Style:
        """The whole style of a token over a fill: the base, then the fill, then the token. Unknown names are ``text``."""
        key = (token, fill)
        found = self._combined.get(key)
        if found is None:
            plain = self._styles["text"]
            found = self.base
            if fill:
                found = found + self._styles.get(fill, plain)
            if token:
                found = found + self._styles.get(token, plain)
            self._combined[key] = found
        return found

    def mark(self, token: str) -> Style:
        """The style of a token by itself, to lay over another."""
        return self._styles.get(token, self._styles["text"])


def _background(base: Style) -> Color:
    if base.bgcolor is None:
        return Color(0, 0, 0)
    return Color.from_rich_color(base.bgcolor)
