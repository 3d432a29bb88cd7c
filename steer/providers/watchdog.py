"""A limit on waiting that costs no timer per wait: a fast stream is awaited thousands of times a second."""

import asyncio


class Stalled(Exception):
    """The wait took longer than its limit."""


class Watchdog:
    """Cancels the task's present wait when it takes too long; one timer serves many waits.

    Between ``start`` and ``stop`` is one wait of the calling task. ``expired`` says, of a CancelledError caught there,
    whether it was this watchdog's and nobody else's. Seconds of the loop's monotonic clock.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._task: asyncio.Task[object] | None = None
        self._cancels = 0
        self._fired = False

    def start(self, seconds: float) -> None:
        """Begin a wait of at most ``seconds``."""
        self._task = asyncio.current_task()
        self._cancels = self._task.cancelling() if self._task else 0
        self._fired = False
        self._deadline = self._loop.time() + max(0.0, seconds)
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._check)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._check)

    def stop(self) -> None:
        """The wait is over."""
        self._deadline = None
        if self._fired and self._task is not None:
            # It fired, but the wait ended in another way: the task owes nobody a cancellation.
            self._fired = False
            self._task.uncancel()

    def close(self) -> None:
        """No wait will follow."""
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def expired(self) -> bool:
        """Whether the cancellation just caught is this watchdog's alone; then it is taken back."""
        if not self._fired or self._task is None:
            return False
        self._fired = False
        return self._task.uncancel() <= self._cancels

    def _check(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._check)
        elif self._task is not None:
            self._fired = True
            self._deadline = None
            self._task.cancel()
