"""Entries one below the other as one list of rows."""

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple, TypeVar

from steer.render.entries import Entry, EntryKind
from steer.render.rows import Row

_E = TypeVar("_E", bound=Entry)


class EntryInfo(NamedTuple):
    """An entry and where it stands: for jumping, and for knowing what a row belongs to.

    ``row`` is its first row. ``event`` counts the events fed before it; ``checkpoint`` is the workspace before it
    (empty where none was recorded); ``title`` is its first line.
    """

    id: int
    kind: EntryKind
    row: int
    turn: int
    event: int
    call_id: str
    checkpoint: str
    title: str


class Scrollback:
    """A ``RowSource`` over entries that grow anywhere, mostly at the end."""

    def __init__(self, width: int = 80) -> None:
        self.width = max(1, width)
        self._entries: list[Entry] = []
        self._starts: list[int] = []
        self._index: dict[int, int] = {}
        self._dirty: set[int] = set()
        self._next_id = 1
        self.row_count = 0

    # -- for those that make entries -------------------------------------------------------------------------------

    def new_id(self) -> int:
        """The id that the next entry gets."""
        return self._next_id

    def add(self, entry: _E) -> _E:
        """Put an entry at the end."""
        self._next_id += 1
        self._index[entry.id] = len(self._entries)
        self._entries.append(entry)
        self._starts.append(self.row_count)
        self._dirty.add(entry.id)
        return entry

    def touch(self, entry: Entry) -> None:
        """The entry has something new to flush."""
        self._dirty.add(entry.id)

    def update(self) -> int | None:
        """Flush what has changed; gives the first row that is new or different, None where none is."""
        if not self._dirty:
            return None
        first: int | None = None
        lowest = len(self._entries)
        for index in sorted(self._index[id] for id in self._dirty if id in self._index):
            changed = self._entries[index].flush()
            lowest = min(lowest, index)
            if changed is not None and first is None:
                first = self._starts[index] + changed
        self._dirty.clear()
        before = self.row_count
        self._recount(lowest)
        return before if first is None and self.row_count != before else first

    def _recount(self, lowest: int) -> None:
        """Starts from entry ``lowest`` on."""
        start = self._starts[lowest] if lowest < len(self._starts) else self.row_count
        for index in range(lowest, len(self._entries)):
            self._starts[index] = start
            start += self._entries[index].row_count
        self.row_count = start

    def drop_first(self, count: int) -> None:
        """Forget the first ``count`` entries."""
        del self._entries[:count]
        self._index = {entry.id: index for index, entry in enumerate(self._entries)}
        counts = [entry.row_count for entry in self._entries]
        self._starts = list(accumulate(counts[:-1], initial=0)) if counts else []
        self.row_count = sum(counts)

    # -- rows ------------------------------------------------------------------------------------------------------

    def row(self, index: int) -> Row:
        at = bisect_right(self._starts, index) - 1
        return self._entries[at].row(index - self._starts[at])

    def set_width(self, width: int) -> None:
        """Wrap everything to ``width`` cells."""
        width = max(1, width)
        if width == self.width:
            return
        self.width = width
        for entry in self._entries:
            entry.set_width(width)
        self._recount(0)

    def locate(self, row: Row) -> int:
        """The first row of ``row``'s line as it is now; of what followed where it is gone."""
        index = self._index.get(row.entry)
        if index is None:
            return 0
        return self._starts[index] + self._entries[index].locate(row)

    # -- entries ---------------------------------------------------------------------------------------------------

    def _at(self, row: int) -> int | None:
        if not 0 <= row < self.row_count:
            return None
        return bisect_right(self._starts, row) - 1

    def _info(self, index: int) -> EntryInfo:
        entry = self._entries[index]
        start = self._starts[index]
        return EntryInfo(
            entry.id, entry.kind, start, entry.turn, entry.event, entry.call_id, entry.checkpoint, entry.title
        )

    def entries(self, *kinds: EntryKind) -> tuple[EntryInfo, ...]:
        """The entries in order; with ``kinds`` only those (``"task"`` for the turns)."""
        wanted = [index for index, entry in enumerate(self._entries) if not kinds or entry.kind in kinds]
        return tuple(self._info(index) for index in wanted)

    def entry_at(self, row: int) -> EntryInfo | None:
        """The entry that a row belongs to."""
        at = self._at(row)
        return self._info(at) if at is not None else None

    def entry_text(self, row: int) -> str:
        """All the text of a row's entry, folded or not."""
        at = self._at(row)
        return self._entries[at].text() if at is not None else ""

    def foldable(self, row: int) -> bool:
        """Whether the entry of a row can be folded or unfolded."""
        at = self._at(row)
        return at is not None and self._entries[at].foldable

    def toggle(self, row: int) -> int | None:
        """Fold or unfold the entry of a row; gives the first row that changed, None where there is nothing to fold."""
        at = self._at(row)
        if at is None or not self._entries[at].toggle():
            return None
        self.touch(self._entries[at])
        return self.update()

    def search(self, needle: str) -> tuple[int, ...]:
        """The rows that show ``needle``, any case; where a fold hides it, the fold's row."""
        low = needle.lower()
        if not low:
            return ()
        places = zip(self._starts, self._entries, strict=True)
        return tuple(start + row for start, entry in places for row in entry.find(low))
