"""How far the estimate of a prompt's tokens is from what the endpoint counts, learned from what it reports."""

from dataclasses import dataclass
from typing import Final

LOWEST: Final = 0.4
HIGHEST: Final = 2.5
"""Bounds of the ratio: vocabularies in use differ by less; beyond them a report is wrong, not a vocabulary."""

WEIGHT: Final = 0.3
"""Of each report after the first: two or three turns follow a change of model, one odd report moves little."""

SMALLEST: Final = 50
"""Estimates below this say more about a template's hidden text than about the vocabulary."""

SHORT: Final = 0.6
"""A report below this part of the estimate, with cached tokens beside it, has left those out."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reported tokens per estimated token; 1 until something was learned."""

    ratio: float = 1.0
    reports: int = 0

    def apply(self, estimate: int) -> int:
        """The estimate as the endpoint would count it."""
        return max(0, round(estimate * self.ratio))

    def prompt(self, estimate: int, reported: int, cached: int = 0) -> int:
        """The whole prompt behind a report, in tokens.

        Cached tokens are a part of ``reported``, but some gateways leave them out of it: then they are added. That is
        so where they are more than the whole, or where the report is far below the (uncalibrated) estimate.
        """
        left_out = cached > 0 and (cached > reported or reported < SHORT * self.apply(estimate))
        return max(0, reported + (cached if left_out else 0))

    def learn(self, estimate: int, reported: int, cached: int = 0) -> "Calibration":
        """What is known after one more report; unchanged by one that cannot be meant (nothing, or next to nothing)."""
        prompt = self.prompt(estimate, reported, cached)
        if estimate < SMALLEST or prompt <= 0:
            return self
        seen = min(HIGHEST, max(LOWEST, prompt / estimate))
        ratio = seen if self.reports == 0 else self.ratio + WEIGHT * (seen - self.ratio)
        return Calibration(ratio, self.reports + 1)
