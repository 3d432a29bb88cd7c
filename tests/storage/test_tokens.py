"""Token counts against figures that endpoints reported."""

import base64
import gzip
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.domain.calibration import HIGHEST, LOWEST, Calibration
from steer.domain.context import CATEGORIES
from steer.domain.errors import UsageError
from steer.domain.messages import Message, ToolCall, ToolSpec
from steer.domain.values import Json
from steer.engine.cockpit import TokenCounter
from steer.storage import vocabulary
from steer.storage.images import UNKNOWN, image_tokens
from steer.storage.signatures import render_namespace
from steer.storage.tokens import PARALLEL_TOKENS, PIECE, REPLY_TOKENS, Counter, split_text
from steer.storage.vocabulary import VocabularyError, encoding_for, load_encoding, published_file


@pytest.fixture(scope="module")
def older() -> Counter:
    counter = Counter("gpt-3.5-turbo")
    counter.load()
    return counter


@pytest.fixture(scope="module")
def newer() -> Counter:
    counter = Counter("gpt-4o")
    counter.load()
    return counter


def function(name: str, properties: Mapping[str, Json], description: str = "", **more: Json) -> Json:
    parameters: dict[str, Json] = {"type": "object", "properties": properties, **more}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def total(counter: Counter, *messages: Json, tools: tuple[Json, ...] = (), **more: Json) -> int:
    return sum(counter.count_request({"messages": messages, "tools": tools, **more}).values())


HELLO: Json = {"role": "user", "content": "hello"}
STRING: Json = {"type": "string"}

# Prompt tokens as OpenAI reported them for these requests: github.com/hmarr/openai-chat-tokens, src/token-counts.test.ts.
MESSAGES_REPORTED: list[tuple[tuple[Json, ...], int]] = [
    ((HELLO,), 8),
    (({"role": "user", "content": "hello world"},), 9),
    (({"role": "system", "content": "hello:"},), 9),
    (({"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},), 20),
    (
        (
            {"role": "system", "content": "# Important: you're the best robot"},
            {"role": "user", "content": "hello robot"},
            {"role": "assistant", "content": "hello world"},
        ),
        27,
    ),
    (({"role": "user", "content": "hello world"}, {"role": "function", "name": "do_stuff", "content": "{}"}), 15),
    (
        (
            {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "do_stuff", "arguments": '{"foo": "bar", "baz": 1.5}'},
            },
        ),
        26,
    ),
]
TOOLS_REPORTED: list[tuple[Json, int]] = [
    (function("foo", {}), 31),
    (function("foo", {}, "Do a foo"), 36),
    (function("bing_bong", {"foo": STRING}, "Do a bing bong"), 49),
    (
        function("bing_bong", {"foo": STRING, "bar": {"type": "number", "description": "A number"}}, "Do a bing bong"),
        57,
    ),
    (
        function(
            "bing_bong",
            {
                "foo": {
                    "type": "object",
                    "properties": {"bar": {"type": "string", "enum": ["a", "b", "c"]}, "baz": {"type": "boolean"}},
                }
            },
            "Do a bing bong",
        ),
        68,
    ),
    (
        function(
            "function",
            {
                "quality": {
                    "type": "object",
                    "properties": {
                        "pros": {
                            "type": "array",
                            "items": STRING,
                            "description": "Write 3 points why this text is well written",
                        }
                    },
                }
            },
            "description",
        ),
        46,
    ),
    (
        function(
            "get_recipe",
            {
                "ingredients": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "unit", "amount"],
                        "properties": {
                            "name": STRING,
                            "unit": {"enum": ["grams", "ml", "cups", "pieces", "teaspoons"], "type": "string"},
                            "amount": {"type": "number"},
                        },
                    },
                },
                "instructions": {
                    "type": "array",
                    "items": STRING,
                    "description": "Steps to prepare the recipe (no numbering)",
                },
                "time_to_cook": {"type": "number", "description": "Total time to prepare the recipe in minutes"},
            },
            required=["ingredients", "instructions", "time_to_cook"],
        ),
        106,
    ),
]


