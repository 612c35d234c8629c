"""`virtool-contract merge`: one verdict, and one report, from those of several runs."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from virtool_contract import loading
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import OptionError, resolve
from virtool_contract.reports import files, json, reading, text
from virtool_contract.reports.merging import adaptations, merge
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Verdicts


def merge_files(
    reports: Sequence[str], *, output: str | None, report_dir: str | None, spec: str | None
) -> int:
    """Print the verdict of all runs together, write it where that is asked for; the exit code.

    Raises:
        ReportError: one of the files is no report, or is about another contract.
        OptionError: the merged report cannot be written.
        ContractError: the contract is wrong.
    """
    contract = loading.load(spec)
    runs = [reading.read(file) for file in reports]
    verdicts = merge(contract, runs)
    given: dict[str, str | bool | None] = {
        "effort": max((run.effort for run in runs), key=_rank),
        "seed": str(max(0, min(run.seed for run in runs))),
        "strict": any(run.strict for run in runs),
        "report_dir": report_dir,
        "spec": spec,
    }
    report = Report(
        contract=contract,
        verdicts=verdicts,
        settings=resolve(given, {}, Path(__file__).parent),
        base_url=", ".join(dict.fromkeys(run.target for run in runs)),
        path=contract.path,
        rerun="virtool-contract verify",
        seconds=sum(run.seconds for run in runs),
        adapted=adaptations(runs),
    )
    _write(report, output)
    print("\n".join(_said(report, len(runs))), flush=True)
    if verdicts.problem:
        print(f"could not test: {verdicts.problem}", file=sys.stderr)
    return verdicts.exit_code


def _rank(effort: str) -> int:
    return EFFORTS.index(effort) if effort in EFFORTS else -1


def _said(report: Report, runs: int) -> Iterator[str]:
    verdicts: Verdicts = report.verdicts
    yield from text.table(verdicts)
    yield from text.broken(report)
    yield from text.rotten(verdicts)
    yield from text.adaptations(report)
    yield from text.troubles(verdicts)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(verdicts.counts.items()))
    yield ""
    yield f"{verdicts.outcome}: {counted} ({verdicts.requests} requests in {runs} runs)"


def _write(report: Report, output: str | None) -> None:
    """Write what was asked for.

    Raises:
        OptionError: it cannot be written.
    """
    if output is not None:
        try:
            Path(output).write_bytes(json.render(report))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OptionError(f"-o: {output!r} cannot be written ({reason})") from None
    if report.settings.report_dir:
        try:
            Path(report.settings.report_dir).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            folder = report.settings.report_dir
            raise OptionError(
                f"--report-dir: {folder!r} cannot be written to ({error.strerror}); try ./reports"
            ) from None
        if problem := files.write(report):
            raise OptionError(f"--report-dir: {problem}")
