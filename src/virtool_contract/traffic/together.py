"""Recorded exchanges that overlap: could they have happened one at a time? Pure."""

from collections.abc import Iterator, Sequence

from virtool_contract.contract import Contract
from virtool_contract.history import Event, History
from virtool_contract.judge import Finding
from virtool_contract.subject import Known
from virtool_contract.traffic.items import Item

RACE = "history"
"""The topic of what only concurrent requests can show."""


def history(known: Known, items: Sequence[Item], last: Item | None, *, removes: bool) -> History:
    """Exchanges that overlap as a history, with the read that follows them, if one does."""
    began = items[0].spotted.started
    clear = [item for item in items if _is_clear(item)]
    clear += [last] if last else []
    events = (
        Event(
            client=number,
            step=item.step,
            called=item.spotted.started - began,
            returned=item.last_moment - began,
            response=item.response,
        )
        for number, item in enumerate(clear, 1)
    )
    return History(known=known, events=tuple(events), implemented=removes)


def _is_clear(item: Item) -> bool:
    """Whether it is known who asked; a refusal of somebody else's request changes nothing."""
    return len(item.callers) == 1 or not 400 <= item.spotted.status < 500


def kept(contract: Contract, items: Sequence[Item]) -> Iterator[Finding]:
    """The clauses that a history keeps which some order explains."""
    for operation in {item.spotted.operation for item in items} - {"get"}:
        yield Finding(clause=contract.clause_for(operation, RACE), kept=True)


def broken(contract: Contract, raced: History) -> Finding:
    """The clause that a history breaks which nothing explains."""
    return Finding(
        clause=raced.clause(contract),
        kept=False,
        expected="answers that some order of the requests, one at a time, explains",
        actual=raced.actual(),
        topic=RACE,
        operation=raced.culprit(),
    )
