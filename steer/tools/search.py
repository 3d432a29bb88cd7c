"""search."""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from steer.domain.errors import ToolError
from steer.domain.messages import ToolSpec
from steer.domain.values import Json, JsonObject
from steer.engine.ports import ToolContext, ToolResult
from steer.tools.arguments import Arguments, declare
from steer.tools.content import WHOLE
from steer.tools.numbering import clip, plural
from steer.tools.shown import escaped, one_line
from steer.tools.walking import Selection

_MATCHES: Final = 200
_LINE: Final = 300
_READ: Final = 1 << 16
_OUTPUT: Final = 64_000_000
_SECONDS: Final = 30.0
# Only the workspace's own .gitignore files count, so that the answer is the same on every machine and without ripgrep.
_RIPGREP: Final = (
    *("--json", "--no-config", "--no-messages", "--hidden", "--crlf", "--sort", "path", "--engine", "auto"),
    *("--no-ignore-parent", "--no-ignore-global", "--no-ignore-dot", "--no-ignore-exclude", "--no-require-git"),
    *("--glob", "!.git", "--max-filesize", str(WHOLE), "--max-count", str(_MATCHES)),
)

_SPEC: Final = declare(
    "search",
    "Find a regular expression in the workspace's text files, line by line; what .gitignore leaves out is not searched. "
    f"Gives path:line:text, at most {_MATCHES} matches. Escape ( ) [ ] {{ }} . * + ? | \\ to find them literally.",
    {
        "pattern": {"type": "string", "description": "Regular expression, case-sensitive; (?i) in front ignores case."},
        "glob": {
            "type": "string",
            "description": "Only in these files, e.g. src/**, *.py (at any depth), *.{ts,tsx}; ! in front leaves out; commas between several.",
        },
    },
    ("pattern",),
)


class Search:
    """Finds lines with ripgrep where it is on PATH, otherwise in Python: the same files, the same form."""

    def __init__(self, ripgrep: str | None = None) -> None:
        """``ripgrep``: the program to use; None looks for ``rg`` on PATH, an empty string uses none."""
        self._ripgrep = shutil.which("rg") if ripgrep is None else ripgrep

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        given = Arguments("search", arguments)
        pattern, glob = given.text("pattern"), given.optional_text("glob")
        _check(pattern)
        results = _Results(Selection.parse(glob))
        await _run(self._command(context.root, pattern), context.root, results)
        return _result(pattern, glob, results, given.note())

    def _command(self, root: Path, pattern: str) -> tuple[str, ...]:
        if self._ripgrep:
            return (self._ripgrep, *_RIPGREP, "--regexp", pattern, "--", "./")
        # -P: the workspace's own modules must not be imported.
        scan = (sys.executable, "-P", "-m", "steer.tools.scan")
        return (*scan, str(root), pattern, str(_MATCHES), str(WHOLE))


def _check(pattern: str) -> None:
    """Raises ToolError for a pattern that no program can be given."""
    if not pattern or "\0" in pattern:
        raise ToolError("search: the pattern is empty or contains a NUL character.")
    if "\n" in pattern or "\r" in pattern:
        raise ToolError("search: the pattern contains a line end, but lines are searched one by one.")
    try:
        os.fsencode(pattern)
    except UnicodeEncodeError:
        raise ToolError("search: the pattern contains half of a character pair.") from None


@dataclass(slots=True)
class _Results:
    """Matches taken from the program's lines, as far as they are selected."""

    selection: Selection
    lines: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    full: bool = False
    stopped: str = ""
    _skipping: bool = False
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.full:
                return
            self._take(line)

    def _take(self, line: bytes) -> None:
        # Most of a large answer may be outside the selection: look at the start before decoding.
        is_match = line.startswith((b'{"type":"match"', b'{"type": "match"'))
        if (is_match and self._skipping) or not (is_match or b'"begin"' in line[:20]):
            return
        data = json.loads(line)["data"]
        path = _text(data["path"]).removeprefix("./")
        if not is_match:
            self._skipping = not self.selection.has(path)
            return
        if len(self.lines) >= _MATCHES:
            self.full = True
            return
        shown = path if path.isprintable() else repr(path)
        text = _text(data["lines"]).rstrip("\r\n")
        self.lines.append(f"{shown}:{data['line_number']}:{clip(text, _LINE)}")
        self.files.add(path)


def _text(value: Json) -> str:
    """ripgrep's text, or its bytes where they are not UTF-8."""
    if isinstance(value, dict) and isinstance(text := value.get("text"), str):
        return text
    if isinstance(value, dict) and isinstance(raw := value.get("bytes"), str):
        return base64.b64decode(raw).decode("cp1252", "replace")
    return ""


async def _run(command: tuple[str, ...], root: Path, results: _Results) -> None:
    """Run the program until it ends or enough has come. Raises ToolError for a pattern it cannot read."""
    modules = os.pathsep.join(entry for entry in sys.path if Path(entry).is_absolute())
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env={**os.environ, "PYTHONPATH": modules},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ToolError(f"search could not start {Path(command[0]).name}: {error.strerror}.") from None
    try:
        async with asyncio.timeout(_SECONDS):
            complaint = await _collect(process, results)
    except TimeoutError:
        results.stopped = f"stopped after {_SECONDS:.0f} s"
        return
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode == 2 and complaint:
        raise ToolError(
            f"search: the pattern cannot be read. {complaint.strip()}",
            "Escape ( ) [ ] { } . * + ? | with \\ to find them literally.",
        )


async def _collect(process: asyncio.subprocess.Process, results: _Results) -> str:
    """What the program says of errors, once it has ended; empty where it was not waited for."""
    assert process.stdout is not None
    assert process.stderr is not None
    size = 0
    while data := await process.stdout.read(_READ):
        results.feed(data)
        size += len(data)
        if size > _OUTPUT:
            results.stopped = "stopped after 64 MB of matches"
        if results.full or results.stopped:
            return ""
    complaint = await process.stderr.read(2_000)
    await process.wait()
    return complaint.decode("utf-8", "replace")


def _result(pattern: str, glob: str | None, results: _Results, note: str) -> ToolResult:
    where = f" in {glob}" if glob else ""
    count = len(results.lines)
    more = "+" if results.full or results.stopped else ""
    summary = f"search {one_line(pattern, 80)}{escaped(where)} · {plural(count, 'match')}{more}"
    notes = []
    if results.full:
        notes.append(f"only the first {_MATCHES} matches; narrow the pattern or the glob")
    if results.stopped:
        notes.append(f"{results.stopped}; narrow the pattern or the glob")
    tail = f"\n[{'; '.join(notes)}]" if notes else ""
    body = "\n".join(results.lines) if count else f"No match for {pattern!r}{where}."
    return ToolResult(True, body + tail + note, summary)
