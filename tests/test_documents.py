"""Documents are compared with what is known: what moved is told, what may differ is not."""

from typing import Any

import pytest

from virtool_contract.contract import Contract
from virtool_contract.documents import changed, compare, file_owners, leaks
from virtool_contract.json_values import Json
from virtool_contract.model import Phase
from virtool_contract.subject import Known


def known(contract: Contract, document: dict[str, Any], **more: Any) -> Known:  # noqa: ANN401 - fields of Known
    """What is known after a read of the pending document; the last event was a finalize."""
    seen: dict[str, Json] = {**contract.documented(document), "results": None}
    facts: dict[str, Any] = {"id": "uskrqsxm", "document": seen, **more}
    return Known(**facts)


def test_a_document_that_is_as_known_differs_nowhere(
    contract: Contract, document: dict[str, Any]
) -> None:
    assert compare(contract, known(contract, document), document) == {}


FREEDOMS: dict[str, dict[str, Any]] = {
    "an extra member": {"updated_at": "now"},
    "an extra member inside": {"sample": {"id": "kigvhuql", "name": "Test 1", "tags": []}},
    "results null while pending": {"results": None},
    "another time zone": {"created_at": "2017-10-04T03:05:54.813+05:30"},
    "a coarser time": {"created_at": "2017-10-03T21:35:54Z"},
    "subtractions in another order": {
        "subtractions": [
            {"id": "yhxoynb1", "name": "Vitis"},
            {"id": "yhxoynb0", "name": "Arabidopsis Thaliana"},
        ]
    },
    "members in another order": {"index": {"version": 0.0, "id": "qldihken"}},
}


@pytest.mark.parametrize("changes", FREEDOMS.values(), ids=FREEDOMS)
def test_what_may_differ_is_no_difference(
    contract: Contract, document: dict[str, Any], changes: dict[str, Any]
) -> None:
    facts = known(contract, document)
    assert compare(contract, facts, {**document, **changes}) == {}
    assert facts.document is not None
    assert changed(contract, facts.document, {**document, **changes}) is None


def test_long_ids_have_no_order_either(contract: Contract, document: dict[str, Any]) -> None:
    rows = [{"id": "x" * 100 + end, "name": end} for end in "ab"]
    facts = known(contract, {**document, "subtractions": rows})
    assert compare(contract, facts, {**document, "subtractions": rows[::-1]}) == {}


def test_the_time_of_a_file_may_be_spelled_otherwise(
    contract: Contract, document: dict[str, Any]
) -> None:
    files = [{**document["files"][0], "uploaded_at": "2017-10-03T21:35:54.813+00:00"}]
    assert compare(contract, known(contract, document), {**document, "files": files}) == {}


def test_a_missing_member_is_a_matter_of_shape(
    contract: Contract, document: dict[str, Any]
) -> None:
    facts = known(contract, document)
    del document["files"], document["ready"]
    assert compare(contract, facts, document) == {}


MOVED: dict[str, tuple[dict[str, Any], str]] = {
    "workflow": ({"workflow": "nuvs"}, "/workflow: "),
    "created_at": ({"created_at": "2017-10-03T21:35:55.813000Z"}, "/created_at: "),
    "a name inside": ({"sample": {"id": "kigvhuql", "name": "Test 2"}}, "/sample/name: "),
    "files gone": ({"files": []}, "/files: "),
    "a subtraction less": (
        {"subtractions": [{"id": "yhxoynb0", "name": "Arabidopsis Thaliana"}]},
        "/subtractions: expected 2 items, got 1",
    ),
    "a subtraction renamed": (
        {
            "subtractions": [
                {"id": "yhxoynb0", "name": "Vitis"},
                {"id": "yhxoynb1", "name": "Vitis"},
            ]
        },
        "/subtractions/0/name: ",
    ),
    "an inner member gone": ({"index": {"id": "qldihken"}}, "/index/version: "),
}


