"""Context windows of models known by name.

Figures in tokens, prompt and answer together, as the models' makers and their hosts publish them: OpenAI
(platform.openai.com/docs/models), Cerebras (inference-docs.cerebras.ai/models), Groq (console.groq.com/docs/models),
Mistral (docs.mistral.ai), Anthropic, Google (ai.google.dev/gemini-api/docs/models), DeepSeek, Moonshot, Z.ai, MiniMax, Qwen
and Llama model cards, and models.dev where they agree. A host may serve less: what an overflow error or the user says
counts more.
"""

import re
from types import MappingProxyType
from typing import Final

_K: Final = 1024

WINDOWS: Final = MappingProxyType(
    {
        # OpenAI
        "gpt-oss-120b": 128 * _K,
        "gpt-oss-20b": 128 * _K,
        "gpt-5": 400_000,
        "gpt-5-chat": 128_000,
        "gpt-5.1-chat": 128_000,
        "gpt-5.2-chat": 128_000,
        "gpt-5.3-chat": 128_000,
        "gpt-5.3-codex-spark": 128_000,
        "gpt-5.1": 400_000,
        "gpt-5.2": 400_000,
        "gpt-5.3": 400_000,
        "gpt-5.4": 1_050_000,
        "gpt-5.4-mini": 400_000,
        "gpt-5.4-nano": 400_000,
        "gpt-5.5": 1_050_000,
        "gpt-4.1": 1_047_576,
        "gpt-4.5": 128_000,
        "gpt-4o": 128_000,
        "chatgpt-4o": 128_000,
        "gpt-4-turbo": 128_000,
        "gpt-4-1106": 128_000,
        "gpt-4-0125": 128_000,
        "gpt-4-32k": 32_768,
        "gpt-4": 8_192,
        "gpt-3.5-turbo": 16_385,
        "codex-mini": 200_000,
        "o1": 200_000,
        "o1-mini": 128_000,
        "o1-preview": 128_000,
        "o3": 200_000,
        "o4-mini": 200_000,
        # Meta
        "llama-3.3-70b": 128 * _K,
        "llama-3.2": 128 * _K,
        "llama-3.1": 128 * _K,
        "llama-3": 8 * _K,
        # Cerebras' spelling of the 8B, served with less than the model has.
        "llama3.1-8b": 32 * _K,
        "llama-4-scout": 128 * _K,
        "llama-4-maverick": 128 * _K,
        # Qwen
        "qwen-3": 128 * _K,
        "qwen-3-32b": 128 * _K,
        "qwen-3-coder": 256 * _K,
        "qwen-3-235b": 128 * _K,
        "qwen-3-235b-a22b-2507": 256 * _K,
        "qwen-3-next": 256 * _K,
        "qwen-3-30b-a3b-instruct-2507": 256 * _K,
        "qwen-2.5-coder": 32 * _K,
        "qwen-2.5": 32 * _K,
        "qwq-32b": 128 * _K,
        # Z.ai, also under Cerebras' names
        "glm-4.5": 128 * _K,
        "glm-4.6": 200 * _K,
        "glm-4.7": 200 * _K,
        "glm-5": 200_000,
        "glm-5.2": 1_000_000,
        "zai-glm-4.6": 128 * _K,
        "zai-glm-4.7": 128 * _K,
        # DeepSeek
        "deepseek-chat": 128_000,
        "deepseek-reasoner": 128_000,
        "deepseek-v3": 128_000,
        "deepseek-v3.1": 128_000,
        "deepseek-v3.2": 128_000,
        "deepseek-r1": 128_000,
        "deepseek-r1-distill": 128 * _K,
        "deepseek-v4": 1_000_000,
        # Moonshot
        "kimi-k2": 256 * _K,
        "kimi-k2.5": 256 * _K,
        "kimi-k2.6": 256 * _K,
        "kimi-k2.7": 256 * _K,
        "kimi-k2-instruct": 128 * _K,
        "kimi-k2-instruct-0905": 256 * _K,
        "kimi-k2-0711": 128 * _K,
        # MiniMax
        "minimax-m2": 196_608,
        "minimax-m2.1": 204_800,
        "minimax-m2.5": 204_800,
        "minimax-m2.7": 204_800,
        "minimax-m3": 512_000,
        # Anthropic
        "claude-3": 200_000,
        "claude-sonnet-4": 200_000,
        "claude-sonnet-4.5": 200_000,
        "claude-sonnet-4.6": 1_000_000,
        "claude-opus-4": 200_000,
        "claude-opus-4.1": 200_000,
        "claude-opus-4.5": 200_000,
        "claude-opus-4.6": 1_000_000,
        "claude-opus-4.7": 1_000_000,
        "claude-opus-4.8": 1_000_000,
        "claude-haiku-4": 200_000,
        "claude-haiku-4.5": 200_000,
        # Google
        "gemini-1.5-pro": 2_097_152,
        "gemini-1.5-flash": 1_048_576,
        "gemini-2.0": 1_048_576,
        "gemini-2.5": 1_048_576,
        "gemini-3": 1_048_576,
        "gemini-3.1": 1_048_576,
        "gemini-3.5": 1_048_576,
        "gemini-flash": 1_048_576,
        "gemma-2": 8 * _K,
        "gemma-3": 128 * _K,
        "gemma-4": 256 * _K,
        # Mistral
        "mistral-large": 256 * _K,
        "mistral-large-2411": 128 * _K,
        "mistral-large-2407": 128 * _K,
        "mistral-medium": 128 * _K,
        "mistral-small": 128 * _K,
        "mistral-nemo": 128 * _K,
        "ministral": 128 * _K,
        "magistral": 128_000,
        "codestral": 256_000,
        "codestral-2405": 32_000,
        "devstral": 256 * _K,
        "devstral-small-2505": 128_000,
        "devstral-small-2507": 128_000,
        "devstral-medium-2507": 128_000,
        "mixtral-8x7b": 32_768,
        "mixtral-8x22b": 65_536,
        # xAI
        "grok-3": 131_072,
        "grok-4": 256_000,
        "grok-4-fast": 2_000_000,
        "grok-4.1-fast": 2_000_000,
        "grok-4.20": 1_000_000,
        "grok-4.3": 1_000_000,
        "grok-code-fast": 256_000,
        # Mercury (Inception)
        "mercury": 128_000,
        "mercury-coder": 128_000,
    }
)

