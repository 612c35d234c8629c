"""Hostile and failing targets and providers: each run ends in time, in bounds, and says the truth.

No run here hangs, grows, ends in a traceback, shows a key, or lets a control character through.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zlib
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import pytest
from typing_extensions import override

from tests.conftest import Wire, bare_environment
from tests.hostile.proxy import Answer, Hostile, Twist, drip, is_read, pour, reset
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Job, Reply
from virtool_contract.serve import service as faulty

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve: TypeAlias = Callable[[Service], str]

MIB = 1024 * 1024
MOST_MEMORY = 400 * MIB
MOST_SECONDS = 30
"""For one clause of a target that is hostile, with a time-out of a second; most take two."""
VERIFY = ("-m", "virtool_contract", "verify")
OPTIONS = ("--effort", "quick", "--request-timeout", "1")
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BIG = 24 * MIB
"""More than is read of an answer."""


# How a run ends.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended: how, and what it has left behind; memory in bytes."""

    code: int
    out: str
    err: str
    memory: int
    report: dict[str, Any]
    files: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def broken(self) -> set[str]:
        return {each["id"] for each in self.report["clauses"] if each["verdict"] == "broken"}


def run(folder: Path, *words: str, stdin: int = subprocess.DEVNULL) -> Ended:
    """Run `verify` in a process of its own, killed when it is out of bounds."""
    reports = folder / "reports"
    out, err = folder / "out", folder / "err"
    with out.open("wb") as standard_output, err.open("wb") as standard_error:
        child = subprocess.Popen(
            [sys.executable, *VERIFY, *words, "--report-dir", str(reports)],
            cwd=folder,
            env=bare_environment(),
            stdin=stdin,
            stdout=standard_output,
            stderr=standard_error,
        )
    alarm = threading.Timer(MOST_SECONDS, child.kill)
    alarm.start()
    _, status, usage = os.wait4(child.pid, 0)
    alarm.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode != -signal.SIGKILL, f"still running after {MOST_SECONDS} seconds"
    return Ended(
        code=child.returncode,
        out=out.read_text(),
        err=err.read_text(),
        memory=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        report=json.loads((reports / "report.json").read_text()),
        files="".join(file.read_text() for file in sorted(reports.iterdir())),
    )


def assert_decent(ended: Ended, keys: set[str]) -> None:
    """What holds of every run, however hostile its target."""
    assert ended.memory < MOST_MEMORY
    assert not re.findall(r"Traceback|INTERNALERROR|failed by itself", ended.said)
    assert not CONTROL.findall(ended.said)
    assert not CONTROL.findall(ended.files)
    verdict = {0: "conforms", 1: "violates", 3: "could not test"}[ended.code]
    assert ended.report["verdict"] == verdict
    assert ended.report["problem"] or ended.code != 3
    assert len(ended.report["clauses"]) > 30
    small = (ended.said + ended.files).lower()
    exact = ended.said + ended.files
    assert keys
    for key in keys:
        assert not [each for each in spellings(key) if each.lower() in small], key
        assert not [each for each in in_base64(key.encode()) if each in exact], key


def spellings(key: str) -> Iterator[str]:
    """A key in the ways in which the hostile target spells it, base64 aside."""
    yield key
    yield key.encode().hex()
    yield key.encode("utf-16-le").hex()
    yield "".join(f"\\u{ord(char):04x}" for char in key)
    yield "".join(f"%{ord(char):02x}" for char in key)
    yield "\0".join(key)
    yield "\\x00".join(key)
    yield "\\u0000".join(key)


def in_base64(secret: bytes) -> Iterator[str]:
    """What base64 has of a secret wherever it begins, without what it shares with neighbours."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret).decode()
        yield whole[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]


# Targets.


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
    "503 once": Mode(twist=unavailable, code=0, says="away for a moment: 503", every=29, until=30),
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


def noting(fault: str) -> tuple[Service, set[str]]:
    """A reference server, perhaps with a fault, and the keys that it hands out as it goes."""
    reference = faulty((fault,) if fault else (), ())
    keys: set[str] = set()
    make = reference.new_job

    def new_job(analysis_id: str | None) -> Job:
        job = make(analysis_id)
        keys.add(job.key)
        return job

    reference.new_job = new_job  # type: ignore[method-assign]
    return reference, keys


@pytest.fixture
def wires() -> Iterator[Callable[[Hostile], str]]:
    """Serves a hostile script, and gives its URL."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(closing(Wire(script))).url


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_hostile_target(
    served: Serve, wires: Callable[[Hostile], str], tmp_path: Path, mode: Mode
) -> None:
    reference, keys = noting(mode.fault)
    upstream = served(reference)
    when = {"after": mode.after, "until": mode.until, "every": mode.every}
    script = Hostile(upstream, mode.twist, only=mode.only, **when)
    words = ("--base-url", wires(script), "--state-change-url", f"{upstream}/provider-states")
    ended = run(tmp_path, *words, *OPTIONS, *mode.options)
    assert ended.code == mode.code, ended.said
    assert_decent(ended, keys or {"no key was handed out"})
    told = [ended.report["problem"], *ended.report["troubles"], *ended.broken]
    assert any(mode.says in each for each in told), told
    assert bool(ended.broken) is (ended.code == 1 or bool(mode.fault))
    assert ("BROKEN" in ended.out) is bool(ended.broken)


