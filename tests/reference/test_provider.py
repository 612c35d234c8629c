"""Provider states, over a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from virtool_contract.reference.faults import compose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.conftest import Target

PENDING = "a pending analysis"
IDLE = "a job that runs no analysis"


def test_setting_up_hands_out_what_a_caller_needs(target: Target) -> None:
    setup = {"action": "setup", "state": PENDING, "params": {"files": True}}
    reply = target.change_state(setup)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json().keys() == {"analysis_id", "job_id", "job_key"}


def test_params_may_be_left_out(target: Target) -> None:
    reply = target.change_state({"action": "setup", "state": IDLE})
    assert reply.json().keys() == {"job_id", "job_key"}


@pytest.mark.parametrize("end", ["pending", "finalized", "removed"])
def test_tearing_down_takes_analysis_and_job(target: Target, end: str) -> None:
    subject = target.finalized({}) if end == "finalized" else target.pending()
    if end == "removed":
        target.send("DELETE", subject.analysis_id, subject.auth)
    params = {"analysis_id": subject.analysis_id}
    reply = target.change_state({"action": "teardown", "state": PENDING, "params": params})
    assert (reply.status_code, reply.json()) == (200, {})
    assert target.send("GET", subject.analysis_id, subject.auth).status_code == 401
    known = target.pending()
    assert target.send("GET", subject.analysis_id, known.auth).status_code == 404


def test_tearing_down_an_idle_job(target: Target) -> None:
    job = target.idle()
    params = {"job_id": job.auth[0].removeprefix("job-")}
    reply = target.change_state({"action": "teardown", "state": IDLE, "params": params})
    assert (reply.status_code, reply.json()) == (200, {})
    assert target.send("GET", "nosuchid", job.auth).status_code == 401


@pytest.mark.parametrize(
    ("state", "params"), [(PENDING, {"analysis_id": "nosuchid"}), (IDLE, {"job_id": "nosuchid"})]
)
def test_tearing_down_what_is_not_there_is_fine(
    target: Target, state: str, params: dict[str, str]
) -> None:
    reply = target.change_state({"action": "teardown", "state": state, "params": params})
    assert (reply.status_code, reply.json()) == (200, {})


def test_an_unknown_state_is_said_to_be_unknown(target: Target) -> None:
    reply = target.change_state({"action": "setup", "state": "a full moon", "params": {}})
    assert (reply.status_code, reply.json()) == (404, {"error": "unknown state"})


@pytest.mark.parametrize(
    ("request_body", "complaint"),
    [
        (b"{", "the body must be JSON"),
        (b"\xff", "the body must be JSON"),
        (b"[" * 100_000, "the body must be JSON"),
        (b"[]", "the body must be a JSON object"),
        ({"state": PENDING}, "action must be a string"),
        ({"action": "setup"}, "state must be a string"),
        ({"action": "destroy", "state": PENDING}, "action must be setup or teardown"),
        ({"action": "setup", "state": PENDING, "params": 1}, "params must be a JSON object"),
        ({"action": "teardown", "state": PENDING}, "analysis_id must be a string"),
        ({"action": "teardown", "state": IDLE, "params": {"job_id": 1}}, "job_id must be a string"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_malformed_requests_are_refused(
    target: Target, request_body: object, complaint: str
) -> None:
    reply = target.change_state(request_body)
    assert (reply.status_code, reply.json()) == (400, {"error": complaint})


def test_only_post_changes_states(target: Target) -> None:
    reply = target.session.get(f"{target.url}/provider-states", timeout=5)
    assert (reply.status_code, reply.json()) == (405, {"error": "use POST"})


def test_faults_of_the_wire_leave_it_alone(serve: Callable[..., Target]) -> None:
    broken = compose(["documents-as-plain-text", "duplicate-keys", "nan-in-document"])
    reply = serve(broken()).change_state({"action": "setup", "state": PENDING})
    assert reply.headers["content-type"] == "application/json"
    assert reply.text.count("analysis_id") == 1
