"""The grammar of VERIFY.md, as the README promises it."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.gate_options import code_span, expand_braces, gate_line, parse_seconds
from steer.domain.gate_select import named_gates, select_gates
from steer.domain.verify import Gate, VerifyFile
from steer.domain.verify_file import parse_verify


def parse(text: str) -> VerifyFile:
    return parse_verify(text, "digest")


def commands(text: str) -> list[tuple[str, str]]:
    return [(gate.name, gate.command) for gate in parse(text).gates]


def only(text: str) -> Gate:
    (gate,) = parse(text).gates
    return gate


@pytest.mark.parametrize(
    "line",
    [
        "- unit: `pytest -q`",
        "* unit: `pytest -q`",
        "+ unit: `pytest -q`",
        "1. unit: `pytest -q`",
        "2) unit: `pytest -q`",
        "- [ ] unit: `pytest -q`",
        "- [x] unit: `pytest -q`",
        "- **unit**: `pytest -q`",
        "- **unit:** `pytest -q`",
        "- __unit__: `pytest -q`",
        "- `unit`: `pytest -q`",
        "- [unit](docs/unit.md): `pytest -q`",
        "- unit:`pytest -q`",
        "- unit :  ``pytest -q``  ",
        "   - unit: ` pytest -q `",
        "- - unit: `pytest -q`",
        "- unit: `pytest -q` runs all of them",
        "- unit: **`pytest -q`**",
        "\ufeff- unit: `pytest -q`\r\n",
        "- unit:\n  `pytest -q`",
        "-\tunit: `pytest -q`",
    ],
)
def test_forms_of_a_list_item(line: str) -> None:
    file = parse(line)
    assert [(g.name, g.command) for g in file.gates] == [("unit", "pytest -q")]
    assert file.problems == ()


def test_nested_lists_and_the_prose_above_them() -> None:
    text = "- Backend:\n  - api: `make api`\n    - deep: `make deep`\n\n        - deeper: `make deeper`\n- Frontend\n  - web: `make web`\n"
    assert [name for name, _ in commands(text)] == ["api", "deep", "deeper", "web"]


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("echo `date`", "`` echo `date` ``"),
        ("(cd web && npm test)", "`(cd web && npm test)`"),
        ("test $(ls | wc -l) -gt 3", "`test $(ls | wc -l) -gt 3`"),
        ("grep -c '<!-- x -->' a.md", "`grep -c '<!-- x -->' a.md`"),
        ("echo ``x``", "``` echo ``x`` ```"),
        ("echo a: b", "`echo a: b`"),
    ],
)
def test_commands_with_marks_in_them(command: str, written: str) -> None:
    gate = only(f"- odd: {written} (timeout 5s)\n")
    assert (gate.command, gate.timeout) == (command, 5.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120s", 120.0),
        ("120", 120.0),
        ("2m", 120.0),
        ("2 min", 120.0),
        ("1.5 s", 1.5),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("1m 30s", 90.0),
        ("1m30s", 90.0),
        ("1h", 3600.0),
        ("90 seconds", 90.0),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("5x", None),
        ("30h", None),
        ("9" * 400, None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("options", "gate"),
    [
        ("timeout 120s", Gate("a", "b", timeout=120.0)),
        ("timeout: 2m", Gate("a", "b", timeout=120.0)),
        ("TIMEOUT=90, SLOW", Gate("a", "b", timeout=90.0, slow=True)),
        ("when: src/**", Gate("a", "b", when=("src/**",))),
        ("when: src/** tests/**", Gate("a", "b", when=("src/**", "tests/**"))),
        ("when: src/**, when: tests/**", Gate("a", "b", when=("src/**", "tests/**"))),
        ("when: src/**, tests/**, slow", Gate("a", "b", when=("src/**", "tests/**"), slow=True)),
        ("when: `src/**`", Gate("a", "b", when=("src/**",))),
        (r"when: src/\*\*", Gate("a", "b", when=("src/**",))),
        ("when: *.{ts,tsx}", Gate("a", "b", when=("*.ts", "*.tsx"))),
        ('when: "my docs/**"', Gate("a", "b", when=("my docs/**",))),
        ("artifact: shots/*.png", Gate("a", "b", artifacts=("shots/*.png",))),
        ("artifact: a.png, artifact: b.png", Gate("a", "b", artifacts=("a.png", "b.png"))),
        ("artifact: shots/*.{png,jpg}", Gate("a", "b", artifacts=("shots/*.{png,jpg}",))),
        (
            "slow, timeout 1m, when: a/**, artifact: b",
            Gate("a", "b", timeout=60.0, when=("a/**",), artifacts=("b",), slow=True),
        ),
    ],
)
def test_options(options: str, gate: Gate) -> None:
    file = parse(f"- a: `b` ({options})")
    assert file.gates == (gate,)
    assert file.problems == ()


def test_options_on_the_next_line_and_behind_prose() -> None:
    assert only("- a: `b`\n  (timeout 5s)").timeout == 5.0
    assert only("- a: `b` must pass on all machines (timeout 5s)").timeout == 5.0
    gate = only("- a: `b` must pass (see the manual)")
    assert gate.timeout is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Verify\n\n- a: `b` (frob 3)", ("line 3", "'frob 3'", "a")),
        ("- a: `b` (timeout soon)", ("line 1", "'timeout soon'")),
        ("- a: `b` (timeout 0)", ("line 1", "'timeout 0'")),
        ("- a: `b` (when:)", ("line 1", "'when:'")),
        ("- a: `b` (timeout 5s", ("line 1", "not closed")),
        ("- a: `b` timeout 5s", ("line 1", "parentheses")),
        ("- a: `b`\n- a: `c`", ("line 2", "'a'", "'a (2)'")),
        ("- a: `pytest` and `mypy .`", ("line 1", "second")),
    ],
)
def test_a_problem_names_line_and_option_and_the_gate_stays(text: str, says: tuple[str, ...]) -> None:
    file = parse(text)
    assert ("a", "b") in [(g.name, g.command) for g in file.gates] or file.gates[0].command == "pytest"
    (problem,) = file.problems
    assert all(each in problem for each in says), problem


@pytest.mark.parametrize(
    "text",
    [
        "- `pytest -q`",
        "- tests: pytest -q",
        "- tests `pytest -q`",
        "- Run `make check`",
        "- tests: `pytest -q",
        "- tests: ` `",
        "- : `pytest`",
        "- e2e: ./run.sh --all",
        "```\npytest -q\n```",
        "```sh\necho 'open\n```",
    ],
)
def test_what_looks_like_a_gate_but_is_none_is_said(text: str) -> None:
    file = parse(text)
    assert file.gates == ()
    assert len(file.problems) == 1
    assert "line 1" in file.problems[0] or "line 2" in file.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "- Keep commits small.",
        "- Note: read the docs first",
        "- The file `src/app.py` is the start",
        "- Before release, think about `setup.cfg`: it is old",
        "Some prose: `not an item`",
        "> - quoted: `x`",
        "    - indented code: `x`",
        "| a: | `b` |",
        "```python\nprint('pytest')\n```",
        "```\n+-----+\n```",
        "<!-- - hidden: `x` -->",
        "<!--\n- hidden: `x`\n```sh\nx\n```\n-->",
        "---\ntitle: `x`\n- a: `b`\n---\n",
        "* * *",
        "",
    ],
)
def test_prose_is_silently_passed_over(text: str) -> None:
    assert parse(text) == VerifyFile((), "digest")


def test_comments_hide_and_show_again() -> None:
    text = "- a: `x` <!-- (timeout 5s)\n- b: `y` --> (timeout 6s)\n<!----> \n- c: `z` <!-- it`s --> (timeout 7s)\n"
    assert [(g.name, g.timeout) for g in parse(text).gates] == [("a", None), ("c", 7.0)]


def test_a_comment_that_never_ends_is_said() -> None:
    file = parse("- a: `x`\n\n<!-- oops\n- b: `y`\n")
    assert [g.name for g in file.gates] == ["a"]
    assert "line 3" in file.problems[0]


def test_a_rule_above_a_list_is_no_front_matter() -> None:
    assert commands("---\n- a: `b`\n---\n- c: `d`\n") == [("a", "b"), ("c", "d")]


def test_fenced_lines_are_gates_named_by_their_command() -> None:
    text = "```sh\n# all of it\n\npytest -q   # fast ones\nnpm run \\\n  lint\nmake a &&\n  make b\n```\n"
    assert commands(text) == [("pytest -q",) * 2, ("npm run lint",) * 2, ("make a &&", "make a &&\n  make b")]


@pytest.mark.parametrize("mark", ["```", "````", "~~~"])
@pytest.mark.parametrize("language", ["sh", "bash", "shell", "zsh", "console", "Bash", " sh title=x", "{.bash}"])
def test_languages_and_marks_of_fences(mark: str, language: str) -> None:
    assert commands(f"{mark}{language}\nmake x\n{mark}\n- after: `y`") == [("make x", "make x"), ("after", "y")]


def test_fences_inside_list_items_and_after_markers() -> None:
    text = "- Unit tests:\n\n  ```sh\n  pytest -q\n    make x\n  ```\n- ```sh\n  make y\n  ```\n- z: `make z`\n"
    assert commands(text) == [("pytest -q",) * 2, ("make x",) * 2, ("make y",) * 2, ("z", "make z")]


def test_a_console_block_has_prompts_and_output() -> None:
    text = "```console\n$ pytest -q\n3 passed\n(venv) me@box:~/src$ make x\nok\n$ echo a \\\n> b\n% make z\n```\n"
    assert [c for _, c in commands(text)] == ["pytest -q", "make x", "echo a b", "make z"]
    assert [c for _, c in commands("```console\npytest -q\n```")] == ["pytest -q"]
    assert [c for _, c in commands("```sh\n$ pytest -q\n```")] == ["pytest -q"]


@pytest.mark.parametrize(
    "block",
    [
        "for f in *.py; do\n  python $f\ndone",
        "if test -f x; then\n  make x\nelse\n  make y\nfi",
        "while read l; do echo $l; done < x",
        "cat <<EOF\nit's text\nEOF",
        "echo 'a\nb'",
        "case $x in\n  a) make a;;\nesac",
        "{ make a; make b; }",
        "echo 'a # no comment' \"b # neither\"",
        "echo a#b",
        "echo $((1 << 3))",
        "cat <<<'here'",
        "! grep -r TODO src",
    ],
)
def test_commands_of_several_lines_stay_whole(block: str) -> None:
    assert [c for _, c in commands(f"```sh\n{block}\nmake last\n```")] == [block, "make last"]


def test_options_of_fenced_lines() -> None:
    text = (
        "```sh\npytest -q (timeout 5s, slow)\nmake x  # timeout 6s\nmake y # (when: a/**)\n(cd a && make)\nfoo ()\n```"
    )
    gates = parse(text).gates
    assert [(g.command, g.timeout, g.slow, g.when) for g in gates] == [
        ("pytest -q", 5.0, True, ()),
        ("make x", 6.0, False, ()),
        ("make y", None, False, ("a/**",)),
        ("(cd a && make)", None, False, ()),
        ("foo ()", None, False, ()),
    ]


def test_a_fence_that_is_never_closed_is_said_and_read() -> None:
    file = parse("# Verify\n```sh\nmake x\n")
    assert [g.command for g in file.gates] == ["make x"]
    assert "line 2" in file.problems[0]


def test_headings_group_gates() -> None:
    text = """# Verify

