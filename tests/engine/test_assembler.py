"""Deltas into an answer (EDGE-CASES P2, P4)."""

from steer.domain.deltas import CallPiece, Finished, ReasoningPiece, TextPiece
from steer.engine.assembler import Assembler, parse_arguments


class Piece(str):
    """A text that must not be glued to another one: gluing each piece on is quadratic in a long answer."""

    __slots__ = ()

    def __add__(self, other: str) -> str:
        raise AssertionError("pieces are joined once, at the end")

    def __radd__(self, other: str) -> str:
        raise AssertionError("pieces are joined once, at the end")


def test_P2_pieces_are_kept_and_joined_once() -> None:
    assembler = Assembler(1)
    for i in range(1000):
        assembler.take(TextPiece(Piece(i % 10)))
        assembler.take(ReasoningPiece(Piece("r")))
        assembler.take(CallPiece(0, "c", "write", Piece(" ")))
    assembler.take(CallPiece(0, "", "", Piece('{"path": "a"}')))
    assembler.take(Finished("tool_calls"))
    answer = assembler.answer()
    assert answer.text == "0123456789" * 100
    assert answer.reasoning == "r" * 1000
    assert answer.calls[0].arguments == {"path": "a"}
    assert answer.runnable


def test_P4_calls_whose_pieces_come_interleaved() -> None:
    assembler = Assembler(2, frozenset({"x"}))
    for piece in (
        CallPiece(1, "x", "second", '{"b"'),
        CallPiece(0, "", "first", '{"a"'),
        CallPiece(1, "", "", ": 2}"),
        CallPiece(0, "", "", ": 1}"),
    ):
        assembler.take(piece)
    first, second = assembler.answer().calls
    assert (first.id, first.name, first.arguments) == ("call_2_0", "first", {"a": 1})
    assert (second.id, second.name, second.arguments) == ("x-2", "second", {"b": 2})
    assert not assembler.answer().runnable, "no finish reason has come"


def test_arguments_are_an_object_or_none() -> None:
    assert parse_arguments("") == {}
    assert parse_arguments('{"a": [1]}') == {"a": [1]}
    for broken in ("[1]", '"text"', "{", '{"a": 1}{"b": 2}', "[" * 100_000):
        assert parse_arguments(broken) is None