_VARIANTS: Final = (":free", ":nitro", ":floor", ":exacto", ":online", ":thinking", ":extended", ":beta", ":latest")
"""OpenRouter's suffixes: the same model, routed otherwise."""

_WIDTHS: Final = re.compile(r"-(?:cs|fp8|fp16|bf16|awq|gptq|int[48]|turbo-fp8)$")
_FAMILY: Final = re.compile(r"^(?:meta-)?(qwen|llama|gemma|kimi-k|claude)-?(?=\d)")
_CLAUDE_MINOR: Final = re.compile(r"^(claude-[a-z]+-\d)-(\d)(?!\d)")


def window_of(model: str) -> int | None:
    """The context window of a model in tokens, by its name or the longest beginning of it; None where it is not known.

    Paths of hosts (``openai/gpt-4o``, ``accounts/fireworks/models/...``) and routing suffixes do not matter. A name with
    a tag such as ``llama3.1:8b`` is a local server's, whose window is what the server was started with: not known.
    """
    name = _bare(model)
    if name in WINDOWS:
        return WINDOWS[name]
    name = _normal(name)
    if ":" in name:
        return None
    parts = name.split("-")
    for end in range(len(parts), 0, -1):
        found = _longest(parts[:end])
        if found is not None:
            return found
    return None


def _longest(parts: list[str]) -> int | None:
    name = "-".join(parts)
    found = WINDOWS.get(name)
    if found is None and "." in parts[-1]:
        # glm-4.5v, gpt-5.9: an unknown minor version is not the major one; only letters behind the number may go.
        found = WINDOWS.get(re.sub(r"(?<=\d)[a-z]+$", "", name))
    return found


def _bare(model: str) -> str:
    """The model's own name: without the host's path, revision, routing suffix and number format."""
    name = model.strip().lower().rsplit("/", 1)[-1].replace("_", "-")
    for suffix in _VARIANTS:
        name = name.removesuffix(suffix)
    return _WIDTHS.sub("", name.partition("@")[0])


def _normal(name: str) -> str:
    """One spelling for the several that families have."""
    name = _FAMILY.sub(lambda match: match[1] if match[1] == "kimi-k" else f"{match[1]}-", name)
    # Fireworks writes a point as p: llama-v3p3-70b.
    name = re.sub(r"-v(\d)p(\d)", r"-\1.\2", name) if name.startswith("llama") else re.sub(r"(?<=\d)p(?=\d)", ".", name)
    return _CLAUDE_MINOR.sub(r"\1.\2", name)
