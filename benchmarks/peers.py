"""Peers: other tools on the same contract, the same faulty servers and the same freedoms.

    python -m benchmarks.peers [--sample N] [--category NAME] [--tool NAME] [--dredd PATH]

- `verify` and `verify quick`: this project.
- `schemathesis`: its CLI as it comes, with the owner's credentials of one analysis and its id.
- `schemathesis tuned`: with hooks that set a subject up for each request, authenticate as its owner
  and let links keep theirs (`benchmarks/schemathesis_hooks.py`).
- `dredd`: with hooks that set up what each status is about (`benchmarks/dredd_hooks.js`), where
  `npm install dredd@14` has put it (`--dredd node_modules/.bin/dredd`).

specmatic 2.55 is not here: it takes no `4XX` for the status of a response, so it does not read the
contract. A fault is caught where a tool complains of anything that it does not complain of on the
reference. An alarm is any complaint on a freedom or on the reference. `first s` is from the start
of the process until the tool itself knew: its own events, or its output; in the summary, it is the
median over what a tool caught, and `of all` that over all faults, a missed one counting as never:
nothing is there where a tool missed half of them. Per server, all tools run in turn.
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests

from benchmarks import catalogue
from benchmarks.catalogue import Entry
from benchmarks.measuring import Benchmark, at, median, parser, print_row, selection, served, verify

CONTRACT = Path(__file__).parents[1] / "spec" / "openapi.yaml"
DREDD_FAILS = re.compile(r"fail\S*: (\w+ \(\w+\)) ")
PHASES = "examples,coverage,fuzzing,stateful"
HEAD = ("server", "tool", "complaints", "seconds", "first s", "requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a tool made of one server: when it first complained of what, in seconds."""

    complaints: Mapping[str, float]
    seconds: float
    requests: int

    def first(self, known: frozenset[str] = frozenset()) -> float | None:
        """When it first complained of something that is not known; None if it did not."""
        return min((at for what, at in self.complaints.items() if what not in known), default=None)


Tool = Callable[[str], Found]


def ours(effort: str, words: Sequence[str]) -> Tool:
    """This project with one effort."""

    def run(url: str) -> Found:
        done = verify("--strict", "--effort", effort, *words, *at(url))
        first = done.seconds if done.first is None else done.first
        complaints = dict.fromkeys(done.broken, first)
        return Found(complaints=complaints, seconds=done.seconds, requests=done.requests)

    return run


def stock(phases: str, url: str) -> Found:
    """The schemathesis CLI as it comes, with credentials and an id that exists."""
    message = {"action": "setup", "state": "a pending analysis", "params": {"files": True}}
    job = requests.post(f"{url}/provider-states", json=message, timeout=10).json()
    settings = f'[parameters]\n"analysis_id" = "{job["analysis_id"]}"\n'
    credentials = ("--auth", f"job-{job['job_id']}:{job['job_key']}")
    return _schemathesis(url, "--phases", phases, *credentials, settings=settings)


def tuned(phases: str, url: str) -> Found:
    """The schemathesis CLI with hooks."""
    hooks = {
        "SCHEMATHESIS_HOOKS": "benchmarks.schemathesis_hooks",
        "STATE_CHANGE_URL": f"{url}/provider-states",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return _schemathesis(url, "--phases", phases, environment=hooks)


def _schemathesis(
    url: str, *options: str, settings: str = "", environment: Mapping[str, str] | None = None
) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(settings, encoding="utf-8")
        events = Path(folder) / "events.ndjson"
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(CONTRACT)]
        command += ["--url", url, "--seed", "0", "--continue-on-failure", *options]
        command += ["--report", "ndjson", "--report-ndjson-path", str(events)]
        began, started = time.time(), time.monotonic()
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if done.returncode not in {0, 1} or not events.exists():
            raise RuntimeError(f"schemathesis ended with {done.returncode}: {done.stdout[-2000:]}")
        lines = events.read_text(encoding="utf-8").splitlines()
    complaints: dict[str, float] = {}
    sent = 0
    for event in (json.loads(line).get("ScenarioFinished") for line in lines):
        if event is None:
            continue
        recorder = event["recorder"]
        sent += len(recorder.get("interactions", {}))
        for checks in recorder.get("checks", {}).values():
            for check in checks:
                if check["status"] == "failure":
                    what = f"{check['name']} {recorder['label']}"
                    complaints.setdefault(what, event["timestamp"] - began)
    return Found(complaints=complaints, seconds=seconds, requests=sent)


