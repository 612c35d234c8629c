"""Controls: experiments that show what a deviation is about, before its clause is blamed.

What a control shows, the deviation's clause did not cause.
"""

import itertools
from dataclasses import replace

from virtool_contract.body import Kind, finalize_body
from virtool_contract.ledger import Deviation
from virtool_contract.player import FIRST_RESULTS
from virtool_contract.replay import all_shown
from virtool_contract.scenario import Scenario, Step
from virtool_contract.target import Target

STATEFUL = ("success", "refused", "effect", "bystander")
"""Topics of what a race can show too; a wrong message, say, is another matter."""


def controlled(target: Target, deviation: Deviation) -> Deviation:
    """Play the controls of a deviation; what a control shows, the deviation's clause did not cause.

    If it takes no race, it is none. If reads disagree even without the write that seems to have
    changed something, they are to blame; if plain results are lost like awkward ones, awkwardness
    is not; if an analysis is there before others are written to, its first read is not.

    Raises:
        TargetTroubleError, ProviderError: as `replay.play`.
    """
    if deviation.scenario.together:
        return _without_race(target, deviation)
    controls = (
        (deviation.scenario.without_last_write(), _by_reads),
        (_with_plain_results(deviation.scenario), _by_plain_results),
        (_with_a_read_at_last(deviation.scenario), _by_a_read),
        (_with_a_read_at_first(deviation.scenario), _by_others),
    )
    for control, explains in controls:
        if control != deviation.scenario:
            shown = all_shown(target, control)
            found = next((other for other in shown if explains(deviation, other)), None)
            if found is not None:
                return found
    return deviation


def is_waived(target: Target, deviation: Deviation) -> bool:
    """Whether a waiver covers a deviation."""
    return bool(target.waivers.covering(deviation.clause, deviation.request, deviation.actual))


def is_by_what_is_waived(target: Target, deviation: Deviation) -> bool:
    """Whether a control shows that a deviation is the doing of a waived one."""
    return bool(target.waivers.entries) and is_waived(target, controlled(target, deviation))


def _without_race(target: Target, deviation: Deviation) -> Deviation:
    """The requests of a race one after another, forwards and backwards, and a read at the end.

    Where there are several subjects, all are read in between, to see what writes do to others.
    """
    scenario = deviation.scenario
    reads = tuple(Step(subject=label, operation="get") for label in scenario.subjects)
    between = reads if len(reads) > 1 else ()
    for steps in (scenario.steps, scenario.steps[::-1]):
        spread = itertools.chain.from_iterable((*between, step) for step in steps)
        one_by_one = replace(scenario, together=False, steps=(*spread, *reads))
        for found in all_shown(target, one_by_one):
            another_refusal = found.topic.startswith("refused") and found.actual.startswith("4")
            if found.topic.startswith(STATEFUL) and not another_refusal:
                return found
    return deviation


def _by_reads(deviation: Deviation, other: Deviation) -> bool:
    """Whether reads alone show what was taken for the effect of a write."""
    if deviation.scenario.steps[-1].operation != "get" or deviation.clause == other.clause:
        return False
    lost = deviation.topic.endswith(".gone") and other.topic.startswith("success")
    effect = deviation.topic.startswith(("effect", "bystander")) and other.topic.startswith(
        "effect"
    )
    return other.scenario.steps[-1].operation == "get" and (lost or effect)


def _by_plain_results(deviation: Deviation, other: Deviation) -> bool:
    """Whether the same thing happens to plain results."""
    stem = deviation.topic.rpartition(".")[0]
    return bool(stem) and other.topic == f"{stem}.{Kind.PLAIN}"


def _by_a_read(deviation: Deviation, other: Deviation) -> bool:
    """Whether a read in place of the last write would have shown the same."""
    return deviation.topic.startswith("effect.others") and other.topic.startswith("effect")


def _by_others(_: Deviation, other: Deviation) -> bool:
    """Whether writes to others are what changes it."""
    return other.topic.startswith("bystander")


def _with_a_read_at_first(scenario: Scenario) -> Scenario:
    """The scenario with an owner's read first, where the last step is a read after others' writes.

    Only where that one is the first for its analysis, which may have been lost before.
    """
    *before, last = scenario.steps
    if last.operation != "get" or last.disguise or any(s.subject == last.subject for s in before):
        return scenario
    if all(step.operation == "get" for step in before):
        return scenario
    first = Step(subject=last.subject, operation="get")
    return replace(scenario, steps=(first, *scenario.steps))


def _with_a_read_at_last(scenario: Scenario) -> Scenario:
    """The scenario with its owner's read in place of the last step."""
    last = Step(subject=scenario.steps[-1].subject, operation="get")
    return replace(scenario, steps=(*scenario.steps[:-1], last))


def _with_plain_results(scenario: Scenario) -> Scenario:
    """The scenario with plain results in place of whatever is special about valid bodies.

    Results that differ stay so, to the last member: what mixes them up would not show otherwise.
    """
    first = finalize_body(dict(FIRST_RESULTS))
    plain = {first.raw: first}
    steps = list(scenario.steps)
    for index, step in enumerate(steps):
        if step.body and step.body.results is not None:
            another = finalize_body({"plain" * len(plain): "bar"})
            steps[index] = replace(step, body=plain.setdefault(step.body.raw, another))
    return replace(scenario, steps=tuple(steps))
