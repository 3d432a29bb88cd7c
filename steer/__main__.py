"""``python -m steer`` and the console script."""

import sys

from steer.cli import main as run


def main() -> None:
    """Run Steer and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