# Targets that come and go.


class Restarting(Service):
    """Starts anew in mid-run, with nothing left of what it held."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.calls = 0

    @override
    async def handle(self, call: Call) -> Reply:
        self.calls += 1
        if self.calls == self.at:
            self.store.analyses.clear()
            self.store.jobs.clear()
        return await super().handle(call)


@pytest.mark.parametrize("at", [45, 46, 48, 51])
def test_a_target_that_is_restarted_and_has_lost_everything(
    served: Serve, tmp_path: Path, at: int
) -> None:
    url = served(Restarting(at))
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states", *OPTIONS)
    ended = run(tmp_path, *words, "-k", "finalize.once or get.own-only")
    assert ended.code == 3, ended.said
    assert ended.broken == set()
    assert_decent(ended, {"not to be found"})
    assert "has lost analyses that nobody touched; was it restarted?" in ended.report["problem"]
    assert "restarted?" in ended.out


def test_a_target_that_stops_listening(served: Serve, tmp_path: Path) -> None:
    reference, keys = noting("")
    upstream = served(reference)

    def stop(_connection: socket.socket, _answer: Answer) -> None:
        wire.close()

    wire = Wire(Hostile(upstream, stop, after=50))
    words = ("--base-url", wire.url, "--state-change-url", f"{upstream}/provider-states", *OPTIONS)
    ended = run(tmp_path, *words, "-k", "finalize.once")
    assert ended.code == 3, ended.said
    assert_decent(ended, keys)
    assert re.search("gave no answer to (GET|PATCH|DELETE) .*: ", ended.report["problem"])
    verdicts = {each["id"]: each["verdict"] for each in ended.report["clauses"]}
    assert verdicts["get.document"] == "kept"
    assert reference.store.analyses == {}


def test_a_target_that_takes_its_time_to_come_up(
    served: Serve, wires: Callable[[Hostile], str], tmp_path: Path
) -> None:
    reference, keys = noting("")
    upstream = served(reference)
    script = Hostile(upstream, unavailable, until=4)
    words = ("--base-url", wires(script), "--state-change-url", f"{upstream}/provider-states")
    waits = ("--wait-for-server", "20", "-k", "get.own-only")
    ended = run(tmp_path, *words, *OPTIONS, *waits)
    assert ended.code == 0, ended.said
    assert_decent(ended, keys)


@pytest.mark.parametrize("which", ["target", "provider"])
@pytest.mark.parametrize("status", [302, 307])
def test_nothing_is_sent_to_another_host(
    served: Serve, wires: Callable[[Hostile], str], tmp_path: Path, which: str, status: int
) -> None:
    reference, keys = noting("")
    upstream = served(reference)
    with closing(Wire(lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))) as far:
        head = f"HTTP/1.1 {status} There\r\nLocation: {far.url}/api/analyses/x\r\n"
        away = wires(Hostile(upstream, sends(f"{head}Content-Length: 0\r\n\r\n".encode()), after=1))
        urls = {"target": upstream, "provider": upstream, which: away}
        states = f"{urls['provider']}/provider-states"
        words = ("--base-url", urls["target"], "--state-change-url", states)
        ended = run(tmp_path, *words, *OPTIONS, "-k", "get.own-only")
        assert far.connections == 0
    assert ended.code == 3, ended.said
    assert_decent(ended, keys)
    assert f"answered {status}" in ended.report["problem"]


# Providers.


def with_answer(**members: object) -> Twist:
    """Answer a state change with other members."""

    def twist(connection: socket.socket, answer: Answer) -> None:
        changed = json.dumps(json.loads(answer.body) | members).encode()
        connection.sendall(answer.saying(changed).raw())

    return twist


def refuse(connection: socket.socket, answer: Answer) -> None:
    """Refuse with a message that gives the key away, and clears the screen."""
    said = f"\x1b[2J{answer.body.decode()} \u202e"
    error = answer.saying(json.dumps({"error": said}).encode())
    connection.sendall(error.raw().replace(b" 200 ", b" 500 ", 1))


def one_and_the_same() -> Twist:
    """Hand out the first analysis again and again."""
    first: list[Answer] = []

    def twist(connection: socket.socket, answer: Answer) -> None:
        first.append(answer)
        connection.sendall(first[0].raw())

    return twist


PROVIDERS: dict[str, tuple[Twist, int, str]] = {
    "refuses": (refuse, 0, "answered 500"),
    "refuses from some time on": (refuse, 5, "answered 500"),
    "hangs": (no_answer, 0, "timed out"),
    "hangs from some time on": (no_answer, 5, "timed out"),
    "drips": (drip_body, 0, "not complete after 3 seconds"),
    "drips its head": (drip_head, 5, "not complete after 3 seconds"),
    "dies": (reset, 0, "reset"),
    "dies from some time on": (reset, 5, "reset"),
    "dies in mid-body": (reset_midway, 5, "cannot be reached"),
    "not HTTP": (sends(b"\x1b[2Jhello\r\n"), 0, "cannot be reached"),
    "garbage": (with_body(lambda _: b"<html>\x1b[2J\xff"), 0, "is --state-change-url right?"),
    "endless": (pour_body, 0, "is --state-change-url right?"),
    "enormous": (with_answer(more="x" * 8 * MIB), 0, "is --state-change-url right?"),
    "a gzip bomb": (bomb("gzip"), 0, "is --state-change-url right?"),
    "100,000 levels": (with_body(lambda _: DEEP), 0, "is --state-change-url right?"),
    "the same id again": (one_and_the_same(), 0, "twice"),
    **{
        f"the id {odd[:12]!a}": (with_answer(analysis_id=odd), 0, "handed out an id")
        for odd in ["a/b", "..", ".", "a?b", "a#b", "a b", "a\nb", "a\x1b[2Jb", "%2e%2e", "x" * 999]
    },
    "no id": (with_answer(analysis_id=""), 0, "no `analysis_id`"),
    "a list for an id": (with_answer(analysis_id=["a"]), 0, "no `analysis_id`"),
    "a lone surrogate": (with_answer(analysis_id="\ud800"), 0, "lone surrogate"),
    "headers that cannot be sent": (
        with_answer(headers={"X-Key": "a\r\nX: b"}),
        0,
        "wrong `headers`",
    ),
}


def is_setup(request: bytes) -> bool:
    return b'"setup"' in request


@pytest.mark.parametrize(("twist", "after", "says"), PROVIDERS.values(), ids=PROVIDERS)
def test_a_hostile_provider(
    served: Serve,
    wires: Callable[[Hostile], str],
    tmp_path: Path,
    *,
    twist: Twist,
    after: int,
    says: str,
) -> None:
    reference, keys = noting("")
    url = served(reference)
    provider = wires(Hostile(url, twist, after=after, only=is_setup))
    words = ("--base-url", url, "--state-change-url", f"{provider}/provider-states", *OPTIONS)
    ended = run(tmp_path, *words, "-k", "finalize.once")
    assert ended.code == 3, ended.said
    assert_decent(ended, keys)
    assert says in ended.report["problem"]
    assert "provider" in ended.report["problem"]
    assert ended.report["problem"] in ended.said


class Finalizing(Service):
    """From some time on, its provider hands out analyses that are finalized."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    @override
    def change_state(self, body: bytes) -> Reply:
        reply = super().change_state(body)
        assert isinstance(reply.content, dict)
        analysis = self.store.analyses.get(reply.content.get("analysis_id", ""))
        self.after -= analysis is not None
        if analysis and self.after < 0:
            self.store.put(self.finalized(analysis, {"results": {"not": "yours"}}))
        return reply


@pytest.mark.parametrize(
    ("after", "selection"), [(0, "finalize.once"), (5, "finalize.once"), (5, "test_races")]
)
def test_a_provider_that_hands_out_finalized_analyses(
    served: Serve, tmp_path: Path, after: int, selection: str
) -> None:
    url = served(Finalizing(after))
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    ended = run(tmp_path, *words, "--request-timeout", "1", "-k", selection)
    assert ended.code == 3, ended.said
    assert_decent(ended, {"not to be found"})
    assert ended.broken == set()
    assert "not pending: its `ready` is true" in ended.report["problem"]
