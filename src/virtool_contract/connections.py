"""Connections to one host: kept alive, watched, and for one thread each.

A server may end a kept connection at any time, without a word (RFC 9112, section 9.6): the request
that then goes out on it is lost, and nobody's fault. It may also have requests wait (RFC 6585,
section 4): what is refused so has not been looked at, and is sent again when its time has come.
"""

import http.client
import io
import ssl
import threading
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import certifi
from urllib3 import HTTPResponse
from urllib3.exceptions import DecodeError
from urllib3.util import parse_url, wait_for_read

from virtool_contract.deadlines import Watch, watch_of_this_thread
from virtool_contract.exchange import Headers
from virtool_contract.interrupts import patience, pause

ACCEPTED: Final = {
    "User-Agent": "virtool-contract",
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip, deflate",
}
"""What every request says of who sends it, and of the answers that it can take."""
TOO_MANY_REQUESTS = 429
SHORTEST_PAUSE = 0.1
"""Seconds before a request is sent again, also where a server would have it at once."""
CHUNK = 64 * 1024


class LostError(OSError):
    """A kept connection ended before any of an answer came: the request may never have arrived."""


class TooLongError(OSError):
    """A body is longer than the cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came: status, headers, and the body, its content encoding undone."""

    status: int
    headers: Headers
    body: bytes


class Connections:
    """The connections to one host, one a thread, to be used within a watch (see `Watchdog`).

    Once the host has ended one that was kept, none is kept any more: each request goes out on a
    fresh one, and what is lost then is the host's doing.
    """

    def __init__(self, url: str, body_cap: int) -> None:
        """Connect to nothing yet; of the URL, scheme, host and port count.

        Bodies are read up to `body_cap` bytes.
        """
        self._url = url
        self._body_cap = body_cap
        self.pauses = 0
        self._are_kept = True
        self._waiting_helps = True
        self._local = threading.local()
        self._connections: list[_Connection] = []
        weakref.finalize(self, _close, self._connections)

    def request(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], wait: float
    ) -> Answer:
        """Send a request and read its answer; `wait` bounds each silence, in seconds.

        Redirects are not followed, and nothing is sent twice, but for what the server would have
        later: then that is waited for, `wait` seconds in all, until that has been no help once.

        Raises:
            LostError: a kept connection had ended; another try will not find one.
            HTTPException, OSError, ValueError: no answer came, or none that is HTTP, or too much.
        """
        waited = 0.0
        while True:
            head = self._head(method, target, body, headers, wait)
            asked = _told_to_wait(head)
            if asked is None or not self._waiting_helps:
                return self._answer(head)
            waited += max(asked, SHORTEST_PAUSE)
            if waited > wait:
                self._waiting_helps = False
                return self._answer(head)
            head.close()
            self.hang_up()
            self.pauses += 1
            pause(max(asked, SHORTEST_PAUSE))

    def _head(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], wait: float
    ) -> http.client.HTTPResponse:
        connection = self._connection(patience(wait))
        watch = watch_of_this_thread() or Watch(until=0)
        watch.connection, watch.kept = connection, connection.sock is not None
        try:
            if connection.sock is None:
                connection.connect()
            watch.sock = connection.sock
            # An answer may have come before all was sent (RFC 9112, section 9.5).
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.ask(method, target, body, headers)
            return connection.getresponse()
        except BaseException as error:
            self.hang_up()
            if watch.kept and not watch.answered and isinstance(error, ConnectionError):
                self._are_kept = False
                raise LostError(str(error)) from error
            raise

    def _answer(self, head: http.client.HTTPResponse) -> Answer:
        try:
            with head:  # the last one of a connection has taken the socket over
                body = self._body(head)
        except BaseException:
            self.hang_up()
            raise
        return Answer(status=head.status, headers=tuple(head.headers.items()), body=body)

    def _body(self, head: http.client.HTTPResponse) -> bytes:
        """Read a body, and undo its content encoding.

        Raises:
            TooLongError: it is longer than the cap.
            HTTPException, OSError: it ends early, or is not what its encoding says.
        """
        body = self._capped(head)
        if head.length:
            raise http.client.IncompleteRead(body, head.length)
        encoding = ", ".join(head.headers.get_all("Content-Encoding", []))
        if not encoding or not body:
            return body
        encoded = HTTPResponse(
            io.BytesIO(body), {"Content-Encoding": encoding}, preload_content=False
        )
        try:
            return self._capped(encoded)
        except DecodeError as error:
            raise OSError(str(error)) from error

    def _capped(self, stream: http.client.HTTPResponse | HTTPResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := stream.read(CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._body_cap:
                raise TooLongError(f"the body is longer than {self._body_cap} bytes")
        return b"".join(chunks)

    def hang_up(self) -> None:
        """Close the connection of this thread; the next request opens another."""
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        _close(self._connections)

    def _connection(self, wait: float) -> "_Connection":
        """The one of this thread, open only if it is fit for a request.

        Raises:
            ValueError: the host cannot be one.
        """
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connection_to(self._url)
            self._connections.append(connection)
        connection.timeout = wait
        if connection.sock is not None:
            # What can be read before anything is asked is its end, or answers nothing that will be.
            if not self._are_kept or wait_for_read(connection.sock, 0):
                connection.close()
            else:
                connection.sock.settimeout(wait)
        return connection


def _close(connections: Iterable[http.client.HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _told_to_wait(head: http.client.HTTPResponse) -> int | None:
    """How many seconds later a server would have a request that it did not look at."""
    if head.status != TOO_MANY_REQUESTS:
        return None
    said = head.headers.get("Retry-After", "").strip()
    return int(said) if said.isdecimal() and len(said) < 6 else None


class _FinalResponse(http.client.HTTPResponse):
    """Tells when an answer has begun; passes over interim ones (1xx; RFC 9110, section 15.2).

    http.client passes over 100 alone, and takes another, such as 103, for the answer; the true one
    would then be taken for that of the next request.
    """

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]  # no public hook tells of it
        watch = watch_of_this_thread()
        if watch is not None:
            watch.answered = True
        interim = 100 < status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if interim else status, reason


class _Connection(http.client.HTTPConnection):
    """Sends the head of a request and its body in one piece: one packet, one wake-up at its end."""

    response_class = _FinalResponse
    _pieces: list[bytes] | None = None

    def ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> None:
        """Send a whole request."""
        self._pieces = []
        self.request(method, target, body, headers)
        pieces, self._pieces = self._pieces, None
        self.send(b"".join(pieces))

    def send(self, data: Any) -> None:  # noqa: ANN401 - five types, private to typeshed
        """Send, or put aside what `ask` sends later."""
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    pass


def _connection_to(url: str) -> _Connection:
    """Through no proxy, and trusting the authorities that certifi lists."""
    place = parse_url(url)
    if place.scheme == "https":
        context = ssl.create_default_context(cafile=certifi.where())
        context.set_alpn_protocols(["http/1.1"])
        return _SecureConnection(place.host or "", place.port, context=context)
    return _Connection(place.host or "", place.port)
