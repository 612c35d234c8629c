"""Remove: the job that runs an analysis removes it, while it is pending. May be unimplemented."""

import pytest

from virtool_contract.promises import (
    Caller,
    Json,
    Phase,
    Stage,
    at_last,
    clause,
    disguises,
    expect,
    standard,
)


@clause("remove.pending", "remove.no-content", "remove.gone")
def test_the_owner_removes_a_pending_analysis(stage: Stage) -> None:
    """Removing one's pending analysis MUST be answered with 204, and it is gone."""
    expect.implemented(stage)
    analysis = stage.pending()
    expect.success(stage.remove(analysis))
    expect.state(analysis, Phase.ABSENT)
    expect.refusal(stage.get(analysis), "absent")


@clause("remove.pending")
def test_it_need_not_be_read_first(stage: Stage) -> None:
    """An analysis MUST be removable by the first request for it, also where it has no files."""
    expect.implemented(stage)
    expect.success(stage.remove(stage.unread(files=False)))


@clause("remove.gone")
def test_a_removed_analysis_is_gone_for_good(stage: Stage) -> None:
    """After a removal its owner MUST get 404 on every operation, and again."""
    analysis = stage.removed()
    for _ in range(2):
        expect.refusal(stage.finalize(analysis, {"foo": "bar"}), "absent")
        expect.refusal(stage.remove(analysis), "absent")
        expect.refusal(stage.get(analysis), "absent")


@clause("isolation")
def test_removing_one_removes_no_other(stage: Stage) -> None:
    """Removing an analysis MUST NOT change another, pending or finalized."""
    before = stage.finalized(), stage.pending(fresh=True)
    analysis = stage.pending(fresh=True)
    others = (*before, stage.pending(sample_of=analysis, fresh=True))
    expect.implemented(stage)
    expect.success(stage.remove(analysis))
    for other in others:
        expect.success(stage.get(other))


@clause("remove.absent")
def test_a_removed_analysis_cannot_be_removed_again(stage: Stage) -> None:
    """Removing a removed analysis MUST be refused with 404."""
    expect.refusal(stage.remove(stage.removed()), "absent")


@clause("remove.absent")
def test_an_absent_analysis_cannot_be_removed(stage: Stage) -> None:
    """Removing an id that nobody has MUST be refused."""
    answer = stage.remove(stage.absent(), Caller.OTHER_JOB)
    expect.refusal(answer, "absent", "not-own")


FINAL: dict[str, dict[str, Json]] = {
    "with results": {"foo": "bar"},
    "with empty ones": {},
    "with many": {"sequence": "ACGT" * 40_000},
}


@clause("remove.finalized-stays")
@pytest.mark.parametrize("results", FINAL.values(), ids=FINAL)
def test_a_finalized_analysis_stays(stage: Stage, results: dict[str, Json]) -> None:
    """Removing a finalized analysis MUST be refused with 409, however often, and it stays."""
    analysis = stage.finalized(results)
    for _ in range(3):
        expect.refusal(stage.remove(analysis), "finalized")
    expect.success(stage.get(analysis))


@clause("remove.pending")
def test_refused_writes_do_not_stand_in_the_way(stage: Stage) -> None:
    """An analysis MUST be removable after writes that were refused, whoever has sent them."""
    analysis = stage.pending()
    for caller in (Caller.OTHER_JOB, Caller.ANONYMOUS):
        stage.finalize(analysis, {"stolen": "away"}, caller)
        stage.remove(analysis, caller)
    expect.success(stage.remove(analysis))


@clause("remove.own-only")
@pytest.mark.parametrize("caller", [Caller.OTHER_JOB, Caller.OTHER_WORKFLOW])
def test_others_cannot_remove(stage: Stage, caller: Caller) -> None:
    """A job MUST NOT remove an analysis that it does not run."""
    analysis = stage.pending()
    expect.refusal(stage.remove(analysis, caller), "not-own")
    finalized = stage.finalized()
    expect.refusal(stage.remove(finalized, caller), "not-own", "finalized")


@clause("remove.own-only", "remove.forbidden")
def test_others_get_403(stage: Stage) -> None:
    """A job that removes another's analysis, read by nobody yet, SHOULD get 403."""
    expect.refusal(stage.remove(stage.unread(), Caller.OTHER_JOB), "not-own")


@clause("remove.harmless")
def test_an_unimplemented_remove_is_harmless(stage: Stage) -> None:
    """Where Remove is not implemented, it MUST be refused to everybody and remove nothing."""
    expect.unimplemented(stage)
    for analysis in (stage.pending(), stage.finalized()):
        for caller in (Caller.OWNER, Caller.OTHER_JOB, Caller.ANONYMOUS):
            stage.remove(analysis, caller)


@standard
@clause("remove.absent")
def test_an_id_that_looks_like_another_is_not_removed(stage: Stage) -> None:
    """A removal MUST take an id as it is: one that only looks like another does nothing to it."""
    expect.implemented(stage)
    analysis = stage.pending()
    for disguise in disguises(analysis.known.id):
        stage.write_look_alike(analysis, "remove", disguise)


@at_last
@clause("remove.gone")
def test_what_was_removed_early_stays_away(stage: Stage) -> None:
    """What the first plays of a run have removed MUST still be gone at the run's end."""
    analysis = stage.left_over(Phase.ABSENT)
    for operation in ("get", "finalize", "remove"):
        stage.attempt(analysis, operation, Caller.OWNER)
