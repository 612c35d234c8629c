"""What the tests of the oracle share: the contract, a document of an analysis, and answers."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.commands import Forking, bare_environment
from virtool_contract.api import Api
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.loading import load
from virtool_contract.providers.http import HttpProvider
from virtool_contract.reference.service import Service
from virtool_contract.reference.threaded import ThreadedServer
from virtool_contract.target import Target

Answering: TypeAlias = Callable[..., Response]


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@pytest.fixture
def document() -> dict[str, Any]:
    """The page's example of a pending analysis, another at each call."""
    return {
        "id": "uskrqsxm",
        "created_at": "2017-10-03T21:35:54.813000Z",
        "job": {"id": "afovbrnx"},
        "files": [
            {
                "analysis": "uskrqsxm",
                "description": None,
                "format": "fasta",
                "id": 1,
                "name": "results.fa",
                "name_on_disk": "1-results.fa",
                "size": 20466,
                "uploaded_at": "2017-10-03T21:35:54.813000Z",
            }
        ],
        "workflow": "pathoscope_bowtie",
        "sample": {"id": "kigvhuql", "name": "Test 1"},
        "index": {"id": "qldihken", "version": 0},
        "user": {"id": "igboyes"},
        "subtractions": [
            {"id": "yhxoynb0", "name": "Arabidopsis Thaliana"},
            {"id": "yhxoynb1", "name": "Vitis"},
        ],
        "ready": False,
    }


@pytest.fixture(scope="session")
def answering() -> Answering:
    """Makes an answer: a status, a body (bytes as they are, anything else as JSON), a label."""

    def answer(status: int, body: object = b"", media_type: str = "application/json") -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = (("Content-Type", media_type),) if media_type else ()
        return Response(status=status, headers=headers, body=raw, elapsed=0.0)

    return answer


# Servers on real sockets.


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that arrived; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer: TypeAlias = tuple[int, object] | tuple[int, object, dict[str, str]]


class Stub:
    """An HTTP server that answers as it is told: status, body (bytes, or JSON), headers."""

    def __init__(self, answer: Callable[[Seen], Answer]) -> None:
        self.seen: list[Seen] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(answer))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self, answer: Callable[[Seen], Answer]) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(method=self.command, path=self.path, headers=headers, body=body)
                stub.seen.append(seen)
                status, content, *more = answer(seen)
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stub() -> Iterator[Callable[[Callable[[Seen], Answer]], Stub]]:
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(closing(Stub(answer)))


class Wire:
    """A TCP server: `script` gets the connection and each request that arrives on it, as bytes."""

    def __init__(self, script: Callable[[socket.socket, bytes], None]) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := _one_request(connection):
                self.requests.append(request)
                self.script(connection, request)

    def close(self) -> None:
        for one in (self.listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _one_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
    wanted = int(length[1]) if length else 0
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def wire() -> Iterator[Callable[[Callable[[socket.socket, bytes], None]], Wire]]:
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(closing(Wire(script)))


@contextmanager
def _served(service: Service, ended: list[ThreadedServer]) -> Iterator[str]:
    server = ThreadedServer(service)
    try:
        yield server.url
    finally:
        server.stop()
        ended.append(server)  # it takes a moment, which the next test need not wait for


@pytest.fixture(scope="session")
def ended() -> Iterator[list[ThreadedServer]]:
    """Servers that were told to end: by the end of the session they have."""
    servers: list[ThreadedServer] = []
    yield servers
    for server in servers:
        server.join()


@pytest.fixture
def served(ended: list[ThreadedServer]) -> Iterator[Callable[[Service], str]]:
    """Serves a reference service from a thread, and gives its URL."""
    with ExitStack() as stack:
        yield lambda service: stack.enter_context(_served(service, ended))


@pytest.fixture
def target_of(
    contract: Contract, served: Callable[[Service], str]
) -> Callable[[Service | str], Target]:
    """A target that is such a service, or that is at a URL, with its own provider states."""

    def make(what: Service | str) -> Target:
        url = what if isinstance(what, str) else served(what)
        return Target(
            contract=contract,
            api=Api(url, contract.path, timeout=5),
            provider=HttpProvider(f"{url}/provider-states", 5),
        )

    return make


Cli: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Forking:
    return Forking(tmp_path_factory.mktemp("said"))


@pytest.fixture
def cli(forking: Forking, tmp_path: Path) -> Cli:
    """Runs `virtool-contract` in an empty folder, without the developer's settings."""

    def run(
        *words: str, cwd: Path | None = None, env: dict[str, str | None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        folder = cwd or tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        changed = bare_environment() | (env or {})
        return forking.run(words, folder, {k: v for k, v in changed.items() if v is not None})

    return run
