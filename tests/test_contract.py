"""A contract answers: which clause is about a topic, what is listed, and what is documented."""

from typing import Any

import pytest

from virtool_contract.contract import Answer, Contract


@pytest.mark.parametrize(
    ("operation", "topic", "clause"),
    [
        ("get", "success.plain", "get.document"),
        ("get", "success.status", "get.document"),
        ("get", "shape.sample", "get.document"),
        ("get", "shape.files", "get.files"),
        ("get", "shape.results", "get.results-when-ready"),
        ("get", "shape.ready", "get.results-when-ready"),
        ("get", "refused.not-own.other-job", "get.own-only"),
        ("get", "refused.not-own.other-workflow", "get.analysis-jobs-only"),
        ("get", "refused.absent.owner", "get.absent"),
        ("get", "refused.unauthenticated.anonymous", "access.credentials"),
        ("get", "effect.results.plain", "get.safe"),
        ("finalize", "success.plain", "finalize.answer"),
        ("finalize", "success.awkward", "finalize.freeform"),
        ("finalize", "success.large", "finalize.size"),
        ("finalize", "success.over-limit", "finalize.answer"),
        ("finalize", "success.unclear", "finalize.answer"),
        ("finalize", "shape.job", "finalize.answer"),
        ("finalize", "shape.ready", "finalize.ready"),
        ("finalize", "effect.results.awkward", "finalize.freeform"),
        ("finalize", "effect.results.plain", "finalize.results"),
        ("finalize", "effect.ready.awkward", "finalize.ready"),
        ("finalize", "effect.others.plain", "finalize.changes-nothing-else"),
        ("finalize", "effect.others.extra-members", "finalize.extra-members"),
        ("finalize", "effect.gone", "finalize.answer"),
        ("finalize", "refused.invalid-body.not-json", "finalize.body-json"),
        ("finalize", "refused.invalid-body.no-results", "finalize.results-required"),
        ("finalize", "refused.invalid-body.results-not-object", "finalize.results-object"),
        ("finalize", "effect-of-refusal.not-own.other-job.gone", "finalize.own-only"),
        (
            "finalize",
            "effect-of-refusal.finalized.owner.results.plain",
            "finalize.keeps-first-results",
        ),
        ("finalize", "effect-of-refusal.over-limit.owner.others.plain", "finalize.size"),
        ("finalize", "effect-of-refusal.unclear.owner.others.plain", "finalize.body-json"),
        ("finalize", "effect-of-refusal.unauthenticated.anonymous", "access.credentials"),
        ("remove", "success.plain", "remove.pending"),
        ("remove", "success.status", "remove.no-content"),
        ("remove", "shape", "remove.no-content"),
        ("remove", "effect.gone", "remove.gone"),
        ("remove", "refused.unimplemented.owner", "remove.harmless"),
        ("", "bystander.gone", "isolation"),
        ("finalize", "bystander", "isolation"),
        ("remove", "server-error", "errors.no-server-error"),
    ],
)
def test_the_longest_name_that_a_clause_judges_counts(
    contract: Contract, operation: str, topic: str, clause: str
) -> None:
    assert contract.clause_for(operation, topic) == clause


@pytest.mark.parametrize(
    ("operation", "topic", "who"),
    [("", "success", "the root"), ("get", "preferred.not-own", "get"), ("get", "succes", "get")],
)
def test_a_topic_that_nobody_judges_is_an_error(
    contract: Contract, operation: str, topic: str, who: str
) -> None:
    with pytest.raises(LookupError, match=f"no clause of {who} judges '{topic}'"):
        contract.clause_for(operation, topic)


@pytest.mark.parametrize(
    ("entry", "status", "covered"),
    [
        ("404", 404, True),
        ("404", 405, False),
        ("4XX", 400, True),
        ("4XX", 499, True),
        ("4XX", 500, False),
        ("4XX", 399, False),
    ],
)
def test_an_entry_covers_its_statuses(entry: str, status: int, *, covered: bool) -> None:
    answer = Answer(status=entry, reasons=frozenset(), message="", leaves="", schema="")
    assert answer.covers(status) is covered


