"""Power and precision: every fault of the catalogue, and every freedom, against `verify`.

    python -m benchmarks.power [--effort standard] [--jobs 2] [--seeds N] [--only NAME]

Prints each server as it is done, then, per category, how many faults were caught (exit 1, and
every clause that the fault claims is reported broken), how many freedoms raised no alarm, and the
medians of seconds and requests until the first violation was told. With `--seeds`, freedoms and
the reference are verified with so many seeds, and each alarm counts. Exits with 1 where a fault was
missed or an alarm raised.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks import catalogue
from benchmarks.catalogue import Entry
from benchmarks.measuring import (
    Benchmark,
    Verified,
    at,
    median,
    parser,
    print_row,
    selection,
    served,
    verify,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What `verify` made of one server."""

    entry: Entry
    seed: int
    run: Verified

    @property
    def right(self) -> bool:
        """Whether a fault was found, by the clauses that it claims; or nothing, without one."""
        if self.entry.kind != "fault":
            return self.run.code == 0
        return self.run.code == 1 and set(self.entry.claims) <= set(self.run.broken)

    def cells(self) -> dict[str, Any]:
        """The result for a table and for JSON."""
        return {
            "server": self.entry.name,
            "kind": self.entry.kind,
            "category": self.entry.category,
            "claims": self.entry.claims,
            "seed": self.seed,
            "exit": self.run.code,
            "right": "yes" if self.right else "NO",
            "broken": self.run.broken,
            "seconds": self.run.seconds,
            "requests": self.run.requests,
            "first s": self.run.first,
            "first reqs": self.run.first_requests,
        }


def measure(entry: Entry, seed: int, options: Sequence[str]) -> Result:
    """Verify one server."""
    with served(*entry.options) as url:
        run = verify("--strict", "--seed", str(seed), *at(url), *options)
    return Result(entry=entry, seed=seed, run=run)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parser(__doc__, repeats=1)
    options.add_argument("--effort", default="standard")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--seeds", type=int, default=1, metavar="N", help="for what is no fault")
    options.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time")
    catalogue.add_choice(options)
    given = options.parse_args(arguments)
    work = [
        (entry, given.seed + number)
        for entry in catalogue.chosen(given)
        for number in range(given.repeats if entry.kind == "fault" else given.seeds)
    ]
    head = ("server", "seed", "exit", "right", "seconds", "requests", "first s", "first reqs")
    benchmark = Benchmark.begin("power", head, given.json)
    results = []
    with ThreadPoolExecutor(given.jobs) as pool:
        words = ("--effort", given.effort, *selection(given))
        for result in pool.map(lambda each: measure(each[0], each[1], words), work):
            results.append(result)
            benchmark.row(**result.cells())
    benchmark.end()
    return summarize(results)


def summarize(results: Sequence[Result]) -> int:
    """Print the table by category; 0 where everything is right."""
    by_category = defaultdict(list)
    for result in results:
        by_category[result.entry.title].append(result)
    print_row(("category", "runs", "right", "median s", "requests", "first s", "first reqs"))
    for title, rows in sorted(by_category.items()):
        medians = (
            median(row.run.seconds for row in rows),
            median(float(row.run.requests) for row in rows),
            median(row.run.first for row in rows),
            median(row.run.first_requests for row in rows),
        )
        print_row((title, len(rows), sum(row.right for row in rows), *medians))
    wrong = [result for result in results if not result.right]
    for result in wrong:
        entry, run = result.entry, result.run
        print(f"\n{entry.kind} {entry.name}, seed {result.seed}: exit {run.code}, ", end="")
        print(f"claims {entry.claims}, broken {run.broken}")
        print("\n".join(run.said.strip().splitlines()[-12:]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