def dredd(program: str) -> Tool:
    """The dredd that is at a path."""

    def run(url: str) -> Found:
        hooks = Path(__file__).with_name("dredd_hooks.js")
        command = [program, str(CONTRACT), url, "--hookfiles", str(hooks), "--loglevel", "error"]
        states = {"STATE_CHANGE_URL": f"{url}/provider-states", "BASE_URL": url}
        started = time.monotonic()
        complaints: dict[str, float] = {}
        sent = 0
        with subprocess.Popen(
            command,
            env={**os.environ, **states},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                if match := DREDD_FAILS.search(line):
                    complaints.setdefault(match[1], time.monotonic() - started)
                if match := re.search(r"(\d+) skipped, (\d+) total", line):
                    sent = int(match[2]) - int(match[1])
        if not sent:
            raise RuntimeError(f"dredd ended with {process.returncode} and no result")
        return Found(complaints=complaints, seconds=time.monotonic() - started, requests=sent)

    return run


def measure(benchmark: Benchmark, entry: Entry, name: str, tool: Tool) -> Found:
    """Run one tool against one fresh server."""
    with served(*entry.options) as url:
        found = tool(url)
    benchmark.row(
        server=entry.name,
        kind=entry.kind,
        category=entry.category,
        tool=name,
        complaints=len(found.complaints),
        seconds=found.seconds,
        requests=found.requests,
        of=dict(found.complaints),
        **{"first s": found.first()},
    )
    return found


def over_all(firsts: Sequence[float | None]) -> float | None:
    """The median in seconds, None counting as never; None where that is never too."""
    found = median(math.inf if first is None else first for first in firsts)
    return None if found == math.inf else found


def summarize(results: Mapping[str, Sequence[tuple[Entry, Found]]]) -> None:
    """Print one row a tool."""
    head = ("tool", "faults", "caught", "alarms", "of", "first s", "of all", "requests", "seconds")
    print_row(head)
    for name, each in results.items():
        sound = [found for entry, found in each if entry.kind == "reference"]
        known = frozenset(what for found in sound for what in found.complaints)
        faulty = [found for entry, found in each if entry.kind == "fault"]
        right = [found for entry, found in each if entry.kind != "fault"]
        firsts = [found.first(known) for found in faulty]
        caught = [first for first in firsts if first is not None]
        print_row(
            (
                name,
                len(faulty),
                len(caught),
                sum(bool(found.complaints) for found in right),
                len(right),
                median(caught),
                over_all(firsts),
                median(found.requests for found in faulty),
                median(found.seconds for found in faulty),
            )
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parser(__doc__, repeats=1)
    options.add_argument("--tool", action="append", metavar="NAME", help="this one (repeatable)")
    options.add_argument("--dredd", metavar="PATH", help="where dredd is installed")
    options.add_argument("--phases", default=PHASES, help=f"of schemathesis (default: {PHASES})")
    catalogue.add_choice(options)
    given = options.parse_args(arguments)
    tools: dict[str, Tool] = {
        "verify": ours("standard", selection(given)),
        "verify quick": ours("quick", selection(given)),
        "schemathesis": partial(stock, given.phases),
        "schemathesis tuned": partial(tuned, given.phases),
    }
    if given.dredd:
        tools["dredd"] = dredd(given.dredd)
    tools = {name: tool for name, tool in tools.items() if not given.tool or name in given.tool}
    benchmark = Benchmark.begin("peers", HEAD, given.json)
    results = defaultdict(list)
    for entry in catalogue.chosen(given):
        for _ in range(given.repeats):
            for name, tool in tools.items():
                results[name].append((entry, measure(benchmark, entry, name, tool)))
    benchmark.end()
    summarize(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
