"""What a terminal sends, as messages: Esc, Alt, mouse reports and pastes, whole and in pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from steer.ui.input_reader import ESC_WAIT, PASTE_WAIT, SPLIT_WAIT, InputReader

ESC = "\x1b"


def read(*pieces: tuple[float, str], end: float = 5.0) -> list[Message]:
    """Feed pieces at their times, ticking whenever the reader asks for it."""
    reader, out, now = InputReader(), list[Message](), 0.0
    for at, text in (*pieces, (end, "")):
        while (wait := reader.wait(now)) is not None and now + wait <= at:
            now += wait
            out += reader.tick(now)
        now = at
        if text:
            out += reader.feed(text, now)
    return out


def keys(*pieces: tuple[float, str]) -> list[str]:
    return [message.key for message in read(*pieces) if isinstance(message, events.Key)]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(0.0, ESC)], ["escape"]),
        ([(0.0, ESC + ESC)], ["escape", "escape"]),
        ([(0.0, ESC), (0.05, ESC)], ["escape", "escape"]),
        ([(0.0, ESC + "1")], ["alt+1"]),
        ([(0.0, ESC), (0.004, "1")], ["alt+1"]),
        ([(0.0, ESC), (0.05, "1")], ["escape", "1"]),
        ([(0.0, ESC + "\r")], ["alt+enter"]),
        ([(0.0, ESC + "[A")], ["up"]),
        ([(0.0, ESC + "["), (0.05, "A")], ["up"]),
        ([(0.0, ESC), (0.004, "["), (0.008, "A")], ["up"]),
        ([(0.0, ESC + ESC + "[A")], ["alt+up"]),
        ([(0.0, ESC + "[1;3A")], ["alt+up"]),
        ([(0.0, ESC + "[19~")], ["f8"]),
        ([(0.0, "\x1c")], ["ctrl+backslash"]),
        ([(0.0, "\x00")], ["ctrl+@"]),
        ([(0.0, ESC + "[27u")], ["escape"]),
        ([(0.0, ESC + "[13;5u")], ["ctrl+enter"]),
        ([(0.0, ESC + "[27;2;13~")], ["shift+enter"]),
        ([(0.0, ESC + "[27;5;13~")], ["ctrl+enter"]),
        ([(0.0, "a" + ESC)], ["a", "escape"]),
        ([(0.0, "日"), (0.1, "本")], ["日", "本"]),
    ],
)
def test_I8_I2_keys_by_what_is_sent_and_when(pieces: list[tuple[float, str]], expected: list[str]) -> None:
    assert keys(*pieces) == expected


def test_I2_a_lone_escape_is_decided_after_ten_milliseconds() -> None:
    reader = InputReader()
    assert reader.feed(ESC, 1.0) == []
    assert reader.wait(1.0) == pytest.approx(ESC_WAIT)
    assert reader.tick(1.0 + ESC_WAIT / 2) == []
    assert [m.key for m in reader.tick(1.0 + ESC_WAIT) if isinstance(m, events.Key)] == ["escape"]
    assert reader.wait(2.0) is None


MOUSE = ESC + "[<35;10;20M"


@pytest.mark.parametrize("cut", range(1, len(MOUSE)))
def test_I10_a_mouse_report_split_anywhere_is_a_mouse_report(cut: int) -> None:
    gap = 0.004 if cut == 1 else 0.2
    found = read((0.0, MOUSE[:cut]), (gap, MOUSE[cut:]))
    assert [type(message) for message in found] == [events.MouseMove]


@pytest.mark.parametrize("cut", range(2, len(MOUSE)))
def test_I10_a_report_whose_rest_comes_too_late_is_neither_escape_nor_text(cut: int) -> None:
    found = read((0.0, MOUSE[:cut]), (SPLIT_WAIT + 0.2, MOUSE[cut:] + "x"))
    assert [
        message.key for message in found if isinstance(message, events.Key) and message.key != "left_square_bracket"
    ][-1:] == ["x"]
    assert "escape" not in [message.key for message in found if isinstance(message, events.Key)]


@pytest.mark.parametrize(
    "report",
    [
        ESC + "[<NaN;NaN;NaNM",
        ESC + "[<0;;M",
        ESC + "[<35;-3;2M",
        ESC + "[I",
        ESC + "[O",
        ESC + "[?1;2c",
        ESC + "[99999999999999u",
    ],
)
def test_I10_reports_are_never_keys(report: str) -> None:
    assert keys((0.0, report + "x")) == ["x"]


def test_I10_escape_before_a_mouse_report_stays_an_escape() -> None:
    found = read((0.0, ESC + MOUSE))
    assert [type(message) for message in found] == [events.Key, events.MouseMove]


@given(
    st.lists(
        st.sampled_from(
            [MOUSE, ESC + "[I", "a", "é", ESC + "[200~x\ry" + ESC + "[201~", ESC + "[A", ESC + "[<N", "\x00"]
        )
    ),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_I10_pieces_in_any_cut_give_what_the_whole_gives(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = [str(message) for message in read((0.0, text))]
    split = [str(message) for message in read(*((i * 0.001, piece) for i, piece in enumerate(pieces)))]
    assert split == whole


def pasted(*pieces: tuple[float, str]) -> list[str]:
    return [message.text for message in read(*pieces) if isinstance(message, events.Paste)]


def test_U1_a_paste_of_100000_characters_is_one_paste() -> None:
    text = "line of text\r" * 8000
    stream = ESC + "[200~" + text + ESC + "[201~z"
    pieces = [(i * 0.001, stream[i * 4096 : (i + 1) * 4096]) for i in range(len(stream) // 4096 + 1)]
    assert pasted(*pieces) == [text.replace("\r", "\n")]
    assert keys(*pieces) == ["z"]


def test_U1_a_paste_without_its_end_ends_by_itself() -> None:
    pieces = [(0.0, ESC + "[200~one\rtwo"), (PASTE_WAIT + 0.5, "x")]
    assert pasted(*pieces) == ["one\ntwo"]
    assert keys(*pieces) == ["x"]


def test_U1_a_late_end_of_a_paste_is_not_typed() -> None:
    pieces = [(0.0, ESC + "[200~one\r"), (PASTE_WAIT + 0.5, "two\r" + ESC + "[201~"), (3.0, "x")]
    assert pasted(*pieces) == ["one\n", "two\n"]
    assert keys(*pieces) == ["x"]


def test_U1_reports_inside_a_paste_are_no_text() -> None:
    assert pasted((0.0, ESC + "[200~a" + MOUSE + "b" + ESC + "[Ic\x00" + ESC + "[201~")) == ["abc"]


@given(st.text(alphabet=st.sampled_from(list(ESC + "[]<>?;:0123456789MmuOPIAR~\\\x07\x9b\ud7ffé日a ")), max_size=60))
@settings(max_examples=200, deadline=None)
def test_I10_no_input_ends_the_reader(text: str) -> None:
    found = read((0.0, text), (3.0, "q"), end=20.0)
    typed = [message for message in found if isinstance(message, (events.Key, events.Paste))]
    assert typed or ESC in text
