"""The grammar of VERIFY.md: list items and fenced shell lines become gates, headings their groups.

A small line grammar, not a Markdown renderer: block quotes, tables, indented code, HTML comments, front matter and
blocks of other languages are prose. Groups: the gates under ``## ui`` are of group ``ui``, those under ``### fast`` below
it of ``ui/fast``; no heading yet, or one called Always anywhere above, makes the group empty. A first heading of level 1
is the file's title and no group, unless further level-1 headings follow and it does not speak of verifying.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from steer.domain.gate_options import GateOptions, parse_options
from steer.domain.shell_lines import shell_lines
from steer.domain.verify import Gate, VerifyFile

_SHELLS: Final = frozenset({"sh", "bash", "shell", "zsh"})
_CONSOLES: Final = frozenset({"console", "shell-session", "shellsession", "sh-session", "terminal"})
_COMMAND: Final = re.compile(
    r"(?:\$ )?(?:(?:ant|bash|black|bun|bundle|cargo|cmake|composer|deno|docker|dotnet|eslint|flake8|go|gradle|hatch|jest|just"
    r"|make|mix|mvn|mypy|ninja|node|nox|npm|npx|phpunit|pnpm|poetry|pre-commit|pyright|pytest|python3?|rake|rspec|rubocop"
    r"|ruff|sh|swift|task|tox|tsc|uv|vitest|yarn)(?=\s|$)|\.{1,2}/\S*[^/\s](?=\s|$))"
)

_FENCE: Final = re.compile(r"(\s*)(`{3,}|~{3,})\s*(.*)")
_HEADING: Final = re.compile(r"\s{0,3}(#{1,6})(?:\s(.*))?")
_SETEXT: Final = re.compile(r"\s{0,3}(=+|-+)\s*")
_BREAK: Final = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*")
_ITEM: Final = re.compile(r"(\s*)(?:[-*+]|[0-9]{1,9}[.)])(?:\s+(.*)|)")
_CHECKBOX: Final = re.compile(r"\[[ xX]\]\s+")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_TITLE: Final = re.compile(r"verif|gate|check|test|quality|validat", re.I)
_BARE: Final = re.compile(r"timeout\s*[:=]?\s*[0-9]|(?:when|artifacts?)\s*[:=]", re.I)
_MAX_NAME: Final = 200
_EMPHASIS: Final = " \t*_"


def parse_verify(text: str, digest: str) -> VerifyFile:
    """Read a VERIFY.md. Never raises: lines that look like gates but are none are named in ``problems``."""
    return _Reader(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))).read(digest)


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    name: str


@dataclass(slots=True)
class _Reader:
    """Walks the lines once; ``at`` is the next line's index, ``path`` the headings above it."""

    lines: list[str]
    at: int = 0
    in_list: bool = False
    comment_from: int = 0
    path: tuple[_Heading, ...] = ()
    title: _Heading | None = None
    headings: int = 0
    level_ones: int = 0
    found: list[tuple[Gate, tuple[_Heading, ...]]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def read(self, digest: str) -> VerifyFile:
        self._front_matter()
        while self.at < len(self.lines):
            self._block()
        if self.comment_from:
            self._problem(self.comment_from, "this HTML comment is never closed: what follows is not read")
        if self.level_ones > 1 and self.title is not None and not _TITLE.search(self.title.name):
            self.title = None
        gates = tuple(replace(gate, group=self._group(path)) for gate, path in self.found)
        return VerifyFile(gates, digest, tuple(self.problems))

    def _problem(self, number: int, text: str) -> None:
        self.problems.append(f"line {number}: {text}")

    def _front_matter(self) -> None:
        """Skip a YAML or TOML head; a rule of dashes above a list is none."""
        mark = self.lines[0].rstrip()
        if mark not in ("---", "+++") or len(self.lines) < 3 or not re.match(r"[\w\"'#]", self.lines[1]):
            return
        for at, line in enumerate(self.lines[1:], 1):
            if line.rstrip() == mark or (mark == "---" and line.rstrip() == "..."):
                self.at = at + 1
                return

    def _block(self) -> None:
        """Take one block: a fence, a heading, a list item, or a line of prose."""
        number = self.at + 1
        line = self._visible(self.lines[self.at].expandtabs(4))
        self.at += 1
        indent = len(line) - len(line.lstrip())
        if not line.strip() or (indent >= 4 and not self.in_list):
            return
        if (fence := _fence(line)) is not None:
            self._fenced(number, fence)
        elif (heading := _HEADING.fullmatch(line)) is not None:
            self._heading(len(heading[1]), re.sub(r"(?<=\s)#+\s*\Z", "", f" {heading[2] or ''}"))
        elif _BREAK.fullmatch(line):
            self.in_list = False
        elif (item := _ITEM.fullmatch(line)) is not None:
            self.in_list = True
            self._list_item(number, len(item[1]), item[2] or "")
        else:
            self.in_list = self.in_list and indent > 0
            self._setext(line)

    def _visible(self, line: str) -> str:
        """The line without its HTML comments; one that stays open hides the lines to come."""
        out: list[str] = []
        at = 0
        if self.comment_from:
            at = line.find("-->") + 3
            if at < 3:
                return ""
            self.comment_from = 0
        span = _SPAN.search(line, at)
        while (start := line.find("<!--", at)) >= 0:
            if span is not None and span.start() < start:
                end = max(at, span.end())
                out.append(line[at:end])
                at, span = end, _SPAN.search(line, end)
                continue
            out.append(line[at:start])
            at = line.find("-->", start + 2) + 3
            if at < 3:
                self.comment_from = self.at + 1
                return "".join(out)
            if span is not None and span.start() < at:
                span = _SPAN.search(line, at)
        return "".join(out) + line[at:]

    def _heading(self, level: int, text: str) -> None:
        heading = _Heading(level, _clean(text))
        self.in_list = False
        if self.headings == 0 and level == 1 and not self.found:
            self.title = heading
        self.headings += 1
        self.level_ones += level == 1
        self.path = (*(h for h in self.path if h.level < level), heading)

    def _setext(self, line: str) -> None:
        """A line of prose underlined with = or - is a heading of level 1 or 2."""
        under = _SETEXT.fullmatch(self.lines[self.at]) if self.at < len(self.lines) else None
        if under is not None and not self.in_list and not line.lstrip().startswith((">", "|")):
            self.at += 1
            self._heading(1 if under[1][0] == "=" else 2, line.strip())

    def _group(self, path: Sequence[_Heading]) -> str:
        names = [h.name for h in path if h is not self.title and h.name]
        return "" if any(name.casefold() == "always" for name in names) else "/".join(names)

    def _fenced(self, number: int, fence: re.Match[str]) -> None:
        """Read a fenced block up to its closing fence, or to the end of the file."""
        indent, mark, info = len(fence[1]), fence[2], fence[3]
        close = re.compile(rf"\s*{re.escape(mark[0])}{{{len(mark)},}}\s*")
        body: list[tuple[int, str]] = []
        closed = False
        while self.at < len(self.lines) and not closed:
            line = self.lines[self.at]
            self.at += 1
            closed = close.fullmatch(line) is not None
            if not closed:
                body.append((self.at, line[min(indent, len(line) - len(line.lstrip())) :]))
        words = re.findall(r"[\w-]+", info.lower())
        language = words[0] if words else ""
        if language in _SHELLS or language in _CONSOLES:
            if not closed:
                self._problem(number, "this fenced block is never closed: all lines below it are read as commands")
            self._commands(body, console=language in _CONSOLES)
        elif not language and any(_command_like(line) for _, line in body[:1]):
            self._problem(number, "a fenced block is read as gates only if it is marked sh, bash or console")

    def _commands(self, body: Sequence[tuple[int, str]], *, console: bool) -> None:
        for line in shell_lines(body, console=console):
            if not line.whole:
                self._problem(line.number, f"{_short(line.command)} is not a whole command")
                continue
            command, options = _trailing_options(line.command, line.comment)
            self._add(line.number, Gate(command.partition("\n")[0], command), options)

    def _list_item(self, number: int, indent: int, content: str) -> None:
        while (nested := _ITEM.fullmatch(content)) is not None and nested[2]:
            content = nested[2]
        if (fence := _fence(content)) is not None:
            self._fenced(number, fence)
            return
        content = _CHECKBOX.sub("", content, count=1) if _CHECKBOX.match(content) else content
        while self.at < len(self.lines) and _continues(self.lines[self.at].expandtabs(4), indent):
            content += " " + self._visible(self.lines[self.at].expandtabs(4)).strip()
            self.at += 1
        self._item(number, content.strip())

    def _item(self, number: int, content: str) -> None:
        """A gate, prose, or something that was meant as a gate."""
        spans = list(_SPAN.finditer(content))
        span = next((s for s in spans[:2] if _names(content[: s.start()])), None)
        # Only a name that is itself code may stand before the command's span.
        distant = span is not None and (
            span.start() > _MAX_NAME or (span is not spans[0] and _clean(content[: spans[0].start()]))
        )
        if span is None or distant:
            self._near_miss(number, content, spans)
            return
        name, command = _clean(content[: span.start()]), _code(span[2])
        if not name or not command.strip():
            self._problem(number, f"a gate needs {'a command' if name else 'a name'}: write it as - name: `command`")
            return
        rest = content[span.end() :]
        self._add(number, Gate(name, command.strip()), self._item_options(number, rest, name))
        if any(
            _command_like(s[2]) and not _inside_parentheses(rest, s.start()) for s in islice(_SPAN.finditer(rest), 9)
        ):
            self._problem(number, f"gate {name}: one command an item; the second one is not run")

    def _item_options(self, number: int, rest: str, name: str) -> GateOptions:
        """The options behind a command. Parentheses after further prose count only if all in them is an option."""
        text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", rest).replace("`", "").strip(" \t:*_–—-")
        if text.startswith("("):
            inside, closed = _parenthesised(text)
            if not closed:
                self._problem(number, f"gate {name}: the parenthesis of its options is not closed")
            return parse_options(inside)
        if _BARE.match(text):
            self._problem(number, f"gate {name}: options stand in parentheses: ({text})")
        for found in islice(re.finditer(r"\(", text), 3):
            options = parse_options(_parenthesised(text[found.start() :])[0])
            if not options.unknown:
                return options
        return GateOptions()

    def _near_miss(self, number: int, content: str, spans: Sequence[re.Match[str]]) -> None:
        """Say so where an item was probably meant as a gate; silently pass over prose."""
        if spans:
            rest = content[spans[0].end() :].strip()
            if _command_like(spans[0][2]) and (not rest or rest.startswith("(")):
                self._problem(number, f"{_short(content)} is no gate: write it as - name: `command`")
            return
        name, colon, command = content.partition(":")
        meant = command.lstrip().startswith("`") or _command_like(command)
        if colon and meant and 0 < len(name.split()) <= 3:
            self._problem(number, f"{_short(content)} is no gate: put its command in backticks, - name: `command`")

    def _add(self, number: int, gate: Gate, options: GateOptions) -> None:
        for part in options.unknown:
            what = f"unknown option {_short(part)}" if part else "an empty option"
            self._problem(
                number, f"gate {gate.name}: {what} (known are timeout 120s, when: GLOB, artifact: GLOB, slow)"
            )
        name, again = gate.name, self.names.get(gate.name, 1)
        while name in self.names:
            again += 1
            name = f"{gate.name} ({again})"
        if again > 1:
            self._problem(number, f"a second gate is called {_short(gate.name)}: this one runs as {_short(name)}")
        self.names[gate.name] = again
        self.names.setdefault(name, 1)
        done = replace(gate, name=name, timeout=options.timeout, slow=options.slow)
        done = replace(done, when=tuple(dict.fromkeys(options.when)), artifacts=tuple(dict.fromkeys(options.artifacts)))
        self.found.append((done, self.path))


def _fence(line: str) -> re.Match[str] | None:
    found = _FENCE.fullmatch(line)
    return None if found is None or (found[2][0] == "`" and "`" in found[3]) else found


def _continues(line: str, indent: int) -> bool:
    """Whether a line goes on with the paragraph of an item at ``indent``."""
    text = line.lstrip()
    if not text or len(line) - len(text) <= indent or text.startswith((">", "<!--")):
        return False
    return not (_ITEM.fullmatch(line) or _fence(line) or _HEADING.fullmatch(text) or _BREAK.fullmatch(line))


def _names(before: str) -> bool:
    """Whether the text before a code span names a gate: it ends with a colon, emphasis aside."""
    return before.rstrip(_EMPHASIS).endswith((":", "："))


def _clean(text: str) -> str:
    """A name or heading without emphasis, links, backticks, escapes and its closing colon."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text[:_MAX_NAME]).replace("`", "").replace("**", "")
    text = text.strip(" \t*:：")
    if (wrapped := re.fullmatch(r"(_{1,2})(.+?):?\1", text)) is not None:
        text = wrapped[2]
    return " ".join(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).split())


def _code(text: str) -> str:
    """What a code span holds: one blank at both ends belongs to the backticks."""
    return text[1:-1] if text[0] == " " == text[-1] and text.strip() else text


def _command_like(text: str) -> bool:
    """Whether text starts as the commands of test runners, linters and builds do."""
    return _COMMAND.match(text.strip()) is not None


def _parenthesised(text: str) -> tuple[str, bool]:
    """What is inside the parenthesis that ``text`` starts with, and whether it is closed."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[1:at], True
    return text[1:], False


def _inside_parentheses(text: str, at: int) -> bool:
    return text.count("(", 0, at) > text.count(")", 0, at)


def _trailing_options(command: str, comment: str) -> tuple[str, GateOptions]:
    """Options of a fenced line: in parentheses at its end, which no shell would read, or as its comment."""
    end = re.search(r"\s\(([^()]*)\)\s*\Z", command)
    if end is not None and "\n" not in command and not (options := parse_options(end[1])).unknown:
        return command[: end.start()].rstrip(), options
    inside = comment[1:-1] if comment.startswith("(") and comment.endswith(")") else comment
    options = parse_options(inside) if inside else GateOptions()
    return command, GateOptions() if options.unknown else options


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:59] + "…")