- first: `1`

## ui

- second: `2`

### Fast

- third: `3`

## ALWAYS:

- fourth: `4`

### Python

- fifth: `5`

Docs
----

- sixth: `6`
"""
    assert [(g.name, g.group) for g in parse(text).gates] == [
        ("first", ""),
        ("second", "ui"),
        ("third", "ui/Fast"),
        ("fourth", ""),
        ("fifth", ""),
        ("sixth", "Docs"),
    ]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("# Verify\n- a: `x`", [""]),
        ("Verify\n======\n- a: `x`", [""]),
        ("- a: `x`\n# ui\n- b: `y`", ["", "ui"]),
        ("# Checks\n- a: `x`\n# ui\n- b: `y`", ["", "ui"]),
        ("# ui\n- a: `x`\n# docs\n- b: `y`", ["ui", "docs"]),
        ("# Always\n- a: `x`\n# docs\n- b: `y`", ["", "docs"]),
        ("## `ui` ##\n- a: `x`", ["ui"]),
        ("## **UI** tests\n- a: `x`", ["UI tests"]),
        ("#no heading\n- a: `x`", [""]),
    ],
)
def test_titles_and_groups(text: str, groups: list[str]) -> None:
    assert [g.group for g in parse(text).gates] == groups


def test_line_ends_of_all_kinds_give_the_same_gates() -> None:
    text = "# Verify\n\n- a: `x` (timeout 5s)\n```sh\nmake y\n```\n## ui\n- b: `z`\n"
    assert parse(text).gates == parse(text.replace("\n", "\r\n")).gates == parse(text.replace("\n", "\r")).gates


def test_a_line_separator_inside_a_command_is_no_line_end() -> None:
    assert only("- a: `echo \u2028 \x0b \x85 b`").command == "echo \u2028 \x0b \x85 b"


def test_several_of_one_name_each_get_their_own() -> None:
    file = parse("- a: `1`\n- a (2): `2`\n- a: `3`\n- a: `4`\n")
    assert [g.name for g in file.gates] == ["a", "a (2)", "a (3)", "a (4)"]
    assert len(file.problems) == 2


def test_braces_expand_but_not_without_end() -> None:
    assert expand_braces("src/*.{ts,tsx}") == ["src/*.ts", "src/*.tsx"]
    assert expand_braces("{a,b}/{c,d}") == ["a/c", "a/d", "b/c", "b/d"]
    bomb = "{a,b}" * 20
    assert expand_braces(bomb) == [bomb]


@pytest.mark.parametrize(
    "text",
    [
        "<!---->" * 20_000,
        "[" * 100_000 + ": `x`",
        "- " + "[" * 100_000 + ": `x`",
        "# " + " " * 100_000 + "x",
        "- a: `b` " + "(" * 100_000,
        "```sh\n" + 'echo "\n' * 10_000,
        "```console\na@" + "a" * 100_000,
        "- a: `x`\n" * 5_000,
        "- " + "`a` " * 30_000,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.timeout(20)
def test_hostile_files_cost_no_quadratic_time(text: str) -> None:
    assert parse(text).digest == "digest"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="-*+ \n\t`~#:()abc,.$\\<>!|=_'\"{}[]1\r\ufeff\ud800é"))
def test_never_raises(text: str) -> None:
    for gate in parse(text).gates:
        assert gate.name
        assert gate.command.strip()


_WORDS = st.text(alphabet="abcé-_./ 1", min_size=1, max_size=12).map(lambda s: " ".join(s.split()).strip("_- "))
_GLOBS = st.lists(st.sampled_from(["src/**", "*.py", "a b/*.md", "docs/"]).filter(lambda g: " " not in g), unique=True)


@settings(max_examples=150, deadline=None)
@given(
    name=_WORDS.filter(lambda s: s[:1].isalpha()),
    command=st.text(alphabet="ab `'\"()$&|<>#-:", min_size=1, max_size=20).filter(lambda s: s.strip() == s),
    timeout=st.one_of(st.none(), st.integers(1, 9999).map(float)),
    globs=_GLOBS,
    slow=st.booleans(),
)
def test_a_printed_gate_reads_as_itself(
    name: str, command: str, timeout: float | None, globs: list[str], slow: bool
) -> None:
    gate = Gate(name, command, timeout, tuple(globs), tuple(globs[:1]), slow)
    assert parse(gate_line(gate)) == VerifyFile((gate,), "digest")


def test_code_spans_take_as_many_backticks_as_needed() -> None:
    assert code_span("a") == "`a`"
    assert code_span("`a`") == "`` `a` ``"
    assert code_span("a``b`c") == "```a``b`c```"


FILE = parse(
    "- unit: `1`\n- docs-links: `2` (when: docs/** *.md)\n- long: `3` (slow)\n"
    "## ui\n- shots: `4` (when: ui/**)\n### fast\n- click: `5`\n"
)


def names(gates: tuple[Gate, ...]) -> list[str]:
    return [gate.name for gate in gates]


def test_all_gates_are_selected_where_nothing_is_known() -> None:
    assert select_gates(FILE).run == FILE.gates
    assert select_gates(FILE).skipped == ()


def test_when_leaves_gates_out_with_the_reason() -> None:
    chosen = select_gates(FILE, ["src/a.py", "README.md"])
    assert names(chosen.run) == ["unit", "docs-links", "long", "click"]
    ((gate, reason),) = chosen.skipped
    assert gate.name == "shots"
    assert "ui/**" in reason
    assert names(select_gates(FILE, []).run) == ["unit", "long", "click"]


def test_groups_add_to_those_that_always_run() -> None:
    assert names(select_gates(FILE, groups=()).run) == ["unit", "docs-links", "long"]
    assert names(select_gates(FILE, groups=["UI"]).run) == ["unit", "docs-links", "long", "shots", "click"]
    assert names(select_gates(FILE, groups=["fast"]).run) == ["unit", "docs-links", "long", "click"]
    assert names(select_gates(FILE, groups=["shots"], slow=False).run) == ["unit", "docs-links", "shots"]
    assert [reason for _, reason in select_gates(FILE, groups=(), slow=False).skipped] == [
        "slow",
        "group ui was not asked for",
        "group ui/fast was not asked for",
    ]


def test_a_name_means_a_gate_a_group_or_neither() -> None:
    assert names(named_gates(FILE, "Unit")) == ["unit"]
    assert names(named_gates(FILE, "ui")) == ["shots", "click"]
    assert named_gates(FILE, shlex.join(["pytest", "-q"])) == ()
    assert named_gates(FILE, " ") == ()
