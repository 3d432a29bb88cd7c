import json
import random
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.edits import text_diff
from steer.domain.events import (
    EVENT_TYPES,
    ApprovalRequested,
    ApprovalResolved,
    CheckpointCreated,
    CommandFinished,
    CommandOutput,
    ConstraintViolated,
    EditApplied,
    EditRefused,
    ErrorRaised,
    Event,
    GateFinished,
    GateStarted,
    InterruptedEvent,
    Notice,
    ReasoningDelta,
    RequestStarted,
    ResponseFinished,
    Steered,
    TextDelta,
    ToolCalled,
    ToolDelta,
    ToolFinished,
    TurnFinished,
    TurnStarted,
    VerifyFinished,
)
from steer.render import document as document_module
from steer.render.cells import width
from steer.render.document import Document
from steer.render.rows import TOKENS, Row

OLD = "a = 1\n"
NEW = "a = 2\n" + "".join(f"b{n} = {n}\n" for n in range(40))
ARGUMENTS = json.dumps({"path": "src/a.py", "old": OLD, "new": NEW})


def made(events: Iterable[Event], cells: int = 80) -> Document:
    document = Document(cells)
    for event in events:
        document.feed(event)
    document.flush()
    return document


def rows(document: Document) -> list[Row]:
    return [document.row(index) for index in range(document.row_count)]


def texts(document: Document) -> list[str]:
    return [row.text for row in rows(document)]


def applied(call_id: str = "c1") -> list[Event]:
    diff = text_diff("src/a.py", OLD.encode(), NEW.encode())
    return [
        ToolCalled(call_id, "edit_file", json.loads(ARGUMENTS)),
        CheckpointCreated("cp1", "before edit", call_id),
        EditApplied(call_id, "src/a.py", diff.added, diff.removed, diff.text),
        ToolFinished(call_id, True, "edited src/a.py"),
    ]


def session() -> list[Event]:
    """A turn with something of everything."""
    return [
        TurnStarted(1, "do it\nplease"),
        CheckpointCreated("cp0", "turn"),
        RequestStarted(1, 2, 100),
        ReasoningDelta("think\nabout ", 3),
        ReasoningDelta("it", 1),
        TextDelta("I'll **add** it.\n\n```py\nx = 1\n"),
        TextDelta("```\n"),
        *(ToolDelta("c1", "edit_file", ARGUMENTS[at : at + 9], 2) for at in range(0, len(ARGUMENTS), 9)),
        ResponseFinished(1, "tool_calls", 10.0, 1.0, 50),
        *applied(),
        ToolCalled("c2", "run_command", {"command": "pytest -q"}),
        CommandOutput("c2", "..\r...\n" + "line\n" * 30),
        CommandFinished("c2", "pytest -q", 1, 2.5, ("new.py",), (), (), True),
        ToolFinished("c2", False, "exit 1"),
        Steered("no, do\nthat", ("only:a.py",), "now"),
        InterruptedEvent("steer", 120, 12.4),
        ConstraintViolated("only:a.py", "streaming", "c9", "b.py", "b.py is outside a.py"),
        ApprovalRequested("c4", "delete", None, "delete x?", ""),
        ApprovalResolved("c4", "delete", False, "no"),
        GateStarted("lint", "ruff"),
        GateFinished("lint", "passed", 0, 0.4, "", ""),
        GateStarted("tests", "pytest"),
        GateFinished("tests", "failed", 1, 2.1, "1 new failure", "out\n" * 20),
        VerifyFinished("failed", "tests failed"),
        ErrorRaised("rate_limit", "slow down", True),
        Notice("hello [/]\x1b[31m\x1b]0;x\x07"),
        TurnFinished(1, "completed", "", ("src/a.py",), 41, 1, 100, 50, 3.2),
    ]


def test_what_happened_is_there_in_its_order_in_words() -> None:
    shown = "\n".join(texts(made(session())))
    expected = [
        "› do it",
        "▸ reasoning 4 tokens, 2 lines",
        "I'll add it.",
        "▸ edit src/a.py +41 −1  ✓ edited src/a.py",
        "▸ run pytest -q  ✗ 2.5 s · exit 1",
        "created new.py",
        "↪ now: no, do",
        "↪ set only:a.py",
        "■ interrupted (steer), kept 120 characters · 12 ms",
        "✗ constraint only:a.py stopped the call while it streamed: b.py",
        "b.py is outside a.py",
        "✗ delete denied: no",
        "✓ lint passed 0.4 s",
        "✗ tests failed 2.1 s  1 new failure",
        "✗ verification failed: tests failed",
        "✗ error, rate limit, trying again: slow down",
        "· hello [/]␛]0;x␇",
        "✓ turn 1 completed · 1 file +41 −1 · 3.2 s · 50 tokens",
    ]
    at = 0
    for words in expected:
        assert words in shown[at:], words
        at = shown.index(words, at)


