"""Finding the work tree and its repository by hand, and saying what state they are in.

No git command is needed to find them, so nothing that a hostile configuration names can run and a repository that belongs
to somebody else (git's ``safe.directory``) is no obstacle: Steer writes nothing into it and runs nothing that it names.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steer.domain.errors import SteerError, UsageError
from steer.workspace.commands import MINIMUM_VERSION, GitCommands, git_version
from steer.workspace.files import is_writable

_OPERATIONS: Final = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)
NO_COMMITS: Final = "no commits yet"


@dataclass(frozen=True, slots=True)
class Location:
    """A work tree's top folder, its git folder and the one it shares with other work trees; None where it has none."""

    root: Path
    gitdir: Path | None = None
    commondir: Path | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should know before working here, and what to do about it."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """What ``steer doctor`` and the first minute say about a folder.

    ``branch``: a name, "detached at abc1234", "no commits yet", or "" without a repository. ``operation``: what is in
    progress (merge, rebase, cherry-pick, revert, bisect), or "".
    """

    root: Path
    is_repository: bool
    branch: str = ""
    bare: bool = False
    operation: str = ""
    index_locked: bool = False
    submodules: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class BareRepositoryError(UsageError):
    """The folder is (inside) a repository's git folder: there are no files to change."""


def locate(directory: Path) -> Location:
    """The work tree that ``directory`` lies in, or the folder itself where it is in none.

    Raises UsageError for a folder that does not exist, a bare repository, the inside of a ``.git``, a broken ``.git`` file.
    """
    try:
        start = directory.expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{directory} cannot be opened: {_words(error)}.", "Give the folder of a project.") from error
    if not start.is_dir():
        raise UsageError(f"{start} is not a folder.", "Give the folder of a project.")
    device = start.stat().st_dev
    for folder in (start, *start.parents):
        if folder.stat().st_dev != device:
            break  # As git does: a repository is not looked for across file systems.
        if (found := _repository_at(folder)) is not None:
            return found
        if _is_git_folder(folder):
            raise BareRepositoryError(
                f"{folder} is a git folder without files to change.",
                "Open a work tree of it: git worktree add ../work, then start Steer there."
                if folder.name != ".git"
                else f"Open {folder.parent} instead.",
            )
    return Location(start)


def _repository_at(folder: Path) -> Location | None:
    mark = folder / ".git"
    if mark.is_dir():
        gitdir = mark.resolve()
    elif mark.is_file():
        gitdir = _pointed_at(mark)
    else:
        return None
    if not _is_git_folder(gitdir):
        if mark.is_dir():
            return None  # As git does: a folder that is merely called .git is passed over.
        raise UsageError(f"{mark} points to {gitdir}, which is no git folder.", "Repair it: git worktree repair.")
    return Location(folder, gitdir, _common(gitdir))


def _pointed_at(mark: Path) -> Path:
    """The folder named by a ``.git`` file (linked work trees, submodules)."""
    text = _read(mark)
    if not text.startswith("gitdir:"):
        raise UsageError(f"{mark} is not a git link.", "Remove it, or repair it: git worktree repair.")
    return (mark.parent / text.removeprefix("gitdir:").strip()).resolve()


def _common(gitdir: Path) -> Path:
    text = _read(gitdir / "commondir").strip()
    return (gitdir / text).resolve() if text else gitdir


def _is_git_folder(folder: Path) -> bool:
    """Git's own test: HEAD, objects and refs (the last two may lie in the common folder)."""
    head = folder / "HEAD"
    if not (head.is_file() or head.is_symlink()):
        return False
    common = _common(folder)
    return (common / "objects").is_dir() and (common / "refs").is_dir()


def read_branch(location: Location) -> str:
    """The branch now: its name, "detached at abc1234", "no commits yet"; "" without a repository."""
    if location.gitdir is None or location.commondir is None:
        return ""
    head = _read(location.gitdir / "HEAD").strip()
    if (location.commondir / "reftable").is_dir():
        return _branch_by_git(location)
    if not head.startswith("ref:"):
        return f"detached at {head[:7]}"
    name = head.removeprefix("ref:").strip()
    return name.removeprefix("refs/heads/") if _has_ref(location.commondir, name) else NO_COMMITS


def _has_ref(commondir: Path, name: str) -> bool:
    if (commondir / name).is_file():
        return True
    return any(line.endswith(f" {name}") for line in _read(commondir / "packed-refs").splitlines())


