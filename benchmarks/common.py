"""What all measurements share: the endpoint's process, percentiles, tables, the file of results."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.text import Scenario

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = Path(__file__).resolve().parent / "results"
TICKS: Final = os.sysconf("SC_CLK_TCK")


class MeasurementError(Exception):
    """A program did not do what a measurement needs; the message says what and shows its screen."""


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """The value that ``fraction`` of the values do not exceed (nearest rank); None where there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(fraction * 1000) * len(ordered) // 1000) - 1))]


@dataclass(frozen=True)
class Row:
    """One line of a table: a measure, its unit, the figure it should reach, and whether more is better."""

    name: str
    key: str
    unit: str = ""
    target: float | None = None
    more_is_better: bool = False


def figure(value: float | None) -> str:
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def table(rows: Sequence[Row], results: Mapping[str, Mapping[str, float | None]], reader: str, subject: str) -> str:
    """A markdown table: a column a program, the ratio of ``subject`` to the bare ``reader``, the target and the verdict."""
    programs = list(results)
    head = ["measure", *programs, f"{subject} : {reader}", "target", "met"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 2) + "---|"]
    for row in rows:
        ours = results.get(subject, {}).get(row.key)
        floor = results.get(reader, {}).get(row.key)
        ratio = f"{ours / floor:.2f}" if ours is not None and floor else "-"
        cells = [figure(results[program].get(row.key)) for program in programs]
        sign = "≥" if row.more_is_better else "≤"
        target = f"{sign} {row.target:,g}" if row.target is not None else "-"
        lines.append("| " + " | ".join([f"{row.name}{_unit(row)}", *cells, ratio, target, _verdict(row, ours)]) + " |")
    return "\n".join(lines)


def _unit(row: Row) -> str:
    return f", {row.unit}" if row.unit else ""


def _verdict(row: Row, value: float | None) -> str:
    if value is None or row.target is None:
        return "-"
    met = value >= row.target if row.more_is_better else value <= row.target
    return "yes" if met else "no"


def write_results(name: str, data: Mapping[str, Any]) -> Path:
    """Write ``results/NAME.json`` with the facts of the machine beside the figures."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    machine = {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    path.write_text(json.dumps({"machine": machine, **data}, indent=1) + "\n")
    return path


def arguments(description: str, programs: Sequence[str]) -> argparse.ArgumentParser:
    """The options that all measurements have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program", nargs="*", default=list(programs), help=f"of: {', '.join(programs)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="little of everything, to see that it runs")
    return parser


class Endpoint:
    """The endpoint's process, and what its log says so far."""

    def __init__(self, log: Path) -> None:
        log.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.endpoint", "--log", str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().split()
        if len(line) != 2:
            raise MeasurementError("The endpoint did not start.")
        self.port = int(line[1])
        self._file = log.open()
        self._part = ""
        self._events: list[dict[str, Any]] = []
        self._next = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        return self._process.pid

    def scenario(self, kind: str, tokens: int, rate: int, every: int) -> Scenario:
        """A scenario with a label of its own."""
        self._next += 1
        found = Scenario.last_in(f"play-{kind}-{tokens}-{rate}-{self._next:03d}-{every}")
        assert found is not None
        return found

    def find(self, what: str, label: str) -> dict[str, Any] | None:
        """The first event of a kind for a label, if it has happened."""
        *lines, self._part = (self._part + self._file.read()).split("\n")
        self._events += map(json.loads, lines)
        return next((one for one in self._events if one["event"] == what and one.get("label") == label), None)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._file.close()


@contextmanager
def endpoint() -> Iterator[tuple[Endpoint, Path]]:
    """An endpoint and a throw-away folder, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="steer-bench-", ignore_cleanup_errors=True) as folder:
        running = Endpoint(Path(folder) / "endpoint.jsonl")
        try:
            yield running, Path(folder)
        finally:
            running.close()
