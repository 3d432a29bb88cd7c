"""Counting a prompt's tokens as OpenAI's endpoints do, offline.

Messages follow the rule of OpenAI's cookbook (How to count tokens with tiktoken): three tokens a message, its role, its
content, one more for a name, three at the end that prime the reply. What tools and calls add was measured:
https://github.com/hmarr/openai-chat-tokens (src/token-counts.ts), and for parallel calls
https://community.openai.com/t/strange-token-cost-calculation-for-tool-calls/538914. Other vendors' models count
otherwise: ``steer.domain.calibration`` learns by how much from what they report.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

import tiktoken

from steer.domain.context import CATEGORIES, Category
from steer.domain.errors import UsageError
from steer.domain.messages import Message, ToolSpec
from steer.domain.values import Json, JsonObject
from steer.storage.images import image_tokens
from steer.storage.signatures import as_list, as_object, as_text, render_namespace
from steer.storage.vocabulary import EncodingName, VocabularyError, encoding_for, load_encoding

MESSAGE_TOKENS: Final = 3
NAME_TOKENS: Final = 1
REPLY_TOKENS: Final = 3
"""Once a request, for the start of the reply."""

CALL_TOKENS: Final = 3
PARALLEL_CALL_TOKENS: Final = 8
PARALLEL_TOKENS: Final = 19
"""Several calls in one message are shown to the model as one call of a wrapper: this once, and the above a call."""

RESULT_TOKENS: Final = 1

TOOLS_TOKENS: Final = 9
SHARED_SYSTEM_TOKENS: Final = -4
"""Tools are declared in a system message; where the request has one, they share it."""

FORCED_TOOL_TOKENS: Final = 4
PIECE: Final = 20_000
"""Characters encoded at once: the tokenizer's time and memory grow with the longest run without a break."""

BYTES_A_TOKEN: Final = 4


class Counter:
    """A ``TokenCounter`` for one model. Counts are estimates (a token per four bytes) until ``load`` was called.

    ``sends_reasoning``: whether the reasoning of earlier answers is part of the request; else it is not counted.
    """

    def __init__(self, model: str, *, sends_reasoning: bool = False) -> None:
        self._name: EncodingName = encoding_for(model)
        self._sends_reasoning = sends_reasoning
        self._encoding: tiktoken.Encoding | None = None

    @property
    def encoding_name(self) -> EncodingName:
        return self._name

    @property
    def exact(self) -> bool:
        """Whether the vocabulary is loaded."""
        return self._encoding is not None

    def load(self) -> None:
        """Load the vocabulary; blocks for about 0.35 s, so call it in a thread. A second call does nothing.

        Raises VocabularyError where it cannot be had; counting then goes on by estimate.
        """
        if self._encoding is None:
            self._encoding = load_encoding(self._name)

    def count(self, text: str) -> int:
        """Tokens of a text. Special tokens in it count as the text they are; lone surrogates do no harm."""
        if not text:
            return 0
        encoding = self._encoding
        if encoding is None:
            return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_A_TOKEN)
        return sum(len(encoding.encode_ordinary(piece)) for piece in split_text(text))

    def message(self, message: Message) -> int:
        """Tokens of one message as it is sent, its own overhead included."""
        tokens = MESSAGE_TOKENS + self.count(message.role) + self.count(message.content)
        tokens += self._calls([(call.name, call.arguments) for call in message.tool_calls])
        if message.role == "tool":
            tokens += RESULT_TOKENS
        if self._sends_reasoning and message.reasoning:
            tokens += self.count(message.reasoning)
        return tokens

    def tools(self, tools: Sequence[ToolSpec]) -> int:
        """Tokens of the tools' declarations in a request that has a system message; 0 where there are none."""
        if not tools:
            return 0
        # The system message is then followed by a line break, which is one token after most texts.
        return self._declarations(tools) + SHARED_SYSTEM_TOKENS + 1

    def count_request(self, body: JsonObject) -> dict[Category, int]:
        """Prompt tokens of a chat request (``messages`` and ``tools`` as on the wire), by category; they add up.

        Content may be a string or parts; images are estimated. Instructions are system and developer messages; a
        request does not tell which of its text came from memory files, so ``memory`` is 0. Raises UsageError where
        ``messages`` is missing or is not a list of objects.
        """
        if "messages" not in body:
            raise UsageError("The request has no `messages`.", "Give a chat completions request body as JSON.")
        messages = body["messages"]
        counts: dict[Category, int] = dict.fromkeys(CATEGORIES, 0)
        if not isinstance(messages, Sequence) or isinstance(messages, str):
            raise UsageError("`messages` of the request is not a list.", "Give a list of message objects.")
        declared = list(_declared(body))
        counts["tools"] = self._request_tools(declared, body)
        padded = not declared
        for number, message in enumerate(messages, start=1):
            if not isinstance(message, Mapping):
                raise UsageError(f"Message {number} of the request is not an object.", "Each needs a role and content.")
            category = _category(as_text(message.get("role")))
            break_after = not padded and message.get("role") == "system"
            counts[category] += self._wire_message(message, break_after)
            if break_after:
                counts["tools"] += SHARED_SYSTEM_TOKENS
                padded = True
        counts["conversation"] += REPLY_TOKENS
        return counts

    def _declarations(self, tools: Sequence[ToolSpec]) -> int:
        return self.count(render_namespace(tools)) + TOOLS_TOKENS

    def _calls(self, calls: Sequence[tuple[str, str]]) -> int:
        tokens = sum(self.count(name) + self.count(arguments) for name, arguments in calls)
        if len(calls) > 1:
            return tokens + PARALLEL_TOKENS + PARALLEL_CALL_TOKENS * len(calls)
        return tokens + CALL_TOKENS * len(calls)

    def _request_tools(self, tools: Sequence[ToolSpec], body: JsonObject) -> int:
        if not tools:
            return 0
        tokens = self._declarations(tools)
        for choice in (body.get("tool_choice"), body.get("function_call")):
            if choice == "none":
                tokens += 1
            elif isinstance(choice, Mapping):
                function = as_object(choice.get("function")) or choice
                tokens += FORCED_TOOL_TOKENS + self.count(as_text(function.get("name")))
        return tokens

    def _wire_message(self, message: JsonObject, break_after: bool) -> int:
        role = as_text(message.get("role"))
        text, images = _content(message.get("content"))
        tokens = MESSAGE_TOKENS + self.count(role) + self.count(text + "\n" if break_after else text) + images
        if name := as_text(message.get("name")):
            tokens += self.count(name) + NAME_TOKENS
        tokens += {"function": -2, "tool": RESULT_TOKENS}.get(role, 0)
        if self._sends_reasoning:
            tokens += self.count(as_text(message.get("reasoning_content")) or as_text(message.get("reasoning")))
        return tokens + self._calls(_wire_calls(message))


