"""What the contract lets happen to a subject: an arrow for each transition and each refusal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from virtool_contract.body import classify, finalize_body
from virtool_contract.contract import Operation
from virtool_contract.model import Caller, Due, Phase, step
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, Verdict

BODIES = (finalize_body({"foo": "bar"}), classify(b"{}", "application/json"))
"""A finalize body as it should be, and one without results."""
OF_SUCCESS = ("success", "shape", "identity", "effect")
"""The topics of what a success does, as in the contract's `judges`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """What an operation does in a state: with a `reason` a refusal, else a success.

    `expected` are the statuses that are due; `right` and `wrong` say how often what came was so.
    `outcome` is the worst verdict of the clauses that answer for it, `clause` the first of these
    that has it.
    """

    operation: str
    state: Phase
    after: Phase
    reason: str
    expected: str
    outcome: Outcome
    clause: str
    right: int
    wrong: int

    @property
    def stays(self) -> bool:
        """Whether it leaves the subject in its state."""
        return self.state is self.after


def arrows(report: Report) -> tuple[Arrow, ...]:
    """All there are by the contract, by state and operation."""
    return tuple(_arrow(report, due) for due in _dues(report))


def _dues(report: Report) -> Iterator[Due]:
    """One for each state, operation and reason to refuse."""
    found: dict[tuple[str, str, str], Due] = {}
    for state, operation in product(Phase, report.contract.operations.values()):
        for due in _possible(operation, state, implemented=_implements(report, operation)):
            found.setdefault((state, operation.id, due.blamed), due)
    yield from found.values()


def _implements(report: Report, operation: Operation) -> bool:
    return not any(
        verdict.outcome is Outcome.NOT_IMPLEMENTED and verdict.clause.operation == operation.id
        for verdict in report.verdicts.clauses
    )


def _possible(operation: Operation, state: Phase, *, implemented: bool) -> Iterator[Due]:
    """The success as such, also where it is not implemented; then every refusal."""
    yield step(operation, state, Caller.OWNER)
    for caller, body in product(Caller, BODIES if operation.takes_body else (None,)):
        yield step(operation, state, caller, body, implemented=implemented)


def _arrow(report: Report, due: Due) -> Arrow:
    right, wrong = _counts(report, due)
    answering = dict(_answering(report, due))
    outcome = _worst(answering.values(), exercised=right + wrong > 0)
    first, *_ = [id_ for id_, each in answering.items() if each is outcome] or answering
    leaves = "" if due.refused else due.operation.success.leaves
    return Arrow(
        operation=due.operation.id,
        state=due.phase,
        after=Phase(leaves) if leaves else due.phase,
        reason=due.blamed,
        expected=due.expected(),
        outcome=outcome,
        clause=first,
        right=right,
        wrong=wrong,
    )


def _counts(report: Report, due: Due) -> tuple[int, int]:
    """How often the target was asked for it and did what was due, and how often something else."""
    counts = [0, 0]
    for seen, count in report.verdicts.tally.answers.items():
        if (seen.operation, seen.state, seen.reason) == (due.operation.id, due.phase, due.blamed):
            counts[not seen.right] += count
    return counts[0], counts[1]


def _answering(report: Report, due: Due) -> Iterator[tuple[str, Outcome]]:
    """The clauses that answer for it, that on its status first, and their verdicts."""
    operation, reason = due.operation.id, due.blamed
    detail = due.flaw or due.caller.replace(" ", "-")
    status = f"refused.{reason}.{detail}" if reason else "success"
    topics = (f"refused.{reason}", f"effect-of-refusal.{reason}") if reason else OF_SUCCESS
    first = report.contract.clause_for(operation, status)
    verdicts = {verdict.clause.id: verdict for verdict in report.verdicts.clauses}
    yield first, _outcome(verdicts[first], operation)
    for verdict in verdicts.values():
        clause = verdict.clause
        if clause.operation == operation and any(_is_about(each, topics) for each in clause.judges):
            yield clause.id, verdict.outcome


def _is_about(judged: str, topics: Iterable[str]) -> bool:
    return any(f"{judged}.".startswith(f"{topic}.") for topic in topics)


def _outcome(verdict: Verdict, operation: str) -> Outcome:
    """The verdict on a clause, as far as one operation is concerned.

    Those of the root speak of all operations; the request that broke one says which is to blame.
    """
    shown = [verdict.deviation] if verdict.deviation else [w.deviation for w in verdict.waived]
    elsewhere = shown and all(each.request.partition(" ")[0] != operation for each in shown)
    return Outcome.KEPT if elsewhere and not verdict.clause.operation else verdict.outcome


def _worst(outcomes: Iterable[Outcome], *, exercised: bool) -> Outcome:
    """What is to be said of several clauses at once; what was never tried was not kept either."""
    found = set(outcomes)
    order = (
        Outcome.BROKEN,
        Outcome.WAIVED,
        *[Outcome.KEPT] * exercised,
        Outcome.NOT_IMPLEMENTED,
    )
    return next((each for each in order if each in found), Outcome.UNOBSERVED)
