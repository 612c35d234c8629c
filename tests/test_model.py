"""The oracle, cell by cell: operation, caller, state and body; from the page and the design."""

import itertools

import pytest

from virtool_contract.body import Body, Kind, classify, finalize_body
from virtool_contract.contract import Contract
from virtool_contract.model import Caller, Due, Phase, step, step_in_disguise

OWNER, OTHER, IDLE = Caller.OWNER, Caller.OTHER_JOB, Caller.OTHER_WORKFLOW
STRANGERS = (
    Caller.WRONG_KEY,
    Caller.ANONYMOUS,
    Caller.EXTENDED_KEY,
    Caller.TRUNCATED_KEY,
    Caller.OTHER_CASE,
    Caller.SWAPPED_KEY,
    Caller.FOREIGN_ID,
    Caller.FINISHED_KEY,
    Caller.EXTENDED_ID,
    Caller.EMPTY_KEY,
    Caller.JOB_ID_AS_KEY,
    Caller.WRONG_SCHEME,
    Caller.MALFORMED,
)
FORMER = (Caller.FINISHED_JOB, Caller.REMOVED_JOB)
UNREADABLE = (Caller.WRONG_SCHEME, Caller.MALFORMED)
PENDING, FINALIZED, ABSENT = Phase.PENDING, Phase.FINALIZED, Phase.ABSENT
ANY_4XX = set(range(400, 500))
ANY = range(100, 600)
VALID = finalize_body({"foo": "bar"})
INVALID = {
    "no-results": classify(b"{}"),
    "results-not-object": classify(b'{"results": []}'),
    "not-json": classify(b"{"),
}
REFUSABLE = {
    "extra-members": finalize_body({"foo": "bar"}, workflow="other"),
    "beyond-i-json": finalize_body({"foo": 2**53}),
    "over-limit": finalize_body({"foo": "x" * 2**20}),
    "unclear": classify(b'{"results": {}}', "text/plain"),
}
ANSWERS: dict[str, dict[str, set[int]]] = {
    "get": {"unauthenticated": {401, 403}, "not-own": {403}, "absent": {404}},
    "finalize": {
        "unauthenticated": {401, 403},
        "not-own": ANY_4XX,
        "absent": {404},
        "finalized": {409},
        "invalid-body": ANY_4XX,
    },
    "remove": {
        "unauthenticated": {401, 403},
        "not-own": ANY_4XX,
        "unimplemented": ANY_4XX | {501},
        "absent": {404},
        "finalized": {409},
    },
}
SUCCESS = {"get": 200, "finalize": 200, "remove": 204}
BODIES: dict[str, list[tuple[Body | None, bool]]] = {
    "get": [(None, False)],
    "remove": [(None, False)],
    "finalize": [(VALID, False), *((body, True) for body in INVALID.values())],
}
CELLS = [
    (operation, caller, phase, body, invalid, implemented)
    for operation in SUCCESS
    for caller, phase, (body, invalid), implemented in itertools.product(
        Caller, Phase, BODIES[operation], (True, False)
    )
    if implemented or operation == "remove"
]


def permitted(due: Due) -> set[int]:
    return {status for status in ANY if due.permits(status)}


def test_every_caller_is_the_owner_or_another_or_a_stranger() -> None:
    assert {OWNER, OTHER, IDLE, *FORMER, *STRANGERS} == set(Caller)
    assert [caller for caller in Caller if caller.is_known] == [OWNER, OTHER, IDLE, *FORMER]


@pytest.mark.parametrize(
    ("operation", "caller", "phase", "body", "invalid", "implemented"),
    CELLS,
    ids=lambda value: str(value.flaw or value.kind) if isinstance(value, Body) else str(value),
)
def test_every_cell(
    contract: Contract,
    *,
    operation: str,
    caller: Caller,
    phase: Phase,
    body: Body | None,
    invalid: bool,
    implemented: bool,
) -> None:
    due = step(contract.operations[operation], phase, caller, body, implemented=implemented)
    reasons = {
        "unauthenticated": caller in STRANGERS + FORMER,  # a server may have forgotten these
        "not-own": caller in {OTHER, IDLE, *FORMER},
        "unimplemented": not implemented,
        "absent": phase is ABSENT,
        "finalized": phase is FINALIZED and operation != "get",
        "invalid-body": invalid,
    }
    expected = [name for name, holds in reasons.items() if holds]
    assert sorted(due.reasons) == sorted(expected)
    assert due.refused is bool(expected)
    answers = [ANSWERS[operation][name] for name in expected] or [{SUCCESS[operation]}]
    if caller in UNREADABLE:
        answers.append(ANY_4XX)  # a header that cannot be read may be called a bad request
    assert permitted(due) == set().union(*answers)


