"""What several runs of one campaign have seen together: recorded runs to verdicts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from virtool_contract.contract import Clause, Contract
from virtool_contract.reports.reading import Recorded, ReportError
from virtool_contract.tally import Tally
from virtool_contract.verdict import (
    Outcome,
    Rotten,
    RunOutcome,
    Verdict,
    Verdicts,
    Waived,
    counts_against,
)
from virtool_contract.waivers import Waiver

WORST_FIRST = (
    Outcome.BROKEN,
    Outcome.WAIVED,
    Outcome.KEPT,
    Outcome.NOT_IMPLEMENTED,
    Outcome.UNOBSERVED,
)
"""What one run has seen counts, whatever another has not."""


def merge(contract: Contract, runs: Sequence[Recorded]) -> Verdicts:
    """The verdicts of all runs together; each clause has the worst that any run has seen.

    A run that could not test makes the campaign one that could not. A waiver is stale only if no
    run needed it.

    Raises:
        ReportError: a run is about another contract, or the same file was given twice.
    """
    _check(contract, runs)
    clauses = tuple(_together(clause, runs) for clause in contract.clauses.values())
    rotten = tuple(_rotten(runs, clauses))
    problem = "; ".join(f"{run.file}: {_problem(run)}" for run in runs if _could_not(run))
    strict = any(run.strict for run in runs)
    broken = any(
        each.outcome is Outcome.BROKEN and counts_against(each.clause, strict=strict)
        for each in clauses
    )
    # What the files say themselves is believed too, unless stale waivers explain it.
    said = any(run.outcome is RunOutcome.VIOLATES and not run.rotten for run in runs)
    if problem:
        outcome = RunOutcome.COULD_NOT_TEST
    else:
        violates = broken or rotten or said
        outcome = RunOutcome.VIOLATES if violates else RunOutcome.CONFORMS
    return Verdicts(
        outcome=outcome,
        clauses=clauses,
        requests=sum(run.requests for run in runs),
        rotten=rotten,
        troubles=(*(trouble for run in runs for trouble in run.troubles), *_not_added_up(runs)),
        problem=problem,
        tally=_exercised(runs),
    )


def adaptations(runs: Sequence[Recorded]) -> tuple[str, ...]:
    """How the runs were adapted to their targets; what is not true of all names the files."""
    found: dict[str, list[str]] = {}
    for run in runs:
        for said in run.adaptations:
            found.setdefault(said, []).append(run.file)
    return tuple(
        said if len(files) == len(runs) else f"{said}, in {', '.join(files)}"
        for said, files in found.items()
    )


def _exercised(runs: Iterable[Recorded]) -> Tally:
    """What all runs have exercised; percentiles follow from the histograms added up."""
    total = Tally()
    for run in runs:
        total.merge(run.tally or Tally())
    return total


def _not_added_up(runs: Iterable[Recorded]) -> Iterator[str]:
    for run in runs:
        if run.tally is None and not _could_not(run):
            yield (
                f"{run.file}: an earlier virtool-contract wrote it, without all that can be added "
                "up; its answers and latencies are left out"
            )


def _check(contract: Contract, runs: Sequence[Recorded]) -> None:
    seen: set[str] = set()
    for run in runs:
        if run.contract != contract.version or set(run.clauses) != set(contract.clauses):
            raise ReportError(
                f"{run.file}: is about another contract ({run.contract}, and this one is "
                f"{contract.version}); name it with --spec, or use the virtool-contract that wrote "
                "the report"
            )
        if run.file in seen:
            raise ReportError(f"{run.file}: is given twice; name each report once")
        seen.add(run.file)


def _could_not(run: Recorded) -> bool:
    return run.outcome is RunOutcome.COULD_NOT_TEST


def _problem(run: Recorded) -> str:
    return run.problem or "could not test"


def _together(clause: Clause, runs: Sequence[Recorded]) -> Verdict:
    each = [run.clauses[clause.id] for run in runs]
    outcome = min((verdict.outcome for verdict in each), key=WORST_FIRST.index)
    deviations = [verdict.deviation for verdict in each if verdict.deviation]
    reasons = dict.fromkeys(verdict.reason for verdict in each if verdict.outcome is outcome)
    return Verdict(
        clause=clause,
        outcome=outcome,
        observations=sum(verdict.observations for verdict in each),
        deviation=min(deviations, key=lambda each: len(each.scenario.steps), default=None),
        waived=tuple(_waived(waived for verdict in each for waived in verdict.waived)),
        reason="; ".join(filter(None, reasons)),
    )


def _key(waiver: Waiver) -> Waiver:
    """A waiver wherever its file lies: each machine may have its own copy."""
    return replace(waiver, file="", first=0, last=0)


def _waived(every: Iterable[Waived]) -> Iterator[Waived]:
    found: dict[Waiver, Waived] = {}
    for waived in every:
        before = found.get(_key(waived.waiver))
        count = waived.count + (before.count if before else 0)
        found[_key(waived.waiver)] = replace(before or waived, count=count)
    yield from found.values()


def _rotten(runs: Sequence[Recorded], clauses: Sequence[Verdict]) -> Iterator[Rotten]:
    used = {_key(waived.waiver) for verdict in clauses for waived in verdict.waived}
    found = {_key(rotten.waiver): rotten for run in runs for rotten in run.rotten}
    for key, rotten in found.items():
        if rotten.kind == "expired" or key not in used:
            yield rotten
