"""Memory and speed of `validate`: a file of synthetic traffic, validated in a process of its own.

    python -m benchmarks.validate --exchanges 1000000

Each analysis is read, finalized, read again and refused a second finalize. Exchanges with some of
them at a time take turns, as in traffic of many jobs. `peak` is in MiB, `rate` in exchanges per
second.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import PROGRAM, Benchmark, parser, peak, weighing
from virtool_contract.json_values import Json

AT_A_TIME = 50
"""So many analyses are worked on at a time."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "Basic am9iLTE6a2V5"
CONFLICT = {"id": "conflict", "message": "There is already a result for this analysis"}


def document(number: int, **members: Json) -> dict[str, Json]:
    """What a read of an analysis shows."""
    return {
        "id": f"{number:08x}",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "job": {"id": f"job{number:05x}"},
        "files": [],
        "workflow": "pathoscope_bowtie",
        "sample": {"id": f"s{number:07x}", "name": f"Sample {number}"},
        "index": {"id": "qldihken", "version": 3},
        "user": {"id": "igboyes"},
        "subtractions": [{"id": "yhxoynb0", "name": "Arabidopsis Thaliana"}],
        **members,
    }


def exchanges(count: int) -> Iterator[dict[str, Any]]:
    """Entries of a HAR, in the order of time."""
    sent = 0
    for first in range(0, count, AT_A_TIME * 4):
        numbers = range(first, first + AT_A_TIME)
        for turn in range(4):
            for number in numbers:
                if sent == count:
                    return
                yield _entry(number, turn, BEGAN + timedelta(milliseconds=20 * sent))
                sent += 1


def _entry(number: int, turn: int, when: datetime) -> dict[str, Any]:
    results = {"hits": [{"id": "abc", "pi": 0.5, "reads": number}], "ready": True}
    pending = document(number, ready=False)
    finalized = document(number, ready=True, results=results)
    said = (pending, finalized, finalized, CONFLICT)[turn]
    writes = turn % 2 == 1
    url = f"https://virtool.example/api/analyses/{number:08x}"
    request: dict[str, Any] = {
        "method": "PATCH" if writes else "GET",
        "url": url,
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": "Authorization", "value": KEY}],
    }
    if writes:
        text = json.dumps({"results": results})
        request["postData"] = {"mimeType": "application/json", "text": text}
    return {
        "startedDateTime": when.isoformat(timespec="milliseconds"),
        "time": 4,
        "request": request,
        "response": {
            "status": 409 if said is CONFLICT else 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"mimeType": "application/json", "text": json.dumps(said)},
        },
    }


def write(file: Path, count: int) -> None:
    """Write so many exchanges, as HAR or as JSON lines."""
    lines = file.suffix == ".jsonl"
    with file.open("w", encoding="ascii") as traffic:
        traffic.write("" if lines else '{"log": {"version": "1.2", "entries": [')
        for number, entry in enumerate(exchanges(count)):
            traffic.write("," if number and not lines else "")
            traffic.write(f"{json.dumps(entry)}\n")
        traffic.write("" if lines else "]}}")


def measured(file: Path) -> tuple[float, float, int]:
    """The peak of a process that validates, in MiB, its seconds, and its exit code."""
    started, weight = time.monotonic(), file.with_suffix(".peak")
    command = weighing(weight, [*PROGRAM, "validate", str(file)])
    process = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return peak(weight), time.monotonic() - started, process.returncode


def main(arguments: list[str] | None = None) -> int:
    """Measure both kinds of file."""
    made = parser(__doc__, repeats=1)
    made.add_argument("--exchanges", type=int, default=100_000, metavar="N", help="how many")
    given = made.parse_args(arguments)
    head = ("file", "exchanges", "megabytes", "peak", "seconds", "rate", "exit")
    bench = Benchmark.begin("validate", head, given.json)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("traffic.har", "traffic.jsonl"):
            file = Path(folder, name)
            write(file, given.exchanges)
            most, seconds, code = measured(file)
            bench.row(
                file=name,
                exchanges=given.exchanges,
                megabytes=file.stat().st_size // 10**6,
                peak=most,
                seconds=seconds,
                rate=given.exchanges / seconds,
                exit=code,
            )
            file.unlink()
    bench.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
