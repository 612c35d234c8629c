"""What is due for each step of a scenario, worked out from the contract alone. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from virtool_contract.contract import Contract
from virtool_contract.json_values import Json
from virtool_contract.knowledge import sent_beside
from virtool_contract.model import NOT_IMPLEMENTED, Due, Phase, step, step_in_disguise
from virtool_contract.scenario import Scenario, Step

PREFERRED = "preferred"
"""How the topic of a refusal begins that should be a 403 where any 4xx will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One step, and what is due for it: `statuses` such as `409` or `4XX`.

    `results` are those that the subject has afterwards, None where it has none; `beside` is what a
    finalize has sent beside them so far, which must not turn up.
    """

    step: Step
    due: Due
    statuses: tuple[str, ...]
    results: Json
    beside: Mapping[str, Json]

    @property
    def schema(self) -> str:
        """The schema of the document that is due; empty where none is, or a refusal may be."""
        refusable = self.due.refused or self.due.may_refuse
        return "" if refusable else self.due.operation.success.schema

    @property
    def message(self) -> str:
        """The message that is documented for the one refusal that is due; empty for none."""
        listed = [each for each in self.due.operation.answers if each.status in self.statuses]
        alone = self.due.refused and len(listed) == len(self.statuses) == 1
        return listed[0].message if alone else ""


def expected(
    contract: Contract, scenario: Scenario, *, implemented: bool = True, preferred: bool = False
) -> Iterator[Expected]:
    """What is due for each step, if each before it got what was due.

    `implemented` says whether Remove is; with `preferred`, others are to be refused with 403.
    """
    phases = {label: _phase(state) for label, state in scenario.subjects.items()}
    results: dict[str, Json] = {}
    beside: dict[str, dict[str, Json]] = {}
    for move in scenario.steps:
        operation = contract.operations[move.operation]
        there = implemented or operation.id != "remove"
        due = step(operation, phases[move.subject], move.caller, move.body, implemented=there)
        if move.disguise:
            due = step_in_disguise(operation, move.caller)
        statuses = _statuses(due)
        if preferred and due.reasons == ("not-own",):
            statuses = ("403",)
        if not due.refused and not move.disguise:
            phases[move.subject] = due.next_phase(int(operation.success.status))
        if operation.takes_body:
            sent = beside.setdefault(move.subject, {})
            sent.update(sent_beside(move.body) or {})
            if not due.refused and move.body is not None:
                results[move.subject] = move.body.results
        yield Expected(
            step=move,
            due=due,
            statuses=statuses,
            results=results.get(move.subject),
            beside=dict(beside.get(move.subject, {})),
        )


def _phase(state: str) -> Phase:
    return Phase.ABSENT if state == "absent" else Phase.PENDING


def _statuses(due: Due) -> tuple[str, ...]:
    """The statuses that `due.permits`."""
    if not due.reasons:
        return (due.operation.success.status, *["4XX"] * due.may_refuse)
    if NOT_IMPLEMENTED in due.reasons:
        return "4XX", "501"
    if due.may_refuse:
        return ("4XX",)
    listed = {answer.status for answer in due.operation.refusals(due.reasons)}
    return ("4XX",) if "4XX" in listed else tuple(sorted(listed))
