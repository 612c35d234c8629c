"""Access: every operation, by every caller, in every state."""

import itertools

import pytest

from virtool_contract.promises import (
    Caller,
    Phase,
    Stage,
    Subject,
    Unobserved,
    classify,
    clause,
    expect,
)

OPERATIONS = ("get", "finalize", "remove")
INVALID = (b"{", b"{}", b'{"results": []}')
KNOWN = [caller for caller in Caller if caller.is_known]
STRANGERS = [caller for caller in Caller if not caller.is_known]


def subject_in(stage: Stage, phase: Phase) -> Subject:
    """A subject in a state; an absent one is a removed one where Remove is implemented."""
    if phase is Phase.PENDING:
        return stage.pending()
    if phase is Phase.FINALIZED:
        return stage.finalized()
    return stage.removed() if stage.target.removes else stage.absent()


def subject_for(stage: Stage, caller: Caller, phase: Phase) -> Subject:
    """A subject in a state; for a job that has an analysis, of its sample, if the provider can."""
    mates = {Caller.OTHER_JOB: stage.bystander, Caller.FINISHED_JOB: stage.finished}
    if caller not in mates or phase is Phase.ABSENT:
        return subject_in(stage, phase)
    subject = stage.pending(sample_of=mates[caller]())
    if phase is Phase.FINALIZED:
        stage.finalize(subject, {"foo": "bar"})
    return subject


def try_everything(stage: Stage, caller: Caller, phase: Phase) -> None:
    """Send every operation by a caller to a subject in a state, a fresh one where that moved.

    A finalize is tried with each kind of invalid body first, then with a valid one.
    """
    if not stage.target.can_play(caller):
        raise Unobserved(f"there is no {caller} to be had")
    subject = subject_for(stage, caller, phase)
    if subject.credentials is None and caller is Caller.OWNER:
        raise Unobserved("an id that nobody has has no owner")
    for operation in OPERATIONS:
        if subject.known.phase is not phase or subject.known.doubtful:
            subject = subject_for(stage, caller, phase)
        for body in INVALID if operation == "finalize" else ():
            stage.finalize(subject, classify(body), caller)
        stage.attempt(subject, operation, caller)
        if operation == "get":
            stage.read_back(subject)


@pytest.mark.parametrize(("caller", "phase"), list(itertools.product(KNOWN, Phase)), ids=str)
def test_every_job(stage: Stage, caller: Caller, phase: Phase) -> None:
    """Every operation MUST answer every job in every state as the contract says."""
    try_everything(stage, caller, phase)


@clause("access.credentials", "access.no-leak")
@pytest.mark.parametrize(("caller", "phase"), list(itertools.product(STRANGERS, Phase)), ids=str)
def test_strangers_are_refused(stage: Stage, caller: Caller, phase: Phase) -> None:
    """Without valid credentials every operation MUST be refused and have no effect."""
    with stage.one_look_around():
        try_everything(stage, caller, phase)


@clause("finalize.own-only", "access.credentials")
@pytest.mark.parametrize("caller", [Caller.OTHER_JOB, Caller.ANONYMOUS], ids=str)
def test_only_the_owner_finalizes_whatever_the_results(stage: Stage, caller: Caller) -> None:
    """A finalize of others MUST be refused, be its results empty or long."""
    analysis = stage.pending()
    for results in ({}, {"sequence": "ACGT" * 2**15}):
        stage.finalize(analysis, results, caller)


@clause("errors.message", "errors.no-server-error", "documented-status")
def test_errors_say_what_is_documented(stage: Stage) -> None:
    """An error SHOULD carry its documented message."""
    analysis = stage.finalized()
    stage.finalize(analysis, {"foo": "baz"})
    stage.remove(analysis)
    stage.get(analysis, Caller.OTHER_JOB)


@clause("errors.media-type")
def test_errors_that_are_labelled_json_are_json(stage: Stage) -> None:
    """An error body that is labelled JSON SHOULD be JSON."""
    expect.labelled(stage.finalize(stage.finalized(), {"foo": "baz"}))