@pytest.mark.parametrize(
    ("operation", "listed", "unlisted"),
    [
        ("get", {200, 401, 403, 404}, {201, 204, 400, 409, 422, 500, 302}),
        ("finalize", {200, 400, 401, 403, 404, 409, 413, 422}, {201, 204, 500, 501, 302}),
        ("remove", {204, 400, 401, 403, 404, 405, 409}, {200, 202, 500, 501, 302}),
    ],
)
def test_an_operation_knows_its_statuses(
    contract: Contract, operation: str, listed: set[int], unlisted: set[int]
) -> None:
    known = contract.operations[operation]
    assert {status for status in listed | unlisted if known.lists(status)} == listed


def test_refusals_are_found_by_any_of_several_reasons(contract: Contract) -> None:
    finalize = contract.operations["finalize"]
    found = {answer.status for answer in finalize.refusals(["absent", "finalized"])}
    assert found == {"404", "409"}
    assert finalize.refusals([]) == ()


def test_only_documented_members_are_picked_at_every_depth(
    contract: Contract, document: dict[str, Any]
) -> None:
    more = {**document, "updated_at": "now", "sample": {**document["sample"], "tags": []}}
    more["files"] = [{**document["files"][0], "checksum": None}]
    more["subtractions"] = [{**each, "count": 3} for each in document["subtractions"]]
    assert contract.documented(more) == document


def test_a_mistyped_member_is_picked_as_it_is(contract: Contract) -> None:
    odd = {"sample": "kigvhuql", "files": {"0": 1}, "index": [1], "ready": None}
    assert contract.documented(odd) == odd


@pytest.mark.parametrize(
    ("schema", "changes", "valid"),
    [
        ("Analysis", {}, True),
        ("Analysis", {"results": None}, True),
        ("Analysis", {"results": {}}, False),
        ("Analysis", {"ready": True}, False),
        ("Analysis", {"ready": True, "results": {}}, True),
        ("Analysis", {"ready": True, "results": []}, False),
        ("Analysis", {"created_at": "2017-10-03T21:35:54+05:30"}, True),
        ("Analysis", {"created_at": "2017-10-03T21:35:54.813000000Z"}, True),
        ("Analysis", {"created_at": "2017-10-03T21:35:54"}, False),
        ("Analysis", {"created_at": "2017-13-03T21:35:54Z"}, False),
        ("Analysis", {"files": []}, True),
        ("Analysis", {"files": None}, False),
        ("Analysis", {"job": "afovbrnx"}, False),
        ("Analysis", {"index": {"id": "qldihken", "version": "0"}}, False),
        ("Analysis", {"index": {"id": "qldihken", "version": 0.0}}, True),
        ("Analysis", {"extra": 1}, True),
        ("FinalizedAnalysis", {}, False),
        ("FinalizedAnalysis", {"ready": True, "results": {"a": 1}}, True),
        ("FinalizedAnalysis", {"ready": True, "results": None}, False),
        ("FinalizedAnalysis", {"ready": False, "results": {}}, False),
    ],
)
def test_schemas_are_strict_about_what_is_documented(
    contract: Contract,
    document: dict[str, Any],
    schema: str,
    changes: dict[str, Any],
    *,
    valid: bool,
) -> None:
    assert contract.validators[schema].is_valid({**document, **changes}) is valid


@pytest.mark.parametrize(
    ("schema", "needs_files"), [("Analysis", True), ("FinalizedAnalysis", False)]
)
def test_files_are_required_in_a_get_only(
    contract: Contract,
    document: dict[str, Any],
    schema: str,
    *,
    needs_files: bool,
) -> None:
    del document["files"]
    changes = {} if schema == "Analysis" else {"ready": True, "results": {}}
    assert contract.validators[schema].is_valid({**document, **changes}) is not needs_files
