"""Figures and words around the panes."""

import pytest

from steer.domain.events import (
    ErrorRaised,
    Event,
    GatesPlanned,
    GateStarted,
    Record,
    RequestStarted,
    ResponseFinished,
    SessionStarted,
    TextDelta,
    ToolCalled,
    ToolDelta,
    ToolFinished,
    TurnFinished,
    Usage,
    VerifyFinished,
)
from steer.domain.transcript import Transcript, replay
from steer.ui.facts import Facts, duration, enter_words, facts_of, spark, tokens_text
from steer.ui.widgets.header import meter
from tests.ui.fake_cockpit import STARTED, USAGE, turn


def after(*events: Event) -> Transcript:
    return replay([Record(i + 1, i * 0.1, event) for i, event in enumerate(events)])


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (38_400, "38.4k"),
        (128_000, "128k"),
        (999_949, "999.9k"),
        (1_048_576, "1.0M"),
    ],
)
def test_token_counts_in_few_characters(tokens: int, text: str) -> None:
    assert tokens_text(tokens) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (41, "41 s"), (99, "99 s"), (600, "10 min"), (7_300, "2 h"), (1e9, "99 h")]
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_sparkline_is_scaled_to_its_highest() -> None:
    assert spark((0, 5, 10)) == "▁▄█"
    assert spark(()) == spark((0, 0)) == ""


def test_C1_the_meter_counts_what_has_streamed_and_marks_it_as_an_estimate() -> None:
    reported = facts_of(after(STARTED, *turn(), USAGE), 1.0).context
    assert (reported.tokens, reported.window, reported.estimated, reported.band) == (38_400, 128_000, False, "drifting")
    streaming = facts_of(after(STARTED, *turn(), USAGE, TextDelta("x", 100)), 1.0).context
    assert (streaming.tokens, streaming.estimated) == (38_500, True)


def test_P6_without_reported_usage_the_figure_is_an_estimate() -> None:
    usage = Usage(None, None, None, 500, 128_000, 0.004, "sharp")
    assert facts_of(after(STARTED, usage), 1.0).context.estimated


def test_C3_an_unknown_window_gives_no_percent() -> None:
    started = SessionStarted("s", "/x/y", "m", "chat", None, ())
    context = facts_of(after(started, Usage(None, None, None, 500, None, None, None)), 1.0).context
    assert (context.tokens, context.fraction, context.steps) == (500, None, ())


def test_C3_the_fraction_is_never_over_999_percent() -> None:
    started = SessionStarted("s", "/x/y", "m", "chat", 10, ())
    assert facts_of(after(started, Usage(None, None, None, 5_000, 10, 9.99, "restart")), 1.0).context.fraction == 9.99


def test_the_forecast_says_when_the_bands_begin() -> None:
    transcript = after(STARTED, RequestStarted(1, 2, 10), USAGE, *(TextDelta("x", 100) for _ in range(20)))
    steps = facts_of(transcript, transcript.now).context.steps
    assert [step.split(" in ")[0] for step in steps] == ["60%", "restart"]


@pytest.mark.parametrize("fraction", [0.0, 0.004, 0.299, 0.3, 0.6, 0.8, 1.0, 9.99])
@pytest.mark.parametrize("width", [0, 3, 4, 10, 56])
def test_the_meter_is_exactly_as_wide_as_it_should_be(fraction: float, width: int) -> None:
    text = "".join(part for part, _ in meter(fraction, width, "meter.sharp"))
    assert len(text) == (width if width >= 4 else 0)


def test_the_meter_has_marks_at_30_60_and_80_percent() -> None:
    text = "".join(part for part, _ in meter(0.0, 50, "meter.sharp"))
    assert [at for at, char in enumerate(text) if char == "│"] == [15, 30, 40]


def test_gates_outside_of_a_turn_end_without_a_turns_end() -> None:
    running = after(STARTED, GateStarted("lint", "ruff"))
    assert facts_of(running, 1.0).phase == "verifying"
    assert facts_of(after(STARTED, GateStarted("lint", "ruff"), VerifyFinished("passed", "")), 1.0).phase == "idle"


def test_an_error_stands_in_the_header_until_it_is_over() -> None:
    failed = after(STARTED, *turn(), ErrorRaised("rate_limit", "slow down", True))
    assert facts_of(failed, 1.0).header.state == "rate limit, trying again"
    ended = TurnFinished(1, "failed", "", (), 0, 0, 0, 0, 1.0)
    assert facts_of(after(STARTED, *turn(), ErrorRaised("auth", "no key", False), ended), 1.0).header.state == "auth"


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "new turn"),
        (turn(), "redirect now, nothing came yet"),
        ([*turn(), TextDelta("x", 1_312)], "redirect now, keeps 1,312 tokens"),
        ([*turn(), ResponseFinished(1, "tool_calls", 1, 1, 1)], "redirect now, stops the tool"),
        ([*turn(), GateStarted("a", "b")], "redirect now, stops the gates"),
    ],
)
def test_enter_says_what_it_would_do(events: list[Event], words: str) -> None:
    assert enter_words(facts_of(after(STARTED, *events), 1.0), True, "text") == words


def test_enter_in_other_states() -> None:
    idle = Facts()
    assert enter_words(idle, False, "text") == "queued until the session is ready"
    assert enter_words(idle, False, "/help") == "command: keys"
    assert enter_words(idle, True, "/nope") == "no such command"
    assert enter_words(idle, True, "", editing=True) == "takes the waiting message back"
    assert enter_words(idle, True, "x", asked=True) == "answers the question"


def test_a_gate_that_was_cut_with_its_turn_does_not_run_on() -> None:
    ended = TurnFinished(1, "interrupted", "", (), 0, 0, 0, 0, 1.0)
    gates = (GatesPlanned((("lint", "ruff"), ("tests", "pytest"))), GateStarted("lint", "ruff"))
    assert facts_of(after(STARTED, *turn(), *gates), 1.0).gates == (("lint", "running"), ("tests", "planned"))
    assert facts_of(after(STARTED, *turn(), *gates, ended), 1.0).gates == (("lint", "cut"), ("tests", "not_run"))


def test_an_edit_that_is_not_applied_is_told_in_the_diffs_figures() -> None:
    writing = [STARTED, *turn(), ToolDelta("c1", "edit_file", '{"path": "a', 3)]
    assert facts_of(after(*writing), 1.0).diff.pending == "streaming…"
    called = [*writing, ToolCalled("c1", "edit_file", {"path": "a"})]
    assert facts_of(after(*called), 1.0).diff.pending == "not applied yet"
    assert facts_of(after(*called, ToolFinished("c1", True, "")), 1.0).diff.pending == ""
