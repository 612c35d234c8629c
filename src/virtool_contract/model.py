"""The oracle: what is due in answer to a request, given the state of its subject. Pure.

One rule: collect every reason there is to refuse; with none, the success
response is due and the state it leaves follows; with one or more, any response that the contract
lists for one of those reasons is right, and nothing changes.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from virtool_contract.body import REFUSABLE, Body, Flaw, Kind
from virtool_contract.contract import Operation

NOT_IMPLEMENTED = "unimplemented"
"""The one reason that is not in the contract's list: the operation as such is not there."""


class Phase(StrEnum):
    """The state of a subject."""

    PENDING = "pending"
    FINALIZED = "finalized"
    ABSENT = "absent"


class Caller(StrEnum):
    """Who sends a request: the owner, other jobs, and ways to come without valid credentials."""

    OWNER = "owner"
    OTHER_JOB = "other job"
    OTHER_WORKFLOW = "other workflow"
    FINISHED_JOB = "finished job"
    REMOVED_JOB = "removed job"
    WRONG_KEY = "wrong key"
    ANONYMOUS = "anonymous"
    EXTENDED_KEY = "extended key"
    TRUNCATED_KEY = "truncated key"
    OTHER_CASE = "key in the other letter case"
    SWAPPED_KEY = "swapped key"
    FINISHED_KEY = "key of a finished job"
    FOREIGN_ID = "foreign id"
    EXTENDED_ID = "extended id"
    EMPTY_KEY = "empty key"
    JOB_ID_AS_KEY = "job id for a key"
    WRONG_SCHEME = "wrong scheme"
    MALFORMED = "malformed credentials"

    @property
    def is_known(self) -> bool:
        """Whether the credentials are those of a job."""
        return self.is_former or self in {Caller.OWNER, Caller.OTHER_JOB, Caller.OTHER_WORKFLOW}

    @property
    def is_former(self) -> bool:
        """Whether the job has done its work, so that a server may know it no more."""
        return self in {Caller.FINISHED_JOB, Caller.REMOVED_JOB}


PRIORITY = ("unauthenticated", "absent", "not-own", NOT_IMPLEMENTED, "finalized", "invalid-body")
"""Which reason is named first where there are several; a matter of wording, not of judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What may come back, and what state follows.

    `reasons` are in the order of `PRIORITY`. With none, the success status is due. Where
    `may_refuse`, any 4xx is right as well, whatever else there is to say: a server may look at
    the body first. Then nothing changes.
    """

    operation: Operation
    caller: Caller
    phase: Phase
    reasons: tuple[str, ...]
    flaw: Flaw | None = None
    kind: Kind = Kind.PLAIN
    may_refuse: bool = False

    @property
    def refused(self) -> bool:
        """Whether a refusal is due."""
        return bool(self.reasons)

    @property
    def blamed(self) -> str:
        """The reason whose clause answers for a refusal; empty where none is due.

        A job that has done its work is another job first of all, and only then perhaps unknown.
        """
        former = self.caller.is_former and self.reasons[:1] == ("unauthenticated",)
        return next(iter(self.reasons[former:]), "")

    def permits(self, status: int) -> bool:
        """Whether an answer with that status is right."""
        if self.may_refuse and 400 <= status < 500:
            return True
        if self.reasons:
            return any(self.lists(reason, status) for reason in self.reasons)
        return self.operation.success.covers(status)

    def lists(self, reason: str, status: int) -> bool:
        """Whether that status is listed for that reason."""
        if reason == NOT_IMPLEMENTED:
            return 400 <= status < 500 or status == 501
        return any(answer.covers(status) for answer in self.operation.refusals((reason,)))

    def next_phase(self, status: int) -> Phase:
        """The state after an answer with that status."""
        leaves = self.operation.success.leaves
        if self.reasons or not leaves or not self.operation.success.covers(status):
            return self.phase
        return Phase(leaves)

    def expected(self) -> str:
        """The statuses that are right, in words."""
        if not self.reasons:
            either = f"{self.operation.success.status} or any 4xx" if self.may_refuse else ""
            return either or self.operation.success.status
        if NOT_IMPLEMENTED in self.reasons:
            return "any 4xx or 501"
        if self.may_refuse:
            return "any 4xx"
        statuses = sorted({answer.status for answer in self.operation.refusals(self.reasons)})
        return "any 4xx" if "4XX" in statuses else " or ".join(statuses)


def step_in_disguise(operation: Operation, caller: Caller) -> Due:
    """What is due for an id that only looks like a real one: it is absent, and nobody's.

    A server may also find such an id malformed, so any 4xx will do.
    """
    stranger = Caller.OTHER_JOB if caller.is_known else caller
    return replace(step(operation, Phase.ABSENT, stranger), may_refuse=True)


def step(
    operation: Operation,
    phase: Phase,
    caller: Caller,
    body: Body | None = None,
    *,
    implemented: bool = True,
) -> Due:
    """What is due for one request (page: Get, Finalize and Remove, Errors)."""
    reasons = {
        "unauthenticated": caller.is_former or not caller.is_known,
        "not-own": caller.is_known and caller is not Caller.OWNER,
        NOT_IMPLEMENTED: not implemented,
        "absent": phase is Phase.ABSENT,
        "finalized": phase is Phase.FINALIZED,
        "invalid-body": body is not None and body.flaw is not None,
    }
    listed = operation.reasons | {NOT_IMPLEMENTED}
    there = tuple(name for name in PRIORITY if reasons[name] and name in listed)
    kind = body.kind if body else Kind.PLAIN
    return Due(
        operation=operation,
        caller=caller,
        phase=phase,
        reasons=there,
        flaw=body.flaw if body else None,
        kind=kind,
        may_refuse=kind in REFUSABLE
        # What it may not refuse, it must not refuse where nothing else is wrong: that alone shows.
        or (kind is not Kind.PLAIN and bool(there))
        # Credentials that cannot even be read may be called a bad request.
        or caller in {Caller.MALFORMED, Caller.WRONG_SCHEME},
    )
