"""Reports for the tests of the page: what was exercised, a thousand violations, hostile fields."""

from dataclasses import replace

from tests.reports.conftest import NASTY, RACE, SCENARIO, WAIVER, Making, deviation
from virtool_contract.body import classify, finalize_body
from virtool_contract.exchange import Response
from virtool_contract.model import Caller, Phase, step
from virtool_contract.player import NO_ANSWER
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Scenario, Step
from virtool_contract.tally import Tally
from virtool_contract.verdict import Outcome, RunOutcome, Verdict, Waived

EVENTS = (
    '    0.2 to     5.4 ms  client 2  finalize {"by": "one"}: 200, ready true',
    "    0.6 to     7.8 ms  client 1  remove: 204",
    "    7.8 to     7.8 ms  client 0  get: 404",
)
BY_MANY = Scenario(
    subjects={"A": "pending", "bystander": "pending with files"},
    steps=tuple(
        Step(subject="A", operation="finalize", caller=caller, body=finalize_body({"foo": "bar"}))
        for caller in (Caller.OWNER, Caller.OTHER_JOB, Caller.ANONYMOUS)
    ),
)


def exercised(report: Report, *, wrong: bool = False) -> Report:
    """The report of a run in which every caller asked for everything in every state."""
    tally = Tally()
    for number, operation in enumerate(report.contract.operations.values()):
        for state in Phase:
            for caller in Caller:
                due = step(operation, state, caller)
                listed = (
                    operation.success if not due.refused else operation.refusals(due.reasons)[0]
                )
                status = int(listed.status.replace("XX", "00"))
                for elapsed in (0.001, 0.002, 0.002 * (number + 1), 0.5):
                    answer = Response(status=status, headers=(), body=b"", elapsed=elapsed)
                    tally.count(due, answer)
                if wrong and caller is Caller.OWNER:
                    tally.count(due, replace(answer, status=500))
                    tally.count(due, NO_ANSWER)
                    tally.count(due, answer, doubtful=True)
    return replace(report, verdicts=replace(report.verdicts, tally=tally))


def conforming(made: Making) -> Report:
    return exercised(made(unseen={"remove.harmless": "Remove is implemented"}))


def violating(made: Making) -> Report:
    """Every verdict, a race, several callers, trouble, and what was adapted to the target."""
    race = replace(deviation("finalize.atomic"), scenario=RACE, timeline=EVENTS)
    report = made(
        deviation("finalize.once"),
        deviation("errors.message", seen=1),
        replace(deviation("finalize.own-only"), scenario=BY_MANY),
        race,
        waived=deviation("get.safe"),
        unseen={"get.absent": "the target answers 404 for analyses of others too"},
        troubles=("a reset",) * 30,
        api_root="/jobs",
    )
    return exercised(report, wrong=True)


def thousand(made: Making) -> Report:
    """A thousand broken clauses."""
    report = violating(made)
    (verdict,) = (each for each in report.verdicts.clauses if each.clause.id == "finalize.once")
    broken = tuple(_numbered(verdict, number) for number in range(1000))
    verdicts = replace(report.verdicts, clauses=(*report.verdicts.clauses, *broken))
    return replace(report, verdicts=verdicts)


def _numbered(verdict: Verdict, number: int) -> Verdict:
    assert verdict.deviation
    clause = replace(verdict.clause, id=f"finalize.number-{number}")
    return replace(verdict, clause=clause, deviation=replace(verdict.deviation, clause=clause.id))


def hostile(made: Making) -> Report:
    """Markup, controls and escapes wherever a text can come from outside."""
    body = classify(NASTY.encode(errors="surrogatepass"), NASTY)
    steps = (Step(subject="A", operation="finalize", body=body), *SCENARIO.steps)
    said = replace(
        deviation("finalize.once", expected=NASTY, actual=NASTY),
        scenario=replace(SCENARIO, steps=steps),
        timeline=(NASTY, f"{EVENTS[0]}{NASTY}"),
        request=NASTY,
    )
    waiver = replace(WAIVER, reason=NASTY, issue=NASTY, owner=NASTY, observed=NASTY, file=NASTY)
    report = violating(made)
    clauses = tuple(
        replace(
            verdict,
            clause=replace(verdict.clause, says=NASTY, source=NASTY),
            deviation=replace(said, clause=verdict.clause.id) if verdict.deviation else None,
            waived=(Waived(waiver=waiver, deviation=said, count=3),) if verdict.waived else (),
            reason=NASTY if verdict.outcome is Outcome.UNOBSERVED else "",
        )
        for verdict in report.verdicts.clauses
    )
    verdicts = replace(
        report.verdicts,
        outcome=RunOutcome.COULD_NOT_TEST,
        problem=NASTY,
        troubles=(NASTY,),
        clauses=clauses,
    )
    settings = replace(report.settings, extra_body_fields={NASTY: NASTY})
    return replace(
        report, verdicts=verdicts, settings=settings, base_url=NASTY, path=NASTY, rerun=NASTY
    )


RUNS = {
    "conforming": conforming,
    "violating": violating,
    "hostile": hostile,
    "thousand": thousand,
}
