"""What is known of a subject follows from what was sent and from what came."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from virtool_contract.body import Body, Kind, classify, finalize_body
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json
from virtool_contract.knowledge import (
    adopted,
    after_a_wrong_answer,
    after_read,
    after_success,
    after_write,
    sent_beside,
)
from virtool_contract.model import Caller, Phase, step
from virtool_contract.subject import READ, Cause, Known

Answering: TypeAlias = Callable[..., Response]
BEFORE = Known(id="uskrqsxm", job_id="afovbrnx", document={"ready": False, "results": None})


def after(
    contract: Contract,
    operation: str,
    body: Body | None = None,
    *,
    known: Known = BEFORE,
    caller: Caller = Caller.OWNER,
) -> Known:
    due = step(contract.operations[operation], known.phase, caller, body)
    return after_success(known, due, body)


def test_a_finalize_leaves_its_results(contract: Contract) -> None:
    known = after(contract, "finalize", finalize_body({"foo": "bar"}))
    assert known.phase is Phase.FINALIZED
    assert known.results == {"foo": "bar"}
    assert known.cause == Cause(operation="finalize", topic="effect", kind=Kind.PLAIN)
    assert known.document == {"ready": True, "results": {"foo": "bar"}}
    assert known.sent_beside is None
    assert not known.removed


def test_an_unread_subject_stays_unread(contract: Contract) -> None:
    fresh = replace(BEFORE, document=None)
    assert after(contract, "finalize", finalize_body({"a": 2}), known=fresh).document is None


def test_of_results_that_were_not_understood_nothing_is_known(contract: Contract) -> None:
    known = after(contract, "finalize", classify(b'{"results": {"a": 1, "a": 2}}'))
    assert (known.phase, known.results) == (Phase.FINALIZED, None)
    assert known.document == {"ready": True}


def test_the_kind_of_the_body_goes_into_the_cause(contract: Contract) -> None:
    known = after(contract, "finalize", finalize_body({"a": 2}, note="x"))
    assert known.cause == Cause(operation="finalize", topic="effect", kind=Kind.EXTRA_MEMBERS)
    assert known.results_kind is Kind.EXTRA_MEMBERS
    assert known.sent_beside == {"note": "x"}


@pytest.mark.parametrize("caller", [Caller.OWNER, Caller.OTHER_JOB])
@pytest.mark.parametrize("text", ["plain", "\ud800"])
def test_results_beyond_i_json_may_be_there_though_the_finalize_crashed(
    contract: Contract, text: str, caller: Caller
) -> None:
    body = finalize_body({"text": text})
    due = step(contract.operations["finalize"], BEFORE.phase, caller, body)
    known = after_write(BEFORE, due, 500, body, after_success(BEFORE, due, body))
    may_be_there = text != "plain" and caller is Caller.OWNER
    assert known == replace(BEFORE, results_kind=body.kind if may_be_there else Kind.PLAIN)


def test_a_removal_leaves_nothing(contract: Contract) -> None:
    known = after(contract, "remove")
    assert (known.phase, known.removed) == (Phase.ABSENT, True)
    assert known.cause == Cause(operation="remove", topic="effect")


@pytest.mark.parametrize(
    ("operation", "phase", "caller"),
    [
        ("get", Phase.PENDING, Caller.OWNER),
        ("finalize", Phase.FINALIZED, Caller.OWNER),
        ("finalize", Phase.PENDING, Caller.OTHER_JOB),
        ("finalize", Phase.ABSENT, Caller.OWNER),
        ("remove", Phase.PENDING, Caller.ANONYMOUS),
        ("remove", Phase.FINALIZED, Caller.OWNER),
        ("remove", Phase.ABSENT, Caller.OWNER),
    ],
)
def test_what_had_to_be_refused_leaves_all_as_it_was(
    contract: Contract, operation: str, phase: Phase, caller: Caller
) -> None:
    known = replace(BEFORE, phase=phase)
    body = finalize_body({"a": 2}) if operation == "finalize" else None
    assert after(contract, operation, body, known=known, caller=caller) is known


@pytest.mark.parametrize(
    ("raw", "beside"),
    [
        (b'{"results": {}}', None),
        (b'{"results": {}, "a": 1, "ready": true}', {"a": 1, "ready": True}),
        (b'{"a": 1}', {"a": 1}),
        (b"[1]", None),
        (b"{", None),
    ],
)
def test_what_stands_beside_results_is_found(raw: bytes, beside: dict[str, Any] | None) -> None:
    assert sent_beside(classify(raw)) == beside


def test_without_a_body_nothing_stands_beside() -> None:
    assert sent_beside(None) is None


def test_a_read_leaves_the_documented_members(contract: Contract) -> None:
    seen = {"id": "uskrqsxm", "ready": False, "updated_at": "now"}
    known = after_read(contract, replace(BEFORE, cause=None), seen)
    assert known.document == {"id": "uskrqsxm", "ready": False, "results": None}
    assert known.cause == READ
    assert not READ.is_write


def test_a_read_remembers_the_results(contract: Contract) -> None:
    known = after_read(contract, BEFORE, {"ready": True, "results": {"a": {"b": [1]}}})
    assert known.document == {"ready": True, "results": {"a": {"b": [1]}}}


@pytest.mark.parametrize("status", [404, 410])
def test_the_targets_word_for_what_is_gone_is_taken(
    contract: Contract, answering: Answering, status: int
) -> None:
    known = adopted(contract, BEFORE, answering(status))
    assert (known.phase, known.cause) == (Phase.ABSENT, READ)


@pytest.mark.parametrize(
    ("document", "phase", "results"),
    [
        ({"ready": True, "results": {"a": 1}}, Phase.FINALIZED, {"a": 1}),
        ({"ready": True, "results": [1]}, Phase.FINALIZED, None),
        ({"ready": True}, Phase.FINALIZED, None),
        ({"ready": False, "results": {"a": 1}}, Phase.PENDING, None),
        ({"ready": "true"}, Phase.PENDING, None),
    ],
)
def test_the_targets_word_for_the_state_is_taken(
    contract: Contract,
    answering: Answering,
    document: dict[str, Any],
    phase: Phase,
    results: Json,
) -> None:
    known = adopted(contract, replace(BEFORE, removed=True), answering(200, document))
    assert (known.phase, known.results, known.removed) == (phase, results, False)
    assert known.cause == READ


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": NaN}'])
def test_a_word_that_cannot_be_read_leaves_doubt(
    contract: Contract, answering: Answering, body: bytes
) -> None:
    assert adopted(contract, BEFORE, answering(200, body)).doubtful


def test_a_refused_read_leaves_doubt(contract: Contract, answering: Answering) -> None:
    known = adopted(contract, BEFORE, answering(500, {"ready": True}))
    assert known.doubtful
    assert known.cause is None


@pytest.mark.parametrize(
    ("status", "caller", "shown", "is_after"),
    [
        (201, Caller.OWNER, Phase.FINALIZED, True),
        (204, Caller.OWNER, Phase.FINALIZED, True),
        (201, Caller.OWNER, Phase.PENDING, False),
        (201, Caller.OWNER, Phase.ABSENT, False),
        (500, Caller.OWNER, Phase.FINALIZED, False),
        (200, Caller.OTHER_JOB, Phase.FINALIZED, False),
    ],
)
def test_what_is_said_and_shown_to_have_succeeded_has(
    contract: Contract, status: int, caller: Caller, shown: Phase, *, is_after: bool
) -> None:
    body = finalize_body({"foo": "bar"})
    due = step(contract.operations["finalize"], Phase.PENDING, caller, body)
    after, read = after_success(BEFORE, due, body), replace(BEFORE, phase=shown)
    assert after_a_wrong_answer(due, status, after, read) is (after if is_after else read)


def test_a_read_shows_what_a_wrong_answer_to_a_read_has_done(contract: Contract) -> None:
    due = step(contract.operations["get"], Phase.PENDING, Caller.OWNER)
    read = replace(BEFORE, cause=READ)
    assert after_a_wrong_answer(due, 201, BEFORE, read) is read
