"""A scenario that broke a clause is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from virtool_contract.model import Caller
from virtool_contract.reference.service import Service
from virtool_contract.replay import play
from virtool_contract.serve import service
from virtool_contract.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


def test_a_scenario_is_played_with_the_subjects_that_it_names(target_of: TargetOf) -> None:
    reference = service(("absent-remove-is-204",), ())
    target = target_of(reference)
    stage = Stage(target)
    stage.remove(stage.absent(), Caller.OTHER_JOB)
    stage.close()
    deviation = stage.ledger.deviations["remove.absent"]
    assert "absent" in deviation.scenario.subjects.values()
    assert "remove.absent" in play(target, deviation.scenario).deviations
    target.close()
    assert reference.store.analyses == {}


@pytest.mark.parametrize("fault", ["finalize-is-201", "remove-is-200"])
def test_what_breaks_on_one_target_may_hold_on_another(target_of: TargetOf, fault: str) -> None:
    broken = target_of(service((fault,), ()))
    stage = Stage(broken)
    stage.finalized()
    stage.removed()
    stage.close()
    assert stage.ledger.deviations
    conforming = target_of(Service())
    for deviation in stage.ledger.deviations.values():
        assert deviation.clause in play(broken, deviation.scenario).deviations
        assert play(conforming, deviation.scenario).deviations == {}
