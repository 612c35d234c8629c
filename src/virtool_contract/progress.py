"""Says how a run goes on: each broken clause at once, and a plain line now and then."""

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import pytest

from virtool_contract import interrupts
from virtool_contract.run import SoFar

PLAIN_INTERVAL = 5.0
"""Seconds between two plain lines."""


class Progress:
    """A pytest plugin that shows clause, examples and requests on standard error."""

    def __init__(self, so_far: Callable[[], SoFar | None], file: TextIO | None = None) -> None:
        """Show nothing yet; `so_far` tells how far the run is, once it has been started."""
        self.so_far = so_far
        self.file = file or sys.stderr
        self.current = ""
        self.told: set[str] = set()
        self.started = time.monotonic()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def pytest_runtestloop(self) -> None:
        """Begin to show.

        An interrupt waits until that is done: a thread that has half begun cannot be ended.
        """
        with interrupts.held_back():
            self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._lines, daemon=True)
        self._thread.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note what runs."""
        self.current = nodeid.rpartition("::")[2]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """Tell what is broken as soon as that is sure: a verdict may be minutes away."""
        so_far = self.so_far()
        if so_far is None:
            return
        for clause in so_far.broken:
            if clause not in self.told:
                self.told.add(clause)
                after = f"after {so_far.requests} requests, {self._seconds():.1f} s"
                self._print(f"broken: {clause}, {after}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Show no more."""
        self._done.set()
        if self._thread:
            self._thread.join()

    def line(self) -> str:
        """The line as it is now."""
        so_far = self.so_far()
        if so_far is None:
            return "setting up"
        examples = f", {so_far.examples} examples" if so_far.examples else ""
        return (
            f"{self.current}{examples}, {so_far.requests} requests, "
            f"{len(so_far.broken)} clauses broken, {self._seconds():.0f} s"
        )

    def _seconds(self) -> float:
        return time.monotonic() - self.started

    def _lines(self) -> None:
        while not self._done.wait(PLAIN_INTERVAL):
            self._print(self.line())

    def _print(self, text: str) -> None:
        """Print a line; that nobody reads it is no reason to end the run."""
        with suppress(OSError):
            print(text, file=self.file, flush=True)
