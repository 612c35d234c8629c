"""Start-up: how long until `--help`, the first request and the first violation.

    python -m benchmarks.startup [--fault NAME ...] [--effort standard]

`--help` and `verify --help` are whole processes. The first request is when its first bytes reach a
proxy before the reference server; provider states do not go through it. The first violation is
when `verify` tells of it, for each of some faults. `python` is an interpreter that does nothing.
"""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.measuring import PROGRAM, Benchmark, at, median, parser, selection, served, verify
from benchmarks.proxy import proxied

FAULTS = ("third-finalize-accepted", "refused-finalize-overwrites", "remove-is-200")
HEAD = ("until", "median s", "fastest s", "slowest s")


def ended(*command: str) -> float:
    """Seconds until a command has ended well."""
    started = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def first_request(*options: str) -> float:
    """Seconds until the first request of a run arrives."""
    with served() as url, proxied(url) as proxy:
        words = ["--base-url", proxy.url, "--state-change-url", f"{url}/provider-states"]
        started = time.monotonic()
        verify(*words, *options)
    if proxy.first_request is None:
        raise RuntimeError("no request arrived")
    return proxy.first_request - started


def first_violation(fault: str, *words: str) -> float:
    """Seconds until a violation of a faulty server is told."""
    with served("--fault", fault) as url:
        run = verify(*at(url), *words)
    if run.first is None:
        raise RuntimeError(f"{fault}: no violation was told: {run.said}")
    return run.first


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parser(__doc__)
    options.add_argument("--fault", action="append", metavar="NAME", help="another (repeatable)")
    options.add_argument("--effort", default="standard")
    given = options.parse_args(arguments)
    faults = given.fault or FAULTS
    words = ("--effort", given.effort, *selection(given))
    moments: dict[str, Callable[[], float]] = {
        "python": partial(ended, sys.executable, "-c", "pass"),
        "--help": partial(ended, *PROGRAM, "--help"),
        "verify --help": partial(ended, *PROGRAM, "verify", "--help"),
        "first request": partial(first_request, "--effort", given.effort, "-k", "get.document"),
        **{f"first violation: {each}": partial(first_violation, each, *words) for each in faults},
    }
    benchmark = Benchmark.begin("startup", HEAD, given.json)
    taken = defaultdict(list)
    for _ in range(given.repeats):
        for name, measure in moments.items():
            taken[name].append(measure())
        benchmark.noise.sample()
    for name, each in taken.items():
        cells = {"median s": median(each), "fastest s": min(each), "slowest s": max(each)}
        benchmark.row(until=name, **cells)
    benchmark.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
