"""Power and precision: every fault of the catalogue, and every freedom, against `verify`.

    python -m benchmarks.power [--effort standard] [--jobs 2] [--only NAME] [--json FILE]

Prints, per category, how many faults were caught (exit 1, and every clause that the fault claims
is reported broken), what was missed, and how many freedoms raised a false alarm.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtool_contract.reference import faults, freedoms


@dataclass(frozen=True, kw_only=True)
class Result:
    """What `verify` made of one server."""

    name: str
    category: str
    claims: tuple[str, ...]
    code: int
    broken: tuple[str, ...]
    requests: int
    seconds: float
    said: str

    @property
    def caught(self) -> bool:
        """Whether the fault was found, and by the clauses it claims to break."""
        return self.code == 1 and set(self.claims) <= set(self.broken)


@contextmanager
def served(*options: str) -> Iterator[str]:
    """A reference server in a process of its own; yields its URL."""
    command = [sys.executable, "-m", "virtool_contract", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def verify(url: str, *options: str) -> tuple[int, dict[str, Any], float, str]:
    """Run `verify` against a URL: exit code, report, seconds, what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "virtool_contract", "verify", "--base-url", url]
        command += ["--state-change-url", f"{url}/provider-states", "--report-dir", folder]
        started = time.monotonic()
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        file = Path(folder) / "report.json"
        report = json.loads(file.read_text()) if file.exists() else {"clauses": [], "requests": 0}
    return done.returncode, report, seconds, done.stdout + done.stderr


def measure(kind: str, name: str, entry: type, options: list[str]) -> Result:
    """Verify one faulty or free server."""
    with served(f"--{kind}", name) as url:
        code, report, seconds, said = verify(url, "--strict", *options)
    broken = tuple(row["id"] for row in report["clauses"] if row["verdict"] == "broken")
    return Result(
        name=name,
        category=getattr(entry, "category", kind),
        claims=tuple(getattr(entry, "breaks", ())),
        code=code,
        broken=broken,
        requests=report["requests"],
        seconds=seconds,
        said=said,
    )


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", default="standard")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append")
    parser.add_argument("--kind", choices=["fault", "freedom"])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    work = [("fault", *item) for item in faults.catalogue().items()]
    work += [("freedom", *item) for item in freedoms.catalogue().items()]
    work = [item for item in work if not chosen.only or item[1] in chosen.only]
    work = [item for item in work if not chosen.kind or item[0] == chosen.kind]
    options = ["--effort", chosen.effort, "--seed", chosen.seed]
    with ThreadPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(lambda item: (item[0], measure(*item, options)), work))
    return report_on(results, chosen.json)


def report_on(results: list[tuple[str, Result]], file: Path | None) -> int:
    """Print the table; 0 where all faults were caught and no freedom raised an alarm."""
    by_category = defaultdict(list)
    for kind, result in results:
        by_category[kind, result.category].append(result)
    print(f"{'category':28} {'servers':>7} {'right':>6} {'median s':>9} {'requests':>9}")
    wrong = []
    for (kind, category), rows in sorted(by_category.items()):
        right = [row for row in rows if (row.caught if kind == "fault" else row.code == 0)]
        wrong += [(kind, row) for row in rows if row not in right]
        seconds = statistics.median(row.seconds for row in rows)
        requests = statistics.median(row.requests for row in rows)
        title = f"{kind}: {category}"
        print(f"{title:28} {len(rows):7} {len(right):6} {seconds:9.1f} {requests:9.0f}")
    for kind, row in wrong:
        print(f"\n{kind} {row.name}: exit {row.code}, claims {row.claims}, broken {row.broken}")
        print("\n".join(row.said.strip().splitlines()[-12:]))
    if file:
        file.write_text(
            json.dumps([{"kind": kind, **vars(row)} for kind, row in results], indent=1)
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
