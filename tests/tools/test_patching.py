"""apply_patch on real files."""

from pathlib import Path

import pytest

from steer.domain.errors import ConflictError, ToolError
from steer.tools.patching import ApplyPatch
from steer.tools.read import ReadFile
from tests.tools.context import FolderContext, call


@pytest.fixture
def context(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)


def files(context: FolderContext) -> dict[str, bytes]:
    return {
        str(path.relative_to(context.root)): path.read_bytes() for path in context.root.rglob("*") if path.is_file()
    }


def patch(context: FolderContext, body: str) -> str:
    return call(ApplyPatch(), context, patch=f"*** Begin Patch\n{body}\n*** End Patch").content


def put(context: FolderContext, **contents: str) -> None:
    for name, text in contents.items():
        (context.root / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (context.root / name.replace("__", "/")).write_text(text)


def test_all_operations_in_one_change(context: FolderContext) -> None:
    put(context, modify="line1\nline2\n", delete="obsolete\n", old__name="x\n")
    said = patch(
        context,
        "*** Add File: nested/new.txt\n+created\n*** Delete File: delete\n*** Update File: modify\n@@\n-line2\n+changed\n"
        "*** Update File: old/name\n*** Move to: renamed/dir/name\n@@\n-x\n+y",
    )
    assert files(context) == {"nested/new.txt": b"created\n", "modify": b"line1\nchanged\n", "renamed/dir/name": b"y\n"}
    assert len(context.applied) == 1
    assert said.splitlines() == [
        "Applied the patch:",
        "A nested/new.txt",
        "D delete",
        "M modify lines 2-2",
        "M old/name -> renamed/dir/name lines 1-1",
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("*** Update File: a\n@@\n-one\n+1\n@@\n-two\n+2\n@@\n-thre\n+3", "Hunk 3 of 3 in a"),
        ("*** Add File: new\n+x\n*** Update File: missing\n@@\n-a\n+b", "no file missing"),
        ("*** Delete File: a\n*** Delete File: dir", "directory"),
        ("*** Delete File: gone", "no file gone"),
        ("*** Update File: a\n@@\n-one\n+1\n*** Update File: ../x\n@@\n-a\n+b", "outside"),
        ("*** Update File: a\n*** Move to: .git/hooks/x\n@@\n-one\n+1", "git"),
        ("*** Add File: dir\n+x", "directory"),
        ("*** Delete File: a\n*** Update File: a\n@@\n-one\n+1", "no file a"),
        ("*** Delete File: link", "symbolic link"),
    ],
)
def test_all_or_nothing(context: FolderContext, body: str, says: str) -> None:
    put(context, a="one\ntwo\nthree\n", dir__x="x\n")
    (context.root / "link").symlink_to("a")
    before = files(context)
    with pytest.raises(ToolError) as caught:
        patch(context, body)
    assert says in str(caught.value)
    assert str(caught.value).endswith("Nothing of the patch was applied.")
    assert files(context) == before
    assert context.applied == []


def test_a_file_touched_twice_is_one_change(context: FolderContext) -> None:
    put(context, a="1\n2\n")
    patch(context, "*** Update File: a\n@@\n-1\n+one\n*** Update File: a\n@@\n-2\n+two")
    assert files(context) == {"a": b"one\ntwo\n"}
    assert [change.path for change in context.applied[0]] == ["a"]
    patch(context, "*** Delete File: a\n*** Add File: a\n+new")
    assert [change.kind for change in context.applied[1]] == ["modified"]


def test_T8_form_and_mode_are_kept(context: FolderContext) -> None:
    (context.root / "f").write_bytes(b"\xef\xbb\xbfa\r\nb\r\nc")
    (context.root / "f").chmod(0o755)
    patch(context, "*** Update File: f\n*** Move to: g\n@@\n a\n-b\n+B\n c")
    assert files(context) == {"g": b"\xef\xbb\xbfa\r\nB\r\nc"}
    assert (context.root / "g").stat().st_mode & 0o777 == 0o755


def test_move_and_add_over_existing_files(context: FolderContext) -> None:
    put(context, a="from\n", b="existing\n", c="old\n")
    patch(context, "*** Update File: a\n*** Move to: b\n@@\n-from\n+new\n*** Add File: c\n+replaced")
    assert files(context) == {"b": b"new\n", "c": b"replaced\n"}
    assert {change.path: change.kind for change in context.applied[0]} == {
        "a": "deleted",
        "b": "modified",
        "c": "modified",
    }


def test_a_mere_rename(context: FolderContext) -> None:
    put(context, a="x\n")
    patch(context, "*** Update File: a\n*** Move to: b")
    assert files(context) == {"b": b"x\n"}


def test_a_loose_match_is_told(context: FolderContext) -> None:
    put(context, a="if x:\n        one()\n")
    assert "hunk 1: indentation and trailing blanks ignored" in patch(
        context, "*** Update File: a\n@@\n-one()\n+        two()"
    )
    assert files(context) == {"a": b"if x:\n        two()\n"}


def test_nothing_to_change(context: FolderContext) -> None:
    put(context, a="x\n")
    assert "nothing was changed" in patch(context, "*** Update File: a\n@@\n x")
    assert context.applied == []


def test_T8_changed_since_it_was_read_is_a_conflict(context: FolderContext) -> None:
    put(context, a="x\n")
    call(ReadFile(), context, path="a")
    put(context, a="x\nmine\n")
    with pytest.raises(ConflictError, match="Nothing of the patch"):
        patch(context, "*** Update File: a\n@@\n-x\n+y")


def test_a_unified_diff_is_applied(context: FolderContext) -> None:
    put(context, a="1\n2\n3\n")
    call(ApplyPatch(), context, patch="--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n")
    assert files(context) == {"a": b"1\ntwo\n3\n"}