@pytest.mark.parametrize("cells", [1, 7, 40, 120])
def test_rows_fit_and_carry_known_tokens(cells: int) -> None:
    for row in rows(made(session(), cells)):
        assert width(row.text) <= cells or cells < 40
        assert row.fill in TOKENS or not row.fill
        at = 0
        for start, end, name in row.spans:
            assert at <= start <= end <= len(row.text)
            assert name in TOKENS
            at = end


def cut(text: str, rng: random.Random) -> list[str]:
    cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randrange(8)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab *`#-\n\t漢\u0301\x1b[m\r", max_size=120), st.integers(0, 10_000))
def test_any_cutting_of_the_deltas_gives_the_same_rows(text: str, seed: int) -> None:
    rng = random.Random(seed)
    whole: list[Event] = [
        ReasoningDelta(text),
        TextDelta(text),
        ToolDelta("c", "edit_file", ARGUMENTS),
        CommandOutput("d", text),
    ]
    pieces: list[Event] = [ReasoningDelta(part) for part in cut(text, rng)]
    pieces += [TextDelta(part) for part in cut(text, rng)]
    pieces += [ToolDelta("c", "edit_file", part) for part in cut(ARGUMENTS, rng)]
    pieces += [CommandOutput("d", part) for part in cut(text, rng)]
    end: list[Event] = [TurnFinished(1, "completed", "", (), 0, 0, 0, 0, 1.0)]
    document = Document(20)
    for event in [*pieces, *end]:
        document.feed(event)
        if rng.random() < 0.5:
            document.flush()
    document.flush()
    assert texts(document) == texts(made([*whole, *end], 20))


def test_flushing_between_makes_no_difference_and_tells_what_changed() -> None:
    document, shown = Document(60), list[Row]()
    for event in session():
        document.feed(event)
        first = document.flush()
        now = rows(document)
        if first is None:
            assert now == shown
        else:
            assert now[:first] == shown[:first], event
        shown = now
    assert shown == rows(made(session(), 60))


def test_another_width_is_as_if_it_had_been_that_from_the_start() -> None:
    document = made(session(), 100)
    document.set_width(33)
    assert rows(document) == rows(made(session(), 33))
    assert document.flush(100) == 0
    assert rows(document) == rows(made(session(), 100))


def test_a_growing_call_shows_its_code_before_it_is_applied() -> None:
    document = made([ToolDelta("c1", "edit_file", ARGUMENTS[:80])])
    assert texts(document)[0].startswith("▸ edit src/a.py +")
    assert texts(document)[0].endswith("streaming…")
    assert [row.fill for row in rows(document)][1:3] == ["removed", "added"]


def test_a_call_of_which_no_pieces_are_recorded_is_shown_too() -> None:
    assert texts(made(applied()))[0] == "▸ edit src/a.py +41 −1  ✓ edited src/a.py"
    running = made([ToolCalled("c1", "write_file", {"path": "x.py", "content": "a = 1\n"})])
    assert texts(running) == ["▸ write x.py +1 −0  running…", "+ a = 1"]


@pytest.mark.parametrize(
    ("name", "arguments", "head"),
    [
        ("read_file", {"path": "a.py", "start": 1, "end": 20}, "▸ read a.py 1–20  running…"),
        ("search", {"pattern": "x", "glob": "*.py"}, "▸ search x in *.py  running…"),
        ("run_command", {"command": "ls\n\t-l\u200b\x1b[1m"}, "▸ run ls -l‹U+200B›  running…"),
        ("made_up", {"a": [1]}, '▸ made_up {"a": [1]}  running…'),
        ("read_file", "not json", "▸ read not json  running…"),
    ],
)
def test_heads_of_calls(name: str, arguments: dict[str, object] | str, head: str) -> None:
    event = ToolCalled("c", name, arguments)  # type: ignore[arg-type]
    assert texts(made([event])) == [head]


def test_calls_that_never_ran_say_so() -> None:
    document = made([ToolDelta("c", "write_file", '{"path": "x'), InterruptedEvent("user", 3)])
    assert texts(document)[0] == "▸ write x +0 −0  ✗ interrupted"
    stopped = made(
        [ToolDelta("c", "write_file", '{"path": "x'), ConstraintViolated("protect:x", "streaming", "c", "x", "")]
    )
    assert texts(stopped)[0].endswith("✗ stopped by protect:x")


def test_a_refused_edit_says_why() -> None:
    document = made(
        [
            ToolCalled("c", "edit_file", {"path": "a", "old": "x", "new": "y"}),
            EditRefused("c", "a", "not found"),
            ToolFinished("c", False, "no match"),
        ]
    )
    assert "✗ refused a: not found" in "\n".join(texts(document))


def test_ids_used_again_in_a_later_turn_are_other_calls() -> None:
    document = made([TurnStarted(1, "a"), *applied(), TurnStarted(2, "b"), *applied()])
    assert len(document.entries("call")) == 2


def test_reasoning_is_folded_until_opened() -> None:
    document = made([ReasoningDelta("one\ntwo", 2)])
    assert texts(document) == ["▸ reasoning… 2 tokens, 2 lines"]
    assert document.toggle(0) == 0
    assert texts(document) == ["▾ reasoning… 2 tokens, 2 lines", "  one", "  two"]
    document.feed(ReasoningDelta("\nthree", 1))
    document.flush()
    assert texts(document)[-1] == "  three"
    assert document.toggle(2) == 0
    assert document.row_count == 1


def test_reasoning_without_counts_is_an_estimate() -> None:
    assert texts(made([ReasoningDelta("x" * 400)])) == ["▸ reasoning… ~100 tokens, 1 line"]


def test_long_outputs_fold_to_head_and_tail() -> None:
    output = "".join(f"line {n}\n" for n in range(100))
    document = made([CommandOutput("c", output)])
    assert texts(document)[1] == "  … 88 more rows, folded"
    assert texts(document)[-1] == "  line 99"
    for event in (CommandFinished("c", "x", 0, 1.0, (), (), (), True), ToolFinished("c", True, "")):
        document.feed(event)
    document.flush()
    assert texts(document)[1:4] == ["  line 0", "  line 1", "  line 2"]
    assert document.toggle(4) is not None
    assert document.row_count == 101
    assert document.entry_text(0).count("\n") == 100


def test_U11_endless_output_keeps_its_end() -> None:
    document = Document(80)
    for at in range(0, 25_000, 500):
        document.feed(CommandOutput("c", "".join(f"{n}\n" for n in range(at, at + 500))))
        document.flush()
    assert texts(document)[-1] == "  24999"
    assert "older lines are no longer kept here" in texts(document)[1]


def test_T3_a_flood_of_output_in_one_frame_costs_its_end_only() -> None:
    document = made(
        [CommandOutput("c", "first, still open"), CommandOutput("c", "".join(f"{n}\n" for n in range(500_000)))]
    )
    assert texts(document)[-1] == "  499999"
    assert document.entry_text(0).count("\n") < 25_000
    assert "older lines are no longer kept here" in texts(document)[1]


def test_U11_old_turns_are_forgotten_above_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "ROW_LIMIT", 200)
    document = Document(80)
    for number in range(20):
        document.feed(TurnStarted(number, f"task {number}"))
        document.feed(TextDelta("line\n" * 30))
        document.flush()
    assert document.row_count <= 200
    assert document.forgotten > 300
    assert document.entries("task")[-1].title == "› task 19"
    assert document.row(0).entry == document.entries("task")[0].id


def test_places_entries_and_search() -> None:
    document = made(session(), 50)
    for index, row in enumerate(rows(document)):
        at = document.locate(row)
        assert at <= index
        assert document.row(at).entry == row.entry
    task = document.entries("task")[0]
    assert (task.turn, task.checkpoint, task.title) == (1, "cp0", "› do it")
    call = document.entries("call")[0]
    assert (call.call_id, call.checkpoint) == ("c1", "cp1")
    found = document.entry_at(call.row)
    assert found is not None
    assert found.event == 7
    hits = document.search("INTERRUPTED")
    assert [document.row(hit).text[:13] for hit in hits] == ["■ interrupted"]
    assert document.search("") == ()
    assert document.entry_at(10**9) is None


def test_search_finds_what_a_fold_hides() -> None:
    document = made([ReasoningDelta("needle here", 2)])
    assert document.search("needle") == (0,)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(session()), max_size=25))
def test_events_in_any_order_do_no_harm(events: Sequence[Event]) -> None:
    document = made(events, 30)
    for row in rows(document):
        assert "\x1b" not in row.text
        assert "\n" not in row.text


def test_every_event_of_the_union_is_known() -> None:
    seen = {type(event).type for event in session()}
    silent = {"message.appended", "usage", "diff.updated", "queue.changed", "gates.planned", "gate.output"}
    rest = {"session.started", "edit.refused", "constraints.changed", "paused.changed"}
    assert set(EVENT_TYPES) == seen | silent | rest
