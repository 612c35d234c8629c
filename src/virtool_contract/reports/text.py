"""The verdict for a terminal: a table of all clauses, then each broken one with its requests."""

import textwrap
from collections.abc import Iterator

from virtool_contract.ledger import Deviation, Violation
from virtool_contract.reports.report import Report
from virtool_contract.scenario import as_curl
from virtool_contract.verdict import Outcome, RunOutcome, Verdict, Verdicts

MARKS = {
    Outcome.KEPT: "kept",
    Outcome.BROKEN: "BROKEN",
    Outcome.NOT_IMPLEMENTED: "not implemented",
    Outcome.UNOBSERVED: "unobserved",
}
COLUMNS = 80
TROUBLES_SHOWN = 5


def render(report: Report) -> str:
    """The whole text."""
    lines = [
        *table(report.verdicts),
        *broken(report),
        *adaptations(report),
        *troubles(report.verdicts),
        "",
        summary(report.verdicts, report.seconds),
    ]
    return "\n".join(lines) + "\n"


def table(verdicts: Verdicts) -> Iterator[str]:
    """One row a clause, within 80 columns."""
    width = max(len(verdict.clause.id) for verdict in verdicts.clauses)
    yield f"{'clause':{width}}  level   {'verdict':15}  observations"
    for verdict in verdicts.clauses:
        row = _row(verdict, width).rstrip()
        yield from textwrap.wrap(row, COLUMNS, subsequent_indent="    ", break_on_hyphens=False)


def _row(verdict: Verdict, width: int) -> str:
    seen = str(verdict.observations) if verdict.observations else ""
    note = (
        f"({verdict.reason})" if verdict.outcome is Outcome.UNOBSERVED and verdict.reason else seen
    )
    clause = verdict.clause
    return f"{clause.id:{width}}  {clause.level:6}  {MARKS[verdict.outcome]:15}  {note}"


def broken(report: Report) -> Iterator[str]:
    """For each broken clause its four lines and the shortest sequence as curl."""
    contract, fields = report.contract, report.settings.extra_body_fields
    for verdict in report.verdicts.clauses:
        if verdict.deviation:
            replay = f"{report.rerun} -k {verdict.clause.id}"
            yield ""
            yield str(Violation(contract, verdict.deviation, replay))
            yield f"  seen      {_frequency(verdict.deviation)}"
            for line in as_curl(contract, verdict.deviation.scenario, report.path, fields):
                yield f"    {line}"
            yield from (f"    {event}" for event in verdict.deviation.timeline)


def _frequency(deviation: Deviation) -> str:
    if not deviation.tried:
        return "once, and not tried again"
    times = f"{deviation.seen} of {deviation.tried} replays"
    said = {"always": "always", "sometimes": "intermittently", "once": "once"}[deviation.frequency]
    return f"{said} ({times})"


def adaptations(report: Report) -> Iterator[str]:
    """What the target made the suite do otherwise than documented."""
    if report.adaptations:
        yield ""
        yield "Adapted to the target:"
        yield from (f"  {said}" for said in report.adaptations)


def troubles(verdicts: Verdicts) -> Iterator[str]:
    """Trouble on the way that did not end the run; also where the target conforms."""
    if verdicts.troubles:
        yield ""
        yield f"Trouble on the way ({len(verdicts.troubles)}):"
        yield from (f"  {trouble}" for trouble in verdicts.troubles[:TROUBLES_SHOWN])


def summary(verdicts: Verdicts, seconds: float) -> str:
    """The last line, which says it all."""
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(verdicts.counts.items()))
    rate = f"{verdicts.requests} requests in {seconds:.1f} s"
    line = f"{verdicts.outcome}: {counted} ({rate})"
    if verdicts.outcome is RunOutcome.COULD_NOT_TEST and verdicts.problem:
        return f"{line}\n{verdicts.problem}"
    return line
