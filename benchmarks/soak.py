"""Soak: a campaign of 100,000 requests; throughput, memory and size of the reports over time.

    python -m benchmarks.soak [--effort thorough] [--every 5] [-k EXPRESSION]

Samples the process of `verify` and that of the reference server every so many seconds. Memory is
the resident set, read from `/proc`, so this needs Linux. `growth` at the end compares the medians
of the second and the last quarter of the samples: what start-up takes is not counted.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import PROGRAM, Benchmark, at, median, parser, selection

HEAD = ("seconds", "requests", "requests/s", "verify MiB", "server MiB", "reports KiB")


def resident(process: int) -> float:
    """The resident set of a process in MiB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def size(folder: Path) -> float:
    """What the files of a folder take in KiB."""
    return sum(file.stat().st_size for file in folder.iterdir()) / 1024


def sent(said: str) -> int:
    """How many requests were sent, by the last line that `verify` has printed so far."""
    numbers = re.findall(r"(\d+) requests", said)
    return int(numbers[-1]) if numbers else 0


def soak(benchmark: Benchmark, every: float, words: Sequence[str]) -> tuple[int, list[float]]:
    """Sample until `verify` has ended: its exit code, and the MiB that it took, in time."""
    server = subprocess.Popen([*PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    url = server.stdout.readline().split()[-1]
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w+") as said:
        reports = Path(folder)
        command = [*PROGRAM, "verify", *at(url), "--report-dir", folder, *words]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=said, stderr=said)
        before, memory, code = (0.0, 0), (0.0, 0.0), None
        taken: list[float] = []
        while code is None:
            try:
                code = process.wait(every)
            except subprocess.TimeoutExpired:
                now = resident(process.pid), resident(server.pid)
                memory = now if all(now) else memory  # it may be about to end
            seconds = time.monotonic() - started
            requests = sent(Path(said.name).read_text(encoding="utf-8"))
            if requests > before[1] or code is not None:
                rate = (requests - before[1]) / (seconds - before[0])
                before = seconds, requests
                taken.append(memory[0])
                benchmark.row(
                    seconds=seconds,
                    requests=requests,
                    **{"requests/s": rate, "verify MiB": memory[0], "server MiB": memory[1]},
                    **{"reports KiB": size(reports)},
                )
    server.terminate()
    server.communicate()
    return code, taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; exits as `verify` did."""
    options = parser(__doc__, repeats=1)
    options.add_argument("--effort", default="thorough")
    options.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    given = options.parse_args(arguments)
    words = ["--effort", given.effort, *selection(given)]
    benchmark = Benchmark.begin("soak", HEAD, given.json)
    runs = [soak(benchmark, given.every, words) for _ in range(given.repeats)]
    memory = [mebibytes for _, taken in runs for mebibytes in taken]
    quarter = len(memory) // 4
    settled, late = median(memory[quarter : 2 * quarter]), median(memory[len(memory) - quarter :])
    if settled and late:
        print(f"growth: {late / settled - 1:+.1%}, most {max(memory):.0f} MiB")
    benchmark.end()
    return max(code for code, _ in runs)


if __name__ == "__main__":
    sys.exit(main())
