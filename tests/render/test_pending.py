import json

from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.arguments import ArgumentsReader
from steer.render.lines import LineBlock
from steer.render.pending import PendingEdit, pending_edit_rows

EDIT = json.dumps(
    {"path": "src/a.py", "old": "def f():\n    return 1", "new": "def f():\n    '''doc\n    for x'''\n    return 2\n"}
)


def shown(block: LineBlock) -> list[tuple[str, str]]:
    return [(block.row(index).text, block.row(index).fill) for index in range(block.row_count)]


def streamed(name: str, text: str, size: int) -> PendingEdit:
    pending = PendingEdit(name, 60)
    for at in range(0, len(text), size):
        pending.feed(text[at : at + size])
        pending.flush()
    return pending


def test_an_edit_shows_what_goes_and_what_comes() -> None:
    pending = streamed("edit_file", EDIT, 5)
    assert [fill for _, fill in shown(pending.block)] == ["removed"] * 2 + ["added"] * 4
    assert shown(pending.block)[0][0] == "- def f():"
    assert (pending.path, pending.counts()) == ("src/a.py", (4, 2))


def test_highlighting_carries_over_the_new_lines() -> None:
    block = streamed("edit_file", EDIT, 3).block
    row = next(block.row(index) for index in range(block.row_count) if "for x" in block.row(index).text)
    assert [name for *_, name in row.spans] == ["added", "str"]


def test_a_path_behind_its_content_is_learnt() -> None:
    text = json.dumps({"content": "def f(): pass\n", "path": "a.py"})
    block = streamed("write_file", text, 4).block
    assert [name for *_, name in block.row(0).spans] == ["added", "kw", "func", "kw"]


def test_a_patch_is_shown_by_its_prefixes() -> None:
    patch = "*** Begin Patch\n*** Update File: a.py\n@@ def f\n-x = 1\n+x = 'a'\n y\n*** Add File: b.js\n+let a\n*** End Patch"
    pending = streamed("apply_patch", json.dumps({"patch": patch}), 7)
    assert pending.path == "b.js"
    assert pending.counts() == (2, 1)
    assert [fill for _, fill in shown(pending.block)] == ["", "", "", "removed", "added", "", "", "added", ""]


def test_other_calls_have_no_rows() -> None:
    assert streamed("read_file", json.dumps({"path": "a.py"}), 3).block.row_count == 0


def test_all_at_once_is_the_same() -> None:
    reader = ArgumentsReader()
    reader.feed(EDIT)
    assert shown(pending_edit_rows("edit_file", reader, 60)) == shown(streamed("edit_file", EDIT, 1).block)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='ab\n \t\\"é漢', max_size=80), st.integers(1, 20))
def test_any_cutting_gives_the_same_rows(content: str, size: int) -> None:
    text = json.dumps({"path": "a.py", "content": content})
    assert shown(streamed("write_file", text, size).block) == shown(streamed("write_file", text, 10_000).block)
