"""What goes over the wire, and what comes of servers that misbehave on it."""

from __future__ import annotations

import base64
import gzip
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

import pytest

from virtool_contract.api import Api
from virtool_contract.credentials import basic, credential_headers
from virtool_contract.guard import UnsafeWriteError
from virtool_contract.provider import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Answer, Seen, Stub, Wire

    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]
    Stubbing: TypeAlias = Callable[[Callable[[Seen], Answer]], Stub]

PATH = "/api/analyses/{analysis_id}"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def says(raw: bytes, *, close: bool = False) -> Callable[[socket.socket, bytes], None]:
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(raw)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return script


def drips(head: bytes, piece: bytes, seconds: float) -> Callable[[socket.socket, bytes], None]:
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(seconds)

    return script


def test_a_write_goes_out_as_it_was_given(wire: Wiring) -> None:
    server = wire(says(OK))
    api = Api(f"{server.url}/", PATH)
    odd = "a:b*é+~@"
    api.guard.admit(odd)
    headers = (("Authorization", "Basic eDp5"), ("Content-Type", "application/json"))
    exchange = api.send("PATCH", odd, headers, b'{"results": {}}')
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "PATCH /api/analyses/a%3Ab%2A%C3%A9%2B~%40 HTTP/1.1"
    assert exchange.request.target == lines[0].split()[1]
    named = dict(line.split(": ", 1) for line in lines[1:])
    assert named.pop("Host") == server.url.removeprefix("http://")
    assert named.pop("Connection", "keep-alive") == "keep-alive"
    assert named == {
        "User-Agent": "virtool-contract",
        "Accept": "application/json, */*",
        "Accept-Encoding": "gzip, deflate",
        "Authorization": "Basic eDp5",
        "Content-Type": "application/json",
        "Content-Length": "15",
    }
    assert body == b'{"results": {}}'


def test_a_read_may_ask_for_any_id(wire: Wiring) -> None:
    server = wire(says(OK))
    target = Api(server.url, PATH).send("GET", "a/b c?d#é%").request.target
    assert target == "/api/analyses/a%2Fb%20c%3Fd%23%C3%A9%25"
    assert server.requests[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_a_read_carries_no_body_and_no_label(wire: Wiring) -> None:
    server = wire(says(OK))
    exchange = Api(server.url, PATH).send("GET", "x")
    assert exchange.response
    assert (exchange.response.status, exchange.response.body) == (200, b"{}")
    assert exchange.response.media_type == "application/json"
    assert b"content-" not in server.requests[0].lower()
    assert b"authorization" not in server.requests[0].lower()


def test_an_empty_body_is_sent_as_such(wire: Wiring) -> None:
    server = wire(says(OK))
    api = Api(server.url, PATH)
    api.guard.admit("x")
    assert api.send("PATCH", "x", (("Content-Type", "application/json"),)).response
    assert b"\r\nContent-Length: 0\r\n" in server.requests[0]


def test_redirects_are_not_followed(stub: Stubbing) -> None:
    elsewhere = stub(lambda _: (200, {}))
    server = stub(lambda _: (302, b"", {"Location": elsewhere.url}))
    exchange = Api(server.url, PATH).send("GET", "x", basic("job-a", "key"))
    assert exchange.response
    assert exchange.response.status == 302
    assert elsewhere.seen == []


def test_neither_netrc_nor_proxy_is_used(
    stub: Stubbing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    proxy, server = stub(lambda _: (502, {})), stub(lambda _: (200, {}))
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    exchange = Api(server.url, PATH).send("GET", "x")
    assert exchange.response
    assert exchange.response.status == 200
    assert "authorization" not in server.seen[0].headers
    assert proxy.seen == []


def test_a_cookie_of_one_caller_does_not_go_with_the_next(stub: Stubbing) -> None:
    server = stub(lambda _: (200, {}, {"Set-Cookie": "session=owner; Path=/"}))
    api = Api(server.url, PATH)
    for headers in (basic("job-a", "key"), ()):
        assert api.send("GET", "x", headers).response
    assert [("cookie" in seen.headers) for seen in server.seen] == [False, False]


def test_a_body_is_read_up_to_the_cap(wire: Wiring) -> None:
    body = b"x" * 3000
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + body
    server = wire(says(raw))
    exact = Api(server.url, PATH, body_cap=3000).send("GET", "x").response
    assert exact
    assert exact.body == body
    exchange = Api(server.url, PATH, body_cap=2999).send("GET", "x")
    assert exchange.response is None
    assert exchange.failure == "the body is longer than 2999 bytes"


def test_a_zip_bomb_ends_at_the_cap(wire: Wiring) -> None:
    body = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    exchange = Api(wire(says(head.encode() + body)).url, PATH, body_cap=10**6).send("GET", "x")
    assert exchange.failure == "the body is longer than 1000000 bytes"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x"),
        (b"HTTP/1.1 ", b"2"),
    ],
    ids=["length", "chunked", "until closed", "header", "status line"],
)
def test_a_dripping_answer_ends_at_the_deadline(wire: Wiring, head: bytes, piece: bytes) -> None:
    api = Api(wire(drips(head, piece, 0.05)).url, PATH, timeout=5, deadline=0.5)
    started = time.monotonic()
    exchange = api.send("GET", "x")
    assert exchange.failure == "the answer was not complete after 0.5 seconds"
    assert time.monotonic() - started < 2


