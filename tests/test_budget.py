"""Where analyses are few, some are kept back for what is to come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from virtool_contract.budget import FOR_REPLAYS, Budget
from virtool_contract.confirming import CONFIRMATIONS, confirm
from virtool_contract.ledger import Deviation
from virtool_contract.model import Caller, Phase
from virtool_contract.provider import PENDING_ANALYSIS, ExhaustedError
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Reply
from virtool_contract.serve import service
from virtool_contract.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.target import Target

    TargetOf = Callable[[Service | str], Target]
    Scarce = Callable[..., Target]


class Counting(Service):
    """Counts the analyses that were set up."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    @override
    def change_state(self, body: bytes) -> Reply:
        self.made += b'"setup"' in body and PENDING_ANALYSIS.encode() in body
        return super().change_state(body)


@pytest.fixture
def scarce(target_of: TargetOf) -> Scarce:
    def make(most: int, what: Service | None = None) -> Target:
        target = target_of(what or Service())
        target.budget = Budget(most=most, source="a test")
        return target

    return make


def deviation_of(target: Target, play: Callable[[Stage], Any]) -> Deviation:
    stage = Stage(target)
    play(stage)
    stage.close()
    (deviation,) = stage.ledger.deviations.values()
    return deviation


def test_what_is_reserved_is_not_taken() -> None:
    budget = Budget(most=3, source="--max-subjects 3")
    budget.take()
    budget.reserved = 1
    assert budget.can_spare(1)
    assert not budget.can_spare(2)
    budget.take()
    with pytest.raises(ExhaustedError) as caught:
        budget.take()
    assert str(caught.value) == "the 3 analyses of this run (--max-subjects 3) are used up"
    budget.reserved = 0
    budget.take()
    assert budget.used == 3


@pytest.mark.parametrize(("most", "kept"), [(9, 0), (50, 5), (10_000, FOR_REPLAYS)])
def test_a_search_leaves_some_for_replays(most: int, kept: int) -> None:
    budget = Budget(most=most, source="", reserved=1)
    budget.reserve_for_replays(searching=True)
    assert budget.reserved == kept
    budget.reserve_for_replays(searching=False)
    assert budget.reserved == 0


def test_replays_leave_some_for_the_promises_to_come() -> None:
    budget = Budget(most=50, source="", to_come=3.5)
    reserved = []
    for _ in range(4):
        budget.reserve_for_promises(1)
        reserved.append(budget.reserved)
    assert reserved == [2, 2, 0, 0]


def test_without_a_budget_nothing_serves_twice(target_of: TargetOf) -> None:
    reference = Counting()
    target = target_of(reference)
    for _ in range(3):
        stage = Stage(target)
        stage.pending()
        stage.close()
    assert reference.made == 3 + 1  # the bystander, who says what others are


def test_one_that_was_only_read_and_refused_serves_again(scarce: Scarce) -> None:
    target = scarce(10)
    ids = set()
    for caller in (Caller.OTHER_JOB, Caller.ANONYMOUS):
        stage = Stage(target)
        subject = stage.pending()
        stage.finalize(subject, {"stolen": "yes"}, caller)
        ids.add(subject.known.id)
        stage.close()
    assert len(ids) == 1


@pytest.mark.parametrize("phase", [Phase.FINALIZED, Phase.ABSENT])
def test_how_it_was_made_what_it_is_stands_in_the_scenario(scarce: Scarce, phase: Phase) -> None:
    target = scarce(10)
    scenarios = []
    ids = set()
    for _ in range(2):
        stage = Stage(target)
        subject = stage.finalized() if phase is Phase.FINALIZED else stage.removed()
        assert subject.known.phase is phase
        stage.finalize(subject, {"foo": "baz"})
        scenarios.append(stage.scenario())
        ids.add(subject.known.id)
        stage.close()
        assert stage.ledger.deviations == {}
    assert len(ids) == 1
    first, second = ([step for step in each.steps if step.operation != "get"] for each in scenarios)
    assert first == second


