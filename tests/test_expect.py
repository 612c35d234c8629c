"""A verb lets a promise pass only where the play reached what the promise speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from virtool_contract import expect
from virtool_contract.model import Caller, Phase
from virtool_contract.reference.service import Service
from virtool_contract.serve import service
from virtool_contract.stage import Stage
from virtool_contract.target import Unobserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


def test_what_came_about_passes(target_of: TargetOf) -> None:
    stage = Stage(target_of(Service()))
    subject = stage.pending()
    expect.state(subject, Phase.PENDING)
    expect.success(stage.finalize(subject, {"foo": "bar"}))
    expect.state(subject, Phase.FINALIZED)
    expect.refusal(stage.finalize(subject, {"foo": "baz"}), "finalized")
    expect.refusal(stage.finalize(subject, {}, Caller.OTHER_JOB), "not-own", "finalized")
    stage.close()
    assert stage.ledger.deviations == {}
    assert stage.ledger.observed("finalize.once")


def test_what_did_not_come_about_is_unobserved(target_of: TargetOf) -> None:
    stage = Stage(target_of(Service()))
    finalized = stage.finalized()
    with pytest.raises(Unobserved, match=r"due to be refused \(finalized\)"):
        expect.success(stage.finalize(finalized, {"foo": "bar"}))
    with pytest.raises(Unobserved, match="reasons to refuse were none, not finalized"):
        expect.refusal(stage.get(finalized), "finalized")
    with pytest.raises(Unobserved, match="were not-own, finalized, not finalized"):
        expect.refusal(stage.remove(finalized, Caller.OTHER_JOB), "finalized")
    with pytest.raises(Unobserved, match="the analysis was finalized, not pending"):
        expect.state(finalized, Phase.PENDING)
    stage.close()


def test_an_unimplemented_remove_is_not_a_refusal(target_of: TargetOf) -> None:
    target = target_of(service((), ("remove-not-found",)))
    stage = Stage(target)
    with pytest.raises(Unobserved, match="Remove is implemented"):
        expect.unimplemented(stage)
    target.removes = False
    expect.unimplemented(stage)
    with pytest.raises(Unobserved, match="Remove is not implemented"):
        expect.refusal(stage.remove(stage.finalized()), "finalized")
    stage.close()
    assert stage.ledger.deviations == {}


@pytest.mark.parametrize(("names", "labelled"), [((), True), (("plain-text-errors",), False)])
def test_a_label_is_a_free_choice(
    target_of: TargetOf, names: tuple[str, ...], *, labelled: bool
) -> None:
    stage = Stage(target_of(service((), names)))
    answer = stage.get(stage.pending(), Caller.OTHER_JOB)
    if labelled:
        expect.labelled(answer)
    else:
        with pytest.raises(Unobserved, match="not labelled JSON"):
            expect.labelled(answer)
    stage.close()