def test_a_silent_server_ends_at_the_timeout(wire: Wiring) -> None:
    api = Api(wire(lambda *_: time.sleep(5)).url, PATH, timeout=0.3)
    started = time.monotonic()
    exchange = api.send("GET", "x")
    assert exchange.response is None
    assert "timed out" in exchange.failure
    assert time.monotonic() - started < 2


def test_a_server_that_is_known_to_hang_has_less_time_after_writes(wire: Wiring) -> None:
    api = Api(wire(lambda *_: time.sleep(5)).url, PATH, timeout=3)
    api.guard.admit("x")
    api.grow_impatient()
    started = time.monotonic()
    assert "timed out" in api.send("PATCH", "x", body=b"{}").failure
    between = time.monotonic()
    assert "timed out" in api.send("GET", "x").failure
    assert between - started < time.monotonic() - between


def test_such_a_server_has_more_time_for_long_bodies(stub: Stubbing) -> None:
    def late(_: Seen) -> Answer:
        time.sleep(0.6)
        return 200, {}

    api = Api(stub(late).url, PATH, timeout=3)
    api.guard.admit("x")
    api.grow_impatient()
    assert "timed out" in api.send("PATCH", "x", body=b"{}").failure
    assert api.send("PATCH", "x", body=b" " * 400_000).response
    assert api.send("PATCH", "x", body=b"{}").response, "nor is it hurried any more"


