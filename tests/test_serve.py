"""`virtool-contract serve`: says where it is, serves what it was asked for, and ends when told."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from virtool_contract.reference import faults, freedoms
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Cli

STATES = {"action": "setup", "state": "a pending analysis", "params": {}}


@contextmanager
def serving(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "virtool_contract", "serve", "--port", "0", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        assert child.stdout
        line = child.stdout.readline()
        try:
            yield child, line
        finally:
            child.kill()


def finalize(url: str) -> int:
    with requests.Session() as session:
        state = session.post(f"{url}/provider-states", json=STATES, timeout=5).json()
        auth = (f"job-{state['job_id']}", state["job_key"])
        where = f"{url}/api/analyses/{state['analysis_id']}"
        return session.patch(where, json={"results": {}}, auth=auth, timeout=5).status_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    with serving("--fault", "finalize-is-201") as (child, line):
        found = re.fullmatch(
            r"provider states at (\S+)/provider-states, serving at (http://127\.0\.0\.1:\d+)\n",
            line,
        )
        assert found
        assert found[1] == found[2]
        assert finalize(found[1]) == 201
        child.send_signal(number)
        rest, errors = child.communicate(timeout=10)
        assert child.returncode == 0
        assert rest == ""
        assert errors == ""


def test_it_ends_with_its_standard_input_where_that_is_wanted() -> None:
    with serving("--until-stdin-closes") as (child, _):
        assert child.stdin
        child.stdin.close()
        assert child.wait(timeout=10) == 0


def test_faults_and_freedoms_go_together() -> None:
    with serving("--fault", "finalize-is-201", "--freedom", "uuid-ids") as (_, line):
        url = line.split()[-1]
        assert finalize(url) == 201
        with requests.Session() as session:
            state = session.post(f"{url}/provider-states", json=STATES, timeout=5).json()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", state["analysis_id"])


def test_a_port_in_use(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = cli("serve", "--port", port)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"--port {port}" in line
    assert "in use" in line
    assert "port 0 picks a free one" in line


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--fault", "finalize-is-202"), ("no fault", "'finalize-is-202'", "finalize-is-201")),
        (("--freedom", "uuid-id"), ("no freedom", "'uuid-id'", "uuid-ids")),
        (("--fault", "zzzzzzzz"), ("no fault", "'zzzzzzzz'")),
        (("--host", "300.1.1.1"), ("--host 300.1.1.1", "cannot listen")),
        (("--host", "host.invalid"), ("--host host.invalid", "not known")),
        (("--host", "192.0.2.1"), ("--host 192.0.2.1", "cannot listen")),
    ],
)
def test_what_cannot_be_served(cli: Cli, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    done = cli("serve", "--port", "0", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert all(part in line for part in parts), line


@pytest.mark.parametrize("port", ["-1", "65536", "http", "9950.0", "\u0663", ""])
def test_what_is_no_port(cli: Cli, port: str) -> None:
    done = cli("serve", f"--port={port}")
    assert done.returncode == 2
    assert "is no port; try 9950" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "names"),
    [("--list-faults", faults.catalogue()), ("--list-freedoms", freedoms.catalogue())],
)
def test_catalogues_are_listed_one_a_line(cli: Cli, words: str, names: dict[str, object]) -> None:
    done = cli("serve", words)
    assert done.returncode == 0
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == list(names)
    assert all(": " in line for line in done.stdout.splitlines())


def test_a_fault_is_listed_with_category_level_and_clause(cli: Cli) -> None:
    lines = cli("serve", "--list-faults").stdout.splitlines()
    said = [
        re.search(r" \[(\w+): (must|should|may) [a-z.-]+(, \w+ [a-z.-]+)*\]$", line)
        for line in lines
    ]
    assert None not in said
    assert len({match[1] for match in said if match}) == len(faults.CHAPTERS)


def test_without_names_it_is_the_reference() -> None:
    assert service((), ()).undeclared("PUT").status == 405
    with pytest.raises(ValueError, match="did you mean"):
        service(("finalize-is-20",), ())