# The same once more, spelled out where it matters most.
SPELLED: list[tuple[str, Caller, Phase, Body | None, set[int]]] = [
    ("get", OWNER, PENDING, None, {200}),
    ("get", OWNER, FINALIZED, None, {200}),
    ("get", OWNER, ABSENT, None, {404}),
    ("get", OTHER, PENDING, None, {403}),
    ("get", IDLE, FINALIZED, None, {403}),
    ("get", IDLE, ABSENT, None, {403, 404}),
    ("get", Caller.ANONYMOUS, PENDING, None, {401, 403}),
    ("get", Caller.ANONYMOUS, ABSENT, None, {401, 403, 404}),
    ("finalize", OWNER, PENDING, VALID, {200}),
    ("finalize", OWNER, FINALIZED, VALID, {409}),
    ("finalize", OWNER, ABSENT, VALID, {404}),
    ("finalize", OWNER, FINALIZED, INVALID["no-results"], ANY_4XX),
    ("finalize", OWNER, PENDING, INVALID["not-json"], ANY_4XX),
    ("finalize", OTHER, PENDING, VALID, ANY_4XX),
    ("finalize", OTHER, FINALIZED, VALID, ANY_4XX),
    ("finalize", Caller.WRONG_KEY, PENDING, VALID, {401, 403}),
    ("finalize", Caller.WRONG_KEY, FINALIZED, VALID, {401, 403, 409}),
    ("finalize", Caller.WRONG_KEY, PENDING, INVALID["results-not-object"], ANY_4XX),
    ("remove", OWNER, PENDING, None, {204}),
    ("remove", OWNER, FINALIZED, None, {409}),
    ("remove", OWNER, ABSENT, None, {404}),
    ("remove", OTHER, PENDING, None, ANY_4XX),
    ("remove", Caller.EMPTY_KEY, PENDING, None, {401, 403}),
]


@pytest.mark.parametrize(("operation", "caller", "phase", "body", "statuses"), SPELLED)
def test_the_cells_that_matter_most(
    contract: Contract,
    *,
    operation: str,
    caller: Caller,
    phase: Phase,
    body: Body | None,
    statuses: set[int],
) -> None:
    assert permitted(step(contract.operations[operation], phase, caller, body)) == statuses


@pytest.mark.parametrize("kind", REFUSABLE)
@pytest.mark.parametrize(
    ("caller", "phase", "otherwise"),
    [
        (OWNER, PENDING, {200}),
        (OWNER, FINALIZED, {409}),
        (OWNER, ABSENT, {404}),
        (OTHER, PENDING, ANY_4XX),
        (Caller.ANONYMOUS, FINALIZED, {401, 403, 409}),
    ],
)
def test_a_body_that_may_be_refused_may_be_so_in_every_state(
    contract: Contract, kind: str, caller: Caller, phase: Phase, otherwise: set[int]
) -> None:
    body = REFUSABLE[kind]
    assert body.kind == kind
    due = step(contract.operations["finalize"], phase, caller, body)
    assert permitted(due) == otherwise | ANY_4XX


@pytest.mark.parametrize(
    ("results", "kind"),
    [({"foo": None}, Kind.AWKWARD), ({"foo": "x" * 2**17}, Kind.LARGE)],
)
def test_a_body_that_is_only_awkward_must_be_taken(
    contract: Contract, results: dict[str, object], kind: Kind
) -> None:
    body = finalize_body(results)
    assert body.kind is kind
    assert permitted(step(contract.operations["finalize"], PENDING, OWNER, body)) == {200}


@pytest.mark.parametrize("results", [{"foo": None}, {"foo": "x" * 2**17}], ids=["awkward", "large"])
@pytest.mark.parametrize(
    ("caller", "phase"), [(OWNER, FINALIZED), (OWNER, ABSENT), (Caller.WRONG_KEY, PENDING)]
)
def test_that_a_body_is_refused_for_being_awkward_is_shown_only_where_it_must_be_taken(
    contract: Contract, results: dict[str, object], caller: Caller, phase: Phase
) -> None:
    due = step(contract.operations["finalize"], phase, caller, finalize_body(results))
    assert permitted(due) == ANY_4XX


