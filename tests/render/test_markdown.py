import pytest

from steer.render.lines import Line
from steer.render.markdown import Markdown, prose


def marked(line: Line) -> list[tuple[str, str]]:
    return [(line.text[start:end], name) for start, end, name in line.spans]


@pytest.mark.parametrize(
    ("text", "shown", "spans"),
    [
        ("## A `b` c", "## A `b` c", [("## A ", "heading"), ("`b`", "code"), (" c", "heading")]),
        ("a **b** c", "a b c", [("b", "bold")]),
        ("a *b* c", "a b c", [("b", "italic")]),
        ("~~x~~", "x", [("x", "strike")]),
        ("**a `b` c**", "a `b` c", [("a ", "bold"), ("`b`", "code"), (" c", "bold")]),
        ("``a`b``", "``a`b``", [("``a`b``", "code")]),
        ("[x](http://y.z)", "x (http://y.z)", [("x", "link"), (" (http://y.z)", "dim")]),
        ("see https://a.b/c", "see https://a.b/c", [("https://a.b/c", "link")]),
        ("2 * 3 * 4 and a*b*c", "2 * 3 * 4 and a*b*c", []),
        ("__init__ and snake_case_name", "__init__ and snake_case_name", []),
        (r"\*not\* bold", r"\*not\* bold", []),
        ("[/] [link=x] [bold]", "[/] [link=x] [bold]", []),
        ("| a | b |", "| a | b |", [("|", "table")] * 3),
        ("---", "---", [("---", "rule")]),
        ("> said", "> said", [("> ", "quote")]),
    ],
)
def test_prose(text: str, shown: str, spans: list[tuple[str, str]]) -> None:
    line = prose(text)
    assert line.text == shown
    assert marked(line) == spans


@pytest.mark.parametrize(
    ("text", "hang"), [("- item", "  "), ("  12. item", "      "), ("> said", "> "), ("- [x] done", " " * 6)]
)
def test_wrapped_items_hang_under_their_text(text: str, hang: str) -> None:
    assert prose(text).hang == hang


def test_fences_close_by_length_and_mark() -> None:
    markdown = Markdown()
    inside = []
    for text in ["````py", "```", "**x**", "```` ", "~~~", "```", "~~~~", "**y**"]:
        line = markdown.line(text)
        inside.append((line.text, markdown.in_fence))
    assert inside == [
        ("````py", True),
        ("```", True),
        ("**x**", True),
        ("```` ", False),
        ("~~~", True),
        ("```", True),
        ("~~~~", False),
        ("y", False),
    ]


def test_code_in_a_line_is_no_fence() -> None:
    markdown = Markdown()
    markdown.line("```a``` b")
    assert not markdown.in_fence


def test_a_fence_is_highlighted_in_its_language() -> None:
    markdown = Markdown()
    markdown.line('```python title="x"')
    assert ("def", "kw") in marked(markdown.line("def f():"))


def test_peek_changes_nothing() -> None:
    markdown = Markdown()
    markdown.peek("```py")
    assert not markdown.in_fence
    markdown.line("```py")
    markdown.peek("```")
    assert markdown.in_fence


@pytest.mark.parametrize(
    "text", ["**a" * 650, "`a" * 900, "`" * 1999, "[" * 1999, "*a " * 600, "_a" * 900, "~~x" * 600]
)
def test_evil_lines_stay_whole(text: str) -> None:
    shown = prose(text).text
    for mark in "*~":
        shown, text = shown.replace(mark, ""), text.replace(mark, "")
    assert shown == text
