"""What becomes of one promise: its deviations are made sure of, and its outcome follows."""

from collections.abc import Sequence

from virtool_contract import replay
from virtool_contract.ledger import Deviation, Ledger, Violation
from virtool_contract.probe import check_provider
from virtool_contract.run import Run
from virtool_contract.target import UNAVAILABLE, TargetTroubleError, Unobserved
from virtool_contract.verdict import counts_against

ACQUITTALS = 5
"""After so many controls that showed another clause to be broken instead, they are spared."""

AWAY = tuple(f"{status} " for status in sorted(UNAVAILABLE))
"""How a deviation begins that may be a gateway's word; it counts if it happens again."""


def confirm(run: Run, ledger: Ledger) -> None:
    """Shorten and replay what is newly broken; what is known already is not done twice.

    Raises:
        TargetTroubleError, ProviderError: the target or its provider gave out meanwhile.
    """
    found = list(ledger.deviations.values())
    ledger.deviations.clear()
    fresh = any(_is_fresh(run, deviation) for deviation in found)
    has_forgotten = fresh and run.target.has_forgotten()
    if fresh:
        check_provider(run.target)
    for deviation in found:
        confirmed = _confirmed(run, deviation)
        if confirmed is None:
            continue
        if confirmed.unanswered and confirmed.frequency != "always":
            ledger.troubles.append(f"a request got no answer: {confirmed.actual}")
            continue
        if confirmed.frequency == "once" and has_forgotten:
            raise TargetTroubleError(
                f"the target at {run.target.api.base_url} has lost analyses that nobody touched; "
                "was it restarted?"
            )
        if confirmed.frequency == "once" and confirmed.actual.startswith(AWAY):
            ledger.troubles.append(f"the target was away for a moment: {confirmed.actual}")
            continue
        ledger.add(confirmed)
        run.ledger.add(confirmed)


def _is_fresh(run: Run, deviation: Deviation) -> bool:
    """Whether a deviation will be replayed."""
    known = deviation.clause in run.ledger.deviations
    return not known and run.innocent[deviation.clause] < ACQUITTALS


def _confirmed(run: Run, deviation: Deviation) -> Deviation | None:
    """The deviation with its replays, perhaps of another clause; None for one acquitted often."""
    if run.innocent[deviation.clause] >= ACQUITTALS:
        return None
    known = run.ledger.deviations.get(deviation.clause)
    confirmed = known or replay.confirm(run.target, deviation)
    run.innocent[deviation.clause] += confirmed.clause != deviation.clause
    return confirmed


def conclude(run: Run, clauses: Sequence[str], ledger: Ledger, unseen: str) -> None:
    """End a promise about some clauses; `unseen` says why it could not be observed, if so.

    Raises:
        Violation: a clause that counts is broken, of its own clauses first.
        Unobserved: nothing counts against the target, but a clause was not observed.
    """
    counting = [each for each in ledger.deviations.values() if _counts(run, each)]
    if counting:
        own = [each for each in counting if each.clause in clauses]
        raise Violation(run.contract, (own or counting)[0])
    missed = [each for each in clauses if not ledger.observed(each)]
    if unseen:
        for clause in missed or clauses:
            ledger.excuse(clause, unseen)
        raise Unobserved(unseen)
    if missed:
        raise Unobserved(f"never observed: {', '.join(missed)}")


def _counts(run: Run, deviation: Deviation) -> bool:
    clause = run.contract.clauses[deviation.clause]
    return counts_against(clause, strict=run.settings.strict)
