"""Races against real servers: requests sent at once, and what comes of them."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.body import finalize_body
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.model import Caller
from virtool_contract.race import MOST_CLIENTS, Racer
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.replay import play
from virtool_contract.scenario import Scenario, Step
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]
    Racing: TypeAlias = Callable[[Target], Racer]

GET = Step(subject="A", operation="get")
REMOVE = Step(subject="A", operation="remove")
NOBODY = Step(subject="A", operation="get", caller=Caller.ANONYMOUS)
TAKEN = Step(subject="A", operation="remove", caller=Caller.OTHER_JOB)
GET_B = Step(subject="B", operation="get")
REMOVE_B = Step(subject="B", operation="remove")


def finalize(word: str, subject: str = "A", caller: Caller = Caller.OWNER) -> Step:
    body = finalize_body({"by": word})
    return Step(subject=subject, operation="finalize", caller=caller, body=body)


MANY = 150
"""Rounds until a window of two milliseconds is hit, on a machine that is busy; a few do mostly."""
ONE, TWO = finalize("one"), finalize("two")
PROGRAMS = {
    "finalizes and reads": (ONE, GET, TWO, GET, GET),
    "a removal and finalizes": (ONE, REMOVE, TWO, GET),
    "removals": (REMOVE, REMOVE, REMOVE, GET),
    "others": (finalize("x", caller=Caller.OTHER_JOB), ONE, GET),
    "two subjects": (ONE, finalize("two", "B"), REMOVE, finalize("three", "B")),
    "as many as there can be": tuple(finalize(word) for word in "abcdef"),
}
FAULTS = {
    "finalize-race": ((ONE, TWO), "finalize.atomic"),
    "remove-race": ((REMOVE, REMOVE), "remove.atomic"),
    "remove-overtakes-finalize": ((REMOVE, ONE), "remove.atomic"),
    "finalize-revives": ((ONE, REMOVE), "finalize.atomic"),
    "ready-before-results": ((ONE, GET, GET, GET), "finalize.atomic"),
    "gone-during-finalize": ((ONE, GET, GET, GET), "finalize.atomic"),
    "concurrent-finalizes-both-refused": ((ONE, TWO), "finalize.atomic"),
    "concurrent-results-mixed-up": ((ONE, TWO), "finalize.atomic"),
    "answer-of-the-other-finalize": ((ONE, TWO), "finalize.atomic"),
    "anonymous-shares-a-caller": ((GET, NOBODY, GET, NOBODY), "access.credentials"),
    "read-shows-what-is-being-removed": ((ONE, REMOVE_B, GET, GET), "get.identity"),
    "remove-undoes-finalizes": ((ONE, REMOVE_B), "finalize.atomic"),
    "removes-mixed-up": ((REMOVE, REMOVE_B), "remove.atomic"),
    "concurrent-finalize-crashes": ((ONE, TWO), "errors.no-server-error"),
}


@pytest.fixture
def racing() -> Iterator[Racing]:
    racers: list[Racer] = []

    def make(target: Target) -> Racer:
        racers.append(Racer(target, Ledger()))
        return racers[-1]

    yield make
    for racer in racers:
        racer.close()


def test_the_reference_breaks_nothing_and_keeps_nothing(
    target_of: TargetOf, racing: Racing
) -> None:
    reference = Service()
    target = target_of(reference)
    racer = racing(target)
    for program in PROGRAMS.values():
        racer.race(*program, rounds=5)
    assert racer.ledger.deviations == {}
    assert racer.ledger.troubles == []
    assert racer.ledger.kept["finalize.atomic"] >= 25
    assert racer.ledger.kept["remove.atomic"] >= 10
    per_round = sum(len(program) + 2 for program in PROGRAMS.values()) + 2
    assert racer.ledger.requests == target.api.sent == 5 * per_round
    target.close()
    assert reference.store.analyses == {}


@pytest.mark.parametrize(
    ("fault", "program", "broken"),
    [
        (
            "finalize-lets-others-remove",
            (TAKEN, ONE, TAKEN),
            {"finalize.atomic", "remove.own-only"},
        ),
        ("reads-mixed-up", (GET, GET_B, GET, GET_B), {"get.identity", "get.safe"}),
        (
            "read-during-remove-shows-nothing",
            (REMOVE, GET, GET, GET),
            {"get.document", "get.files", "get.results-when-ready"},
        ),
    ],
)
def test_some_break_more_than_one(
    target_of: TargetOf, racing: Racing, fault: str, program: tuple[Step, ...], broken: set[str]
) -> None:
    target = target_of(service((fault,), ()))
    racer = racing(target)
    racer.race(*program, rounds=MANY)
    target.close()
    assert set(racer.ledger.deviations) == broken


@pytest.mark.parametrize(("fault", "how"), FAULTS.items(), ids=FAULTS)
def test_a_fault_breaks_the_clause_it_is_about(
    target_of: TargetOf, racing: Racing, fault: str, how: tuple[tuple[Step, ...], str]
) -> None:
    program, clause = how
    target = target_of(service((fault,), ()))
    racer = racing(target)
    racer.race(*program, rounds=MANY)
    target.close()
    assert set(racer.ledger.deviations) == {clause}
    deviation = racer.ledger.deviations[clause]
    assert deviation.scenario.together
    assert deviation.scenario.steps == program
    by_itself = {"errors.no-server-error", "access.credentials"}
    assert (deviation.timeline == ()) is (clause in by_itself)
    if deviation.timeline:
        assert len(deviation.timeline) == len(program) + 1, "and the read at the end"


def test_two_that_succeed_are_told_with_what_was_lost(target_of: TargetOf, racing: Racing) -> None:
    racer = racing(target_of(service(("finalize-race",), ())))
    racer.race(ONE, TWO, rounds=MANY)
    deviation = racer.ledger.deviations["finalize.atomic"]
    assert deviation.expected == "answers that some order of the requests, one at a time, explains"
    assert deviation.actual.startswith("acknowledged and lost: ")
    assert "client 0  get: 200, ready true" in deviation.timeline[-1]


def test_what_broke_goes_through_json_and_is_played_again(
    target_of: TargetOf, racing: Racing
) -> None:
    target = target_of(service(("finalize-race",), ()))
    racer = racing(target)
    racer.race(ONE, TWO, rounds=MANY)
    found = racer.ledger.deviations["finalize.atomic"]
    read = Deviation.from_json(found.to_json())
    assert read == found
    assert read.scenario.together
    assert set(play(target, read.scenario).deviations) == {"finalize.atomic"}
    assert play(target_of(Service()), read.scenario).deviations == {}
    one_by_one = Scenario(subjects=read.scenario.subjects, steps=read.scenario.steps)
    assert play(target, one_by_one).deviations == {}, "it takes a race"


def test_a_clause_that_is_broken_already_does_not_end_a_race(
    target_of: TargetOf, racing: Racing
) -> None:
    target = target_of(service(("finalize-race",), ()))
    racer = racing(target)
    racer.race(ONE, TWO, rounds=MANY)
    before = target.api.sent
    racer.race(ONE, TWO, rounds=4)
    assert target.api.sent - before == 4 * 4


class Together(Service):
    """Takes its time for a finalize, and counts how many requests it has at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self.now = 0

    @override
    async def handle(self, call: Call) -> Reply:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().handle(call)
        finally:
            self.now -= 1

    @override
    async def before_finalize(self, call: Call) -> None:
        await asyncio.sleep(0.2)


def test_requests_are_under_way_at_the_same_time(target_of: TargetOf, racing: Racing) -> None:
    reference = Together()
    racer = racing(target_of(reference))
    started = time.monotonic()
    racer.race(*(finalize(word) for word in "abcdef"), rounds=1)
    assert reference.most == MOST_CLIENTS
    assert time.monotonic() - started < 6 * 0.2


def test_threads_end_with_the_racer(target_of: TargetOf) -> None:
    def clients() -> list[str]:
        return [each.name for each in threading.enumerate() if each.name.startswith("client")]

    racer = Racer(target_of(Service()), Ledger())
    racer.race(ONE, TWO, rounds=1)
    assert clients()
    racer.close()
    assert clients() == []
