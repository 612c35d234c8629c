"""What was observed: how often each clause was kept, which were broken, and how that shows."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from virtool_contract.contract import Contract
from virtool_contract.judge import Finding
from virtool_contract.likeness import ANYTHING, likeness
from virtool_contract.scenario import Scenario, Step
from virtool_contract.tally import Tally
from virtool_contract.waivers import Waiver, asked

RIGHTS = ("unauthenticated", "not-own", "leak")
"""Parts of the topics that are about who may do what."""
MOST_SUSPECTS = 20
"""So many ways to break one clause are told apart; where there are more, they are hardly ways."""


def alike(request: str, topic: str, actual: str) -> str:
    """What all deviations have in common that are alike, as a text with `*`.

    Who asks matters where it is a question of rights, and only there.
    """
    operation, _, caller = request.partition(" by ")
    by_rights = any(right in topic for right in RIGHTS)
    asking = f"{operation} by {caller if by_rights else ANYTHING}" if request else ""
    return asked(asking, likeness(actual))


def blamed(finding: Finding, steps: Sequence[Step]) -> str:
    """The request to blame: the last one, or the write whose effect a later read has shown."""
    shown_later = finding.actual.startswith("/") or finding.topic.endswith(".gone")
    writes = [move for move in steps if move.operation != "get"]
    by_write = shown_later and finding.operation != "get" and writes
    for last in (writes if by_write else steps)[-1:]:
        return f"{last.operation} by {last.caller}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A broken clause with the requests that show it; `seen` of `tried` replays broke it again.

    `topic` is that of the finding; `request` is what it takes to be answered so, as in
    `finalize by owner`, empty for a race; `timeline` is the history of a race as text, one event a
    line.
    `unanswered` says that no answer came at all, which only counts if it happens again.
    """

    clause: str
    expected: str
    actual: str
    scenario: Scenario
    topic: str = ""
    request: str = ""
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

    @property
    def likeness(self) -> str:
        """What stays the same when this is seen again: the `observed` of a drafted waiver."""
        return alike(self.request, self.topic, self.actual)

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
            "request": self.request,
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
            request=shape.get("request", ""),
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
    """Observations of one test or of a whole run; mergeable, and JSON on the way between them.

    What a waiver covers is apart from the deviations: by the line of its entry, in `waived` the
    first deviation and in `hits` how often there was one. `others` is how else a broken clause was
    seen to break, and `suspects` is that before it was made sure of; they stay in this process.
    `tally` is what was exercised.
    """

    kept: Counter[str] = field(default_factory=Counter)
    deviations: dict[str, Deviation] = field(default_factory=dict)
    waived: dict[int, Deviation] = field(default_factory=dict)
    hits: Counter[int] = field(default_factory=Counter)
    others: dict[str, list[str]] = field(default_factory=dict)
    suspects: dict[str, dict[str, Deviation]] = field(default_factory=dict)
    excuses: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    requests: int = 0
    tally: Tally = field(default_factory=Tally)

    def note(self, findings: Iterable[Finding]) -> None:
        """Count the findings of clauses that were kept."""
        self.kept.update(finding.clause for finding in findings if finding.kept)

    def add(self, deviation: Deviation) -> None:
        """Keep a deviation, unless one of its clause is there already."""
        self.deviations.setdefault(deviation.clause, deviation)

    def suspect(self, clause: str, way: str, deviation: Callable[[], Deviation]) -> None:
        """Keep how else a clause seems to break, one deviation of each likeness."""
        ways = self.suspects.setdefault(clause, {})
        if way not in ways and len(ways) < MOST_SUSPECTS:
            ways[way] = deviation()

    def waive(self, waivers: Iterable[Waiver], deviation: Callable[[], Deviation]) -> bool:
        """Count a deviation that waivers cover; false where none does."""
        covering = tuple(waivers)
        for waiver in covering:
            self.hits[waiver.first] += 1
            if waiver.first not in self.waived:
                self.waived[waiver.first] = deviation()
        return bool(covering)

    def excuse(self, clause: str, reason: str) -> None:
        """Note why a clause could not be observed, beside what was noted before."""
        before = self.excuses.get(clause)
        if before is None:
            self.excuses[clause] = reason
        elif reason not in before.split("; "):
            self.excuses[clause] = f"{before}; {reason}"

    def observed(self, clause: str) -> bool:
        """Whether the clause was seen kept or broken at all."""
        waived = any(deviation.clause == clause for deviation in self.waived.values())
        return waived or bool(self.kept[clause]) or clause in self.deviations

    def merge(self, other: "Ledger") -> None:
        """Take in what another ledger holds; of two deviations the shorter scenario stays."""
        self.kept.update(other.kept)
        for clause, deviation in other.deviations.items():
            mine = self.deviations.get(clause)
            if mine is None or len(deviation.scenario.steps) < len(mine.scenario.steps):
                self.deviations[clause] = deviation
        for line, deviation in other.waived.items():
            self.waived.setdefault(line, deviation)
        self.hits.update(other.hits)
        for clause, ways in other.others.items():
            self.others[clause] = sorted({*self.others.get(clause, ()), *ways})
        for clause, excuse in other.excuses.items():
            self.excuse(clause, excuse)
        self.troubles.extend(other.troubles)
        self.requests += other.requests
        self.tally.merge(other.tally)

    def to_json(self) -> dict[str, Any]:
        """The ledger as plain data, for the way from a worker to the one that reports."""
        return {
            "kept": dict(self.kept),
            "deviations": [deviation.to_json() for deviation in self.deviations.values()],
            "waived": {str(line): each.to_json() for line, each in self.waived.items()},
            "hits": {str(line): count for line, count in self.hits.items()},
            "others": {clause: list(ways) for clause, ways in self.others.items()},
            "excuses": dict(self.excuses),
            "troubles": list(self.troubles),
            "requests": self.requests,
            "tally": self.tally.to_json(),
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Ledger":
        """The ledger that `to_json` made."""
        deviations = map(Deviation.from_json, shape["deviations"])
        return cls(
            kept=Counter(shape["kept"]),
            deviations={deviation.clause: deviation for deviation in deviations},
            waived={int(line): Deviation.from_json(e) for line, e in shape["waived"].items()},
            hits=Counter({int(line): count for line, count in shape["hits"].items()}),
            others={clause: list(ways) for clause, ways in shape["others"].items()},
            excuses=dict(shape["excuses"]),
            troubles=list(shape["troubles"]),
            requests=shape["requests"],
            tally=Tally.from_json(shape["tally"]),
        )
