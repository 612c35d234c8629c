"""Plays a recorded deviation again: does it still show, on this target and on fresh subjects?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from virtool_contract.confirming import CONFIRMATIONS
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.provider import ExhaustedError
from virtool_contract.replay import Sent, play
from virtool_contract.scenario import Scenario
from virtool_contract.target import Target, Unobserved

TRIES: Mapping[str, int] = MappingProxyType({"always": CONFIRMATIONS, "sometimes": 20, "once": 40})
"""So often a deviation is played before it is not broken again, by its recorded frequency."""
RACES: Mapping[str, int] = MappingProxyType({"always": 5, "sometimes": 10, "once": 10})
"""The same for a race, which one play runs up to `replay.ROUNDS` times."""


@dataclass(slots=True, kw_only=True)
class Again:
    """What became of a recorded deviation: `broken` is how it shows now, None where it does not.

    `played` counts the plays, and `sent` is the latest of them. `is_kept` says that the clause was
    seen kept; `others` are the clauses that were broken instead; `unseen` says why the latest play
    did not come to its end, if it did not.
    """

    broken: Deviation | None = None
    played: int = 0
    sent: list[Sent] = field(default_factory=list)
    is_kept: bool = False
    others: dict[str, Deviation] = field(default_factory=dict)
    unseen: str = ""

    @property
    def is_undecided(self) -> bool:
        """Whether the clause was seen neither broken nor kept, for something was in the way."""
        in_the_way = bool(self.others) or bool(self.unseen)
        return self.broken is None and not self.is_kept and in_the_way


def play_again(target: Target, deviation: Deviation) -> Again:
    """Play a deviation until it shows, or often enough to say that it does not.

    A request without an answer only counts if it stays so.

    Raises:
        TargetTroubleError, ProviderError: as `play`; if analyses are used up after the first play,
            that only ends it early.
    """
    seen = Again()
    tries = RACES if deviation.scenario.together else TRIES
    unanswered = 0
    for _ in range(tries[deviation.frequency]):
        try:
            ledger = _once_more(target, deviation.scenario, seen)
        except ExhaustedError:
            if not seen.played:
                raise
            break
        found = ledger.deviations.pop(deviation.clause, None)
        seen.is_kept |= bool(ledger.kept[deviation.clause])
        seen.others |= ledger.deviations
        unanswered += found is not None and found.unanswered
        if found is not None and (not found.unanswered or unanswered == CONFIRMATIONS):
            seen.broken = found
            break
    return seen


def _once_more(target: Target, scenario: Scenario, seen: Again) -> Ledger:
    sent: list[Sent] = []
    unseen, ledger = "", Ledger()
    try:
        play(target, scenario, ledger, sent)
    except Unobserved as reason:
        unseen = str(reason)
    seen.played += 1
    seen.sent, seen.unseen = sent, unseen
    return ledger