@pytest.mark.parametrize(("messages", "reported"), MESSAGES_REPORTED)
def test_messages_count_as_reported(older: Counter, messages: tuple[Json, ...], reported: int) -> None:
    assert total(older, *messages) == reported


@pytest.mark.parametrize(("tool", "reported"), TOOLS_REPORTED)
def test_tools_count_as_reported(older: Counter, tool: Json, reported: int) -> None:
    assert total(older, HELLO, tools=(tool,)) == reported


def test_tools_share_the_system_message_as_reported(older: Counter) -> None:
    user: Json = {"role": "user", "content": "Hi there"}
    tool = function("do_stuff", {})
    other = function("do_other_stuff", {})
    systems: list[Json] = [{"role": "system", "content": text} for text in ("Hello:", "Hello")]
    assert total(older, systems[1], user, tools=(tool,)) == 35
    assert total(older, systems[0], user, tools=(tool,)) == 35
    assert total(older, *systems, user, tools=(tool,)) == 40
    assert total(older, *systems, user, tools=(tool, other)) == 49
    choice: Json = {"type": "function", "function": {"name": "do_stuff"}}
    assert total(older, *systems, user, tools=(tool, other), tool_choice=choice) == 55


def test_unions_count_as_reported(older: Counter) -> None:
    def kind(name: str, member: str, of: str) -> Json:
        return {"type": "object", "properties": {"kind": {"type": "string", "const": name}, member: {"type": of}}}

    options: list[Json] = [kind("a", "baz", "boolean"), kind("b", "qux", "number"), kind("c", "idk", "string")]
    messages: list[Json] = [{"role": "system", "content": "Hello"}, {"role": "user", "content": "Hi there"}]
    assert total(older, *messages, tools=(function("do_stuff", {"foo": {"anyOf": options[:1]}}),)) == 52
    assert total(older, *messages, tools=(function("do_stuff", {"foo": {"anyOf": options}}),)) == 80


