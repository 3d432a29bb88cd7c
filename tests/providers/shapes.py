"""Answers as different endpoints stream them: bytes as they come over the wire, and what they must fold to.

Written after the endpoints' public documentation and bug reports; ids and texts are made up.
"""

import json
from dataclasses import dataclass
from typing import Any

from steer.domain.deltas import Finished, UsagePiece
from tests.providers.folding import Folded


@dataclass(frozen=True)
class Shape:
    """``wire`` is the body, ``folded`` what it says."""

    name: str
    wire: bytes
    folded: Folded


def _lines(*events: Any, end: str = "\n\n", done: bool = True) -> bytes:
    """Events in this line ending; a string is put in as it is."""
    out = [
        event if isinstance(event, str) else f"data: {json.dumps(event, ensure_ascii=False)}{end}" for event in events
    ]
    return ("".join(out) + (f"data: [DONE]{end}" if done else "")).encode()


def _chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
    if delta is not None:
        choice["delta"] = delta
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def _call(index: int | None, identity: str | None, name: str | None, arguments: Any, **more: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"type": "function", "function": {}, **more}
    if index is not None:
        out["index"] = index
    if identity is not None:
        out["id"] = identity
    if name is not None:
        out["function"]["name"] = name
    if arguments is not None:
        out["function"]["arguments"] = arguments
    return {"tool_calls": [out]}


def _usage(prompt: int, completion: int, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}


_STOP = Finished("stop")
_TOOLS = Finished("tool_calls")

