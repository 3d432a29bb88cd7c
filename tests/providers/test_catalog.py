"""Context windows by name."""

import pytest

from steer.providers.catalog import WINDOWS, window_of


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("gpt-oss-120b", 131_072),
        ("openai/gpt-oss-20b", 131_072),
        ("gpt-4.1-mini-2025-04-14", 1_047_576),
        ("gpt-4o-2024-08-06", 128_000),
        ("gpt-4-0613", 8_192),
        ("gpt-4-turbo-preview", 128_000),
        ("gpt-5-nano", 400_000),
        ("gpt-5.1-codex-max", 400_000),
        ("gpt-5.1-chat-latest", 128_000),
        ("o3-mini", 200_000),
        ("o4-mini-2025-04-16", 200_000),
        ("llama-3.3-70b-versatile", 131_072),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", 131_072),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", 131_072),
        ("llama3.1-8b", 32_768),
        ("llama-3.1-8b-instant", 131_072),
        ("qwen-3-coder-480b", 262_144),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", 262_144),
        ("qwen/qwen3-coder:free", 262_144),
        ("qwen/qwen3-32b", 131_072),
        ("qwen-3-235b-a22b-instruct-2507", 131_072),
        ("zai-glm-4.6", 131_072),
        ("z-ai/glm-4.6:exacto", 204_800),
        ("glm-4.5-air", 131_072),
        ("deepseek-chat", 128_000),
        ("deepseek/deepseek-chat-v3.1", 128_000),
        ("accounts/fireworks/models/deepseek-v3p1", 128_000),
        ("moonshotai/kimi-k2-instruct-0905", 262_144),
        ("moonshotai/kimi-k2-thinking", 262_144),
        ("kimi-k2.5", 262_144),
        ("anthropic/claude-sonnet-4.5", 200_000),
        ("claude-sonnet-4-5-20250929", 200_000),
        ("claude-sonnet-4-20250514", 200_000),
        ("claude-opus-4-1-20250805", 200_000),
        ("claude-3-5-haiku-latest", 200_000),
        ("google/gemini-2.5-flash-lite", 1_048_576),
        ("gemini-3-pro-preview", 1_048_576),
        ("devstral-small-2507", 128_000),
        ("devstral-2512", 262_144),
        ("codestral-latest", 256_000),
        ("mistral-large-latest", 262_144),
        ("grok-code-fast-1", 256_000),
        ("grok-4-fast-reasoning", 2_000_000),
    ],
)
def test_known(model: str, window: int) -> None:
    assert window_of(model) == window


@pytest.mark.parametrize(
    "model", ["", "my-model", "gpt", "gpt-9", "gpt-4.7", "o3x", "llama3.1:8b", "gpt-oss:20b", "qwen", "glm-9.9"]
)
def test_unknown_is_none_and_no_guess(model: str) -> None:
    assert window_of(model) is None


def test_every_entry_finds_itself() -> None:
    assert {name: window_of(name) for name in WINDOWS} == dict(WINDOWS)
