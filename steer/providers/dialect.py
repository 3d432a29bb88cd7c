"""What an endpoint turned out not to take, learned from its refusals and kept for the provider's lifetime."""

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Final

from steer.providers.failures import Failure


@dataclass(frozen=True, slots=True)
class Dialect:
    """``without`` are parameters left out. ``tools`` False means that the model takes none: the history's calls are told as
    text. ``reasoning`` None follows the options. ``null_content`` False writes "" where a message has only calls."""

    without: frozenset[str] = frozenset()
    token_limit: str = "max_tokens"
    tools: bool = True
    reasoning: bool | None = None
    null_content: bool = True


_NO_TOOLS: Final = re.compile(
    r"does(?: not|n't) support (?:the use of )?(?:tools?|function)\b"  # Ollama, Bedrock, OpenRouter
    r"|no endpoints found that support tool use"  # OpenRouter, 404
    r"|(?<!\w)(?:tools?|tool[ _]?(?:calling|use|calls?|choice)|function[ _]?calling|functions?)[`'\"]*"
    r" (?:is|are) not (?:supported|available|enabled)"  # Groq, Together
    r"|(?:unsupported|unknown|unrecognized)[^.\n]{0,40}[`'\": ]tools\b"
    r"|--enable-auto-tool-choice"  # vLLM
    r"|tools? param(?:eter)? requires --jinja"  # llama.cpp, 500
)
_NULL_CONTENT: Final = re.compile(
    r"content[^\n]{0,80}(?:\bnull\b|\bnone\b|field required|must be a string|valid string|expected a string|string_type|is required)"
    r"|(?:\bnull\b|\bnone\b)[^\n]{0,60}\bcontent\b"
)
_REASONING_MISSING: Final = re.compile(
    r"reasoning_content[^\n]{0,60}(?:missing|required|must be|passed back|need)|(?:missing|must (?:provide|include|pass))[^\n]{0,30}reasoning_content"
)
_OPTIONAL: Final = (
    ("stream_options", re.compile(r"stream_options|include_usage")),
    ("parallel_tool_calls", re.compile(r"parallel_tool_calls")),
    ("temperature", re.compile(r"\btemperature\b")),
    ("reasoning_effort", re.compile(r"reasoning_effort|reasoning\.effort")),
)


def adapted(dialect: Dialect, failure: Failure, sent: Set[str]) -> Dialect | None:
    """The dialect without what ``failure`` refuses; None where it refuses nothing that can be left out.

    ``sent`` are the parameters of the request, with ``null_content``, ``reasoning_content`` and ``assistant_calls`` for
    messages that had those. Each answer gives up one thing more, so that retrying on it ends.
    """
    if failure.kind == "context_overflow":
        return None
    text = failure.text
    if "tools" in sent and failure.status in (400, 404, 405, 422, 500, 501) and _NO_TOOLS.search(text):
        return replace(dialect, tools=False)
    if failure.status not in (400, 422):
        return None
    for name, pattern in _OPTIONAL:
        if name in sent and pattern.search(text):
            return replace(dialect, without=dialect.without | {name})
    return _token_limit(dialect, text, sent) or _messages(dialect, text, sent)


def _token_limit(dialect: Dialect, text: str, sent: Set[str]) -> Dialect | None:
    name = dialect.token_limit
    if name not in sent or not re.search(rf"\b{name}\b", text):
        return None
    other = "max_completion_tokens" if name == "max_tokens" else "max_tokens"
    # Each name is tried once; the one given up is remembered in ``without``.
    gone = dialect.without | {name}
    if other in gone or (name == "max_tokens" and other not in text):
        return replace(dialect, without=gone | {other})
    return replace(dialect, without=gone, token_limit=other)


def _messages(dialect: Dialect, text: str, sent: Set[str]) -> Dialect | None:
    if "reasoning_content" in sent and re.search(r"reasoning_content|\breasoning\b", text):
        return replace(dialect, reasoning=False)
    # DeepSeek and Moonshot refuse a thinking model's calls without the reasoning that led to them.
    if dialect.reasoning is None and "assistant_calls" in sent and _REASONING_MISSING.search(text):
        return replace(dialect, reasoning=True)
    if "null_content" in sent and _NULL_CONTENT.search(text):
        return replace(dialect, null_content=False)
    return None
