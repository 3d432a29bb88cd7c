"""One run of a program: start it, ask it, interrupt it, type at it, and what a person would notice of each."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.common import Endpoint, MeasurementError, percentile
from benchmarks.peers import Absent, Peer, fill, find
from benchmarks.pty_app import PtyApp, now
from benchmarks.text import Scenario

PROBE: Final = "zqw"
LETTERS: Final = "jvkwbxhyfg"
TAIL: Final = 0.5
"""Seconds after the last word that still count as work for it."""


@dataclass(frozen=True)
class Turn:
    """What one answer cost. Times in milliseconds where the name says so, processor in seconds."""

    tokens: int
    rate_shown: float
    cpu_per_10k: float
    core_percent: float
    foreign_percent: float
    lag_p50_ms: float | None
    lag_p99_ms: float | None
    bytes_per_token: float
    markers_seen: int
    markers: int


class Session:
    """A program in its throw-away home, from start to end; use it in a ``with`` statement."""

    def __init__(self, peer: Peer, endpoint: Endpoint, home: Path) -> None:
        self.peer = peer
        self._endpoint = endpoint
        work = home / "work"
        if not work.exists():
            work.mkdir(parents=True)
            (work / "README.md").write_text("# A project\n")
            subprocess.run(["git", "init", "-q", str(work)], check=False)
        values = {"url": endpoint.url, "home": str(home), "work": str(work)}
        for name, text in peer.files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(fill(text, values))
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "OPENAI_API_KEY": "bench",
            "OPENAI_BASE_URL": endpoint.url,
        } | {key: fill(value, values) for key, value in peer.env.items()}
        self.app = PtyApp([fill(part, values) for part in peer.argv], work, env, apart=[endpoint.pid])

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.app.close()

    def start(self, timeout: float = 60.0) -> tuple[float, float]:
        """Wait until it can be typed at; gives seconds from exec to its prompt, and to the first typed keys on screen."""
        pattern, dialogs = re.compile(self.peer.ready), list(self.peer.dismiss)

        def ready() -> bool:
            text = self.app.replay.text()
            for dialog in [dialog for dialog in dialogs if re.search(dialog[0], text)]:
                dialogs.remove(dialog)
                self.app.send(dialog[1])
                return False
            return bool(pattern.search(text))

        if not self.app.pump(timeout, ready, live=True):
            raise self.app.fail(f"{self.peer.name} did not show its prompt in {timeout:g} s")
        visible = now() - self.app.started
        self.app.replay.watch(PROBE)
        next_try = 0.0

        def typed() -> bool:
            nonlocal next_try
            if now() > next_try:  # keys that came too early may have been dropped
                next_try = self.app.send(PROBE.encode()) + 1.5
            return PROBE in self.app.seen.watched

        if not self.app.pump(timeout, typed, live=True):
            raise self.app.fail(f"{self.peer.name} does not show what is typed")
        usable = self.app.seen.watched[PROBE] - self.app.started
        self.app.pump(0.5, live=True)
        deadline = now() + 10
        while PROBE[0] in self._input_left() and now() < deadline:
            self.app.send(b"\x7f" * len(PROBE))
            self.app.pump(0.2, live=True)
        return visible, usable

    def _input_left(self) -> str:
        found = re.search(r"z?q?w?zqw|zq\b|\bz\b", self.app.replay.text())
        return found[0] if found else ""

    def settle(self, longest: float = 6.0) -> None:
        """Wait until the terminal is silent and the rest of the machine calm, at most ``longest`` seconds."""
        deadline = now() + longest
        while not self.app.ended and now() < deadline:
            start = now()
            self.app.sample()
            self.app.pump(0.5)
            self.app.sample()
            silent = self.app.size(start, now()) == 0 or now() > deadline - longest / 2
            if silent and self.app.cpu(start, now())[1] < 0.1:
                return

    def ask(self, scenario: Scenario, timeout: float = 20.0) -> float:
        """Type a prompt, see it echoed, send it; gives the time of Enter."""
        start = scenario.prompt[:12]
        self.app.catch_up()
        self.app.replay.watch(start)
        self.app.send(scenario.prompt.encode())
        if not self.app.pump(timeout, lambda: start in self.app.seen.watched, live=True):
            raise self.app.fail(f"{self.peer.name} did not show the typed prompt")
        self.app.pump(self.peer.settle, live=True)
        self.app.sample()
        return self.app.send(self.peer.submit)

    def turn(self, kind: str, tokens: int, rate: int, every: int = 200, timeout: float = 180.0) -> Turn:
        """Ask for an answer and read it to its end on the screen."""
        scenario = self._endpoint.scenario(kind, tokens, rate, every)
        entered = self.ask(scenario)
        served: float | None = None

        def ended() -> bool:
            nonlocal served
            if self.app.lately(scenario.end):
                return True
            if served is None:
                done = self._endpoint.find("done", scenario.label)
                served = done["at"] if done else None
            elif now() > served + 1.0:  # an update cell by cell hides the word in the bytes: look at the screen
                self.app.catch_up()
            return scenario.label in self.app.seen.ended

        self.app.pump(timeout, ended)
        self.app.pump(TAIL + 0.1)
        self.app.sample()
        self.app.catch_up()
        done = self._endpoint.find("done", scenario.label)
        end = self.app.seen.ended.get(scenario.label)
        if done is None or end is None:
            facts = f"asked: {self._endpoint.find('request', scenario.label) is not None}, served: {done is not None}"
            raise self.app.fail(f"{self.peer.name} did not show the end of {scenario.prompt} ({facts})")
        return self._turn(scenario, done, entered, end)

    def _turn(self, scenario: Scenario, done: dict[str, Any], entered: float, end: float) -> Turn:
        seen = [*self.app.seen.marks.get(scenario.label, []), (end, 9999)]
        sent = {int(number): at for number, at in done["marks"].items()}
        lags = [1000 * (next(at for at, mark in seen if mark >= number) - at0) for number, at0 in sent.items()]
        cpu, foreign = self.app.cpu(entered, end + TAIL)
        tokens, seconds = done["sent"], end + TAIL - entered
        return Turn(
            tokens=tokens,
            rate_shown=tokens / (end - done["first"]),
            cpu_per_10k=cpu / tokens * 10_000,
            core_percent=100 * cpu / seconds,
            foreign_percent=100 * foreign / seconds,
            lag_p50_ms=percentile(lags, 0.5),
            lag_p99_ms=percentile(lags, 0.99),
            bytes_per_token=self.app.size(entered, end + TAIL) / tokens,
            markers_seen=len({mark for _, mark in seen} & set(sent)),
            markers=len(sent),
        )

    def _streaming(self, seconds: float, rate: int) -> Scenario:
        """Have an answer of that many seconds under way."""
        scenario = self._endpoint.scenario("mixed", int(seconds * rate), rate, 100)
        self.ask(scenario)
        if not self.app.pump(10, lambda: self._endpoint.find("request", scenario.label) is not None):
            raise self.app.fail(f"{self.peer.name} sent no request")
        return scenario

    def interrupt(self, key: bytes, trial: int, rate: int = 1200) -> float | None:
        """Milliseconds from a key's bytes to the endpoint seeing the connection go; None where it did not in 3 s."""
        scenario = self._streaming(10, rate)
        self.app.pump(0.4 + 0.0073 * (trial % 17))  # another phase of frame timers each time
        pressed = now()
        self.app.send(key)
        self.app.pump(3, lambda: self._endpoint.find("gone", scenario.label) is not None)
        gone = self._endpoint.find("gone", scenario.label)
        if gone is None:
            self.app.pump(
                15,
                lambda: bool(
                    self._endpoint.find("done", scenario.label) or self._endpoint.find("gone", scenario.label)
                ),
            )
        self.app.pump(0.35)
        self.app.catch_up()
        return 1000 * (gone["at"] - pressed) if gone else None

    def echo(self, keys: int, rate: int = 1200) -> list[float | None]:
        """Milliseconds from each key typed while text streams to its character on the screen; None where never seen."""
        seconds = 3 + 0.22 * keys
        self._streaming(seconds, rate)
        self.app.pump(0.8)
        self.app.catch_up()
        # Lines are filled a few letters at a time, so that no input line grows wider than it is.
        times: list[float | None] = []
        for first in range(0, keys, len(LETTERS)):
            times += self._echo_word(f"z{first // len(LETTERS)}q", LETTERS[: keys - first])
        return times

    def _echo_word(self, start: str, letters: str) -> list[float | None]:
        words = [start + letters[: count + 1] for count in range(len(letters))]
        self.app.replay.watch(*words)
        self.app.send(start.encode())
        pressed: list[float] = []
        for at, letter in enumerate(letters):
            self.app.pump(0.17 + 0.0071 * (at % 7))
            pressed.append(now())
            self.app.send(letter.encode())
        self.app.pump(0.5)
        self.app.catch_up()
        self.app.send(b"\x7f" * (len(start) + len(letters)))
        self.app.pump(0.05)
        seen = self.app.seen.watched
        return [1000 * (seen[word] - at) if word in seen else None for word, at in zip(words, pressed, strict=True)]


def chosen(names: list[str]) -> tuple[list[Peer], list[Absent]]:
    """The programs to measure and those that are not here."""
    found = [find(name) for name in names]
    return [one for one in found if isinstance(one, Peer)], [one for one in found if isinstance(one, Absent)]


def first_start(peer: Peer, endpoint: Endpoint, home: Path) -> None:
    """One start that is not measured: a first run's set-up and cold disk caches are not what a person meets each day."""
    try:
        with Session(peer, endpoint, home) as session:
            session.start()
            if peer.answers:
                session.turn("mixed", 300, 0)
    except OSError as error:
        raise MeasurementError(f"{peer.name} could not be started: {error}") from error
