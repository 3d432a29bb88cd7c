"""The tools that the model is given: one class a tool."""

from steer.tools.builtin import builtin_tools
from steer.tools.command import RunCommand

__all__ = ["RunCommand", "builtin_tools"]
