"""How many analyses a run may ask for, where they are few; what is kept back, and for what."""

from dataclasses import dataclass

from virtool_contract.provider import ExhaustedError

HINT = "about 300 do for the promises, and a few more for each violation (docs/targets.md)"
"""What to say to somebody who has too few; a test holds it to the truth."""
FOR_REPLAYS = 24
"""So many are enough to try again what a search has found in the end."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """The analyses that this process may ask for: `most` in all.

    `source` says where that number comes from; `to_come` is how many the promises that are to come
    are likely to use, and the last `reserved` are not for now.
    """

    most: int
    source: str
    used: int = 0
    to_come: float = 0.0
    reserved: int = 0

    def reserve_for_replays(self, *, searching: bool) -> None:
        """Before a promise: a search leaves enough to try again what it finds, others need not."""
        self.reserved = min(FOR_REPLAYS, self.most // 10) if searching else 0

    def reserve_for_promises(self, use: float) -> None:
        """Before the replays of a promise, itself likely to use so many: leave those to come."""
        self.to_come -= use
        self.reserved = max(0, round(self.to_come))

    def can_spare(self, count: int) -> bool:
        """Whether so many more may be asked for now."""
        return self.used + count <= self.most - self.reserved

    def take(self) -> None:
        """Count one more.

        Raises:
            ExhaustedError: there is none, or those that are left are reserved.
        """
        if not self.can_spare(1):
            raise ExhaustedError(
                f"the {self.most} analyses of this run ({self.source}) are used up"
            )
        self.used += 1
