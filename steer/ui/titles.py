"""The titles of the diff and verify panes: their figures, with words and signs beside them."""

from collections.abc import Sequence

from steer.render.clean import clean_line
from steer.ui.chrome import Part
from steer.ui.facts import GATE_SIGN, Diff


def diff_title(diff: Diff) -> list[Part]:
    """`` Diff +34 −8 · 3 files · 42/150 lines``."""
    parts: list[Part] = [("Diff", "")]
    if diff.files:
        files = "1 file" if diff.files == 1 else f"{diff.files} files"
        parts += [(f" +{diff.added}", "ok"), (f" −{diff.removed}", "error"), (f" · {files}", "")]
    if diff.limit is not None:
        over = diff.changed > diff.limit
        parts.append((f" · {diff.changed}/{diff.limit} lines", "error" if over else ""))
    if diff.pending:
        parts.append((f" · {diff.pending}", "pending"))
    return parts


def gates_title(gates: Sequence[tuple[str, str]]) -> list[Part]:
    """`` Verify ✓ lint ✗ tests ● types``."""
    parts: list[Part] = [("Verify", "")]
    styles = {"passed": "ok", "failed": "error", "timeout": "error", "running": "running"}
    for name, state in gates:
        parts.append((f" {GATE_SIGN[state][0]} {clean_line(name)}", styles.get(state, "dim")))
    return parts
