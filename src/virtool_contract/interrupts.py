"""Holds interrupts back for a moment, so that nothing is set up without anybody knowing of it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


def ask() -> None:
    """Ask the run to end; `obey` does, should the exception that says so be swallowed."""
    _asked.set()


def forget() -> None:
    """Take back what was asked."""
    _asked.clear()


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

    before = {number: signal.signal(number, note) for number in HELD}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])
