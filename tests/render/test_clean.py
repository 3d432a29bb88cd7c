import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.render.clean import Carriage, Cleaner, clean, clean_line, guard_line

PIECES = st.sampled_from(
    [*"\x1b[m]8;\x07\\\r\nKaé\u200d\u200c\u202e\ud83d\udc4d\x9b\x9c\x9d(B👩\t\x00", "31"],
)


def dangerous(text: str) -> set[str]:
    return {
        char
        for char in text
        if (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000
    }


def test_U2_no_control_survives_in_10000_random_strings() -> None:
    rng = random.Random(1)
    alphabet = [
        *map(chr, range(0xA0)),
        *"\x1b[]\\;m\u202e\u2066\u200b\u200d\ud800\udfff漢👩",
        "[link=x]",
        "[/]",
        "\x1b]52;c;eA==\x07",
        "\x1b]8;;http://x\x1b\\",
    ]
    for _ in range(10_000):
        text = "".join(rng.choices(alphabet, k=rng.randrange(30)))
        assert not dangerous(clean(text)), ascii(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(["newline", "overwrite"]), st.data())
def test_cutting_into_pieces_makes_no_difference(text: str, carriage: Carriage, data: st.DataObject) -> None:
    whole = Cleaner(carriage)
    expected = whole.feed(text) + whole.finish()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = Cleaner(carriage)
    out = "".join(parts.feed(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)) + parts.finish()
    assert out == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("a\x1b[K\x1b[2Jb", "ab"),
        ("\x1b]8;;https://x.y\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]52;c;QQ==\x07", "␛]52;c;QQ==␇"),
        ("\x1b[2A", "␛[2A"),
        ("\x1bP1q\x1b\\", "␛P1q␛\\"),
        ("a\x00b\x08c\x7f", "a␀b␈c␡"),
        ("\x9b31mx", "x"),
        ("\x90x\x85", "‹U+0090›x‹U+0085›"),
        ("\u202eevil\u2069", "‹U+202E›evil‹U+2069›"),
        ("a\u200bb\ufeff", "a‹U+200B›b‹U+FEFF›"),
        ("a\u200db", "a‹U+200D›b"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\ud83d\udc4d", "👍"),
        ("\ud83dx\udc4d", "\ufffdx\ufffd"),
        ("\U000e0041", "‹U+E0041›"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\tx", "\tx"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_an_unfinished_sequence_waits_and_is_shown_at_the_end() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("a\x1b[3") == "a"
    assert cleaner.feed("1mb") == "b"
    assert cleaner.feed("\x1b[3") == ""
    assert cleaner.finish() == "␛[3"


def test_a_megabyte_without_an_end_does_not_wait_for_ever() -> None:
    cleaner = Cleaner()
    out = "".join(cleaner.feed("\x1b]8;;" + "x" * 1_000) for _ in range(1_000))
    assert len(out) > 900_000


def test_one_line() -> None:
    assert clean_line(" a\n\tb\x1b[0m ") == "a b"


def test_marks_have_something_to_stand_on() -> None:
    assert guard_line("\u0301x") == "◌\u0301x"
    assert guard_line("a" + "\u0301" * 100) == "a" + "\u0301" * 8
    assert guard_line("plain") == "plain"
