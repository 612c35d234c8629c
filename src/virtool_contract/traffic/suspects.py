"""What recorded traffic shows broken, until all of it was seen: then some of it is acquitted.

A run makes sure of what it finds by sending it again in another way (`replay`). That cannot be done
here, but a file may show the same: what happens without a write is no write's doing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from virtool_contract.judge import Finding
from virtool_contract.ledger import MOST_SUSPECTS, Deviation, Ledger
from virtool_contract.likeness import likeness
from virtool_contract.traffic.together import RACE
from virtool_contract.waivers import Waivers

STATEFUL = ("success", "refused", "effect", "bystander")
"""How the topics begin of what is about the state of an analysis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A deviation with when it was seen and the operation whose clause it breaks.

    It is `disturbed` if another analysis was written to since the last exchange with this one.
    """

    deviation: Deviation
    when: float
    operation: str
    disturbed: bool

    @property
    def likeness(self) -> str:
        """What was seen, whoever is to blame."""
        return likeness(self.deviation.actual)

    def is_about(self, *topics: str) -> bool:
        """Whether its topic is one of those, or falls under one."""
        return self.deviation.topic.startswith(topics)


@dataclass(slots=True, kw_only=True)
class Suspects:
    """By clause and likeness, the earliest of all that looks alike."""

    found: dict[tuple[str, str], Suspect] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(
        self, finding: Finding, when: float, made: Callable[[], Deviation], *, disturbed: bool
    ) -> None:
        """Take in a broken clause; what is `made` of it is only made if it is needed."""
        key = (finding.clause, f"{finding.topic} {likeness(finding.actual)}")
        earlier = self.found.get(key)
        if earlier is None:
            if self.counts.get(finding.clause, 0) >= MOST_SUSPECTS:
                return
            self.counts[finding.clause] = self.counts.get(finding.clause, 0) + 1
        elif (earlier.disturbed, earlier.when) <= (disturbed, when):
            return
        self.found[key] = Suspect(
            deviation=made(), when=when, operation=finding.operation, disturbed=disturbed
        )

    def settle(self, ledger: Ledger, waivers: Waivers) -> None:
        """Put what is left after acquittals into the ledger, the earliest of each clause first."""
        left = [each for each in self.found.values() if not self._is_acquitted(each)]
        for suspect in sorted(left, key=lambda each: each.when):
            deviation = suspect.deviation
            covering = waivers.covering(deviation.clause, deviation.request, deviation.actual)
            if ledger.waive(covering, partial(_itself, deviation)):
                continue
            ledger.add(deviation)
            others = ledger.others.setdefault(deviation.clause, [])
            others += [deviation.likeness] * (deviation.likeness not in others)

    def _is_acquitted(self, suspect: Suspect) -> bool:
        return any(
            (
                suspect.operation != "get" and self._reads_do(suspect),
                self._plain_results_do(suspect),
                suspect.is_about("effect-of-refusal") and self._no_refusal_does(suspect),
                suspect.is_about(RACE) and self._no_race_does(suspect),
                suspect.disturbed and self._another_write_does(suspect),
            )
        )

    def _others(self, suspect: Suspect) -> Iterator[Suspect]:
        return (each for each in self.found.values() if each is not suspect)

    def _reads_do(self, suspect: Suspect) -> bool:
        """Whether reads with no write between them show what was taken for the effect of one."""
        if suspect.deviation.topic.endswith(".gone"):
            return False
        return suspect.is_about("effect", "bystander") and any(
            each.operation == "get"
            and each.is_about("effect")
            and each.likeness == suspect.likeness
            for each in self._others(suspect)
        )

    def _plain_results_do(self, suspect: Suspect) -> bool:
        """Whether the same thing happens to plain results, where these were awkward."""
        stem, _, kind = suspect.deviation.topic.rpartition(".")
        return bool(stem) and any(
            each.deviation.topic == f"{stem}.plain" and each.operation == suspect.operation
            for each in self._others(suspect)
            if kind != "plain"
        )

    def _no_refusal_does(self, suspect: Suspect) -> bool:
        """Whether the same wrong answer comes where no refused write went before."""
        return any(
            each.is_about("success") and each.likeness == suspect.likeness
            for each in self._others(suspect)
        )

    def _another_write_does(self, suspect: Suspect) -> bool:
        """Whether writes to other analyses do harm, so that one between may have done this too."""
        return suspect.is_about("effect", "success") and any(
            each.is_about("bystander") for each in self._others(suspect)
        )

    def _no_race_does(self, suspect: Suspect) -> bool:
        """Whether the state goes wrong without a race too, by an operation that was in this one."""
        raced = {step.operation for step in suspect.deviation.scenario.steps} - {"get"}
        return any(
            each.operation in raced and each.is_about(*STATEFUL) for each in self._others(suspect)
        )


def _itself(deviation: Deviation) -> Deviation:
    return deviation
