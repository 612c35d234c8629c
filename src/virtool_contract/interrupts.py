"""Ends a run within seconds, and holds interrupts back for a moment while something is set up."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from virtool_contract import deadlines

PATIENCE = 2.0
"""Seconds that a target or a provider is still waited for once the run is asked to end."""
LATE = 6.0
"""Seconds after which nothing more is given back, lest a provider that hangs holds up the end."""

_asked = threading.Event()
_since = [math.inf]


def ask() -> None:
    """Ask the run to end; `obey` does, should the exception that says so be swallowed.

    From now on no answer is waited for much longer.
    """
    _asked.set()
    _since[0] = min(_since[0], time.monotonic())
    deadlines.hurry(PATIENCE)


def forget() -> None:
    """Take back what was asked."""
    _asked.clear()
    _since[0] = math.inf


def patience(seconds: float) -> float:
    """How long to wait for an answer that may take so many seconds."""
    return seconds if _since[0] == math.inf else min(seconds, PATIENCE)


def pause(seconds: float) -> None:
    """Do nothing for so long, or until the run is asked to end."""
    _asked.wait(seconds)


def is_late() -> bool:
    """Whether the run should have ended by now."""
    return time.monotonic() - _since[0] > LATE


def obey() -> None:
    """End the run if that was asked for.

    Raises:
        KeyboardInterrupt: it was; only once, so that what is set up can still be given back.
    """
    if _asked.is_set() and threading.current_thread() is threading.main_thread():
        _asked.clear()
        raise KeyboardInterrupt


HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block has ended; only the main thread gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        deadlines.hurry(PATIENCE)

    before = {number: signal.signal(number, note) for number in HELD}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])


def heed() -> None:
    """Have SIGTERM end this process as Ctrl-C does: with teardown, and soon."""
    for number in HELD:
        signal.signal(number, _interrupt)


@contextmanager
def heeded() -> Iterator[None]:
    """Do so for a while."""
    before = {number: signal.getsignal(number) for number in HELD}
    heed()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        forget()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    ask()
    raise KeyboardInterrupt
