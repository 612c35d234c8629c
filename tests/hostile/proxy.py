"""A correct target that turns hostile: the reference server behind a socket that twists answers."""

from __future__ import annotations

import http.client
import math
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the reference server answers to a request, which is there too, as bytes."""

    request: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reason: str = "Whatever"

    @property
    def method(self) -> str:
        return self.request.split(b" ", 1)[0].decode()

    @property
    def is_document(self) -> bool:
        """Whether it is an answer to the owner's read or finalize."""
        return self.status == 200

    def saying(self, body: bytes, **headers: str) -> Answer:
        """The same with another body, and with more headers; `_` stands for a hyphen."""
        more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return replace(self, body=body, headers=(*self.headers, *more))

    def head(self, length: int | None = None) -> bytes:
        """Status line and headers, with the true length of the body or a false one."""
        size = len(self.body) if length is None else length
        lines = [f"HTTP/1.1 {self.status} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode()

    def raw(self) -> bytes:
        return self.head() + self.body


Twist: TypeAlias = Callable[[socket.socket, Answer], None]
"""Sends an answer, or something in its place."""

NOT_SENT_ON = frozenset({"connection", "host"})
NOT_PASSED_BACK = frozenset({"content-length", "connection", "date", "transfer-encoding"})


class Hostile:
    """A script for a `Wire`: honest up to request number `after` and past `until`, else `twist`.

    With `every`, only each so-many-th request is answered so; `only` says which requests count.
    """

    def __init__(
        self,
        upstream: str,
        twist: Twist,
        *,
        after: float = 0,
        until: float = math.inf,
        every: float = 1,
        only: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self.upstream = urlsplit(upstream)
        self.twist = twist
        self.after = after
        self.until = until
        self.every = every
        self.only = only
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        with self._lock:
            counts = self.only(request)
            self.count += counts
            turn = counts and self.after < self.count <= self.until and self.count % self.every == 0
        answer = self.ask(request)
        if turn:
            self.twist(connection, answer)
        else:
            connection.sendall(answer.raw())

    def ask(self, request: bytes) -> Answer:
        """Have the reference server answer."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name: value for name, value in pairs if name.lower() not in NOT_SENT_ON}
        upstream = http.client.HTTPConnection(self.upstream.hostname or "", self.upstream.port)
        try:
            upstream.request(method, path, body or None, headers)
            came = upstream.getresponse()
            kept = [each for each in came.getheaders() if each[0].lower() not in NOT_PASSED_BACK]
            return Answer(
                request=request, status=came.status, headers=tuple(kept), body=came.read()
            )
        finally:
            upstream.close()


def is_read(request: bytes) -> bool:
    return request.startswith(b"GET ")


def reset(connection: socket.socket, _answer: Answer | None = None) -> None:
    """End a connection rudely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(connection: socket.socket, head: bytes, piece: bytes) -> None:
    """Send a piece now and then, more often than any time-out, for ever."""
    with suppress(OSError):
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(0.1)


def pour(connection: socket.socket, head: bytes, piece: bytes) -> None:
    """Send a piece as fast as it is taken, for ever."""
    with suppress(OSError):
        connection.sendall(head)
        while True:
            connection.sendall(piece)
