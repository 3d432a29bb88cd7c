"""Where the panes lie at any size, and how the lines between them move."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.geometry import Region, Size

from steer.ui.geometry import PANES, Pane, Plan, Splits, dragged, mode_for, plan


@pytest.mark.parametrize(
    ("width", "zoomed", "mode"),
    [
        (40, False, "tabs"),
        (99, True, "tabs"),
        (100, False, "stacked"),
        (149, False, "stacked"),
        (149, True, "zoom"),
        (150, False, "wide"),
        (220, True, "zoom"),
    ],
)
def test_the_width_chooses_the_layout(width: int, zoomed: bool, mode: str) -> None:
    assert mode_for(width, zoomed) == mode


def overlaps(regions: Mapping[Pane, Region]) -> bool:
    found = list(regions.values())
    return any(a.overlaps(b) for i, a in enumerate(found) for b in found[i + 1 :] if a.area and b.area)


@given(
    st.integers(1, 300),
    st.integers(1, 100),
    st.sampled_from(PANES),
    st.booleans(),
    st.tuples(*[st.floats(0.05, 0.95)] * 4),
)
@settings(max_examples=200, deadline=None)
def test_panes_lie_inside_and_apart_at_any_size(
    width: int, height: int, active: Pane, zoomed: bool, shares: tuple[float, float, float, float]
) -> None:
    made = plan(Size(width, height), active, zoomed, Splits(*shares))
    assert active in made.regions
    assert not overlaps(made.regions)
    for region in made.regions.values():
        assert region.width >= 0
        assert region.height >= 0
        assert region.right <= max(width, 1)
        if height >= 8:
            assert region.bottom <= height


def wide() -> Plan:
    return plan(Size(200, 40), "stream", False, Splits())


@pytest.mark.parametrize("x", [30, 60, 90])
def test_a_dragged_column_follows_the_mouse_and_leaves_the_other_where_it_was(x: int) -> None:
    before = wide()
    after = plan(Size(200, 40), "stream", False, dragged(before, Splits(), 0, x, 5))
    assert after.columns[0] == x
    assert abs(after.columns[1] - before.columns[1]) <= 1


def test_a_dragged_row_follows_the_mouse() -> None:
    before = plan(Size(120, 40), "stream", False, Splits())
    after = plan(Size(120, 40), "stream", False, dragged(before, Splits(), "row", 5, 12))
    assert after.row == 12
