"""What was exercised: which answers came, to whom, in which state, and how long they took."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from virtool_contract.exchange import Response
from virtool_contract.model import Due

IN_DOUBT = "in doubt"
"""The state of a subject about which the target has contradicted itself."""
PER_DOUBLING = 8
"""Buckets of latencies for each doubling, so that one is 9 % wide."""
BOUNDS = tuple(1e-4 * 2 ** (bucket / PER_DOUBLING) for bucket in range(21 * PER_DOUBLING))
"""Upper bounds of the buckets in seconds, from 0.1 ms to some three minutes."""
HALF_A_BUCKET = 2 ** (1 / PER_DOUBLING / 2)

PERCENTILES = (50, 90, 99)
"""Those that reports show."""


class Seen(NamedTuple):
    """What answers have in common that are counted together.

    `state` is that of the subject before, `reason` is why a refusal was due, empty where the
    success was; `status` is 0 where no answer came, and `right` says whether it was one that was
    due. Where the state was in doubt, any is.
    """

    operation: str
    caller: str
    state: str
    reason: str
    status: int
    right: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of judged answers, mergeable, and flat however many there are.

    `latencies` counts, for each operation, the answers in each bucket (see `BOUNDS`). What a race
    sends has no one state before it, and what replays send was seen before; neither is counted.
    """

    answers: Counter[Seen] = field(default_factory=Counter)
    latencies: dict[str, Counter[int]] = field(default_factory=dict)

    def count(self, due: Due, response: Response, *, doubtful: bool = False) -> None:
        """Count one answer."""
        operation, status = due.operation.id, response.status
        self.answers[
            Seen(
                operation=operation,
                caller=due.caller,
                state=IN_DOUBT if doubtful else due.phase,
                reason=due.blamed,
                status=status,
                right=doubtful or due.permits(status),
            )
        ] += 1
        if status:
            buckets = self.latencies.setdefault(operation, Counter())
            buckets[bisect_left(BOUNDS, response.elapsed)] += 1

    def percentile(self, operation: str, share: float) -> float:
        """The seconds within which that share of the answers came, rounded up to a bucket.

        0 where there were none.
        """
        buckets = self.latencies.get(operation, Counter())
        rank = math.ceil(share * self.answered(operation))
        for bucket in sorted(buckets):
            rank -= buckets[bucket]
            if rank <= 0:
                return BOUNDS[min(bucket, len(BOUNDS) - 1)]
        return 0.0

    def answered(self, operation: str) -> int:
        """How many answers an operation got."""
        return self.latencies.get(operation, Counter()).total()

    def histogram(self, operation: str) -> tuple[tuple[float, int], ...]:
        """How many answers came within how many seconds, and not within those before."""
        found: Counter[float] = Counter()
        for bucket, count in sorted(self.latencies.get(operation, Counter()).items()):
            found[BOUNDS[min(bucket, len(BOUNDS) - 1)]] += count
        return tuple(found.items())

    def count_latencies(self, operation: str, histogram: Iterable[tuple[float, int]]) -> None:
        """Take in a histogram, whose bounds may have been rounded."""
        buckets = self.latencies.setdefault(operation, Counter())
        for seconds, count in histogram:
            buckets[bisect_left(BOUNDS, seconds / HALF_A_BUCKET)] += count

    def merge(self, other: "Tally") -> None:
        """Take in what another one has counted."""
        self.answers.update(other.answers)
        for operation, buckets in other.latencies.items():
            self.latencies.setdefault(operation, Counter()).update(buckets)

    def to_json(self) -> dict[str, Any]:
        """The counts as plain data, for the way from a worker to the one that reports."""
        return {
            "answers": [
                [*map(str, seen[:4]), *seen[4:], count]  # execnet, unlike json, takes no StrEnum
                for seen, count in self.answers.items()
            ],
            "latencies": {
                operation: [list(each) for each in buckets.items()]
                for operation, buckets in self.latencies.items()
            },
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Tally":
        """The counts that `to_json` made."""
        return cls(
            answers=Counter({Seen(*seen): count for *seen, count in shape["answers"]}),
            latencies={
                operation: Counter(dict(buckets))
                for operation, buckets in shape["latencies"].items()
            },
        )
