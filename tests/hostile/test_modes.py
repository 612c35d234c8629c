"""Hostile and failing targets: each run ends in time, in bounds, and says the truth.

No run here hangs, grows, ends in a traceback, shows a key, or lets a control character through.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from tests.conftest import Wire
from tests.hostile.proxy import Answer, Hostile
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    Serve: TypeAlias = Callable[[Service], str]

from tests.hostile.ended import OPTIONS, assert_decent, noting, run
from tests.hostile.modes import MODES, Mode, sends, unavailable


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
