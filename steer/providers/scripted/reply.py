"""What the scripted model answers, before it becomes a stream."""

from dataclasses import dataclass

from steer.domain.values import JsonObject


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: the tool's name and its arguments."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``calls`` follow the text; ``handbook`` asks for so many tokens of long answer after it."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    handbook: int = 0
