"""The states of a subject as a diagram: where its boxes, arrows and labels are. Units are pixels.

States stand below each other. A transition between neighbours is an arrow in the gap between their
boxes; what leaves a subject as it is, as every refusal does, is a loop beside its box.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from virtool_contract.model import Phase
from virtool_contract.reports.html.states import Arrow, arrows
from virtool_contract.reports.report import Report

ORDER = (Phase.FINALIZED, Phase.PENDING, Phase.ABSENT)
"""From the middle one, the contract leads to both others."""
WIDTH = 400
ROW = 23
PADDING = 9
GAP = 62
"""Between boxes, with room for the label of an arrow."""
ARROW_LEFT = 46
ARROW_APART = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A state."""

    state: str
    top: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What happens in a state; `to` is the state that follows where it is no neighbour."""

    arrow: Arrow
    middle: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An arrow from one box to the next, up or down; its label is beside its middle."""

    arrow: Arrow
    left: int
    start: int
    end: int
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """All of it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    loops: tuple[Loop, ...]
    transitions: tuple[Transition, ...]


NEIGHBOURS = {frozenset(pair) for pair in pairwise(ORDER)}


def layout(report: Report) -> Diagram:
    """The diagram of a run."""
    found = arrows(report)
    beside = {state: [*_beside(found, state)] for state in ORDER}
    boxes: dict[Phase, Box] = {}
    top = 1
    for state in ORDER:
        height = ROW * len(beside[state]) + 2 * PADDING
        boxes[state] = Box(state=str(state), top=top, height=height)
        top += height + GAP
    return Diagram(
        width=WIDTH,
        height=top - GAP + 1,
        boxes=tuple(boxes.values()),
        loops=tuple(loop for state in ORDER for loop in _loops(boxes[state], beside[state])),
        transitions=tuple(_transitions(boxes, found)),
    )


def _is_between_neighbours(arrow: Arrow) -> bool:
    return frozenset({arrow.state, arrow.after}) in NEIGHBOURS


def _beside(found: Iterable[Arrow], state: Phase) -> Iterator[Arrow]:
    return (each for each in found if each.state is state and not _is_between_neighbours(each))


def _loops(box: Box, beside: Iterable[Arrow]) -> Iterator[Loop]:
    for number, arrow in enumerate(beside):
        middle = box.top + PADDING + ROW * number + ROW // 2
        yield Loop(arrow=arrow, middle=middle, to="" if arrow.stays else str(arrow.after))


def _transitions(boxes: dict[Phase, Box], found: Iterable[Arrow]) -> Iterator[Transition]:
    drawn: dict[frozenset[Phase], int] = {}
    for arrow in filter(_is_between_neighbours, found):
        between = frozenset({arrow.state, arrow.after})
        number = drawn[between] = drawn.get(between, -1) + 1
        box, after = boxes[arrow.state], boxes[arrow.after]
        down = after.top > box.top
        start, end = (
            (box.top + box.height, after.top) if down else (box.top, after.top + after.height)
        )
        yield Transition(
            arrow=arrow,
            left=ARROW_LEFT + ARROW_APART * number,
            start=start,
            end=end,
            label=(start + end) // 2 + 20 * number,
        )
