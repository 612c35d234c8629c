"""A provider behind a URL that cannot be reached, or does not end, is left, and said so of."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from virtool_contract.provider import ProviderError, pending_analysis
from virtool_contract.providers.http import HttpProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Answer, Seen, Stub, Wire

    Stubbing: TypeAlias = Callable[[Callable[[Seen], Answer]], Stub]
    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]

GOOD: dict[str, Any] = {"analysis_id": "a1", "job_id": "j1", "job_key": "k"}
HTML = b"<html><body>It works!</body></html>"


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    expected = f"the provider at http://127.0.0.1:{port}/x cannot be reached: Connection refused"
    with pytest.raises(ProviderError) as caught:
        HttpProvider(f"http://127.0.0.1:{port}/x").change("setup", "s", {})
    assert str(caught.value) == expected


def test_a_url_without_a_port_is_named_as_it_is() -> None:
    with pytest.raises(ProviderError, match=r"at http://host\.invalid/states cannot be reached"):
        HttpProvider("http://host.invalid/states", 5).change("setup", "s", {})


@pytest.mark.parametrize("host", ["a" * 64, "a..b"], ids=["long label", "empty label"])
def test_a_host_that_cannot_be_one_is_said_so_of(host: str) -> None:
    with pytest.raises(ProviderError, match=r"cannot be reached: label (empty or )?too long"):
        HttpProvider(f"http://{host}/states", 5).change("setup", "s", {})


def test_a_provider_that_says_nothing_is_left(wire: Wiring) -> None:
    server = wire(lambda *_: time.sleep(5))
    started = time.monotonic()
    with pytest.raises(ProviderError, match="timed out"):
        HttpProvider(server.url, 0.3).change("setup", "s", {})
    assert time.monotonic() - started < 3


def test_a_provider_that_never_stops_is_left(wire: Wiring) -> None:
    def flood(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in itertools.count():
            connection.sendall(b" " * 65536)

    server = wire(flood)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            HttpProvider(server.url, 1).change("setup", "s", {})
        except ProviderError as error:
            caught.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert "answered with more than 1048576 bytes: " in str(caught[0])


def test_neither_netrc_nor_proxy_is_used(stub: Stubbing, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = stub(lambda _: (502, HTML)), stub(lambda _: (200, GOOD))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert pending_analysis(HttpProvider(server.url), files=False).analysis_id == "a1"
    assert proxy.seen == []


def test_each_thread_has_a_connection_of_its_own(wire: Wiring) -> None:
    body = b'{"analysis_id": 1, "job_id": 1, "job_key": "k"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    server = wire(lambda connection, _: connection.sendall(answer))
    provider = HttpProvider(server.url)

    def ask() -> None:
        for _ in range(3):
            provider.change("setup", "s", {})

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.connections == 2
    provider.close()
