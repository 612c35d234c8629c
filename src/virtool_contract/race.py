"""Runs concurrent programs against a target: requests that are released together by a barrier."""

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

from virtool_contract.disguises import SHORTEST_ABSENT
from virtool_contract.exchange import Headers
from virtool_contract.history import Event, History
from virtool_contract.json_values import NotJsonError, parse
from virtool_contract.judge import Finding, describe, judge, judge_in_any_state
from virtool_contract.knowledge import after_read
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.model import step
from virtool_contract.provider import check_pending
from virtool_contract.scenario import Scenario, Step
from virtool_contract.stage import Stage
from virtool_contract.subject import READ, Subject
from virtool_contract.target import Target, Unobserved

MOST_CLIENTS = 6
PENDING_STATE = "pending"


class Racer:
    """Plays programs: steps that are sent at once, on one or more fresh subjects.

    Threads are kept from round to round, and so are their connections. `last` is what the latest
    round sent: each event, with the id of its subject.
    """

    def __init__(self, target: Target, ledger: Ledger) -> None:
        """Start the threads."""
        self.target = target
        self.ledger = ledger
        self.last: tuple[tuple[Event, str], ...] = ()
        self._pool = ThreadPoolExecutor(MOST_CLIENTS, thread_name_prefix="client")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=True)

    def race(self, *steps: Step, rounds: int) -> None:
        """Play a program so many times; stop when it has broken a clause."""
        labels = dict.fromkeys(step.subject for step in steps)
        scenario = Scenario(
            subjects=dict.fromkeys(labels, PENDING_STATE), steps=steps, together=True
        )
        for _ in range(rounds):
            if not self.play(scenario):
                return

    def play(self, scenario: Scenario) -> bool:
        """Play one round; false where it broke a clause that was not broken before.

        Raises:
            TargetTroubleError, ProviderError: as `Stage`.
            Unobserved: the race could do harm to others.
        """
        stage = Stage(self.target, self.ledger)
        known_before = set(self.ledger.deviations)
        try:
            for label in scenario.subjects:
                self.target.assured(
                    partial(self._enter, stage, label), partial(self._look_at, stage)
                )
            self._spare_neighbours(stage, scenario)
            ids = {label: subject.known.id for label, subject in stage.subjects.items()}
            events = [*self._together(stage, scenario.steps)]
            self.last = tuple((event, ids[event.step.subject]) for event in events)
            for label, subject in stage.subjects.items():
                own = [event for event in events if event.step.subject == label]
                others = [event for event in events if event.step.subject != label]
                self._judge(scenario, stage, subject, own, others)
        finally:
            stage.close()
        return set(self.ledger.deviations) <= known_before

    def _enter(self, stage: Stage, label: str) -> Subject:
        subject = self.target.pending(label, files=False, fresh=True)
        stage.enter(subject)
        return subject

    def _look_at(self, stage: Stage, subject: Subject) -> None:
        """Make sure that the provider's analysis is pending, or every answer would look wrong."""
        response = stage.response(subject, Step(subject=subject.label, operation="get"))
        with suppress(NotJsonError):
            document = parse(response.body)
            check_pending(subject.known.id, document)
            if response.status == 200 and isinstance(document, dict):
                known = after_read(self.target.contract, subject.known, document)
                subject.known = replace(known, cause=None)  # what comes of the race is not known

    def _spare_neighbours(self, stage: Stage, scenario: Scenario) -> None:
        """In a race nothing is read between a removal and the next write (see `may_write`).

        Raises:
            Unobserved: the ids are so short that such a write could reach somebody else's.
        """
        removes = any(step.operation == "remove" for step in scenario.steps)
        short = any(len(each.known.id) < SHORTEST_ABSENT for each in stage.subjects.values())
        if removes and short and self.target.lets_others_write:
            raise Unobserved("any job may write, and ids are too short to write to a removed one")

    def _together(self, stage: Stage, steps: tuple[Step, ...]) -> Iterator[Event]:
        if len(steps) > MOST_CLIENTS:
            raise ValueError(f"a race has {MOST_CLIENTS} requests at most, not {len(steps)}")
        barrier = threading.Barrier(len(steps))
        began = time.monotonic()
        subjects = [stage.subjects[step.subject] for step in steps]
        prepared = [
            (step, stage.headers(subject, step), subject)
            for step, subject in zip(steps, subjects, strict=True)
        ]

        def client(number: int, step: Step, headers: Headers, subject: Subject) -> Event:
            barrier.wait()
            called = time.monotonic()
            exchange = stage.send(subject, step, headers)
            returned = time.monotonic()
            response = exchange.response
            if exchange.lost and response is not None and response.status >= 400:
                response = None  # the first of the two may have had its effect
            return Event(
                client=number,
                step=step,
                called=called - began,
                returned=returned - began,
                response=response,
            )

        futures = [self._pool.submit(client, n, *each) for n, each in enumerate(prepared, 1)]
        for future in futures:
            yield future.result()

    def _judge(
        self,
        scenario: Scenario,
        stage: Stage,
        subject: Subject,
        events: list[Event],
        others: list[Event],
    ) -> None:
        """Judge what happened to one subject, its final state included; `others` are told too."""
        contract = self.target.contract
        self.ledger.troubles += ["a request of a race got no answer"] * sum(
            event.response is None for event in events
        )
        if all(event.step.operation == "get" for event in events):
            self._judge_reads(scenario, subject, events)
            return
        for event in events:
            self._look_for_a_crash(scenario, event)
        last = self._final(stage, subject, max(event.returned for event in events))
        history = History(
            known=subject.known, events=(*events, last), implemented=self.target.removes
        )
        everything = replace(history, events=(*history.events, *others))
        if history.is_explainable(contract):
            operations = {event.step.operation for event in events} - {"get"}
            clauses = [contract.clause_for(operation, "history") for operation in operations]
            self.ledger.note(Finding(clause=clause, kept=True) for clause in clauses)
        else:
            finding = Finding(
                clause=history.clause(contract),
                kept=False,
                expected="answers that some order of the requests, one at a time, explains",
                actual=history.actual(),
            )
            self._report(finding, scenario, everything)
        for event in events:
            self._judge_in_any_state(scenario, subject, event, everything)

    def _judge_reads(self, scenario: Scenario, subject: Subject, events: list[Event]) -> None:
        """Judge each read by itself, for without a write no other can matter to it."""
        contract = self.target.contract
        for event in events:
            if event.response is None:
                continue
            operation = contract.operations[event.step.operation]
            due = step(operation, subject.known.phase, event.step.caller)
            judgement = judge(contract, due, replace(subject.known, cause=READ), event.response)
            self.ledger.note(each for each in judgement.findings if each.kept)
            for finding in judgement.broken:
                self._report(finding, scenario)

    def _look_for_a_crash(self, scenario: Scenario, event: Event) -> None:
        if event.response is None:
            return
        clause = self.target.contract.clause_for(event.step.operation, "server-error")
        kept = event.response.status < 500
        finding = Finding(
            clause=clause, kept=kept, expected="no 5xx", actual=describe(event.response)
        )
        if kept:
            self.ledger.note([finding])
        else:
            self._report(finding, scenario)

    def _judge_in_any_state(
        self, scenario: Scenario, subject: Subject, event: Event, everything: History
    ) -> None:
        """Judge what holds of an answer whatever else has happened by then."""
        if event.response is None:
            return
        contract = self.target.contract
        due = step(
            contract.operations[event.step.operation],
            subject.known.phase,
            event.step.caller,
            event.step.body,
        )
        for finding in judge_in_any_state(contract, due, subject.known, event.response).broken:
            self._report(finding, scenario, everything)

    def _final(self, stage: Stage, subject: Subject, after: float) -> Event:
        step = Step(subject=subject.label, operation="get")
        response = stage.response(subject, step)
        later = math.nextafter(after, math.inf)  # or it could be put before the last one to return
        return Event(client=0, step=step, called=later, returned=later, response=response)

    def _report(
        self, finding: Finding, scenario: Scenario, everything: History | None = None
    ) -> None:
        """Take a finding in; where it takes more than one request to see, with all of them."""
        hide = self.target.api.secrets.hide
        deviation = Deviation(
            clause=finding.clause,
            expected=finding.expected,
            actual=hide(finding.actual),
            scenario=scenario,
            timeline=tuple(map(hide, everything.timeline())) if everything else (),
        )
        covering = self.target.waivers.covering(finding.clause, "", finding.actual)
        if not self.ledger.waive(covering, lambda: deviation):
            self.ledger.add(deviation)
