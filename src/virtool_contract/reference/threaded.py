"""The reference server on a thread of this process, for tests and for whoever embeds it."""

import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from virtool_contract.reference import app
from virtool_contract.reference.service import Service

PATIENCE: Final = 20.0
"""Seconds that it may take to come up, and to end."""


class ThreadedServer:
    """One server; it is up once this is made."""

    def __init__(self, service: Service, *, api_root: str = "/api") -> None:
        """Serve on a free port of the loopback.

        Raises:
            queue.Empty: it did not come up.
        """
        ready: queue.Queue[str] = queue.Queue()
        reader, self._writer = os.pipe()

        def serve() -> None:
            with open(reader, "rb") as lifeline:  # noqa: PTH123 - a descriptor has no path
                app.run(service, on_ready=ready.put, api_root=api_root, stop_when_closed=lifeline)

        self._thread = threading.Thread(target=serve)
        self._thread.start()
        self.url = ready.get(timeout=PATIENCE)

    def stop(self) -> None:
        """Ask it to end, which takes a moment; once."""
        os.close(self._writer)

    def join(self) -> None:
        """Wait until it has ended.

        Raises:
            TimeoutError: it has not.
        """
        self._thread.join(timeout=PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError(f"the server at {self.url} did not end")


@contextmanager
def threaded(service: Service, *, api_root: str = "/api") -> Iterator[str]:
    """Serve until the block ends; its URL."""
    server = ThreadedServer(service, api_root=api_root)
    try:
        yield server.url
    finally:
        server.stop()
        server.join()
