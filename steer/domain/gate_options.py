"""What stands in parentheses behind a gate's command, and printing a gate as its line of VERIFY.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from steer.domain.verify import Gate

_MAX_SECONDS: Final = 86_400.0
_UNITS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER: Final = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?|)(?![a-z])\s*", re.I
)
_KEY: Final = re.compile(r"(timeout|when|artifacts?|slow)(?![\w-])\s*[:=]?\s*(.*)", re.I | re.DOTALL)
_WORD: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'|(\S+)')
_MORE_GLOB: Final = re.compile(r"\S*[*/?.]\S*")


@dataclass(slots=True)
class GateOptions:
    """Options as read: ``timeout`` in seconds, globs, and the parts that are no option in ``unknown``."""

    timeout: float | None = None
    when: list[str] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    slow: bool = False
    unknown: list[str] = field(default_factory=list)


def parse_seconds(text: str) -> float | None:
    """Seconds of a duration such as ``120s``, ``2m``, ``90``, ``1.5 s``, ``1m 30s``, ``500ms``; None for anything else.

    More than a day, or nothing at all, is no duration.
    """
    at, total = 0, 0.0
    text = text.strip().lower()
    while at < len(text):
        found = _NUMBER.match(text, at)
        if found is None:
            return None
        unit = found[2]
        total += float(found[1]) * _UNITS["ms" if unit == "ms" else unit[:1]]
        at = found.end()
    return total if 0.0 < total <= _MAX_SECONDS else None


def parse_options(text: str) -> GateOptions:
    """Read comma separated options. A glob behind a comma belongs to the ``when`` or ``artifact`` before it."""
    out = GateOptions()
    globs: list[str] | None = None
    for part in _parts(text):
        known = _KEY.fullmatch(part)
        if known is not None:
            globs = _take(out, known[1].lower(), known[2].strip(), part)
        elif globs is not None and _MORE_GLOB.fullmatch(part):
            globs.extend(expand_braces(part) if globs is out.when else [part])
        else:
            out.unknown.append(part)
    return out


def _take(out: GateOptions, key: str, value: str, part: str) -> list[str] | None:
    """Set one option; gives the list of globs that later parts may go on with."""
    if key == "timeout":
        seconds = parse_seconds(value)
        if seconds is None:
            out.unknown.append(part)
        else:
            out.timeout = seconds
        return None
    if key == "slow":
        if value.lower() in ("", "yes", "true"):
            out.slow = True
        else:
            out.unknown.append(part)
        return None
    globs = out.when if key == "when" else out.artifacts
    words = [glob for found in _WORD.finditer(value) if (glob := found[1] or found[2] or found[3] or "")]
    if not words:
        out.unknown.append(part)
        return None
    # Of an artifact's {a,b} one is enough, so the glob stays whole; two globs are two artifacts.
    for word in words:
        globs.extend(expand_braces(word) if key == "when" else [word])
    return globs


def _parts(text: str) -> Iterator[str]:
    """The pieces between commas that stand outside braces and quotes."""
    depth, quote, start = 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char if char in text[at + 1 :] else ""
        elif char in "{}":
            depth = max(0, depth + (1 if char == "{" else -1))
        elif char == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def expand_braces(glob: str) -> list[str]:
    """The globs that ``*.{ts,tsx}`` stands for; at most 64, a glob with more is left as it is."""
    done: list[str] = []
    todo = [glob]
    if len(glob) > 1000:
        return todo
    while todo and len(done) + len(todo) <= 64:
        each = todo.pop(0)
        found = re.search(r"\{([^{}]*,[^{}]*)\}", each)
        if found is None:
            done.append(each)
        else:
            todo.extend(each[: found.start()] + choice + each[found.end() :] for choice in found[1].split(","))
    return [glob] if todo else list(dict.fromkeys(done))


def gate_line(gate: Gate) -> str:
    """The list item that ``parse_verify`` reads as this gate (its group is the heading's matter)."""
    options = []
    if gate.timeout is not None:
        options.append(f"timeout {gate.timeout:g}s")
    if gate.when:
        options.append(f"when: {' '.join(gate.when)}")
    if gate.artifacts:
        options.append(f"artifact: {' '.join(gate.artifacts)}")
    if gate.slow:
        options.append("slow")
    tail = f" ({', '.join(options)})" if options else ""
    return f"- {gate.name}: {code_span(gate.command)}{tail}"


def code_span(text: str) -> str:
    """``text`` as a Markdown code span, with as many backticks around it as it needs."""
    runs = {len(run) for run in re.findall("`+", text)}
    ticks = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if text[:1] == "`" or text[-1:] == "`" or (text[:1] == " " and text[-1:] == " ") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"
