"""A Chat Completions body into deltas, from bytes cut anywhere: a stream of events, or a whole JSON answer."""

from collections.abc import Iterable
from typing import Final

from steer.domain.deltas import Delta, Failed, Finished, ReasoningPiece, TextPiece, UsagePiece
from steer.domain.values import Json
from steer.providers.calls import LEGACY, CallSlots
from steer.providers.failures import Where, from_object, from_page
from steer.providers.report import message_of, presentable
from steer.providers.scalars import PairJoiner
from steer.providers.sse import Event, EventSplitter, PendingTooLarge
from steer.providers.thinking import Part as Stretch
from steer.providers.thinking import ThinkFilter
from steer.providers.wire import Call, Choice, Chunk, Part, Piece, Usage, decode_chunk, flatten, parse_json

_DONE: Final = b"[DONE]"
_REASONS: Final = {
    "function_call": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
}
"""Other words for OpenAI's finish reasons: legacy calls, Anthropic, text-generation-inference, Together, Gemini, Mistral."""

_BROKEN: Final = ("error", "insufficient_system_resource")
"""Finish reasons that are failures: OpenRouter, DeepSeek."""


class AnswerDecoder:
    """One answer. ``feed`` gives the deltas that a read completes, ``end`` the rest with Finished or Failed last.

    ``failed`` is set once the endpoint has reported an error or the stream is unreadable: its Failed has then been given
    and nothing more is to be read. ``done`` says that the end mark has come, ``complete`` that the finish reason has.
    """

    def __init__(self, where: Where, known_tools: Iterable[str] = ()) -> None:
        self.failed = False
        self.done = False
        self._where = where
        self._splitter = EventSplitter()
        self._calls = CallSlots(known_tools)
        self._think = ThinkFilter()
        self._text = PairJoiner()
        self._reasoning = PairJoiner()
        self._usage = UsagePiece()
        self._reason = ""
        self._answered = False
        self._stray = b""
        self._out: list[Delta] = []

    @property
    def complete(self) -> bool:
        """Whether the answer is whole, however the connection ends."""
        return self.done or bool(self._reason)

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas of the events that ``data`` completes."""
        try:
            events = self._splitter.feed(data)
        except PendingTooLarge as error:
            self._fail(Failed("bad_stream", f"The endpoint sent {error}."))
            return self._take()
        for event in events:
            if self.failed or self.done:
                break
            self._event(event, last=False)
        return self._take()

    def end(self, problem: Failed | None) -> list[Delta]:
        """What is left at the body's end; ``problem`` says why where it is not a clean one."""
        for event in self._splitter.close():
            if self.failed or self.done:
                break
            self._event(event, last=True, broken=problem is not None)
        if not self.failed:
            self._release()
            self._out.append(self._verdict(problem))
        return self._take()

    def _take(self) -> list[Delta]:
        out, self._out = self._out, []
        return out

    def _fail(self, failed: Failed) -> None:
        self._release()
        self._out.append(failed)
        self.failed = True

    def _release(self) -> None:
        """Give what was held back for a tag, a name or half a character."""
        self._reason_text(self._reasoning.close())
        self._stretches(self._think.feed(self._text.close()))
        self._stretches(self._think.close())
        self._out.extend(self._calls.close())

    def _verdict(self, problem: Failed | None) -> Delta:
        if self.complete or (problem is None and self._answered):
            return Finished(self._reason or "stop")
        if problem is not None:
            return problem
        stray = self._stray.strip()
        if stray.startswith(b"<"):
            return from_page(stray.decode("utf-8", "replace"), self._where).failed()
        if stray:
            said = presentable(message_of(stray.decode("utf-8", "replace")), self._where.key)
            return Failed("bad_stream", f"The endpoint sent no answer but: {said}")
        return Failed("bad_stream", f"{self._where.url} closed the connection without an answer.")

    def _event(self, event: Event, *, last: bool, broken: bool = False) -> None:
        data = event.data
        if not event.stray and data.strip() == _DONE:
            self.done = True
            return
        chunk = decode_chunk(data)
        if chunk is not None:
            self._chunk(chunk, data, event)
        elif b"\n" in data and not event.stray and self._line_by_line(data, event):
            pass
        elif data.lstrip().startswith(b"{") and not event.stray:
            self._unreadable(data, last=last, broken=broken)
        else:
            self._words(event)

    def _line_by_line(self, data: bytes, event: Event) -> bool:
        """Objects on ``data`` lines of one event that are not one object together; False where any is unreadable."""
        lines = [line for line in data.split(b"\n") if line.strip()]
        chunks = [(line, decode_chunk(line)) for line in lines if line.strip() != _DONE]
        if any(chunk is None for _, chunk in chunks):
            return False
        for line, chunk in chunks:
            if chunk is not None and not self.failed:
                self._chunk(chunk, line, event)
        self.done = self.done or len(chunks) < len(lines)
        return True

    def _unreadable(self, data: bytes, *, last: bool, broken: bool) -> None:
        if self.complete or (last and broken):
            # The cut that ended the body explains it, and is what gets reported.
            return
        start = presentable(data.decode("utf-8", "replace"), self._where.key, 120)
        how = "broke off in the middle of an event" if last else "sent an event that is no JSON"
        self._fail(Failed("bad_stream", f"The endpoint {how}: {start}"))

    def _words(self, event: Event) -> None:
        """Text where an event should be: an error in a line of its own, a keep-alive in words, a web page."""
        text = event.data.strip()
        name, _, rest = text.partition(b":")
        if event.name == "error" or name.strip().lower() == b"error":
            said = rest.strip() if name.strip().lower() == b"error" else text
            value = parse_json(said)
            self._error(said.decode("utf-8", "replace") if value is None else value)
        elif event.stray:
            self._stray = self._stray or text

    def _error(self, error: Json) -> None:
        if isinstance(error, list):
            error = next((item for item in error if isinstance(item, dict)), None)
        inner = error.get("error") if isinstance(error, dict) else None
        self._fail(from_object(inner or error, self._where).failed())

    def _chunk(self, chunk: Chunk, data: bytes, event: Event) -> None:
        error = chunk.error or (chunk.x_groq.error if chunk.x_groq else None)
        silent = chunk.choices is None and chunk.usage is None
        if error or (silent and (event.name == "error" or chunk.kind == "error" or chunk.detail)):
            self._choices(chunk)
            self._error(parse_json(data) if chunk.error or not error else _json(error))
            return
        if silent and not self._answered:
            # No answer and no error that is known as one: shown if nothing else comes.
            self._stray = self._stray or data
        self._choices(chunk)
        if chunk.x_groq is not None and chunk.x_groq.usage is not None:
            self._report(chunk.x_groq.usage)
        if chunk.usage is not None:
            self._report(chunk.usage)

    def _choices(self, chunk: Chunk) -> None:
        if chunk.choices is None:
            return
        self._answered = True
        for choice in chunk.choices:
            # Several answers to one question are not asked for; the first is the answer.
            if not choice.index and not self.failed:
                self._choice(choice)

    def _choice(self, choice: Choice) -> None:
        if choice.delta is not None:
            self._piece(choice.delta)
        elif choice.message is not None:
            self._message(choice.message)
        if choice.usage is not None:
            self._report(choice.usage)
        if choice.error:
            self._error(_json(choice.error))
        elif choice.finish_reason and choice.finish_reason != "null":
            reason = choice.finish_reason.lower()
            self._reason = _REASONS.get(reason, reason)
            if reason in _BROKEN:
                self._fail(Failed("overloaded", f"The endpoint broke the answer off ({reason})."))

    def _piece(self, piece: Piece) -> None:
        reasoning = piece.reasoning_content or piece.reasoning or piece.thinking
        if reasoning:
            self._reason_text(self._reasoning.feed(reasoning))
        elif piece.reasoning_details:
            self._reason_text(self._reasoning.feed(flatten(piece.reasoning_details)))
        content = piece.content
        if isinstance(content, str):
            self._answer_text(content)
        elif content is not None:
            self._parts(content)
        if piece.refusal:
            self._answer_text(piece.refusal)
        for call in piece.tool_calls or ():
            self._out.extend(self._calls.take(call))
        if piece.function_call is not None:
            self._out.extend(self._calls.take(Call(LEGACY, None, piece.function_call)))

    def _message(self, message: Piece) -> None:
        """A whole answer: its calls are whole too, one an entry."""
        for index, call in enumerate(message.tool_calls or ()):
            call.index = index
        self._piece(message)

    def _parts(self, parts: list[Part]) -> None:
        for part in parts:
            if part.type in ("thinking", "reasoning") or part.thinking:
                self._reason_text(self._reasoning.feed(flatten([part])))
            elif part.text:
                self._answer_text(part.text)

    def _answer_text(self, text: str) -> None:
        text = self._text.feed(text)
        if text:
            self._stretches(self._think.feed(text))

    def _stretches(self, stretches: list[Stretch]) -> None:
        for text, reasoning in stretches:
            self._out.append(ReasoningPiece(text) if reasoning else TextPiece(text))

    def _reason_text(self, text: str) -> None:
        if text:
            self._out.append(ReasoningPiece(text))

    def _report(self, usage: Usage) -> None:
        """Merge what was reported: later figures replace earlier ones, a figure left out stays."""
        prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
        before = self._usage
        cached = _first(prompt.cached_tokens if prompt else None, usage.prompt_cache_hit_tokens, usage.cached_tokens)
        now = UsagePiece(
            _first(usage.prompt_tokens, before.prompt_tokens),
            _first(usage.completion_tokens, before.completion_tokens),
            _first(cached, before.cached_tokens),
            _first(
                completion.reasoning_tokens if completion else None, usage.reasoning_tokens, before.reasoning_tokens
            ),
        )
        if now != before:
            self._usage = now
            self._out.append(now)


def _first(*figures: int | None) -> int | None:
    return next((figure for figure in figures if figure is not None), None)


def _json(value: object) -> Json:
    """An error object as the domain's JSON type: it came out of a JSON decoder."""
    return value if isinstance(value, str | int | float | dict | list) else None
