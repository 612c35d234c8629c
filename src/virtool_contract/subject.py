"""A subject, and what is known of it: its state, its document as last seen, what changed it."""

from collections.abc import Mapping
from dataclasses import dataclass

from virtool_contract.body import Kind
from virtool_contract.json_values import Json
from virtool_contract.model import Phase
from virtool_contract.provider import Credentials

WITH_FILES = "pending with files"
OF_SAMPLE = ", of the sample of "
FINISHED = "finished"
"""The label of the analysis that the `finished job` has finalized; it is nobody's to play with."""
STATE = f"absent|pending(?: with files)?(?:{OF_SAMPLE}\\w+)?"
"""What a subject may be before the first step of a scenario, as a regular expression."""


def mate(state: str) -> str:
    """The label of the subject whose sample one in such a state shares; empty for its own."""
    return state.partition(OF_SAMPLE)[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The last event that could have changed a subject; a surprise at the next read is its doing.

    `topic` is `effect` after a success, `effect-of-refusal.…` after a refusal, `bystander` after
    a request on another subject.
    """

    operation: str
    topic: str
    kind: Kind = Kind.PLAIN

    @property
    def is_write(self) -> bool:
        """Whether it was a write, on this subject or on another."""
        return self.operation != "get"


READ = Cause(operation="get", topic="effect")
"""A read, which changes nothing."""
BY_OTHERS = Cause(operation="", topic="bystander")
"""A request on another subject, which changes nothing here either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The oracle's knowledge of one subject.

    `document` holds the documented members as last seen, None before the first read;
    `sent_beside` are the members that were sent beside results and must not turn up. A subject is
    `doubtful` once the target has contradicted itself about it: what state it is in cannot be
    said any more, so only what holds in every state is judged.
    """

    id: str
    job_id: str = ""
    phase: Phase = Phase.PENDING
    removed: bool = False
    results: Json = None
    results_kind: Kind = Kind.PLAIN
    document: Mapping[str, Json] | None = None
    sent_beside: Mapping[str, Json] | None = None
    cause: Cause | None = None
    doubtful: bool = False


@dataclass(slots=True, kw_only=True)
class Subject:
    """One analysis: its label in the scenario, its owner's credentials, and what is known of it.

    One that is `recycled` served another promise before, and was left as it was found.
    """

    label: str
    state: str
    credentials: Credentials | None
    known: Known
    recycled: bool = False
