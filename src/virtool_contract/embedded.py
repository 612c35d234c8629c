"""The embedded reference server: a process of its own, started before it is needed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

START_UP = 20.0
"""Seconds that a server that has not come up may take to say why."""


class NotUpError(RuntimeError):
    """The embedded server did not come up; the message says why."""


class EmbeddedServer:
    """The reference server, in a process of its own that ends with this one."""

    def __init__(self) -> None:
        """Start it on a free port of the loopback, and do not wait until it is up.

        It watches its standard input, so that it ends when this process does, however it does.
        """
        command = [sys.executable, "-m", "virtool_contract", "serve", "--port", "0"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [*command, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @cached_property
    def url(self) -> str:
        """Where it is, once it is up.

        Raises:
            NotUpError: it did not come up.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        url = line.split()[-1] if line.strip() else ""
        if not url.startswith("http"):
            _, errors = self._process.communicate(timeout=START_UP)
            last = (errors.strip().splitlines() or ["it said nothing"])[-1]
            raise NotUpError(f"the embedded reference server did not start: {last}")
        return url

    def stop(self) -> None:
        """Stop it, if it is not yet, and wait until it is gone.

        It has nothing that needs to be put away, so it is not waited for any longer than it takes
        to end a process.
        """
        with self._process:  # closes the pipes, and waits
            self._process.kill()


@contextmanager
def started_ahead(*, needed: bool) -> Iterator[EmbeddedServer | None]:
    """A server that comes up while this process goes on, if one is needed; it is gone behind."""
    server = EmbeddedServer() if needed else None
    try:
        yield server
    finally:
        if server is not None:
            server.stop()
