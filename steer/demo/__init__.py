"""The project that ``steer demo`` works on: a small date library with a feature missing."""

import shutil
import sys
from pathlib import Path
from shlex import quote
from typing import Final

_SAMPLE: Final = Path(__file__).resolve().parent / "sample"


def copy_sample(destination: Path) -> Path:
    """Copy the sample project into ``destination`` and give its path.

    The folder is created where it is missing; one that has something in it raises FileExistsError. Git is not
    touched. The gates call ``python3``; where there is none on the PATH, the copy's VERIFY.md names the
    interpreter that runs this.
    """
    if destination.exists() and any(destination.iterdir()):
        raise FileExistsError(f"{destination} is not empty")
    # Installers compile what they install: the compiled files belong to them, not to the project.
    shutil.copytree(_SAMPLE, destination, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"), dirs_exist_ok=True)
    if shutil.which("python3") is None:
        verify = destination / "VERIFY.md"
        text = verify.read_text(encoding="utf-8")
        verify.write_text(text.replace("`python3 ", f"`{quote(sys.executable)} "), encoding="utf-8")
    return destination
