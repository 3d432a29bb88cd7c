"""The clock that sessions run by."""

import time


class MonotonicClock:
    """Seconds of the system's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()