def test_cookbook_weather_example_in_both_encodings(older: Counter, newer: Counter) -> None:
    """OpenAI's cookbook, How to count tokens with tiktoken: 105 for GPT-3.5 and 4, 101 for GPT-4o."""
    tool = function(
        "get_current_weather",
        {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {
                "type": "string",
                "description": "The unit of temperature to return",
                "enum": ["celsius", "fahrenheit"],
            },
        },
        "Get the current weather in a given location",
        required=["location"],
    )
    messages: list[Json] = [
        {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
        {"role": "user", "content": "What's the weather like in San Francisco?"},
    ]
    assert total(older, *messages, tools=(tool,)) == 105
    assert total(newer, *messages, tools=(tool,)) == 101


@pytest.mark.parametrize(("pairs", "reported"), [(1, 40), (2, 89), (3, 114)])
def test_calls_and_results_count_as_reported(older: Counter, pairs: int, reported: int) -> None:
    """community.openai.com/t/strange-token-cost-calculation-for-tool-calls/538914."""
    calls: list[Json] = [
        {"id": str(at), "type": "function", "function": {"name": "calculator", "arguments": '{"a":2, "b":2}'}}
        for at in range(pairs)
    ]
    results: list[Json] = [{"role": "tool", "tool_call_id": str(at), "content": "4"} for at in range(pairs)]
    question: Json = {"role": "user", "content": [{"type": "text", "text": "How much is 2 plus 2?"}]}
    assert total(older, question, {"role": "assistant", "tool_calls": calls}, *results) == reported


def test_counter_is_a_token_counter_and_agrees_with_the_request_on_the_wire(newer: Counter) -> None:
    counter: TokenCounter = newer
    call = ToolCall("c1", "read_file", '{"path": "a.py"}')
    spec = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": STRING}})
    history = [
        Message("system", "You write code"),
        Message("user", "Fix it"),
        Message("assistant", "Looking.", (call,), reasoning="Not sent, not counted."),
        Message("tool", "print('hi')", tool_call_id="c1"),
    ]
    wire: list[Json] = [
        {"role": "system", "content": "You write code"},
        {"role": "user", "content": "Fix it"},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [{"id": "c1", "function": {"name": call.name, "arguments": call.arguments}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "print('hi')"},
    ]
    tool: Json = {"function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters}}
    counts = newer.count_request({"messages": wire, "tools": [tool]})
    assert set(counts) == set(CATEGORIES)
    assert counts["tool_results"] == counter.message(history[3])
    assert counts["memory"] == 0
    assert sum(map(counter.message, history)) + counter.tools([spec]) + REPLY_TOKENS == sum(counts.values())


def test_reasoning_is_counted_only_where_it_is_sent() -> None:
    message = Message("assistant", "Yes.", reasoning="Because it is so.")
    silent, sending = Counter("gpt-4o"), Counter("gpt-4o", sends_reasoning=True)
    assert sending.message(message) > silent.message(message)
    body: dict[str, Json] = {"messages": [{"role": "assistant", "content": "Yes.", "reasoning_content": "Because."}]}
    assert sum(sending.count_request(body).values()) > sum(silent.count_request(body).values())


def test_no_tools_cost_nothing(newer: Counter) -> None:
    assert newer.tools([]) == 0
    assert newer.count_request({"messages": [HELLO]})["tools"] == 0


def test_estimate_before_loading_then_the_vocabulary() -> None:
    counter = Counter("gpt-4o")
    text = "def parse_week(text: str) -> date:\n    return date.fromisocalendar(*split(text))\n" * 20
    estimate, before = counter.count(text), counter.exact
    counter.load()
    assert (before, counter.exact) == (False, True)
    assert counter.count(text) == len(load_encoding("o200k_base").encode_ordinary(text))
    assert estimate == pytest.approx(counter.count(text), rel=0.4)
    assert counter.count("") == Counter("gpt-4o").count("") == 0


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|im_start|>user", "a<|endofprompt|>b"])
def test_special_tokens_in_text_are_text(newer: Counter, text: str) -> None:
    assert newer.count(text) > 1


@pytest.mark.parametrize("text", ["\ud83d", "x \udc4d y", "👍"[:1] + "\ud83d", "\x00", "\u0301" * 50])
def test_H10_lone_surrogates_are_counted(newer: Counter, text: str) -> None:
    assert newer.count(text) > 0
    assert Counter("gpt-4o").count(text) > 0


@pytest.mark.parametrize("unit", ["a", " ", "^", "\n", "的", " \n", "\u0301", "aA"])
def test_huge_runs_are_counted_in_bounded_pieces(newer: Counter, unit: str) -> None:
    text = unit * (300_000 // len(unit))
    pieces = list(split_text(text))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= PIECE
    assert newer.count(text) > 0


def test_pieces_of_prose_and_code_add_up_to_the_whole(newer: Counter) -> None:
    text = "".join(
        f"    value_{n} = compute(alpha, {n})  # it's {n}. And so on\n\n\tNext line {n}!\n" for n in range(1500)
    )
    assert len(text) > 3 * PIECE
    assert newer.count(text) == len(load_encoding("o200k_base").encode_ordinary(text))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab \n\t.é'1", max_size=200), st.integers(2, 40))
def test_any_text_is_split_without_loss(text: str, limit: int) -> None:
    pieces = list(split_text(text, limit))
    assert "".join(pieces) == text
    assert all(len(piece) <= limit for piece in pieces)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo-2024-04-09", "cl100k_base"),
        ("openai/gpt-3.5-turbo", "cl100k_base"),
        ("gpt-35-turbo-16k", "cl100k_base"),
        ("ft:gpt-4:org::id", "cl100k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("openai/gpt-oss-120b", "o200k_base"),
        ("gpt-5.2-mini", "o200k_base"),
        ("o4-mini", "o200k_base"),
        ("codex-mini-latest", "o200k_base"),
        ("qwen-3-coder-480b", "cl100k_base"),
        ("meta-llama/Llama-3.3-70B", "cl100k_base"),
        ("o1x-of-somebody", "cl100k_base"),
        ("", "o200k_base"),
    ],
)
def test_encoding_by_model_name(model: str, name: str) -> None:
    assert encoding_for(model) == name
    if model in ("gpt-4", "gpt-4o-mini", "gpt-4.1", "o4-mini"):
        assert tiktoken.model.encoding_name_for_model(model) == name


def test_vocabulary_needs_no_network_and_no_writable_folder(tmp_path: Path) -> None:
    """A process whose home, temporary folder and caches cannot be written, and that cannot connect."""
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = refuse\n"
        "from steer.storage.tokens import Counter\n"
        "c = Counter('gpt-4o'); c.load(); print(c.count('tiktoken is great!'))\n"
    )
    nowhere = str(tmp_path / "absent")
    environment = dict.fromkeys(("HOME", "TMPDIR", "TIKTOKEN_CACHE_DIR", "STEER_HOME"), nowhere)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "6"
    assert not Path(nowhere).exists()


def fake_package(folder: Path, data: bytes) -> str:
    package = folder / "brokenvocabulary"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "data" / "o200k_base.tiktoken.gz").write_bytes(data)
    return package.name


# Named, and without gzip's time stamp: parallel workers must collect the same tests.
DAMAGED = {
    "empty": b"",
    "not-gzip": b"not gzip",
    "another-file": gzip.compress(b"YQ== 0\n", mtime=0),
    "cut": gzip.compress(b"YQ== 0\n" * 500, mtime=0)[:-9],
    "garbled": gzip.compress(b"YQ== 0\n" * 500, mtime=0)[:10] + b"\xff" * 40,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_vocabulary_is_named_and_counting_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(vocabulary, "PACKAGE", fake_package(tmp_path, data))
    monkeypatch.delitem(sys.modules, "brokenvocabulary", raising=False)
    counter = Counter("gpt-4o")
    with pytest.raises(VocabularyError, match="o200k_base"):
        counter.load()
    assert not counter.exact
    assert counter.count("still counted") > 0


def test_a_missing_vocabulary_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "PACKAGE", "no_such_package_here")
    with pytest.raises(VocabularyError) as caught:
        published_file("cl100k_base")
    assert "Reinstall" in caught.value.remedy


SCHEMAS: list[Json] = [
    None,
    [],
    "x",
    {"properties": {"a": True, "b": None, "c": [], "d": {"type": ["string", "null"]}}},
    {"properties": {"a": {"type": "array", "items": [STRING]}, "b": {"enum": [1, None, "x", {"y": 2}]}}},
    {"properties": {"a": {"$ref": "#/properties/a"}, "b": {"$ref": "other.json#/x"}, "c": {"$ref": "#/$defs/none"}}},
    {"properties": {"a": {"type": "object", "properties": {"b": {"$ref": "#"}}}}},
    {"required": "a", "properties": {"a": {"allOf": [{}, {"type": "integer"}]}, "b": {"type": 7}}},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_any_schema_is_rendered(newer: Counter, schema: Json) -> None:
    counts = newer.count_request(
        {"messages": [HELLO], "tools": [{"function": {"name": "f", "parameters": schema}}, schema]}
    )
    assert counts["tools"] > 0


def json_values() -> st.SearchStrategy[Json]:
    keys = st.sampled_from(["type", "properties", "items", "enum", "anyOf", "$ref", "required", "description", "x"])
    words = st.sampled_from(["object", "array", "string", "#", "#/properties/x", "x"])
    leaves: st.SearchStrategy[Json] = st.one_of(st.none(), st.booleans(), st.integers(), words)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
    )


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["type", "properties", "required"]), json_values(), max_size=3))
def test_rendering_never_fails(schema: dict[str, Json]) -> None:
    text = render_namespace([ToolSpec("f", "", schema)])
    assert text.startswith("namespace functions {")
    assert text.endswith("} // namespace functions")


