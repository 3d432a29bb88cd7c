"""The text an endpoint streams: the same for every program and every run, with markers that are found on a screen.

A prompt names what it wants: ``play-mixed-20000-1200-007-200`` is 20,000 tokens of prose and code at 1,200 tokens a second,
labelled 007, with a marker about every 200 tokens. Rate 0 is as fast as the client takes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final, Literal, cast

Kind = Literal["mixed", "fence"]
PLAY: Final = re.compile(r"play-(mixed|fence)-(\d+)-(\d+)-(\d{3})-(\d+)")
MARK: Final = re.compile(r"QM(\d{3})(\d{4})")
END: Final = re.compile(r"QE(\d{3})")
TOKEN: Final = re.compile(r" ?QM\d{7}|QE\d{3}|```\w*| ?[A-Za-z]+|\d{1,3}|\n+| +|[^\sA-Za-z\d]")

_PROSE: Final = (
    "when a stage finishes early its worker takes the oldest job left in line and reports what it found so no core waits "
    "for another while results keep their order because each carries the place it came from and late ones are held back"
)
_NOUNS: Final = "account batch channel digest entry field graph header index journal ledger marker node offset page"
WORDS: Final = _PROSE.split()
NAMES: Final = _NOUNS.split()


@dataclass(frozen=True)
class Scenario:
    """What one prompt asks for. ``rate`` in tokens a second, 0 for no limit; ``every`` tokens between markers."""

    kind: Kind
    tokens: int
    rate: int
    label: str
    every: int

    @property
    def prompt(self) -> str:
        return f"play-{self.kind}-{self.tokens}-{self.rate}-{self.label}-{self.every}"

    @property
    def end(self) -> str:
        """The last word of the answer."""
        return f"QE{self.label}"

    @classmethod
    def last_in(cls, text: str) -> "Scenario | None":
        """The scenario that the last directive of a request body names."""
        found = PLAY.findall(text)
        if not found:
            return None
        kind, tokens, rate, label, every = found[-1]
        return cls(cast(Kind, kind), int(tokens), int(rate), label, int(every))


@dataclass(frozen=True)
class Script:
    """Tokens in order, and which of them are markers: index of the token to number of the marker."""

    tokens: tuple[str, ...]
    marks: dict[int, int]


@lru_cache(maxsize=8)
def script(kind: Kind, count: int, every: int, label: str) -> Script:
    """About ``count`` tokens that end with the end word; every open fence is closed."""
    tokens: list[str] = []
    marks: dict[int, int] = {}
    number = 0
    for place, text in _PIECES[kind](Random(20_26)):
        if place is not None and len(tokens) >= (number + 1) * every:
            number += 1
            text = place.format(mark=f"QM{label}{number:04d}") + text
        for token in TOKEN.findall(text):
            if token.lstrip().startswith("QM"):
                marks[len(tokens)] = number
            tokens.append(token)
        if len(tokens) >= count - 8:
            break
    tokens = tokens[: count - 8]
    if sum(token.startswith("```") for token in tokens) % 2:
        tokens += ["\n", "```"]
    tokens += ["\n\n", f"QE{label}", "\n"]
    return Script(tuple(tokens), {at: mark for at, mark in marks.items() if at < len(tokens)})


Piece = tuple[str | None, str]
"""How a marker may be put before the text (None: not here), and the text."""


def _sentence(random: Random) -> str:
    words = random.choices(WORDS, k=random.randint(6, 15))
    words[1] = f"**{words[1]}**"
    return " ".join(words).capitalize() + random.choice((". ", f" in `{random.choice(NAMES)}`. "))


def _function(random: Random) -> Iterator[Piece]:
    first, second, third = random.sample(NAMES, 3)
    yield "# {mark}\n", f"def {first}_{second}({third}: list[int], limit: int = {random.randint(2, 99)}) -> int:\n"
    yield None, f'    """Add up the {second} of every {third}."""\n'
    yield "    # {mark}\n", f"    {first} = [value * {random.randint(2, 9)} for value in {third}]\n"
    yield None, f"    if len({first}) > limit:\n"
    yield None, f'        raise ValueError("too many: " + str(len({first})))\n'
    yield "    # {mark}\n", f"    return sum({first}[:limit])\n\n\n"


def _mixed(random: Random) -> Iterator[Piece]:
    while True:
        yield None, f"## {' '.join(random.choices(WORDS, k=4)).capitalize()}\n\n"
        for _ in range(random.randint(2, 4)):
            # Short paragraphs: a blank line every 60 words or so, as models write, is hard on some renderers.
            for _ in range(random.randint(3, 5)):
                yield "{mark} ", _sentence(random)
            yield None, "\n\n"
        for _ in range(random.randint(2, 5)):
            yield None, "- "
            yield "{mark} ", f"{' '.join(random.choices(WORDS, k=8))}\n"
        yield None, "\n```python\n"
        for _ in range(random.randint(1, 3)):
            yield from _function(random)
        yield None, "```\n\n"


def _fence(random: Random) -> Iterator[Piece]:
    yield None, "Here is the file:\n\n```python\n"
    while True:
        yield from _function(random)


_PIECES: Final = {"mixed": _mixed, "fence": _fence}
