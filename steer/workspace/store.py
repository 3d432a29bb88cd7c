"""The private repository that holds the checkpoints: a git folder of Steer's own, outside the work tree.

Layout of a checkpoint's commit: ``files/`` (what git counts in), ``ignored/`` (what it ignores), ``manifest`` (see ``manifest``).
Blobs are the exact bytes of the files: they go in through ``git fast-import``, which knows no filters and no line endings.
The user's repository is neither written nor borrowed from, so no gc, prune or rewrite of it can take content away.
"""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from steer.domain.errors import SteerError
from steer.engine.ports import DiffReport
from steer.workspace.commands import GitCommands, GitFailed, Streams
from steer.workspace.content import Content
from steer.workspace.manifest import Entry, Snapshot, decode, encode
from steer.workspace.scan import DEFAULT_EXCLUDES

FILES: Final = "files/"
IGNORED: Final = "ignored/"
_MANIFEST: Final = "manifest"
_COPY: Final = 1024 * 1024

# Attributes of the work tree must not decide what a diff shows: this file outranks every .gitattributes.
_ATTRIBUTES: Final = "* -text -ident -filter -working-tree-encoding !diff !merge\n"
# Compression costs more than the disk it spares here; the biggest files are streamed, never held in memory.
_SETTINGS: Final = """\
[core]
\tlooseCompression = 1
\tbigFileThreshold = 16m
\tlogAllRefUpdates = false
[pack]
\tcompression = 1
[gc]
\tauto = 0
"""


class Store:
    """Checkpoints of one workspace, shared by its sessions; each writes only its own reference. Blocking."""

    def __init__(self, folder: Path, session: str) -> None:
        self.gitdir = folder
        self._reference = f"refs/steer/{session}"
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        # Before git 2.32 only HOME keeps the user's configuration (signing, colours, external diff) out.
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self._git = GitCommands(folder, {"GIT_DIR": str(folder), **quiet, **home})
        if not (folder / "info" / "attributes").is_file():
            self._create()

    def _create(self) -> None:
        """Make the git folder under another name first: of two sessions that start at once, one makes it, whole."""
        new = self.gitdir.with_name(f"{self.gitdir.name}.{secrets.token_hex(4)}")
        new.mkdir(parents=True, mode=0o700)
        GitCommands(new, {**self._git.environment, "GIT_DIR": str(new)}).run("init", "--quiet", "--bare", "--template=")
        with (new / "config").open("a", encoding="utf-8") as config:
            config.write(_SETTINGS)
        info = new / "info"
        info.mkdir(exist_ok=True)
        (info / "exclude").write_text("\n".join(DEFAULT_EXCLUDES) + "\n", encoding="utf-8")
        (info / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
        try:
            new.rename(self.gitdir)
        except OSError:
            shutil.rmtree(new)
            if not self.gitdir.is_dir():
                raise

    def importer(self) -> "Importer":
        """A way in for new content and one commit; use it in a ``with``."""
        return Importer(self._git, self._reference)

    def load(self, checkpoint: str) -> Snapshot:
        """The snapshot of a checkpoint's commit. Raises SteerError where there is none of that id."""
        if len(checkpoint) != 40 or not set(checkpoint) <= set("0123456789abcdef"):
            raise _unknown(checkpoint)
        listing = self._git.run("ls-tree", "-r", "-z", checkpoint, check=False)
        if listing.status != 0:
            raise _unknown(checkpoint)
        entries: dict[str, Entry] = {}
        ignored: set[str] = set()
        manifest = ""
        for line in os.fsdecode(listing.stdout).split("\0")[:-1]:
            about, _, path = line.partition("\t")
            mode, _, blob = about.split(" ")
            if path == _MANIFEST:
                manifest = blob
                continue
            name = path.removeprefix(FILES) if path.startswith(FILES) else path.removeprefix(IGNORED)
            entries[name] = Entry(blob, int(mode, 8) & 0o777 or 0o777, mode == "120000")
            if path.startswith(IGNORED):
                ignored.add(name)
        if not manifest:
            raise _unknown(checkpoint)
        data = self._git.run("cat-file", "blob", manifest).stdout
        return decode(data, entries, frozenset(ignored))

    def read(self, blobs: Sequence[str]) -> Iterator[tuple[str, IO[bytes]]]:
        """The contents of blobs, each once, as files that are open until the next one. Raises SteerError for a missing one."""
        wanted = list(dict.fromkeys(blobs))
        if not wanted:
            return
        with tempfile.TemporaryFile() as names:
            names.write("".join(f"{blob}\n" for blob in wanted).encode())
            names.seek(0)
            with self._git.stream("cat-file", "--batch", stdin=names) as streams:
                for blob in wanted:
                    with tempfile.SpooledTemporaryFile(max_size=_COPY * 8) as content:
                        _copy(streams.stdout, content)
                        content.seek(0)
                        yield blob, content

    def tree(self, checkpoint: str, snapshot: Snapshot) -> str:
        """What git calls the counted files of a checkpoint; the empty tree where there are none."""
        if len(snapshot.entries) > len(snapshot.ignored):
            return f"{checkpoint}:{FILES.rstrip('/')}"
        return self._git.run("mktree").stdout.decode().strip()

    def difference(self, old: str, new: str, limit: int) -> DiffReport:
        """The git patch between two trees, cut at a line's end after at most ``limit`` bytes, and its counts in lines."""
        with self._git.stream("diff-tree", "-r", "-M", "-z", "--numstat", "-p", *_PLAIN_DIFF, old, new) as streams:
            data = streams.stdout.read(limit + 1)
            # The counts come first, each with an end of its own; one more end, then the patch.
            while (end := data.find(b"\0\0")) < 0 and (piece := streams.stdout.read(_COPY)):
                data += piece
            if end >= 0 and len(data) <= end + 2 + limit:
                data += streams.stdout.read(end + 2 + limit + 1 - len(data))
        counts, _, patch = data.partition(b"\0\0")
        cut = len(patch) > limit
        if cut:
            patch = patch[: patch.rfind(b"\n", 0, limit) + 1]
        numbers = _numbers(os.fsdecode(counts))
        files = tuple(sorted(path for path, _, _ in numbers))
        added, removed = sum(n[1] for n in numbers), sum(n[2] for n in numbers)
        return DiffReport(patch.decode("utf-8", "replace"), files, added, removed, cut)


_PLAIN_DIFF: Final = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"),
    *("--diff-algorithm=histogram", "--ignore-submodules=all", "--unified=3"),
)


