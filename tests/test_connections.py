"""Connections over TLS, content encodings, threads: what tests of the Api leave out."""

from __future__ import annotations

import gzip
import http.client
import ssl
import threading
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import certifi
import pytest
import trustme

from tests.conftest import Stub
from virtool_contract.api import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Answer, Seen

PATH = "/api/analyses/{analysis_id}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is the one that is trusted."""
    file = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setattr(certifi, "where", lambda: str(file))


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Callable[[str], Stub]]:
    """Serves over TLS, with a certificate for a host."""
    stub = Stub(lambda _: (200, {"id": "x"}))

    def serve(host: str) -> Stub:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(host).configure_cert(context)
        stub.server.socket = context.wrap_socket(stub.server.socket, server_side=True)
        stub.url = stub.url.replace("http:", "https:")
        return stub

    with closing(stub):
        yield serve


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_a_trusted_authority_will_do(secure: Callable[[str], Stub]) -> None:
    server = secure("127.0.0.1")
    api = Api(server.url, PATH)
    for _ in range(2):
        exchange = api.send("GET", "x")
        assert exchange.failure == ""
        assert exchange.response
        assert exchange.response.body == b'{"id": "x"}'
    assert len(server.seen) == 2


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_host_will_not(secure: Callable[[str], Stub]) -> None:
    server = secure("example.org")
    assert (
        "certificate is not valid for '127.0.0.1'" in Api(server.url, PATH).send("GET", "x").failure
    )
    assert server.seen == []


def test_a_certificate_of_anybody_will_not(secure: Callable[[str], Stub]) -> None:
    server = secure("127.0.0.1")
    assert "CERTIFICATE_VERIFY_FAILED" in Api(server.url, PATH).send("GET", "x").failure
    assert server.seen == []


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
        ("deflate, gzip", lambda raw: gzip.compress(zlib.compress(raw))),
    ],
)
def test_content_encodings_are_undone(
    stub: Callable[[Callable[[Seen], Answer]], Stub],
    encoding: str,
    encode: Callable[[bytes], bytes],
) -> None:
    plain = b'{"long": "' + b"x" * 200_000 + b'"}'
    server = stub(lambda _: (200, encode(plain), {"Content-Encoding": encoding}))
    response = Api(server.url, PATH).send("GET", "x").response
    assert response
    assert response.body == plain


def test_what_is_not_encoded_as_it_says_is_a_failure(
    stub: Callable[[Callable[[Seen], Answer]], Stub],
) -> None:
    server = stub(lambda _: (200, b"{}", {"Content-Encoding": "gzip"}))
    exchange = Api(server.url, PATH).send("GET", "x")
    assert exchange.response is None
    assert "incorrect header check" in exchange.failure


def test_threads_have_connections_of_their_own(
    stub: Callable[[Callable[[Seen], Answer]], Stub],
) -> None:
    together = threading.Barrier(3, timeout=5)

    def answer(_: Seen) -> Answer:
        together.wait()  # passes only if three requests are there at once
        return 200, {}

    api = Api(stub(answer).url, PATH)
    threads = [threading.Thread(target=api.send, args=("GET", "x")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken


def test_a_request_goes_out_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []
    send = http.client.HTTPConnection.send

    def noted(connection: http.client.HTTPConnection, data: bytes) -> None:
        pieces.append(data)
        send(connection, data)

    monkeypatch.setattr(http.client.HTTPConnection, "send", noted)
    with closing(Stub(lambda _: (200, {}))) as server:
        api = Api(server.url, PATH)
        api.guard.admit("x")
        assert api.send("PATCH", "x", body=b'{"results": {}}').response
        assert api.send("GET", "x").response
    assert [piece.split()[0] for piece in pieces] == [b"PATCH", b"GET"]
    assert pieces[0].endswith(b'\r\n\r\n{"results": {}}')
    assert [seen.body for seen in server.seen] == [b'{"results": {}}', b""]