SHAPES = (
    Shape(
        "openai text",
        _lines(
            _chunk({"role": "assistant", "content": "", "refusal": None}, usage=None, obfuscation="xY"),
            _chunk({"content": "Grüße, "}, usage=None),
            _chunk({"content": "Welt 👍"}, usage=None),
            _chunk({}, "stop", usage=None),
            {
                **_chunk({}),
                "choices": [],
                "usage": _usage(
                    1200,
                    31,
                    prompt_tokens_details={"cached_tokens": 1024, "audio_tokens": 0},
                    completion_tokens_details={"reasoning_tokens": 12, "accepted_prediction_tokens": 0},
                ),
            },
        ),
        Folded("Grüße, Welt 👍", usage=UsagePiece(1200, 31, 1024, 12), end=_STOP),
    ),
    Shape(
        "openai two calls in parallel",
        _lines(
            _chunk({"role": "assistant", "content": None}),
            _chunk(_call(0, "call_a", "read_file", "")),
            _chunk(_call(0, None, None, '{"pa')),
            _chunk(_call(0, None, None, 'th":"a.py"}')),
            _chunk(_call(1, "call_b", "read_file", "")),
            _chunk(_call(1, None, None, '{"path":"b.py"}')),
            _chunk({}, "tool_calls"),
        ),
        Folded(
            calls=[("call_a", "read_file", '{"path":"a.py"}'), ("call_b", "read_file", '{"path":"b.py"}')], end=_TOOLS
        ),
    ),
    Shape(
        "groq, usage under x_groq",
        _lines(
            _chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1"}, system_fingerprint="fp"),
            _chunk({"reasoning": "Let me see. ", "channel": "analysis"}),
            _chunk({"content": "Hello"}, logprobs=None),
            _chunk({}, "stop", x_groq={"id": "req_1", "usage": _usage(20, 5, queue_time=0.03, total_time=0.04)}),
        ),
        Folded("Hello", "Let me see. ", usage=UsagePiece(20, 5), end=_STOP),
    ),
    Shape(
        "cerebras, finish and usage in one chunk",
        _lines(
            _chunk({"role": "assistant"}),
            _chunk({"reasoning": "think"}),
            _chunk(_call(0, "fc1", "search", '{"pattern":"x"}')),
            _chunk(
                {},
                "tool_calls",
                usage=_usage(90, 12, prompt_tokens_details={"cached_tokens": 0}),
                time_info={"queue_time": 1e-4},
            ),
            done=False,
        ),
        Folded("", "think", [("fc1", "search", '{"pattern":"x"}')], UsagePiece(90, 12, 0), _TOOLS),
    ),
    Shape(
        "openrouter, comments and reasoning twice",
        _lines(
            ": OPENROUTER PROCESSING\n\n",
            ": OPENROUTER PROCESSING\n\n",
            _chunk(
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning": "Hm. ",
                    "reasoning_details": [{"type": "reasoning.text", "text": "Hm. ", "format": "unknown", "index": 0}],
                },
                provider="Cerebras",
                native_finish_reason=None,
            ),
            _chunk({"content": "", "reasoning_details": [{"type": "reasoning.summary", "summary": "Well."}]}),
            _chunk({"content": "", "reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA"}]}),
            _chunk({"role": "assistant", "content": "Yes"}),
            ": OPENROUTER PROCESSING\n\n",
            _chunk({"content": ""}, "stop", native_finish_reason="stop"),
            {
                **_chunk({"content": ""}),
                "usage": _usage(10, 3, cost=0.0001, completion_tokens_details={"reasoning_tokens": 2}),
            },
        ),
        Folded("Yes", "Hm. Well.", usage=UsagePiece(10, 3, None, 2), end=_STOP),
    ),
    Shape(
        "deepseek, reasoning first, cache hits by their own name",
        _lines(
            _chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
            _chunk({"content": None, "reasoning_content": "First "}),
            _chunk({"content": None, "reasoning_content": "think"}),
            _chunk({"content": "Then talk", "reasoning_content": None}),
            _chunk(
                {"content": "", "reasoning_content": None},
                "stop",
                usage=_usage(100, 9, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36),
            ),
        ),
        Folded("Then talk", "First think", usage=UsagePiece(100, 9, 64), end=_STOP),
    ),
    Shape(
        "mistral, content as parts",
        _lines(
            _chunk({"role": "assistant", "content": ""}),
            _chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "One "}]}]}),
            _chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "two."}], "closed": True}]}),
            _chunk({"content": [{"type": "text", "text": "An"}, {"type": "text", "text": "swer"}]}),
            _chunk({"content": "!"}),
            _chunk(
                {"content": "", **_call(0, "D681PevKs", "read_file", '{"path": "a"}')}, "tool_calls", usage=_usage(7, 8)
            ),
        ),
        Folded("Answer!", "One two.", [("D681PevKs", "read_file", '{"path": "a"}')], UsagePiece(7, 8), _TOOLS),
    ),
    Shape(
        "vllm, usage in every chunk, both reasoning names",
        _lines(
            _chunk({"role": "assistant", "content": ""}, usage=_usage(11, 0)),
            _chunk({"reasoning": "R", "reasoning_content": "R"}, usage=_usage(11, 1)),
            _chunk({"content": "T"}, usage=_usage(11, 2), stop_reason=None),
            _chunk({"content": ""}, "stop", usage=_usage(11, 3)),
            {**_chunk({}), "choices": [], "usage": _usage(11, 3)},
        ),
        Folded("T", "R", usage=UsagePiece(11, 3), end=_STOP),
    ),
    Shape(
        "llama.cpp, timings and an id only in the first piece",
        _lines(
            _chunk({"role": "assistant", "content": None}),
            _chunk(_call(0, "Zx81", "run_command", "{")),
            _chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"command":"ls"}'}}]}),
            _chunk({}, "tool_calls"),
            {**_chunk({}), "choices": [], "usage": _usage(50, 9), "timings": {"predicted_per_second": 81.2}},
        ),
        Folded("", "", [("Zx81", "run_command", '{"command":"ls"}')], UsagePiece(50, 9), _TOOLS),
    ),
    Shape(
        "ollama, whole calls, thinking tags in the text",
        _lines(
            _chunk({"role": "assistant", "content": "<think>"}),
            _chunk({"role": "assistant", "content": "\nhm\n"}),
            _chunk({"role": "assistant", "content": "</think>"}),
            _chunk({"role": "assistant", "content": "\n\nOk"}),
            _chunk({"role": "assistant", "content": "", **_call(0, "call_u1", "list_files", "{}")}),
            _chunk({"role": "assistant", "content": ""}, "stop"),
        ),
        Folded("Ok", "\nhm\n", [("call_u1", "list_files", "{}")], end=_STOP),
    ),
    Shape(
        "together, text beside delta, eos",
        _lines(
            {
                "id": "o1",
                "object": "chat.completion.chunk",
                "choices": [
                    {
                        "index": 0,
                        "text": "Hi",
                        "delta": {"token_id": 1, "role": "assistant", "content": "Hi", "tool_calls": None},
                        "finish_reason": None,
                    }
                ],
                "usage": None,
            },
            {
                "id": "o1",
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "text": "", "delta": {"content": ""}, "finish_reason": "eos"}],
                "usage": _usage(4, 1),
            },
        ),
        Folded("Hi", usage=UsagePiece(4, 1), end=_STOP),
    ),
    Shape(
        "fireworks, usage with the finish, no usage chunk",
        _lines(
            _chunk({"role": "assistant"}),
            _chunk({"content": "done"}),
            _chunk({}, "length", usage=_usage(4, 1, prompt_tokens_details={"cached_tokens": 2})),
        ),
        Folded("done", usage=UsagePiece(4, 1, 2), end=Finished("length")),
    ),
    Shape(
        "xai, cumulative usage, whole call in one chunk",
        _lines(
            _chunk({"role": "assistant", "reasoning_content": "so"}, usage=_usage(30, 0)),
            _chunk(
                _call(0, "call_9", "read_file", '{"path":"x"}'),
                usage=_usage(30, 20, completion_tokens_details={"reasoning_tokens": 9}),
            ),
            _chunk(
                {"content": ""}, "tool_calls", usage=_usage(30, 21, completion_tokens_details={"reasoning_tokens": 9})
            ),
        ),
        Folded("", "so", [("call_9", "read_file", '{"path":"x"}')], UsagePiece(30, 21, None, 9), _TOOLS),
    ),
    Shape(
        "gemini's compatible endpoint, no index, no ids, stop",
        _lines(
            _chunk({"role": "assistant", "content": "<thought>mull</thought>"}),
            _chunk({"role": "assistant", **_call(None, "", "read_file", '{"path":"a"}')}),
            _chunk({"role": "assistant", **_call(None, "", "read_file", '{"path":"b"}')}),
            _chunk({"role": "assistant"}, "stop", usage=_usage(9, 9)),
        ),
        Folded(
            "", "mull", [("", "read_file", '{"path":"a"}'), ("", "read_file", '{"path":"b"}')], UsagePiece(9, 9), _STOP
        ),
    ),
    Shape(
        "azure, filter results first and last, choices without delta",
        _lines(
            {
                "choices": [],
                "created": 0,
                "id": "",
                "model": "",
                "object": "",
                "prompt_filter_results": [{"prompt_index": 0}],
            },
            _chunk({"role": "assistant", "content": "Hi"}, content_filter_results={}),
            {
                "id": "",
                "object": "",
                "choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {"check_offset": 44}}],
                "usage": None,
            },
            _chunk({}, "content_filter"),
        ),
        Folded("Hi", end=Finished("content_filter")),
    ),
    Shape(
        "lm studio, CRLF and no space",
        _lines(
            _chunk({"role": "assistant", "content": "a"}), _chunk({"content": "b"}), _chunk({}, "stop"), end="\r\n\r\n"
        ).replace(b"data: ", b"data:"),
        Folded("ab", end=_STOP),
    ),
    Shape(
        "moonshot, usage inside the choice",
        _lines(
            _chunk({"role": "assistant", "content": "k2"}),
            {
                "id": "c",
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": _usage(8, 2, cached_tokens=4)}],
            },
        ),
        Folded("k2", usage=UsagePiece(8, 2, 4), end=_STOP),
    ),
    Shape(
        "sglang, no index, the name behind the arguments",
        _lines(
            _chunk(_call(None, "s1", None, "")),
            _chunk(_call(None, "s1", None, '{"path":')),
            _chunk(_call(None, "s1", "read_file", '"a"}')),
            _chunk({}, "tool_calls"),
        ),
        Folded("", "", [("s1", "read_file", '{"path":"a"}')], end=_TOOLS),
    ),
    Shape(
        "a proxy with ids, events, retries and CR",
        _lines(
            "retry: 3000\r",
            ": ping\r\r",
            'event: message\rid: 7\rdata: {"choices":\rdata:  [{"delta":{"content":"x\u2028y\u0085z"}}]}\r\r',
            _chunk({"content": "!"}, "stop"),
            end="\r\r",
        ),
        Folded("x\u2028y\u0085z!", end=_STOP),
    ),
    Shape(
        "objects on successive lines, nothing between, no end mark",
        _lines(
            _chunk({"content": "1"}), _chunk({"content": "2"}), _chunk({"content": "3"}, "stop"), end="\n", done=False
        ),
        Folded("123", end=_STOP),
    ),
    Shape(
        "bom, two choices, deltas after the finish",
        b"\xef\xbb\xbf"
        + _lines(
            {"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "y"}}]},
            _chunk({}, "stop"),
            {"choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]},
            _chunk({"content": "es"}),
        ),
        Folded("yes", end=_STOP),
    ),
    Shape(
        "legacy function_call",
        _lines(
            _chunk({"role": "assistant", "content": None, "function_call": {"name": "read_file", "arguments": ""}}),
            _chunk({"function_call": {"arguments": '{"path"'}}),
            _chunk({"function_call": {"name": None, "arguments": ':"a"}'}}),
            _chunk({}, "function_call"),
        ),
        Folded("", "", [("", "read_file", '{"path":"a"}')], end=_TOOLS),
    ),
    Shape(
        "no finish reason and no end mark",
        _lines(_chunk({"role": "assistant", "content": "all"}), done=False).rstrip(),
        Folded("all", end=_STOP),
    ),
    Shape(
        "a whole answer instead of a stream",
        json.dumps(
            {
                "id": "c",
                "object": "chat.completion",
                "choices": [
                    {
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "content": "Whole",
                            "reasoning_content": "why",
                            "tool_calls": [
                                {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
                                {"id": "b", "type": "function", "function": {"name": "f", "arguments": {"x": 2}}},
                            ],
                        },
                        "finish_reason": "tool_calls",
                    }
                ],
                "usage": _usage(3, 4),
            },
            indent=2,
        ).encode(),
        Folded("Whole", "why", [("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')], UsagePiece(3, 4), _TOOLS),
    ),
    Shape(
        "surrogates, halves in two chunks, lone ones, NUL",
        b'data: {"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"\\udc4db\\ud800c\\u0000"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"reasoning":"\\udfff"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"d\\ud83d"},"finish_reason":"stop"}]}\n\n',
        Folded("a👍b\ufffdc\0d\ufffd", "\ufffd", end=_STOP),
    ),
)
