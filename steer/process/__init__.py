"""Shell commands: one way to run them, for the model's tool and for the gates."""

from steer.process.output import OutputCap
from steer.process.run import CutShort, ShellOptions, ShellResult, run_shell

__all__ = ["CutShort", "OutputCap", "ShellOptions", "ShellResult", "run_shell"]
