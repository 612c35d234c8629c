"""The server on its socket: starting, stopping, and what goes over it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from virtool_contract.reference import faults, freedoms
from virtool_contract.reference.app import run
from virtool_contract.reference.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.reference.conftest import Subject, Target

PROGRAM = """
import sys
from virtool_contract.reference.app import run
from virtool_contract.reference.service import Service

run(Service(), on_ready=lambda url: print(url, flush=True), stop_when_closed=sys.stdin)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        yield child
        child.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    return url


def test_it_accepts_connections_when_it_says_so(process: subprocess.Popen[str]) -> None:
    port = int(url_of(process).rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.getpeername()[1] == port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_quietly(process: subprocess.Popen[str], number: signal.Signals) -> None:
    url_of(process)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")


def test_it_stops_when_its_input_ends(process: subprocess.Popen[str]) -> None:
    url_of(process)
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*in use"):
            run(Service(), port=port)


def test_the_root_can_be_elsewhere(serve: Callable[..., Target]) -> None:
    target = serve(Service(), api_root="/jobs/")
    subject = target.pending()
    for root, status in (("jobs", 200), ("api", 404)):
        url = f"{target.url}/{root}/analyses/{subject.analysis_id}"
        assert target.session.get(url, auth=subject.auth, timeout=5).status_code == status


def test_a_slash_at_the_end_is_another_address(target: Target) -> None:
    subject = target.pending()
    reply = target.send("GET", f"{subject.analysis_id}/", subject.auth, allow_redirects=False)
    assert reply.status_code == 404


def test_a_client_that_leaves_in_the_middle_does_no_harm(
    target: Target, capfd: pytest.CaptureFixture[str]
) -> None:
    subject = target.pending()
    port = int(target.url.rpartition(":")[2])
    for path in (f"/api/analyses/{subject.analysis_id}", "/provider-states"):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
            connection.sendall(head.encode())
            time.sleep(0.05)
    assert target.read(subject)["ready"] is False
    assert capfd.readouterr().err == ""


def reads(target: Target, subject: Subject, count: int) -> list[int]:
    return [target.send("GET", subject.analysis_id, subject.auth).status_code for _ in range(count)]


def test_answers_are_not_held_back(target: Target) -> None:
    subject = target.pending()
    begun = time.perf_counter()
    assert reads(target, subject, 50) == [200] * 50
    # Nagle's algorithm against delayed ACKs would make this 50 times 40 ms.
    assert time.perf_counter() - begun < 1.5


def test_many_connections_at_once(target: Target) -> None:
    subject = target.pending()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: reads(target, subject, 10), range(8)))
    assert statuses == [[200] * 10] * 8


def finalize_together(target: Target, subject: Subject, count: int) -> list[int]:
    barrier = threading.Barrier(count)

    def finalize(number: int) -> int:
        barrier.wait(timeout=5)
        body = {"results": {"by": number}}
        return target.send("PATCH", subject.analysis_id, subject.auth, body).status_code

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(finalize, range(count)))


def test_one_of_several_finalizes_wins(target: Target) -> None:
    assert finalize_together(target, target.pending(), 4) == [200, 409, 409, 409]


def test_a_race_opens_on_a_real_socket(serve: Callable[..., Target]) -> None:
    target = serve(faults.compose(["finalize-race"])())
    rounds = [finalize_together(target, target.pending(), 4).count(200) for _ in range(10)]
    assert max(rounds) > 1


def test_two_faults_at_once(serve: Callable[..., Target]) -> None:
    target = serve(faults.compose(["user-missing", "finalize-is-201"])())
    subject = target.pending()
    assert "user" not in target.read(subject)
    reply = target.send("PATCH", subject.analysis_id, subject.auth, {"results": {}})
    assert reply.status_code == 201


def test_freedoms_of_transport(serve: Callable[..., Target]) -> None:
    target = serve(freedoms.compose(["gzipped", "chunked", "connection-closed", "slow"])())
    subject = target.pending()
    reply = target.send("GET", subject.analysis_id, subject.auth)
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.headers["connection"] == "close"
    assert reply.elapsed.total_seconds() >= 0.008
    assert reply.json()["id"] == subject.analysis_id


def test_head_and_options_may_differ(serve: Callable[..., Target]) -> None:
    target = serve(freedoms.compose(["head-refused", "options-answered"])())
    subject = target.pending()
    assert target.send("HEAD", subject.analysis_id, subject.auth).status_code == 405
    assert target.send("OPTIONS", subject.analysis_id, subject.auth).status_code == 204
    assert target.send("PUT", subject.analysis_id, subject.auth).status_code == 405
