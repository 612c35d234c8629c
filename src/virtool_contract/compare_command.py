"""`virtool-contract compare`: what has changed between two runs, from their reports."""

import sys

from virtool_contract.reports import reading
from virtool_contract.reports.changes import FORMATS
from virtool_contract.reports.comparison import compare

NOTHING_NEW, NEWLY_BROKEN, COULD_NOT_TEST = 0, 1, 3


def compare_files(old: str, new: str, form: str) -> int:
    """Print what has changed, in one of `FORMATS`, and say it by the exit code.

    Raises:
        ReportError: one of the files is no report.
    """
    comparison = compare(reading.read(old), reading.read(new))
    if comparison.problem:
        print(f"could not compare: {comparison.problem}", file=sys.stderr)
        return COULD_NOT_TEST
    print(FORMATS[form](comparison), end="")
    return NEWLY_BROKEN if comparison.newly_broken else NOTHING_NEW
