"""Cleaning, collapsing and capping of what commands print."""

from hypothesis import given, settings
from hypothesis import strategies as st

from steer.process.output import Cleaner, HeadTail, Lines, OutputCap


def clean(data: bytes, size: int) -> str:
    cleaner, lines = Cleaner(), Lines()
    out = [lines.feed(cleaner.feed(data[at : at + size])) for at in range(0, len(data), size)]
    out += [lines.feed(cleaner.feed(b"", final=True)), lines.finish()]
    return "".join(out)


PAINTED = (
    "plain\n\x1b[31mred\x1b[0m \x1b]0;a title\x07and\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n"
    "10 %\r50 %\r100 %\r\n\x1bP1$r0m\x1b\\dcs \x9b31mc1 \x90q\x9cé👍\x00\x07 b\bB\x1b(B\n\tend"
).encode()


def test_T3_escapes_stripped_and_progress_collapsed_however_the_bytes_are_cut() -> None:
    wanted = "plain\nred andlink\n100 %\ndcs c1 é👍 B\n\tend"
    for size in range(1, len(PAINTED) + 1):
        assert clean(PAINTED, size) == wanted, size


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["\x1b", "[", "]", "3", "m", "\r", "\n", "\b", "a", "é", "\x9d", "\x07", "\\", "P", " "]))
)
def test_no_control_character_survives(parts: list[str]) -> None:
    text = clean("".join(parts).encode(), 3)
    assert not [char for char in text if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160]


def test_an_escape_that_never_ends_hides_only_its_line() -> None:
    assert clean(b"\x1b]0;never ends\nnext\n", 4) == "\nnext\n"
    assert "still here" in clean(b"\x1b]" + b"x" * 70_000 + b"still here\n", 4096)


def test_invalid_utf8_is_replaced_not_lost() -> None:
    assert clean(b"a\xffb\xe2\x82", 1) == "a\ufffdb\ufffd"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab\né", max_size=30), max_size=40), st.integers(0, 30), st.integers(0, 30))
def test_T3_omitted_bytes_add_up(parts: list[str], head: int, tail: int) -> None:
    kept = HeadTail(OutputCap(head, tail))
    for part in parts:
        kept.add(part)
    whole = "".join(parts)
    text, omitted = kept.result(", full log at X")
    assert omitted >= 0
    if not omitted:
        assert text == whole
        return
    assert len(whole) > head + tail
    marker = f"[{omitted} bytes omitted, full log at X]\n"
    first, last = text.split(marker)
    # Before the note a line end is put where the head has none.
    shown = len(whole.encode()) - omitted - len(last.encode())
    assert first in (whole.encode()[:shown].decode(), whole.encode()[:shown].decode() + "\n")
    assert whole.endswith(last)


def test_a_line_without_end_is_not_kept_in_memory() -> None:
    lines = Lines()
    settled = sum(len(lines.feed("x" * 50_000)) for _ in range(100))
    assert len(lines.open) <= 65_536
    assert settled + len(lines.open) == 5_000_000
