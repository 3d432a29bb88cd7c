"""The lines that events are told in: a sign, a word and the facts, so that nothing is said by colour alone."""

from typing import Final

from steer.domain.events import (
    ApprovalRequested,
    ApprovalResolved,
    ConstraintViolated,
    ErrorRaised,
    GateFinished,
    InterruptedEvent,
    SessionStarted,
    Steered,
    TurnFinished,
    VerifyFinished,
)
from steer.domain.values import ErrorKind, GateStatus, TurnStatus, When
from steer.render.cells import expand_tabs
from steer.render.clean import clean, clean_line, guard_line
from steer.render.entries import line_of
from steer.render.lines import Line

_WHEN: Final[dict[When, str]] = {"now": "now", "next": "at the next step", "queued": "at the end of the turn"}
_GATES: Final[dict[GateStatus, tuple[str, str]]] = {
    "passed": ("✓", "ok"),
    "failed": ("✗", "error"),
    "timeout": ("✗", "error"),
    "not_run": ("–", "warning"),
}
_TURNS: Final[dict[TurnStatus, tuple[str, str]]] = {
    "completed": ("✓", "ok"),
    "interrupted": ("■", "warning"),
    "failed": ("✗", "error"),
    "blocked": ("‖", "warning"),
}
_ERRORS: Final[dict[ErrorKind, str]] = {
    "auth": "not authorised",
    "rate_limit": "rate limit",
    "overloaded": "overloaded",
    "context_overflow": "context window full",
    "network": "network",
    "stalled": "stalled",
    "bad_stream": "unreadable answer",
    "refused_by_endpoint": "refused by the endpoint",
}


def paragraphs(text: str, sign: str, token: str) -> list[Line]:
    """Foreign text of several lines, the first behind a sign, the others under it."""
    lines = [expand_tabs(guard_line(line)) for line in clean(text).split("\n")]
    blank = " " * len(sign)
    return [
        Line(line, ((0, len(line), token),) if line else (), lead=blank if at else sign, hang=blank, mark=token)
        for at, line in enumerate(lines)
    ]


def counted(number: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def session(event: SessionStarted) -> list[Line]:
    parts = [event.session, event.model, clean_line(event.dir)]
    if event.branch:
        parts.append(f"@ {clean_line(event.branch)}")
    return [line_of(("session ", "dim"), (" · ".join(clean_line(part) for part in parts), "dim"), hang="  ")]


def task(text: str) -> list[Line]:
    return [Line(""), *paragraphs(text, "› ", "task")]


def steered(event: Steered) -> list[Line]:
    lines = paragraphs(event.text, f"↪ {_WHEN[event.when]}: ", "steer") if event.text else []
    if event.constraints:
        said = ", ".join(clean_line(constraint) for constraint in event.constraints)
        lines.append(line_of(("↪ set ", "steer"), (said, "steer"), hang="  "))
    return lines or [line_of((f"↪ {_WHEN[event.when]}", "steer"))]


def violated(event: ConstraintViolated) -> list[Line]:
    stage = {"streaming": "while it streamed", "preflight": "before it ran", "effects": "on its effects"}[event.stage]
    head = line_of(
        ("✗ constraint ", "error"),
        (clean_line(event.constraint), "error"),
        (f" stopped the call {stage}: ", "error"),
        (clean_line(event.path), "path"),
        hang="  ",
    )
    return [head, *paragraphs(event.detail, "  ", "detail")] if event.detail else [head]


def approval(event: ApprovalRequested) -> list[Line]:
    question = event.question or f"allow this {event.kind}?"
    return paragraphs(question, f"? {clean_line(event.kind)}, waiting for you: ", "warning")


def approved(asked: ApprovalRequested | None, event: ApprovalResolved) -> list[Line]:
    sign, word, token = ("✓", "allowed", "ok") if event.allowed else ("✗", "denied", "error")
    said = f"{sign} {clean_line(event.kind)} {word}"
    if event.reason:
        said += f": {clean_line(event.reason)}"
    parts = [(said, token)]
    if asked is not None and asked.question:
        parts.append((f"  {clean_line(asked.question)}", "detail"))
    return [line_of(*parts, hang="  ")]


def interrupted(event: InterruptedEvent) -> list[Line]:
    said = f"■ interrupted ({clean_line(event.reason)}), kept {counted(event.kept_chars, 'character')}"
    return [line_of((said, "warning"), (f" · {event.milliseconds:.0f} ms" if event.milliseconds else "", "detail"))]


def error(event: ErrorRaised) -> list[Line]:
    again = ", trying again" if event.retried else ""
    return paragraphs(event.message, f"✗ error, {_ERRORS[event.kind]}{again}: ", "error")


def notice(text: str) -> list[Line]:
    return paragraphs(text, "· ", "notice")


def gate_running(name: str, command: str) -> list[Line]:
    return [
        line_of(("● ", "running"), (clean_line(name), "text"), (" running  ", "running"), (clean_line(command), "dim"))
    ]


def gate_finished(event: GateFinished, sign: str) -> list[Line]:
    mark, token = _GATES[event.status]
    word = event.status.replace("_", " ")
    reason = f"  {clean_line(event.reason)}" if event.reason else ""
    return [
        line_of(
            (f"{mark} ", token),
            (clean_line(event.gate), "text"),
            (f" {word}", token),
            (f" {event.seconds:.1f} s", "detail"),
            (reason, "detail"),
            (f" {sign}" if sign else "", "dim"),
            hang="    ",
        )
    ]


def verified(event: VerifyFinished) -> list[Line]:
    mark, token = _GATES[event.status]
    reason = f": {clean_line(event.reason)}" if event.reason else ""
    return [line_of((f"{mark} verification {event.status.replace('_', ' ')}", token), (reason, "detail"), hang="  ")]


def turn(event: TurnFinished) -> list[Line]:
    mark, token = _TURNS[event.status]
    facts = f" · {counted(len(event.files), 'file')} +{event.added} −{event.removed} · {event.seconds:.1f} s"
    tokens = f" · {counted(event.completion_tokens, 'token')}" if event.completion_tokens else ""
    reason = f" · {clean_line(event.reason)}" if event.reason else ""
    said = f"{mark} turn {event.turn} {event.status}"
    return [line_of((said, token), (facts + tokens + reason, "detail"), hang="  ")]


def reasoning(tokens: int, exact: bool, lines: int, opened: bool, done: bool) -> list[Line]:
    sign = "▾" if opened else "▸"
    about = f"{'' if exact else '~'}{counted(tokens, 'token')}, {counted(lines, 'line')}"
    return [line_of((f"{sign} reasoning{'' if done else '…'} ", "reasoning"), (about, "dim"))]
