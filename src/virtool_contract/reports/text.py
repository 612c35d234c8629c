"""The verdict for a terminal: a table of all clauses, then each broken one with its requests."""

import textwrap
from collections.abc import Iterator

from virtool_contract.ledger import Deviation, Violation
from virtool_contract.reports.report import Report
from virtool_contract.scenario import as_curl
from virtool_contract.verdict import Outcome, RunOutcome, Verdict, Verdicts, Waived

MARKS = {
    Outcome.KEPT: "kept",
    Outcome.BROKEN: "BROKEN",
    Outcome.WAIVED: "waived",
    Outcome.NOT_IMPLEMENTED: "not implemented",
    Outcome.UNOBSERVED: "unobserved",
}
COLUMNS = 80
TROUBLES_SHOWN = 5
REASON = 60
"""So many characters of a waiver's reason are shown."""


def render(report: Report) -> str:
    """The whole text."""
    lines = [
        *table(report.verdicts),
        *broken(report),
        *rotten(report.verdicts),
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
    note = seen
    if verdict.outcome is Outcome.UNOBSERVED and verdict.reason:
        note = f"({verdict.reason})"
    elif verdict.outcome is Outcome.WAIVED:
        note = f"({'; '.join(dict.fromkeys(map(_waived, verdict.waived)))})"
    clause = verdict.clause
    return f"{clause.id:{width}}  {clause.level:6}  {MARKS[verdict.outcome]:15}  {note}"


def _waived(waived: Waived) -> str:
    reason = textwrap.shorten(waived.waiver.reason, REASON, placeholder="…")
    return f"until {waived.waiver.expires}: {reason}"


def rotten(verdicts: Verdicts) -> Iterator[str]:
    """Waivers that fail the run, each with what to do about it."""
    if verdicts.rotten:
        yield ""
        yield f"Waivers that fail the run ({len(verdicts.rotten)}):"
        yield from (f"  {each.says}" for each in verdicts.rotten)


def broken(report: Report) -> Iterator[str]:
    """For each broken clause what shows it."""
    for verdict in report.verdicts.clauses:
        if verdict.deviation:
            yield ""
            yield from shown(report, verdict.deviation)


def shown(report: Report, deviation: Deviation) -> Iterator[str]:
    """A violation: its four lines, how often it was seen, the shortest sequence as curl."""
    again = report.again(deviation.clause)
    yield from str(Violation(report.contract, deviation, again)).split("\n")
    yield f"  seen      {frequency(deviation)}"
    yield from (f"    {line}" for line in as_shell(report, deviation))
    yield from (f"    {event}" for event in deviation.timeline)


def as_shell(report: Report, deviation: Deviation) -> Iterator[str]:
    """The requests that show a violation, as lines for a shell."""
    fields = report.settings.extra_body_fields
    return as_curl(report.contract, deviation.scenario, report.path, fields)


def frequency(deviation: Deviation) -> str:
    """How often a violation was seen, in words."""
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
