"""What a turn's end means to the shell that started it."""

from steer.domain.events import TurnFinished
from steer.engine.verification import Outcome

OK, GATE_FAILED, USAGE, MODEL_FAILED, STOPPED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def exit_code(turn: TurnFinished, outcome: Outcome | None) -> int:
    """The exit code of ``steer run`` (README, "Exit codes")."""
    if turn.status == "interrupted":
        return INTERRUPTED
    if turn.status == "failed":
        return MODEL_FAILED
    if turn.status == "blocked":
        return STOPPED
    if outcome is not None and (outcome.failing or outcome.blocked):
        return GATE_FAILED
    return OK
