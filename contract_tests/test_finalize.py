"""Finalize: the job that runs an analysis sets its results, once."""

import json
from collections.abc import Callable

import pytest

from virtool_contract.promises import (
    Body,
    Caller,
    Json,
    Phase,
    Stage,
    Subject,
    at_last,
    classify,
    clause,
    disguises,
    expect,
    finalize_body,
    lengthy,
    standard,
)

INVALID_RESULTS: dict[str, Json] = {
    "null": None,
    "a string": "results",
    "a string of JSON": '{"foo": "bar"}',
    "an empty string": "",
    "a number": 1,
    "zero": 0,
    "a boolean": True,
    "false": False,
    "an array": [{"foo": "bar"}],
    "an empty array": [],
    "pairs": [["foo", "bar"]],
}

BODIES_WITHOUT_RESULTS = {
    "an empty object": b"{}",
    "another member": b'{"result": {"foo": "bar"}}',
    "other letter case": b'{"Results": {"foo": "bar"}}',
    "blanks around the name": b'{" results ": {"foo": "bar"}}',
    "names with paths": b'{"results.foo": "bar", "results[foo]": "bar"}',
    "results at the top": b'{"foo": "bar"}',
    "results one level down": b'{"analysis": {"results": {"foo": "bar"}}}',
    "ready alone": b'{"ready": true}',
}

BODIES_NOT_JSON = {
    "nothing": b"",
    "a blank": b" ",
    "cut short": b'{"results": {"foo": "bar"',
    "a trailing comma": b'{"results": {"foo": "bar"},}',
    "single quotes": b"{'results': {'foo': 'bar'}}",
    "a second value": b'{"results": {}} {"results": {}}',
    "trailing text": b'{"results": {"foo": "bar"}} x',
    "a form": b"results=foo",
    "invalid UTF-8": b'{"results": {"foo": "\xff\xfe"}}',
    "UTF-8 cut short": b'{"results": {"foo": "\xc3"}}',
    "UTF-8 that is overlong": b'{"results": {"foo": "\xc1\xa1"}}',
    "a raw line feed in a string": b'{"results": {"foo": "a\nb"}}',
    "an array": b'[{"results": {"foo": "bar"}}]',
    "a string": b'"results"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
}


@clause("finalize.answer", "finalize.ready", "finalize.results")
def test_the_owner_finalizes(stage: Stage) -> None:
    """Finalizing one's pending analysis MUST be answered with the document, ready, with results."""
    analysis = stage.pending()
    expect.success(stage.finalize(analysis, {"foo": "bar"}))
    expect.success(stage.get(analysis))


@clause("finalize.answer", "finalize.results")
def test_it_need_not_be_read_first(stage: Stage) -> None:
    """An analysis MUST be finalizable by the first request that there is for it."""
    analysis = stage.unread()
    expect.success(stage.finalize(analysis, {"foo": "bar"}))


@clause("finalize.answer")
def test_refused_writes_do_not_stand_in_the_way(stage: Stage) -> None:
    """An analysis MUST be finalizable after writes that were refused, whoever has sent them."""
    analysis = stage.pending()
    for caller in (Caller.OTHER_JOB, Caller.ANONYMOUS):
        stage.finalize(analysis, {"stolen": "away"}, caller)
        stage.remove(analysis, caller)
    expect.success(stage.finalize(analysis, {"foo": "bar"}))


@clause("finalize.results")
def test_results_are_those_that_were_sent_to_this_analysis(stage: Stage) -> None:
    """Each of several analyses MUST keep the results that were sent to it."""
    subjects = [stage.pending() for _ in range(3)]
    for number, analysis in enumerate(subjects):
        expect.success(stage.finalize(analysis, {"number": number + 2}))
    for analysis in subjects:
        expect.success(stage.get(analysis))


