"""Syntax highlighting line by line, the lexer's state carried from each line to the next."""

import fnmatch
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import Token, _TokenType

from steer.render.rows import Span, Spans, shift

LONGEST: Final = 2_000
"""Characters; a longer line (minified, data) is shown without highlighting."""

_NAMES: Final[Mapping[_TokenType, str]] = MappingProxyType(
    {
        Token.Keyword: "kw",
        Token.Keyword.Constant: "const",
        Token.Operator.Word: "kw",
        Token.Literal.String: "str",
        Token.Literal.String.Doc: "comment",
        Token.Literal.String.Affix: "kw",
        Token.Literal.Number: "num",
        Token.Literal.Date: "num",
        Token.Comment: "comment",
        Token.Name.Function: "func",
        Token.Name.Class: "class",
        Token.Name.Exception: "class",
        Token.Name.Decorator: "deco",
        Token.Name.Constant: "const",
        Token.Name.Builtin: "const",
        Token.Name.Tag: "tag",
        Token.Name.Attribute: "attr",
        Token.Generic.Heading: "heading",
        Token.Generic.Subheading: "heading",
        Token.Generic.Strong: "bold",
        Token.Generic.Emph: "italic",
        Token.Generic.Inserted: "added",
        Token.Generic.Deleted: "removed",
    }
)