def reset(connection: socket.socket, _request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_midway(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    time.sleep(0.1)
    reset(connection, request)


def in_turn(
    *scripts: Callable[[socket.socket, bytes], None],
) -> Callable[[socket.socket, bytes], None]:
    left = iter(scripts)

    def script(connection: socket.socket, request: bytes) -> None:
        next(left)(connection, request)

    return script


FAILURES = {
    "reset": (reset, "Connection reset by peer"),
    "reset midway": (reset_midway, "Connection reset by peer"),
    "closed": (lambda connection, _: connection.shutdown(socket.SHUT_RDWR), "closed connection"),
    "not HTTP": (says(b"SSH-2.0-OpenSSH_9.6\r\n", close=True), "SSH-2.0"),
    "binary": (says(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n", close=True), "x15"),
    "too short": (says(OK.replace(b": 2", b": 20"), close=True), "IncompleteRead"),
    "cut chunk": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", close=True),
        "IncompleteRead",
    ),
    "no chunk size": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", close=True),
        "zz",
    ),
    "not gzip": (
        says(OK.replace(b"{}", b"ab").replace(b"Type: application/json", b"Encoding: gzip")),
        "",
    ),
}


@pytest.mark.parametrize(("script", "word"), FAILURES.values(), ids=FAILURES)
def test_what_does_not_arrive_is_a_value_with_a_reason(
    wire: Wiring, script: Callable[[socket.socket, bytes], None], word: str
) -> None:
    exchange = Api(wire(script).url, PATH, timeout=5).send("GET", "x")
    assert exchange.response is None
    assert word in exchange.failure
    assert exchange.failure
    assert exchange.failure.isascii()
    assert "\n" not in exchange.failure


def test_a_failed_request_is_sent_once(wire: Wiring) -> None:
    server = wire(reset)
    api = Api(server.url, PATH)
    api.guard.admit("x")
    assert api.send("DELETE", "x").failure
    assert len(server.requests) == 1


def test_what_is_lost_on_a_kept_connection_is_sent_once_more(wire: Wiring) -> None:
    server = wire(in_turn(says(OK), reset, says(OK), reset))
    api = Api(server.url, PATH)
    api.guard.admit("x")
    assert not api.send("GET", "x").lost
    exchange = api.send("DELETE", "x")
    assert exchange.response
    assert "reset" in exchange.lost
    assert (server.connections, api.sent) == (2, 3)
    failed = api.send("DELETE", "x")  # no connection is kept now: what fails is the target's doing
    assert (failed.response, failed.lost) == (None, "")
    assert "reset" in failed.failure
    assert (server.connections, api.sent) == (3, 4)


def test_what_ends_within_its_answer_is_not_sent_again(wire: Wiring) -> None:
    server = wire(in_turn(says(OK), reset_midway))
    api = Api(server.url, PATH)
    api.guard.admit("x")
    assert api.send("GET", "x").response
    assert api.send("DELETE", "x").failure
    assert len(server.requests) == 2


def limiting(after: str) -> bytes:
    return f"HTTP/1.1 429 Slow down\r\n{after}Content-Length: 0\r\n\r\n".encode()


def test_what_is_to_come_later_is_sent_again(wire: Wiring) -> None:
    asks = says(limiting("Retry-After: 0\r\n"))
    server = wire(in_turn(asks, asks, says(OK), asks, says(OK)))
    api = Api(server.url, PATH)
    api.guard.admit("x")
    for method, pauses in (("DELETE", 2), ("GET", 3)):
        answer = api.send(method, "x").response
        assert answer
        assert (answer.status, api.pauses) == (200, pauses)
    assert len(server.requests) == 5


@pytest.mark.parametrize("after", ["", "Retry-After: soon\r\n", "Retry-After: 6\r\n"])
def test_what_is_to_come_never_or_too_late_is_an_answer(wire: Wiring, after: str) -> None:
    server = wire(says(limiting(after)))
    api = Api(server.url, PATH, timeout=5)
    answer = api.send("GET", "x").response
    assert answer
    assert (answer.status, api.pauses, len(server.requests)) == (429, 0, 1)


def test_nobody_waits_again_where_it_was_no_help(wire: Wiring) -> None:
    server = wire(says(limiting("Retry-After: 0\r\n")))
    api = Api(server.url, PATH, timeout=0.25)
    for _ in range(2):
        answer = api.send("GET", "x").response
        assert answer
        assert (answer.status, api.pauses) == (429, 2)
    assert len(server.requests) == 4


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    exchange = Api(f"http://127.0.0.1:{port}", PATH).send("GET", "x")
    assert exchange.failure == "Connection refused"


def test_a_body_longer_than_its_length_is_cut_there(wire: Wiring) -> None:
    server = wire(says(OK + b"trailing garbage", close=True))
    answer = Api(server.url, PATH).send("GET", "x").response
    assert answer
    assert answer.body == b"{}"


@pytest.mark.parametrize("length", [0, 4])
def test_what_a_204_announces_is_not_taken_for_the_next_answer(wire: Wiring, length: int) -> None:
    used: list[socket.socket] = []

    def script(connection: socket.socket, request: bytes) -> None:
        used.append(connection)
        gone = b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % length
        connection.sendall(gone if request.startswith(b"DELETE") else OK)

    api = Api(wire(script).url, PATH)
    api.guard.admit("a")
    removed = api.send("DELETE", "a").response
    read = api.send("GET", "a").response
    assert removed
    assert (removed.status, removed.announced, removed.body) == (204, length, b"")
    assert read
    assert read.body == b"{}"
    assert (used[0] is used[1]) is (length == 0)


def in_pieces(raw: bytes) -> Callable[[socket.socket, bytes], None]:
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(raw)):
            connection.sendall(raw[place : place + 1])
            time.sleep(0.001)

    return script


ZIPPED = gzip.compress(b'{"id": "x"}')
PIECES = {
    "plain": b"Content-Length: 11\r\n\r\n" + b'{"id": "x"}',
    "chunked": b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"id\r\n7\r\n": "x"}\r\n0\r\n\r\n',
    "gzip": b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED,
    "gzip, chunked": b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (ZIPPED[:5], len(ZIPPED) - 5, ZIPPED[5:]),
}


