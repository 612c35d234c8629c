"""A bound on the whole of an exchange, however the answer comes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import pytest

from virtool_contract.api import Api
from virtool_contract.deadlines import TICK, Watchdog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.conftest import Wire

    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]

PATH = "/api/analyses/{analysis_id}"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LATE = "the answer was not complete after 0.3 seconds"


def drips(connection: socket.socket, head: bytes, seconds: float = 5) -> None:
    """Send a head, then a byte now and then."""
    with suppress(OSError):
        connection.sendall(head)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.sendall(b"x")
            time.sleep(0.03)


def by_id(connection: socket.socket, request: bytes) -> None:
    """Drip where the id says so, else answer at once."""
    if b"/slow" in request.partition(b"\r\n")[0]:
        drips(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    else:
        connection.sendall(ANSWER)


HEADS = {
    "the last answer of a connection": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    "the last one, with a length": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n"
    ),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n",
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    "an error": b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n",
    "no end of headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_an_answer_that_drips_ends_at_the_deadline(wire: Wiring, head: bytes) -> None:
    server = wire(lambda connection, _: drips(connection, head))
    api = Api(server.url, PATH, timeout=2, deadline=0.3)
    started = time.monotonic()
    exchange = api.send("GET", "x")
    assert exchange.response is None
    assert exchange.failure == LATE
    assert 0.3 <= time.monotonic() - started < 0.3 + TICK + 1


def test_the_next_request_is_not_touched(wire: Wiring) -> None:
    api = Api(wire(by_id).url, PATH, timeout=2, deadline=0.3)
    assert api.send("GET", "slow").failure == LATE
    for _ in range(3):
        exchange = api.send("GET", "quick")
        assert exchange.response
        assert exchange.response.body == b"{}"
        time.sleep(TICK)


def test_each_of_many_exchanges_has_its_own_deadline(wire: Wiring) -> None:
    api = Api(wire(by_id).url, PATH, timeout=2, deadline=0.3)
    ids = ["slow" if number % 2 else "quick" for number in range(16)]
    started = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        exchanges = list(pool.map(lambda each: api.send("GET", each), ids))
    assert time.monotonic() - started < 2
    for analysis_id, exchange in zip(ids, exchanges, strict=True):
        assert exchange.failure == (LATE if analysis_id == "slow" else "")
        assert (exchange.response is None) is (analysis_id == "slow")
    assert api._watchdog._watches == set()


def test_no_watch_is_left_behind(wire: Wiring) -> None:
    def hang_up(connection: socket.socket, _: bytes) -> None:
        connection.close()

    for script, failed in ((by_id, False), (hang_up, True)):
        api = Api(wire(script).url, PATH, timeout=2)
        assert (api.send("GET", "quick").response is None) is failed
        assert api._watchdog._watches == set()
    nobody = Api("http://127.0.0.1:1", PATH, timeout=2)
    assert nobody.send("GET", "x").failure
    assert nobody._watchdog._watches == set()
    with pytest.raises(RuntimeError, match="by itself"), Watchdog().watching(1) as watch:
        raise RuntimeError("by itself")
    assert not watch.expired


def test_one_thread_watches_and_it_keeps_nobody_from_ending() -> None:
    def watchers() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name == "watchdog"}

    before = watchers()
    dog = Watchdog()
    assert watchers() <= before, "none is started for nothing"
    for _ in range(3):
        with dog.watching(1), dog.watching(1):
            assert len(dog._watches) == 2
    started = watchers() - before
    assert len(started) == 1
    assert all(thread.daemon for thread in started)


def test_a_thread_that_has_nothing_to_watch_ends_and_another_one_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("virtool_contract.deadlines.TICK", 0.001)
    watchdog = Watchdog()
    threads = []
    for _ in range(2):
        with watchdog.watching(0.01) as watch:
            thread = watchdog._thread
            assert thread
            threads.append(thread)
            while not watch.expired:
                time.sleep(0.001)
        thread.join(10)
        assert not thread.is_alive()
    assert threads[0] is not threads[1]


def test_a_watch_without_a_connection_expires_all_the_same() -> None:
    with Watchdog().watching(0.05) as watch:
        time.sleep(0.05 + 3 * TICK)
        assert watch.expired
    with Watchdog().watching(60) as watch:
        time.sleep(2 * TICK)
    assert not watch.expired


def test_an_exchange_that_has_ended_is_not_shut_down_any_more(wire: Wiring) -> None:
    api = Api(wire(by_id).url, PATH, timeout=2, deadline=0.15)
    assert api.send("GET", "quick").response
    time.sleep(0.15 + 2 * TICK)
    server_side = api.send("GET", "quick")
    assert server_side.response, "the connection was kept and is still open"


def test_the_connection_is_kept(wire: Wiring) -> None:
    server = wire(by_id)
    api = Api(server.url, PATH, timeout=2, deadline=0.15)
    for _ in range(3):
        assert api.send("GET", "quick").response
        time.sleep(0.15 + TICK)
    assert server.connections == 1


INTERIM = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
)


def test_interim_answers_are_passed_over(wire: Wiring) -> None:
    server = wire(lambda connection, _: connection.sendall(INTERIM + ANSWER))
    api = Api(server.url, PATH, timeout=2)
    for _ in range(3):
        answer = api.send("GET", "x").response
        assert answer
        assert (answer.status, answer.body) == (200, b"{}")
    assert server.connections == 1


def test_a_flood_of_interim_answers_ends_at_the_deadline(wire: Wiring) -> None:
    def flood(connection: socket.socket, _: bytes) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(INTERIM)

    api = Api(wire(flood).url, PATH, timeout=2, deadline=0.3)
    started = time.monotonic()
    assert api.send("GET", "x").failure == LATE
    assert time.monotonic() - started < 2
