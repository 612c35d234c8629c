"""Sends a scenario again: to confirm a deviation, and to find the shortest that still shows it."""

from dataclasses import replace

from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.race import Racer
from virtool_contract.scenario import BYSTANDER, Scenario
from virtool_contract.stage import Stage
from virtool_contract.target import Target, Unobserved

CONFIRMATIONS = 3
ROUNDS = 20
"""How often a race is run anew before it counts as not broken again."""
SHORTENING = 40
"""How many replays shortening may cost; a scenario of a promise takes about ten."""


def play(target: Target, scenario: Scenario) -> Ledger:
    """Send a scenario to fresh subjects, and say what that shows.

    Raises:
        TargetTroubleError, ProviderError: the target or its provider gave out.
        Unobserved: the scenario needs an absent id, and none can be had.
    """
    if scenario.together:
        return _race(target, scenario)
    stage = Stage(target)
    try:
        for label, state in scenario.subjects.items():
            _enter(stage, label, state)
        for step in scenario.steps:
            stage.play(stage.subjects[step.subject], step)
    finally:
        stage.close()
    return stage.ledger


def _race(target: Target, scenario: Scenario) -> Ledger:
    ledger = Ledger()
    racer = Racer(target, ledger)
    try:
        for _ in range(ROUNDS):
            if not racer.play(scenario):
                break
    finally:
        racer.close()
    return ledger


def _enter(stage: Stage, label: str, state: str) -> None:
    if label == BYSTANDER:
        stage.bystander()
    elif state == "absent":
        stage.admit_absent(label)
    else:
        subject = stage.target.pending(label, files=state == "pending with files")
        stage.enter(subject)


def confirm(target: Target, deviation: Deviation) -> Deviation:
    """Shorten the scenario of a deviation, then replay it `CONFIRMATIONS` times."""
    first = None if deviation.unanswered else _again(target, deviation)
    if first is not None:
        deviation = _shortened(target, first)
    seen = sum(_again(target, deviation) is not None for _ in range(CONFIRMATIONS))
    return replace(deviation, seen=seen, tried=CONFIRMATIONS)


def _again(target: Target, deviation: Deviation) -> Deviation | None:
    try:
        return play(target, deviation.scenario).deviations.get(deviation.clause)
    except Unobserved:
        return None


def _shortened(target: Target, deviation: Deviation) -> Deviation:
    """Leave out one step after another, from the last to the first, while the clause breaks."""
    replays = 0
    index = len(deviation.scenario.steps) - 1
    while index >= 0 and replays < SHORTENING:
        shorter = replace(deviation, scenario=deviation.scenario.without(index))
        found = _again(target, shorter) if shorter.scenario.steps else None
        replays += 1
        if found is not None:
            deviation = found
            index = min(index, len(deviation.scenario.steps))
        index -= 1
    return deviation
