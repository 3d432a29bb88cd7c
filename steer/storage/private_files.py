"""Files of STEER_HOME: only their owner reads them, and a reader never sees half of one."""

import os
import tempfile
from pathlib import Path


def private_folder(path: Path) -> None:
    """Make a folder, and those above it, that only the owner may enter. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file at once, mode 0600: a crash leaves the old content or the new. Raises OSError."""
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
