"""Where the three panes lie: side by side, the stream above the two others, or one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from textual.geometry import Region, Size

Pane: TypeAlias = Literal["stream", "diff", "verify"]
PANES: Final[tuple[Pane, ...]] = ("stream", "diff", "verify")
Mode: TypeAlias = Literal["wide", "stacked", "tabs", "zoom"]
WIDE: Final = 150
STACKED: Final = 100
_LEAST_WIDTH: Final = 16
_LEAST_HEIGHT: Final = 3


@dataclass(frozen=True, slots=True)
class Splits:
    """The stream's and the diff's share of the width (wide), the stream's of the height and the diff's of the width
    below it (stacked)."""

    stream: float = 0.38
    diff: float = 0.34
    above: float = 0.52
    below: float = 0.62


@dataclass(frozen=True, slots=True)
class Plan:
    """The inner regions of the panes that are shown, and the columns and rows of the lines between them."""

    mode: Mode
    size: Size
    regions: Mapping[Pane, Region]
    columns: tuple[int, ...] = ()
    row: int | None = None
    active: Pane = "stream"
    tabs: tuple[Pane, ...] = field(default=())


def mode_for(width: int, zoomed: bool) -> Mode:
    """The layout for a screen of ``width`` columns."""
    if width < STACKED:
        return "tabs"
    if zoomed:
        return "zoom"
    return "wide" if width >= WIDE else "stacked"


def plan(size: Size, active: Pane, zoomed: bool, splits: Splits) -> Plan:
    """Lay the panes out in ``size``; the frame takes the outer cells, in tabs only the first row."""
    mode = mode_for(size.width, zoomed)
    width, height = size
    inner = max(0, height - 2)
    if mode == "tabs":
        return Plan(mode, size, {active: Region(0, 1, width, max(0, height - 1))}, active=active, tabs=PANES)
    if mode == "zoom":
        return Plan(mode, size, {active: Region(1, 1, max(0, width - 2), inner)}, active=active)
    if mode == "wide":
        first = _clamp(round(width * splits.stream), _LEAST_WIDTH, width - 2 * _LEAST_WIDTH)
        second = _clamp(first + round(width * splits.diff), first + _LEAST_WIDTH, width - _LEAST_WIDTH)
        regions: dict[Pane, Region] = {
            "stream": Region(1, 1, first - 1, inner),
            "diff": Region(first + 1, 1, second - first - 1, inner),
            "verify": Region(second + 1, 1, width - second - 2, inner),
        }
        return Plan(mode, size, regions, (first, second), active=active)
    row = _clamp(round(height * splits.above), _LEAST_HEIGHT, height - _LEAST_HEIGHT)
    column = _clamp(round(width * splits.below), _LEAST_WIDTH, width - _LEAST_WIDTH)
    lower = max(0, height - row - 2)
    regions = {
        "stream": Region(1, 1, width - 2, max(0, row - 1)),
        "diff": Region(1, row + 1, column - 1, lower),
        "verify": Region(column + 1, row + 1, width - column - 2, lower),
    }
    return Plan(mode, size, regions, (column,), row, active)


def dragged(plan: Plan, splits: Splits, line: int | Literal["row"], x: int, y: int) -> Splits:
    """The splits after a line (the row, or a column by its index) was dragged to a cell."""
    width, height = max(1, plan.size.width), max(1, plan.size.height)
    if line == "row":
        return Splits(splits.stream, splits.diff, _share(y, height), splits.below)
    if plan.mode == "stacked":
        return Splits(splits.stream, splits.diff, splits.above, _share(x, width))
    if line == 0:
        end = splits.stream + splits.diff
        return Splits(_share(x, width), max(0.05, end - _share(x, width)), splits.above, splits.below)
    return Splits(splits.stream, max(0.05, _share(x, width) - splits.stream), splits.above, splits.below)


def _share(at: int, of: int) -> float:
    return min(0.95, max(0.05, at / of))


def _clamp(value: int, least: int, most: int) -> int:
    return max(min(least, most), min(value, most))
