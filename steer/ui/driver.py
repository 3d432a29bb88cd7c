"""The terminal: Textual's Linux driver with an own reader of its input, and calm when the terminal goes away."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from time import monotonic
from typing import Final

from textual import messages
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from steer.ui.input_reader import InputReader
from steer.ui.thrift import erases, shrink

_IDLE_WAIT: Final = 0.1
"""Seconds between two looks at whether the program ends."""
_READ: Final = 65_536


class SteerDriver(LinuxDriver):
    """A lone Esc is a key after 10 ms, not 100; a terminal that has gone ends the program instead of blocking it."""

    _gone = False
    _erases = erases(os.environ.get("TERM", ""))

    def hang_up(self) -> None:
        """The terminal is gone: nothing is written to it any more."""
        self._gone = True

    def write(self, data: str) -> None:
        if not self._gone:
            super().write(shrink(data, self._erases))

    def run_input_thread(self) -> None:
        """Read until the program ends or the terminal goes away."""
        reader = InputReader(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                wait = reader.wait(monotonic())
                if selector.select(_IDLE_WAIT if wait is None else wait):
                    data = self._read()
                    if not data:
                        self._terminal_closed()
                        return
                    self._deliver(reader.feed(decode(data), monotonic()))
                elif wait is not None and not selector.select(0):
                    # Asked again: this thread may have been held up while the rest of a sequence came.
                    self._deliver(reader.tick(monotonic()))

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ)
        except OSError:
            return b""

    def _terminal_closed(self) -> None:
        self.hang_up()
        self.send_message(messages.ExitApp())

    def _deliver(self, found: Iterable[Message]) -> None:
        for message in found:
            self.process_message(message)
