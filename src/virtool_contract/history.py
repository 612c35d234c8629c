"""Judges concurrent requests: could they have happened one at a time? Pure.

A history is right if its events can be put in an order that keeps every event that ended before
another began in front of it, and in which each answer is the one that the model calls for
(linearizability, as Herlihy and Wing define it; the search is Wing and Gong's, with memoisation).
An event without an answer, or with a 5xx, may have taken effect or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from virtool_contract.contract import Contract
from virtool_contract.documents import compare
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json, NotJsonError, parse, show
from virtool_contract.knowledge import after_success
from virtool_contract.model import Due, Phase, step
from virtool_contract.scenario import Step
from virtool_contract.subject import Known

LATER = frozenset({423, 425, 429})
"""Refusals that say no more than that this is not the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One request of one client; times are in seconds since the race began."""

    client: int
    step: Step
    called: float
    returned: float
    response: Response | None

    @property
    def is_uncertain(self) -> bool:
        """Whether it may have taken effect or not: no answer came, or one that admits a failure."""
        return self.response is None or self.response.status >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All events on one subject, and what was known of it before the first.

    `implemented` says whether Remove is.
    """

    known: Known
    events: tuple[Event, ...]
    implemented: bool = True

    def is_explainable(self, contract: Contract) -> bool:
        """Whether some order of the events explains every answer."""
        return next(self.ends(contract), None) is not None

    def ends(self, contract: Contract) -> Iterator[Known]:
        """What may be known afterwards, by any order that explains every answer; perhaps twice."""
        return _Search(contract, self).ends()

    def culprit(self) -> str:
        """The operation to blame for a history that nothing explains.

        Two acknowledged writes of one kind blame that kind; a finalize and a removal that were
        both acknowledged blame the one that undid the other.
        """
        writes = [event for event in self.events if event.step.operation != "get"]
        done = [event.step.operation for event in writes if _succeeded(event)]
        if {"finalize", "remove"} <= set(done) and done.count("finalize") == 1:
            return "finalize" if self._last_status() == 200 else "remove"
        operations = done or [event.step.operation for event in writes]
        return "finalize" if "finalize" in operations or not operations else "remove"

    def _last_status(self) -> int:
        last = self._last()
        return last.response.status if last.response else 0

    def _last(self) -> Event:
        return max(self.events, key=lambda event: event.called)

    def actual(self) -> str:
        """What is wrong with a history that nothing explains, in a few words."""
        stray = self.stray()
        if stray:
            return f"a read of {self.known.id} shows {stray}"
        return self.lost() or "no order explains these answers"

    def clause(self, contract: Contract) -> str:
        """The clause that a history breaks which nothing explains."""
        if self.stray():
            return contract.clause_for("get", "identity")
        return contract.clause_for(self.culprit(), "history")

    def stray(self) -> str:
        """The id in a read of another analysis; empty where there is none.

        Where the last read has a wrong id too, that takes no race.
        """
        if not self.events or _id_in(self._last().response) != self.known.id:
            return ""
        reads = (event for event in self.events if event.step.operation == "get")
        wrong = (_id_in(event.response) for event in reads)
        return next((each for each in wrong if each not in {"", self.known.id}), "")

    def lost(self) -> str:
        """Names acknowledged results that the last read does not show; empty where none are."""
        acknowledged = [
            event
            for event in self.events
            if event.step.operation == "finalize" and _succeeded(event)
        ]
        final = _document(self._last().response)
        kept = final.get("results") if isinstance(final, dict) else None
        gone = [show(_results(event)) for event in acknowledged if _results(event) != kept]
        return f"acknowledged and lost: {', '.join(gone)}" if gone else ""

    def timeline(self) -> Iterator[str]:
        """The history as text, one event a line in the order of the calls, times in ms.

        Where events are of several subjects, each says of which.
        """
        several = len({event.step.subject for event in self.events}) > 1
        for event in sorted(self.events, key=lambda each: each.called):
            span = f"{event.called * 1000:7.1f} to {event.returned * 1000:7.1f} ms"
            whose = f"{event.step.subject}  " * several
            yield f"{span}  client {event.client}  {whose}{_described(event)}"


def _succeeded(event: Event) -> bool:
    return event.response is not None and 200 <= event.response.status < 300


def _was_refused(event: Event) -> bool:
    return event.response is not None and 400 <= event.response.status < 500


