"""Latency: how long `verify` takes where every answer is late, with more and more processes.

    python -m benchmarks.latency [--delays 0 5 50 200] [--processes 0 2 8 16] [--effort quick]

A proxy before the reference server adds the delay (in milliseconds) to each answer, those of the
provider included. `speed-up` is against `-n 0` at the same delay. The rounds go through all numbers
of processes in turn, so that what else the machine does meets all of them.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.measuring import Benchmark, at, median, parser, selection, served, verify
from benchmarks.proxy import proxied

HEAD = ("delay ms", "processes", "median s", "requests", "speed-up")


def seconds(delay: int, processes: int, options: Sequence[str]) -> tuple[float, int]:
    """One run behind the proxy: seconds of the whole process, and requests.

    Raises:
        RuntimeError: the reference did not conform, so nothing was measured.
    """
    with served() as url, proxied(url, delay / 1000) as proxy:
        run = verify(*at(proxy.url), "-n", str(processes), *options)
    if run.code:
        raise RuntimeError(f"verify ended with {run.code}: {run.said}")
    return run.seconds, run.requests


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parser(__doc__)
    options.add_argument("--delays", type=int, nargs="+", default=[5, 50, 200], metavar="MS")
    options.add_argument("--processes", type=int, nargs="+", default=[0, 2, 8, 16], metavar="N")
    options.add_argument("--effort", default="quick")
    given = options.parse_args(arguments)
    words = ["--effort", given.effort, *selection(given)]
    benchmark = Benchmark.begin("latency", HEAD, given.json)
    for delay in given.delays:
        runs = defaultdict(list)
        for _ in range(given.repeats):
            for number in given.processes:
                runs[number].append(seconds(delay, number, words))
        medians = {number: median(took for took, _ in each) for number, each in runs.items()}
        alone = medians.get(0)
        for number, took in medians.items():
            speed_up = alone / took if alone and took else None
            cells = {"median s": took, "requests": runs[number][0][1], "speed-up": speed_up}
            benchmark.row(**{"delay ms": delay, "processes": number, **cells})
    benchmark.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
