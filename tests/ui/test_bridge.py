"""The bridge: when frames are due, what waits for the session, and that the replica is the session's transcript."""

from collections.abc import Sequence

import pytest

from steer.domain.commands import Interrupt, Submit
from steer.domain.events import Event, TextDelta
from steer.domain.transcript import replay
from steer.ui.bridge import FRAME, SLOWEST, Bridge, Pace
from steer.ui.facts import Facts
from tests.ui.fake_cockpit import STARTED, FakeCockpit, demo, turn


class Seen:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.facts: list[Facts] = []
        self.ticks = 0

    def on_events(self, events: Sequence[Event]) -> None:
        self.events.extend(events)

    def on_facts(self, facts: Facts) -> None:
        self.facts.append(facts)

    def on_second(self) -> None:
        self.ticks += 1


def test_P1_one_dear_frame_does_not_hold_up_the_next() -> None:
    pace = Pace()
    for _ in range(20):
        pace.end(10.0, 0.005)
    pace.end(10.0, 0.02)
    assert pace.interval < 1.3 * FRAME


@pytest.mark.parametrize(("cost", "interval"), [(0.001, FRAME), (0.015, 0.045), (0.04, 0.12), (1.0, SLOWEST)])
def test_P1_dear_frames_come_less_often(cost: float, interval: float) -> None:
    pace = Pace()
    assert pace.begin(10.0)
    for _ in range(80):
        pace.end(10.0, cost)
    assert pace.interval == pytest.approx(interval, rel=1e-3)
    assert not pace.begin(10.0 + interval / 2)
    assert pace.begin(10.0 + interval)


def test_commands_before_the_session_wait_in_order() -> None:
    bridge, cockpit = Bridge(), FakeCockpit()
    bridge.post(Submit("one"))
    bridge.post(Interrupt(1))
    assert not bridge.ready
    bridge.connect(cockpit)
    bridge.post(Submit("two"))
    assert cockpit.posted == [Submit("one"), Interrupt(1), Submit("two")]


def test_the_replica_is_the_fold_of_what_was_drained() -> None:
    records = FakeCockpit(demo()).drain()
    bridge, seen = Bridge(), Seen()
    bridge.connect(FakeCockpit(demo()))
    assert bridge.frame(seen)
    assert bridge.transcript == replay(records)
    assert seen.events == [record.event for record in records]
    assert len(seen.facts) == 1


def test_frames_go_on_while_a_turn_runs() -> None:
    bridge, seen = Bridge(), Seen()
    cockpit = FakeCockpit([STARTED, *turn(), TextDelta("x", 1)])
    bridge.connect(cockpit)
    assert bridge.frame(seen)
    bridge._pace = Pace()
    assert bridge.frame(seen)
    assert len(seen.facts) == 1, "figures that did not change are not told again"


def test_without_a_session_there_are_no_frames() -> None:
    assert not Bridge().frame(Seen())
