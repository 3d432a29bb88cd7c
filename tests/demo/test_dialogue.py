"""The scripted model at work on a real copy of the sample: every way through ends, and where it changes code the gates pass."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steer.demo import copy_sample
from steer.domain.constraints import ConstraintSet
from steer.providers.scripted import ScriptedServer
from tests.demo.agent import Agent, run_gates

WEEKS = "Read ISO week dates such as 2020-W53-7"
CODE = "tinydates/parsing.py"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with ScriptedServer(rate=0) as server, httpx.Client(base_url=server.base_url + "/", timeout=20) as client:
        yield client


@pytest.fixture
def agent(client: httpx.Client, tmp_path: Path) -> Agent:
    return Agent(client, copy_sample(tmp_path / "tinydates"))


def names(agent: Agent) -> list[str]:
    return [name for name, _, _ in agent.calls]


def code(agent: Agent) -> str:
    return (agent.root / CODE).read_text()


@pytest.mark.parametrize(
    ("task", "numbered"),
    [(WEEKS, True), (WEEKS, False), ("make it better", True), ("Add support for Julian dates", True)],
)
def test_the_slip_is_found_by_the_gates_and_repaired(agent: Agent, task: str, numbered: bool) -> None:
    agent.numbered = numbered
    said = agent.task(task)
    assert agent.failing == [["tests"], []]
    assert "fourth.weekday()" in code(agent)
    assert "one day early" in said
    assert "comes_back" in (agent.root / "tests/test_weeks.py").read_text()
    assert names(agent)[:3] == ["read_file", "read_file", "edit_file"]
    assert names(agent)[-1] == "update_progress"


def test_work_the_script_does_not_know_is_named_as_such(agent: Agent) -> None:
    assert "does not know that" in agent.task("Add support for Julian dates")
    assert "does not know that" not in agent.task(WEEKS)


def test_further_tasks_in_the_same_session(agent: Agent) -> None:
    agent.task(WEEKS)
    agent.task("Add something else that is useful")
    assert "def quarter(" in (agent.root / "tinydates/spans.py").read_text()
    assert "quarter" in (agent.root / "tinydates/__init__.py").read_text()
    assert (agent.root / "tests/test_quarter.py").is_file()
    agent.task("Document week dates in the README")
    assert "`2020-W53-7`" in (agent.root / "README.md").read_text()
    calls = len(agent.calls)
    assert "scripted demo model" in agent.task("Add one more thing")
    assert len(agent.calls) == calls
    assert agent.failing == [["tests"], [], [], [], []]


def test_quarters_come_first_when_asked_for(agent: Agent) -> None:
    agent.task("add quarter support")
    assert agent.failing == [[]]
    assert "parse_week" not in code(agent)


def test_no_new_files_puts_the_test_into_an_existing_file(agent: Agent) -> None:
    agent.task("hello")
    agent.steer("add quarter(day)", ["no-new-files"])
    assert not (agent.root / "tests/test_quarter.py").exists()
    assert "test_quarter" in (agent.root / "tests/test_spans.py").read_text()
    assert agent.failing[-1] == []


def test_a_regex_asked_for_while_it_was_still_talking(agent: Agent) -> None:
    agent.partial(WEEKS, "I read the parser and")
    said = agent.steer("use a regex instead", cut="redirect")
    assert said.startswith("A regular expression, then.")
    assert "re.fullmatch" in code(agent)
    assert agent.failing == [["tests"], []]


@pytest.mark.parametrize(
    ("words", "there", "gone"),
    [
        ("use a regex instead", "re.fullmatch", 'split("-")'),
        ("Simplify: find a smaller solution", "fromisocalendar", "timedelta(weeks"),
        ("stop adding comments", "fourth.weekday()", "#"),
        ("no regex please", 'split("-")', "fullmatch(r"),
    ],
)
def test_redirects_after_the_work_is_done(agent: Agent, words: str, there: str, gone: str) -> None:
    agent.task(WEEKS)
    agent.steer(words)
    week = code(agent).partition("def parse_week")[2].partition("\n\n\n")[0]
    assert there in week
    assert gone not in week
    assert agent.failing[-1] == []


def test_simplify_before_the_first_edit_needs_no_repair(agent: Agent) -> None:
    agent.partial(WEEKS, "I read")
    agent.steer("simplify", cut="redirect")
    assert "fromisocalendar" in code(agent)
    assert agent.failing == [[]]


@pytest.mark.parametrize("told", [["protect:tests/**"], []])
def test_protected_tests_are_left_alone(agent: Agent, told: list[str]) -> None:
    before = (agent.root / "tests/test_weeks.py").read_text()
    agent.partial(WEEKS, "I read")
    said = agent.steer("don't touch the tests", told)
    assert said.startswith("Understood: `protect:tests/**`.")
    assert (agent.root / "tests/test_weeks.py").read_text() == before
    assert "Left out: the test" in said
    assert agent.failing == [["tests"], []]


def test_a_rule_that_the_history_did_not_tell_is_run_into_once(agent: Agent) -> None:
    agent.rules = ConstraintSet.parse(["protect:tests/**"])
    said = agent.task(WEEKS)
    refused = [result for _, _, result in agent.calls if result.startswith("Refused")]
    assert len(refused) == 1
    assert "Left out: the test" in said
    assert agent.failing == [["tests"], []]


def test_only_another_file_stops_the_work_with_the_diff_shown(agent: Agent) -> None:
    before = code(agent)
    agent.task("hello")
    said = agent.steer(WEEKS, ["only:README.md"])
    assert "outside README.md" in said
    assert "```diff" in said
    assert code(agent) == before
    agent.steer("go on", ["only:tinydates/**"])
    assert agent.failing[-2:] == [["tests"], []]


def test_only_this_file_is_the_one_at_hand(agent: Agent) -> None:
    agent.messages.append({"role": "user", "content": WEEKS})
    agent.step()
    said = agent.steer("only change this file")
    assert said.startswith(f"Understood: `only:{CODE}`.")
    assert agent.failing == [["tests"], []]
    assert {arguments["path"] for name, arguments, _ in agent.calls if name == "edit_file"} == {CODE}


def test_a_lifted_rule_no_longer_holds(agent: Agent) -> None:
    agent.task("hello")
    agent.steer(WEEKS, ["only:README.md"])
    agent.rules = ConstraintSet()
    agent.messages.append(
        {
            "role": "user",
            "content": "[Constraints, enforced from now on]\n- No longer in force: Change only these files: README.md.",
        }
    )
    agent._steps()
    assert "parse_week" in code(agent)


@pytest.mark.parametrize("words", ["continue", "go on", "yes"])
def test_going_on_after_an_interrupt(agent: Agent, words: str) -> None:
    agent.partial(WEEKS, "I read the pars")
    assert agent.task(words, cut="user").startswith("Going on.")
    assert agent.failing == [["tests"], []]


def test_a_call_that_was_cut_is_made_again(agent: Agent) -> None:
    agent.messages.append({"role": "user", "content": WEEKS})
    agent.step()
    agent.step()
    agent.messages[-1]["content"] = "Not run: the user interrupted before this call."
    (agent.root / CODE).write_text(
        code(agent).partition('    if "W" in text')[0] + '    raise ValueError(f"not a date: {text!r}")\n'
    )
    agent.task("go on", cut="user")
    assert "parse_week" in code(agent)


def test_few_lines_give_the_short_version(agent: Agent) -> None:
    agent.partial(WEEKS, "I read")
    agent.steer("", ["max-lines:12"])
    assert "fromisocalendar" in code(agent)
    assert agent.failing == [[]]


def test_too_few_lines_for_any_version(agent: Agent) -> None:
    before = code(agent)
    agent.partial(WEEKS, "I read")
    assert "3 allowed" in agent.steer("", ["max-lines:3"])
    assert code(agent) == before


def test_a_denied_change_is_not_tried_again(agent: Agent) -> None:
    agent.deny = "too much"
    agent.task("hello")
    said = agent.steer(WEEKS, ["show-diff"])
    assert names(agent).count("edit_file") == 1
    assert "did not allow this (too much)" in said


def test_show_the_diff_first_waits_for_a_yes(agent: Agent) -> None:
    before = code(agent)
    said = agent.task(f"{WEEKS}, but show me the diff first")
    assert "```diff" in said
    assert code(agent) == before
    agent.task("yes")
    assert agent.failing == [[], ["tests"], []]


def test_an_edit_that_does_not_fit_is_made_again_after_reading(agent: Agent) -> None:
    agent.task("explain the parser")
    (agent.root / CODE).write_text(code(agent).replace('not a date: {text!r}")\n', 'not a date: {text!r}")  \n', 1))
    agent.task(WEEKS)
    results = [result for name, _, result in agent.calls if name == "edit_file"]
    assert "not found" in results[0]
    assert len(results) <= 2


@pytest.mark.parametrize(
    "words", ["explain", "why this way?", "research the alternatives first", "review", "undo that"]
)
def test_talk_changes_nothing(agent: Agent, words: str) -> None:
    agent.task(WEEKS)
    before, calls = code(agent), len(agent.calls)
    assert agent.steer(words)
    assert code(agent) == before
    assert not {"edit_file", "write_file"} & {name for name, _, _ in agent.calls[calls:]}


def test_explaining_fits_the_code_that_is_there(agent: Agent) -> None:
    assert "Week dates are missing" in agent.task("explain the code")
    agent.task(WEEKS)
    assert "`weekday()`" in agent.task("explain")
    agent.task("simplify")
    assert "fromisocalendar" in agent.task("explain")


def test_review_knows_the_slip(agent: Agent) -> None:
    agent.messages.append({"role": "user", "content": WEEKS})
    agent._steps()
    line = next(at for at, text in enumerate(code(agent).split("\n"), 1) if "isoweekday" in text)
    agent.messages.append({"role": "user", "content": "review the change"})
    agent._steps()
    assert f"{CODE}:{line}" in agent.texts[-1]


def test_words_that_mean_nothing_to_the_script(agent: Agent) -> None:
    agent.partial(WEEKS, "I read")
    said = agent.steer("purple elephants")
    assert "scripted demo model" in said
    assert "“purple elephants”" in said
    assert "ISO week dates is not finished" in said
    agent.task("go on")
    assert "parse_week" in code(agent)


def test_deleting_and_being_denied(agent: Agent) -> None:
    agent.deny = "keep it"
    agent.rules = ConstraintSet.parse(["ask-delete"])
    assert "Not deleted: The user did not allow this (keep it)" in agent.task("delete README.md")
    assert (agent.root / "README.md").is_file()
    agent.deny = ""
    agent.task("delete the file README.md")
    assert not (agent.root / "README.md").exists()


def test_running_the_tests(agent: Agent) -> None:
    assert "Ran 11 tests" in agent.task("run the tests")
    assert names(agent) == ["run_command"]
    assert "may not run commands" in agent.steer("run the tests again", ["no-commands"])


def test_read_only_explains_instead_of_editing(agent: Agent) -> None:
    before = code(agent)
    agent.task("hello")
    said = agent.steer(WEEKS, ["read-only"])
    assert "```diff" in said
    assert code(agent) == before


def test_a_failure_that_is_not_its_own_ends_with_an_honest_word(agent: Agent) -> None:
    agent.task(WEEKS)
    spans = agent.root / "tinydates/spans.py"
    spans.write_text(spans.read_text().replace("last - first", "first - last"))
    said = agent.task("go on")
    assert "my script does not reach it" in said


def test_a_project_that_is_not_the_sample(client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "VERIFY.md").write_text("")
    agent = Agent(client, tmp_path)
    assert "cannot read" in agent.task(WEEKS)


def test_without_tools_it_only_talks(agent: Agent) -> None:
    agent.tools = []
    assert "no tools" in agent.task(WEEKS)
    assert agent.calls == []


def test_a_new_session_on_the_finished_project(agent: Agent, client: httpx.Client) -> None:
    agent.task(WEEKS)
    again = Agent(client, agent.root)
    assert "there already" in again.task(WEEKS)
    assert run_gates(agent.root)[0].status == "passed"
