"""Where a relative path leads in the work tree: never out of it, never into a repository's git folder."""

import os
from pathlib import Path, PurePosixPath

from steer.domain.errors import ToolError


def relative(path: str) -> str:
    """``path`` with superfluous ``.`` and ``/`` taken out. Raises ToolError unless it is relative and stays inside."""
    if not path or "\0" in path:
        raise ToolError(f"{path!r} is no path.", "Give a path relative to the workspace.")
    if not _encodable(path):
        raise ToolError(f"{path!r} has characters that no file name can hold.", "Give a path in plain Unicode.")
    if path.startswith("/"):
        raise ToolError(f"{path} is absolute.", "Give a path relative to the workspace.")
    parts = PurePosixPath(path).parts
    if ".." in parts:
        raise ToolError(f"{path} leads through '..'.", "Give the path relative to the workspace without it.")
    if not parts:
        raise ToolError(f"{path!r} is the workspace itself.", "Name a file in it.")
    if in_git_folder(parts):
        raise ToolError(f"{path} lies in a git folder, which is never changed.", "Change the files of the work tree.")
    return "/".join(parts)


def _encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False  # A lone surrogate that stands for no byte.
    return True


def in_git_folder(parts: tuple[str, ...]) -> bool:
    """Whether a path leads into ``.git``, in any case of letters: not every file system tells them apart."""
    return any(part.casefold() == ".git" for part in parts)


def resolve(root: Path, path: str, top: bool = False) -> Path:
    """The real place of ``path``, links followed, the last one too. Raises ToolError where that is outside or in ``.git``.

    ``top``: it may be the root itself.
    """
    place = Path(os.path.realpath(root / path))
    if not place.is_relative_to(root) or (place == root and not top):
        raise ToolError(f"{path} leads out of the workspace, to {place}.", "Choose a path inside the workspace.")
    if in_git_folder(place.relative_to(root).parts):
        raise ToolError(
            f"{path} leads into a git folder, which is never changed.", "Change the files of the work tree."
        )
    return place
