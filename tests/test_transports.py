"""Each way to reach the provider leads to the same verdict; and analyses may be few."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.commands import bare_environment
from tests.test_serve import serving
from virtool_contract.budget import HINT
from virtool_contract.reference.service import Service
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Cli

    Served = Callable[[Service], str]

ENOUGH = 300
"""So many analyses do for the promises alone."""
MORE = 150
"""What replays and searches may use besides."""
FORWARDING = """
import sys, urllib.error, urllib.request
for line in sys.stdin:
    try:
        answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1], line.encode()))
    except urllib.error.HTTPError as error:
        answer = error
    print(answer.read().decode(), flush=True)
"""


SETUP = {"action": "setup", "state": "a pending analysis", "params": {"files": True}}


def handouts(url: str, count: int) -> list[dict[str, Any]]:
    """Analyses of a reference server, with files."""
    with requests.Session() as session:
        return [session.post(url, json=SETUP, timeout=5).json() for _ in range(count)]


def idle(url: str) -> dict[str, Any]:
    state = {"state": "a job that runs no analysis"}
    asked = state | {"action": "setup", "params": {}}
    answer: dict[str, Any] = requests.post(url, json=asked, timeout=5).json()
    return answer | state


def provider_options(kind: str, url: str, folder: Path) -> tuple[str, ...]:
    if kind == "url":
        return ("--state-change-url", url)
    if kind == "command":
        script = folder / "provider.py"
        script.write_text(FORWARDING, encoding="utf-8")
        return ("--state-change-command", f"{sys.executable} {script} {url}")
    file = folder / "states.jsonl"
    lines = map(json.dumps, [*handouts(url, ENOUGH + MORE), idle(url)])
    file.write_text("\n".join(lines), encoding="utf-8")
    return ("--state-file", str(file))


def verdicts(cli: Cli, url: str, folder: Path, *words: str) -> tuple[int, dict[str, str]]:
    done = cli("verify", "--base-url", url, "--report-dir", str(folder), *words)
    report = json.loads((folder / "report.json").read_bytes())
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.returncode, {each["id"]: each["verdict"] for each in report["clauses"]}


@pytest.mark.parametrize("faults", [(), ("third-finalize-accepted", "forbidden-without-message")])
def test_each_transport_leads_to_the_same_verdict(
    cli: Cli, tmp_path: Path, faults: tuple[str, ...]
) -> None:
    seen = []
    with serving(*(word for fault in faults for word in ("--fault", fault))) as (_, line):
        url = line.split()[-1]
        for kind in ("url", "command", "file"):
            words = provider_options(kind, f"{url}/provider-states", tmp_path)
            seen.append(verdicts(cli, url, tmp_path / kind, "--effort", "quick", *words))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == bool(faults)


WITH_HEADERS = """
import base64, json, sys, urllib.request

def headers(answer):
    user = f"job-{answer['job_id']}:{answer.pop('job_key')}".encode()
    return answer | {"headers": {"Authorization": f"Basic {base64.b64encode(user).decode()}"}}

for line in sys.stdin:
    asked = urllib.request.Request(sys.argv[1], line.encode())
    answer = json.load(urllib.request.urlopen(asked))
    print(json.dumps(headers(answer) if answer else answer), flush=True)
