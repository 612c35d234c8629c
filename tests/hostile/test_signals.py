"""Signals end a run within seconds, wherever it is; and no terminal is taken for granted."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from tests.commands import bare_environment
from tests.conftest import Wire
from tests.hostile.proxy import Hostile
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.hostile.proxy import Answer

    Served: TypeAlias = Callable[[Service], str]

VERIFY = ("-m", "virtool_contract", "verify")
SECONDS = 8
"""A run ends within so many seconds of a signal, whatever its target does."""


class Slow(Service):
    """Takes its time for every answer, and counts the calls."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.calls = 0
        self.changes = 0

    @override
    async def pause(self, call: Call) -> None:
        self.calls += 1
        await asyncio.sleep(self.seconds)

    @override
    def change_state(self, body: bytes) -> Reply:
        self.changes += 1
        return super().change_state(body)


def begun(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *VERIFY, *words, "--report-dir", str(folder / "reports")],
        cwd=folder,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def ended(
    child: subprocess.Popen[str], folder: Path, number: signal.Signals, within: float = SECONDS
) -> tuple[str, str]:
    """Send a signal, and return what the run has said by the time it is over."""
    child.send_signal(number)
    started = time.monotonic()
    out, err = child.communicate(timeout=20)
    assert time.monotonic() - started < within
    assert child.returncode == 3, out + err
    assert "Traceback" not in out + err
    report = json.loads((folder / "reports" / "report.json").read_text())
    assert (report["verdict"], report["problem"]) == ("could not test", "interrupted")
    assert not [each for each in report["clauses"] if each["verdict"] == "broken"]
    return out, err


PHASES = {"races": ("test_races", 0.15), "stories": ("test_stories", 0.02), "promises": ("", 0.05)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("selection", "seconds"), PHASES.values(), ids=PHASES)
def test_in_every_phase(
    served: Served, tmp_path: Path, selection: str, seconds: float, number: signal.Signals
) -> None:
    reference = Slow(seconds)
    url = served(reference)
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    with begun(tmp_path, *words, *(("-k", selection) if selection else ())) as child:
        until(lambda: reference.calls > 45)
        ended(child, tmp_path, number)
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_processes_of_a_run_give_back_what_they_have(
    served: Served, tmp_path: Path, number: signal.Signals
) -> None:
    reference = Slow(0.05)
    url = served(reference)
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states", "-n", "2")
    with begun(tmp_path, *words, "-k", "test_stories") as child:
        until(lambda: reference.calls > 90)
        ended(child, tmp_path, number, within=4)  # xdist lets them go on for five seconds
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["target", "races", "provider"])
def test_while_an_answer_is_waited_for(
    served: Served, tmp_path: Path, where: str, number: signal.Signals
) -> None:
    """The time-out is ten seconds; nobody who asks a run to end waits for that."""
    waiting: list[bytes] = []
    reference = Slow(0)
    url = served(reference)

    def hang(_connection: socket.socket, answer: Answer) -> None:
        waiting.append(answer.request)
        time.sleep(30)

    def counts(request: bytes) -> bool:
        return where != "races" or request.startswith((b"PATCH", b"DELETE"))

    after = {"target": 20, "races": 4, "provider": 9}[where]
    with closing(Wire(Hostile(url, hang, after=after, only=counts))) as wire:
        urls = {"target": url, "provider": url, where.replace("races", "target"): wire.url}
        states = f"{urls['provider']}/provider-states"
        words = ("--base-url", urls["target"], "--state-change-url", states)
        selection = "finalizes_at_once" if where == "races" else "finalize.once or get.own-only"
        with begun(tmp_path, *words, "-k", selection) as child:
            until(lambda: len(waiting) > 0)
            time.sleep(0.2)
            ended(child, tmp_path, number)
    if where != "provider":
        assert reference.store.analyses == {}


# Terminals, and their absence.


@pytest.fixture
def words(served: Served) -> tuple[str, ...]:
    url = served(Slow(0.01))
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states", "--effort", "quick")


def spoken(
    words: tuple[str, ...], folder: Path, line: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, in which `"$@"` is the run."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, "bash", sys.executable, *VERIFY, *words],
        cwd=folder,
        env=bare_environment() | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


ONE = ("-k", "get.own-only")


@pytest.mark.parametrize("line", ['"$@" <&-', '"$@" </dev/null', 'sleep 9 | "$@"'])
def test_standard_input_is_not_needed(words: tuple[str, ...], tmp_path: Path, line: str) -> None:
    done = spoken((*words, *ONE), tmp_path, line.replace("sleep 9", "true"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("conforms: ")


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ('"$@" | head -1', 0),
        ('"$@" | true', 0),
        ('"$@" >&-', 0),
        ('"$@" 2>&-', 0),
        ('"$@" <&- >&- 2>&-', 0),
        ('"$@" >/dev/full', 1),
    ],
)
def test_output_that_nobody_takes_changes_no_verdict(
    words: tuple[str, ...], tmp_path: Path, line: str, lines: int
) -> None:
    done = spoken((*words, *ONE), tmp_path, line)
    assert len(done.stderr.splitlines()) == lines, done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1", "TERM": "dumb"}], ids=str)
def test_away_from_a_terminal_there_are_plain_lines(
    served: Served, tmp_path: Path, env: dict[str, str]
) -> None:
    url = served(Slow(0.07))  # the first line of progress comes after five seconds
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    done = spoken((*words, "-k", "finalize.once"), tmp_path, '"$@"', **env)
    assert done.returncode == 0, done.stderr
    assert " requests, " in done.stderr
    assert not re.findall("[\x1b\r\x08]", done.stdout + done.stderr)


def on_a_terminal(words: tuple[str, ...], folder: Path, **env: str) -> str:
    """What a run writes to a terminal."""
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        [sys.executable, *VERIFY, *words],
        cwd=folder,
        env=bare_environment() | {"TERM": "xterm", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:
        pass  # how Linux says that nobody is at the other end any more
    finally:
        os.close(ours)
    assert child.wait(timeout=20) == 0, said
    return said.decode()


def test_without_colours_a_terminal_gets_none(words: tuple[str, ...], tmp_path: Path) -> None:
    said = on_a_terminal((*words, *ONE), tmp_path, NO_COLOR="1")
    assert "conforms: " in said
    assert re.findall(r"\x1b\[[\d;]*m", said) == []


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    said = on_a_terminal((*words, *ONE), tmp_path, TERM="dumb")
    assert "conforms: " in said
    assert "\x1b" not in said
