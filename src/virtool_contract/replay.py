"""Sends a scenario again, to fresh subjects."""

from contextlib import suppress
from dataclasses import dataclass

from virtool_contract.disguises import disguised
from virtool_contract.exchange import Response
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.race import Racer
from virtool_contract.scenario import BYSTANDER, Scenario, Step
from virtool_contract.stage import Stage
from virtool_contract.subject import WITH_FILES, mate
from virtool_contract.target import Target, Unobserved

ROUNDS = 20
"""How often a race is run anew before it counts as not broken again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One step of a play: the path it went to, and what came back; None where nothing did."""

    step: Step
    path: str
    response: Response | None


def play(
    target: Target,
    scenario: Scenario,
    ledger: Ledger | None = None,
    sent: list[Sent] | None = None,
) -> Ledger:
    """Send a scenario to fresh subjects, and say what that shows.

    `ledger` and `sent` take in what was seen and sent, also where the play comes to no end.

    Raises:
        TargetTroubleError, ProviderError: the target or its provider gave out.
        Unobserved: the scenario needs an absent id, and none can be had.
    """
    ledger = Ledger() if ledger is None else ledger
    sent = [] if sent is None else sent
    if scenario.together:
        _race(target, scenario, ledger, sent)
        return ledger
    stage = Stage(target, ledger)
    try:
        for label, state in scenario.subjects.items():
            _enter(stage, label, state)
        for step in scenario.steps:
            subject = stage.subject(step.subject)
            path = target.api.target(disguised(subject.known.id, step.disguise))
            response = stage.play(subject, step).response
            sent.append(Sent(step=step, path=path, response=response if response.status else None))
    finally:
        stage.close()
    return ledger


def _race(target: Target, scenario: Scenario, ledger: Ledger, sent: list[Sent]) -> None:
    racer = Racer(target, ledger)
    try:
        for _ in range(ROUNDS):
            if not racer.play(scenario):
                break
    finally:
        racer.close()
    for event, analysis_id in sorted(racer.last, key=lambda each: each[0].called):
        path = target.api.target(analysis_id)
        sent.append(Sent(step=event.step, path=path, response=event.response))


def _enter(stage: Stage, label: str, state: str) -> None:
    if label == BYSTANDER:
        if stage.target.budget is None:
            _renew_bystander(stage.target)
        stage.bystander()
    elif state == "absent":
        stage.admit_absent(label)
    else:
        files = state.startswith(WITH_FILES)
        other = mate(state)
        sample_of = stage.subject(other) if other else None
        subject = stage.target.pending(label, files=files, sample_of=sample_of, fresh=True)
        stage.enter(subject)


def _renew_bystander(target: Target) -> None:
    """Have one that was made just now, for a fault may reach for no other.

    It is looked at on a stage of its own, so that this is not in the scenario.
    """
    target.replace_bystander()
    first = Stage(target)
    try:
        first.bystander()
    finally:
        first.close()


def shown(target: Target, scenario: Scenario) -> Ledger:
    """What a scenario breaks; where what it needs cannot be had, what was broken until then."""
    ledger = Ledger()
    with suppress(Unobserved):
        play(target, scenario, ledger)
    return ledger


def all_shown(target: Target, scenario: Scenario) -> list[Deviation]:
    """What a scenario breaks, waived or not: either may be the cause of what is looked into."""
    ledger = shown(target, scenario)
    return [*ledger.deviations.values(), *ledger.waived.values()]
