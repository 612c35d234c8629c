"""Who sends what, which ids are made up, and what is given back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.credentials import spoiled
from virtool_contract.model import Caller, Phase
from virtool_contract.provider import Credentials, ProviderError, UnknownStateError
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Document, Reply
from virtool_contract.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.exchange import Headers
    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]

PROVIDER_ERROR = Reply(status=500, content={"error": "no"})


class Noting(Service):
    """Keeps the state changes it was asked for; fails those of `failing`."""

    def __init__(self, *failing: str) -> None:
        super().__init__()
        self.changes: list[dict[str, Any]] = []
        self.failing = failing

    @override
    def change_state(self, body: bytes) -> Reply:
        change = json.loads(body)
        self.changes.append(change)
        if change["action"] in self.failing or change["state"] in self.failing:
            return PROVIDER_ERROR
        return super().change_state(body)

    def asked(self, action: str, state: str) -> int:
        return sum(each["action"] == action and each["state"] == state for each in self.changes)


class Repeating(Service):
    """Hands out one analysis again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Reply | None = None

    @override
    def change_state(self, body: bytes) -> Reply:
        self.first = self.first or super().change_state(body)
        return self.first


def basic_of(headers: Headers) -> str:
    ((name, value),) = headers
    assert name == "Authorization"
    scheme, _, token = value.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(token).decode()


OWN = Credentials(job_id="own", job_key="secreta")
CHANGED_KEYS = {
    Caller.OWNER: "job-own:secreta",
    Caller.WRONG_KEY: "job-own:secaaab",
    Caller.TRUNCATED_KEY: "job-own:secret",
    Caller.EXTENDED_KEY: "job-own:secretax",
    Caller.OTHER_CASE: "job-own:SECRETA",
    Caller.EXTENDED_ID: "job-ownx:secreta",
    Caller.EMPTY_KEY: "job-own:",
    Caller.JOB_ID_AS_KEY: "job-own:own",
}


@pytest.mark.parametrize(("caller", "sent"), CHANGED_KEYS.items(), ids=CHANGED_KEYS)
def test_callers_with_the_owners_name(target_of: TargetOf, caller: Caller, sent: str) -> None:
    assert basic_of(target_of(Service()).headers(caller, OWN)) == sent


def test_callers_with_other_credentials(target_of: TargetOf) -> None:
    target = target_of(Service())
    other = target.bystander().credentials
    assert other
    assert basic_of(target.headers(Caller.OTHER_JOB, OWN)) == f"job-{other.job_id}:{other.job_key}"
    assert basic_of(target.headers(Caller.SWAPPED_KEY, OWN)) == f"job-own:{other.job_key}"
    former = target.former(Caller.FINISHED_JOB).credentials
    assert former
    assert basic_of(target.headers(Caller.FINISHED_KEY, OWN)) == f"job-own:{former.job_key}"
    assert former.job_key not in {other.job_key, "secreta"}
    idle = target.idle_job()
    sent = basic_of(target.headers(Caller.OTHER_WORKFLOW, OWN))
    assert sent == f"job-{idle.job_id}:{idle.job_key}"
    assert idle.job_id not in {other.job_id, "own"}
    assert target.headers(Caller.ANONYMOUS, OWN) == ()
    assert target.headers(Caller.MALFORMED, OWN) == (("Authorization", "Basic !"),)


@pytest.mark.parametrize(
    ("caller", "job"),
    [(Caller.SWAPPED_KEY, "own"), (Caller.FINISHED_KEY, "own"), (Caller.FOREIGN_ID, "other")],
)
def test_a_key_that_all_jobs_have_is_never_the_wrong_one(caller: Caller, job: str) -> None:
    own, other = (Credentials(job_id=each, job_key="secreta") for each in ("own", "other"))
    assert basic_of(spoiled(caller, own, other)) == f"job-{job}:secaaab"


def test_of_an_absent_subject_the_other_job_is_as_good_an_owner_as_any(target_of: TargetOf) -> None:
    target = target_of(Service())
    assert target.headers(Caller.OWNER, None) == target.headers(Caller.OTHER_JOB, None)


@pytest.mark.parametrize(
    ("caller", "sent"),
    [
        (Caller.OWNER, "tokena"),
        (Caller.WRONG_KEY, "tokaab"),
        (Caller.TRUNCATED_KEY, "token"),
        (Caller.EXTENDED_KEY, "tokenax"),
        (Caller.OTHER_CASE, "TOKENA"),
        (Caller.EXTENDED_ID, "tokaab"),
        (Caller.EMPTY_KEY, ""),
        (Caller.JOB_ID_AS_KEY, "tokaab"),
    ],
)
def test_headers_are_spoiled_as_keys_are(target_of: TargetOf, caller: Caller, sent: str) -> None:
    own = Credentials(headers={"X-Token": "tokena"})
    assert target_of(Service()).headers(caller, own) == (("X-Token", sent),)


