"""House style: line length, blanks, docstrings. Prints path:line: what, exits 1 if there is any."""

import ast
import sys
from pathlib import Path

LONGEST = 100
ROOT = Path(__file__).resolve().parent.parent


def check_lines(text: str):
    """Yield (line, what) for lines that are too long or end in blanks."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST:
            yield number, f"{len(line)} columns, at most {LONGEST}"
        if line != line.rstrip() or "\t" in line:
            yield number, "trailing blank or tab"
    if not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"


def check_docstrings(tree: ast.Module):
    """Yield (line, what) for a module and its functions without a docstring."""
    for node in [tree, *tree.body]:
        if isinstance(node, (ast.Module, ast.FunctionDef)) and not ast.get_docstring(node):
            yield getattr(node, "lineno", 1), "no docstring"


def main() -> int:
    """Check every Python file of the project."""
    found = 0
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for line, what in (*check_lines(text), *check_docstrings(ast.parse(text, str(path)))):
            print(f"{path.relative_to(ROOT)}:{line}: {what}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
