"""A call's arguments: declared once, checked before a tool uses them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from steer.domain.errors import ToolError
from steer.domain.messages import ToolSpec
from steer.domain.values import Json, JsonObject


def declare(name: str, description: str, properties: JsonObject, required: Sequence[str]) -> ToolSpec:
    """A tool's declaration; its parameters are a closed JSON Schema object."""
    schema: JsonObject = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return ToolSpec(name, description, schema)


@dataclass(slots=True)
class Arguments:
    """Reads arguments by name. Raises ToolError that names the argument. What no one asked for is in ``unused``."""

    tool: str
    given: JsonObject
    _asked: set[str] = field(default_factory=set)

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self._value(name)
        if value is None:
            there = ", ".join(self.given) or "none"
            raise ToolError(f"{self.tool} needs the argument {name!r}; given: {there}.")
        return self._string(name, value)

    def optional_text(self, name: str) -> str | None:
        """A string, or None where it is missing, null or empty."""
        value = self._value(name)
        return None if value is None else self._string(name, value) or None

    def optional_number(self, name: str) -> float | None:
        """A number, or a string that is one."""
        value = self._value(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise self._wrong(name, "a number", value) from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number", value)
        return value

    def optional_count(self, name: str, least: int = 1) -> int | None:
        """A whole number of at least ``least``."""
        value = self.optional_number(name)
        if value is None:
            return None
        if value != value or value in (float("inf"), float("-inf")) or value != int(value) or value < least:
            raise self._wrong(name, f"a whole number from {least}", value)
        return int(value)

    def note(self) -> str:
        """A line on arguments that the tool does not know; empty where there are none. Call it last."""
        unknown = [name for name in self.given if name not in self._asked]
        return f"\n[{self.tool} has no argument {', '.join(map(repr, unknown))}: ignored]" if unknown else ""

    def _value(self, name: str) -> Json:
        self._asked.add(name)
        return self.given.get(name)

    def _string(self, name: str, value: Json) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, "a string", value)
        return value

    def _wrong(self, name: str, wanted: str, value: Json) -> ToolError:
        return ToolError(f"{self.tool}: the argument {name!r} must be {wanted}, not {value!r:.80}.")
