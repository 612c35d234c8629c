"""Which answers came, by operation, caller and state: a table for each operation."""

from collections import Counter
from dataclasses import dataclass

from virtool_contract.model import Caller, Phase
from virtool_contract.reports.report import Report
from virtool_contract.tally import IN_DOUBT

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How often a status came; it was due where it is `right`. 0 is no answer at all."""

    status: int
    right: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The table of one operation: for each caller the answers in each of the states."""

    operation: str
    states: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[Answers, ...], ...]], ...]


def matrices(report: Report) -> tuple[Matrix, ...]:
    """The tables, with a row for every caller: what was not tried shows."""
    found: dict[Key, Counter[tuple[int, bool]]] = {}
    for seen, count in report.verdicts.tally.answers.items():
        cell = found.setdefault((seen.operation, seen.caller, seen.state), Counter())
        cell[seen.status, seen.right] += count
    doubted = any(state == IN_DOUBT for _, _, state in found)
    states = (*map(str, Phase), *[IN_DOUBT] * doubted)
    return tuple(
        Matrix(
            operation=operation,
            states=states,
            rows=tuple(
                (caller, tuple(_answers(found, (operation, caller, state)) for state in states))
                for caller in map(str, Caller)
            ),
        )
        for operation in report.contract.operations
    )


def _answers(found: dict[Key, Counter[tuple[int, bool]]], key: Key) -> tuple[Answers, ...]:
    return tuple(
        Answers(status=status, right=right, count=count)
        for (status, right), count in sorted(found.get(key, Counter()).items())
    )
