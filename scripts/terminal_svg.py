"""A terminal's screen as SVG: cells at fixed places, lines and blocks drawn as shapes, in a window frame."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from tests.terminal import Cell

CELL_WIDTH: Final = 9.0
CELL_HEIGHT: Final = 19.0
BASELINE: Final = 14.5
FONT_SIZE: Final = 15
FONTS: Final = "'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace"
MARGIN: Final = 14.0
TITLE_BAR: Final = 34.0

# What a program that does not name its own colours gets: an ordinary dark terminal.
FOREGROUND: Final = "d4d4dc"
BACKGROUND: Final = "14151c"
FRAME: Final = "22242e"
BUTTONS: Final = ("ff5f57", "febc2e", "28c840")
NAMED: Final = {
    "black": "1d1f28",
    "red": "e06c75",
    "green": "8cc570",
    "brown": "d9b36c",
    "blue": "6ca4e8",
    "magenta": "c38adf",
    "cyan": "63bcc4",
    "white": "c8ccd8",
    "brightblack": "6b7080",
    "brightred": "f08a92",
    "brightgreen": "a7dc8c",
    "brightbrown": "edcf93",
    "brightblue": "93bff5",
    "brightmagenta": "d9aaf0",
    "brightcyan": "8fd9df",
    "brightwhite": "f4f5fa",
    # pyte's spelling of bright magenta in one of its tables.
    "bfightmagenta": "d9aaf0",
}


@dataclass(frozen=True)
class Run:
    """Cells beside each other that look alike. ``column`` and ``width`` in cells."""

    column: int
    width: int
    text: str
    style: Cell


def colour(name: str, default: str) -> str:
    """Six hexadecimal digits for a colour of the emulated terminal."""
    if name == "default":
        return default
    return NAMED.get(name, name if re.fullmatch(r"[0-9a-fA-F]{6}", name) else default)


def colours(cell: Cell) -> tuple[str, str]:
    """Foreground and background of a cell as they are seen."""
    pair = colour(cell.foreground, FOREGROUND), colour(cell.background, BACKGROUND)
    return (pair[1], pair[0]) if cell.reverse else pair


def runs(row: Sequence[Cell]) -> Iterator[Run]:
    """The runs of a row. A wide character, and every character beyond ASCII, is a run of its own.

    Fonts that stand in for such characters have other widths; a run that starts at its own cell cannot push the next.
    """
    column = 0
    for (_, single), group in groupby(enumerate(row), key=lambda item: _kind(item[0], row)):
        cells = [cell for _, cell in group]
        if single is None:
            yield Run(column, len(cells), "".join(cell.text for cell in cells), replace(cells[0], text=""))
        else:
            yield Run(column, len(cells), cells[0].text, replace(cells[0], text=""))
        column += len(cells)


def _kind(column: int, row: Sequence[Cell]) -> tuple[Cell, int | None]:
    if row[column].text == "" and column:
        column -= 1  # the second cell of a wide character belongs to the first
    cell = row[column]
    plain = cell.text.isascii()
    return replace(cell, text=""), None if plain else column


def svg(cells: Sequence[Sequence[Cell]], title: str) -> str:
    """The screen as a picture in a window frame."""
    columns, rows = len(cells[0]), len(cells)
    width, height = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + TITLE_BAR + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="#{FRAME}"/>',
        *(
            f'<circle cx="{20 + 20 * at}" cy="{TITLE_BAR / 2:g}" r="6" fill="#{button}"/>'
            for at, button in enumerate(BUTTONS)
        ),
        f'<text x="{width / 2:g}" y="{TITLE_BAR / 2 + 5:g}" fill="#8b90a0" font-family="{FONTS}" '
        f'font-size="13" text-anchor="middle">{escape(title)}</text>',
        f'<rect x="{MARGIN:g}" y="{TITLE_BAR:g}" width="{columns * CELL_WIDTH:g}" '
        f'height="{rows * CELL_HEIGHT:g}" fill="#{BACKGROUND}"/>',
    ]
    marks: list[str] = []
    for number, row in enumerate(cells):
        top = TITLE_BAR + number * CELL_HEIGHT
        found = list(runs(row))
        parts += _backgrounds(found, top)
        marks += [mark for run in found for mark in _glyphs(run, top)]
    parts.append(f'<g font-family="{FONTS}" font-size="{FONT_SIZE}" xml:space="preserve">')
    return "\n".join([*parts, *marks, "</g>", "</svg>", ""])


def _backgrounds(found: Sequence[Run], top: float) -> Iterator[str]:
    for back, group in groupby(found, key=lambda run: colours(run.style)[1]):
        same = list(group)
        if back != BACKGROUND:
            left, width = same[0].column, sum(run.width for run in same)
            # Half a pixel more each way: no seams between rows where a renderer smooths edges.
            yield (
                f'<rect x="{MARGIN + left * CELL_WIDTH:g}" y="{top:g}" width="{width * CELL_WIDTH + 0.3:g}" '
                f'height="{CELL_HEIGHT + 0.3:g}" fill="#{back}"/>'
            )


def _glyphs(run: Run, top: float) -> Iterator[str]:
    front = colours(run.style)[0]
    left, width = MARGIN + run.column * CELL_WIDTH, run.width * CELL_WIDTH
    text = run.text.rstrip() if not (run.style.underline or run.style.strike) else run.text
    if run.text in ("", " "):
        text = run.text
    elif drawn := shape(run.text, left, top, front):
        yield drawn
        text = ""
    if text.strip():
        lead = len(text) - len(text.lstrip())
        x, shown = left + lead * CELL_WIDTH, text.strip()
        length = len(shown) * CELL_WIDTH if shown.isascii() else width
        styles = _styles(run.style)
        yield (
            f'<text x="{x:g}" y="{top + BASELINE:g}" fill="#{front}" textLength="{length:g}" '
            f'lengthAdjust="spacingAndGlyphs"{styles}>{escape(shown)}</text>'
        )
    for wanted, height in ((run.style.underline, BASELINE + 2.5), (run.style.strike, BASELINE - 5)):
        if wanted:
            yield f'<rect x="{left:g}" y="{top + height:g}" width="{width:g}" height="1" fill="#{front}"/>'


Box = tuple[float, float, float, float]
"""Left, top, width, height as parts of a cell."""


@lru_cache(maxsize=512)
def block(character: str) -> Box | None:
    """The rectangle that a block element fills; None for every other character.

    Fonts draw blocks as high as the font, not as the row, which leaves hairlines between rows.
    """
    code = ord(character)
    if code == 0x2580:
        return 0, 0, 1, 0.5
    if 0x2581 <= code <= 0x2588:
        part = (code - 0x2580) / 8
        return 0, 1 - part, 1, part
    if 0x2589 <= code <= 0x258F:
        return 0, 0, (0x2590 - code) / 8, 1
    return {0x2590: (0.5, 0.0, 0.5, 1.0), 0x2594: (0.0, 0.0, 1.0, 0.125), 0x2595: (0.875, 0.0, 0.125, 1.0)}.get(code)


LINE: Final = re.compile(r"BOX DRAWINGS (LIGHT|HEAVY) (ARC )?((?:UP|DOWN|LEFT|RIGHT|VERTICAL|HORIZONTAL)(?: AND \w+)?)")


@lru_cache(maxsize=512)
def line(character: str) -> tuple[frozenset[str], bool, int] | None:
    """The arms of a box-drawing line, whether its corner is round, and its thickness; None for other characters."""
    found = LINE.fullmatch(unicodedata.name(character, ""))
    if found is None:
        return None
    words = found[3].replace("VERTICAL", "UP AND DOWN").replace("HORIZONTAL", "LEFT AND RIGHT").split(" AND ")
    return frozenset(words), found[2] is not None, 1 if found[1] == "LIGHT" else 2


def shape(character: str, left: float, top: float, fill: str) -> str | None:
    """A block or line as an SVG shape that fills its cell; None for characters that a font draws."""
    if len(character) != 1:
        return None
    if box := block(character):
        x, y = left + box[0] * CELL_WIDTH, top + box[1] * CELL_HEIGHT
        return (
            f'<rect x="{x:g}" y="{y:g}" width="{box[2] * CELL_WIDTH:g}" height="{box[3] * CELL_HEIGHT:g}" '
            f'fill="#{fill}" shape-rendering="crispEdges"/>'
        )
    drawn = line(character)
    if drawn is None:
        return None
    arms, is_round, width = drawn
    middle = left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2
    ends = {
        "UP": (middle[0], top),
        "DOWN": (middle[0], top + CELL_HEIGHT),
        "LEFT": (left, middle[1]),
        "RIGHT": (left + CELL_WIDTH, middle[1]),
    }
    points = [ends[arm] for arm in ("UP", "DOWN", "LEFT", "RIGHT") if arm in arms]
    if is_round:
        (x0, y0), (x1, y1) = points
        path = f"M{x0:g} {y0:g}Q{middle[0]:g} {middle[1]:g} {x1:g} {y1:g}"
    else:
        path = "".join(f"M{middle[0]:g} {middle[1]:g}L{x:g} {y:g}" for x, y in points)
    return f'<path d="{path}" fill="none" stroke="#{fill}" stroke-width="{width}"/>'


def _styles(cell: Cell) -> str:
    weight = ' font-weight="bold"' if cell.bold else ""
    return weight + (' font-style="italic"' if cell.italic else "")
