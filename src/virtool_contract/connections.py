"""Connections to one host: kept alive, watched, and for one thread each.

A server may end a kept connection at any time, without a word (RFC 9112, section 9.6): the request
that then goes out on it is lost, and nobody's fault. It may also have requests wait (RFC 6585,
section 4): what is refused so has not been looked at, and is sent again when its time has come.
"""

import http.client
import threading
from collections.abc import Mapping
from typing import Any, Final, cast

import certifi
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.util import parse_url

from virtool_contract.deadlines import watch_of_this_thread
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


class LostError(OSError):
    """A kept connection ended before any of an answer came: the request may never have arrived."""


class Connections:
    """The connections to one host, one a thread, to be used within a watch (see `Watchdog`).

    Once the host has ended one that was kept, none is kept any more: each request goes out on a
    fresh one, and what is lost then is the host's doing.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet; of the URL, scheme, host and port count."""
        self._url = url
        self.pauses = 0
        self._are_kept = True
        self._waiting_helps = True
        self._local = threading.local()
        self._pools: list[HTTPConnectionPool] = []

    def request(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], wait: float
    ) -> BaseHTTPResponse:
        """Send a request and return the head of its answer; `wait` bounds each silence, in seconds.

        Redirects are not followed, and nothing is sent twice, but for what the server would have
        later: then that is waited for, `wait` seconds in all, until that has been no help once.

        Raises:
            LostError: a kept connection had ended; another try will not find one.
            HTTPError, OSError, ValueError: no answer came, or none that is HTTP.
        """
        waited = 0.0
        while True:
            answer = self._request_once(method, target, body, headers, wait)
            asked = _told_to_wait(answer)
            if asked is None or not self._waiting_helps:
                return answer
            waited += max(asked, SHORTEST_PAUSE)
            if waited > wait:
                self._waiting_helps = False
                return answer
            answer.close()
            answer.release_conn()
            self.pauses += 1
            pause(max(asked, SHORTEST_PAUSE))

    def _request_once(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], wait: float
    ) -> BaseHTTPResponse:
        if not self._are_kept:
            self.hang_up()
        try:
            return self._pool().urlopen(
                method,
                target,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=patience(wait),
                preload_content=False,
                decode_content=False,
            )
        except ProtocolError as error:
            watch = watch_of_this_thread()
            was_kept = watch is not None and watch.kept and not watch.answered
            if was_kept and isinstance(error.args[-1], ConnectionError):
                self._are_kept = False
                raise LostError(str(error.args[-1])) from error
            raise

    def hang_up(self) -> None:
        """Close the connection of this thread; the next request opens another."""
        pool: HTTPConnectionPool | None = getattr(self._local, "pool", None)
        if pool is not None:
            self._local.pool = None
            self._pools.remove(pool)
            pool.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        for pool in self._pools:
            pool.close()

    def _pool(self) -> HTTPConnectionPool:
        """The one of this thread; it uses no proxy, and trusts the authorities that certifi lists.

        Raises:
            LocationValueError: the host cannot be one.
        """
        pool: HTTPConnectionPool | None = getattr(self._local, "pool", None)
        if pool is None:
            pool = self._local.pool = _pool_for(self._url)
            self._pools.append(pool)
        return pool


def _told_to_wait(answer: BaseHTTPResponse) -> int | None:
    """How many seconds later a server would have a request that it did not look at."""
    said = answer.headers.get("Retry-After", "").strip()
    asks = answer.status == TOO_MANY_REQUESTS and said.isdecimal() and len(said) < 6
    return int(said) if asks else None


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


class _Watched:
    """A connection that tells the watch of its thread that it is the one in use."""

    _has_served = False

    def connect(self) -> None:
        """Connect (see `HTTPConnection.connect`)."""
        self._has_served = False
        super().connect()  # type: ignore[misc]  # mixed into connections only

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        """Send a request (see `HTTPConnection.request`)."""
        watch, connection = watch_of_this_thread(), cast("HTTPConnection", self)
        if watch is not None:
            watch.connection = connection
            watch.kept = self._has_served and connection.sock is not None
        super().request(*args, **kwargs)  # type: ignore[misc]  # mixed in, as above
        self._has_served = True
        if watch is not None:
            watch.sock = connection.sock


class _Connection(_Watched, HTTPConnection):
    response_class = _FinalResponse


class _SecureConnection(_Watched, HTTPSConnection):
    response_class = _FinalResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _pool_for(url: str) -> HTTPConnectionPool:
    place = parse_url(url)
    if place.scheme == "https":
        return _SecurePool(
            place.host or "", place.port, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
        )
    return _Pool(place.host or "", place.port)
