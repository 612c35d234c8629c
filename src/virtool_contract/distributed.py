"""What a process of pytest-xdist tells the one that reports, beside what its promises observed."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self, TypeVar

import pytest

KEY = "virtool_contract"
DAY = "virtool_contract_day"
KNOWN = "virtool_contract_known"
APART = 3
"""pytest-xdist gives a process two tests at a time or more, neighbours in the order of all."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process' part in a run: what it ran against, and why it could not, if it could not.

    `code` is the exit code of a problem that came up before the first promise, 0 for none;
    `traffic` is the file that it has left in the folder of reports, if it recorded any, and
    `left_out` how many exchanges are not in it.
    """

    base_url: str = ""
    path: str = ""
    removes: bool = True
    selected: bool = False
    clauses: tuple[str, ...] = ()
    problem: str = ""
    code: int = 0
    traffic: str = ""
    left_out: int = 0

    def tell(self, config: pytest.Config) -> None:
        """Leave word for the process that reports."""
        output: dict[str, Any] = config.workeroutput  # type: ignore[attr-defined]  # xdist adds it
        output[KEY] = asdict(self)

    @classmethod
    def heard(cls, output: Mapping[str, Any]) -> Self | None:
        """What a worker left word of; None where it ran nothing of the suite."""
        if KEY not in output:
            return None
        part = dict(output[KEY])
        return cls(**{**part, "clauses": tuple(part.get("clauses", ()))})


class Workers:
    """A pytest plugin of the process that reports: tells the others, hears them, and ends them.

    `parts` are what each had to say, and `part` is one of that, before all others one that found
    something wrong.
    """

    def __init__(self, today: date, known: Callable[[], Iterable[str]]) -> None:
        """Know of none yet; `known` are the clauses that the baseline saw broken."""
        self.part: Part | None = None
        self.parts: list[Part] = []
        self._today = today
        self._known = known
        self._processes: list[int] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's, which has no types
        """Have all go by the same day, also past midnight, and by the same baseline.

        They could not read that themselves: one may have made room for the reports by then.
        """
        node.workerinput[DAY] = self._today.isoformat()
        node.workerinput[KNOWN] = sorted(self._known())
        if node.gateway.spec.popen:  # and not on another machine
            # xdist has asked for it already; execnet's public way would block the worker's session.
            self._processes.append(node.gateway._rinfo().pid)  # noqa: SLF001 - see above

    def pytest_keyboard_interrupt(self) -> None:
        """Let them give back what they have set up, rather than be killed in mid-promise."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's, which has no types
        """Hear what one has to say at its end."""
        part = Part.heard(getattr(node, "workeroutput", {}))
        if part is None:
            return
        self.parts.append(part)
        if not (self.part and self.part.problem):
            self.part = part


def day_of(config: pytest.Config) -> date | None:
    """The day that this process was told; None where it is to look itself."""
    told = getattr(config, "workerinput", {}).get(DAY)
    return date.fromisoformat(told) if told else None


def known_of(config: pytest.Config) -> frozenset[str]:
    """The clauses that this process was told of."""
    return frozenset(getattr(config, "workerinput", {}).get(KNOWN, ()))


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one, which reports."""
    return hasattr(config, "workerinput")


def share_of(config: pytest.Config) -> tuple[int, int]:
    """Which of how many processes this is, counted from 0."""
    worker: Mapping[str, Any] = getattr(config, "workerinput", {})
    number = str(worker.get("workerid", "gw0")).removeprefix("gw")
    return int(number), int(worker.get("workercount", 1))


def lengthy_first(items: Sequence[Item], is_lengthy: Callable[[Item], bool]) -> list[Item]:
    """The items in an order in which no process is left with a long one at the end.

    Long ones come as early as they can without standing next to each other, where one process would
    get several.
    """
    ordered: list[Item] = []
    rest = deque(item for item in items if not is_lengthy(item))
    for item in filter(is_lengthy, items):
        ordered.append(item)
        ordered += [rest.popleft() for _ in range(min(APART - 1, len(rest)))]
    return ordered + list(rest)
