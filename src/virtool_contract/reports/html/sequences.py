"""A scenario as a sequence diagram: lanes of callers and one of the target; a race in its time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtool_contract.contract import Contract
from virtool_contract.ledger import Deviation
from virtool_contract.model import Caller
from virtool_contract.scenario import Step

MOST_CALLERS = 3
"""Where there are more, they share a lane."""
ANYBODY = "callers"
SHOWN_BODY = 120
SHOWN_ANSWER = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One request; `lane` is that of its caller, counted from 1, and `what` names its subject."""

    lane: int
    caller: str
    method: str
    operation: str
    what: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """The moves; the answer to the last one is what broke the clause.

    `subjects` says what each must be beforehand.
    """

    subjects: tuple[tuple[str, str], ...]
    lanes: tuple[str, ...]
    moves: tuple[Move, ...]
    together: bool
    answer: str


def cut(said: str, most: int) -> str:
    """The beginning of a text, and how much is left out."""
    left = len(said) - most
    return said if left <= 0 else f"{said[:most]}… ({left:,} characters more in report.json)"


def sequence(contract: Contract, deviation: Deviation) -> Sequence:
    """The diagram of what shows a deviation."""
    scenario = deviation.scenario
    callers = tuple(dict.fromkeys(map(_caller, scenario.steps)))
    lanes = callers if len(callers) <= MOST_CALLERS else (ANYBODY,)
    return Sequence(
        subjects=tuple(scenario.subjects.items()),
        lanes=lanes,
        moves=tuple(_moves(contract, scenario.steps, lanes)),
        together=scenario.together,
        answer=cut(deviation.actual, SHOWN_ANSWER),
    )


def _moves(contract: Contract, steps: Iterable[Step], lanes: tuple[str, ...]) -> Iterator[Move]:
    for step in steps:
        caller = _caller(step)
        body = step.body.raw.decode(errors="backslashreplace") if step.body else ""
        yield Move(
            lane=lanes.index(caller) + 1 if caller in lanes else 1,
            caller=caller,
            method=contract.operations[step.operation].method,
            operation=step.operation,
            what=f"{step.subject}, its id disguised: {step.disguise}"
            if step.disguise
            else step.subject,
            body=cut(body, SHOWN_BODY),
        )


def _caller(step: Step) -> str:
    return f"owner of {step.subject}" if step.caller is Caller.OWNER else str(step.caller)


# Races

EVENT = re.compile(r" *([0-9.]+) to +([0-9.]+) ms  (client \d+)  (.*)", re.DOTALL)
"""A line of `History.timeline`."""
LEAST = 1.0
"""Hundredths of the width that a bar has at least, so that it can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One event of a race; `start` and `width` are in hundredths of the whole, 0 where unknown."""

    times: str
    client: str
    what: str
    start: float
    width: float


def spans(timeline: Iterable[str]) -> tuple[Span, ...]:
    """The events of a race in their time; what reads like no event is shown as it is."""
    lines = list(timeline)
    events = [EVENT.fullmatch(line) for line in lines]
    end = max((float(event[2]) for event in events if event), default=0.0) or 1.0
    return tuple(_span(line, event, end) for line, event in zip(lines, events, strict=True))


def _span(line: str, event: re.Match[str] | None, end: float) -> Span:
    if event is None:
        return Span(times="", client="", what=line, start=0, width=0)
    called, returned, client, what = event.groups()
    width = max(100 * (float(returned) - float(called)) / end, LEAST)
    start = min(100 * float(called) / end, 100 - width)
    return Span(
        times=f"{called} to {returned} ms",
        client=client,
        what=what,
        start=round(start, 2),
        width=round(width, 2),
    )