def _is_put_off(event: Event) -> bool:
    return event.response is not None and event.response.status in LATER


def _described(event: Event) -> str:
    status = event.response.status if event.response else "no answer"
    document = _document(event.response)
    saw = ""
    if isinstance(document, dict) and "ready" in document:
        saw = f", ready {show(document['ready'])}, results {show(document.get('results'))}"
    caller = "" if event.step.caller == "owner" else f" by {event.step.caller}"
    sent = f" {show(_results(event))}" if event.step.body else ""
    return f"{event.step.operation}{caller}{sent}: {status}{saw}"


def _results(event: Event) -> Json:
    return event.step.body.results if event.step.body else None


def _document(response: Response | None) -> Json:
    try:
        return parse(response.body) if response else None
    except NotJsonError:
        return None


def _id_in(response: Response | None) -> str:
    """Whose document it is; errors may have an id as well, which is another matter."""
    document = _document(response) if response and response.status == 200 else None
    return str(document.get("id", "")) if isinstance(document, dict) else ""


Place = tuple[frozenset[int], Phase, str]


class _Search:
    """Looks for orders, depth first, never twice from the same place."""

    def __init__(self, contract: Contract, history: History) -> None:
        self.contract = contract
        self.history = history
        self.known = history.known
        self.events: Sequence[Event] = history.events
        self.implemented = history.implemented

    def ends(self) -> Iterator[Known]:
        """What may be known after all events, once for each way to tell."""
        if self.history.stray():
            return
        open_ends: list[tuple[frozenset[int], Known]] = [(frozenset(), self.known)]
        visited: set[Place] = set()
        while open_ends:
            done, known = open_ends.pop()
            place = (done, known.phase, show(known.results))
            if place in visited:
                continue
            visited.add(place)
            if all(index in done or self.events[index].is_uncertain for index in self.indices()):
                yield known
            for index in self.ready(done):
                outcomes = self.outcomes(self.events[index], known)
                open_ends += [(done | {index}, after) for after in outcomes]

    def indices(self) -> range:
        return range(len(self.events))

    def ready(self, done: frozenset[int]) -> Iterator[int]:
        """The events that may come next: none that is left had ended before they began."""
        left = [index for index in self.indices() if index not in done]
        ends = [self.events[i].returned for i in left if not self.events[i].is_uncertain]
        first_end = min(ends, default=float("inf"))
        return (index for index in left if self.events[index].called <= first_end)

    def outcomes(self, event: Event, known: Known) -> Iterator[Known]:
        """What may be known after an event, if it took effect here."""
        operation = self.contract.operations[event.step.operation]
        implemented = self.implemented or operation.id != "remove"
        due = step(
            operation, known.phase, event.step.caller, event.step.body, implemented=implemented
        )
        after = known if due.refused else after_success(known, due, event.step.body)
        if event.is_uncertain or event.response is None:
            yield after
            yield known
        elif not due.refused and operation.success.covers(event.response.status):
            if self.fits(event.response, after):
                yield after
        elif _is_refusal(due, event.response.status) or self.gives_way(event):
            yield known

    def gives_way(self, event: Event) -> bool:
        """Whether a refused write ran beside another that took effect, or may have.

        The page orders no two writes, and lets a server lock an analysis, or claim it, ahead of the
        effect: what is refused then was in conflict, though nothing is to be seen of it yet. One
        that is told to come later may have met any other, but not one that was told the same.
        """
        if event.step.operation == "get" or not _was_refused(event):
            return False
        later = _is_put_off(event)
        others = (other for other in self.events if other is not event)
        return any(
            other.step.operation != "get"
            and (_succeeded(other) or other.is_uncertain or (later and not _is_put_off(other)))
            and other.called <= event.returned
            and (event.called <= other.returned or other.is_uncertain)
            for other in others
        )

    def fits(self, response: Response, after: Known) -> bool:
        document = _document(response)
        if not isinstance(document, dict):
            return True
        aspects = compare(self.contract, replace(after, sent_beside=None), document)
        return not {"ready", "results"} & aspects.keys()


def _is_refusal(due: Due, status: int) -> bool:
    """Whether the answer refuses what may be refused.

    Which 4xx it is, is judged one at a time; here it matters that nothing took effect.
    """
    return due.permits(status) or (due.refused and 400 <= status < 500)
