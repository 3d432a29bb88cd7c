"""The conversation as the model sees it."""

from dataclasses import dataclass

from steer.domain.values import JsonObject, Role


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made. ``arguments`` is a JSON object as text: valid JSON always, ``{}`` where the model's was not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the history. ``tool_calls`` only on assistant messages, ``tool_call_id`` only on tool messages."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What the model is told about a tool. ``parameters`` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One step's request: the whole history and the tools on offer."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
