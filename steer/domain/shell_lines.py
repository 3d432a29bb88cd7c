"""The commands of a fenced shell block: one a line, several lines where one is not a whole command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_PROMPT: Final = re.compile(r"(?:\([\w.+-]{1,64}\)\s*)?(?:[\w.+-]{1,64}@[\w.-]{1,64}[^$%#>]{0,200})?[$%❯]\s+(?=\S)")
_HEREDOC: Final = re.compile(r"(?<!<)<<(?!<)-?\s*\\?['\"]?([A-Za-z_]\w*)")
_TOKEN: Final = re.compile(r"[;\n&|()]+|[^\s;&|()]+")
# Words behind which a command stands again; of the openers, `for x in` and `case x in` are followed by plain words.
_GO_ON: Final = frozenset({"do", "then", "else", "elif", "!", "time"})
_OPEN: Final = frozenset({"for", "select", "case", "if", "while", "until", "{"})
_OPEN_COMMAND: Final = frozenset({"if", "while", "until", "{"})
_CLOSE: Final = frozenset({"done", "fi", "esac", "}"})


_MAX_LINES: Final = 200
_MAX_CHARS: Final = 20_000


@dataclass(frozen=True, slots=True)
class ShellLine:
    """A command, the ``comment`` behind it, and the number of the line on which it starts. ``whole`` is false where its end is missing."""

    number: int
    command: str
    comment: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Scan:
    """``code`` is the text with quoted parts blanked and without its comment, which starts at ``end``."""

    code: str
    end: int
    quote: str


def shell_lines(lines: Sequence[tuple[int, str]], *, console: bool) -> list[ShellLine]:
    """The commands of a block of (number, text) lines; in a console block with prompts the other lines are output."""
    rows = [(number, text.rstrip()) for number, text in lines]
    prompts = console and any(_PROMPT.match(text.lstrip()) for _, text in rows)
    out: list[ShellLine] = []
    at = 0
    while at < len(rows):
        number, raw = rows[at]
        text, at = raw.strip(), at + 1
        prompt = _PROMPT.match(text)
        if not text or text.startswith("#") or (prompts and prompt is None):
            continue
        text = text[prompt.end() :] if prompt is not None else text
        # An open quote must not make a hostile file cost quadratic time.
        stop = at + _MAX_LINES
        while at < min(stop, len(rows)) and len(text) < _MAX_CHARS and unfinished(text):
            more = rows[at][1]
            text += "\n" + (re.sub(r"^\s*> ?", "", more) if prompts else more)
            at += 1
        out.append(_line(number, text))
    return out


def _line(number: int, text: str) -> ShellLine:
    whole = not unfinished(text)
    joined = text if "\\\n" not in text or _HEREDOC.search(text) else re.sub(r"[ \t]*\\\n[ \t]*", " ", text)
    end = _scan(joined).end
    if "\n" in joined or end == len(joined):
        return ShellLine(number, joined, "", whole)
    return ShellLine(number, joined[:end].rstrip(), joined[end + 1 :].strip(), whole)


def unfinished(text: str) -> bool:
    """Whether a shell would wait for more: a backslash or operator at the end, an open quote, block or here-document."""
    heredoc = _HEREDOC.search(text)
    first = _scan(text.partition("\n")[0]).code
    # In ((...)) it shifts bits.
    if heredoc is not None and "<<" in first.partition("((")[0]:
        return all(line.strip() != heredoc[1] for line in text.split("\n")[1:])
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return True
    scan = _scan(text)
    return bool(scan.quote) or scan.code.rstrip().endswith(("&&", "||", "|")) or _depth(scan.code) > 0


def _scan(text: str) -> _Scan:
    """Blank what is quoted, and cut the comment of the last line."""
    out: list[str] = []
    quote, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            out.append("__")
            at += 2
            continue
        if quote or char in "'\"":
            quote = ("" if char == quote else quote) if quote else char
            out.append("_")
        elif char == "#" and (not out or out[-1].isspace()):
            end = text.find("\n", at)
            if end < 0:
                return _Scan("".join(out), at, "")
            out.append(" " * (end - at))
            at = end
            continue
        else:
            out.append(char)
        at += 1
    return _Scan("".join(out), len(text), quote)


def _depth(code: str) -> int:
    """How many blocks (for, if, case, {) are open at the end."""
    depth, command = 0, True
    for token in _TOKEN.findall(code):
        if token[0] in ";\n&|()":
            command = True
        elif not command:
            continue
        elif token in _OPEN:
            depth += 1
            command = token in _OPEN_COMMAND
        elif token in _CLOSE:
            depth -= 1
            command = False
        else:
            command = token in _GO_ON
    return depth
