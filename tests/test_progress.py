"""A long run says how it goes on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import signal
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

import pytest
from rich.console import Console

from virtool_contract import interrupts, progress
from virtool_contract.live import LiveProgress
from virtool_contract.options import resolve
from virtool_contract.progress import Progress
from virtool_contract.reference.service import Service
from virtool_contract.run import Run, SoFar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


@pytest.fixture
def run(target_of: TargetOf, tmp_path: Path) -> Run:
    target = target_of(Service())
    target.api.send("GET", "x")
    settings = resolve({}, {}, tmp_path)
    return Run(contract=target.contract, settings=settings, target=target)


def plain() -> io.StringIO:
    return io.StringIO()


def terminal(width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width)


def shown(console: Console | io.StringIO) -> str:
    file = console.file if isinstance(console, Console) else console
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def play(told: Progress, seconds: float = 0.4) -> None:
    told.pytest_runtestloop()
    told.pytest_runtest_logstart("test_x.py::test_a_promise[one]")
    time.sleep(seconds)
    told.pytest_sessionfinish()


def test_the_line_has_what_is_going_on(run: Run) -> None:
    told = Progress(run.so_far, plain())
    told.pytest_runtest_logstart("test_x.py::test_a_promise[one]")
    assert told.line() == "test_a_promise[one], 1 requests, 0 clauses broken, 0 s"
    run.examples = 12
    assert told.line() == "test_a_promise[one], 12 examples, 1 requests, 0 clauses broken, 0 s"


def test_a_broken_clause_is_told_once_and_at_once() -> None:
    seen: list[str] = []
    console = plain()
    told = Progress(lambda: SoFar(requests=61, broken=tuple(seen)), console)
    for clause in ("", "finalize.once", "", "get.safe"):
        seen += [clause] if clause else []
        told.pytest_runtest_logreport()
    lines = shown(console).splitlines()
    assert [re.sub(r"[\d.]+ s$", "N s", line) for line in lines] == [
        "broken: finalize.once, after 61 requests, N s",
        "broken: get.safe, after 61 requests, N s",
    ]


def test_before_there_is_a_run_it_says_so() -> None:
    assert Progress(lambda: None, plain()).line() == "setting up"


def test_without_a_terminal_there_are_plain_lines(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL", 0.05)
    console = plain()
    play(Progress(run.so_far, console))
    lines = shown(console).splitlines()
    assert 2 <= len(lines) <= 8
    assert lines[-1].startswith("test_a_promise[one], 1 requests, ")
    assert "\x1b" not in shown(console)
    assert "\r" not in shown(console)


def test_a_short_run_has_no_lines(run: Run) -> None:
    console = plain()
    play(Progress(run.so_far, console), 0.05)
    assert shown(console) == ""


def test_nothing_is_shown_after_the_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL", 0.05)
    console = plain()
    play(Progress(run.so_far, console), 0.12)
    before = shown(console)
    time.sleep(0.15)
    assert shown(console) == before


def test_on_a_terminal_there_is_one_live_line(run: Run) -> None:
    console = terminal()
    play(LiveProgress(run.so_far, console))
    text = shown(console)
    assert "test_a_promise[one], 1 requests, 0 clauses broken, 0 s" in text
    assert "\x1b[2K" in text, "it is wiped in the end"
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor comes back"


def test_a_narrow_terminal_cuts_the_line(run: Run) -> None:
    console = terminal(width=20)
    play(LiveProgress(run.so_far, console))
    assert "test_a_promise[one]" in shown(console)
    assert "\u2026" in shown(console)
    assert "requests" not in shown(console)


def test_markup_in_a_name_is_text(run: Run) -> None:
    console = terminal()
    told = LiveProgress(run.so_far, console)
    told.pytest_runtest_logstart("test_x.py::test_it[[bold]x[/nope]]")
    told.pytest_runtestloop()
    time.sleep(0.2)
    told.pytest_sessionfinish()
    assert "test_it[[bold]x[/nope]]" in shown(console)


def test_an_end_without_a_beginning_does_no_harm() -> None:
    file, console = plain(), terminal()
    for told in (Progress(lambda: None, file), LiveProgress(lambda: None, console)):
        told.pytest_sessionfinish()
    assert shown(file) == shown(console) == ""


@pytest.mark.parametrize("early", [True, False])
def test_an_interrupt_while_it_begins_is_one(
    monkeypatch: pytest.MonkeyPatch, *, early: bool
) -> None:
    """A thread that was noted and never started cannot be joined at the end."""
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        if early:
            signal.raise_signal(signal.SIGTERM)
        start(thread)
        if not early:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    told = Progress(lambda: None, plain())
    with interrupts.heeded():
        with pytest.raises(KeyboardInterrupt):
            told.pytest_runtestloop()
        told.pytest_sessionfinish()
