"""What the benchmarks share: servers, timed runs of `verify`, noise, medians, tables and JSON."""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

PROGRAM = (sys.executable, "-m", "virtool_contract")
FIRST = re.compile(r"broken: (?P<clause>\S+), after (?P<requests>\d+) requests, ")
"""What `verify` says on standard error as soon as a clause is known to be broken."""
ENDED = re.compile(r"\((?P<requests>\d+) requests in (?P<seconds>[\d.]+) s\)\s*$")
"""The end of what it prints."""
WORK = 200_000
"""Rounds of the fixed work that shows the machine's noise; about 0.1 s of one core."""


class Noise:
    """The machine's noise: how long the same fixed work takes, before, between and after."""

    def __init__(self) -> None:
        """Measure for the first time."""
        self.seconds: list[float] = []
        self.sample()

    def sample(self) -> None:
        """Do the work once more."""
        started = time.perf_counter()
        digest = b""
        for number in range(WORK):
            digest = hashlib.blake2b(digest + number.to_bytes(4, "big"), digest_size=8).digest()
        self.seconds.append(time.perf_counter() - started)

    @property
    def spread(self) -> float:
        """How much the slowest took longer than the fastest: 0.1 is a tenth."""
        return max(self.seconds) / min(self.seconds) - 1

    def __str__(self) -> str:
        """Say it in a sentence."""
        return (
            f"noise: the same fixed work took {min(self.seconds):.3f} to {max(self.seconds):.3f} s "
            f"({self.spread:.0%} more), {len(self.seconds)} times in between"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One run of `verify` in a process of its own.

    `seconds` are those of the whole process; `first` are the seconds from its start until it told
    of a first violation, after `first_requests`, if it did. `said` is all it printed.
    """

    code: int
    report: Mapping[str, Any]
    seconds: float
    said: str
    first: float | None = None
    first_requests: int | None = None

    @property
    def broken(self) -> tuple[str, ...]:
        """The clauses that it reports broken."""
        rows = self.report.get("clauses", ())
        return tuple(row["id"] for row in rows if row["verdict"] == "broken")

    @property
    def requests(self) -> int:
        """The requests that it reports; 0 where there is no report."""
        return int(self.report.get("requests", 0))

    @property
    def session(self) -> float:
        """The seconds that it says it took itself, without the start of the process."""
        ended = ENDED.search(self.said)
        return float(ended["seconds"]) if ended else self.seconds


@contextlib.contextmanager
def served(*options: str, command: Sequence[str] = (*PROGRAM, "serve")) -> Iterator[str]:
    """A reference server in a process of its own; yields its URL, the last word that it prints."""
    process = subprocess.Popen(
        [*command, "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate()


def at(url: str) -> list[str]:
    """The options of `verify` for a reference server, which is its own provider."""
    return ["--base-url", url, "--state-change-url", f"{url}/provider-states"]


def verify(*options: str) -> Verified:
    """Run `verify`, listening for the first violation."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [*PROGRAM, "verify", "--report-dir", folder, *options],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        told, first, first_requests = "", None, None
        for line in process.stderr:
            told += line
            if first is None and (match := FIRST.match(line)):
                first, first_requests = time.monotonic() - started, int(match["requests"])
        code = process.wait()
        seconds = time.monotonic() - started
        process.stderr.close()
        output.seek(0)
        file = Path(folder) / "report.json"
        return Verified(
            code=code,
            report=json.loads(file.read_bytes()) if file.exists() else {},
            seconds=seconds,
            said=told + output.read(),
            first=first,
            first_requests=first_requests,
        )


def median(values: Iterable[float | None]) -> float | None:
    """The median of what there is; None where there is nothing."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def shown(value: object) -> str:
    """A value for a cell of a table."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:.0f}"
    return str(value)


def print_row(cells: Sequence[object]) -> None:
    """Print one row of a table, as soon as it is known."""
    first, *others = map(shown, cells)
    print(f"{first:<34}" + "".join(f" {cell:>12}" for cell in others), flush=True)


@dataclass(slots=True, kw_only=True)
class Benchmark:
    """The frame of one benchmark: its arguments, its rows, and how they are printed and kept."""

    title: str
    head: Sequence[str]
    file: Path | None = None
    rows: list[Mapping[str, object]] = field(default_factory=list)
    noise: Noise = field(default_factory=Noise)

    @classmethod
    def begin(cls, title: str, head: Sequence[str], file: Path | None) -> Self:
        """Print the head of the table; rows follow as they are measured."""
        made = cls(title=title, head=head, file=file)
        print_row(head)
        return made

    def row(self, **cells: object) -> None:
        """Print one row, and keep it; cells that are not in the head are for the JSON alone."""
        self.rows.append(cells)
        print_row([cells.get(name) for name in self.head])
        self.noise.sample()

    def end(self) -> None:
        """Print the noise, and write the JSON where that was asked for."""
        print(self.noise)
        if self.file is None:
            return
        shape = {
            "benchmark": self.title,
            "machine": machine(),
            "noise": {"spread": self.noise.spread, "seconds": self.noise.seconds},
            "rows": self.rows,
        }
        self.file.write_text(json.dumps(shape, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What a figure depends on, other than the code."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
    }


def parser(description: str | None, *, repeats: int = 5) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    made.add_argument(
        "--repeats",
        type=int,
        default=repeats,
        metavar="N",
        help=f"medians of so many (default: {repeats})",
    )
    made.add_argument(
        "-k", metavar="EXPRESSION", default="", help="only these promises of `verify`, as in pytest"
    )
    return made


def selection(given: argparse.Namespace) -> list[str]:
    """What `verify` is told of the promises to run."""
    return ["-k", given.k] if given.k else []


WEIGHING = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def weighing(file: Path, command: Sequence[str]) -> list[str]:
    """A command that runs another one, and leaves in a file how much memory that took at most.

    It is small and starts the other one itself, for what a process is said to have taken is at
    least what the one had that started it. `peak` reads the file.
    """
    return [sys.executable, "-I", "-c", WEIGHING, str(file), *command]


def peak(file: Path) -> float:
    """The most memory that a process took, in MiB (see `weighing`)."""
    per_mib = 1024 * (1024 if sys.platform == "darwin" else 1)
    return int(file.read_text(encoding="ascii")) / per_mib
