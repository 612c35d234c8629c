"""What a hostile target does to its answers: each mode with how a run against it should end."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from tests.hostile.proxy import Answer, Twist, drip, is_read, pour, reset
from virtool_contract.reference.service import Service

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Serve: TypeAlias = Callable[[Service], str]

from tests.hostile.ended import MIB, MOST_SECONDS, spellings

BIG = 24 * MIB
"""More than is read of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way to be hostile, and what the run has to make of it.

    `says` is looked for in the report's problem, in its troubles, or among the broken clauses.
    """

    twist: Twist
    code: int
    says: str = ""
    after: int = 0
    until: float = math.inf
    every: int = 1
    only: Callable[[bytes], bool] = lambda _: True
    fault: str = ""
    options: tuple[str, ...] = ("-k", "finalize.once")


def sends(raw: bytes, *, close: bool = True) -> Twist:
    """Send bytes, whatever the answer."""

    def twist(connection: socket.socket, _: Answer) -> None:
        connection.sendall(raw)
        if close:
            connection.close()

    return twist


def with_body(change: Callable[[Answer], bytes], **headers: str) -> Twist:
    """Send documents with another body, and errors as they are."""

    def twist(connection: socket.socket, answer: Answer) -> None:
        if answer.is_document:
            answer = answer.saying(change(answer), **headers)
        connection.sendall(answer.raw())

    return twist


def no_answer(_connection: socket.socket, _answer: Answer) -> None:
    """Say nothing, and keep the connection."""
    time.sleep(MOST_SECONDS)


def drip_head(connection: socket.socket, _: Answer) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x")


def drip_body(connection: socket.socket, answer: Answer) -> None:
    drip(connection, answer.head(10**6), b" ")


def pour_body(connection: socket.socket, _: Answer) -> None:
    pour(connection, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 65536)


def pour_head(connection: socket.socket, _: Answer) -> None:
    pour(connection, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65536)


def pour_headers(connection: socket.socket, _: Answer) -> None:
    pour(connection, b"HTTP/1.1 200 OK\r\n", b"X-Another: one\r\n" * 4096)


def pour_interim(connection: socket.socket, _: Answer) -> None:
    pour(connection, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)


def interim_first(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer.raw())


def reset_midway(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(answer.head(len(answer.body) + 100) + answer.body)
    time.sleep(0.05)
    reset(connection)


def too_long(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(answer.head(len(answer.body) + 10) + answer.body)
    connection.close()


def too_short(connection: socket.socket, answer: Answer) -> None:
    short = max(len(answer.body) - 5, 0) if answer.is_document else len(answer.body)
    connection.sendall(answer.head(short) + answer.body)


def slow(connection: socket.socket, answer: Answer) -> None:
    time.sleep(0.04)
    connection.sendall(answer.raw())


def closes_after_errors(connection: socket.socket, answer: Answer) -> None:
    """Answer, and after an error close the connection, which was to be kept, without a word."""
    connection.sendall(answer.raw())
    if answer.status >= 400:
        connection.close()


def closes_soon(connection: socket.socket, answer: Answer) -> None:
    """Answer, and close the connection when the next request may be on its way."""
    connection.sendall(answer.raw())
    time.sleep(0.0005)
    connection.close()


def obeys_in_silence(connection: socket.socket, _: Answer) -> None:
    """Let the request have its effect, and close the connection instead of an answer."""
    connection.close()


def unavailable(connection: socket.socket, _: Answer) -> None:
    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwait")


def bomb(encoding: str) -> Twist:
    """A small body that becomes a huge one."""
    zeros = b"0" * (200 * MIB)
    packed = gzip.compress(zeros, 1) if encoding == "gzip" else zlib.compress(zeros, 1)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}"
    return sends(f"{head}\r\n\r\n".encode() + packed)


def member(text: str) -> Callable[[Answer], bytes]:
    """Put one more member at the end of a document."""
    return lambda answer: answer.body[:-1] + f",{text}}}".encode()


def echo(connection: socket.socket, answer: Answer) -> None:
    """Answer with whatever was sent, in every spelling, in the head and in the body."""
    sent = re.search(rb"(?i)authorization: basic ([^\r]*)", answer.request)
    basic = sent[1].decode() if sent else ""
    try:
        pair = base64.b64decode(basic).decode()
    except ValueError:
        pair = ""
    key = pair.partition(":")[2]
    cut = key[:20]
    said = [
        *spellings(key),
        *(each.upper() for each in spellings(key)),
        pair,
        f"Basic {basic}",
        base64.b64encode(f"Authorization: Basic {basic} for {pair}!".encode()).decode(),
        quote(quote(pair, safe=""), safe=""),
        cut,
    ]
    turn = len(answer.request) + len(answer.body)
    chosen = said[turn % len(said) :] + said[: turn % len(said)]
    status = 418 if answer.status >= 400 else answer.status
    told = json.loads(answer.body) if answer.is_document else {}
    told = {"sample": chosen, "message": chosen, **told, "workflow": chosen}
    header = re.sub(r"[^ -~]", "", " ".join(chosen))
    answer = Answer(
        request=answer.request,
        status=status,
        reason=header,
        headers=(("Content-Type", f"text/{chosen[0]}" if status == 418 else "application/json"),),
        body=" ".join(chosen).encode() if status == 418 else json.dumps(told).encode(),
    )
    connection.sendall(answer.saying(answer.body, X_Echo=header).raw())


ESCAPES = "\x1b[31m\x1b]0;title\x07\x9b2J\u202egnp\u2066\b\b\r\x7f"


def escape(connection: socket.socket, answer: Answer) -> None:
    """Put escapes and characters that turn the line around wherever they can stand."""
    raw = ESCAPES.encode()
    body = answer.body
    if answer.is_document:
        body = body.replace(b'"workflow":"', b'"workflow":7,"\\u001b[31m\\u202e":"' + raw[-2:-1])
    label = b"application/json\x1b[31m"
    head = b"HTTP/1.1 %d \x1b[31mOh\x9b\r\nContent-Length: %d\r\nContent-Type: %b\r\nX-\xe2: %b"
    shown = body if answer.is_document else raw
    status = answer.status if answer.status < 300 else 418
    head %= (status, len(shown), label, b"\x1b[31m\xe2\x80\xae")
    connection.sendall(head + b"\r\n\r\n" + shown)


PROBE = 12
"""So many requests a run has sent when its first promise begins, or a few more."""

ALWAYS_3 = {
    "no answer": (no_answer, "timed out"),
    "slow drip of the head": (drip_head, "not complete after 3 seconds"),
    "slow drip of the body": (drip_body, "not complete after 3 seconds"),
    "reset each time": (reset, "reset"),
    "reset in mid-body each time": (reset_midway, "reset"),
    "closed at once": (sends(b""), "closed connection"),
    "not HTTP": (sends(b"SSH-2.0-OpenSSH_9.6 \x1b[31m\r\n"), "SSH"),
    "TLS": (sends(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n"), "x15"),
    "endless body": (pour_body, "longer than"),
    "endless header": (pour_head, "header line"),
    "thousands of headers": (pour_headers, "headers"),
    "endless interim answers": (pour_interim, "not complete after 3 seconds"),
    "gzip bomb": (bomb("gzip"), "longer than"),
    "deflate bomb": (bomb("deflate"), "longer than"),
    "not the gzip it says": (
        sends(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab"),
        "incorrect header",
    ),
    "huge body": (
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG + b" " * BIG),
        "longer than",
    ),
    "length too long": (too_long, "IncompleteRead"),
    "redirect loop": (
        sends(b"HTTP/1.1 302 Found\r\nLocation: /api/analyses/x\r\nContent-Length: 0\r\n\r\n"),
        "answered 302",
    ),
}

DEEP = b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ALWAYS_1 = {
    "invalid JSON": with_body(lambda answer: answer.body[:-1]),
    "not UTF-8": with_body(lambda answer: answer.body[:-1] + b',"x":"\xff"}'),
    "a repeated key": with_body(member('"ready":true')),
    "NaN": with_body(member('"x":NaN')),
    "100,000 levels": with_body(lambda _: DEEP),
    "100,000 levels in a document": with_body(member(DEEP.decode()[1:-1])),
    "100,000 digits": with_body(member(f'"x":{"9" * 100_000}')),
    "UTF-16": with_body(lambda answer: answer.body.decode().encode("utf-16")),
    "a byte order mark": with_body(lambda answer: b"\xef\xbb\xbf" + answer.body),
    "length too short": too_short,
}

MODES: dict[str, Mode] = {
    **{name: Mode(twist=twist, code=3, says=says) for name, (twist, says) in ALWAYS_3.items()},
    **{
        name: Mode(twist=twist, code=1, says="json.well-formed") for name, twist in ALWAYS_1.items()
    },
    "503 for ever": Mode(
        twist=unavailable, code=3, says="it answers 503", options=("--wait-for-server", "1")
    ),
    "an interim answer first": Mode(twist=interim_first, code=0),
    "a large member": Mode(twist=with_body(member(f'"x":"{"x" * 2 * MIB}"')), code=0),
    "slower and slower": Mode(twist=slow, code=0, after=PROBE),
    "reset now and then": Mode(twist=reset, code=0, says="reset", every=7, only=is_read),
    "reset now and then, writes too": Mode(twist=reset, code=0, says="reset", every=13, after=20),
    "reset in mid-body now and then": Mode(
        twist=reset_midway, code=0, says="reset", every=7, after=PROBE, only=is_read
    ),
    "closed without a word after each error": Mode(
        twist=closes_after_errors, code=0, options=("-k", "access")
    ),
    "closed without a word now and then": Mode(
        twist=closes_soon, code=0, every=3, options=("-k", "access")
    ),
    "obeyed without an answer": Mode(
        twist=obeys_in_silence,
        code=1,
        says="errors.no-server-error",
        after=PROBE,
        only=lambda request: request.startswith(b"PATCH "),
    ),
    "503 once": Mode(twist=unavailable, code=0, says="away for a moment: 503", every=29, until=30),
    "503 and no more, once": Mode(
        twist=sends(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
        code=0,
        says="away for a moment: 503",
        every=29,
        until=30,
    ),
    "503 now and then": Mode(
        twist=unavailable, code=1, says="errors.no-server-error", every=13, after=20
    ),
    "no answer any more": Mode(twist=no_answer, code=3, says="gave no answer", after=40),
    "503 from some time on": Mode(twist=unavailable, code=3, says="503", after=40),
    "endless bodies from some time on": Mode(
        twist=pour_body, code=3, says="gave no answer", after=40
    ),
    "a violation, then no answer any more": Mode(
        twist=reset,
        code=3,
        says="gave no answer",
        after=200,
        fault="finalize-is-201",
        options=("-k", "finalize"),
    ),
    "echoes": Mode(
        twist=echo, code=1, says="get.document", after=PROBE, options=("-k", "get or errors")
    ),
    "escapes": Mode(twist=escape, code=1, says="media-type", after=PROBE),
}
