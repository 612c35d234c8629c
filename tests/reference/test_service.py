"""The promises of the reference, over a real socket."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Credentials

if TYPE_CHECKING:
    import requests

    from tests.reference.conftest import Auth, Subject, Target

RESULTS = {"results": {"foo": "bar"}}
COMMON = ["id", "created_at", "job", "workflow", "sample", "index", "user", "subtractions"]
FILE_FIELDS = {
    "analysis",
    "description",
    "format",
    "id",
    "name",
    "name_on_disk",
    "size",
    "uploaded_at",
}
METHODS = ("GET", "PATCH", "DELETE")


def owner_sends(
    target: Target, method: str, subject: Subject, body: object = None
) -> requests.Response:
    return target.send(method, subject.analysis_id, subject.auth, body)


# Get


def test_get_shows_every_documented_field(target: Target) -> None:
    subject = target.pending()
    document = target.read(subject)
    assert document.keys() == {*COMMON, "files", "ready"}
    assert document["id"] == subject.analysis_id
    assert f"job-{document['job']['id']}" == subject.auth[0]
    assert document["sample"].keys() == {"id", "name"}
    assert document["index"].keys() == {"id", "version"}
    assert document["ready"] is False
    assert datetime.fromisoformat(document["created_at"]).tzinfo is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", document["created_at"])


def test_files_name_their_analysis(target: Target) -> None:
    subject = target.pending(files=True)
    files = target.read(subject)["files"]
    assert 1 <= len(files) <= 2
    for entry in files:
        assert entry.keys() == FILE_FIELDS
        assert entry["analysis"] == subject.analysis_id
        assert entry["name_on_disk"] == f"{entry['id']}-{entry['name']}"
        assert entry["description"] is None or isinstance(entry["description"], str)


def test_there_may_be_no_files(target: Target) -> None:
    assert target.read(target.pending(files=False))["files"] == []


def test_reads_agree_and_are_labelled(target: Target) -> None:
    subject = target.pending()
    first, second = (owner_sends(target, "GET", subject) for _ in range(2))
    assert first.content == second.content
    assert first.headers["content-type"] == "application/json"


def test_analyses_differ(target: Target) -> None:
    documents = [target.read(target.pending()) for _ in range(12)]
    for field in ("id", "created_at", "job", "sample"):
        assert len({json.dumps(each[field]) for each in documents}) == 12
    assert len({each["workflow"] for each in documents}) > 1
    assert {len(each["subtractions"]) for each in documents} == {0, 1, 2}
    assert {each["index"]["version"] for each in documents} == {0, 1, 2, 3}


def test_head_is_get_without_a_body(target: Target) -> None:
    reply = owner_sends(target, "HEAD", target.pending())
    assert (reply.status_code, reply.content) == (200, b"")


@pytest.mark.parametrize("method", ["PUT", "POST", "OPTIONS"])
def test_other_methods_are_not_allowed(target: Target, method: str) -> None:
    reply = owner_sends(target, method, target.pending())
    assert reply.status_code == 405
    assert "PATCH" in reply.headers["allow"]


# Finalize


def test_finalize_is_answered_with_the_document(target: Target) -> None:
    subject = target.pending()
    before = target.read(subject)
    reply = owner_sends(target, "PATCH", subject, RESULTS)
    assert reply.status_code == 200
    assert reply.json() == {name: before[name] for name in COMMON} | {"ready": True} | RESULTS
    assert target.read(subject) == before | {"ready": True} | RESULTS


def test_a_second_finalize_changes_nothing(target: Target) -> None:
    subject = target.finalized({"foo": "bar"})
    for results in ({"foo": "bar"}, {"other": 1}, {}):
        reply = owner_sends(target, "PATCH", subject, {"results": results})
        assert reply.status_code == 409
        assert reply.json()["message"] == "There is already a result for this analysis"
    assert target.read(subject)["results"] == {"foo": "bar"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'\xef\xbb\xbf{"results": {}}', 400),
        (b'{"results": {"a": "\xff"}}', 400),
        (b'{"results": {"a": NaN}}', 400),
        (b'{"results": {"a": -Infinity}}', 400),
        (b'{"results": {"a": 1e999}}', 422),
        (b"{}", 422),
        (b'{"results": null}', 422),
        (b'{"results": []}', 422),
        (b'{"results": "x"}', 422),
        (b'{"results": 0}', 422),
        (b'{"results": ' + b'{"a":' * 300 + b"1" + b"}" * 301, 422),
        (b'{"results": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001, 422),
        (b'{"results": {"a": ' + b"9" * 5000 + b"}}", 400),
        (b'{"results": {"a": "' + b"x" * 2**23 + b'"}}', 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_bodies_are_refused_without_effect(target: Target, body: bytes, status: int) -> None:
    subject = target.pending()
    before = target.read(subject)
    reply = owner_sends(target, "PATCH", subject, body)
    assert reply.status_code == status
    assert reply.json()["message"]
    assert target.read(subject) == before
    assert owner_sends(target, "PATCH", subject, RESULTS).status_code == 200


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"": {"a.b": [None, True, 1.5, -0.1e-9, {}, []]}, "$set": 1, "__proto__": {}},
        {"big": 2**53 + 1, "huge": 10**4000, "nul": "\0", "lone": "\ud800", "astral": "\U0001f9ec"},
        {"composed": "e\u0301 é\u2028", "controls": "\t\r\n\x7f", "quotes": "\"'\\/"},
        json.loads('{"a":' * 200 + "[]" + "}" * 200),
        {"mib": "x" * 2**20},
        {"rows": list(range(100_000))},
    ],
    ids=lambda results: str(results)[:30].encode("ascii", "replace").decode(),
)
def test_results_survive(target: Target, results: dict[str, object]) -> None:
    subject = target.pending()
    reply = owner_sends(target, "PATCH", subject, {"results": results})
    assert reply.status_code == 200
    assert reply.json()["results"] == results
    assert target.read(subject)["results"] == results


def test_the_last_of_duplicate_keys_wins(target: Target) -> None:
    subject = target.pending()
    owner_sends(target, "PATCH", subject, b'{"results": {"a": 1, "a": 2}}')
    assert target.read(subject)["results"] == {"a": 2}


def test_members_beside_results_are_ignored(target: Target) -> None:
    subject = target.pending()
    before = target.read(subject)
    extra = {"ready": False, "workflow": "x", "user": {"id": "x"}, "note": 1, "id": "x"}
    assert owner_sends(target, "PATCH", subject, RESULTS | extra).status_code == 200
    assert target.read(subject) == before | {"ready": True} | RESULTS


# Remove


def test_the_owner_removes_a_pending_analysis(target: Target) -> None:
    subject = target.pending()
    reply = owner_sends(target, "DELETE", subject)
    assert (reply.status_code, reply.content) == (204, b"")
    for method in METHODS:
        gone = owner_sends(target, method, subject, RESULTS if method == "PATCH" else None)
        assert (gone.status_code, gone.json()["message"]) == (404, "Not found")


def test_a_finalized_analysis_stays(target: Target) -> None:
    subject = target.finalized({"foo": "bar"})
    before = target.read(subject)
    reply = owner_sends(target, "DELETE", subject)
    assert (reply.status_code, reply.json()["message"]) == (409, "Analysis is finalized")
    assert target.read(subject) == before


# Callers


@pytest.mark.parametrize("method", METHODS)
def test_absent_ids_are_not_found_by_any_job(target: Target, method: str) -> None:
    for caller in (target.pending(), target.idle()):
        reply = target.send(method, "nosuchid", caller.auth, RESULTS)
        assert (reply.status_code, reply.json()) == (
            404,
            {"id": "not_found", "message": "Not found"},
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("state", ["pending", "finalized"])
def test_other_jobs_have_insufficient_rights(
    target: Target,
    method: str,
    state: str,
) -> None:
    subject = target.pending() if state == "pending" else target.finalized({"foo": "bar"})
    before = target.read(subject)
    for caller in (target.pending(), target.idle()):
        reply = target.send(method, subject.analysis_id, caller.auth, RESULTS)
        assert (reply.status_code, reply.json()["message"]) == (403, "Insufficient rights")
    assert target.read(subject) == before


@pytest.mark.parametrize("method", METHODS)
def test_callers_must_show_their_key(target: Target, method: str) -> None:
    subject = target.pending()
    before, (user, key) = target.read(subject), subject.auth
    wrong: list[Auth] = [None, (user, key[:-1]), (user, ""), (user[4:], key), (f"job-{user}", key)]
    for auth in wrong:
        reply = target.send(method, subject.analysis_id, auth, RESULTS)
        assert reply.status_code == 401
        assert reply.json()["id"] == "unauthorized"
        assert reply.headers["www-authenticate"].startswith("Basic")
    assert target.read(subject) == before


def test_an_operation_on_one_analysis_changes_no_other(target: Target) -> None:
    before, subject, after = target.pending(), target.pending(), target.pending()
    bystanders = [target.read(before), target.read(after)]
    owner_sends(target, "PATCH", subject, RESULTS)
    owner_sends(target, "DELETE", target.pending())
    assert [target.read(before), target.read(after)] == bystanders


def test_look_alikes_of_an_id_are_absent(target: Target) -> None:
    subject = target.pending()
    own = subject.analysis_id
    for near in (own.upper(), own[:-1], f"{own}0", f"{own}%20", f"%20{own}", f"{own}%00"):
        assert target.send("GET", near, subject.auth).status_code == 404


# Races


def test_finalize_and_remove_are_atomic() -> None:
    async def race() -> list[int]:
        service = Service()
        state = service.set_up_pending({})
        call = Call(
            operation="finalize",
            analysis_id=state["analysis_id"],
            credentials=Credentials(user=f"job-{state['job_id']}", password=state["job_key"]),
            body=b'{"results": {}}',
        )
        replies = await asyncio.gather(*(service.handle(call) for _ in range(20)))
        return sorted(reply.status for reply in replies)

    assert asyncio.run(race()) == [200] + [409] * 19


def test_each_start_has_the_same_ids() -> None:
    first, second = (Service().set_up_pending({}) for _ in range(2))
    assert first == second
    assert re.fullmatch(r"[a-z0-9]{8}", first["analysis_id"])
    assert re.fullmatch(r"[a-z0-9]{8}", first["job_id"])
    assert re.fullmatch(r"[0-9a-f]{32}", first["job_key"])
