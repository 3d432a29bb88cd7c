"""A session whose records come from a script: the screen's tests run against it instead of an engine."""

import asyncio
from collections.abc import Iterable

from steer.domain.commands import Command
from steer.domain.events import (
    CheckpointCreated,
    DiffUpdated,
    EditApplied,
    Event,
    GateFinished,
    GateOutput,
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
    TurnStarted,
    Usage,
)


class FakeCockpit:
    """Gives what ``say`` was told at the next drain and remembers what was posted."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.posted: list[Command] = []
        self.closed = False
        self.seconds = 0.0
        self._seq = 0
        self._waiting: list[Record] = []
        self.say(*events)

    def say(self, *events: Event, after: float = 0.1) -> None:
        """Stamp events and put them into the mailbox; each lies ``after`` seconds behind the one before."""
        for event in events:
            self._seq += 1
            self.seconds += after
            self._waiting.append(Record(self._seq, self.seconds, event))

    def post(self, command: Command) -> None:
        self.posted.append(command)

    def drain(self) -> list[Record]:
        records, self._waiting = self._waiting, []
        return records

    def now(self) -> float:
        return self.seconds

    async def close(self) -> None:
        self.closed = True

    async def open(self) -> "FakeCockpit":
        """An opener that is ready at once."""
        await asyncio.sleep(0)
        return self


STARTED = SessionStarted(
    "s1", "/home/ann/tinydates", "gpt-oss-120b", "chat", 128_000, ("max-lines:150", "ask-delete", "no-network"), "main"
)
USAGE = Usage(
    38_000,
    400,
    30_000,
    38_400,
    128_000,
    0.3,
    "drifting",
    {"instructions": 1_200, "tools": 900, "memory": 2_300, "conversation": 12_000, "tool_results": 22_000},
)
PATCH = "\n".join(
    [
        "diff --git a/src/dates.py b/src/dates.py",
        "--- a/src/dates.py",
        "+++ b/src/dates.py",
        "@@ -38,8 +38,14 @@",
        " import re",
        " ",
        " ",
        " def parse(text):",
        "-    return _iso(text)",
        '+    """Parse an ISO date, with or without a week."""',
        '+    if "W" in text:',
        "+        return parse_week(text)",
        "+    return _iso(text.strip())",
        " ",
        " ",
        " def _iso(text):",
        "     return datetime.date.fromisoformat(text)",
        "diff --git a/tests/test_dates.py b/tests/test_dates.py",
        "new file mode 100644",
        "--- /dev/null",
        "+++ b/tests/test_dates.py",
        "@@ -0,0 +1,4 @@",
        "+from src.dates import parse",
        "+",
        "+",
        '+def test_week(): assert parse("2020-W53-7")',
        "",
    ]
)
DIFF = DiffUpdated("turn", PATCH, ("src/dates.py", "tests/test_dates.py"), 8, 1)


def turn(number: int = 1, task: str = "Parse ISO weeks") -> list[Event]:
    """A turn has begun and its first request is out."""
    return [
        TurnStarted(number, task),
        CheckpointCreated(f"cp{number}", f"turn {number}"),
        RequestStarted(1, 4, 38_000),
    ]


def demo() -> list[Event]:
    """A turn in the middle: text, an edit applied, gates, and an edit that is being written."""
    return [
        STARTED,
        *turn(),
        USAGE,
        TextDelta("I'll add the week parser next to `parse_date`.\n\n- reads `2020-W53-7`\n- rejects week 54\n", 24),
        ToolDelta("c1", "edit_file", '{"path": "src/dates.py", "old": "    return _iso(text)", "new": "    if', 20),
        ToolDelta("c1", "edit_file", ' \\"W\\" in text:\\n        return parse_week(text)\\n"}', 20),
        ResponseFinished(1, "tool_calls", 180.0, 1.2, 64),
        ToolCalled("c1", "edit_file", {"path": "src/dates.py", "old": "    return _iso(text)", "new": "..."}),
        EditApplied("c1", "src/dates.py", 4, 1, PATCH),
        ToolFinished("c1", True, "edited src/dates.py +4 −1"),
        DIFF,
        GatesPlanned((("lint", "ruff check"), ("tests", "pytest -q"), ("types", "mypy"))),
        GateStarted("lint", "ruff check"),
        GateFinished("lint", "passed", 0, 0.4, "", "All checks passed!\n"),
        GateStarted("tests", "pytest -q"),
        GateFinished(
            "tests",
            "failed",
            1,
            2.1,
            "exit code 1",
            "FAILED tests/test_dates.py::test_week\nE   assert parse('2020-W53-7') == date(2021, 1, 3)\n1 failed, 11 passed\n",
        ),
        GateStarted("types", "mypy"),
        GateOutput("types", "checking 12 files\n"),
        RequestStarted(2, 8, 39_000),
        *(TextDelta(f"The test wants the ISO year, part {n}. ", 12) for n in range(12)),
        ToolDelta(
            "c2", "write_file", '{"path": "src/weeks.py", "content": "def parse_week(text: str) -> date:\\n    year', 30
        ),
        ToolDelta(
            "c2", "write_file", ', week, day = map(int, text.replace(\\"-W\\", \\"-\\").split(\\"-\\"))\\n    retu', 30
        ),
    ]