@pytest.mark.parametrize("key", ["1f", "9b2e8c0a-5d3f-4f6e-8a7b-1c2d3e4f5a6b", "123"])
def test_the_case_of_what_may_be_a_number_is_left(target_of: TargetOf, key: str) -> None:
    """A server may read such a key as a number, which has no letter case."""
    target = target_of(Service())
    for own in (Credentials(job_id="own", job_key=key), Credentials(headers={"X": f"Key {key}"})):
        sent, right = (target.headers(each, own) for each in (Caller.OTHER_CASE, Caller.OWNER))
        assert sent != right
        assert [value.lower() for _, value in sent] != [value.lower() for _, value in right]


def test_every_invalid_caller_differs_from_the_owner(target_of: TargetOf) -> None:
    target = target_of(Service())
    for own in (OWN, Credentials(headers={"X-Token": "b"}), Credentials(headers={"X-Token": "a"})):
        right = target.headers(Caller.OWNER, own)
        for caller in Caller:
            assert caller is Caller.OWNER or target.headers(caller, own) != right


def test_an_analysis_that_was_handed_out_before_is_an_error(target_of: TargetOf) -> None:
    target = target_of(Repeating())
    first = target.pending("A", files=False)
    with pytest.raises(ProviderError, match=f"handed out '{first.known.id}' twice"):
        target.pending("B", files=False)


def test_what_was_handed_out_may_be_written_to_until_it_is_given_back(target_of: TargetOf) -> None:
    reference = Noting()
    target = target_of(reference)
    subject = target.pending("A", files=True)
    assert (subject.label, subject.state) == ("A", "pending with files")
    assert subject.known.id in reference.store.analyses
    owner = target.headers(Caller.OWNER, subject.credentials)
    answer = target.api.send("PATCH", subject.known.id, owner, b'{"results": {}}').response
    assert answer
    assert answer.status == 200
    target.tear_down(subject)
    assert subject.known.id not in reference.store.analyses
    assert reference.changes[-1] == {
        "action": "teardown",
        "state": "a pending analysis",
        "params": {"analysis_id": subject.known.id},
    }
    with pytest.raises(RuntimeError, match="nobody handed out"):
        target.api.send("DELETE", subject.known.id, owner)


def test_a_provider_that_cannot_tear_down_does_no_harm(target_of: TargetOf) -> None:
    reference = Noting("teardown")
    target = target_of(reference)
    target.tear_down(target.pending("A", files=False))
    assert reference.asked("teardown", "a pending analysis") == 1


def test_the_other_jobs_are_set_up_once(target_of: TargetOf) -> None:
    reference = Noting()
    target = target_of(reference)
    for caller in (*Caller, *Caller):
        target.headers(caller, OWN)
    others = ("the bystander's", "one that finalizes", "one that removes")
    assert reference.asked("setup", "a pending analysis") == len(others)
    assert reference.asked("setup", "a job that runs no analysis") == 1
    assert target.bystander() is target.bystander()
    first = target.bystander()
    target.replace_bystander()
    assert first.known.id not in reference.store.analyses
    assert target.bystander() is not first
    target.close()
    assert reference.store.analyses == {}


def test_the_idle_job_is_given_back(target_of: TargetOf) -> None:
    reference = Service()
    target = target_of(reference)
    target.idle_job()
    assert len(reference.store.jobs) == 1
    target.close()
    assert reference.store.jobs == {}


def test_a_provider_without_idle_jobs(target_of: TargetOf) -> None:
    class Knows(Noting):
        @override
        def change_state(self, body: bytes) -> Reply:
            if b"no analysis" in body:
                return Reply(status=404, content={"error": "unknown state"})
            return super().change_state(body)

    target = target_of(Knows())
    assert target.headers(Caller.OWNER, OWN)
    with pytest.raises(UnknownStateError):
        target.headers(Caller.OTHER_WORKFLOW, OWN)


class Waiting(Service):
    """What was set up first is finalized by somebody before it is used."""

    def __init__(self, changed: int) -> None:
        super().__init__()
        self.left = changed

    @override
    def set_up_pending(self, params: Document) -> Document:
        handout = super().set_up_pending(params)
        self.left -= 1
        if self.left >= 0:
            made = self.store.analyses[handout["analysis_id"]]
            self.store.put(replace(made, ready=True, results={}))
        return handout


def test_one_that_was_changed_while_it_waited_is_left_alone(target_of: TargetOf) -> None:
    stage = Stage(target_of(Waiting(1)))
    assert stage.pending().known.phase is Phase.PENDING
    assert stage.ledger.deviations == {}
    stage.close()


def test_a_provider_that_hands_out_no_pending_ones_is_said_to(target_of: TargetOf) -> None:
    stage = Stage(target_of(Waiting(9)))
    with pytest.raises(ProviderError, match="is not pending: its `ready` is true"):
        stage.pending()
    stage.close()
