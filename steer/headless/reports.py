"""The reports: each a value with one JSON object and one readable form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from steer.domain.context import band_of, fraction_of
from steer.domain.events import GateFinished
from steer.domain.values import Json
from steer.engine.verification import Outcome
from steer.headless.printer import dump, write_out

CheckStatus: TypeAlias = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``steer doctor``."""

    check: str
    status: CheckStatus
    detail: str
    remedy: str = ""


def report_doctor(checks: Sequence[Check], as_json: bool) -> int:
    """Print the checks; 1 if any fails."""
    if as_json:
        rows: list[Json] = [
            {"check": c.check, "status": c.status, "detail": c.detail, "remedy": c.remedy} for c in checks
        ]
        write_out(dump({"checks": rows}) + "\n")
    else:
        signs = {"ok": "✓", "warn": "!", "fail": "✗"}
        for c in checks:
            write_out(f"{signs[c.status]} {c.check:<12} {c.detail}\n")
            if c.remedy:
                write_out(f"  {'':<12} → {c.remedy}\n")
    return 1 if any(c.status == "fail" for c in checks) else 0


def report_init(written: Sequence[str], kept: Sequence[str], as_json: bool) -> int:
    """Print which files were written and which were there already."""
    if as_json:
        write_out(dump({"written": list(written), "kept": list(kept)}) + "\n")
        return 0
    for name in written:
        write_out(f"wrote {name}\n")
    for name in kept:
        write_out(f"kept  {name}\n")
    return 0


def report_context(categories: Mapping[str, int], window: int | None, as_json: bool) -> int:
    """Print what a request holds, by category, in tokens."""
    total = sum(categories.values())
    fraction = fraction_of(total, window)
    band = None if fraction is None else band_of(fraction)
    if as_json:
        counts: dict[str, Json] = dict(categories)
        write_out(
            dump(
                {
                    "prompt_tokens": total,
                    "window": window,
                    "fraction": None if fraction is None else round(fraction, 6),
                    "band": band,
                    "categories": counts,
                }
            )
            + "\n"
        )
        return 0
    for name, tokens in categories.items():
        write_out(f"{name:<14} {tokens:>8,}\n")
    share = "window unknown (set --context-window)" if fraction is None else f"{fraction:.1%} of {window:,} · {band}"
    write_out(f"{'in all':<14} {total:>8,}  {share}\n")
    return 0


def report_verify(gates: Sequence[tuple[GateFinished, str]], outcome: Outcome) -> None:
    """Print the gates' results as JSON, each with its command."""
    rows: list[Json] = [
        {
            "gate": gate.gate,
            "command": command,
            "status": gate.status,
            "exit_code": gate.exit_code,
            "seconds": gate.seconds,
            "new": None,
            "reason": gate.reason,
            "output": gate.output,
        }
        for gate, command in gates
    ]
    write_out(dump({"status": outcome.status, "gates": rows, "reason": outcome.reason}) + "\n")
