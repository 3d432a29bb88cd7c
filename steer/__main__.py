"""``python -m steer`` and the console script."""

import gc
import sys

# Nothing that is made while modules load is garbage: looking for it takes a tenth of the time to the first paint.
gc.disable()

from steer.cli import main as run  # noqa: E402


def main() -> None:
    """Run Steer and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