@pytest.mark.parametrize("raw", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("cut", [in_pieces, says], ids=["byte by byte", "at once"])
def test_bodies_arrive_whole_however_they_are_sent(
    wire: Wiring, cut: Callable[[bytes], Callable[[socket.socket, bytes], None]], raw: bytes
) -> None:
    answer = Api(wire(cut(b"HTTP/1.1 200 OK\r\n" + raw)).url, PATH).send("GET", "x").response
    assert answer
    assert answer.body == b'{"id": "x"}'
    assert answer.elapsed > 0


def test_repeated_headers_are_all_kept(wire: Wiring) -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
    answer = Api(wire(says(raw)).url, PATH).send("GET", "x").response
    assert answer
    assert [value for name, value in answer.headers if name.lower() == "x-a"] == ["1", "2"]
    assert answer.header("X-a") == "1"


def test_an_answer_before_the_body_was_sent_is_no_exception() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.1)
        reset(connection, b"")

    threading.Thread(target=refuse, daemon=True).start()
    with listener:
        api = Api(f"http://127.0.0.1:{listener.getsockname()[1]}", PATH, timeout=3)
        api.guard.admit("x")
        exchange = api.send("PATCH", "x", body=b"x" * 20_000_000)
    assert bool(exchange.response) is not bool(exchange.failure)


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT", "POST"])
def test_writes_go_only_to_admitted_ids(wire: Wiring, method: str) -> None:
    server = wire(says(OK))
    api = Api(server.url, PATH)
    with pytest.raises(UnsafeWriteError, match="'x', which nobody handed out"):
        api.send(method, "x")
    assert server.requests == []
    assert api.sent == 0
    api.guard.admit("x")
    assert api.send(method, "x").response
    api.guard.dismiss(["x", "never admitted"])
    with pytest.raises(UnsafeWriteError):
        api.send(method, "x")
    assert api.send("GET", "x").response
    assert api.sent == 2


def test_a_thread_keeps_its_connection_and_shares_it_with_none(wire: Wiring) -> None:
    server = wire(says(OK))
    api = Api(server.url, PATH)
    for _ in range(3):
        assert api.send("GET", "x").response
    assert server.connections == 1
    barrier = threading.Barrier(2)

    def client() -> None:
        barrier.wait()
        assert api.send("GET", "x").response

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.connections == 3


def test_a_connection_that_was_closed_while_idle_is_not_used_again(wire: Wiring) -> None:
    server = wire(says(OK, close=True))
    api = Api(server.url, PATH)
    for _ in range(3):
        assert api.send("GET", "x").response
        time.sleep(0.05)
    assert server.connections == 3


def test_credentials_become_basic_or_stay_as_they_are() -> None:
    ((name, value),) = credential_headers(Credentials(job_id="j1", job_key="k:\u00e9"))
    assert name == "Authorization"
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "job-j1:k:\u00e9"
    own = {"X-Job": "j1", "X-Key": "k"}
    assert dict(credential_headers(Credentials(job_id="j1", job_key="k", headers=own))) == own