def test_references_are_followed_and_optional_members_marked() -> None:
    schema: dict[str, Json] = {
        "type": "object",
        "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        "properties": {"at": {"$ref": "#/$defs/Point"}, "tags": {"type": "array", "items": {"enum": ["a", 1]}}},
        "required": ["at"],
    }
    assert render_namespace([ToolSpec("move", "Move it.", schema)]).splitlines() == [
        "namespace functions {",
        "",
        "// Move it.",
        "type move = (_: {",
        "at: {",
        "    x?: number,",
        "},",
        'tags?: "a" | 1[],',
        "}) => any;",
        "",
        "} // namespace functions",
    ]


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return "data:image/png;base64," + base64.b64encode(head + b"\x08\x06" + b"\x00" * 40).decode()


@pytest.mark.parametrize(
    ("url", "detail", "tokens"),
    [
        (png(1024, 1024), "high", 765),
        (png(2048, 4096), "auto", 1105),
        (png(4096, 8192), "low", 85),
        (png(100, 100), "", 255),
        ("https://example.org/a.jpg", "high", UNKNOWN),
        ("data:image/png;base64,!!!!", "", UNKNOWN),
        ("data:image/png;base64,iVBORw==", "", UNKNOWN),
        (png(0, 0), "", UNKNOWN),
    ],
)
def test_images_follow_the_published_examples(url: str, detail: str, tokens: int) -> None:
    assert image_tokens(url, detail) == tokens


