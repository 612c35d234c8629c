"""The only door to a target: sends requests, keeps deadlines and caps, and guards every write."""

import threading
import time
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote

import requests
import urllib3

from virtool_contract.deadlines import Watchdog, WatchedAdapter
from virtool_contract.exchange import Exchange, Headers, Request, Response
from virtool_contract.guard import Guard
from virtool_contract.interrupts import obey, patience
from virtool_contract.provider import reason
from virtool_contract.recorder import Recorder, Tag
from virtool_contract.secrets import Secrets

USER_AGENT = "virtool-contract"
ACCEPTED = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip, deflate",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CHUNK = 64 * 1024


class Api:
    """Sends requests to one target, one session a thread.

    Redirects are never followed, proxies and .netrc never used; a body is read up to `body_cap`
    bytes and `deadline` seconds. Writes go only to ids that the `guard` lets through. With a
    `recorder`, every exchange is kept.
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
        self.body_cap = body_cap
        self.sent = 0
        self.guard = Guard()
        self.recorder: Recorder | None = None
        self._local = threading.local()
        self._watchdog = Watchdog()
        self.secrets = Secrets()

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

        The `tag` is what a recording says of it.

        Raises:
            UnsafeWriteError: a write to an id that was not admitted.
        """
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
        failure, response = "", None
        with self._watchdog.watching(patience(self.deadline)) as watch:
            try:
                response = self._respond(request)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                failure = self.secrets.hide(reason(error))
        if watch.expired:  # whatever came of it: the socket was shut down under it
            late = f"the answer was not complete after {self.deadline:g} seconds"
            return Exchange(request=request, failure=late)
        return Exchange(request=request, response=response, failure=failure)

    def _respond(self, request: Request) -> Response:
        session = self._session()
        started = time.monotonic()
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=self.base_url + request.target,
            headers={**ACCEPTED, **dict(request.headers)},
            data=request.body or None,
        )
        answer = session.send(
            prepared, stream=True, timeout=patience(self.timeout), allow_redirects=False
        )
        try:
            body = self._read(answer)
        except BaseException:
            answer.close()
            raise
        answer.raw.release_conn()
        headers = tuple((name, value) for name, value in answer.raw.headers.iteritems())
        elapsed = time.monotonic() - started
        return Response(status=answer.status_code, headers=headers, body=body, elapsed=elapsed)

    def _read(self, answer: requests.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := answer.raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self.body_cap:
                raise OSError(f"the body is longer than {self.body_cap} bytes")
        return b"".join(chunks)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            # No cookies: one caller's session must not speak for the next caller.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
            session.headers.clear()
            session.headers.update(ACCEPTED)
            # Never retry: a request that may have been carried out must not be sent twice.
            adapter = WatchedAdapter(max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
        return session
