from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.edits import text_diff
from steer.render.cells import width
from steer.render.diff import DiffDocument, word_changes
from steer.render.patch import parse_patch
from steer.render.rows import Row, copied


def made(old: str, new: str, path: str = "src/a.py") -> str:
    return text_diff(path, old.encode(), new.encode()).text


def rows(document: DiffDocument) -> list[Row]:
    return [document.row(index) for index in range(document.row_count)]


def marked(row: Row, name: str) -> list[str]:
    return [row.text[start:end] for start, end, token in row.spans if token == name]


def test_lines_have_their_number_sign_and_fill() -> None:
    document = DiffDocument(made("a = 1\nb = 2\n", "a = 1\nb = 3\nc = 4\n"))
    shown = [(row.text, row.fill) for row in rows(document)]
    assert shown[0] == ("src/a.py  +2 −1", "")
    assert shown[2:] == [
        (" 1   a = 1", ""),
        (" 2 - b = 2", "removed"),
        (" 2 + b = 3", "added"),
        (" 3 + c = 4", "added"),
    ]


def test_words_that_changed_are_marked_in_both_lines() -> None:
    _, _, removed, added = rows(DiffDocument(made("return one + two\n", "return one + three\n")))
    assert marked(removed, "removed.word") == ["two"]
    assert marked(added, "added.word") == ["three"]
    assert marked(added, "kw") == ["return"]


def test_lines_with_little_in_common_have_no_marks() -> None:
    assert word_changes("import os", "class Dates(Base):") == ((), ())


def test_syntax_is_carried_over_lines_and_sides() -> None:
    document = DiffDocument(made("x = 1\n", 'x = """\nfor doc\n"""\ny = 2\n'))
    inner = next(row for row in rows(document) if "for doc" in row.text)
    assert marked(inner, "str") == ["for doc"]


def test_gutters_are_not_copied() -> None:
    document = DiffDocument(made("a\n", "b\n"))
    assert copied(rows(document)[-2:]) == "a\nb"


def test_U5_wide_characters_tabs_and_marks_align_and_fit() -> None:
    document = DiffDocument(made("x\n", "\tif 漢字:\n" + "👩\u200d👧" * 30 + "\ne\u0301 \u202ex\n"), width=24)
    for row in rows(document):
        assert width(row.text) <= 24
        assert "\t" not in row.text
        assert "\u202e" not in row.text
    assert any(row.text.endswith("    if 漢字:") for row in rows(document))


def test_U6_crlf_and_a_missing_last_line_end_are_shown() -> None:
    shown = [row.text for row in rows(DiffDocument(made("a\r\nb", "a\nb\n")))]
    assert " 1 - a␍" in shown
    assert any("No newline at end of file" in text for text in shown)


def test_U6_renames_binaries_and_quoted_paths() -> None:
    patch = (
        "diff --git a/old.py b/new.py\nsimilarity index 90%\nrename from old.py\nrename to new.py\nindex 1..2 100644\n"
        "--- a/old.py\n+++ b/new.py\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/x y.bin b/x y.bin\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/x y.bin differ\n"
        'diff --git "a/\\303\\244.py" "b/\\303\\244.py"\ndeleted file mode 100644\n--- "a/\\303\\244.py"\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n'
        "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
    )
    document = DiffDocument(patch)
    found = [(file.path, file.status, file.added, file.removed) for file in document.files]
    assert found == [
        ("new.py", "renamed", 1, 1),
        ("x y.bin", "binary", 0, 0),
        ("ä.py", "deleted", 0, 1),
        ("run.sh", "modified", 0, 0),
    ]
    assert "renamed from old.py" in document.row(0).text


def test_lines_that_look_like_headers_are_content_inside_a_hunk() -> None:
    patch = "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- a comment\n+++ b\n context\n"
    document = DiffDocument(patch)
    assert len(document.files) == 1
    assert [row.fill for row in rows(document)[2:]] == ["removed", "added", ""]


def test_a_binary_patch_is_one_row() -> None:
    patch = (
        "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 10\nzcmV;@0!8\n\nliteral 0\nHcmV?d00001\n\n"
    )
    assert [row.text for row in rows(DiffDocument(patch))] == ["x  +0 −0  binary", "  GIT binary patch"]


def test_a_cut_patch_shows_what_there_is() -> None:
    document = DiffDocument("--- a/x\n+++ b/x\n@@ -1,50 +1,50 @@\n a\n-b")
    assert [row.text for row in rows(document)[2:]] == [" 1   a", " 2 - b"]


def test_unseen_hunks_say_so_in_words() -> None:
    document = DiffDocument(made("a\n" + "x\n" * 20 + "b\n", "A\n" + "x\n" * 20 + "B\n"))
    document.set_unseen({1})
    first, second = (document.row(document.hunk_row(index)).text for index in range(2))
    assert "unseen" not in first
    assert second.endswith("unseen")
    assert document.hunk_at(document.hunk_row(1) + 1) == 1
    assert document.hunk_at(0) is None


def test_one_hunk_by_itself_is_a_patch() -> None:
    patch = made("a\n" + "x\n" * 20 + "b\n", "A\n" + "x\n" * 20 + "B\n")
    document = DiffDocument(patch)
    alone = parse_patch(document.hunk_text(1))
    assert [(hunk.old, hunk.new) for hunk in alone.hunks] == [(document.hunks[1].old, document.hunks[1].new)]
    assert (alone.files[0].path, alone.files[0].added) == ("src/a.py", 1)


def test_rows_know_their_lines_at_any_width() -> None:
    document = DiffDocument(made("", "".join(f"word {'long ' * (n % 7)}{n}\n" for n in range(50))), width=20)
    for index in range(document.row_count):
        row = document.row(index)
        assert document.locate(row) <= index
        assert document.row(document.locate(row)).line == row.line
    document.set_width(200)
    assert document.row_count == 52


def test_U11_a_hundred_thousand_lines_are_made_when_shown() -> None:
    body = "".join(f"-old {n}\n+new {n}\n" for n in range(50_000))
    document = DiffDocument(f"--- a/b.py\n+++ b/b.py\n@@ -1,50000 +1,50000 @@\n{body}")
    assert document.row_count == 100_002
    assert document.row(90_001).text.split() == ["45000", "+", "new", "44999"]
    assert document.row(100_001).text.endswith("new 49999")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.text(alphabet="ab -+@\\\t漢\x1b\r", max_size=12), max_size=12),
    st.lists(st.text(alphabet="ab -+@\\\t漢\x1b\r", max_size=12), max_size=12),
)
def test_counts_are_those_of_the_diff(old: list[str], new: list[str]) -> None:
    diff = text_diff("a.txt", "\n".join(old).encode(), "\n".join(new).encode())
    document = DiffDocument(diff.text, 12)
    assert sum(file.added for file in document.files) == diff.added
    assert sum(file.removed for file in document.files) == diff.removed
    for row in rows(document):
        assert width(row.text) <= 12
        assert row.text.isprintable() or "漢" in row.text
