"""Knowing a context overflow by its words: every endpoint has its own.

Each pattern carries the endpoint that was seen to use it. Rate limits speak of tokens too and are excluded first.
"""

import re
from typing import Final

_NOT_OVERFLOW: Final = re.compile(
    r"^(?:throttling error|service unavailable):|rate[ _-]?limit|too many requests|tokens per (?:min|hour|day)|\btp[md]\b"
)

_OVERFLOW: Final = re.compile(
    "|".join(
        (
            r"prompt is too long",  # Anthropic
            r"request_too_large",  # Anthropic, 413
            r"input is too long for requested model",  # Bedrock
            r"exceeds the context window",  # OpenAI
            r"input token count.*exceeds the maximum",  # Gemini
            r"maximum prompt length is \d+",  # xAI
            r"reduce the length of the (?:messages|input|prompt)",  # Groq, Cerebras, vLLM
            r"maximum context length (?:is|of) \d+ tokens",  # OpenAI, OpenRouter, DeepSeek, vLLM
            r"exceeds the limit of \d+",  # GitHub Copilot
            r"exceeds? the available context size|exceed_context_size",  # llama.cpp
            r"greater than the context length",  # LM Studio
            r"context window exceeds limit",  # MiniMax
            r"exceeded model token limit",  # Moonshot
            r"too large for model with \d+ maximum context length",  # Mistral
            r"model_context_window_exceeded",  # z.ai
            r"prompt too long; exceeded (?:max )?context length",  # Ollama
            r"context[_ ]length[_ ]exceeded",  # OpenAI's code
            r"too many tokens",
            r"token limit exceeded",
            r"longer than the model'?s (?:maximum )?context length",  # vLLM, SGLang
            r"must have less than \d+ tokens|`inputs` tokens \+ `max_new_tokens` must be",  # text-generation-inference
            r"input (?:length|tokens?) .{0,40}exceeds? .{0,40}(?:maximum|context|allowed)",  # DashScope, Together
            r"(?:exceeds?|larger than|beyond) (?:the |this )?(?:model'?s )?(?:maximum |max )?context (?:length|window|size)",
            r"^4(?:00|13)\s*(?:status code)?\s*\(no body\)",  # Cerebras
        )
    )
)

_LIMITS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"maximum context length (?:is|of) (\d+)",
        r"> (\d+) maximum",
        r"maximum number of tokens allowed \(?(\d+)",
        r"with (\d+) maximum context length",
        r"maximum prompt length is (\d+)",
        r"exceeds the limit of (\d+)",
        r"while limit is (\d+)",
        r"exceeded model token limit:? (\d+)",
        r'"?n_ctx"?\s*[:=]?\s*\(?(\d+)',
        r"context (?:length|window|size)(?: of| is|:)? (?:only )?\(?(\d+)",
        r"available context size \(?(\d+)",
        r"must have less than (\d+) tokens",
        r"token limit exceeded.{0,40}?(?:limit|maximum|max)\D{0,10}(\d+)",
    )
)


def is_overflow(text: str) -> bool:
    """Whether the words of an error say that the request is longer than the context window."""
    low = text.lower().replace(",", "")
    return _NOT_OVERFLOW.search(low) is None and _OVERFLOW.search(low) is not None


def limit_in(text: str) -> int | None:
    """The context window in tokens where the words name it. Thousands separators are understood."""
    low = text.lower().replace(",", "")
    found = (match for pattern in _LIMITS if (match := pattern.search(low)))
    return next((number for match in found if (number := int(match[1][:12])) >= 256), None)
