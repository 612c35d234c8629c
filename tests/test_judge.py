"""Each topic: an answer that keeps its clause, one that breaks it, and what must break nothing."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from virtool_contract.body import Body, Kind, classify, finalize_body
from virtool_contract.contract import Contract
from virtool_contract.exchange import Headers, Response
from virtool_contract.judge import Judgement, describe, judge
from virtool_contract.knowledge import after_read, after_success
from virtool_contract.model import Caller, Phase, step
from virtool_contract.subject import READ, Cause, Known

OWNER, OTHER, IDLE = Caller.OWNER, Caller.OTHER_JOB, Caller.OTHER_WORKFLOW
NOBODY = Caller.ANONYMOUS
PENDING, FINALIZED, ABSENT = Phase.PENDING, Phase.FINALIZED, Phase.ABSENT
PLAIN = finalize_body({"foo": "bar"})
RESULTS = {"foo": "bar"}
Document: TypeAlias = dict[str, Any]
Answering: TypeAlias = Callable[..., Response]
NOT_FOUND = {"message": "Not found"}
RIGHTS = {"message": "Insufficient rights"}
FINAL = {"message": "There is already a result for this analysis"}
KEPT = {"message": "Analysis is finalized"}


class Court:
    """Judges answers about one subject, of which `document` is the pending document."""

    def __init__(self, contract: Contract, answering: Answering, document: Document) -> None:
        self.contract = contract
        self.answering = answering
        self.pending = document
        self.fresh = Known(id="uskrqsxm", job_id="afovbrnx")
        self.seen = after_read(contract, self.fresh, document)

    @property
    def finalized(self) -> Document:
        return {**self.pending, "ready": True, "results": RESULTS}

    def known(self, phase: Phase, *, cause: Cause = READ) -> Known:
        """What is known of a subject in a state that was read in it, by a cause since."""
        if phase is FINALIZED:
            facts = replace(self.seen, phase=phase, results=RESULTS)
            return replace(after_read(self.contract, facts, self.finalized), cause=cause)
        return replace(self.seen, phase=phase, removed=phase is ABSENT, cause=cause)

    def judged(
        self,
        operation: str,
        phase: Phase,
        caller: Caller,
        answer: Response,
        body: Body | None = None,
        *,
        known: Known | None = None,
        implemented: bool = True,
    ) -> Judgement:
        facts = known or self.known(phase)
        if operation == "finalize":
            body = body or PLAIN
        operations = self.contract.operations
        due = step(operations[operation], facts.phase, caller, body, implemented=implemented)
        return judge(self.contract, due, facts, answer, after_success(facts, due, body))

    def get(self, document: Document, known: Known | None = None) -> Judgement:
        answer = self.answering(200, document)
        return self.judged("get", PENDING, OWNER, answer, known=known)


@pytest.fixture
def court(contract: Contract, answering: Answering, document: Document) -> Court:
    return Court(contract, answering, document)


def broken(judgement: Judgement) -> list[str]:
    return [finding.clause for finding in judgement.broken]


def kept(judgement: Judgement) -> set[str]:
    return {finding.clause for finding in judgement.findings if finding.kept}


# What is right


RIGHT: dict[str, tuple[str, Phase, Caller, int, Any, set[str]]] = {
    "get of a stranger": ("get", PENDING, NOBODY, 401, {}, {"access.credentials"}),
    "get of a stranger, 403": ("get", FINALIZED, NOBODY, 403, {}, {"access.no-leak"}),
    "get by another": ("get", PENDING, OTHER, 403, RIGHTS, {"get.own-only", "errors.message"}),
    "get by an idle job": ("get", PENDING, IDLE, 403, RIGHTS, {"get.analysis-jobs-only"}),
    "get of nothing": ("get", ABSENT, OWNER, 404, NOT_FOUND, {"get.absent", "remove.gone"}),
    "get of nothing by another": ("get", ABSENT, OTHER, 404, NOT_FOUND, {"get.absent"}),
    "get of nothing by an idle job": ("get", ABSENT, IDLE, 403, RIGHTS, {"access.no-leak"}),
    "finalize twice": ("finalize", FINALIZED, OWNER, 409, FINAL, {"finalize.once"}),
    "finalize nothing": ("finalize", ABSENT, OWNER, 404, NOT_FOUND, {"finalize.absent"}),
    "finalize another's": (
        "finalize",
        PENDING,
        OTHER,
        403,
        {},
        {"finalize.own-only", "finalize.forbidden"},
    ),
    "finalize another's, finalized": ("finalize", FINALIZED, OTHER, 409, FINAL, {"finalize.once"}),
    "finalize by a stranger": ("finalize", PENDING, NOBODY, 401, {}, {"access.credentials"}),
    "remove finalized": ("remove", FINALIZED, OWNER, 409, KEPT, {"remove.finalized-stays"}),
    "remove twice": ("remove", ABSENT, OWNER, 404, NOT_FOUND, {"remove.absent", "remove.gone"}),
    "remove another's": (
        "remove",
        PENDING,
        IDLE,
        403,
        {},
        {"remove.own-only", "remove.forbidden"},
    ),
    "remove by a stranger": ("remove", PENDING, NOBODY, 403, {}, {"access.credentials"}),
}


@pytest.mark.parametrize(
    ("operation", "phase", "caller", "status", "body", "clauses"), RIGHT.values(), ids=RIGHT
)
def test_a_right_refusal_keeps_its_clauses(
    court: Court,
    *,
    operation: str,
    phase: Phase,
    caller: Caller,
    status: int,
    body: object,
    clauses: set[str],
) -> None:
    judgement = court.judged(operation, phase, caller, court.answering(status, body))
    assert broken(judgement) == []
    assert clauses <= kept(judgement)
    assert judgement.document is None


ALWAYS = {"errors.no-server-error", "documented-status"}
DOCUMENT = ALWAYS | {"media-type", "json.well-formed"}


def test_a_right_get_keeps_all_it_shows(court: Court) -> None:
    judgement = court.get(court.pending)
    assert broken(judgement) == []
    assert kept(judgement) == DOCUMENT | {
        "get.document",
        "get.files",
        "get.identity",
        "get.results-when-ready",
        "get.safe",
    }
    assert judgement.document == court.pending


def test_a_right_finalize_keeps_all_it_shows(court: Court) -> None:
    del court.pending["files"]
    answer = court.answering(200, court.finalized)
    judgement = court.judged("finalize", PENDING, OWNER, answer)
    assert broken(judgement) == []
    assert kept(judgement) == DOCUMENT | {
        "finalize.answer",
        "finalize.changes-nothing-else",
        "finalize.ready",
        "finalize.results",
    }


def test_a_right_removal_keeps_all_it_shows(court: Court) -> None:
    judgement = court.judged("remove", PENDING, OWNER, court.answering(204))
    assert broken(judgement) == []
    assert kept(judgement) == ALWAYS | {"remove.pending", "remove.no-content"}


# What must not be held against a server


DOCUMENT_FREEDOMS: dict[str, Document] = {
    "extra members": {"updated_at": "now", "rank": None},
    "extra members inside": {"sample": {"id": "kigvhuql", "name": "Test 1", "tags": []}},
    "results null while pending": {"results": None},
    "another spelling of the time": {"created_at": "2017-10-03T23:35:54.813+02:00"},
    "subtractions in another order": {
        "subtractions": [
            {"name": "Vitis", "id": "yhxoynb1"},
            {"name": "Arabidopsis Thaliana", "id": "yhxoynb0"},
        ]
    },
}


@pytest.mark.parametrize("changes", DOCUMENT_FREEDOMS.values(), ids=DOCUMENT_FREEDOMS)
def test_documents_may_differ(court: Court, changes: Document) -> None:
    assert broken(court.get({**court.pending, **changes})) == []
    assert broken(court.get({**court.pending, **changes}, known=court.fresh)) == []


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", "Application/JSON", "application/vnd.virtool+json"],
)
def test_labels_may_differ(court: Court, media_type: str) -> None:
    answer = court.answering(200, court.pending, media_type)
    assert broken(court.judged("get", PENDING, OWNER, answer)) == []


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"not found", "text/plain"),
        (b"NOT FOUND.", "text/plain"),
        (b"<h1>Not Found</h1>", "text/html"),
        (b'{"detail": {"why": ["Not found."]}}', "application/problem+json"),
        (b'{"message": "N\\u006ft found"}', "application/json"),
        (b'"Not found"', "application/json"),
        ("\ufeffNot found".encode(), "text/plain"),
        (b"Fehler: Not found - schade", ""),
    ],
)
def test_errors_may_be_of_any_make(court: Court, body: bytes, media_type: str) -> None:
    answer = court.answering(404, body, media_type)
    judgement = court.judged("get", ABSENT, OWNER, answer)
    assert broken(judgement) == []
    assert "errors.message" in kept(judgement)


def test_no_message_is_wanted_where_none_is_documented(court: Court) -> None:
    answer = court.answering(403, b"", "")
    for operation in ("finalize", "remove"):
        assert broken(court.judged(operation, PENDING, OTHER, answer)) == []
    assert broken(court.judged("get", PENDING, NOBODY, answer)) == []


@pytest.mark.parametrize("files", [True, False])
def test_the_answer_to_a_finalize_may_have_files(court: Court, *, files: bool) -> None:
    if not files:
        del court.pending["files"]
    answer = court.answering(200, court.finalized)
    assert broken(court.judged("finalize", PENDING, OWNER, answer)) == []


@pytest.mark.parametrize("status", [400, 404, 405, 409, 415, 422])
@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"results": 1}', b"\xff"])
def test_an_invalid_body_may_be_refused_with_any_4xx(court: Court, raw: bytes, status: int) -> None:
    for phase in (PENDING, FINALIZED):
        body = {409: FINAL}.get(status, {})
        answer = court.answering(status, body)
        assert broken(court.judged("finalize", phase, OWNER, answer, classify(raw))) == []


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    "body",
    [finalize_body({"a": 2}, extra=1), finalize_body({"a": 2**64}), finalize_body({"a": "\0"})],
)
def test_a_refusable_body_may_be_refused_before_the_state_is_looked_at(
    court: Court, phase: Phase, body: Body
) -> None:
    answer = court.answering(422, {"message": "no"})
    assert broken(court.judged("finalize", phase, OWNER, answer, body)) == []


def test_a_body_of_others_may_be_refused_for_what_it_is(court: Court) -> None:
    answer = court.answering(422, {"message": "no"})
    body = finalize_body({"a": 2}, extra=1)
    assert broken(court.judged("finalize", PENDING, OTHER, answer, body)) == []


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
@pytest.mark.parametrize("caller", [OWNER, OTHER, NOBODY])
@pytest.mark.parametrize("phase", [PENDING, FINALIZED])
def test_an_unimplemented_removal_may_be_refused_somehow(
    court: Court, phase: Phase, caller: Caller, status: int
) -> None:
    answer = court.answering(status, {"message": "Not implemented"})
    judgement = court.judged("remove", phase, caller, answer, implemented=False)
    assert broken(judgement) == []
    assert "remove.harmless" in kept(judgement)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("operation", ["get", "finalize", "remove"])
def test_an_absent_id_of_others_may_be_403_or_404(
    court: Court, operation: str, status: int
) -> None:
    message = NOT_FOUND if status == 404 else RIGHTS
    answer = court.answering(status, message)
    absent = Known(id="nobodys", phase=ABSENT)
    for caller in (OTHER, IDLE):
        assert broken(court.judged(operation, ABSENT, caller, answer, known=absent)) == []


def test_names_of_members_in_an_error_are_no_leak(court: Court) -> None:
    body = {"message": "no workflow, sample, user, files", "sample": 1, "user": 2}
    judgement = court.judged("finalize", PENDING, OTHER, court.answering(403, body))
    assert broken(judgement) == []


# What is wrong, and whose clause that is


WRONG: dict[str, tuple[str, Phase, Caller, int, Any, list[str]]] = {
    "get refused": ("get", PENDING, OWNER, 403, RIGHTS, ["get.document"]),
    "get lost": ("get", PENDING, OWNER, 404, NOT_FOUND, ["get.document"]),
    "get 203": ("get", PENDING, OWNER, 203, {}, ["get.document", "documented-status"]),
    "get redirected": ("get", PENDING, OWNER, 302, "", ["get.document", "documented-status"]),
    "get 500": ("get", PENDING, OWNER, 500, "", ["get.document", "errors.no-server-error"]),
    "get by another": ("get", PENDING, OTHER, 200, {}, ["get.own-only"]),
    "get by another, 404": ("get", PENDING, OTHER, 404, NOT_FOUND, ["get.own-only"]),
    "get by another, 401": ("get", PENDING, OTHER, 401, {}, ["get.own-only"]),
    "get by an idle job": ("get", PENDING, IDLE, 200, {}, ["get.analysis-jobs-only"]),
    "get by a stranger": ("get", PENDING, NOBODY, 200, {}, ["access.credentials"]),
    "get by a stranger, 404": ("get", PENDING, NOBODY, 404, {}, ["access.credentials"]),
    "finalize refused": ("finalize", PENDING, OWNER, 409, FINAL, ["finalize.answer"]),
    "finalize 201": (
        "finalize",
        PENDING,
        OWNER,
        201,
        {},
        ["finalize.answer", "documented-status"],
    ),
    "finalize twice": ("finalize", FINALIZED, OWNER, 200, {}, ["finalize.once"]),
    "finalize twice, 400": ("finalize", FINALIZED, OWNER, 400, {}, ["finalize.once"]),
    "finalize another's": ("finalize", PENDING, OTHER, 200, {}, ["finalize.own-only"]),
    "finalize another's, 400": ("finalize", PENDING, OTHER, 400, {}, ["finalize.forbidden"]),
    "finalize by a stranger": ("finalize", PENDING, NOBODY, 422, {}, ["access.credentials"]),
    "remove refused": ("remove", PENDING, OWNER, 403, {}, ["remove.pending"]),
    "remove 200": (
        "remove",
        PENDING,
        OWNER,
        200,
        {},
        ["remove.no-content", "documented-status"],
    ),
    "remove finalized": ("remove", FINALIZED, OWNER, 204, b"", ["remove.finalized-stays"]),
    "remove another's": ("remove", PENDING, OTHER, 204, b"", ["remove.own-only"]),
    "remove another's, 404": ("remove", PENDING, OTHER, 404, {}, ["remove.forbidden"]),
    "remove by a stranger": ("remove", PENDING, NOBODY, 204, b"", ["access.credentials"]),
    "another message": ("get", ABSENT, OWNER, 404, {"message": "Gone"}, ["errors.message"]),
    "no message": ("remove", FINALIZED, OWNER, 409, b"", ["errors.message"]),
    "broken JSON": (
        "remove",
        FINALIZED,
        OWNER,
        409,
        b"{Analysis is finalized",
        ["errors.media-type"],
    ),
}


@pytest.mark.parametrize(
    ("operation", "phase", "caller", "status", "body", "clauses"), WRONG.values(), ids=WRONG
)
def test_a_wrong_answer_breaks_its_clauses(
    court: Court,
    *,
    operation: str,
    phase: Phase,
    caller: Caller,
    status: int,
    body: object,
    clauses: list[str],
) -> None:
    judgement = court.judged(operation, phase, caller, court.answering(status, body))
    assert broken(judgement) == clauses


@pytest.mark.parametrize("status", [204, 200, 500, 302])
def test_an_unimplemented_removal_must_not_succeed(court: Court, status: int) -> None:
    answer = court.answering(status)
    judgement = court.judged("remove", PENDING, OWNER, answer, implemented=False)
    assert broken(judgement)[0] == "remove.harmless"


@pytest.mark.parametrize(
    ("raw", "clause"),
    [
        (b"", "finalize.body-json"),
        (b"null", "finalize.body-json"),
        (b"\xff", "finalize.body-json"),
        (b"{}", "finalize.results-required"),
        (b'{"results": []}', "finalize.results-object"),
        (b'{"results": null}', "finalize.results-object"),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_an_invalid_body_must_be_refused(
    court: Court, raw: bytes, clause: str, status: int
) -> None:
    answer = court.answering(status, court.finalized)
    judgement = court.judged("finalize", PENDING, OWNER, answer, classify(raw))
    assert broken(judgement) == [clause] + ["errors.no-server-error"] * (status == 500)


@pytest.mark.parametrize(
    ("body", "status", "clauses"),
    [
        (finalize_body({"a": None}), 422, ["finalize.freeform"]),
        (finalize_body({"a": "x" * 2**17}), 413, ["finalize.size"]),
        (finalize_body({"a": "\0"}), 500, ["finalize.beyond-i-json"]),
        (
            finalize_body({"a": "b"}, c=1),
            500,
            ["finalize.extra-members", "errors.no-server-error"],
        ),
    ],
)
def test_a_valid_body_must_be_taken_by_the_clause_it_is_about(
    court: Court, body: Body, status: int, clauses: list[str]
) -> None:
    judgement = court.judged("finalize", PENDING, OWNER, court.answering(status, {}), body)
    assert broken(judgement) == clauses


@pytest.mark.parametrize("phase", [PENDING, FINALIZED])
@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize("operation", ["get", "finalize", "remove"])
@pytest.mark.parametrize(
    ("sent", "clause"),
    [(Kind.BEYOND_I_JSON, "finalize.beyond-i-json"), (Kind.AWKWARD, "errors.no-server-error")],
)
def test_for_a_crash_after_results_beyond_i_json_only_they_are_blamed(
    court: Court, *, operation: str, phase: Phase, doubtful: bool, sent: Kind, clause: str
) -> None:
    known = replace(court.known(phase), results_kind=sent, doubtful=doubtful)
    answer = court.answering(500, b"Internal server error", "text/plain")
    found = broken(court.judged(operation, phase, OWNER, answer, known=known))
    assert found == [clause] if sent is Kind.BEYOND_I_JSON else clause in found


@pytest.mark.parametrize("operation", ["get", "finalize"])
def test_a_document_that_is_no_json_for_results_beyond_i_json_breaks_their_clause_only(
    court: Court, operation: str
) -> None:
    body = classify(b'{"results": {"a": 1e999}}')
    phase, known = PENDING, court.seen
    if operation == "get":
        phase, known = FINALIZED, replace(court.known(FINALIZED), results_kind=body.kind)
    answer = court.answering(200, {**court.finalized, "results": {"a": float("inf")}})
    judgement = court.judged(operation, phase, OWNER, answer, body, known=known)
    assert broken(judgement) == ["finalize.beyond-i-json"]


@pytest.mark.parametrize(
    ("body", "shown", "clauses"),
    [
        (PLAIN, {"foo": "baz"}, ["finalize.results"]),
        (finalize_body({"a": [1.5]}), {"a": [1]}, ["finalize.freeform"]),
        (finalize_body({"a": 2**53 + 1}), {"a": 2**53}, ["finalize.beyond-i-json"]),
        (finalize_body({"a": "x" * 2**17}), {"a": "x"}, ["finalize.size"]),
        (finalize_body({"foo": "bar"}, x=1), {"foo": "bar", "x": 1}, ["finalize.extra-members"]),
        (finalize_body({"a": 1}), {"a": 1.0}, []),
    ],
)
def test_results_come_back_as_they_were_sent(
    court: Court, body: Body, shown: Document, clauses: list[str]
) -> None:
    document = {**court.finalized, "results": shown}
    answer = court.answering(200, document)
    assert broken(court.judged("finalize", PENDING, OWNER, answer, body)) == clauses


@pytest.mark.parametrize(
    ("beside", "shown", "clauses"),
    [
        ({"note": "x"}, {"note": "x"}, ["finalize.extra-members"]),
        ({"workflow": "nuvs"}, {"workflow": "nuvs"}, ["finalize.extra-members"]),
        ({"note": "x"}, {}, []),
        ({"workflow": "pathoscope_bowtie"}, {}, []),
        ({"ready": True}, {}, []),
    ],
)
def test_members_beside_results_are_neither_stored_nor_applied(
    court: Court, beside: Document, shown: Document, clauses: list[str]
) -> None:
    answer = court.answering(200, {**court.finalized, **shown})
    body = finalize_body(RESULTS, **beside)
    assert broken(court.judged("finalize", PENDING, OWNER, answer, body)) == clauses


SHAPES: dict[str, tuple[Document, list[str]]] = {
    "a time without an offset": ({"created_at": "2017-10-03T21:35:54"}, ["get.document"]),
    "a time that is a number": ({"created_at": 1507066554}, ["get.document"]),
    "a job that is an id": ({"job": "afovbrnx"}, ["get.document"]),
    "a version that is text": ({"index": {"id": "a", "version": "0"}}, ["get.document"]),
    "ready as text": ({"ready": "false"}, ["get.document", "get.results-when-ready"]),
    "results while pending": ({"results": {}}, ["get.document", "get.results-when-ready"]),
    "ready without results": ({"ready": True}, ["get.document", "get.results-when-ready"]),
    "no list of files": ({"files": {}}, ["get.document", "get.files"]),
    "a file of another": ({"files": [{"analysis": "x"}]}, ["get.files"]),
}


@pytest.mark.parametrize(("changes", "clauses"), SHAPES.values(), ids=SHAPES)
def test_a_document_has_its_shape(court: Court, changes: Document, clauses: list[str]) -> None:
    judgement = court.get({**court.pending, **changes}, known=court.fresh)
    assert sorted(set(broken(judgement))) == clauses


@pytest.mark.parametrize(
    ("member", "clauses"),
    [
        ("files", ["get.document", "get.files"]),
        ("ready", ["get.document", "get.results-when-ready"]),
        *((name, ["get.document"]) for name in ("id", "created_at", "job", "workflow", "sample")),
        *((name, ["get.document"]) for name in ("index", "user", "subtractions")),
    ],
)
def test_a_document_is_complete(court: Court, member: str, clauses: list[str]) -> None:
    del court.pending[member]
    assert sorted(broken(court.get(court.pending, known=court.fresh))) == clauses


@pytest.mark.parametrize("changes", [{"ready": False}, {"ready": None}])
def test_the_answer_to_a_finalize_is_ready(court: Court, changes: Document) -> None:
    answer = court.answering(200, {**court.finalized, **changes})
    assert "finalize.ready" in broken(court.judged("finalize", PENDING, OWNER, answer))


@pytest.mark.parametrize("member", ["results", "workflow", "ready"])
def test_the_answer_to_a_finalize_is_complete(court: Court, member: str) -> None:
    document = court.finalized
    del document[member]
    judgement = court.judged("finalize", PENDING, OWNER, court.answering(200, document))
    own = {"results": "finalize.results", "ready": "finalize.ready"}
    assert set(broken(judgement)) == {"finalize.answer", own.get(member, "finalize.answer")}


@pytest.mark.parametrize(
    ("raw", "clause"),
    [
        (b"", "json.well-formed"),
        (b"{", "json.well-formed"),
        (b'{"a": NaN}', "json.well-formed"),
        (b'{"id": 1, "id": 1}', "json.well-formed"),
        (b'{"id": "\xff"}', "json.well-formed"),
        (b"\xef\xbb\xbf{}", "json.well-formed"),
        (b"[]", "get.document"),
        (b"null", "get.document"),
    ],
)
def test_a_document_is_one_json_object(court: Court, raw: bytes, clause: str) -> None:
    judgement = court.judged("get", PENDING, OWNER, court.answering(200, raw))
    assert broken(judgement) == [clause]
    assert judgement.document is None


@pytest.mark.parametrize("media_type", ["", "text/plain", "text/html", "application/jsonp"])
def test_a_document_is_labelled_json(court: Court, media_type: str) -> None:
    answer = court.answering(200, court.pending, media_type)
    assert broken(court.judged("get", PENDING, OWNER, answer)) == ["media-type"]


@pytest.mark.parametrize("changes", [{"id": "other"}, {"job": {"id": "other"}}])
def test_a_document_is_that_of_the_subject(court: Court, changes: Document) -> None:
    judgement = court.get({**court.pending, **changes}, known=court.fresh)
    assert broken(judgement) == ["get.identity"]
    answer = court.answering(200, {**court.finalized, **changes})
    judgement = court.judged("finalize", PENDING, OWNER, answer, known=court.fresh)
    assert broken(judgement) == ["finalize.answer"]


def test_a_removal_has_no_body(court: Court) -> None:
    judgement = court.judged("remove", PENDING, OWNER, court.answering(204, {"ok": True}))
    assert broken(judgement) == ["remove.no-content"]


@pytest.mark.parametrize(
    ("length", "clauses"),
    [("4", ["remove.no-content"]), ("0", []), ("", []), ("x", []), ("-1", []), ("9" * 30, [])],
)
def test_a_removal_announces_no_body(court: Court, length: str, clauses: list[str]) -> None:
    """A client leaves what follows a 204 unread (RFC 9112, section 6.3)."""
    answer = replace(court.answering(204), headers=(("Content-Length", length),))
    judgement = court.judged("remove", PENDING, OWNER, answer)
    assert broken(judgement) == clauses


@pytest.mark.parametrize("operation", ["get", "finalize", "remove"])
@pytest.mark.parametrize("caller", [OTHER, NOBODY])
def test_a_refusal_does_not_leak_the_document(court: Court, operation: str, caller: Caller) -> None:
    answer = court.answering(403, {"message": "Insufficient rights", "was": [court.pending]})
    assert broken(court.judged(operation, PENDING, caller, answer)) == ["access.no-leak"]


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HIDING_PLACES: dict[str, Callable[[str], tuple[str, Headers]]] = {
    "a header": lambda text: ("refused", (("X-Debug", text),)),
    "a header, in base64": lambda text: ("refused", (("X-Debug", f"state={in_base64(text)};"),)),
    "the body, in base64": lambda text: (f"refused: {in_base64(text)}", ()),
    "the body, in base64 for URLs": lambda text: (
        base64.urlsafe_b64encode(f"{text}\u00ff\u00fe".encode()).decode().rstrip("="),
        (),
    ),
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_a_refusal_does_not_hide_the_document(court: Court, place: str) -> None:
    for document, clauses in ((court.pending, ["access.no-leak"]), ({"id": "x" * 60}, [])):
        text, headers = HIDING_PLACES[place](json.dumps(document))
        answer = court.answering(403, f"Insufficient rights. {text}".encode(), "text/plain")
        answer = replace(answer, headers=(*answer.headers, *headers))
        assert broken(court.judged("get", PENDING, OTHER, answer)) == clauses


@pytest.mark.parametrize("deep", [150, 480, 5000])
def test_a_deep_error_body_is_judged_all_the_same(court: Court, deep: int) -> None:
    raw = b'{"a":' * deep + b'"Insufficient rights"' + b"}" * deep
    judgement = court.judged("get", PENDING, OTHER, court.answering(403, raw, "text/plain"))
    assert broken(judgement) == []


# What a surprise is the doing of


REFUSED = Cause(operation="finalize", topic="effect-of-refusal.finalized.owner")
CAUSES: dict[str, tuple[Phase, Cause, Document, str]] = {
    "a read": (PENDING, READ, {"workflow": "nuvs"}, "get.safe"),
    "a read of results": (FINALIZED, READ, {"results": {"foo": "baz"}}, "get.safe"),
    "a refused finalize": (
        FINALIZED,
        REFUSED,
        {"results": {"foo": "baz"}},
        "finalize.keeps-first-results",
    ),
    "another's finalize": (
        PENDING,
        Cause(operation="finalize", topic="effect-of-refusal.not-own.other-job"),
        {"ready": True, "results": RESULTS},
        "finalize.own-only",
    ),
    "an invalid body": (
        PENDING,
        Cause(operation="finalize", topic="effect-of-refusal.invalid-body.no-results"),
        {"ready": True, "results": {}},
        "finalize.results-required",
    ),
    "a stranger's removal": (
        PENDING,
        Cause(operation="remove", topic="effect-of-refusal.unauthenticated.anonymous"),
        {"ready": True, "results": {}},
        "access.credentials",
    ),
    "an unimplemented removal": (
        PENDING,
        Cause(operation="remove", topic="effect-of-refusal.unimplemented.owner"),
        {"workflow": "nuvs"},
        "remove.harmless",
    ),
    "a refused large body": (
        PENDING,
        Cause(operation="finalize", topic="effect-of-refusal.over-limit.owner"),
        {"ready": True, "results": {}},
        "finalize.size",
    ),
    "a refused odd body": (
        PENDING,
        Cause(operation="finalize", topic="effect-of-refusal.unclear.owner"),
        {"ready": True, "results": {}},
        "finalize.body-json",
    ),
    "a write on another": (
        FINALIZED,
        Cause(operation="", topic="bystander"),
        {"results": {"foo": "baz"}},
        "isolation",
    ),
}


@pytest.mark.parametrize(("phase", "cause", "changes", "clause"), CAUSES.values(), ids=CAUSES)
def test_a_surprise_is_the_last_events_doing(
    court: Court, phase: Phase, cause: Cause, changes: Document, clause: str
) -> None:
    before = court.finalized if phase is FINALIZED else court.pending
    known = court.known(phase, cause=cause)
    surprise = court.get({**before, **changes}, known=known)
    assert set(broken(surprise)) == {clause}
    assert surprise.surprised
    as_before = court.get(before, known=known)
    assert broken(as_before) == []
    assert clause in kept(as_before)
    assert not as_before.surprised


@pytest.mark.parametrize(
    ("cause", "clause"),
    [
        (READ, "get.document"),
        (REFUSED, "finalize.keeps-first-results"),
        (Cause(operation="finalize", topic="effect"), "finalize.answer"),
        (Cause(operation="", topic="bystander"), "isolation"),
        (
            Cause(operation="remove", topic="effect-of-refusal.not-own.other-job"),
            "remove.own-only",
        ),
    ],
)
def test_an_analysis_that_is_lost_is_the_last_writes_doing(
    court: Court, cause: Cause, clause: str
) -> None:
    known = court.known(FINALIZED, cause=cause)
    answer = court.answering(404, NOT_FOUND)
    assert broken(court.judged("get", FINALIZED, OWNER, answer, known=known)) == [clause]


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"ready": False}, "finalize.ready"),
        ({"results": {"foo": "baz"}}, "finalize.results"),
        ({"workflow": "nuvs"}, "finalize.changes-nothing-else"),
        ({"files": []}, "finalize.changes-nothing-else"),
    ],
)
def test_a_read_after_a_finalize_shows_what_it_did(
    court: Court, changes: Document, clause: str
) -> None:
    due = step(court.contract.operations["finalize"], PENDING, OWNER, PLAIN)
    known = after_success(court.seen, due, PLAIN)
    found = broken(court.get({**court.finalized, **changes}, known=known))
    # That ready and results go together is the document's own promise as well.
    assert [each for each in found if each.startswith("finalize.")] == [clause]
    assert broken(court.get(court.finalized, known=known)) == []


def test_a_finalize_that_did_nothing_is_told_in_full(court: Court) -> None:
    due = step(court.contract.operations["finalize"], PENDING, OWNER, PLAIN)
    known = after_success(court.seen, due, PLAIN)
    assert broken(court.get(court.pending, known=known)) == ["finalize.ready", "finalize.results"]


def test_a_refused_write_straight_after_a_finalize_is_not_blamed_for_it(court: Court) -> None:
    due = step(court.contract.operations["finalize"], PENDING, OWNER, PLAIN)
    known = replace(after_success(court.seen, due, PLAIN), cause=REFUSED)
    assert broken(court.get(court.finalized, known=known)) == []


# After a removal


@pytest.mark.parametrize(
    ("operation", "status", "body", "clauses"),
    [
        ("get", 200, {}, ["remove.gone", "get.absent"]),
        ("get", 403, RIGHTS, ["remove.gone", "get.absent"]),
        ("finalize", 200, {}, ["finalize.absent", "remove.gone"]),
        ("finalize", 409, FINAL, ["finalize.absent", "remove.gone"]),
        ("remove", 204, b"", ["remove.absent", "remove.gone"]),
    ],
)
def test_after_a_removal_its_owner_gets_404(
    court: Court, operation: str, status: int, body: object, clauses: list[str]
) -> None:
    answer = court.answering(status, body)
    assert broken(court.judged(operation, ABSENT, OWNER, answer)) == clauses


@pytest.mark.parametrize(
    ("operation", "clause"),
    [("get", "get.absent"), ("finalize", "finalize.absent"), ("remove", "remove.absent")],
)
def test_an_id_that_nobody_has_is_not_a_matter_of_removal(
    court: Court, operation: str, clause: str
) -> None:
    absent = Known(id="nobodys", phase=ABSENT)
    answer = court.answering(204 if operation == "remove" else 200, b"")
    judgement = court.judged(operation, ABSENT, OTHER, answer, known=absent)
    assert broken(judgement) == [clause]


# In doubt


@pytest.mark.parametrize("phase", [PENDING, FINALIZED])
@pytest.mark.parametrize("status", [200, 404, 409])
def test_of_a_doubtful_subject_only_the_certain_is_judged(
    court: Court, phase: Phase, status: int
) -> None:
    known = replace(court.known(phase), doubtful=True)
    answer = court.answering(status, court.finalized if status == 200 else FINAL)
    assert broken(court.judged("finalize", phase, OWNER, answer, known=known)) == []


def test_even_a_doubtful_subject_is_guarded(court: Court) -> None:
    known = replace(court.known(PENDING), doubtful=True)
    answer = court.answering(200, court.pending)
    assert broken(court.judged("get", PENDING, OTHER, answer, known=known)) == ["get.own-only"]
    answer = court.answering(500)
    assert broken(court.judged("get", PENDING, OWNER, answer, known=known)) == [
        "errors.no-server-error"
    ]


# Words


def test_a_finding_says_what_was_expected_and_what_came(court: Court) -> None:
    answer = court.answering(409, FINAL)
    first = court.judged("finalize", PENDING, OWNER, answer).broken[0]
    assert (first.clause, first.kept, first.expected) == ("finalize.answer", False, "200")
    assert first.actual == f"409 application/json {json.dumps(FINAL)}"


def test_a_finding_says_where_a_shape_is_wrong(court: Court) -> None:
    changes = {"index": {"id": "qldihken", "version": "0"}}
    first = court.get({**court.pending, **changes}, known=court.fresh).broken[0]
    assert first.expected == "the documented shape (Analysis)"
    assert first.actual.startswith("/index/version: ")


def test_an_answer_is_described_in_one_short_line_of_ascii(answering: Answering) -> None:
    said = describe(answering(500, "é\n".encode() * 1000, "text/plain; charset=utf-8"))
    assert said.startswith("500 text/plain \\xe9\\n")
    assert said.endswith("…")
    assert said[:-1].isascii()
    assert describe(answering(204, b"", "")) == "204"


def test_kinds_have_a_clause_for_each_of_their_fates(contract: Contract) -> None:
    for kind in Kind:
        for topic in ("success", "effect", "effect.results", "effect.others"):
            assert contract.clause_for("finalize", f"{topic}.{kind}")
