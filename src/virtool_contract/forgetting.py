"""Whether a target that has lost analyses was restarted, or loses them by what others are asked."""

from itertools import cycle

from virtool_contract.body import classify, finalize_body
from virtool_contract.confirming import CONFIRMATIONS
from virtool_contract.ledger import Deviation
from virtool_contract.model import Caller
from virtool_contract.player import FIRST_RESULTS
from virtool_contract.replay import all_shown
from virtool_contract.scenario import Scenario, Step
from virtool_contract.target import Target

WITNESS = "witness"
"""The label of the analysis that nobody writes to."""
OTHERS = 35
"""Some seven of each kind: a target may lose the oldest analysis, or keep no more than so many."""
TRIES = 4
"""What is lost now and then may stay for once."""
LOST = ("401", "403", "404")
"""How an answer begins that does not know an analysis, or its job, any more."""
FINALIZE = finalize_body(dict(FIRST_RESULTS))


def caught(target: Target) -> Deviation | None:
    """What many requests on others make of an analysis that nobody touches, or of their owners.

    None if nothing is lost, as after a restart; nor is it where analyses are too few to try.

    Raises:
        TargetTroubleError, ProviderError: the target or its provider gave out.
    """
    if not target.can_spare((TRIES + CONFIRMATIONS) * (OTHERS + 1)):
        return None
    labels = [f"other{number}" for number in range(1, OTHERS + 1)]
    writes = [
        step for label, kind in zip(labels, cycle(KINDS), strict=False) for step in kind(label)
    ]
    read = Step(subject=WITNESS, operation="get")
    # Set up between the first two, for what is lost may be what was made just before or after.
    subjects = dict.fromkeys((labels[0], WITNESS, *labels[1:]), "pending")
    scenario = Scenario(subjects=subjects, steps=(read, *writes, read))
    for _ in range(TRIES):
        found = [each for each in all_shown(target, scenario) if each.actual.startswith(LOST)]
        if found:
            return min(found, key=lambda each: each.scenario.steps[-1] != read)
    return None


def _finalized(label: str) -> tuple[Step, ...]:
    return (Step(subject=label, operation="finalize", body=FINALIZE),)


def _removed(label: str) -> tuple[Step, ...]:
    return (Step(subject=label, operation="remove"),)


def _finalized_again(label: str) -> tuple[Step, ...]:
    return (*_finalized(label), *_finalized(label), *_removed(label))


def _spoiled(label: str) -> tuple[Step, ...]:
    return (Step(subject=label, operation="finalize", body=classify(b"{")),)


def _tried_by_another(label: str) -> tuple[Step, ...]:
    finalize = Step(subject=label, operation="finalize", caller=Caller.OTHER_JOB, body=FINALIZE)
    return (finalize, Step(subject=label, operation="remove", caller=Caller.OTHER_JOB))


KINDS = (_finalized, _removed, _finalized_again, _spoiled, _tried_by_another)
"""What is done to the others, in turns."""