@clause("finalize.answer", "finalize.results")
def test_two_analyses_may_have_the_same_results(stage: Stage) -> None:
    """Results MUST be accepted also if another analysis has the same, or begins as they do."""
    long: dict[str, Json] = {"hits": ["same"] * 500, "reads": 500}
    other: dict[str, Json] = {"hits": ["same"] * 500, "reads": 501}
    for results in (long, long, other):
        expect.success(stage.finalize(stage.pending(), results))


@clause("finalize.changes-nothing-else")
@pytest.mark.parametrize("files", [True, False], ids=["with files", "without files"])
def test_nothing_else_changes(stage: Stage, *, files: bool) -> None:
    """Finalizing MUST NOT change any documented field but ready and results."""
    analysis = stage.pending(files=files)
    expect.success(stage.finalize(analysis, {"foo": "bar"}))
    expect.success(stage.get(analysis))


@clause("isolation")
def test_nobody_else_changes(stage: Stage) -> None:
    """Finalizing one analysis MUST NOT change another, pending or finalized."""
    before = stage.finalized(), stage.pending(fresh=True)
    analysis = stage.pending(fresh=True)
    others = (*before, stage.pending(sample_of=analysis, fresh=True))
    expect.success(stage.finalize(analysis, {"b": 3}))
    for other in (*others, analysis):
        expect.success(stage.get(other))


AGAIN: dict[str, tuple[dict[str, Json], dict[str, Json]]] = {
    "the same": ({"foo": "bar"}, {"foo": "bar"}),
    "others": ({"foo": "bar"}, {"foo": "baz"}),
    "none": ({"foo": "bar"}, {}),
    "more": ({"foo": "bar"}, {"foo": "bar", "more": [1]}),
    "some where none were": ({}, {"foo": "bar"}),
}
"""First and second results."""


@clause("finalize.once", "finalize.keeps-first-results")
@pytest.mark.parametrize(("first", "second"), AGAIN.values(), ids=AGAIN)
def test_a_second_finalize_is_refused(
    stage: Stage, first: dict[str, Json], second: dict[str, Json]
) -> None:
    """Finalizing a finalized analysis MUST be refused with 409 and MUST keep the first results."""
    analysis = stage.finalized(first)
    for _ in range(3):
        expect.refusal(stage.finalize(analysis, second), "finalized")


@clause("finalize.keeps-first-results")
def test_long_results_are_as_final_as_others(stage: Stage) -> None:
    """Finalizing an analysis that has long results MUST be refused with 409 and MUST keep them."""
    analysis = stage.finalized({"sequence": "ACGT" * 40_000})
    expect.refusal(stage.finalize(analysis, {"foo": "bar"}), "finalized")


@clause("finalize.once")
def test_refused_requests_do_not_reopen_it(stage: Stage) -> None:
    """Whatever was refused meanwhile, a finalized analysis MUST NOT be finalized again."""
    analysis = stage.finalized({"foo": "bar"})
    for body in (classify(b"{"), finalize_body(None)):
        stage.finalize(analysis, body)
        expect.refusal(stage.finalize(analysis, {"foo": "baz"}), "finalized")
    for caller in (Caller.OTHER_JOB, Caller.ANONYMOUS, Caller.OWNER):
        stage.finalize(analysis, {"stolen": "away"}, caller)
        stage.remove(analysis, caller)
        expect.refusal(stage.finalize(analysis, {"foo": "baz"}), "finalized")


@lengthy
@clause("finalize.keeps-first-results")
def test_many_refused_finalizes_change_nothing(stage: Stage) -> None:
    """However often a second finalize is tried, the first results MUST stay."""
    analysis = stage.finalized({"foo": "bar"})
    with stage.one_look_around():
        for number in range(30):
            expect.refusal(stage.finalize(analysis, {"number": number + 2}), "finalized")


