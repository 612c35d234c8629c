"""The reference server on a socket: starlette for the routes, uvicorn to serve them."""

import errno
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Operation, Reply, Sent
from virtool_contract.reference.wire import as_json, credentials_in

OPERATIONS: Final[dict[str, Operation]] = {
    "GET": "get",
    "HEAD": "get",
    "PATCH": "finalize",
    "DELETE": "remove",
}
KEEP_ALIVE_SECONDS: Final = 120
"""Longer than a suite leaves a connection idle, lest it writes to one that is being closed."""
CHUNK: Final = 512
PORT_IS_WRONG: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
"""The errors of listening that another port would not have."""


class Closable(Protocol):
    """Something with a file descriptor: a pipe, a socket, standard input."""

    def fileno(self) -> int:
        """Return the descriptor."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The analyses resource as an ASGI application."""

    service: Service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; say nothing to a client that has gone."""
        request = Request(scope, receive)
        try:
            response = as_response(await self.answer(request))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Sent:
        """Have the service answer a request."""
        call = Call(
            operation=OPERATIONS.get(request.method, "get"),
            analysis_id=request.path_params["analysis_id"],
            credentials=credentials_in(request.headers.get("authorization")),
            body=await body_of(request, self.service.body_limit()),
            method=request.method,
            headers=request.headers,
        )
        if request.method in OPERATIONS:
            reply = await self.service.handle(call)
        else:
            reply = self.service.undeclared(request.method)
        return self.service.sent(call, reply)


@dataclass(frozen=True, slots=True)
class ProviderStates:
    """The state-change endpoint; always JSON, whatever is wrong with the resource."""

    service: Service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make one state change."""
        request = Request(scope, receive)
        try:
            reply = self.reply(request.method, await request.body())
        except ClientDisconnect:
            return
        assert isinstance(reply.content, dict)
        response = Response(as_json(reply.content), reply.status, media_type=reply.media_type)
        await response(scope, receive, send)

    def reply(self, method: str, body: bytes) -> Reply:
        """Return the reply to a request for a state change."""
        if method == "POST":
            return self.service.change_state(body)
        return Reply(status=405, content={"error": "use POST"})


async def body_of(request: Request, limit: int) -> bytes:
    """Return the body, or as much of it as shows that it is past the limit.

    All of it is read: a client that is still sending would not see an early answer.
    """
    body = bytearray()
    async for chunk in request.stream():
        if len(body) <= limit:
            body += chunk
    return bytes(body)


def as_response(sent: Sent) -> Response:
    """Return an answer as starlette sends it."""
    headers = dict(sent.headers)
    if not sent.chunked:
        return Response(sent.body, sent.status, headers)
    chunks = [sent.body[start : start + CHUNK] for start in range(0, len(sent.body), CHUNK)]
    return StreamingResponse(as_stream(chunks), sent.status, headers)


async def as_stream(chunks: list[bytes]) -> AsyncIterator[bytes]:
    """Yield chunk by chunk."""
    for chunk in chunks:
        yield chunk


def build_app(service: Service, api_root: str = "/api") -> Starlette:
    """Return the application that serves a service's analyses and provider states."""
    analyses = f"{api_root.rstrip('/')}/analyses/{{analysis_id}}"
    app = Starlette(
        routes=[
            Route(analyses, Resource(service)),
            Route("/provider-states", ProviderStates(service)),
        ]
    )
    app.router.redirect_slashes = False  # the resource has one address, and no other leads to it
    return app


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 means a free one.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Asyncio turns off Nagle's algorithm only for sockets that name their protocol; with it on,
    # a head and a body written apart wait for the client's delayed ACK: 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        hint = "; port 0 picks a free one" if error.errno in PORT_IS_WRONG else ""
        reason = f"cannot listen on {host}:{port} ({error.strerror}){hint}"
        raise OSError(error.errno, reason) from error
    return listener


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and stops without killing its process."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        """Keep what to call once connections are accepted."""
        super().__init__(config)
        self.on_ready = on_ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.on_ready()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Ask the server to stop soon; safe from any thread."""
        self.should_exit = True


def run(  # noqa: PLR0913  # each is something an embedding program chooses
    service: Service,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
    *,
    api_root: str = "/api",
    stop_when_closed: Closable | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or, if it is given, the end of `stop_when_closed`.

    `on_ready` is called with the base URL (no path) once connections are accepted.

    Raises:
        OSError: the address cannot be had.
    """
    with listen(host, port) as listener:
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            build_app(service, api_root),
            access_log=False,
            log_config=None,
            http="httptools",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        server = Server(config, lambda: on_ready(url))
        if stop_when_closed is not None:
            watch(stop_when_closed.fileno(), server.stop)
        server.run(sockets=[listener])


def watch(descriptor: int, stop: Callable[[], None]) -> None:
    """Call `stop` when nothing more can be read from a descriptor.

    It is read below Python's buffered files, whose locks a daemon thread must not hold when the
    interpreter exits.
    """

    def drain() -> None:
        try:
            while os.read(descriptor, 4096):
                pass
        except OSError:
            pass  # closed under us: as good as its end
        stop()

    threading.Thread(target=drain, daemon=True, name="stop-when-closed").start()
