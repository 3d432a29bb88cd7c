"""What a person said while a turn runs: what is to be said now, at the next step, and at the turn's end."""

from dataclasses import dataclass, field

from steer.domain.values import When


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message not yet delivered. ``text`` may be empty where only constraints changed; ``told`` are sentences on them."""

    id: str
    text: str
    told: tuple[str, ...] = ()


@dataclass(slots=True)
class Steering:
    """Undelivered messages. Each is taken exactly once; ids are stable and never used again."""

    _now: list[Waiting] = field(default_factory=list)
    _next: list[Waiting] = field(default_factory=list)
    _queue: list[Waiting] = field(default_factory=list)
    _count: int = 0

    def add(self, text: str, when: When, told: tuple[str, ...] = ()) -> str:
        """Take a message in; gives its id."""
        self._count += 1
        waiting = Waiting(f"m{self._count}", text, told)
        {"now": self._now, "next": self._next, "queued": self._queue}[when].append(waiting)
        return waiting.id

    def skip_ids(self, count: int) -> None:
        """Ids up to ``count`` were used by an earlier run of this session."""
        self._count = max(self._count, count)

    def queue(self) -> tuple[tuple[str, str], ...]:
        """What waits for the end of the turn: (id, text), first first."""
        return tuple((item.id, item.text) for item in self._queue)

    def restore(self, waiting: tuple[tuple[str, str], ...]) -> None:
        """The queue as an earlier run of this session left it."""
        self._queue = [Waiting(message_id, text) for message_id, text in waiting]

    def edit(self, message_id: str, text: str) -> bool:
        """Replace a queued message's text; an empty one takes it back. False where it has been delivered already."""
        for index, item in enumerate(self._queue):
            if item.id == message_id:
                self._queue[index : index + 1] = [Waiting(item.id, text, item.told)] if text.strip() else []
                return True
        return False

    def urgent(self) -> bool:
        """Whether words wait that must reach the model before the turn may end."""
        return any(item.text for item in (*self._now, *self._next))

    def take(self) -> tuple[Waiting, ...]:
        """Everything for the next request: what was said now first, then what was to follow the running tools."""
        out = (*self._now, *self._next)
        self._now, self._next = [], []
        return out

    def take_queued(self) -> Waiting | None:
        """The first message that waited for the turn's end."""
        return self._queue.pop(0) if self._queue else None
