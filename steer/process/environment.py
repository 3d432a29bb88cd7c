"""The environment of a command: the user's own without keys, set up for a program that nobody can answer."""

import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MARK: Final = "STEER_COMMAND_ID"
"""Set to a value of its own for each command: whoever carries it belongs to that command."""

_SECRET: Final = re.compile(
    r"(?:^|_)(?:API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|SIGNING_?KEY|TOKEN|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|"
    r"CREDENTIALS?|PAT)(?:_|$)|^AWS_|^OPENAI_",
    re.IGNORECASE,
)
# Nobody answers and nothing paints: no pager, no colours, no question for a password.
_QUIET: Final = MappingProxyType(
    {
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
    }
)
_DROPPED: Final = ("FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM")


def command_environment(mark: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables without what looks like a key, then the quiet settings, then ``extra``."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name) and name not in _DROPPED}
    return {**kept, **_QUIET, **(extra or {}), MARK: mark}
