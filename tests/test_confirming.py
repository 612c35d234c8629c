"""A deviation is made sure of: blamed on the right clause, shortened, and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.confirming import SHORT, SHORTENING, confirm
from virtool_contract.ledger import Deviation
from virtool_contract.model import Caller
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.replay import play
from virtool_contract.scenario import Scenario, Step
from virtool_contract.serve import service
from virtool_contract.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


class Now(Service):
    """Answers 201 to those successful finalizes whose number is among `when`."""

    def __init__(self, when: Callable[[int], bool]) -> None:
        super().__init__()
        self.when = when
        self.finalizes = 0

    @override
    async def finalize(self, call: Call) -> Reply:
        reply = await super().finalize(call)
        if reply.status != 200:
            return reply
        self.finalizes += 1
        return Reply(status=201, content=reply.content) if self.when(self.finalizes) else reply


def found(target: Target, clause: str) -> Deviation:
    """A deviation with more requests than it takes."""
    stage = Stage(target)
    other, subject = stage.pending(), stage.pending()
    stage.get(other, Caller.OTHER_JOB)
    stage.get(subject, Caller.ANONYMOUS)
    stage.finalize(subject, {"foo": "bar"})
    stage.finalize(subject, {"foo": "baz"})
    stage.close()
    return stage.ledger.deviations[clause]


def moves(deviation: Deviation) -> list[tuple[str, str]]:
    return [(step.operation, str(step.caller)) for step in deviation.scenario.steps]


def test_a_deviation_is_shortened_to_what_it_takes(target_of: TargetOf) -> None:
    reference = service(("finalize-is-201",), ())
    target = target_of(reference)
    deviation = found(target, "finalize.answer")
    assert len(deviation.scenario.steps) >= 5
    confirmed = confirm(target, deviation)
    assert moves(confirmed) == [("finalize", "owner")]
    assert len(confirmed.scenario.subjects) == 1
    assert (confirmed.seen, confirmed.tried, confirmed.frequency) == (3, 3, "always")
    assert confirmed.clause == "finalize.answer"
    assert "201" in confirmed.actual
    target.close()
    assert reference.store.analyses == {}


def test_steps_that_it_takes_are_kept(target_of: TargetOf) -> None:
    target = target_of(service(("refused-finalize-overwrites",), ()))
    confirmed = confirm(target, found(target, "finalize.keeps-first-results"))
    assert [operation for operation, _ in moves(confirmed)] == [
        "get",
        "finalize",
        "finalize",
        "get",
    ]
    assert confirmed.frequency == "always"


def test_what_comes_now_and_then_is_seen_sometimes(target_of: TargetOf) -> None:
    target = target_of(Now(lambda number: number % 2 == 1))
    stage = Stage(target)
    stage.finalized()
    stage.close()
    confirmed = confirm(target, stage.ledger.deviations["finalize.answer"])
    assert 0 < confirmed.seen < confirmed.tried == 3
    assert confirmed.frequency == "sometimes"


def test_what_does_not_come_again_was_seen_once(target_of: TargetOf) -> None:
    target = target_of(Now(lambda number: number == 1))
    stage = Stage(target)
    stage.finalized()
    stage.close()
    deviation = stage.ledger.deviations["finalize.answer"]
    confirmed = confirm(target, deviation)
    assert confirmed.scenario == deviation.scenario
    assert (confirmed.seen, confirmed.tried, confirmed.frequency) == (0, 3, "once")


class LosesFirstReads(Service):
    """The first read of an analysis does not find it."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    @override
    async def get(self, call: Call) -> Reply:
        if call.analysis_id not in self.read:
            self.read.add(call.analysis_id)
            return Reply(status=404)
        return await super().get(call)


@pytest.mark.parametrize(
    ("reference", "clause"),
    [(service(("remove-takes-all",), ()), "isolation"), (LosesFirstReads(), "get.document")],
    ids=["taken", "not found"],
)
def test_a_first_read_is_not_blamed_for_what_writes_to_others_take(
    target_of: TargetOf, reference: Service, clause: str
) -> None:
    steps = (Step(subject="A", operation="remove"), Step(subject="B", operation="get"))
    scenario = Scenario(subjects={"A": "pending", "B": "pending"}, steps=steps)
    target = target_of(reference)
    seen = play(target, scenario).deviations["get.document"]
    confirmed = confirm(target, seen)
    assert (confirmed.clause, confirmed.frequency) == (clause, "always")


def test_shortening_costs_only_so_much(target_of: TargetOf) -> None:
    reference = Now(lambda _: True)
    target = target_of(reference)
    read = Step(subject="A", operation="get")
    stage = Stage(target)
    stage.finalized()
    stage.close()
    body = next(step.body for step in stage.steps if step.body)
    steps = (Step(subject="A", operation="finalize", body=body), *[read] * (SHORTENING * 2))
    long = Deviation(
        clause="finalize.answer",
        expected="",
        actual="",
        scenario=Scenario(subjects={"A": "pending"}, steps=steps),
    )
    before = target.api.sent
    confirmed = confirm(target, long)
    assert confirmed.frequency == "always"
    assert target.api.sent - before < (SHORTENING + 4) * len(steps) * 2


@pytest.mark.parametrize("before", [SHORT - 2, 20, 200])
def test_a_long_scenario_is_shortened_as_far_as_a_short_one(
    target_of: TargetOf, before: int
) -> None:
    target = target_of(service(("second-finalize-is-400",), ()))
    stage = Stage(target)
    subject = stage.pending()
    for _ in range(before):
        stage.get(subject)
    stage.finalize(subject, {"foo": "bar"})
    stage.get(subject)
    stage.finalize(subject, {"foo": "baz"})
    stage.close()
    deviation = stage.ledger.deviations["finalize.once"]
    assert len(deviation.scenario.steps) > before
    confirmed = confirm(target, deviation)
    assert [step.operation for step in confirmed.scenario.steps] == ["finalize", "finalize"]
