import pytest

from steer.render.highlight import LONGEST, Highlighter, language_of


def tokens(language: str, source: str) -> list[list[tuple[str, str]]]:
    highlighter = Highlighter(language)
    return [[(line[a:b], name) for a, b, name in highlighter.line(line)] for line in source.split("\n")]


def test_a_docstring_goes_on() -> None:
    lines = tokens("python", 'def f():\n    """One\n    def two\n    """\n    return 1')
    assert lines[2] == [("    def two", "str")]
    assert ("return", "kw") in lines[4]


@pytest.mark.parametrize(
    ("language", "source", "token"),
    [
        ("c", "int a; /* one\nint b\n*/ int c;", "comment"),
        ("js", "let a; /* one\nlet b\n*/ let c", "comment"),
        ("rust", "fn a() {} /* one\nfn b\n*/ fn c", "comment"),
        ("go", "x := `one\nfunc b\n` + 1", "str"),
        ("js", "x = `one\nlet b\n` + 1", "str"),
        ("html", "<p> <!-- one\n<b>\n--> <i>", "comment"),
        ("bash", "echo 'one\nfor b\n' ; for x", "str"),
        ("sql", "select 'one\nfrom b\n' from x", "str"),
    ],
)
def test_what_spans_lines_goes_on_and_ends(language: str, source: str, token: str) -> None:
    first, second, third = tokens(language, source)
    assert first[-1][1] == token
    assert [name for _, name in second] == [token]
    assert any(name != token for _, name in third)


def test_comment_marks_in_strings_and_line_comments_open_nothing() -> None:
    lines = tokens("js", 'a = "/*" // /* x\nlet b')
    assert ("let", "kw") in lines[1]


def test_scripts_and_styles_of_a_page() -> None:
    lines = tokens("html", "<script>\nlet a = 1;\n</script>\n<style>\np { color: red }\n</style>\n<p>")
    assert ("let", "kw") in lines[1]
    assert ("script", "tag") in lines[2]
    assert lines[4]
    assert ("p", "tag") in lines[6]


def test_peek_stays_where_it_is() -> None:
    highlighter = Highlighter("python")
    highlighter.peek('x = """')
    assert highlighter.line("def f():")[0] == (0, 3, "kw")


def test_unknown_and_too_long_are_plain() -> None:
    assert Highlighter("no-such-language").line("def f()") == ()
    assert Highlighter("python").line("x = 1 " * LONGEST) == ()


@pytest.mark.parametrize(
    "language",
    [
        "python",
        "js",
        "ts",
        "c",
        "cpp",
        "go",
        "rust",
        "java",
        "html",
        "css",
        "json",
        "yaml",
        "toml",
        "bash",
        "sql",
        "ruby",
        "php",
        "markdown",
        "diff",
        "jsx",
        "tsx",
        "kotlin",
        "swift",
        "lua",
        "make",
        "docker",
    ],
)
def test_spans_are_ordered_and_inside_the_line(language: str) -> None:
    source = "def a(b): /* x */ \"s\" 'q' `t` # c\n<x y='z'>{{}}\n\n  - k: v // w\n$(a) && b || c; @d\n''' \"\"\"\nend"
    highlighter = Highlighter(language)
    for line in source.split("\n"):
        at = 0
        for start, end, name in highlighter.line(line):
            assert at <= start < end <= len(line)
            assert name
            at = end


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"), ("x.ts", "typescript"), ("x.tsx", "tsx"), ("a.h", "c"), ("Makefile", "make"),
        ("Dockerfile", "docker"), ("CMakeLists.txt", "cmake"), ("notes.txt", ""), ("a.unknown", ""), (".bashrc", "bash"),
        ("x.d.ts", "typescript"), ("", ""),
    ],
)  # fmt: skip
def test_languages_of_files(path: str, language: str) -> None:
    assert language_of(path) == language