@clause("finalize.keeps-first-results")
@pytest.mark.parametrize("raw", [b"{}", b"{", b'{"results": null}', b'{"results": []}'])
def test_an_invalid_second_finalize_changes_nothing(stage: Stage, raw: bytes) -> None:
    """An invalid second finalize MUST be refused, for either reason, and change nothing."""
    analysis = stage.finalized({"foo": "bar"})
    expect.refusal(stage.finalize(analysis, classify(raw)), "finalized", "invalid-body")


def refused_and_then_accepted(stage: Stage, body: Body) -> None:
    """An invalid body is refused, and does not stand in the way of a valid one."""
    analysis = stage.pending()
    expect.refusal(stage.finalize(analysis, body), "invalid-body")
    expect.success(stage.finalize(analysis, {"foo": "bar"}))


@clause("finalize.answer")
def test_refused_bodies_do_not_stand_in_the_way(stage: Stage) -> None:
    """However many invalid bodies were refused, a valid one MUST be accepted."""
    analysis = stage.pending()
    for raw in (*BODIES_NOT_JSON.values(), *BODIES_WITHOUT_RESULTS.values()):
        stage.finalize(analysis, classify(raw))
    expect.success(stage.finalize(analysis, {"foo": "bar"}))


@clause("finalize.results-required")
@pytest.mark.parametrize("raw", BODIES_WITHOUT_RESULTS.values(), ids=BODIES_WITHOUT_RESULTS)
def test_results_are_required(stage: Stage, raw: bytes) -> None:
    """A body without results MUST be refused with a 4xx and MUST have no effect."""
    refused_and_then_accepted(stage, classify(raw))


@clause("finalize.results-object")
@pytest.mark.parametrize("results", INVALID_RESULTS.values(), ids=INVALID_RESULTS)
def test_results_are_an_object(stage: Stage, results: Json) -> None:
    """Results that are not an object MUST be refused with a 4xx and MUST have no effect."""
    refused_and_then_accepted(stage, finalize_body(results))


@clause("finalize.body-json")
@pytest.mark.parametrize("raw", BODIES_NOT_JSON.values(), ids=BODIES_NOT_JSON)
def test_the_body_is_a_json_object(stage: Stage, raw: bytes) -> None:
    """A body that is not a JSON object MUST be refused with a 4xx and MUST have no effect."""
    refused_and_then_accepted(stage, classify(raw))


EXTRA_MEMBERS: dict[str, dict[str, Json]] = {
    "an unknown one": {"virtool_contract_extra": "stored"},
    "ready": {"ready": False},
    "id": {"id": "virtool_contract"},
    "job": {"job": {"id": "virtool_contract"}},
    "created_at": {"created_at": "2001-01-01T00:00:00Z"},
    "workflow": {"workflow": "virtool_contract"},
    "sample": {"sample": {"id": "virtool_contract", "name": "virtool_contract"}},
    "index": {"index": {"id": "virtool_contract", "version": 999}},
    "user": {"user": {"id": "virtool_contract"}},
    "subtractions": {"subtractions": [{"id": "virtool_contract", "name": "virtool_contract"}]},
    "files": {"files": []},
    "the user's id": {"user": "virtool_contract"},
    "ids, and how it went": {
        **{f"{name}_id": "virtool_contract" for name in ("user", "sample", "index", "job")},
        "status": "failed",
        "state": "failed",
        "error": "virtool_contract",
    },
    "no subtractions": {"subtractions": []},
    "dotted names": {"sample.name": "virtool_contract", "user.id": "virtool_contract"},
    "several": {
        "workflow": "virtool_contract",
        "_id": "virtool_contract",
        "$set": {"ready": False},
    },
}


def unlike(members: dict[str, Json], subject_of: Callable[[], Subject]) -> Subject:
    """An analysis that would show it if the members were applied; a few are tried."""
    for _ in range(5):
        analysis = subject_of()
        document = analysis.known.document or {}
        if any(document.get(name) != value for name, value in members.items()):
            break
    return analysis


