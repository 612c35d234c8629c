"""What was observed: how often each clause was kept, which were broken, and how that shows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from virtool_contract.contract import Contract
from virtool_contract.judge import Finding
from virtool_contract.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A broken clause with the requests that show it; `seen` of `tried` replays broke it again.

    `topic` is that of the finding; `timeline` is the history of a race as text, one event a line.
    `unanswered` says that no answer came at all, which only counts if it happens again.
    """

    clause: str
    expected: str
    actual: str
    scenario: Scenario
    topic: str = ""
    timeline: tuple[str, ...] = ()
    unanswered: bool = False
    seen: int = 0
    tried: int = 0

    @property
    def frequency(self) -> str:
        """How often replays show it: `always`, `sometimes` or `once` (not again, or not tried)."""
        if self.tried and self.seen == self.tried:
            return "always"
        return "sometimes" if self.seen else "once"

    def to_json(self) -> dict[str, Any]:
        """The deviation for a report."""
        return {
            "clause": self.clause,
            "expected": self.expected,
            "actual": self.actual,
            "frequency": self.frequency,
            "replayed": {"broken": self.seen, "of": self.tried},
            "scenario": self.scenario.to_json(),
            "topic": self.topic,
            "timeline": list(self.timeline),
            "unanswered": self.unanswered,
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Deviation":
        """The deviation that a report holds.

        Raises:
            KeyError, ValueError: not such a shape.
        """
        return cls(
            clause=shape["clause"],
            expected=shape["expected"],
            actual=shape["actual"],
            scenario=Scenario.from_json(shape["scenario"]),
            topic=shape["topic"],
            timeline=tuple(shape["timeline"]),
            unanswered=shape["unanswered"],
            seen=shape["replayed"]["broken"],
            tried=shape["replayed"]["of"],
        )


class Violation(AssertionError):  # noqa: N818 - the word of the field, and of the design
    """A clause is broken. The message has four lines: promise, expected, received, replay."""

    def __init__(self, contract: Contract, deviation: Deviation, replay: str = "") -> None:
        """Make the message from the contract's words and what was found."""
        self.deviation = deviation
        self.length = len(deviation.scenario.steps)
        clause = contract.clauses[deviation.clause]
        lines = [
            f"{clause.id} ({clause.level}): {clause.says}",
            f"  expected  {deviation.expected}",
            f"  received  {deviation.actual}",
            f"  replay    {replay or f'virtool-contract verify -k {clause.id}'}",
        ]
        super().__init__("\n".join(lines))


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Observations of one test or of a whole run; mergeable, and JSON on the way between them."""

    kept: Counter[str] = field(default_factory=Counter)
    deviations: dict[str, Deviation] = field(default_factory=dict)
    excuses: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    requests: int = 0

    def note(self, findings: Iterable[Finding]) -> None:
        """Count the findings of clauses that were kept."""
        self.kept.update(finding.clause for finding in findings if finding.kept)

    def add(self, deviation: Deviation) -> None:
        """Keep a deviation, unless one of its clause is there already."""
        self.deviations.setdefault(deviation.clause, deviation)

    def excuse(self, clause: str, reason: str) -> None:
        """Note why a clause could not be observed, beside what was noted before."""
        before = self.excuses.get(clause)
        if before is None:
            self.excuses[clause] = reason
        elif reason not in before.split("; "):
            self.excuses[clause] = f"{before}; {reason}"

    def observed(self, clause: str) -> bool:
        """Whether the clause was seen kept or broken at all."""
        return bool(self.kept[clause]) or clause in self.deviations

    def merge(self, other: "Ledger") -> None:
        """Take in what another ledger holds; of two deviations the shorter scenario stays."""
        self.kept.update(other.kept)
        for clause, deviation in other.deviations.items():
            mine = self.deviations.get(clause)
            if mine is None or len(deviation.scenario.steps) < len(mine.scenario.steps):
                self.deviations[clause] = deviation
        for clause, excuse in other.excuses.items():
            self.excuse(clause, excuse)
        self.troubles.extend(other.troubles)
        self.requests += other.requests

    def to_json(self) -> dict[str, Any]:
        """The ledger as plain data, for the way from a worker to the one that reports."""
        return {
            "kept": dict(self.kept),
            "deviations": [deviation.to_json() for deviation in self.deviations.values()],
            "excuses": dict(self.excuses),
            "troubles": list(self.troubles),
            "requests": self.requests,
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Ledger":
        """The ledger that `to_json` made."""
        deviations = map(Deviation.from_json, shape["deviations"])
        return cls(
            kept=Counter(shape["kept"]),
            deviations={deviation.clause: deviation for deviation in deviations},
            excuses=dict(shape["excuses"]),
            troubles=list(shape["troubles"]),
            requests=shape["requests"],
        )