"""


@pytest.mark.parametrize("kind", ["command", "file"])
def test_headers_will_do_for_credentials(
    cli: Cli, served: Served, tmp_path: Path, kind: str
) -> None:
    url = served(Service())
    script = tmp_path / "provider.py"
    script.write_text(WITH_HEADERS, encoding="utf-8")
    command = [sys.executable, str(script), f"{url}/provider-states"]
    words = ["--state-change-command", shlex.join(command)]
    if kind == "file":
        lines = (json.dumps(setup) + "\n" for setup in [SETUP] * 40)
        made = subprocess.run(
            command, input="".join(lines), capture_output=True, text=True, timeout=30, check=True
        )
        file = tmp_path / "states.jsonl"
        file.write_text(made.stdout, encoding="utf-8")
        words = ["--state-file", str(file)]
    selection = ("-k", "get.own-only or finalize.own-only")
    code, found = verdicts(cli, url, tmp_path, *words, "--effort", "quick", *selection)
    assert code == 0
    assert (found["get.own-only"], found["finalize.own-only"]) == ("kept", "kept")


def test_a_search_ends_when_analyses_are_used_up_and_says_so(
    cli: Cli, served: Served, tmp_path: Path
) -> None:
    url = served(Service())
    at = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    count = ENOUGH + MORE
    words = ("--max-subjects", str(count), "--report-dir", str(tmp_path))
    done = cli("verify", *at, *words)
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert done.returncode == 0, done.stdout
    ended = [trouble for trouble in report["troubles"] if "ended early" in trouble]
    assert ended
    assert all(
        f"the {count} analyses of this run (--max-subjects {count}) are used up" in each
        for each in ended
    )
    unseen = {each["id"]: each["reason"] for each in report["clauses"] if not each["observations"]}
    assert set(unseen) <= {"finalize.atomic", "remove.atomic", "remove.harmless"}


def test_so_many_are_enough_for_the_promises_as_is_said(cli: Cli, served: Served) -> None:
    url = served(Service())
    at = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    done = cli("verify", *at, "--effort", "quick", "--max-subjects", str(ENOUGH))
    assert done.returncode == 0, done.stdout
    assert f"about {ENOUGH} do for the promises" in HINT


MANY_FAULTS = (
    "finalize-answer-without-index",
    "third-finalize-accepted",
    "forbidden-without-message",
    "removed-stays-finalizable",
)


def test_replays_leave_enough_for_the_promises(cli: Cli, served: Served, tmp_path: Path) -> None:
    """A target that breaks much is still one that violates, and not one that is not tested."""
    url = served(service(MANY_FAULTS, ()))
    at = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    plain = verdicts(cli, url, tmp_path / "plain", *at[2:], "--effort", "quick")
    few = (*at[2:], "--effort", "quick", "--max-subjects", str(ENOUGH))
    assert plain[0] == 1
    assert verdicts(cli, url, tmp_path / "few", *few) == plain


@pytest.mark.parametrize("kind", ["url", "file"])
def test_a_promise_that_gets_no_analysis_could_not_be_tested(
    cli: Cli, served: Served, tmp_path: Path, kind: str
) -> None:
    url = served(Service())
    if kind == "url":
        words = ["--state-change-url", f"{url}/provider-states", "--max-subjects", "20"]
    else:
        file = tmp_path / "states.jsonl"
        lines = map(json.dumps, handouts(f"{url}/provider-states", 20))
        file.write_text("\n".join(lines), encoding="utf-8")
        words = ["--state-file", str(file)]
    done = cli("verify", "--effort", "quick", "--base-url", url, *words)
    assert done.returncode == 3
    last = done.stdout.splitlines()[-1]
    assert "20 analyses" in last
    assert HINT in last


def test_a_state_file_that_is_wrong_is_a_matter_of_usage(
    cli: Cli, served: Served, tmp_path: Path
) -> None:
    words = ("--base-url", served(Service()), "--state-file", str(tmp_path / "nowhere.jsonl"))
    done = cli("verify", *words)
    assert done.returncode == 2
    assert "--state-file: " in done.stderr
    assert "nowhere.jsonl: cannot be read: No such file or directory" in done.stderr


def test_a_command_that_cannot_be_started_is_no_violation(cli: Cli, served: Served) -> None:
    words = ("--base-url", served(Service()), "--state-change-command", "/nowhere/provider")
    done = cli("verify", *words)
    assert done.returncode == 3
    assert "--state-change-command) cannot be started" in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_outlives_an_interrupt_until_all_is_given_back(
    served: Served, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C in a terminal goes to all processes there, and the provider is needed to the end."""
    reference = Service()
    url = served(reference)
    ended = tmp_path / "ended"
    words = provider_options("command", f"{url}/provider-states", tmp_path)
    script = tmp_path / "provider.py"
    script.write_text(f"{script.read_text()}open({str(ended)!r}, 'w').close()\n")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "virtool_contract", "verify", "--base-url", url, *words],
        cwd=tmp_path,
        env=bare_environment(),
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    ) as child:
        until = time.monotonic() + 20
        while len(reference.store.analyses) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        assert not ended.exists()
        os.killpg(child.pid, number)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 3, out + err
    assert "interrupted" in out + err
    assert reference.store.analyses == {}
    assert ended.exists()
