"""Which ids may be written to, and why; keeps a log of every write (docs/safety.md)."""

import json
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

LONGEST = 255
"""The longest id that may be handed out, in characters."""
AMBIGUOUS = frozenset("/\\?#%;")
"""Characters that some servers and proxies read as the end of an id, or of its path, even when they
are percent-encoded: a write to `a;b` may reach `a`."""
REMEMBERED = 1000
"""So many writes, and so many ids read as absent, are kept in memory."""
LOG_LIMIT = 8 * 1024 * 1024
"""Bytes of a log of writes; a last line says that it is full."""
LOG_IS_FULL = b'{"full": "later writes are not listed"}\n'


class UnsafeWriteError(RuntimeError):
    """A write to an id that was neither handed out nor read as absent: a bug of the suite."""


class Reason(StrEnum):
    """Why an id may be written to."""

    HANDED_OUT = "handed out"
    READ_AS_ABSENT = "read as absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write that was let through; the path is as it was sent, percent-encoded."""

    method: str
    path: str
    reason: Reason


def unfit(analysis_id: str) -> str:
    """Why an id cannot stand in a path without danger to others; empty for one that can.

    `..` would turn a removal of an analysis into one of all analyses, and `x ` one of `x`.
    """
    if not analysis_id:
        return "it is empty"
    if len(analysis_id) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if analysis_id in {".", ".."}:
        return "it is a step in a path"
    if any(char in AMBIGUOUS or char.isspace() for char in analysis_id):
        return f"it holds a blank or one of {' '.join(sorted(AMBIGUOUS))}"
    return "" if analysis_id.isprintable() else "it holds a character that cannot be shown"


class WriteLog:
    """The latest writes in memory and, once it has a folder, all of them in a file of JSON lines.

    The file is `writes.jsonl`; a process of pytest-xdist has one of its own, such as
    `writes-gw0.jsonl`.
    """

    def __init__(self) -> None:
        """Keep the latest writes only."""
        self.latest: deque[Write] = deque(maxlen=REMEMBERED)
        self._file: BinaryIO | None = None
        self._size = 0
        self._lock = threading.Lock()

    def open(self, folder: Path) -> None:
        """Begin a file in a folder.

        Raises:
            OSError: it cannot be written.
        """
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        name = f"writes-{worker}.jsonl" if worker else "writes.jsonl"
        self._file = (folder / name).open("wb", buffering=0)

    def add(self, write: Write) -> None:
        """Note a write, before it is sent; from any thread."""
        with self._lock:
            self.latest.append(write)
            if self._file is None:
                return
            line = json.dumps(asdict(write)).encode() + b"\n"
            self._size += len(line)
            try:
                self._file.write(line if self._size <= LOG_LIMIT else LOG_IS_FULL)
            except OSError:  # a full disk is no reason to judge a target otherwise
                self._size = LOG_LIMIT + 1
            if self._size > LOG_LIMIT:
                self._close()

    def close(self) -> None:
        """End the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Guard:
    """Lets writes through to ids that were handed out, or whose last read was answered with 404."""

    def __init__(self) -> None:
        """Let nothing through yet."""
        self.log = WriteLog()
        self._admitted: dict[str, Reason] = {}
        self._absent: OrderedDict[str, None] = OrderedDict()  # as a set that knows its oldest

    def admit(self, analysis_id: str) -> None:
        """Allow writes to an id that the provider has handed out.

        Raises:
            UnsafeWriteError: the id is unfit for that (see `unfit`).
        """
        if why := unfit(analysis_id):
            raise UnsafeWriteError(f"{analysis_id!a} cannot be written to: {why}")
        self._admitted[analysis_id] = Reason.HANDED_OUT

    def admit_absent(self, analysis_id: str) -> None:
        """Allow writes to an id that nobody has (see `unfit_in_disguise`).

        Raises:
            UnsafeWriteError: its last read was not answered with 404, or it is unfit.
        """
        if not self.was_absent(analysis_id):
            raise UnsafeWriteError(f"{analysis_id!a} was not read as absent")
        if why := self.unfit_in_disguise(analysis_id):
            raise UnsafeWriteError(f"{analysis_id!a} cannot be written to: {why}")
        self._admitted.setdefault(analysis_id, Reason.READ_AS_ABSENT)

    def unfit_in_disguise(self, analysis_id: str) -> str:
        """As `unfit`, but for blanks around an id that was handed out: to miss them hits that."""
        bare = analysis_id.strip()
        ours = self._admitted.get(bare) is Reason.HANDED_OUT
        return unfit(bare if ours else analysis_id)

    def dismiss(self, analysis_ids: Iterable[str]) -> None:
        """Allow no more writes to ids."""
        for analysis_id in analysis_ids:
            self._admitted.pop(analysis_id, None)

    def note_read(self, analysis_id: str, status: int) -> None:
        """Learn from a read: an id that was absent and is there now belongs to somebody else."""
        self._absent.pop(analysis_id, None)
        if status == 404:
            self._absent[analysis_id] = None
            if len(self._absent) > REMEMBERED:
                self._absent.popitem(last=False)
        elif status < 300 and self._admitted.get(analysis_id) is Reason.READ_AS_ABSENT:
            self.dismiss([analysis_id])

    def was_absent(self, analysis_id: str) -> bool:
        """Whether the last read of an id was answered with 404."""
        return analysis_id in self._absent

    def allows(self, analysis_id: str) -> bool:
        """Whether an id may be written to."""
        return analysis_id in self._admitted

    def let_through(self, method: str, analysis_id: str, path: str) -> None:
        """Note a write that is about to be sent.

        Raises:
            UnsafeWriteError: the id was not admitted.
        """
        reason = self._admitted.get(analysis_id)
        if reason is None:
            raise UnsafeWriteError(f"{method} on {analysis_id!r}, which nobody handed out")
        self.log.add(Write(method=method, path=path, reason=reason))
