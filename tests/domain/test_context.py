"""Bands and the forecast (EDGE-CASES C2, C3)."""

import pytest

from steer.domain.context import band_of, forecast, fraction_of, next_band


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        (0, "sharp"),
        (29.9, "sharp"),
        (30, "drifting"),
        (59.9, "drifting"),
        (60, "degrading"),
        (79.9, "degrading"),
        (80, "restart"),
        (250, "restart"),
    ],
)
def test_C2_bands_begin_at_exactly_30_60_and_80(percent: float, band: str) -> None:
    assert band_of(percent / 100) == band
    assert next_band(percent / 100, None) == band


def test_C2_a_band_is_left_downwards_only_past_the_hysteresis() -> None:
    assert next_band(0.295, "drifting") == "drifting"
    assert next_band(0.279, "drifting") == "sharp"
    assert next_band(0.605, "drifting") == "degrading"
    assert next_band(0.1, "restart") == "sharp"


def test_C3_an_unknown_window_has_no_fraction_and_none_is_absurd() -> None:
    assert fraction_of(10, None) is None
    assert fraction_of(10, 0) is None
    assert fraction_of(-5, 100) == 0
    assert fraction_of(10**9, 1) == 9.99


def test_forecast_names_each_later_band_nearest_first() -> None:
    assert forecast(40_000, 100_000, 1000).steps == (("degrading", 20.0), ("restart", 40.0))
    assert forecast(90_000, 100_000, 1000).steps == ()
    assert forecast(10, None, 5).steps == ()
    assert forecast(10, 100, 0).steps == ()
