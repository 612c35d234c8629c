"""What becomes of one promise: its deviations are made sure of, and its outcome follows."""

from collections.abc import Sequence
from contextlib import suppress

from virtool_contract import confirming, forgetting
from virtool_contract.command_lines import replay_line
from virtool_contract.ledger import Deviation, Ledger, Violation
from virtool_contract.probe import check_provider
from virtool_contract.provider import ExhaustedError
from virtool_contract.run import Run
from virtool_contract.stage import EARLY
from virtool_contract.target import UNAVAILABLE, TargetTroubleError, Unobserved
from virtool_contract.verdict import counts_against

ACQUITTALS = 5
"""After so many controls that showed another clause to be broken instead, they are spared."""

AWAY = tuple(map(str, sorted(UNAVAILABLE)))
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
        with suppress(ExhaustedError):
            check_provider(run.target)
    for deviation in found:
        others = ledger.suspects.setdefault(deviation.clause, {})
        others.setdefault(deviation.likeness, deviation)
        for way in (deviation, *(each for each in others.values() if each is not deviation)):
            if _settled(run, ledger, way, has_forgotten=has_forgotten):
                break
    for clause in ledger.suspects.keys() & run.ledger.deviations.keys():
        ledger.others[clause] = sorted({e.likeness for e in ledger.suspects[clause].values()})
    ledger.suspects.clear()


def _settled(run: Run, ledger: Ledger, deviation: Deviation, *, has_forgotten: bool) -> bool:
    """Make sure of a deviation; false where that leaves open whether its clause is kept otherwise.

    So it is where the cause is trouble on the way, or what is waived: both may hide a violation.

    Raises:
        TargetTroubleError: the target `has_forgotten` what it held, and the deviation with it.
    """
    confirmed = _confirmed(run, deviation)
    if confirmed is None:
        return run.innocent[deviation.clause] >= ACQUITTALS
    if confirmed.unanswered and confirmed.frequency != "always":
        ledger.troubles.append(f"a request got no answer: {confirmed.actual}")
        return False
    if confirmed.unanswered:
        run.target.api.grow_impatient()
    if confirmed.frequency == "once" and _is_lost(
        run, ledger, confirmed, has_forgotten=has_forgotten
    ):
        return False
    if confirmed.frequency == "once" and confirmed.actual.startswith(AWAY):
        ledger.troubles.append(f"the target was away for a moment: {confirmed.actual}")
        return False
    covering = run.target.waivers.covering(confirmed.clause, confirmed.request, confirmed.actual)
    if ledger.waive(covering, lambda: confirmed):
        run.ledger.waive(covering, lambda: confirmed)
        run.spared[deviation.clause, deviation.likeness] += 1
        return False
    if confirmed.clause != deviation.clause:
        run.innocent[deviation.clause] += 1
    ledger.add(confirmed)
    run.ledger.add(confirmed)
    return True


def _is_lost(run: Run, ledger: Ledger, deviation: Deviation, *, has_forgotten: bool) -> bool:
    """Whether what is not seen again comes of analyses that are lost, which is told by itself.

    Raises:
        TargetTroubleError: as `_settled`.
    """
    is_gone = _is_gone_untouched(deviation)
    if not (has_forgotten or is_gone or _is_of_long_ago(deviation)):
        return False
    if run.forgets or _writes_reach_others(run):
        return True
    if has_forgotten or (is_gone and run.forgets is None):
        _settle_what_is_lost(run, ledger, by="" if has_forgotten else "bystander")
    if has_forgotten and not run.forgets:
        raise TargetTroubleError(
            f"the target at {run.target.api.base_url} has lost analyses that nobody touched; "
            "was it restarted?"
        )
    return bool(run.forgets)


def _settle_what_is_lost(run: Run, ledger: Ledger, *, by: str) -> None:
    """Find out whether analyses that nobody touched are gone by what others are asked.

    `by` is how the topic begins of what counts: that a target answers 404 now and then does not.
    """
    run.forgets = False  # or what is found would be explained by itself
    lost = forgetting.caught(run.target)
    if lost is not None and lost.topic.startswith(by):
        _settled(run, ledger, lost, has_forgotten=False)
        run.forgets = True


def _is_gone_untouched(deviation: Deviation) -> bool:
    """Whether it is about a pending analysis that is not there, and that its play only read.

    It may have been set up some time before it was needed, and lost meanwhile.
    """
    *before, last = deviation.scenario.steps
    return (
        deviation.actual.startswith(forgetting.LOST)
        and last.operation == "get"
        and deviation.scenario.subjects[last.subject].startswith("pending")
        and all(step.operation == "get" for step in before if step.subject == last.subject)
    )


def _is_of_long_ago(deviation: Deviation) -> bool:
    """Whether it is about an analysis that all writes since then may have reached."""
    return EARLY in deviation.scenario.subjects


def _writes_reach_others(run: Run) -> bool:
    """Whether writes to one analysis do harm to others: that explains one lost or altered."""
    isolation = run.ledger.deviations.get(run.contract.clause_for("", "bystander"))
    return isolation is not None and isolation.frequency != "once"


def _is_fresh(run: Run, deviation: Deviation) -> bool:
    """Whether a deviation will be replayed."""
    known = deviation.clause in run.ledger.deviations
    return not known and run.innocent[deviation.clause] < ACQUITTALS


def _confirmed(run: Run, deviation: Deviation) -> Deviation | None:
    """The deviation with its replays, perhaps of another clause; None for one acquitted often."""
    spared = run.spared[deviation.clause, deviation.likeness] >= ACQUITTALS
    if spared or run.innocent[deviation.clause] >= ACQUITTALS:
        return None
    known = run.ledger.deviations.get(deviation.clause)
    try:
        return (
            known or _known_as_waived(run, deviation) or confirming.confirm(run.target, deviation)
        )
    except ExhaustedError:
        return deviation  # seen once, and nothing is left to try it again with


def _known_as_waived(run: Run, deviation: Deviation) -> Deviation | None:
    """What was made sure of, and is waived: of a request without an answer, whose replays cost."""
    covering = run.target.waivers.covering(deviation.clause, deviation.request, deviation.actual)
    return next(filter(None, (run.ledger.waived.get(each.first) for each in covering)), None)


def conclude(run: Run, clauses: Sequence[str], ledger: Ledger, unseen: str) -> None:
    """End a promise about some clauses; `unseen` says why it could not be observed, if so.

    Raises:
        Violation: a clause that counts is broken, of its own clauses first.
        Unobserved: nothing counts against the target, but a clause was not observed.
    """
    counting = [each for each in ledger.deviations.values() if _counts(run, each)]
    if counting:
        own = [each for each in counting if each.clause in clauses]
        shown = (own or counting)[0]
        again = replay_line(run.settings, shown.clause) if run.settings.report_dir else ""
        raise Violation(run.contract, shown, again)
    missed = [each for each in clauses if not ledger.observed(each)]
    if unseen:
        for clause in missed or clauses:
            ledger.excuse(clause, unseen)
        raise Unobserved(unseen)
    if missed:
        for waived in ledger.waived.values():
            for clause in missed:
                ledger.excuse(clause, f"behind what is waived of {waived.clause}")
        raise Unobserved(f"never observed: {', '.join(missed)}")


def _counts(run: Run, deviation: Deviation) -> bool:
    clause = run.contract.clauses[deviation.clause]
    return clause.id not in run.known and counts_against(clause, strict=run.settings.strict)
