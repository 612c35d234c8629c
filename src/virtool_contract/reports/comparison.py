"""What has changed between two runs, clause by clause. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from virtool_contract.ledger import Deviation
from virtool_contract.reports.reading import Recorded
from virtool_contract.verdict import Outcome, RunOutcome, Verdict


class Change(StrEnum):
    """What became of one clause from one run to the next, the worst first."""

    NEWLY_BROKEN = "newly broken"
    BROKEN_DIFFERENTLY = "broken differently"
    STILL_BROKEN = "still broken"
    NEWLY_WAIVED = "newly waived"
    NO_LONGER_OBSERVED = "no longer observed"
    FIXED = "fixed"
    NEWLY_OBSERVED = "newly observed"
    UNCHANGED = "unchanged"


OBSERVED = frozenset({Outcome.KEPT, Outcome.BROKEN, Outcome.WAIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One clause in both runs; None where a run's contract does not have it."""

    change: Change
    before: Verdict | None
    now: Verdict | None

    @property
    def verdict(self) -> Verdict:
        """The verdict of the later run that has the clause."""
        found = self.now or self.before
        assert found, "a clause of neither run is not compared"
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs: what changed, and `notes` on what makes them hard to compare.

    `problem` says why they cannot be compared at all; empty where they can.
    """

    old: Recorded
    new: Recorded
    clauses: tuple[Changed, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""

    def of(self, change: Change) -> tuple[Changed, ...]:
        """The clauses with which that has happened."""
        return tuple(each for each in self.clauses if each.change is change)

    @property
    def newly_broken(self) -> tuple[Changed, ...]:
        """The clauses that fail a comparison."""
        return self.of(Change.NEWLY_BROKEN)


def compare(old: Recorded, new: Recorded) -> Comparison:
    """Compare two runs, in the order of the later one's contract."""
    gone = [clause for clause in old.clauses if clause not in new.clauses]
    clauses = tuple(
        _changed(old.clauses.get(clause), new.clauses.get(clause))
        for clause in (*new.clauses, *gone)
    )
    return Comparison(
        old=old,
        new=new,
        clauses=clauses,
        notes=tuple(_notes(old, new)),
        problem="; ".join(_problems(old, new)),
    )


def _changed(before: Verdict | None, now: Verdict | None) -> Changed:
    return Changed(change=_change(before, now), before=before, now=now)


def _change(before: Verdict | None, now: Verdict | None) -> Change:
    was = before.outcome if before else None
    match now.outcome if now else None:
        case Outcome.BROKEN:
            return _still(before, now) if was is Outcome.BROKEN else Change.NEWLY_BROKEN
        case Outcome.WAIVED:
            return Change.UNCHANGED if was is Outcome.WAIVED else Change.NEWLY_WAIVED
        case Outcome.KEPT if was in {Outcome.BROKEN, Outcome.WAIVED}:
            return Change.FIXED
        case Outcome.KEPT:
            return Change.UNCHANGED if was is Outcome.KEPT else Change.NEWLY_OBSERVED
        case _:
            return Change.NO_LONGER_OBSERVED if was in OBSERVED else Change.UNCHANGED


def _still(before: Verdict | None, now: Verdict | None) -> Change:
    """Whether a clause that both runs saw broken breaks in the same way."""
    assert before
    assert now
    same = is_alike(before.deviation, now.deviation)
    return Change.STILL_BROKEN if same else Change.BROKEN_DIFFERENTLY


def is_alike(one: Deviation | None, other: Deviation | None) -> bool:
    """Whether two deviations of a clause are the same, but for what differs from run to run.

    What a race shows is left to chance, so of two races only that they are is compared.
    """
    if one is None or other is None:
        return one is other
    if one.scenario.together or other.scenario.together:
        return one.scenario.together and other.scenario.together
    return (one.topic, one.likeness) == (other.topic, other.likeness)


def _problems(old: Recorded, new: Recorded) -> Iterator[str]:
    for each in (old, new):
        if each.outcome is RunOutcome.COULD_NOT_TEST:
            yield f"{each.file} could not test: {each.problem or 'it does not say why'}"


def _notes(old: Recorded, new: Recorded) -> Iterator[str]:
    """Differences of the runs themselves, each of which may be why a verdict is another."""
    for what in ("target", "contract", "effort", "seed"):
        before, now = getattr(old, what), getattr(new, what)
        if before != now:
            yield f"{what}: {before} before, {now} now"
