"""Generated: whatever schemathesis makes of the contract gets a documented answer."""

from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from virtool_contract import promises
from virtool_contract.promises import Caller, Explorer, Phase, Stage, standard

from .test_access import OPERATIONS, subject_in

pytestmark = standard

EXAMPLES = 40
REQUESTS = [
    *((operation, "positive") for operation in OPERATIONS),
    ("finalize", "negative"),  # what has no body has none that is invalid
]
PHASES = {True: list(Phase), False: [Phase.PENDING, Phase.FINALIZED]}


@pytest.mark.parametrize(("operation", "mode"), REQUESTS)
def test_generated_requests(explorer: Explorer, operation: str, mode: str) -> None:
    """Every generated request MUST be answered as the contract says, in every state."""
    generated = promises.generated
    contract = explorer.run.contract
    cases = generated.cases(generated.operations(contract)[operation], mode)

    def play(stage: Stage, drawn: tuple[Any, Phase, Caller]) -> None:
        case, phase, caller = drawn
        assume(stage.target.can_play(caller))
        subject = subject_in(stage, phase)
        assume(operation == "get" or stage.may_write(subject))
        body = generated.body_of(case)
        answer = (
            stage.write(subject, operation, caller, body)
            if body
            else (stage.attempt(subject, operation, caller))
        )
        implemented = stage.target.removes or operation != "remove"
        if implemented and not answer.judgement.broken:  # else it is known better already
            stage.report(generated.findings(contract, case, answer.response))

    phases = st.sampled_from(PHASES[explorer.run.target.removes])
    callers = st.sampled_from([Caller.OWNER, Caller.OWNER, Caller.OWNER, *Caller])
    explorer.cases(play, st.tuples(cases, phases, callers), examples=EXAMPLES)
