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


def tell_day(node: Any, day: date) -> None:  # noqa: ANN401 - xdist's, which has no types
    """Tell a worker that is about to start which day it is: a run has one, also past midnight."""
    node.workerinput[DAY] = day.isoformat()


def day_of(config: pytest.Config) -> date | None:
    """The day that this process was told; None where it is to look itself."""
    told = getattr(config, "workerinput", {}).get(DAY)
    return date.fromisoformat(told) if told else None


def tell_known(node: Any, clauses: Iterable[str]) -> None:  # noqa: ANN401 - xdist's, which has no types
    """Tell a worker that is about to start which clauses the baseline saw broken.

    It could not read that for itself: another one may have made room for the reports by then.
    """
    node.workerinput[KNOWN] = sorted(clauses)


def known_of(config: pytest.Config) -> frozenset[str]:
    """The clauses that this process was told of."""
    return frozenset(getattr(config, "workerinput", {}).get(KNOWN, ()))


def process_of(node: Any) -> int | None:  # noqa: ANN401 - xdist's, which has no types
    """The process of a worker that is about to start; None for one on another machine."""
    if not node.gateway.spec.popen:
        return None
    process: int = node.gateway._rinfo().pid  # noqa: SLF001 - execnet has no other way
    return process


def interrupt(processes: Iterable[int]) -> None:
    """Ask workers to end; else they are killed in the midst of a promise, and give nothing back."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


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
