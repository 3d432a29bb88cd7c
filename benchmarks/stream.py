"""Streaming: tokens a second shown to the end, lag, processor, key echo, bytes, memory; mixed text and one long fence."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.common import Endpoint, MeasurementError, Row, arguments, endpoint, percentile, table, write_results
from benchmarks.peers import Peer
from benchmarks.pty_app import adopt_orphans
from benchmarks.session import Session, chosen, first_start

PROGRAMS: Final = ("steer", "reader-socket", "reader-httpx", "codex", "pi")
RATE: Final = 1200
ROWS: Final = (
    Row("shown to the end at full speed", "rate_shown", "tok/s", 15_000, more_is_better=True),
    Row("processor at full speed", "cpu_per_10k", "s per 10,000 tokens", 1.0),
    Row("one long fence, processor", "fence_cpu_per_10k", "s per 10,000 tokens"),
    Row("one long fence : mixed text, processor", "fence_ratio", "", 1.5),
    Row("one long fence, shown", "fence_rate_shown", "tok/s"),
    Row("fifth turn : first turn, processor", "growth", "", 1.1),
    Row("last turn, shown", "last_rate_shown", "tok/s"),
    Row("processor at 1,200 tok/s", "core_percent", "% of a core", 25),
    Row("lag at 1,200 tok/s, p50", "lag_p50_ms", "ms", 30),
    Row("lag at 1,200 tok/s, p99", "lag_p99_ms", "ms", 80),
    Row("terminal at 1,200 tok/s", "bytes_per_token", "bytes a token", 60),
    Row("key echo while streaming, p50", "echo_p50_ms", "ms"),
    Row("key echo while streaming, p90", "echo_p90_ms", "ms", 50),
    Row("key echo while streaming, max", "echo_max_ms", "ms"),
    Row("keys never seen", "echo_lost", ""),
    Row("peak memory", "memory_mb", "MB", 120),
    Row("foreign load meanwhile, worst", "foreign_percent", "% of a core"),
)


def measure(peer: Peer, served: Endpoint, home: Path, *, quick: bool) -> dict[str, Any]:
    """All figures of one program; three starts of it."""
    tokens, turns, keys = (3000, 2, 10) if quick else (20_000, 5, 40)
    first_start(peer, served, home)
    with Session(peer, served, home) as session:
        session.start()
        session.turn("mixed", 300, 0)
        full = []
        for _ in range(turns):
            session.settle()
            full.append(session.turn("mixed", tokens, 0))
        memory = session.app.peak_memory()
    with Session(peer, served, home) as session:
        session.start()
        session.turn("mixed", 300, 0)
        session.settle()
        fence = session.turn("fence", tokens, 0)
        memory = max(memory, session.app.peak_memory())
    with Session(peer, served, home) as session:
        session.start()
        session.turn("mixed", 300, 0)
        session.settle()
        paced = session.turn("mixed", tokens * 3 // 5, RATE, every=50)
        session.settle()
        echoes = session.echo(keys) if peer.types else []
    seen = [one for one in echoes if one is not None]
    turns_measured = [*full, fence, paced]
    return {
        "rate_shown": full[0].rate_shown,
        "last_rate_shown": full[-1].rate_shown,
        "cpu_per_10k": full[0].cpu_per_10k,
        "growth": full[-1].cpu_per_10k / full[0].cpu_per_10k if full[0].cpu_per_10k else None,
        "fence_cpu_per_10k": fence.cpu_per_10k,
        "fence_rate_shown": fence.rate_shown,
        "fence_ratio": fence.cpu_per_10k / full[0].cpu_per_10k if full[0].cpu_per_10k else None,
        "core_percent": paced.core_percent,
        "lag_p50_ms": paced.lag_p50_ms,
        "lag_p99_ms": paced.lag_p99_ms,
        "bytes_per_token": paced.bytes_per_token,
        "echo_p50_ms": percentile(seen, 0.5),
        "echo_p90_ms": percentile(seen, 0.9),
        "echo_max_ms": max(seen, default=None),
        "echo_lost": float(len(echoes) - len(seen)) if echoes else None,
        "memory_mb": memory / 1e6,
        "foreign_percent": max(one.foreign_percent for one in turns_measured),
        "turns": [asdict(one) for one in full],
        "fence": asdict(fence),
        "paced": asdict(paced),
        "echoes_ms": echoes,
    }


def main() -> int:
    options = arguments(__doc__, PROGRAMS).parse_args()
    adopt_orphans()
    peers, absent = chosen(options.program)
    results: dict[str, dict[str, Any]] = {}
    reasons = {one.name: one.reason for one in absent}
    with endpoint() as (served, folder):
        for peer in peers:
            print(f"{peer.name} ...", file=sys.stderr, flush=True)
            try:
                results[peer.name] = measure(peer, served, folder / peer.name, quick=options.quick)
            except MeasurementError as error:
                reasons[peer.name] = str(error)
    print(table(ROWS, results, "reader-httpx", "steer"))
    for name, reason in reasons.items():
        print(f"\n{name}: not measured: {reason}")
    path = write_results("stream", {"quick": options.quick, "programs": results, "not_measured": reasons})
    print(f"\n{path}")
    return 0 if results else 1


if __name__ == "__main__":
    raise SystemExit(main())