def renamed(reference: Service) -> None:
    """Change what every analysis says of its sample."""
    for each in list(reference.store.analyses.values()):
        reference.store.put(replace(each, sample=replace(each.sample, name="another")))


def overwritten(reference: Service) -> None:
    """Change the results of every finalized analysis."""
    for each in list(reference.store.analyses.values()):
        reference.store.put(replace(each, results={"over": "written"} if each.ready else None))


@pytest.mark.parametrize(("change", "count"), [(renamed, 1), (overwritten, 2)])
def test_what_happened_meanwhile_is_not_held_against_the_next_play(
    scarce: Scarce, change: Callable[[Service], None], count: int
) -> None:
    reference = Service()
    target = scarce(10, reference)
    ids = []
    for _ in range(2):
        stage = Stage(target)
        ids.append(stage.finalized().known.id)
        stage.close()
        change(reference)
        assert stage.ledger.deviations == {}
        target.replace_bystander()
    assert len(set(ids)) == count


def test_what_the_target_has_lost_does_not_serve_again(scarce: Scarce) -> None:
    reference = Service()
    target = scarce(20, reference)
    target.call_witnesses()
    stage = Stage(target)
    stage.pending()
    stage.finalized()
    stage.close()
    reference.store.analyses.clear()
    reference.store.jobs.clear()
    assert target.has_forgotten()
    for phase in (Phase.PENDING, Phase.FINALIZED):
        assert target.spare("A", phase, files=False) is None


def test_one_with_other_results_does_not_serve_again(scarce: Scarce) -> None:
    target = scarce(10)
    stage = Stage(target)
    other = stage.finalized({"other": "results"})
    stage.close()
    stage = Stage(target)
    assert stage.finalized().known.id != other.known.id
    stage.close()


@pytest.mark.parametrize(
    ("fault", "count"),
    [("finalized-removable", 2), ("remove-finalized-is-403", 1), ("sample-null", 1)],
)
def test_nothing_serves_again_where_a_state_is_in_doubt(
    scarce: Scarce, fault: str, count: int
) -> None:
    target = scarce(10, service((fault,), ()))
    ids = []
    for _ in range(2):
        stage = Stage(target)
        subject = stage.finalized()
        ids.append(subject.known.id)
        stage.remove(subject)
        stage.close()
        assert stage.ledger.deviations
    assert len(set(ids)) == count


def test_replays_are_on_fresh_ones(scarce: Scarce) -> None:
    """On one that has served, another promise's requests would be taken for the scenario's."""
    reference = Counting()
    target = scarce(100, reference)
    stage = Stage(target)
    stage.pending()
    stage.close()
    before = reference.made
    faulty = deviation_of(
        scarce(100, service(("finalize-answer-without-index",), ())), Stage.finalized
    )
    assert confirm(target, faulty).seen == 0
    assert reference.made - before > CONFIRMATIONS


def test_shortening_leaves_enough_to_try_it_again(scarce: Scarce) -> None:
    for most in (12, 40):
        target = scarce(most, service(("finalize-answer-without-index",), ()))

        def play(stage: Stage) -> None:
            subject = stage.pending()
            for _ in range(5):
                stage.get(subject)
            stage.finalize(subject, {"foo": "bar"})

        confirmed = confirm(target, deviation_of(target, play))
        assert (confirmed.seen, confirmed.tried) == (CONFIRMATIONS, CONFIRMATIONS)


def test_replays_that_there_is_nothing_left_for_are_not_counted(scarce: Scarce) -> None:
    target = scarce(100, service(("finalize-answer-without-index",), ()))
    found = deviation_of(target, Stage.finalized)
    assert target.budget
    target.budget.reserved = target.budget.most - target.budget.used - 4
    confirmed = confirm(target, found)
    assert 0 < confirmed.tried < CONFIRMATIONS
    assert confirmed.seen == confirmed.tried
