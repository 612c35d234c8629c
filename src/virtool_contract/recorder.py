"""Keeps what a run sends and gets until its end, by reference: recording must not slow a run down.

What becomes of it is for `traffic` to say.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from virtool_contract.exchange import Exchange

MOST = 40_000
"""So many exchanges are kept; `verify --effort standard` sends some 13,000."""
MOST_BYTES = 48 * 1024 * 1024
"""So many bytes of bodies are kept."""


class Tag(NamedTuple):
    """Who asks, and as which step of what; see docs/traffic.md.

    `subject` and `state` are the label of the subject and what it was when it was set up, `job` is
    the id of the job that runs it, and `play` numbers the plays of a process.
    """

    caller: str
    subject: str = ""
    state: str = ""
    job: str = ""
    play: int = 0
    step: int = 0
    disguise: str = ""


class Kept(NamedTuple):
    """One exchange with the promise's clauses; times are those of `time.monotonic`."""

    started: float
    ended: float
    exchange: Exchange
    tag: Tag | None
    clauses: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Recorder:
    """The exchanges of one process, from the first on: once there is no more room, no more is kept.

    A sequence without its end can be judged, and one with a gap cannot. `clauses` are those of the
    promise that runs.
    """

    kept: list[Kept] = field(default_factory=list)
    clauses: tuple[str, ...] = ()
    left_out: int = 0
    _room: int = MOST_BYTES

    def add(self, started: float, ended: float, exchange: Exchange, tag: Tag | None) -> None:
        """Keep an exchange; from any thread."""
        if self._room <= 0 or len(self.kept) >= MOST:
            self.left_out += 1
            return
        size = len(exchange.request.body)
        if exchange.response is not None:
            size += len(exchange.response.body)
        self._room -= size
        self.kept.append(Kept(started, ended, exchange, tag, self.clauses))
