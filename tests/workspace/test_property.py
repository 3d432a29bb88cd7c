"""Any tree, any change to it: a restore gives back exactly what was there, and the user's repository sees nothing of it."""

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workspace.support import clear, git, git_folder, make_repository, opened, picture


@dataclass(frozen=True)
class File:
    data: bytes
    mode: int


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Folder:
    below: "dict[str, Node]"
    mode: int


Node = File | Link | Folder

NAMES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "with blank",
            "new\nline",
            'qu"ote',
            "back\\slash",
            "-dash",
            "--",
            "ünï",
            "日本",
            "tab\t",
            " ",
            "a.txt",
        ),
        *(
            ".hidden",
            "*",
            "[x]",
            ":(top)",
            "#c",
            "!n",
            "files",
            "manifest",
            "GIT",
            ".gitattributes",
            os.fsdecode(b"\xff\xfe"),
        ),
    ]
)
FILES = st.builds(
    File,
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"", b"a\r\nb\r\n", b"\0" * 90, b"x\n" * 300, b"$Id$\n", b"* text=auto eol=lf ident\n"]),
    ),
    st.sampled_from([0o644, 0o644, 0o755, 0o600, 0o444, 0o640, 0o700, 0o664, 0o777]),
)
LINKS = st.builds(Link, st.sampled_from(["a", "nowhere", "../a", "./b//c", "/etc", ".", os.fsdecode(b"\xfe"), "b/a"]))


def folders(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(Folder, st.dictionaries(NAMES, inner, max_size=4), st.sampled_from([0o755, 0o755, 0o700, 0o775]))


LEAVES: st.SearchStrategy[Node] = st.one_of(FILES, FILES, LINKS)
TREES = st.dictionaries(NAMES, st.recursive(LEAVES, folders, max_leaves=8), max_size=6)


def lay(root: Path, tree: dict[str, Node]) -> None:
    """Write a tree over what is there; what is in the way of a node is removed."""
    for name, node in tree.items():
        path = root / name
        if path.is_symlink() or path.is_file() or (path.is_dir() and not isinstance(node, Folder)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        match node:
            case File(data, mode):
                path.write_bytes(data)
                path.chmod(mode)
            case Link(target):
                path.symlink_to(target)
            case Folder(below, mode):
                path.mkdir(exist_ok=True)
                lay(path, below)
                path.chmod(mode)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(before=TREES, after=TREES, wipe=st.booleans(), committed=st.booleans(), resumed=st.booleans())
def test_restore_gives_back_any_tree(
    before: dict[str, Node], after: dict[str, Node], wipe: bool, committed: bool, resumed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make_repository(Path(folder).resolve() / "work")
        lay(root, before)
        if committed:
            git(root, "add", "-A")
            git(root, "commit", "-qm", "all", "--allow-empty")
        theirs, was = git_folder(root), picture(root)
        with opened(root) as workspace:
            checkpoint = asyncio.run(workspace.checkpoint("before"))
            if wipe:
                clear(root)
            lay(root, after)
            between = picture(root)
            changed = asyncio.run(workspace.changes(checkpoint))
            if not resumed:
                back = asyncio.run(workspace.restore(checkpoint))
                undo = workspace.undo_checkpoint
        if resumed:
            with opened(root) as workspace:
                back = asyncio.run(workspace.restore(checkpoint))
                undo = workspace.undo_checkpoint
        assert picture(root) == was
        assert (back.created, back.modified, back.deleted) == (changed.deleted, changed.modified, changed.created)
        assert git_folder(root) == theirs
        assert undo is not None
        with opened(root) as workspace:
            asyncio.run(workspace.restore(undo))
        assert picture(root) == between
        assert git_folder(root) == theirs
