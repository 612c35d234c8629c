"""Sends a scenario again: to confirm a deviation, and to find the shortest that still shows it."""

import itertools
from contextlib import suppress
from dataclasses import dataclass, replace

from virtool_contract.body import Kind, finalize_body
from virtool_contract.disguises import disguised
from virtool_contract.exchange import Response
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.player import FIRST_RESULTS
from virtool_contract.provider import ExhaustedError
from virtool_contract.race import Racer
from virtool_contract.scenario import BYSTANDER, Scenario, Step
from virtool_contract.stage import EARLY, Stage
from virtool_contract.subject import WITH_FILES, mate
from virtool_contract.target import Target, Unobserved

CONFIRMATIONS = 3
ROUNDS = 20
"""How often a race is run anew before it counts as not broken again."""
BEFORE = "before"
"""The label of an analysis that is finalized before what a scenario is about."""
CROWD = 32
"""How many others are finalized to see whether that takes the effect of an early finalize."""
SHORT = 16
"""Steps of which one is left out at a time."""
SHORTENING = 40
"""How many replays shortening may cost; a scenario of a promise takes about ten."""


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


def confirm(target: Target, deviation: Deviation) -> Deviation:
    """Make sure of a deviation: blame the right clause, shorten its scenario, replay it.

    The clause may come back as another one, where a control shows that it is innocent. What comes
    back may be waived; it is not replayed then.
    """
    if not deviation.unanswered:
        deviation = _controlled(target, deviation)
        if is_waived(target, deviation):
            return deviation
        first = _again(target, deviation)
        if first is not None:
            deviation = _shortened(target, first)
    tried = _tried(target, deviation)
    if deviation.unanswered or tried.seen:
        return tried
    with suppress(ExhaustedError):
        other = _before_others if EARLY in tried.scenario.subjects else _after_another
        return other(target, tried) or tried
    return tried


def _tried(target: Target, deviation: Deviation) -> Deviation:
    """The deviation with its replays, as many as there are analyses for."""
    seen = tried = 0
    with suppress(ExhaustedError):
        while tried < CONFIRMATIONS:
            seen += _again(target, deviation) is not None
            tried += 1
    return replace(deviation, seen=seen, tried=tried)


def is_waived(target: Target, deviation: Deviation) -> bool:
    """Whether a waiver covers a deviation."""
    return bool(target.waivers.covering(deviation.clause, deviation.request, deviation.actual))


def is_by_what_is_waived(target: Target, deviation: Deviation) -> bool:
    """Whether a control shows that a deviation is the doing of a waived one."""
    return bool(target.waivers.entries) and is_waived(target, _controlled(target, deviation))


def _controlled(target: Target, deviation: Deviation) -> Deviation:
    """Play the controls of a deviation; what a control shows, the deviation's clause did not cause.

    If it takes no race, it is none. If reads disagree even without the write that seems to have
    changed something, they are to blame; if plain results are lost like awkward ones, awkwardness
    is not; if an analysis is there before others are written to, its first read is not.
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


STATEFUL = ("success", "refused", "effect", "bystander")
"""Topics of what a race can show too; a wrong message, say, is another matter."""


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


def _again(target: Target, deviation: Deviation) -> Deviation | None:
    return _shown(target, deviation.scenario).deviations.get(deviation.clause)


def _after_another(target: Target, deviation: Deviation) -> Deviation | None:
    """The same after a finalize of another analysis, with other results, if that always shows it.

    What such a one leaves behind may be what it takes. In the play that has shown the deviation,
    and perhaps in replays, the analysis was an earlier play's.
    """
    scenario = deviation.scenario
    if scenario.together or not target.can_spare(2 * CONFIRMATIONS * len(scenario.subjects)):
        return None
    body = finalize_body({"written": "before"})
    before = Step(subject=BEFORE, operation="finalize", body=body)
    longer = replace(
        scenario,
        subjects={BEFORE: "pending", **scenario.subjects},
        steps=(before, *scenario.steps),
    )
    found = replace(deviation, scenario=longer)
    if _again(target, found) is None or _again(target, found) is None:
        return None
    tried = _tried(target, _shortened(target, found, times=2))
    return tried if tried.frequency == "always" else None


def _before_others(target: Target, deviation: Deviation) -> Deviation | None:
    """The same with finalizes of many others before the last step, if that always shows it.

    Between an early play and the end of a run there are hundreds; if it takes time, or more of them
    than there are here, it is not shown again.
    """
    scenario = deviation.scenario
    if not target.can_spare(CONFIRMATIONS * (CROWD + 1)):
        return None
    labels = [f"other{number}" for number in range(1, CROWD + 1)]
    body = finalize_body(dict(FIRST_RESULTS))
    crowd = (Step(subject=label, operation="finalize", body=body) for label in labels)
    longer = replace(
        scenario,
        subjects={**scenario.subjects, **dict.fromkeys(labels, "pending")},
        steps=(*scenario.steps[:-1], *crowd, scenario.steps[-1]),
    )
    found = replace(deviation, scenario=longer)
    if _again(target, found) is None:
        return None
    tried = _tried(target, _shortened(target, found))
    return tried if tried.frequency == "always" else None


def _shown(target: Target, scenario: Scenario) -> Ledger:
    """What a scenario breaks; where what it needs cannot be had, what was broken until then."""
    ledger = Ledger()
    with suppress(Unobserved):
        play(target, scenario, ledger)
    return ledger


def all_shown(target: Target, scenario: Scenario) -> list[Deviation]:
    """What a scenario breaks, waived or not: either may be the cause of what is looked into."""
    shown = _shown(target, scenario)
    return [*shown.deviations.values(), *shown.waived.values()]


def _shortened(target: Target, deviation: Deviation, *, times: int = 1) -> Deviation:
    """Leave steps out, from the last to the first, while the clause breaks.

    Of many steps, as stories have them, first a quarter at a time, then half of that, and so on.
    Where it has to break two `times` in a row, it is not for what the replay before has left.
    Where analyses are few, enough are left to try it again in the end.
    """
    replays = 0
    spared = (CONFIRMATIONS + 1) * len(deviation.scenario.subjects)
    steps = len(deviation.scenario.steps)
    count = steps // 4 if steps > SHORT else 1
    while count:
        end = len(deviation.scenario.steps)
        while end > 0 and replays < SHORTENING and target.can_spare(spared):
            first = max(0, end - count)
            shorter = replace(deviation, scenario=deviation.scenario.without(first, end - first))
            wanted = times if shorter.scenario.steps else 0
            found = _again(target, shorter) if wanted else None
            if found is not None and wanted > 1:
                found = shorter if _again(target, shorter) else None
            replays += times
            deviation = found or deviation
            end = min(first, len(deviation.scenario.steps))
        count //= 2
    return deviation
