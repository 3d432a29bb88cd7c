"""Tool declarations as OpenAI shows them to its models: a TypeScript-like namespace, not the JSON of the request.

The form is not published; it was found by comparing reported prompt tokens. Source: H. Marr and contributors,
https://github.com/hmarr/openai-chat-tokens (src/functions.ts and its table of measured requests). gpt-oss uses the same
form in the open: https://github.com/openai/harmony.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from steer.domain.messages import ToolSpec
from steer.domain.values import Json, JsonObject

DEEPEST: Final = 40
"""Levels of nesting that are written out; what lies deeper (a schema that refers to itself) is ``any``."""

_EMPTY: Final[JsonObject] = {}


def render_namespace(tools: Sequence[ToolSpec]) -> str:
    """All tools as one namespace. Any JSON schema is accepted; what has no rendering becomes ``any``."""
    lines = ["namespace functions {", ""]
    for tool in tools:
        if tool.description:
            lines.append(f"// {tool.description}")
        root = as_object(tool.parameters)
        if as_object(root.get("properties")):
            lines += [f"type {tool.name} = (_: {{", _Renderer(root).properties(root, 0), "}) => any;"]
        else:
            lines.append(f"type {tool.name} = () => any;")
        lines.append("")
    return "\n".join([*lines, "} // namespace functions"])


def as_object(value: Json) -> JsonObject:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else _EMPTY


def as_list(value: Json) -> Sequence[Json]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def as_text(value: Json) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


class _Renderer:
    """Writes the types of one tool; ``root`` is where its ``$ref`` paths start."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root

    def properties(self, schema: JsonObject, depth: int) -> str:
        """The members of an object, one a line. Only those of the outermost object carry their descriptions."""
        required = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
        lines: list[str] = []
        for name, value in as_object(schema.get("properties")).items():
            member = as_object(value)
            description = as_text(member.get("description"))
            if description and depth == 0:
                lines.append(f"// {description}")
            mark = "" if name in required else "?"
            lines.append(f"{name}{mark}: {self.type(member, depth)},")
        indent = " " * 2 * depth
        return "\n".join(indent + line for line in lines)

    def type(self, schema: JsonObject, depth: int) -> str:
        """One type; unions and enumerations are joined with bars."""
        if depth > DEEPEST:
            return "any"
        for key in ("anyOf", "oneOf", "allOf"):
            if options := as_list(schema.get(key)):
                bar = " & " if key == "allOf" else " | "
                return bar.join(self.type(as_object(option), depth) for option in options)
        if reference := as_text(schema.get("$ref")):
            return self.type(self._resolve(reference), depth + 1)
        kind = schema.get("type")
        if kinds := as_list(kind):
            return " | ".join(self._plain(as_text(one), schema, depth) for one in kinds)
        return self._plain(as_text(kind), schema, depth)

    def _plain(self, kind: str, schema: JsonObject, depth: int) -> str:
        values = as_list(schema.get("enum"))
        if values and kind in ("string", "number", "integer", ""):
            return " | ".join(_literal(value) for value in values)
        if kind == "array":
            items = as_object(schema.get("items"))
            return f"{self.type(items, depth)}[]" if items else "any[]"
        if kind == "object" or (not kind and schema.get("properties")):
            return "\n".join(("{", self.properties(schema, depth + 1), "}"))
        names = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}
        return names.get(kind, "any")

    def _resolve(self, reference: str) -> JsonObject:
        """What a local reference (``#/$defs/Name``) points at; empty where it leads nowhere."""
        here: Json = self._root
        if not reference.startswith("#"):
            return _EMPTY
        for step in reference.lstrip("#/").split("/"):
            here = as_object(here).get(step.replace("~1", "/").replace("~0", "~"))
        return as_object(here)


def _literal(value: Json) -> str:
    return f'"{value}"' if isinstance(value, str) else json.dumps(value, default=str)
