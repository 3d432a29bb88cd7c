"""Search without ripgrep: a program of its own, so that a pattern that never ends can be ended.

    python -P -m steer.tools.scan ROOT PATTERN MAX_COUNT MAX_FILESIZE

Prints what ``rg --json`` prints: https://docs.rs/grep-printer/latest/grep_printer/struct.JSON.html
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from steer.domain.errors import ToolError
from steer.domain.matching import split_lines
from steer.domain.values import JsonObject
from steer.tools.content import decode, read_whole
from steer.tools.paths import Target
from steer.tools.walking import walk

_LINE: Final = 100_000


def scan(root: Path, pattern: re.Pattern[str], max_count: int, max_size: int) -> Iterator[JsonObject]:
    """A ``begin`` object for each file with matches, then a ``match`` object for each matching line."""
    for path in walk(root):
        full = root / path
        try:
            if full.stat().st_size > max_size:
                continue
            text = decode(read_whole(Target(path, full)), path).text
        except (ToolError, OSError):
            # Binary or not readable: as ripgrep, go on without it.
            continue
        found = [(number, line) for number, line in enumerate(split_lines(text)[0], 1) if pattern.search(line[:_LINE])]
        if found:
            yield {"type": "begin", "data": {"path": {"text": path}}}
        for number, line in found[:max_count]:
            yield {"type": "match", "data": {"path": {"text": path}, "lines": {"text": line}, "line_number": number}}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 with matches, 1 without, 2 for a pattern that cannot be read."""
    root, pattern, max_count, max_size = arguments
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        sys.stderr.write(f"regex parse error: {error}\n")
        return 2
    code = 1
    for found in scan(Path(root), compiled, int(max_count), int(max_size)):
        sys.stdout.write(json.dumps(found) + "\n")
        code = 0
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
