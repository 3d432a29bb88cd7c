"""What a turn's end means to the shell that started it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from steer.domain.commands import Interrupt
from steer.domain.events import TurnFinished
from steer.engine.session import Session
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


async def run_headless(opening: Callable[[], Awaitable[Session]], task: str) -> int:
    """Open a session, run one turn, close; gives the exit code. SIGINT, SIGTERM and SIGHUP interrupt the turn."""
    session = await opening()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, session.post, Interrupt(reason=number.name))
    try:
        turn = await session.run_turn(task)
        return exit_code(turn, session.outcome)
    finally:
        await session.close()
