"""How requests to a Chat Completions endpoint are made: what to ask for, and how long to bear with it."""

from dataclasses import dataclass, field

from steer.domain.values import JsonObject


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What is asked for. None leaves a parameter out, which is the safest: every endpoint has its own defaults.

    ``send_reasoning`` gives the model its earlier reasoning back as ``reasoning_content``. ``strict_alternation`` is for
    templates such as Mistral's, which refuse two user messages in a row and a user message behind a tool's result.
    ``extra`` is put into the request's body as it is.
    """

    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    parallel_tool_calls: bool | None = None
    send_reasoning: bool = False
    strict_alternation: bool = False
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds, all of waiting for the endpoint: a reader that does not read is not counted.

    ``first_byte_timeout`` from the request to the first byte of the body, ``stall_timeout`` silence after it (keep-alive
    comments are no silence), ``settle_timeout`` silence after the finish reason (the answer is then complete),
    ``longest_wait`` the longest wait an endpoint may ask for before it is an error.
    """

    max_retries: int = 4
    first_byte_timeout: float = 300.0
    stall_timeout: float = 120.0
    settle_timeout: float = 5.0
    longest_wait: float = 60.0
