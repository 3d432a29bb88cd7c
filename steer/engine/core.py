"""What the parts of a running session share."""

import asyncio
from dataclasses import dataclass, field

from steer.domain.events import MessageAppended
from steer.domain.messages import Message, ToolSpec
from steer.domain.transcript import Transcript
from steer.domain.values import Wire
from steer.engine.approvals import Approvals, Policy
from steer.engine.channel import EventLog
from steer.engine.conversation import missing_results
from steer.engine.ledger import SeenFiles
from steer.engine.meter import Meter
from steer.engine.ports import Ports
from steer.engine.steering import Steering
from steer.engine.verification import Verifier


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session runs. ``max_steps`` requests a turn; ``max_fix`` tries to repair failing gates; ``trust`` trusts VERIFY.md as it is."""

    session: str
    constraints: tuple[str, ...] = ()
    wire: Wire = "chat"
    max_steps: int = 50
    max_fix: int = 2
    verify: bool = True
    trust: bool = False
    approve: Policy = "ask"
    scripted: bool = False


@dataclass(slots=True)
class Core:
    """The session's collaborators. ``running`` is clear while the user holds the stream (pause)."""

    ports: Ports
    options: SessionOptions
    log: EventLog
    transcript: Transcript
    approvals: Approvals
    meter: Meter
    steering: Steering = field(default_factory=Steering)
    seen: SeenFiles = field(default_factory=SeenFiles)
    running: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, message: Message) -> None:
        """The history grows: the only way it does."""
        self.meter.add(message)
        self.log.emit(MessageAppended(message))

    def close_calls(self, text: str) -> None:
        """Give each call without a result one that says ``text``: without it every later request would be invalid."""
        for message in missing_results(self.transcript.messages, text):
            self.append(message)

    def verifier(self) -> Verifier:
        options = self.options
        return Verifier(self.log, self.ports.gates, self.running, options.verify, options.trust)

    def tool_specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self.ports.tools)