@clause("finalize.extra-members")
@pytest.mark.parametrize("beside", EXTRA_MEMBERS.values(), ids=EXTRA_MEMBERS)
def test_members_beside_results_do_nothing(stage: Stage, beside: dict[str, Json]) -> None:
    """Members beside results MUST NOT be stored and MUST NOT be applied."""
    analysis = unlike(beside, stage.pending)
    expect.success(stage.finalize(analysis, finalize_body({"foo": "bar"}, **beside)))
    expect.success(stage.get(analysis))


@clause("finalize.extra-members")
@pytest.mark.parametrize("beside", EXTRA_MEMBERS.values(), ids=EXTRA_MEMBERS)
def test_members_of_what_is_refused_do_nothing(stage: Stage, beside: dict[str, Json]) -> None:
    """Nor are they when results are missing, or the analysis is finalized already."""
    finalized = unlike(beside, stage.finalized)
    expect.refusal(stage.finalize(finalized, finalize_body({"foo": "baz"}, **beside)), "finalized")
    without_results = classify(json.dumps(beside).encode())
    analysis = unlike(beside, stage.pending)
    expect.refusal(stage.finalize(analysis, without_results), "invalid-body")
    expect.success(stage.finalize(analysis, {"foo": "bar"}))


@clause("finalize.own-only")
@pytest.mark.parametrize("caller", [Caller.OTHER_JOB, Caller.OTHER_WORKFLOW])
def test_others_cannot_finalize(stage: Stage, caller: Caller) -> None:
    """A job MUST NOT finalize an analysis that it does not run."""
    analysis = stage.pending()
    beside = EXTRA_MEMBERS["several"]
    stolen = finalize_body({"stolen": "away"}, **beside)
    expect.refusal(stage.finalize(analysis, stolen, caller), "not-own")
    expect.success(stage.finalize(analysis, {"foo": "bar"}))
    expect.refusal(stage.finalize(analysis, {"stolen": "away"}, caller), "not-own", "finalized")


@clause("finalize.own-only", "finalize.forbidden")
def test_others_get_403(stage: Stage) -> None:
    """A job that finalizes another's analysis, read by nobody yet, SHOULD get 403."""
    expect.refusal(stage.finalize(stage.unread(), {"stolen": "away"}, Caller.OTHER_JOB), "not-own")


@clause("finalize.absent")
def test_an_absent_analysis_cannot_be_finalized(stage: Stage) -> None:
    """Finalizing an id that nobody has MUST be refused."""
    absent = stage.absent()
    answer = stage.finalize(absent, {"foo": "bar"}, Caller.OTHER_JOB)
    expect.refusal(answer, "absent", "not-own")
    expect.refusal(stage.get(absent, Caller.OTHER_JOB), "absent", "not-own")


@clause("finalize.absent")
def test_a_removed_analysis_cannot_be_finalized(stage: Stage) -> None:
    """Finalizing a removed analysis MUST be refused with 404, and it stays away."""
    analysis = stage.removed()
    expect.refusal(stage.finalize(analysis, {"foo": "bar"}), "absent")


@standard
@clause("finalize.absent")
def test_an_id_that_looks_like_another_is_not_finalized(stage: Stage) -> None:
    """A finalize MUST take an id as it is: one that only looks like another does nothing to it."""
    analysis = stage.pending()
    for disguise in disguises(analysis.known.id):
        stage.write_look_alike(analysis, "finalize", disguise)


@at_last
@clause("finalize.results", "finalize.once", "remove.finalized-stays")
def test_what_was_finalized_early_stays(stage: Stage) -> None:
    """What the first plays of a run have finalized MUST be as it was at the run's end, and stay."""
    analysis = stage.left_over(Phase.FINALIZED)
    stage.get(analysis)
    expect.refusal(stage.finalize(analysis, {"foo": "baz"}), "finalized")
    stage.remove(analysis)