@pytest.mark.parametrize(
    ("operation", "caller", "phase", "body", "status", "follows"),
    [
        ("get", OWNER, PENDING, None, 200, PENDING),
        ("get", OWNER, FINALIZED, None, 200, FINALIZED),
        ("finalize", OWNER, PENDING, VALID, 200, FINALIZED),
        ("finalize", OWNER, PENDING, VALID, 500, PENDING),
        ("finalize", OWNER, PENDING, REFUSABLE["extra-members"], 200, FINALIZED),
        ("finalize", OWNER, PENDING, REFUSABLE["extra-members"], 422, PENDING),
        ("finalize", OWNER, FINALIZED, VALID, 409, FINALIZED),
        ("finalize", OWNER, FINALIZED, VALID, 200, FINALIZED),
        ("finalize", OTHER, PENDING, VALID, 200, PENDING),
        ("finalize", OWNER, PENDING, INVALID["not-json"], 400, PENDING),
        ("finalize", OWNER, ABSENT, VALID, 200, ABSENT),
        ("remove", OWNER, PENDING, None, 204, ABSENT),
        ("remove", OWNER, PENDING, None, 200, PENDING),
        ("remove", OWNER, FINALIZED, None, 204, FINALIZED),
        ("remove", OTHER, PENDING, None, 204, PENDING),
        ("remove", OWNER, ABSENT, None, 404, ABSENT),
    ],
)
def test_only_a_success_that_was_due_changes_the_state(
    contract: Contract,
    *,
    operation: str,
    caller: Caller,
    phase: Phase,
    body: Body | None,
    status: int,
    follows: Phase,
) -> None:
    due = step(contract.operations[operation], phase, caller, body)
    assert due.next_phase(status) is follows


@pytest.mark.parametrize("phase", Phase)
def test_a_removal_that_is_not_implemented_changes_no_state(
    contract: Contract, phase: Phase
) -> None:
    due = step(contract.operations["remove"], phase, OWNER, implemented=False)
    assert {due.next_phase(status) for status in (204, 200, 404, 501)} == {phase}


@pytest.mark.parametrize(
    ("operation", "caller", "phase", "body", "implemented", "words"),
    [
        ("get", OWNER, PENDING, None, True, "200"),
        ("get", OWNER, ABSENT, None, True, "404"),
        ("get", IDLE, ABSENT, None, True, "403 or 404"),
        ("get", Caller.ANONYMOUS, PENDING, None, True, "401 or 403"),
        ("finalize", OWNER, FINALIZED, VALID, True, "409"),
        ("finalize", Caller.ANONYMOUS, FINALIZED, VALID, True, "401 or 403 or 409"),
        ("finalize", OTHER, PENDING, VALID, True, "any 4xx"),
        ("finalize", OWNER, PENDING, INVALID["not-json"], True, "any 4xx"),
        ("finalize", OWNER, PENDING, REFUSABLE["over-limit"], True, "200 or any 4xx"),
        ("finalize", OWNER, FINALIZED, REFUSABLE["over-limit"], True, "any 4xx"),
        ("remove", OWNER, PENDING, None, True, "204"),
        ("remove", OWNER, PENDING, None, False, "any 4xx or 501"),
        ("remove", Caller.ANONYMOUS, FINALIZED, None, False, "any 4xx or 501"),
    ],
)
def test_what_is_due_is_said_in_words(
    contract: Contract,
    *,
    operation: str,
    caller: Caller,
    phase: Phase,
    body: Body | None,
    words: str,
    implemented: bool,
) -> None:
    due = step(contract.operations[operation], phase, caller, body, implemented=implemented)
    assert due.expected() == words


def test_the_first_reason_is_the_most_telling(contract: Contract) -> None:
    due = step(contract.operations["finalize"], ABSENT, OTHER, INVALID["not-json"])
    assert due.reasons == ("absent", "not-own", "invalid-body")
    assert (due.caller, due.phase, due.flaw) == (OTHER, ABSENT, INVALID["not-json"].flaw)


@pytest.mark.parametrize(
    ("caller", "reasons"),
    [
        (OWNER, ("absent", "not-own")),
        (OTHER, ("absent", "not-own")),
        (Caller.ANONYMOUS, ("unauthenticated", "absent")),
    ],
)
def test_an_id_in_disguise_is_nobodys(
    contract: Contract, caller: Caller, reasons: tuple[str, ...]
) -> None:
    due = step_in_disguise(contract.operations["get"], caller)
    assert due.reasons == reasons
    assert permitted(due) == ANY_4XX
