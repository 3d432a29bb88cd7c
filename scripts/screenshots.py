"""Make the pictures in ``screenshots/``: the demo in a real terminal, at given moments, as SVG and PNG.

``python -m scripts.screenshots`` makes all of them; names choose some. ``--command`` shows another program. PNG needs ``rsvg-convert``
or Chromium; without them only the SVG is written, and the script says so.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from scripts.terminal_svg import svg
from tests.terminal import Cell, ScreenTimeout, TerminalApp

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "screenshots"

PNG_SCALE: Final = 1.5


@dataclass(frozen=True)
class Moment:
    """Something to wait for (a pattern on the screen), and keys to press then."""

    wanted: str
    keys: bytes = b""


@dataclass(frozen=True)
class Shot:
    """One picture: its size in cells and what happens before it is taken."""

    name: str
    columns: int
    rows: int
    moments: tuple[Moment, ...]
    rate: int = 1200


READY: Final = Moment(r"new turn")
SIZES: Final = ((160, 45), (120, 40), (80, 24))
SHOTS: Final = (
    *(
        Shot(
            f"edit-{w}x{h}",
            w,
            h,
            (READY, Moment(r"@ main", b"\r"), Moment(r"\+ +def parse_week|\+def parse_week|def parse_week\(text")),
            rate=120,
        )
        for w, h in SIZES
    ),
    *(Shot(f"demo-{w}x{h}", w, h, (READY, Moment(r"@ main", b"\r"), Moment(r"turn 1 completed"))) for w, h in SIZES),
    Shot(
        "redirect-120x40",
        120,
        40,
        (
            READY,
            Moment(r"@ main", b"write 20000 tokens\r"),
            Moment(r"tok/s", b"explain it\r"),
            Moment(r"turn 1 completed"),
        ),
    ),
    Shot(
        "light-160x45",
        160,
        45,
        (READY, Moment(r"@ main", b"/theme paper\r"), Moment(r"new turn", b"\r"), Moment(r"turn 1 completed")),
    ),
    Shot("keys-120x40", 120, 40, (READY, Moment(r"@ main", b"?"), Moment(r"Brake"))),
)


def to_png(source: Path) -> Path | None:
    """Render an SVG beside itself; None where nothing that can do it is installed."""
    target = source.with_suffix(".png")
    if tool := shutil.which("rsvg-convert"):
        subprocess.run([tool, "--zoom", str(PNG_SCALE), "--output", str(target), str(source)], check=True)
        return target
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if tool := shutil.which(name):
            head = source.read_text().split(">", 1)[0]
            sizes = dict(re.findall(r'(width|height)="([\d.]+)"', head))
            size = f"{round(float(sizes['width']))},{round(float(sizes['height']))}"
            options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--force-device-scale-factor={PNG_SCALE}"]
            command = [tool, *options, f"--window-size={size}", f"--screenshot={target}", source.as_uri()]
            subprocess.run(command, check=True, capture_output=True)
            return target
    return None


def take(shot: Shot, command: Sequence[str], patience: float) -> list[list[Cell]]:
    """Run the program in an otherwise empty home, live through the moments, and give the screen as it is then.

    Home, state and project lie in a throw-away folder, so that no path of this machine is in the picture.
    """
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        home = Path(folder)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "STEER_HOME": str(home / "state"),
            "STEER_CONFIG": str(home / "config.toml"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        with TerminalApp([*command, "--rate", str(shot.rate)], home, env, shot.columns, shot.rows) as app:
            for moment in shot.moments:
                app.wait_for(partial(shows, moment.wanted), patience)
                if moment.keys:
                    app.send(moment.keys)
            if leak := leaked_path(app.screen(), home):
                raise ScreenTimeout(f"{shot.name} would show a path of this machine: {leak}")
            return app.cells()


def shows(pattern: str, screen: str) -> bool:
    return re.search(pattern, screen) is not None


def leaked_path(screen: str, home: Path) -> str | None:
    """A path of this machine that the screen shows, if there is one."""
    return next((str(path) for path in (home, ROOT, Path.home()) if len(path.parts) > 1 and str(path) in screen), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help=f"of: {', '.join(shot.name for shot in SHOTS)} (default: all)")
    parser.add_argument("--command", nargs="+", default=[str(Path(sys.executable).parent / "steer"), "demo"])
    parser.add_argument("--wait", action="append", metavar="PATTERN", help="wait for this instead (repeatable)")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--patience", type=float, default=30.0, help="seconds for each moment")
    options = parser.parse_args()
    unknown = set(options.name) - {shot.name for shot in SHOTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    options.folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for shot in SHOTS:
        if options.name and shot.name not in options.name:
            continue
        if options.wait:
            shot = replace(shot, moments=tuple(map(Moment, options.wait)))
        try:
            cells = take(shot, options.command, options.patience)
        except (ScreenTimeout, OSError) as error:
            sys.stderr.write(f"{shot.name}: {error}\n")
            failed = True
            continue
        picture = options.folder / f"{shot.name}.svg"
        picture.write_text(svg(cells, "steer demo"))
        png = to_png(picture)
        beside = f"and {png.name}" if png else "(no PNG: install rsvg-convert or Chromium)"
        sys.stdout.write(f"{picture.name} {beside}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