def test_images_of_a_request_are_estimated_and_their_data_is_not_counted_as_text(newer: Counter) -> None:
    part: Json = {"type": "image_url", "image_url": {"url": png(1024, 1024) + "A" * 100_000}}
    text: Json = {"type": "text", "text": "hello"}
    assert total(newer, {"role": "user", "content": [text, part]}) == total(newer, HELLO) + 765


BAD_BODIES: list[tuple[dict[str, Json], str]] = [
    ({}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": None}, "messages"),
    ({"messages": [HELLO, "x"]}, "Message 2"),
]


@pytest.mark.parametrize(("body", "named"), BAD_BODIES)
def test_a_request_that_is_none_is_refused_by_name(body: dict[str, Json], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Counter("gpt-4o").count_request(body)


def test_odd_messages_are_counted(newer: Counter) -> None:
    odd: list[Json] = [
        {"role": "assistant", "content": None, "tool_calls": None},
        {"content": [{"type": "refusal", "refusal": "no"}, 3, None, {"type": "input_audio"}]},
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}, {}, None]},
    ]
    counts = newer.count_request({"messages": odd, "tools": "none", "tool_choice": "none"})
    assert counts["instructions"] > 0
    assert counts["conversation"] > PARALLEL_TOKENS


def test_C4_a_huge_tool_result_is_counted_before_it_is_sent(newer: Counter) -> None:
    message = Message("tool", "line of output\n" * 50_000, tool_call_id="c")
    assert newer.message(message) > 100_000


def test_calibration_starts_neutral_takes_the_first_report_whole_and_smooths_the_next() -> None:
    start = Calibration()
    assert start.apply(1234) == 1234
    first = start.learn(1000, 1200)
    assert first.apply(1000) == 1200
    second = first.learn(1000, 1000)
    assert 1000 < second.apply(1000) < 1200
    for _ in range(20):
        second = second.learn(1000, 1000)
    assert second.apply(1000) == pytest.approx(1000, abs=2)


@pytest.mark.parametrize(("estimate", "reported"), [(0, 100), (10, 100), (1000, 0), (1000, -5), (-3, 4)])
def test_calibration_learns_nothing_from_reports_without_meaning(estimate: int, reported: int) -> None:
    assert Calibration().learn(estimate, reported) == Calibration()


def test_calibration_takes_cached_tokens_that_were_left_out() -> None:
    calibration = Calibration()
    assert calibration.prompt(1000, 20, 980) == 1000
    assert calibration.prompt(1000, 950, 900) == 950
    assert calibration.prompt(1000, 700, 720) == 1420
    assert calibration.prompt(1000, 20) == 20
    assert calibration.learn(1000, 20, 980).ratio == 1.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-5, 10**7), st.integers(0, 10**7)), max_size=8))
def test_calibration_stays_within_its_bounds(reports: list[tuple[int, int, int]]) -> None:
    calibration = Calibration()
    for estimate, reported, cached in reports:
        calibration = calibration.learn(estimate, reported, cached)
    assert calibration.reports == 0 or LOWEST <= calibration.ratio <= HIGHEST
    assert calibration.apply(-10) == 0