class Importer:
    """One run of ``git fast-import``: blobs as they come, then at most one commit. The process starts with the first of them."""

    def __init__(self, git: GitCommands, reference: str) -> None:
        self._git = git
        self._reference = reference
        self._stack = ExitStack()
        self._streams: Streams | None = None
        self._committed = False

    def __enter__(self) -> "Importer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._streams is None:
            return
        if error is not None:
            self._stack.__exit__(kind, error, None)
            return
        if not self._committed:
            self._write(b"done\n")
        self._stack.close()

    def _write(self, *pieces: bytes) -> None:
        if self._streams is None:
            # The stream ends with "done": one that was cut off is refused as a whole.
            command = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw")
            self._streams = self._stack.enter_context(self._git.stream(*command))
        stdin = self._streams.stdin
        if stdin is None:
            raise GitFailed("git fast-import has no input.")
        for piece in pieces:
            stdin.write(piece)

    def blob(self, content: Content) -> None:
        """Store one content."""
        self._write(b"blob\ndata %d\n" % content.size)
        for piece in content.chunks():
            self._write(piece)
        self._write(b"\n")

    def commit(self, label: str, snapshot: Snapshot, before: tuple[str, Snapshot] | None) -> str:
        """Write a checkpoint, as a difference to ``before`` (its id and snapshot) where given; gives its id and ends the import."""
        message = label.encode("utf-8", "replace")
        now = b"%d +0000" % int(time.time())
        self._write(b"commit %s\nmark :1\n" % self._reference.encode())
        self._write(b"committer Steer <steer@localhost> %s\ndata %d\n%s\n" % (now, len(message), message))
        old: Mapping[str, Entry] = {}
        if before is not None:
            self._write(b"from %s\n" % before[0].encode())
            old = _placed(before[1])
        self._write(*_difference(old, _placed(snapshot)))
        manifest = encode(snapshot)
        self._write(b"M 100644 inline %s\ndata %d\n%s\n" % (_MANIFEST.encode(), len(manifest), manifest))
        self._write(b"\nget-mark :1\ndone\n")
        streams = self._streams
        if streams is None or streams.stdin is None:
            raise GitFailed("git fast-import has no input.")
        self._committed = True
        streams.stdin.close()
        return streams.stdout.readline().decode().strip()


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """One object of ``cat-file --batch``: its content goes to ``target``."""
    about = source.readline().split()
    if len(about) != 3:
        raise SteerError(
            "The checkpoint is missing content; nothing was changed.",
            "Its store was damaged or removed: choose another checkpoint.",
        )
    left = int(about[2])
    while left:
        piece = source.read(min(left, _COPY))
        if not piece:
            raise GitFailed("git ended in the middle of a file's content; nothing was changed.")
        target.write(piece)
        left -= len(piece)
    source.read(1)


def _numbers(counts: str) -> list[tuple[str, int, int]]:
    """Path, lines added and removed of each file in the output of ``--numstat -z``; 0 and 0 for a binary one."""
    found: list[tuple[str, int, int]] = []
    fields = iter(counts.split("\0"))
    for field in fields:
        if not field:
            continue
        added, removed, path = field.split("\t", 2)
        if not path:  # A rename: the old and the new name follow.
            next(fields)
            path = next(fields)
        found.append((path, int(added) if added != "-" else 0, int(removed) if removed != "-" else 0))
    return found


def _placed(snapshot: Snapshot) -> dict[str, Entry]:
    """The entries under their paths in the commit."""
    ignored = snapshot.ignored
    return {(IGNORED if path in ignored else FILES) + path: entry for path, entry in snapshot.entries.items()}


def _difference(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Iterable[bytes]:
    # Deletions first: a folder may take the place of a file, or the other way about.
    yield from (b"D %s\n" % _quoted(path) for path in old.keys() - new.keys())
    for path, entry in new.items():
        before = old.get(path)
        if before is None or before.blob != entry.blob or before.git_mode != entry.git_mode:
            yield b"M %s %s %s\n" % (entry.git_mode.encode(), entry.blob.encode(), _quoted(path))


def _quoted(path: str) -> bytes:
    data = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + data + b'"'


def _unknown(checkpoint: str) -> SteerError:
    return SteerError(f"There is no checkpoint {checkpoint[:40]!r}.", "Choose one of this workspace's checkpoints.")