@pytest.mark.parametrize(("changes", "where"), MOVED.values(), ids=MOVED)
def test_what_moved_is_told(
    contract: Contract, document: dict[str, Any], changes: dict[str, Any], where: str
) -> None:
    found = compare(contract, known(contract, document), {**document, **changes})
    assert found.keys() == {"others"}
    assert found["others"][1].startswith(where)
    moved = changed(contract, document, {**document, **changes})
    assert moved is not None
    assert moved.startswith(where)


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ({"ready": False}, {"ready": True}, "/ready: expected false, got true"),
        ({"results": None}, {"results": {}}, "/results: expected null, got {}"),
        ({"results": {"a": 1}}, {}, '/results: expected {"a": 1}, got null'),
        ({"results": {"a": 1}}, {"results": {"a": 2}}, "/results/a: expected 1, got 2"),
        ({"results": None}, {}, None),
        (
            {"results": {"t": "2017-10-03T21:35:54Z"}},
            {"results": {"t": "2017-10-03T21:35:54+00:00"}},
            "/results/t: ",
        ),
        ({"results": [{"id": 2}, {"id": 1}]}, {"results": [{"id": 1}, {"id": 2}]}, "/results/0/id"),
        ({}, {"results": {"a": 1}}, None),
        ({"ready": True}, {}, None),
    ],
)
def test_reads_agree_on_ready_and_results_to_the_letter(
    contract: Contract, before: dict[str, Any], after: dict[str, Any], where: str | None
) -> None:
    moved = changed(contract, before, after)
    assert (moved or "").startswith(where or "")
    assert bool(moved) is bool(where)


@pytest.mark.parametrize(
    ("phase", "changes", "aspects"),
    [
        (Phase.PENDING, {"ready": True}, {"ready"}),
        (Phase.PENDING, {"ready": True, "results": {}}, {"ready", "results"}),
        (Phase.PENDING, {"results": {"foo": "bar"}}, {"results"}),
        (Phase.FINALIZED, {}, {"ready", "results"}),
        (Phase.FINALIZED, {"ready": True, "results": {"foo": "baz"}}, {"results"}),
        (Phase.FINALIZED, {"ready": True, "results": {"foo": "bar", "a": None}}, {"results"}),
        (Phase.FINALIZED, {"ready": True, "results": []}, {"results"}),
        (Phase.FINALIZED, {"ready": True, "results": {"foo": "bar"}}, set()),
        (Phase.FINALIZED, {"ready": 1, "results": {"foo": "bar"}}, set()),
    ],
)
def test_ready_and_results_follow_the_state(
    contract: Contract,
    document: dict[str, Any],
    phase: Phase,
    changes: dict[str, Any],
    aspects: set[str],
) -> None:
    results = {"foo": "bar"} if phase is Phase.FINALIZED else None
    facts = known(contract, document, phase=phase, results=results)
    assert compare(contract, facts, {**document, **changes}).keys() == aspects


def test_results_nobody_could_read_are_not_compared(
    contract: Contract, document: dict[str, Any]
) -> None:
    facts = known(contract, document, phase=Phase.FINALIZED, results=None)
    assert compare(contract, facts, {**document, "ready": True, "results": {"a": 1}}) == {}


@pytest.mark.parametrize(
    ("beside", "shown", "stored"),
    [
        ({"extra": "x"}, {"extra": "x"}, True),
        ({"extra": "x"}, {"extra": "y"}, False),
        ({"extra": "x"}, {}, False),
        ({"extra": 1}, {"extra": 1.0}, True),
        # What was there before, and is there now, was not put there by the request.
        ({"workflow": "pathoscope_bowtie"}, {}, False),
        ({"ready": False}, {}, False),
        ({"files": []}, {}, False),
    ],
)
def test_a_member_that_was_sent_beside_results_must_not_turn_up(
    contract: Contract,
    document: dict[str, Any],
    beside: dict[str, Any],
    shown: dict[str, Any],
    *,
    stored: bool,
) -> None:
    facts = known(contract, document, sent_beside=beside)
    assert ("stored" in compare(contract, facts, {**document, **shown})) is stored


def test_a_documented_member_that_was_applied_is_told(
    contract: Contract, document: dict[str, Any]
) -> None:
    facts = known(contract, document, sent_beside={"workflow": "nuvs"})
    assert compare(contract, facts, {**document, "workflow": "nuvs"}).keys() == {"others"}


def test_files_say_whose_they_are(document: dict[str, Any]) -> None:
    assert file_owners(document) == ["uskrqsxm"]
    assert file_owners({"files": [{"analysis": 1}, {}, 3]}) == [1]
    assert file_owners({"files": None}) == []
    assert file_owners({}) == []


@pytest.mark.parametrize(
    ("value", "leaked"),
    [
        ({"message": "Insufficient rights"}, False),
        ({"workflow": "x", "sample": {}}, False),
        ({"workflow": "x", "sample": {}, "user": {}}, True),
        ({"error": {"analysis": [{"created_at": 1, "files": [], "results": {}}]}}, True),
        ([{"a": 1}, "workflow sample user"], False),
        ("workflow", False),
        (None, False),
    ],
)
def test_a_document_in_a_refusal_is_recognized_at_any_depth(value: object, *, leaked: bool) -> None:
    assert leaks(value) is leaked
