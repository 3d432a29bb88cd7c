"""Reasoning tags inside the text."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.providers.thinking import ThinkFilter


def split(*pieces: str) -> tuple[str, str]:
    """Answer and reasoning."""
    sieve = ThinkFilter()
    parts = [part for piece in pieces for part in sieve.feed(piece)] + sieve.close()
    return "".join(p.text for p in parts if not p.reasoning), "".join(p.text for p in parts if p.reasoning)


CASES = [
    ("<think>a\nb</think>\n\nc", ("c", "a\nb")),
    ("\n <think>a</think>b</think>", ("b</think>", "a")),
    ("<thinking>a</think></thinking>b", ("b", "a</think>")),
    ("say <think>", ("say <think>", "")),
    ("<think>never closed </thi", ("", "never closed </thi")),
    ("<thin ice", ("<thin ice", "")),
    ("  <", ("  <", "")),
    ("<think></think>x", ("x", "")),
    ("<thought>g</thought>ok <think>no</think>", ("ok <think>no</think>", "g")),
    ("", ("", "")),
    (" \n", (" \n", "")),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_P13_tags_at_the_start_are_reasoning(text: str, expected: tuple[str, str]) -> None:
    assert split(text) == expected
    assert split(*text) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<thinking>", "<", "/", "think", ">", " ", "\n", "a"])), st.data()
)
def test_P13_any_cut_splits_the_same(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    at = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=5))})
    assert split(*(text[a:b] for a, b in pairwise(at))) == split(text)


def test_text_without_tags_is_not_held_back() -> None:
    sieve = ThinkFilter()
    assert [part.text for part in sieve.feed("Hello")] == ["Hello"]
    assert [part.text for part in sieve.feed("<")] == ["<"]
