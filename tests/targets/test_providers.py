"""The providers of docs/targets.md, spoken to as the suite speaks to them."""

from __future__ import annotations

import json
import select
import shlex
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import requests

from tests.targets.conftest import EXAMPLES, OWNED, environment, run, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.targets.conftest import Served

ANALYSIS = "a pending analysis"
IDLE = "a job that runs no analysis"

PROVIDERS = {
    "HTTP": f"python {EXAMPLES / 'http_provider.py'}",
    "command": f"python {EXAMPLES / 'command_provider.py'}",
    "Node": f"node {EXAMPLES / 'command_provider.mjs'}",
}

Ask: TypeAlias = "Callable[[object], dict[str, Any]]"


@contextmanager
def asking_over_http(words: list[str]) -> Iterator[Ask]:
    with running(*words, "0") as url:
        yield lambda message: dict(requests.post(url, data=written(message), timeout=10).json())


@contextmanager
def asking_a_command(words: list[str]) -> Iterator[Ask]:
    """Each answer is read before the next message is written, as the suite does."""
    with subprocess.Popen(
        words, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        reader, writer = process.stdout, process.stdin
        assert reader
        assert writer

        def ask(message: object) -> dict[str, Any]:
            print(written(message), file=writer, flush=True)
            assert select.select([reader], [], [], 10)[0], "the answer waits in a buffer"
            return dict(json.loads(reader.readline()))

        yield ask
        writer.close()
        assert process.wait(timeout=10) == 0, "it ends with its input"


def written(message: object) -> str:
    return message if isinstance(message, str) else json.dumps(message)


@pytest.fixture(params=PROVIDERS)
def ask(server: Served, request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Sends a provider a message, and gives its answer."""
    words = [*shlex.split(PROVIDERS[request.param]), str(server.database)]
    asking = asking_over_http if request.param == "HTTP" else asking_a_command
    with asking(words) as ask:
        yield ask


def setup(state: str = ANALYSIS, **params: object) -> dict[str, Any]:
    return {"action": "setup", "state": state, "params": params}


def teardown(state: str = ANALYSIS, **params: object) -> dict[str, Any]:
    return setup(state, **params) | {"action": "teardown"}


def document(server: Served, made: dict[str, Any]) -> dict[str, Any]:
    """The analysis that a provider made, as its job reads it."""
    user = f"job-{made['job_id']}"
    url = f"{server.url}/api/analyses/{made['analysis_id']}"
    return dict(requests.get(url, auth=(user, made["job_key"]), timeout=10).json())


def test_an_analysis_is_what_was_asked_for(server: Served, ask: Ask) -> None:
    one, two = ask(setup(files=True)), ask(setup(files=False))
    assert document(server, one)["job"] == {"id": one["job_id"]}
    assert len(document(server, one)["files"]) == 1
    assert document(server, two)["files"] == []
    assert document(server, one)["sample"] != document(server, two)["sample"]
    three = ask(setup(sample_of=one["analysis_id"]))
    assert document(server, three)["sample"] == document(server, one)["sample"]
    assert document(server, ask(setup(sample_of="uskrqsxm")))["sample"]["id"] != "kigvhuql"


def test_a_message_that_cannot_be_carried_out_is_answered_and_not_the_last(ask: Ask) -> None:
    assert ask(setup("a finalized analysis")) == {"error": "unknown state"}
    for wrong in ("nonsense", "[]", "null", '"setup"', "{}", teardown(), setup(sample_of=[1])):
        assert isinstance(ask(wrong)["error"], str)
    assert ask(setup(IDLE)).keys() == {"job_id", "job_key"}


def test_teardown_takes_what_was_made_and_nothing_else(server: Served, ask: Ask) -> None:
    before = server.rows(of_the_suite=True)
    others = server.rows(of_the_suite=False)
    assert len(others) == len(OWNED)
    made, job = ask(setup(files=True)), ask(setup(IDLE))
    kept = ask(setup(sample_of=made["analysis_id"]))
    assert ask(teardown(analysis_id="uskrqsxm")) == {}
    assert ask(teardown(IDLE, job_id="afovbrnx")) == {}
    assert server.rows(of_the_suite=False) == others
    assert ask(teardown(analysis_id=made["analysis_id"])) == {}
    assert document(server, made) == {"message": "Unauthorized"}
    assert document(server, kept)["sample"]["name"], "another analysis still needs it"
    assert ask(teardown(analysis_id=made["analysis_id"])) == {}
    assert ask(teardown(IDLE, job_id=job["job_id"])) == {}
    assert ask(teardown(analysis_id=kept["analysis_id"])) == {}
    assert server.rows(of_the_suite=True) == before


def test_a_failed_set_up_leaves_nothing_half_made(server: Served, ask: Ask) -> None:
    before = server.rows(of_the_suite=True)
    with closing(sqlite3.connect(server.database, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE analysis_files RENAME TO files_elsewhere")
        try:
            assert "analysis_files" in ask(setup(files=True))["error"]
        finally:
            connection.execute("ALTER TABLE files_elsewhere RENAME TO analysis_files")
    assert server.rows(of_the_suite=True) == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, provider: str) -> None:
    if provider == "HTTP":
        with asking_over_http([*shlex.split(PROVIDERS[provider]), str(tmp_path / "no.db")]) as ask:
            said = ask(setup())["error"]
    else:
        done = run(f"{PROVIDERS[provider]} no.db <<< '{json.dumps(setup())}'", tmp_path)
        said = done.stdout + done.stderr
    assert "unable to open database file" in said
    assert list(tmp_path.iterdir()) == []


def test_the_file_script_explains_itself() -> None:
    done = run(f"python {EXAMPLES / 'state_file.py'} forget contract.db")
    assert done.returncode == 1
    assert "state_file.py make DATABASE COUNT" in done.stderr
