"""A bound on the whole of an exchange: sockets of requests that take too long are shut down.

A time-out bounds each silence only; a server that sends a byte now and then keeps a client for
ever. http.client reads the head of an answer in one call, so nobody but another thread can end it.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from weakref import WeakSet

TIMEOUTS = 3
"""An exchange as a whole may take so many time-outs, each of which bounds a silence."""
TICK = 0.1
"""Seconds between two looks at what is under way."""
MOST_IDLE = 10
"""After so many looks in a row at nothing, no more are taken: nobody says that it was the last."""

_LOCAL = threading.local()
_WATCHDOGS: "WeakSet[Watchdog]" = WeakSet()


@dataclass(slots=True, kw_only=True, eq=False)
class Watch:
    """One exchange under way; `expired` says that its socket was shut down.

    The socket is kept beside its connection, which forgets it once an answer says that it is the
    last one (`Connection: close`), though the body is still to come. `kept` says that it had served
    another exchange before, and `answered` that an answer has begun.
    """

    until: float
    connection: HTTPConnection | None = None
    sock: socket.socket | None = None
    expired: bool = False
    kept: bool = False
    answered: bool = False

    def expire(self) -> None:
        """Shut the socket down."""
        self.expired = True
        sock = self.sock or (self.connection and self.connection.sock)
        if sock:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Shuts down the sockets of exchanges that are past their deadline; one thread for all."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._watches: set[Watch] = set()
        self._lock = threading.RLock()  # a signal may come while this thread holds it
        self._thread: threading.Thread | None = None
        _WATCHDOGS.add(self)

    @contextmanager
    def watching(self, seconds: float) -> Iterator[Watch]:
        """Watch the exchange of this thread for so many seconds."""
        watch = Watch(until=time.monotonic() + seconds)
        _LOCAL.watch = watch
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                thread.start()  # an interrupt here must not leave one noted that never ran
                self._thread = thread
        try:
            yield watch
        finally:
            _LOCAL.watch = None
            with self._lock:
                self._watches.discard(watch)

    def hurry(self, seconds: float) -> None:
        """Give every exchange that is under way so many seconds more at most."""
        until = time.monotonic() + seconds
        with self._lock:
            for watch in tuple(self._watches):
                watch.until = min(watch.until, until)

    def _run(self) -> None:
        """Look at what is under way, until nothing has been for a while."""
        idle = 0
        while idle < MOST_IDLE:
            time.sleep(TICK)
            now = time.monotonic()
            with self._lock:  # all the while: an exchange that has ended is not to be touched
                idle = 0 if self._watches else idle + 1
                for watch in tuple(self._watches):
                    if watch.until < now:
                        watch.expire()
                if idle == MOST_IDLE:
                    self._thread = None  # the next exchange starts another


def hurry(seconds: float) -> None:
    """Give every exchange of this process so many seconds more at most."""
    for watchdog in tuple(_WATCHDOGS):
        watchdog.hurry(seconds)


def watch_of_this_thread() -> Watch | None:
    """The watch of the exchange that this thread is about, if it is about one."""
    return getattr(_LOCAL, "watch", None)
