"""The cockpit in a real terminal, with a session that writes down what it is asked. Usage: pty_app.py LOG [crash|slow]."""

import asyncio
import logging
import sys
from pathlib import Path

from steer.domain.commands import Command, Steer
from steer.domain.events import TextDelta
from steer.ui.app import SteerApp
from tests.ui.fake_cockpit import STARTED, FakeCockpit, turn

LOG = Path(sys.argv[1])
MODE = sys.argv[2] if len(sys.argv) > 2 else ""


def write(line: str) -> None:
    """Add a line to the log."""
    with LOG.open("a") as log:
        log.write(line + "\n")


class LoggingCockpit(FakeCockpit):
    """Writes each command down as it is posted; crashes where it is told to."""

    def post(self, command: Command) -> None:
        write(repr(command))
        if MODE == "crash" and isinstance(command, Steer):
            raise RuntimeError("the screen's own failure")

    async def close(self) -> None:
        write("closed")


def main() -> int:
    """Run until someone leaves."""
    cockpit = LoggingCockpit([STARTED, *turn(3), TextDelta("Some words of an answer.", 312)])

    async def opener() -> LoggingCockpit:
        await asyncio.sleep(0)
        # What a library might say while it loads (U9).
        print("stray words to stdout")  # noqa: T201
        sys.stderr.write("stray words to stderr\n")
        logging.getLogger("somebody").warning("stray words to the log")
        return cockpit

    app = SteerApp(opener, label="tinydates")
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    raise SystemExit(main())
