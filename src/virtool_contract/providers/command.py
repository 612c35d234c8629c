"""A provider that is a process: one JSON message a line goes in, one answer a line comes out."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from virtool_contract.interrupts import patience
from virtool_contract.provider import ANSWER_LIMIT, ProviderError, read_answer

PATIENCE: Final = 5.0
"""Seconds that the process may take to end once its input is closed, and again once it is told."""
SAID: Final = 200
"""How many characters of its last words are shown."""


class CommandProvider:
    """Starts the process with the first state change, and ends it with the run.

    It is in a session of its own: Ctrl-C ends the run, which still needs it to tear down.
    """

    def __init__(self, words: Sequence[str], timeout: float = 10.0) -> None:
        """Keep the words of the command; `timeout` is in seconds, for each state change."""
        self.words = tuple(words)
        self.timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=1)
        self._readers: list[threading.Thread] = []
        self._failure = ""

    @property
    def _place(self) -> str:
        return f"the provider {self.words[0]!a} (--state-change-command)"

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write one state change and read its answer (see `Provider.change`); from any thread."""
        message = {"action": action, "state": state, "params": dict(params)}
        with self._lock:
            if self._failure:
                raise ProviderError(self._failure)
            try:
                raw = self._exchange(json.dumps(message).encode() + b"\n")
            except ProviderError as error:
                self._failure = str(error)  # a late answer would be taken for the next one's
                raise
        return read_answer(
            self._place, "it should print answers only, one JSON object a line", state, raw
        )

    def directly(self) -> "CommandProvider":
        """Itself: it does nothing ahead."""
        return self

    def forget(self) -> None:
        """Do nothing: nothing is set up ahead."""

    def close(self) -> None:
        """End the process and what it has started; it may clean up first."""
        with self._lock:
            process, self._process = self._process, None
            self._failure = self._failure or f"{self._place} has been ended"
        if process is None:
            return
        try:
            self._ask_to_end(process)
        finally:
            _tell(process, signal.SIGKILL)  # and what it left behind, also after an interrupt
            process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()

    def _ask_to_end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _tell(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)

    def _exchange(self, line: bytes) -> bytes:
        process = self._process or self._start()
        assert process.stdin
        try:
            process.stdin.write(line)
            process.stdin.flush()
            raw = self._answers.get(timeout=patience(self.timeout))
        except OSError:
            raw = b""
        except queue.Empty:
            raise ProviderError(
                f"{self._place} gave no answer in {self.timeout:g} seconds; "
                "does it flush its output after each line?"
            ) from None
        if not raw.endswith(b"\n"):
            raise ProviderError(self._broken_off(process, raw))
        return raw

    def _broken_off(self, process: subprocess.Popen[bytes], raw: bytes) -> str:
        if len(raw) > ANSWER_LIMIT:
            return f"{self._place} answered with more than {ANSWER_LIMIT} bytes"
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return f"{self._place} closed its output; it should answer until its input is closed"
        for reader in self._readers:
            reader.join(PATIENCE)
        said = f": {self._last_words[0]}" if self._last_words else ""
        return f"{self._place} ended with {code}{said}"

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                self.words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise ProviderError(f"{self._place} cannot be started: {error.strerror}") from None
        assert process.stdout
        assert process.stderr
        self._readers = [
            threading.Thread(target=self._read_answers, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_last_words, args=(process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._process = process
        return process

    def _read_answers(self, stream: IO[bytes]) -> None:
        """Pass on each line; one that has no end is the last."""
        while True:
            line = stream.readline(ANSWER_LIMIT + 1)
            self._answers.put(line)
            if not line.endswith(b"\n"):
                return

    def _read_last_words(self, stream: IO[bytes]) -> None:
        """Keep a full pipe from stopping the process, and keep what it says in the end."""
        while line := stream.readline(ANSWER_LIMIT):
            if text := line.decode(errors="replace").strip():
                self._last_words.append(ascii(text[:SAID])[1:-1])


def _tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and what it has started, as far as any of them are left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of dead
        os.killpg(process.pid, number)
