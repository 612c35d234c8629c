"""Overhead: requests a second of `verify`, against bare loops that send the same requests.

    python -m benchmarks.overhead [--effort quick --effort standard]

A run is recorded once. Then, in turn, each against a fresh reference server: `verify`; a loop over
one `requests.Session`; a loop over one `http.client` connection. The loops send what was recorded,
read each answer, and do nothing else; what it takes was set up before. A run's rate is that of all
requests that the server got, replays and the look before the first promise included, over the
seconds that `verify` says it took; `whole process` counts its start and end too. `ratio` is against
`requests`.
"""

import http.client
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import requests

from benchmarks.measuring import Benchmark, at, median, parser, selection, served, verify
from benchmarks.recording import Recording, recorder

HEAD = ("effort and client", "requests", "median s", "requests/s", "ratio")


def record(words: Sequence[str]) -> Recording:
    """What a run sends.

    Raises:
        RuntimeError: the reference did not conform, so this is no such run.
    """
    with recorder() as (url, recording):
        run = verify(*at(url), *words)
    if run.code:
        raise RuntimeError(f"verify ended with {run.code}: {run.said}")
    return recording


def through_requests(url: str, recording: Recording) -> Counter[int]:
    """Send it over one session; how often each status came."""
    with requests.Session() as session:
        session.trust_env = False
        statuses: Counter[int] = Counter()
        for each in recording.requests:
            answer = session.request(
                each.method,
                url + each.target,
                headers=each.headers,
                data=each.body,
                allow_redirects=False,
            )
            statuses[answer.status_code] += 1
    return statuses


def through_http_client(url: str, recording: Recording) -> Counter[int]:
    """Send it over one connection; how often each status came."""
    statuses: Counter[int] = Counter()
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    for each in recording.requests:
        connection.request(each.method, each.target, body=each.body or None, headers=each.headers)
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
    connection.close()
    return statuses


def bare(
    recording: Recording, loop: Callable[[str, Recording], Counter[int]]
) -> tuple[float, Counter[int]]:
    """Seconds that a loop takes against a fresh server, and the statuses that came."""
    with served() as url:
        with requests.Session() as provider:
            for body in recording.setups:
                provider.post(f"{url}/provider-states", data=body).raise_for_status()
        started = time.monotonic()
        statuses = loop(url, recording)
        return time.monotonic() - started, statuses


def spent(words: Sequence[str]) -> tuple[float, float]:
    """Seconds of a run of `verify` by itself, and of its whole process."""
    with served() as url:
        run = verify(*at(url), *words)
    return run.session, run.seconds


def compare(benchmark: Benchmark, effort: str, repeats: int, chosen: Sequence[str]) -> None:
    """Measure one effort."""
    words = ("--effort", effort, *chosen)
    recording = record(words)
    taken: dict[str, list[float]] = defaultdict(list)
    answered: dict[str, Counter[int]] = {}
    for _ in range(repeats):
        session, whole = spent(words)
        taken["verify"].append(session)
        taken["verify, whole process"].append(whole)
        for name, loop in (("requests", through_requests), ("http.client", through_http_client)):
            seconds, answered[name] = bare(recording, loop)
            taken[name].append(seconds)
        benchmark.noise.sample()
    sent = len(recording.requests)
    yardstick = median(taken["requests"]) or 0.0
    for name, seconds_of_each in taken.items():
        took = median(seconds_of_each) or 0.0
        cells = {"requests": sent, "median s": took, "requests/s": sent / took}
        statuses = dict(answered.get(name, {}))
        extra = {"effort": effort, "client": name, "seconds": seconds_of_each, "statuses": statuses}
        benchmark.row(**{HEAD[0]: f"{effort}: {name}", "ratio": yardstick / took, **cells, **extra})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = parser(__doc__)
    options.add_argument("--effort", action="append", help="another (default: quick and standard)")
    given = options.parse_args(arguments)
    benchmark = Benchmark.begin("overhead", HEAD, given.json)
    for effort in given.effort or ("quick", "standard"):
        compare(benchmark, effort, given.repeats, selection(given))
    benchmark.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
