"""Makes sure of a deviation: the right clause, the shortest scenario, and how often it shows."""

from contextlib import suppress
from dataclasses import replace

from virtool_contract.body import finalize_body
from virtool_contract.controls import controlled, is_waived
from virtool_contract.ledger import Deviation
from virtool_contract.player import FIRST_RESULTS
from virtool_contract.provider import ExhaustedError
from virtool_contract.replay import shown
from virtool_contract.scenario import Step
from virtool_contract.stage import EARLY
from virtool_contract.target import Target

CONFIRMATIONS = 3
BEFORE = "before"
"""The label of an analysis that is finalized before what a scenario is about."""
CROWD = 32
"""How many others are finalized to see whether that takes the effect of an early finalize."""
SHORT = 16
"""Steps of which one is left out at a time."""
SHORTENING = 40
"""How many replays shortening may cost; a scenario of a promise takes about ten."""


def confirm(target: Target, deviation: Deviation) -> Deviation:
    """Make sure of a deviation: blame the right clause, shorten its scenario, replay it.

    The clause may come back as another one, where a control shows that it is innocent. What comes
    back may be waived; it is not replayed then.

    Raises:
        TargetTroubleError, ProviderError: as `replay.play`; too few analyses are no error.
    """
    if not deviation.unanswered:
        deviation = controlled(target, deviation)
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


def _again(target: Target, deviation: Deviation) -> Deviation | None:
    return shown(target, deviation.scenario).deviations.get(deviation.clause)


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
