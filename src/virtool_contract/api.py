"""The only door to a target: sends requests, keeps deadlines and caps, and guards every write."""

import time
from collections import deque
from dataclasses import replace
from http.client import HTTPException
from urllib.parse import quote

from virtool_contract.connections import ACCEPTED, Connections, LostError
from virtool_contract.deadlines import Watchdog
from virtool_contract.exchange import Exchange, Headers, Request, Response
from virtool_contract.guard import Guard
from virtool_contract.interrupts import obey, patience
from virtool_contract.provider import reason
from virtool_contract.recorder import Recorder, Tag
from virtool_contract.secrets import Secrets

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
IMPATIENT = 0.25
"""How long a target that is known to hang may be silent after a write, in seconds at least."""
LENIENCE = 5
"""How many times as long as the slowest of its last answers it may be, besides."""
LAST = 200
"""So many answers those are: the very first of a server may be the slowest by far."""
LEAST_RATE = 200_000
"""Bytes of a body that it takes in in a second, at least: a long one may have more time."""


class Api:
    """Sends requests to one target, over one connection a thread.

    Redirects are never followed, proxies, .netrc and cookies never used; a body is read up to
    `body_cap` bytes and `deadline` seconds. Writes go only to ids that the `guard` lets through.
    With a `recorder`, every exchange is kept.
    """

    def __init__(
        self,
        base_url: str,
        path: str,
        *,
        timeout: float = 10.0,
        deadline: float = 30.0,
        body_cap: int = 16 * 1024 * 1024,
    ) -> None:
        """Keep where the target is: scheme and host, and the path with `{analysis_id}` in it."""
        self.base_url = base_url.rstrip("/")
        self.path = path
        self.timeout = timeout
        self.deadline = deadline
        self.sent = 0
        self.is_impatient = False
        self._took: deque[float] = deque(maxlen=LAST)
        self.guard = Guard()
        self.recorder: Recorder | None = None
        self._connections = Connections(self.base_url, body_cap)
        self._watchdog = Watchdog()
        self.secrets = Secrets()

    @property
    def pauses(self) -> int:
        """How often the target has told a request to come later."""
        return self._connections.pauses

    def grow_impatient(self) -> None:
        """Wait less for answers to writes: the target was seen to leave one unanswered each time.

        There may be hundreds more. A read without an answer ends the run, so reads have their time.
        """
        self.is_impatient = True

    def _patience(self, request: Request) -> float:
        if request.method in SAFE or not self.is_impatient:
            return self.timeout
        wait = max(IMPATIENT, LENIENCE * max(self._took.copy(), default=0))
        return min(self.timeout, wait + len(request.body) / LEAST_RATE)

    def target(self, analysis_id: str) -> str:
        """The path of an analysis, its id percent-encoded."""
        return self.path.replace("{analysis_id}", quote(analysis_id, safe=""))

    def send(
        self,
        method: str,
        analysis_id: str,
        headers: Headers = (),
        body: bytes = b"",
        tag: Tag | None = None,
    ) -> Exchange:
        """Send one request on an analysis; a failure to arrive is a value, not an exception.

        The `tag` is what a recording says of it. What was lost on a kept connection is sent once
        more (see `Exchange.lost`): the contract makes that safe, for the same write has no second
        effect.

        Raises:
            UnsafeWriteError: a write to an id that was not admitted.
        """
        exchange = self._send_once(method, analysis_id, headers, body, tag)
        if exchange.lost:
            again = self._send_once(method, analysis_id, headers, body, tag)
            return replace(again, lost=exchange.lost)
        return exchange

    def _send_once(
        self, method: str, analysis_id: str, headers: Headers, body: bytes, tag: Tag | None
    ) -> Exchange:
        target = self.target(analysis_id)
        request = Request(method=method, target=target, headers=headers, body=body)
        obey()
        if method not in SAFE:
            self.guard.let_through(method, analysis_id, target)
        self.sent += 1
        started = time.monotonic()
        exchange = self._exchanged(request)
        if self.recorder is not None:
            self.recorder.add(started, time.monotonic(), exchange, tag)
        if exchange.response is not None and method == "GET":
            self.guard.note_read(analysis_id, exchange.response.status)
        return exchange

    def _exchanged(self, request: Request) -> Exchange:
        failure, lost, response = "", "", None
        with self._watchdog.watching(patience(self.deadline)) as watch:
            try:
                response = self._respond(request)
            except LostError as error:
                failure = lost = self.secrets.hide(reason(error))
            except (HTTPException, OSError, ValueError) as error:  # the last of headers, say
                failure = self.secrets.hide(reason(error))
        if watch.expired:  # whatever came of it: the socket was shut down under it
            late = f"the answer was not complete after {self.deadline:g} seconds"
            return Exchange(request=request, failure=late)
        return Exchange(request=request, response=response, failure=failure, lost=lost)

    def _respond(self, request: Request) -> Response:
        started = time.monotonic()
        headers = {**ACCEPTED, **dict(request.headers)}
        if request.method not in SAFE and not request.body:
            headers["Content-Length"] = "0"
        wait = self._patience(request)
        answer = self._connections.request(
            request.method, request.target, request.body or None, headers, wait
        )
        elapsed = time.monotonic() - started
        self._took.append(elapsed)
        response = Response(
            status=answer.status, headers=answer.headers, body=answer.body, elapsed=elapsed
        )
        if response.announced and not answer.body:  # what was left unread is not the next answer
            self._connections.hang_up()
        return response