def _branch_by_git(location: Location) -> str:
    """The branch of a repository whose references only git can read (reftable)."""
    environment = {"GIT_DIR": str(location.gitdir), "GIT_WORK_TREE": str(location.root)}
    git = GitCommands(location.root, environment)
    commit = git.run("rev-parse", "--quiet", "--verify", "HEAD", check=False).stdout.decode().strip()
    name = git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False).stdout.decode("utf-8", "replace").strip()
    if not commit:
        return NO_COMMITS
    return name or f"detached at {commit[:7]}"


def inspect(directory: Path) -> WorkspaceState:
    """Look at a folder without changing anything; what is wrong is in ``problems``, each with its remedy."""
    try:
        location = locate(directory)
    except UsageError as error:
        bare = isinstance(error, BareRepositoryError)
        return WorkspaceState(directory, bare, bare=bare, problems=(Problem(error.message, error.remedy),))
    problems = list(_version_problems())
    if location.gitdir is None:
        problems.append(
            Problem(
                f"{location.root} is not in a git repository: checkpoints are kept in a private one.",
                "Run git init there to see the changes with git as well.",
            )
        )
        return WorkspaceState(location.root, False, problems=tuple(problems))
    operation = next((word for name, word in _OPERATIONS if (location.gitdir / name).exists()), "")
    locked = (location.gitdir / "index.lock").exists()
    submodules = _submodules(location.root)
    problems.extend(_problems(location, operation, locked, submodules))
    return WorkspaceState(
        location.root, True, read_branch(location), False, operation, locked, submodules, tuple(problems)
    )


def _version_problems() -> tuple[Problem, ...]:
    try:
        found = git_version()
    except UsageError as error:
        return (Problem(error.message, error.remedy),)
    if found[:2] < MINIMUM_VERSION:
        text = ".".join(str(part) for part in found)
        return (Problem(f"git {text} is too old: 2.30 or newer is needed.", "Update git."),)
    return ()


def _problems(location: Location, operation: str, locked: bool, submodules: tuple[str, ...]) -> list[Problem]:
    found: list[Problem] = []
    if operation:
        remedy = f"Finish or abort it (git {operation} --abort), or go on: Steer does not touch it."
        found.append(Problem(f"A {operation} is in progress.", remedy))
    if locked:
        remedy = f"If no git is running, remove {location.gitdir}/index.lock. Steer itself does not need the index."
        found.append(Problem("The index is locked (index.lock): git add and git commit will fail.", remedy))
    if submodules:
        names = ", ".join(submodules)
        found.append(Problem(f"Submodules are left alone: {names}.", "Open a submodule's own folder to work in it."))
    if not is_writable(location.root):
        found.append(Problem(f"{location.root} is not writable.", "Make it writable for your user."))
    # Asked in the way of an ordinary command, which is how the agent's own git commands will fare.
    answer = GitCommands(location.root).run("rev-parse", "--git-dir", check=False)
    if answer.status != 0:
        words = answer.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        remedy = "Correct what git names."
        if "dubious ownership" in answer.stderr or "unsafe repository" in answer.stderr:
            remedy = f"If you trust it: git config --global --add safe.directory {location.root}"
        found.append(Problem(f"git commands fail here: {words}.", remedy))
    return found


def _submodules(root: Path) -> tuple[str, ...]:
    text = _read(root / ".gitmodules")
    return tuple(sorted({m[1].strip().strip('"') for m in re.finditer(r"(?m)^\s*path\s*=(.*)$", text)}))


def init_repository(directory: Path) -> None:
    """Make ``directory`` a git repository, as ``git init`` does. Raises SteerError where that fails."""
    if not directory.is_dir():
        raise SteerError(f"{directory} is not a folder.", "Create it first.")
    GitCommands(directory).run("init", "--quiet")


def commit_sample(directory: Path) -> None:
    """Commit everything in a repository of our own making, on ``main``, by nobody in particular; no hook runs."""
    git = GitCommands(directory)
    git.run("symbolic-ref", "HEAD", "refs/heads/main")
    git.run("add", "--all")
    identity = ("-c", "user.name=Steer demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false")
    git.run(*identity, "commit", "--quiet", "--no-verify", "-m", "tinydates, with week dates missing")


def _read(path: Path) -> str:
    """A small file's text; empty where there is none or it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _words(error: BaseException) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
