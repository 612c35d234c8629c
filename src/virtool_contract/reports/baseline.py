"""An earlier run to hold this one against: what it saw broken already does not fail this one."""

from pathlib import Path

from virtool_contract.contract import Contract
from virtool_contract.options import REPORT_FILES, OptionError, Settings
from virtool_contract.reports import reading
from virtool_contract.reports.comparison import Changed, Comparison, compare
from virtool_contract.reports.plain import one_line
from virtool_contract.reports.reading import Recorded, ReportError
from virtool_contract.reports.report import Report
from virtool_contract.verdict import EXIT_CODES, Outcome, RunOutcome, counts_against


def load(settings: Settings, contract: Contract) -> Recorded | None:
    """The baseline of a run; None where there is none.

    Raises:
        OptionError: it is no report, or none that this run can be held against.
    """
    file = settings.baseline
    if file is None:
        return None
    _check_place(settings, file)
    try:
        recorded = reading.read(file)
    except ReportError as error:
        raise OptionError(f"--baseline: {error}") from None
    if recorded.outcome is RunOutcome.COULD_NOT_TEST:
        why = one_line(recorded.problem) or "it does not say why"
        raise OptionError(f"--baseline: {file} could not test ({why}); try one of a run that could")
    if recorded.contract != contract.version:
        raise OptionError(
            f"--baseline: {file} is of contract {one_line(recorded.contract)!a}, and this run of "
            f"{contract.version!r}; make a new one with --report-dir"
        )
    return recorded


def _check_place(settings: Settings, file: str) -> None:
    """Keep a run from becoming its own baseline: what is newly broken would only fail it once."""
    folder = settings.report_dir
    if folder and Path(folder, REPORT_FILES[0]).resolve() == Path(file).resolve():
        raise OptionError(
            f"--baseline: {file!a} is the report that this run replaces; keep it in another folder"
        )


def known(recorded: Recorded | None) -> frozenset[str]:
    """The clauses that a baseline saw broken."""
    verdicts = recorded.clauses.items() if recorded else ()
    return frozenset(clause for clause, each in verdicts if each.outcome is Outcome.BROKEN)


def against(recorded: Recorded, report: Report) -> Comparison:
    """A run that was just made, held against its baseline."""
    return compare(
        recorded,
        Recorded(
            file="this run",
            contract=report.contract.version,
            target=report.base_url,
            effort=report.settings.effort,
            seed=report.settings.seed,
            outcome=report.verdicts.outcome,
            strict=report.settings.strict,
            problem=report.verdicts.problem,
            requests=report.verdicts.requests,
            troubles=report.verdicts.troubles,
            rotten=report.verdicts.rotten,
            clauses={verdict.clause.id: verdict for verdict in report.verdicts.clauses},
        ),
    )


def failing(comparison: Comparison, *, strict: bool) -> list[Changed]:
    """What is newly broken and counts, by level, as it would without a baseline."""
    newly = comparison.newly_broken
    return [each for each in newly if counts_against(each.verdict.clause, strict=strict)]


def exit_code(report: Report, comparison: Comparison | None) -> int:
    """The exit code of a run; with a baseline, only what is newly broken fails it, or a waiver."""
    verdicts = report.verdicts
    excused = (
        comparison is not None
        and verdicts.outcome is RunOutcome.VIOLATES
        and not verdicts.rotten
        and not failing(comparison, strict=report.settings.strict)
    )
    return EXIT_CODES[RunOutcome.CONFORMS] if excused else verdicts.exit_code
