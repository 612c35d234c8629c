"""How long answers took: percentiles, and their distribution as the outline of a small chart."""

from collections import Counter
from dataclasses import dataclass

from virtool_contract.reports.report import Report
from virtool_contract.tally import PERCENTILES

HEIGHT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The latencies of one operation in milliseconds.

    `outline` is the path of a chart over the buckets that any operation has, each one unit wide,
    `HEIGHT` units high.
    """

    operation: str
    answers: int
    percentiles: tuple[str, ...]
    outline: str
    buckets: int


def speeds(report: Report) -> tuple[Speed, ...]:
    """One for each operation that got answers."""
    tally = report.verdicts.tally
    taken = [bucket for buckets in tally.latencies.values() for bucket in buckets]
    first, last = min(taken, default=0), max(taken, default=0)
    return tuple(
        Speed(
            operation=operation,
            answers=tally.answered(operation),
            percentiles=tuple(
                _in_ms(tally.percentile(operation, share / 100)) for share in PERCENTILES
            ),
            outline=_outline(tally.latencies[operation], first, last),
            buckets=last - first + 1,
        )
        for operation in report.contract.operations
        if tally.answered(operation)
    )


def _in_ms(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.1f}"


def _outline(buckets: Counter[int], first: int, last: int) -> str:
    highest = max(buckets.values())
    heights = [round(HEIGHT * (1 - buckets[at] / highest), 1) for at in range(first, last + 1)]
    return f"M0 {HEIGHT}" + "".join(f"V{height}h1" for height in heights) + f"V{HEIGHT}Z"