def load_counter(model: str) -> Counter:
    """A counter with its vocabulary loaded, or counting by estimate where that cannot be had. Blocks for about 0.35 s."""
    counter = Counter(model)
    with suppress(VocabularyError):
        counter.load()
    return counter


def split_text(text: str, limit: int = PIECE) -> Iterator[str]:
    """Cut a text into pieces of at most ``limit`` characters that are counted one by one.

    It is cut before a single space inside a line, where every vocabulary here starts a new token, so that the sum is
    the count of the whole; else at any blank; a run without one is cut anywhere (off by a token or two a cut).
    """
    start = 0
    while len(text) - start > limit:
        cut = _cut(text, start + limit // 2, start + limit)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _cut(text: str, low: int, high: int) -> int:
    at = high + 1
    while (at := text.rfind(" ", low, at)) >= 0:
        if not text[at - 1].isspace() and text[at + 1 : at + 2].isalpha():
            return at
    blank = max(text.rfind(" ", low, high), text.rfind("\n", low, high))
    return blank if blank > low else high


def _category(role: str) -> Category:
    if role in ("system", "developer"):
        return "instructions"
    return "tool_results" if role in ("tool", "function") else "conversation"


def _declared(body: JsonObject) -> Iterator[ToolSpec]:
    """The tools of a request: ``tools`` (also flat, as in the Responses wire) and the older ``functions``."""
    for tool in (*as_list(body.get("tools")), *as_list(body.get("functions"))):
        function = as_object(as_object(tool).get("function")) or as_object(tool)
        if name := as_text(function.get("name")):
            yield ToolSpec(name, as_text(function.get("description")), as_object(function.get("parameters")))


def _wire_calls(message: JsonObject) -> list[tuple[str, str]]:
    calls = [as_object(as_object(call).get("function")) for call in as_list(message.get("tool_calls"))]
    if legacy := as_object(message.get("function_call")):
        calls.append(legacy)
    return [(as_text(call.get("name")), _arguments(call.get("arguments"))) for call in calls]


def _arguments(value: Json) -> str:
    """Arguments as text; some clients send the object itself."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str) if value else ""


def _content(content: Json) -> tuple[str, int]:
    """The text of a message's content and the tokens of its images."""
    if isinstance(content, str):
        return content, 0
    texts: list[str] = []
    images = 0
    for part in map(as_object, as_list(content)):
        if as_text(part.get("type")) in ("image_url", "input_image"):
            image = part.get("image_url")
            url = as_text(image) or as_text(as_object(image).get("url"))
            images += image_tokens(url, as_text(as_object(image).get("detail")) or as_text(part.get("detail")))
        else:
            texts.append(as_text(part.get("text")) or as_text(part.get("refusal")))
    return "".join(texts), images