# Constructs that many lexers match in one expression over several lines, so that their state does not show them.
_PAIRS: Final = (
    ("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("(*", "*)"), ("--[[", "]]"), ('"""', '"""'), ("'''", "'''"),
    ("`", "`"), ("'", "'"), ('"', '"'),
)  # fmt: skip

# Where a quoted string may run over several lines; elsewhere a stray apostrophe must not swallow the rest of the file.
_LONG_QUOTES: Final = frozenset(
    {"bash", "console", "zsh", "fish", "sql", "postgresql", "mysql", "sqlite3", "php", "perl"}
)

_EMBEDDED: Final[Mapping[str, str]] = MappingProxyType({"script": "javascript", "style": "css"})
_EMBEDS: Final = frozenset({"html", "html+jinja", "html+django", "vue", "svelte"})
_embed: Final = re.compile(r"<(script|style)\b[^<>]*>(?!.*</\1)", re.IGNORECASE).search

# Where several lexers claim an ending, the one a programmer expects.
_ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".h": "c", ".ts": "typescript", ".m": "objective-c", ".pl": "perl", ".sql": "sql", ".html": "html",
        ".htm": "html", ".xml": "xml", ".md": "markdown", ".v": "verilog", ".r": "r", ".cs": "csharp", ".php": "php",
        ".inc": "php", ".s": "gas", ".asm": "nasm", ".pro": "prolog", ".cl": "common-lisp", ".fs": "fsharp",
        ".hcl": "terraform", ".txt": "", ".json": "json", ".yml": "yaml", ".toml": "toml", ".cfg": "ini",
    }
)  # fmt: skip

_Stack: TypeAlias = tuple[str, ...]
_Piece: TypeAlias = tuple[int, _TokenType, str]


class _State(NamedTuple):
    """Between two lines: the language in force and its lexer's stack; what an open construct of ``_PAIRS`` waits for and
    the token it is drawn as; and, inside ``<script>`` or ``<style>``, the tag that ends it and the page's language."""

    language: str
    stack: _Stack = ("root",)
    close: str = ""
    token: str = ""
    leave: str = ""
    page: str = ""


@lru_cache(maxsize=512)
def token_name(kind: _TokenType) -> str:
    """Steer's token for one of Pygments', by its nearest ancestor that has one; empty for plain text."""
    return next((_NAMES[near] for near in reversed(kind.split()) if near in _NAMES), "")


@lru_cache(maxsize=1)
def _catalog() -> tuple[frozenset[str], Mapping[str, str], tuple[tuple[str, str], ...]]:
    """Known aliases, aliases by file ending, and the remaining file name patterns with their alias."""
    aliases: set[str] = set()
    endings: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for _, names, files, _ in get_all_lexers(plugins=False):
        aliases.update(names)
        for pattern in files if names else ():
            if pattern.startswith("*.") and not set(pattern[2:]) & set("*?["):
                endings.setdefault(pattern[1:].lower(), names[0])
            else:
                patterns.append((pattern, names[0]))
    return frozenset(aliases), MappingProxyType({**endings, **_ENDINGS}), tuple(patterns)


def language_of(path: str) -> str:
    """The language of a file by its name; empty where it is not known."""
    name = PurePosixPath(path).name
    _, endings, patterns = _catalog()
    for pattern, alias in patterns:
        if fnmatch.fnmatchcase(name, pattern):
            return alias
    dots = [at for at, char in enumerate(name) if char == "."]
    return next((endings[ending] for at in dots if (ending := name[at:].lower()) in endings), "")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    word = language.strip().lower()
    if word not in _catalog()[0]:
        return None
    lexer: Lexer = get_lexer_by_name(word, stripnl=False, ensurenl=False)
    return lexer


class Highlighter:
    """The spans of a text's lines, one after the other.

    ``language`` is a fence's info word or a result of ``language_of``; an unknown one gives no spans. ``line`` takes a
    finished line and moves on; ``peek`` looks at a line that may still grow and stays where it is.
    """

    def __init__(self, language: str) -> None:
        self._state = _State(language)

    def line(self, text: str) -> Spans:
        """The spans of the next line (without its line end)."""
        spans, self._state = _highlight(text, self._state)
        return spans

    def peek(self, text: str) -> Spans:
        """The spans that ``text`` would have as the next line."""
        return _highlight(text, self._state)[0]

    def follow(self, other: "Highlighter") -> None:
        """Go on from where ``other`` stands: two sides of a difference share their unchanged lines."""
        self._state = other._state

    def fork(self) -> "Highlighter":
        """Another one at the same place."""
        twin = Highlighter(self._state.language)
        twin.follow(self)
        return twin


def _highlight(text: str, state: _State) -> tuple[Spans, _State]:
    """A line's spans, and the state behind it."""
    lexer = _lexer(state.language)
    if lexer is None or len(text) > LONGEST:
        return (), state
    if state.leave and (at := text.lower().find(state.leave)) >= 0:
        inner, _ = _highlight(text[:at], state._replace(leave=""))
        rest, after = _highlight(text[at:], _State(state.page))
        return (*inner, *shift(rest, at)), after
    if state.language in _EMBEDS and not state.close and (tag := _embed(text)) is not None:
        page, _ = _lex(lexer, text[: tag.end()], 0, state)
        inside = _State(_EMBEDDED[tag[1].lower()], leave="</" + tag[1].lower(), page=state.language)
        inner, after = _highlight(text[tag.end() :], inside)
        return (*page, *shift(inner, tag.end())), after
    if not state.close:
        return _lex(lexer, text, 0, state)
    at = text.find(state.close)
    if at < 0:
        return (((0, len(text), state.token),) if text else ()), state
    end = at + len(state.close)
    rest, after = _lex(lexer, text[end:], end, state)
    return ((0, end, state.token), *rest), after


def _lex(lexer: Lexer, text: str, offset: int, state: _State) -> tuple[Spans, _State]:
    """The spans of ``text``, moved by ``offset``, and the state behind it; no construct is open before it."""
    pieces, stack = _tokens(lexer, text, state.stack)
    after = state._replace(stack=stack, close="", token="")
    for open_, close, name in _pairs(lexer):
        at = text.find(open_)
        while at >= 0 and close not in text[at + len(open_) :]:
            if any(start == at and _opens(kind) for start, kind, _ in pieces):
                before = [piece for piece in pieces if piece[0] < at]
                spans = (*_spans(before, offset), (offset + at, offset + len(text), name))
                return spans, after._replace(close=close, token=name)
            at = text.find(open_, at + 1)
    return _spans(pieces, offset), after


def _opens(kind: _TokenType) -> bool:
    """Whether a token of this kind can begin a construct: not one inside a string or behind a line comment's mark."""
    families = kind.split()
    return Token.Literal.String not in families and Token.Comment.Single not in families


def _spans(pieces: list[_Piece], offset: int) -> Spans:
    out: list[Span] = []
    for start, kind, value in pieces:
        name = token_name(kind)
        length = len(value) - value.endswith("\n")
        if not name or not length:
            continue
        start += offset
        if out and out[-1][2] == name and out[-1][1] == start:
            out[-1] = (out[-1][0], start + length, name)
        else:
            out.append((start, start + length, name))
    return tuple(out)


def _tokens(lexer: Lexer, text: str, stack: _Stack) -> tuple[list[_Piece], _Stack]:
    """The tokens of one line, and the stack behind it; lexers without a stack see each line by itself."""
    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        states = list(stack)
        return _step(lexer, text + "\n", states), tuple(states)
    return list(lexer.get_tokens_unprocessed(text + "\n")), stack


def _step(lexer: RegexLexer, text: str, stack: list[str]) -> list[_Piece]:
    """Run a lexer's rules over one line from a stack of states, and leave in ``stack`` where it ended.

    Pygments' own loop does the same over a whole text but keeps its stack to itself.
    """
    table: Any = lexer._tokens  # type: ignore[attr-defined]
    rules = table[stack[-1]]
    out: list[_Piece] = []
    at, end = 0, len(text)
    # A rule may match nothing and only change the state; two such rules could chase each other for ever.
    for _ in range(64 + 8 * end):
        for match_at, action, new_state in rules:
            found = match_at(text, at)
            if found is None:
                continue
            if type(action) is _TokenType:
                out.append((at, action, found.group()))
            elif action is not None:
                out.extend(action(lexer, found))
            at = found.end()
            if new_state is not None:
                _enter(stack, new_state)
                rules = table[stack[-1]]
            break
        else:
            if at >= end:
                break
            out.append((at, Token.Error, text[at]))
            at += 1
    return out


def _enter(stack: list[str], new_state: object) -> None:
    """Carry out a rule's change of state: ``#pop``, ``#push``, a number to pop, a state or several."""
    if isinstance(new_state, int):
        del stack[max(1, len(stack) + new_state) :]
        return
    for state in (new_state,) if isinstance(new_state, str) else new_state:  # type: ignore[attr-defined]
        if state == "#pop":
            if len(stack) > 1:
                stack.pop()
        elif state == "#push":
            stack.append(stack[-1])
        else:
            stack.append(state)


@lru_cache(maxsize=64)
def _pairs(lexer: Lexer) -> tuple[tuple[str, str, str], ...]:
    """The constructs of ``_PAIRS`` that this lexer knows over several lines but does not carry in its stack."""
    out: list[tuple[str, str, str]] = []
    for open_, close in _PAIRS:
        if len(open_) == 1 and open_ != "`" and lexer.aliases[0] not in _LONG_QUOTES:
            continue
        # A lone quote inside tells a triple quote from a string, an empty one and another.
        first = f"{open_} x {open_[0] if len(set(open_)) == 1 and len(open_) > 1 else ''} z"
        kinds = {kind for _, kind, value in lexer.get_tokens_unprocessed(f"{first}\ny {close}") if value.strip()}
        names = {token_name(kind) for kind in kinds}
        if names not in ({"comment"}, {"str"}):
            continue
        second = _tokens(lexer, "y", _tokens(lexer, first, ("root",))[1])[0]
        if {token_name(kind) for _, kind, value in second if value.strip()} != names:
            out.append((open_, close, names.pop()))
    return tuple(out)
