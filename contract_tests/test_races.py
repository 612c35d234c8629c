"""Races: what comes of concurrent requests can be explained one at a time."""

import pytest

from virtool_contract.promises import (
    Caller,
    Racer,
    Step,
    Unobserved,
    classify,
    clause,
    finalize_body,
    standard,
)

pytestmark = standard

ROUNDS = 30


def finalize(word: str, subject: str = "A", caller: Caller = Caller.OWNER) -> Step:
    """A finalize with results that tell it from the others."""
    body = finalize_body({"by": word})
    return Step(subject=subject, operation="finalize", caller=caller, body=body)


GET = Step(subject="A", operation="get")
REMOVE = Step(subject="A", operation="remove")
INVALID = Step(subject="A", operation="finalize", body=classify(b'{"results": null}'))
ONE, TWO, THREE, FOUR, FIVE, SIX = map(finalize, ("one", "two", "three", "four", "five", "six"))
GET_B = Step(subject="B", operation="get")
REMOVE_B = Step(subject="B", operation="remove")
PEEK = Step(subject="A", operation="get", caller=Caller.OTHER_JOB)
PEEK_ANONYMOUS = Step(subject="A", operation="get", caller=Caller.ANONYMOUS)
STOLEN = finalize("another", caller=Caller.OTHER_JOB)
TAKEN = Step(subject="A", operation="remove", caller=Caller.OTHER_JOB)
STOLEN_ANONYMOUS = finalize("nobody", caller=Caller.ANONYMOUS)

READS = {
    "of one analysis": (GET, PEEK, GET, PEEK_ANONYMOUS, GET, PEEK),
    "of two analyses": (GET, GET_B, GET, GET_B, GET, GET_B),
}

FINALIZES = {
    "two": (ONE, TWO),
    "six": (ONE, TWO, THREE, FOUR, FIVE, SIX),
    "the same twice": (ONE, ONE),
    "one and reads": (ONE, GET, GET, GET),
    "two and reads": (ONE, GET, TWO, GET, GET),
    "one and an invalid one": (ONE, INVALID, GET),
    "one and others'": (STOLEN, ONE, STOLEN_ANONYMOUS, GET),
    "of two analyses": (ONE, finalize("two", "B"), GET, GET_B, finalize("three", "B")),
}

FINALIZES_AND_REMOVALS = {
    "a finalize behind": (REMOVE, ONE),
    "a finalize ahead": (ONE, REMOVE),
    "a finalize and reads": (ONE, REMOVE, GET, GET),
    "a finalize and another's": (TAKEN, ONE, TAKEN, GET),
    "finalizes": (ONE, REMOVE, TWO, REMOVE),
    "of two analyses": (ONE, REMOVE_B, GET, GET_B),
}

REMOVALS = {
    "two": (REMOVE, REMOVE),
    "three and a read": (REMOVE, REMOVE, REMOVE, GET),
    "of two analyses": (REMOVE, REMOVE_B, GET, GET_B),
}


@clause("get.document", "get.identity", "get.own-only", "get.safe", "access.credentials")
@pytest.mark.parametrize("program", READS.values(), ids=READS)
def test_reads_at_once(racer: Racer, program: tuple[Step, ...]) -> None:
    """Each of several reads at once MUST be answered as it would be alone."""
    for _ in range(2):  # the first violation ends a race, and there may be two kinds
        racer.race(*program, rounds=ROUNDS // 2)


@clause("finalize.atomic", "errors.no-server-error")
@pytest.mark.parametrize("program", FINALIZES.values(), ids=FINALIZES)
def test_finalizes_at_once(racer: Racer, program: tuple[Step, ...]) -> None:
    """Of several finalizes at once exactly one MUST succeed, and its results MUST stay."""
    racer.race(*program, rounds=ROUNDS)


@clause("finalize.atomic", "remove.atomic", "errors.no-server-error")
@pytest.mark.parametrize("program", FINALIZES_AND_REMOVALS.values(), ids=FINALIZES_AND_REMOVALS)
def test_finalizes_and_removals_at_once(racer: Racer, program: tuple[Step, ...]) -> None:
    """Of a finalize and a removal at once exactly one MUST succeed, and stay done."""
    removal_is_implemented(racer)
    racer.race(*program, rounds=ROUNDS)


@clause("remove.atomic", "errors.no-server-error")
@pytest.mark.parametrize("program", REMOVALS.values(), ids=REMOVALS)
def test_removals_at_once(racer: Racer, program: tuple[Step, ...]) -> None:
    """Of several removals at once exactly one MUST succeed, and stay done."""
    removal_is_implemented(racer)
    racer.race(*program, rounds=ROUNDS)


def removal_is_implemented(racer: Racer) -> None:
    """Without a Remove there is nothing to race."""
    if not racer.target.removes:
        raise Unobserved("Remove is not implemented")
