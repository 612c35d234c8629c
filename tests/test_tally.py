"""A tally counts answers by what was asked, of whom and when, and adds up over processes."""

from collections.abc import Callable

import execnet
import pytest

from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.model import Caller, Phase, step
from virtool_contract.player import NO_ANSWER
from virtool_contract.reference.service import Service
from virtool_contract.stage import Stage
from virtool_contract.tally import BOUNDS, IN_DOUBT, Seen, Tally
from virtool_contract.target import Target

FINALIZED_TWICE = Seen(
    operation="finalize",
    caller="owner",
    state="finalized",
    reason="finalized",
    status=409,
    right=True,
)


def answer(status: int = 200, seconds: float = 0.002) -> Response:
    return Response(status=status, headers=(), body=b"", elapsed=seconds)


def counted(contract: Contract, *seconds: float) -> Tally:
    tally = Tally()
    due = step(contract.operations["get"], Phase.PENDING, Caller.OWNER)
    for each in seconds:
        tally.count(due, answer(seconds=each))
    return tally


def test_answers_are_counted_by_what_was_due_and_what_came(contract: Contract) -> None:
    tally = Tally()
    due = step(contract.operations["finalize"], Phase.FINALIZED, Caller.OWNER)
    for status in (409, 409, 200):
        tally.count(due, answer(status))
    accepted = FINALIZED_TWICE._replace(status=200, right=False)
    assert tally.answers == {FINALIZED_TWICE: 2, accepted: 1}
    assert tally.answered("finalize") == 3


def test_where_the_state_is_in_doubt_no_status_is_wrong(contract: Contract) -> None:
    tally = Tally()
    due = step(contract.operations["get"], Phase.ABSENT, Caller.OWNER)
    tally.count(due, answer(), doubtful=True)
    assert [(seen.state, seen.right) for seen in tally.answers] == [(IN_DOUBT, True)]


def test_an_answer_that_did_not_come_has_no_latency(contract: Contract) -> None:
    tally = Tally()
    tally.count(step(contract.operations["get"], Phase.PENDING, Caller.OWNER), NO_ANSWER)
    assert [(seen.status, seen.right) for seen in tally.answers] == [(0, False)]
    assert tally.answered("get") == 0
    assert tally.percentile("get", 0.5) == 0.0


def test_percentiles_are_rounded_up_to_a_bucket(contract: Contract) -> None:
    tally = counted(contract, *[0.001] * 90, *[0.1] * 9, 3.0)
    for share, seconds in ((0.5, 0.001), (0.9, 0.001), (0.91, 0.1), (0.99, 0.1), (1.0, 3.0)):
        assert seconds <= tally.percentile("get", share) < seconds * 1.1


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, BOUNDS[0]), (1e6, BOUNDS[-1])])
def test_latencies_beyond_the_buckets_are_in_the_first_or_last(
    contract: Contract, seconds: float, shown: float
) -> None:
    assert counted(contract, seconds).percentile("get", 0.5) == shown


def test_tallies_add_up_and_travel_between_processes(contract: Contract) -> None:
    one, other = counted(contract, 0.001, 0.5), counted(contract, 0.5, 0.5)
    one.merge(Tally.from_json(execnet.loads(execnet.dumps(other.to_json()))))
    assert one == counted(contract, 0.001, 0.5, 0.5, 0.5)


def test_a_histogram_is_read_back_though_its_bounds_were_rounded(contract: Contract) -> None:
    tally = counted(contract, *(bound * 0.99 for bound in BOUNDS), 0.001, 1e6)
    read = Tally()
    read.count_latencies("get", [(round(to, 6), count) for to, count in tally.histogram("get")])
    assert read.histogram("get") == tally.histogram("get")
    assert read.answered("get") == len(BOUNDS) + 2
    assert tally.histogram("remove") == ()


def test_it_does_not_grow_with_what_is_counted(contract: Contract) -> None:
    few = counted(contract, *[0.001] * 10)
    many = counted(contract, *[0.001] * 10_000)
    assert len(many.to_json()["answers"]) == len(few.to_json()["answers"]) == 1
    assert len(many.latencies["get"]) == 1


def test_a_player_counts_what_it_judges(target_of: Callable[[Service], Target]) -> None:
    target = target_of(Service())
    stage = Stage(target)
    subject = stage.finalized()
    stage.finalize(subject, {"second": 1})
    stage.close()
    target.close()
    tally = stage.ledger.tally
    assert tally.answers[FINALIZED_TWICE] == 1
    assert tally.answers.total() == sum(map(tally.answered, target.contract.operations))
    assert 0 < tally.percentile("finalize", 0.5) < 5
