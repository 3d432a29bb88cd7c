"""Nothing a model, a command or a file name says is read as markup or reaches the terminal as a control sequence."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer.domain.events import (
    ApprovalRequested,
    CommandOutput,
    ConstraintsChanged,
    DiffUpdated,
    EditApplied,
    ErrorRaised,
    Event,
    GateFinished,
    GateOutput,
    GatesPlanned,
    GateStarted,
    Notice,
    QueueChanged,
    ReasoningDelta,
    SessionStarted,
    TextDelta,
    ToolCalled,
    ToolDelta,
    ToolFinished,
    TurnStarted,
    VerifyFinished,
)
from tests.ui.fake_cockpit import FakeCockpit
from tests.ui.harness import Hand, at_the_cockpit

HOSTILE = [
    "[/]",
    "[link=http://x]y",
    "[bold red]x[/bold",
    "[@click=app.quit]z[/]",
    "\x1b[2J\x1b[H\x1b]0;title\x07\x1b]52;c;AAAA\x07",
    "\x9b31m\x9d8;;http://x\x9c",
    "\u202eabc\u2066\u200b\u200d",
    "\x00\x07\x08\r\x0b\x7f",
    "\ud800 lone \udfff",
    "e\u0301\u0301\u0301日本語🏳️‍🌈👨‍👩‍👧",
    "a\tb\nc\u2028d\u0085e",
]


def everywhere(text: str) -> list[Event]:
    """The text in every place of the screen that shows foreign text."""
    patch = f"--- a/{text}\n+++ b/{text}\n@@ -1,1 +1,1 @@\n-{text}\n+{text}\n"
    line = text.replace("\n", " ")
    return [
        SessionStarted("s", f"/x/{text}", text, "chat", 1000, (), text),
        TurnStarted(1, text),
        Notice(text, text),
        ReasoningDelta(text, 1),
        TextDelta(f"{text}\n\n```{line}\n{text}\n```\n# {text}\n", 1),
        ToolDelta("c1", "edit_file", f'{{"path": "{line}", "old": "{line}", "new": "', 1),
        ToolCalled("c1", "edit_file", text),
        EditApplied("c1", text, 1, 1, patch),
        ToolFinished("c1", True, text),
        ToolCalled("c2", text, {"command": text}),
        CommandOutput("c2", text),
        ToolFinished("c2", False, text),
        DiffUpdated("turn", patch, (text,), 1, 1),
        GatesPlanned(((text, text),)),
        GateStarted(text, text),
        GateOutput(text, text),
        GateFinished(text, "failed", 1, 0.1, text, text),
        VerifyFinished("not_run", text, text),
        Notice(text, f"trust:{text}"),
        ErrorRaised("network", text, True),
        QueueChanged((("m1", text),)),
        ConstraintsChanged(("only:" + (re.sub(r"[\s,]", "", text) or "x"),)),
        ApprovalRequested("c3", text, None, text, patch),
        ToolDelta("c4", "write_file", f'{{"path": "{line}", "content": "{line}', 1),
    ]


CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_safe(text: str, size: tuple[int, int]) -> None:
    async def work(hand: Hand) -> None:
        shown = hand.text()
        assert CONTROL.search(shown) is None, CONTROL.findall(shown)
        await hand.press("f3")
        await hand.press("f4")
        assert CONTROL.search(hand.text()) is None
        assert not hand.app._exit

    at_the_cockpit(work, cockpit=FakeCockpit(everywhere(text)), size=size)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_U2_hostile_text_is_drawn_as_text_everywhere(text: str) -> None:
    assert_safe(text, (160, 45))


@given(st.text(alphabet=st.sampled_from(list("[]/=@\\ab \x1b\x9b\x07\u202e\u0301日👍\t\r\n\"'`*#{}")), max_size=24))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_U2_any_text_is_drawn_as_text_everywhere(text: str) -> None:
    assert_safe(text, (80, 24))
