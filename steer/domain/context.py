"""How full the window is: categories, bands with hysteresis, the forecast."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from steer.domain.values import Band

Category: TypeAlias = Literal["instructions", "tools", "memory", "conversation", "tool_results"]
CATEGORIES: Final[tuple[Category, ...]] = ("instructions", "tools", "memory", "conversation", "tool_results")

BAND_STARTS: Final[tuple[tuple[float, Band], ...]] = (
    (0.80, "restart"),
    (0.60, "degrading"),
    (0.30, "drifting"),
    (0.0, "sharp"),
)
BANDS: Final[tuple[Band, ...]] = ("sharp", "drifting", "degrading", "restart")
HYSTERESIS: Final = 0.02
"""A band is left downwards only when the fraction is this far below its start, so that it does not flap."""


def band_of(fraction: float) -> Band:
    """The band of a fraction of the window: sharp from 0, drifting from 0.3, degrading from 0.6, restart from 0.8."""
    return next(band for start, band in BAND_STARTS if fraction >= start or start == 0.0)


def next_band(fraction: float, before: Band | None) -> Band:
    """The band now, given the one before: upwards at once, downwards only past the hysteresis."""
    now = band_of(fraction)
    if before is None or BANDS.index(now) >= BANDS.index(before):
        return now
    return before if BANDS.index(band_of(fraction + HYSTERESIS)) >= BANDS.index(before) else now


def fraction_of(tokens: int, window: int | None) -> float | None:
    """Tokens as a fraction of the window, 0 to 9.99; None where the window is not known."""
    if not window or window <= 0:
        return None
    return min(9.99, max(0.0, tokens / window))


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until each later band begins, at the present rate: (band, seconds), nearest first."""

    steps: tuple[tuple[Band, float], ...]


def forecast(tokens: int, window: int | None, rate: float) -> Forecast:
    """When the bands to come begin, for ``rate`` tokens a second; empty where the rate or the window says nothing."""
    if not window or rate <= 0:
        return Forecast(())
    steps = [
        (band, (start * window - tokens) / rate) for start, band in reversed(BAND_STARTS) if start * window > tokens
    ]
    return Forecast(tuple(steps))
