"""Errors that carry what to do about them."""


class SteerError(Exception):
    """An error a person can act on: ``message`` names the thing, ``remedy`` what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip() if remedy else message)
        self.message = message
        self.remedy = remedy


class UsageError(SteerError):
    """Wrong command line or configuration: exit code 2."""


class ToolError(SteerError):
    """A call cannot be carried out; ``message`` goes to the model as the call's result."""


class ConflictError(ToolError):
    """A file is not what it was when the change was worked out."""


class Interrupted(Exception):
    """The running work was cut by a person."""
