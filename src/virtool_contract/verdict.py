"""From observations to verdicts: one per clause, and one for the run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from virtool_contract.contract import Clause, Contract
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.likeness import hides
from virtool_contract.tally import Tally
from virtool_contract.waivers import Waiver, Waivers


class Outcome(StrEnum):
    """The verdict on one clause."""

    KEPT = "kept"
    BROKEN = "broken"
    WAIVED = "waived"
    NOT_IMPLEMENTED = "not implemented"
    UNOBSERVED = "unobserved"


class RunOutcome(StrEnum):
    """The verdict on a run."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    COULD_NOT_TEST = "could not test"


EXIT_CODES = {RunOutcome.CONFORMS: 0, RunOutcome.VIOLATES: 1, RunOutcome.COULD_NOT_TEST: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A waiver that was needed: the first deviation that it covers, and how many there were."""

    waiver: Waiver
    deviation: Deviation
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotten:
    """A waiver that is past its date (`expired`) or not needed any more (`stale`)."""

    waiver: Waiver
    kind: str

    @property
    def says(self) -> str:
        """What is wrong with it, where, and what to do."""
        waiver = self.waiver
        lines = f"line {waiver.first}"
        if waiver.last > waiver.first:
            lines = f"lines {waiver.first} to {waiver.last}"
        if self.kind == "expired":
            what = f"the waiver expired on {waiver.expires}"
            todo = f"mend the target and delete {lines}, or set a later `expires`"
        else:
            missed = (
                f"{waiver.observed!r} was not seen" if waiver.observed else "the clause was kept"
            )
            what = f"the waiver is stale, for {missed} in a run that would have shown it"
            todo = f"delete {lines}"
        return f"{waiver.place}: {waiver.clause}: {what}; {todo}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one clause; `reason` says why it was not observed, where it was not."""

    clause: Clause
    outcome: Outcome
    observations: int
    deviation: Deviation | None = None
    waived: tuple[Waived, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What became of a run; `problem` says why it could not test, where it could not.

    `rotten` are the waivers that fail it; `tally` is what was exercised.
    """

    outcome: RunOutcome
    clauses: tuple[Verdict, ...]
    requests: int
    rotten: tuple[Rotten, ...] = ()
    troubles: tuple[str, ...] = ()
    problem: str = ""
    tally: Tally = field(default_factory=Tally)

    @property
    def counts(self) -> Counter[Outcome]:
        """How many clauses have which verdict."""
        return Counter(verdict.outcome for verdict in self.clauses)

    @property
    def exit_code(self) -> int:
        """The exit code that says the same (README, Exit codes)."""
        return EXIT_CODES[self.outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a run set out to do, as far as that excuses clauses it did not observe.

    `selected` are the clauses that the selected promises are about, where not `everything` is run.
    """

    removes: bool = True
    races: bool = False
    effort: str = "standard"
    waivers: Waivers = field(default_factory=Waivers)
    everything: bool = True
    selected: frozenset[str] = frozenset()
    strict: bool = False
    problem: str = ""


def counts_against(clause: Clause, *, strict: bool) -> bool:
    """Whether breaking the clause fails a run."""
    return clause.level == "must" or (strict and clause.level == "should")


def reach(contract: Contract, ledger: Ledger, scope: Scope) -> Verdicts:
    """Reach the verdicts that a ledger supports."""
    clauses = tuple(_verdict(clause, ledger, scope) for clause in contract.clauses.values())
    problem = scope.problem or _gap(clauses, scope)
    rotten = tuple(_rotten(clauses, scope))
    broken = bool(rotten) or any(
        verdict.outcome is Outcome.BROKEN and counts_against(verdict.clause, strict=scope.strict)
        for verdict in clauses
    )
    if scope.problem or (problem and not broken):
        outcome = RunOutcome.COULD_NOT_TEST
    else:
        outcome = RunOutcome.VIOLATES if broken else RunOutcome.CONFORMS
    return Verdicts(
        outcome=outcome,
        clauses=clauses,
        requests=ledger.requests,
        rotten=rotten,
        troubles=(*ledger.troubles, *_hints(ledger.tally)),
        problem=problem,
        tally=ledger.tally,
    )


NO_FINALIZE = (
    "no finalize succeeded, each was refused as malformed or invalid; if the target wants more "
    "than `results` in the body, name it in --extra-body-fields, such as '{\"files\": []}'"
)
INVALID = frozenset({400, 422})


def _hints(tally: Tally) -> Iterator[str]:
    """What one setting may explain, where it would otherwise look like many broken clauses."""
    finalized = {
        seen.status for seen in tally.answers if seen.operation == "finalize" and not seen.reason
    }
    if finalized and finalized <= INVALID:
        yield NO_FINALIZE


def _verdict(clause: Clause, ledger: Ledger, scope: Scope) -> Verdict:
    deviation = ledger.deviations.get(clause.id)
    observations = ledger.kept[clause.id]
    waived = tuple(_waived(clause, ledger, scope.waivers))
    reason = ""
    if deviation:
        outcome = Outcome.BROKEN
    elif waived:
        outcome = Outcome.WAIVED
    elif observations and (scope.removes or not _needs_remove(clause)):
        outcome = Outcome.KEPT
    elif not scope.removes and _needs_remove(clause):
        outcome, reason = Outcome.NOT_IMPLEMENTED, "Remove is not implemented"
    else:
        outcome, reason = Outcome.UNOBSERVED, _excuse(clause, ledger, scope)
    return Verdict(
        clause=clause,
        outcome=outcome,
        observations=observations,
        deviation=deviation,
        waived=waived,
        reason=reason,
    )


def _waived(clause: Clause, ledger: Ledger, waivers: Waivers) -> Iterator[Waived]:
    for waiver in waivers.entries:
        deviation = ledger.waived.get(waiver.first)
        if deviation and waiver.clause == clause.id:
            yield Waived(waiver=waiver, deviation=deviation, count=ledger.hits[waiver.first])


def _rotten(clauses: tuple[Verdict, ...], scope: Scope) -> Iterator[Rotten]:
    """The waivers that are past their date, and those that are not needed any more.

    The latter is only said where the run would have seen the deviation: all promises of such an
    effort ran to the end, and the clause was kept, or broken in none but waived ways that do not
    hide this one. Where another deviation was in its way, this one may come back.
    """
    verdicts = {verdict.clause.id: verdict for verdict in clauses}
    for waiver in scope.waivers.entries:
        verdict = verdicts[waiver.clause]
        used = any(each.waiver is waiver for each in verdict.waived)
        if not scope.waivers.holds(waiver):
            if scope.everything or waiver.clause in scope.selected:
                yield Rotten(waiver=waiver, kind="expired")
        elif not used and _would_show(waiver, verdict, scope):
            yield Rotten(waiver=waiver, kind="stale")


def _would_show(waiver: Waiver, verdict: Verdict, scope: Scope) -> bool:
    if verdict.outcome not in {Outcome.KEPT, Outcome.WAIVED}:
        return False
    in_sight = verdict.observations or any(
        not hides(each.waiver.observed, waiver.observed) for each in verdict.waived
    )
    complete = scope.everything and not scope.problem
    return bool(in_sight and complete and waiver.shows_at(scope.effort) and not waiver.intermittent)


HARMLESS = "remove.harmless"
"""The one clause of Remove that speaks of targets that do not implement it."""


def _needs_remove(clause: Clause) -> bool:
    return clause.operation == "remove" and clause.id != HARMLESS


def _excuse(clause: Clause, ledger: Ledger, scope: Scope) -> str:
    """Why a clause may stay unobserved; empty where nothing excuses it."""
    if clause.id == HARMLESS and scope.removes:
        return "Remove is implemented"
    if clause.race and not scope.races:
        return "races are run with --effort standard"
    if clause.id in ledger.excuses:
        return ledger.excuses[clause.id]
    chosen = scope.everything or clause.id in scope.selected
    return "" if chosen else "not selected"


def _gap(clauses: tuple[Verdict, ...], scope: Scope) -> str:
    """A `must` that nobody saw, and nothing excuses: then the run has not tested the contract.

    A selection has tested nothing either when none of what was selected could be observed.
    """
    unobserved = [each for each in clauses if each.outcome is Outcome.UNOBSERVED]
    unseen = [
        each.clause.id for each in unobserved if each.clause.level == "must" and not each.reason
    ]
    if unseen:
        return f"never observed: {', '.join(unseen)}"
    chosen = [each for each in clauses if each.clause.id in scope.selected]
    missed = [each for each in chosen if each in unobserved]
    if not scope.everything and chosen and len(missed) == len(chosen):
        return "; ".join(f"{each.clause.id} was not observed: {each.reason}" for each in missed)
    observed = {Outcome.KEPT, Outcome.BROKEN, Outcome.WAIVED}
    seen = any(each.outcome in observed for each in clauses)
    return "" if seen else "no clause was observed; is the selection (-k) right?"
