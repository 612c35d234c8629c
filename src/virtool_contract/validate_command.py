"""`virtool-contract validate`: judges recorded traffic, and says the verdict as `verify` does."""

import os
import time
from dataclasses import replace
from pathlib import Path

from virtool_contract import loading, waivers
from virtool_contract.contract import Contract
from virtool_contract.options import DOCUMENTED_ROOT, OptionError, Settings
from virtool_contract.reports import baseline, changes, files, github, text
from virtool_contract.reports.report import Report
from virtool_contract.traffic.reading import Traffic
from virtool_contract.traffic.spotted import Place, host_of
from virtool_contract.traffic.validating import Validated, validate
from virtool_contract.verdict import Scope, reach


def validate_file(settings: Settings, file: str) -> int:
    """Print the verdict on a file of traffic, and write the reports; the exit code says it too.

    Raises:
        OptionError: the file is no traffic, an option is wrong, or the reports cannot be written.
        ContractError: the contract is wrong.
    """
    started = time.monotonic()
    contract = loading.load(settings.spec)
    known = baseline.load(settings, contract)
    path = settings.api_root + contract.path.removeprefix(DOCUMENTED_ROOT)
    host = host_of(settings.base_url) if settings.base_url else ""
    waived = waivers.load(settings.waivers, contract)
    _make_folder(settings)
    validated = validate(
        Traffic(file),
        contract,
        Place(path=path, host=host),
        extra=settings.extra_body_fields or {},
        waivers=waived,
    )
    scope = Scope(
        removes=validated.removes,
        races=True,
        effort=settings.effort,
        waivers=waived,
        everything=False,
        strict=settings.strict,
        problem="" if validated.count else _nothing(file, path, host),
    )
    report = _report(settings, contract, validated, scope, path)
    report = replace(report, seconds=time.monotonic() - started)
    if problem := files.write(report):
        raise OptionError(f"--report-dir: {problem}")
    comparison = baseline.against(known, report) if known and validated.count else None
    print(text.render(report), end="", flush=True)
    if comparison:
        print(changes.text(comparison), end="")
    print(github.tell(report, os.environ), end="")
    return baseline.exit_code(report, comparison)


def _nothing(file: str, path: str, host: str) -> str:
    where = f"{host or 'any host'}, {path}"
    return (
        f"no exchange with an analysis in {file!a} ({where}); are --api-root and --base-url right?"
    )


def _report(
    settings: Settings, contract: Contract, validated: Validated, scope: Scope, path: str
) -> Report:
    """The report; what it says of replaying needs the target, which the file names."""
    hosts = validated.hosts
    found = settings.base_url or (hosts[0] if len(hosts) == 1 else None)
    return Report(
        contract=contract,
        verdicts=reach(contract, validated.ledger, scope),
        settings=replace(settings, base_url=found),
        base_url=", ".join(hosts),
        path=path,
        rerun=f"virtool-contract verify --base-url={found or 'URL'}",
        seconds=0.0,
    )


def _make_folder(settings: Settings) -> None:
    """Make the folder for the reports; the traffic may be in it, so nothing is removed.

    Raises:
        OptionError: it cannot be made.
    """
    if not settings.report_dir:
        return
    try:
        Path(settings.report_dir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        folder = settings.report_dir
        raise OptionError(
            f"--report-dir: {folder!r} cannot be written to ({error.strerror}); try ./reports"
        ) from None
