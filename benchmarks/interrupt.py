"""Interrupts: from the bytes of a key to the endpoint seeing the connection go, for Esc and for the second key."""

import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.common import Endpoint, MeasurementError, Row, arguments, endpoint, percentile, table, write_results
from benchmarks.peers import Peer
from benchmarks.pty_app import adopt_orphans
from benchmarks.session import Session, chosen, first_start

PROGRAMS: Final = ("steer", "reader-socket", "reader-httpx", "codex", "pi")
TRIALS: Final = 50
ROWS: Final = (
    Row("Esc, p50", "escape_p50_ms", "ms", 25),
    Row("Esc, p99", "escape_p99_ms", "ms", 60),
    Row("Esc, never seen to go", "escape_never", "", 0),
    Row("second key, p50", "second_p50_ms", "ms", 25),
    Row("second key, p99", "second_p99_ms", "ms", 60),
    Row("second key, never seen to go", "second_never", "", 0),
)


def trials(peer: Peer, served: Endpoint, home: Path, key: bytes, count: int) -> list[float | None]:
    """Interrupt one session that many times."""
    with Session(peer, served, home) as session:
        session.start()
        session.turn("mixed", 300, 0)
        session.settle()
        return [session.interrupt(key, trial) for trial in range(count)]


def measure(peer: Peer, served: Endpoint, home: Path, count: int) -> dict[str, Any]:
    first_start(peer, served, home)
    figures: dict[str, Any] = {}
    for name, key in (("escape", peer.interrupt), ("second", peer.second)):
        if key is None:
            continue
        times = trials(peer, served, home, key, count)
        seen = [one for one in times if one is not None]
        figures |= {
            f"{name}_p50_ms": percentile(seen, 0.5),
            f"{name}_p99_ms": percentile(seen, 0.99),
            f"{name}_never": float(len(times) - len(seen)),
            f"{name}_ms": times,
        }
    return figures


def main() -> int:
    parser = arguments(__doc__, PROGRAMS)
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    count = 3 if options.quick else options.trials
    adopt_orphans()
    peers, absent = chosen(options.program)
    results: dict[str, dict[str, Any]] = {}
    reasons = {one.name: one.reason for one in absent}
    with endpoint() as (served, folder):
        for peer in peers:
            print(f"{peer.name} ...", file=sys.stderr, flush=True)
            try:
                results[peer.name] = measure(peer, served, folder / peer.name, count)
            except MeasurementError as error:
                reasons[peer.name] = str(error)
    print(table(ROWS, results, "reader-httpx", "steer"))
    for name, reason in reasons.items():
        print(f"\n{name}: not measured: {reason}")
    path = write_results("interrupt", {"trials": count, "programs": results, "not_measured": reasons})
    print(f"\n{path}")
    return 0 if results else 1


if __name__ == "__main__":
    raise SystemExit(main())
