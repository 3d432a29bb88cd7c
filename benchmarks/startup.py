"""Start-up: from exec to typed characters on the screen, beside a bare Textual app with one input line."""

import sys
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.common import Endpoint, MeasurementError, Row, arguments, endpoint, table, write_results
from benchmarks.peers import Peer
from benchmarks.pty_app import adopt_orphans
from benchmarks.session import Session, chosen

PROGRAMS: Final = ("bare-textual", "steer", "reader-socket", "codex", "pi")
RUNS: Final = 11
ROWS: Final = (
    Row("prompt on screen, median", "visible_s", "s"),
    Row("ready for input, median", "usable_s", "s"),
    Row("ready for input, worst", "usable_worst_s", "s"),
    Row("ready for input : bare Textual app", "ratio", "", 1.3),
    Row("memory when ready", "memory_mb", "MB"),
)


def once(peer: Peer, served: Endpoint, home: Path) -> tuple[float, float, float]:
    """One start: seconds to the prompt, seconds to typed characters, megabytes."""
    with Session(peer, served, home) as session:
        visible, usable = session.start()
        session.app.sample()
        return visible, usable, session.app.samples[-1].memory / 1e6


def main() -> int:
    parser = arguments(__doc__, PROGRAMS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    runs = 2 if options.quick else options.runs
    adopt_orphans()
    peers, absent = chosen(options.program)
    starts: dict[str, list[tuple[float, float, float]]] = {peer.name: [] for peer in peers}
    reasons = {one.name: one.reason for one in absent}
    with endpoint() as (served, folder):
        # Round by round, so that a busy moment of the machine meets all of them; the first round is not counted.
        for number in range(runs + 1):
            print(f"round {number} of {runs} ...", file=sys.stderr, flush=True)
            for peer in peers:
                if peer.name in reasons:
                    continue
                try:
                    start = once(peer, served, folder / peer.name)
                except (MeasurementError, OSError) as error:
                    reasons[peer.name] = str(error)
                    continue
                if number:
                    starts[peer.name].append(start)
    results: dict[str, dict[str, Any]] = {}
    for name, measured in starts.items():
        if measured:
            visible, usable, memory = zip(*measured, strict=True)
            results[name] = {
                "visible_s": median(visible),
                "usable_s": median(usable),
                "usable_worst_s": max(usable),
                "memory_mb": median(memory),
                "runs": measured,
            }
    bare = results.get("bare-textual")
    for figures in results.values():
        figures["ratio"] = figures["usable_s"] / bare["usable_s"] if bare else None
    print(table(ROWS, results, "bare-textual", "steer"))
    for name, reason in reasons.items():
        print(f"\n{name}: not measured: {reason}")
    path = write_results("startup", {"programs": results, "not_measured": reasons})
    print(f"\n{path}")
    return 0 if results else 1


if __name__ == "__main__":
    raise SystemExit(main())
