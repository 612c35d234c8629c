"""Recorded traffic of others, judged: what each answer shows, from a state that is unknown."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from virtool_contract.cli import main

if TYPE_CHECKING:
    from pathlib import Path

Entry: TypeAlias = dict[str, Any]
Validate: TypeAlias = Callable[..., tuple[int, dict[str, Any]]]
KEY = "Basic " + base64.b64encode(b"job-afovbrnx:s3cr3tk3y").decode()
HERE = "https://virtool.example/api/analyses/uskrqsxm"
CONFLICT = {"message": "There is already a result for this analysis"}
ABSENT = {"message": "Not found"}


def entry(
    method: str,
    status: int,
    said: object = None,
    *,
    at: float = 0,
    took: float = 10,
    sent: object = None,
    url: str = HERE,
    key: str = KEY,
    **own: object,
) -> Entry:
    """One exchange, `at` seconds after the first, that `took` milliseconds."""
    request: Entry = {
        "method": method,
        "url": url,
        "headers": [{"name": "Authorization", "value": key}] if key else [],
    }
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
    content = {} if said is None else {"text": json.dumps(said), "mimeType": "application/json"}
    return {
        "startedDateTime": f"2026-01-01T10:00:{at:06.3f}Z",
        "time": took,
        "request": request,
        "response": {
            "status": status,
            "headers": [{"name": "content-type", "value": "application/json"}],
            "content": content,
        },
        **own,
    }


def get(said: object, at: float, status: int = 200, **more: object) -> Entry:
    return _entry("GET", status, said, {"at": at, **more})


def patch(said: object, at: float, status: int = 200, **more: object) -> Entry:
    return _entry("PATCH", status, said, {"at": at, "sent": {"results": {"foo": "bar"}}, **more})


def delete(status: int, at: float, said: object = None) -> Entry:
    return entry("DELETE", status, said, at=at)


def _entry(method: str, status: int, said: object, more: dict[str, Any]) -> Entry:
    return entry(method, status, said, **more)


@pytest.fixture
def finalized(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "ready": True, "results": {"foo": "bar"}}


@pytest.fixture
def validate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Validate:
    """Validates entries; the exit code and the report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def run(*entries: Entry, words: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        file = tmp_path / "traffic.har"
        file.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
        code = main(["validate", str(file), "--report-dir", "reports", *words])
        return code, json.loads((tmp_path / "reports" / "report.json").read_bytes())

    return run


def broken(report: dict[str, Any]) -> dict[str, str]:
    """What is broken, and what came instead."""
    return {
        row["id"]: row["violations"][0]["actual"]
        for row in report["clauses"]
        if row["verdict"] == "broken"
    }


def kept(report: dict[str, Any]) -> set[str]:
    return {row["id"] for row in report["clauses"] if row["verdict"] == "kept"}


def test_a_life_that_keeps_the_contract(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    code, report = validate(
        get(document, 0),
        patch(finalized, 1),
        get(finalized, 2),
        patch(CONFLICT, 3, 409),
        delete(409, 4, {"message": "Analysis is finalized"}),
        get(finalized, 5),
    )
    assert (code, report["verdict"], broken(report)) == (0, "conforms", {})
    assert {"finalize.once", "finalize.results", "remove.finalized-stays"} <= kept(report)
    assert report["requests"] == 6
    assert report["target"] == "https://virtool.example"


def test_entries_may_stand_in_any_order(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    entries = [get(document, 0), patch(finalized, 1), get(finalized, 2), patch(CONFLICT, 3, 409)]
    assert validate(*reversed(entries))[0] == 0


def test_a_second_finalize_that_succeeds(validate: Validate, finalized: dict[str, Any]) -> None:
    code, report = validate(patch(finalized, 0), patch(finalized, 1))
    assert code == 1
    assert broken(report).keys() == {"finalize.once"}
    steps = next(row for row in report["clauses"] if row["violations"])["violations"][0]
    assert [step["operation"] for step in steps["scenario"]["steps"]] == ["finalize", "finalize"]


def test_results_that_a_read_does_not_show(validate: Validate, finalized: dict[str, Any]) -> None:
    lost = {**finalized, "results": {"foo": "baz"}}
    _, report = validate(patch(finalized, 0), get(lost, 1))
    assert broken(report) == {"finalize.results": '/results/foo: expected "bar", got "baz"'}


def test_a_refused_finalize_that_took_effect(validate: Validate, document: dict[str, Any]) -> None:
    _, report = validate(
        get(document, 0),
        patch({"message": "no"}, 1, 400, sent={"results": 1}),
        patch(CONFLICT, 2, 409),
    )
    assert broken(report).keys() == {"finalize.results-object"}


@pytest.mark.parametrize(
    ("method", "status", "said"),
    [
        ("GET", 404, ABSENT),
        ("PATCH", 409, CONFLICT),
        ("PATCH", 404, ABSENT),
        ("DELETE", 409, {"message": "Analysis is finalized"}),
        ("DELETE", 404, ABSENT),
        ("GET", 403, {"message": "Insufficient rights"}),
        ("GET", 401, {}),
        ("PATCH", 403, {}),
    ],
)
def test_an_answer_that_some_state_or_caller_explains_accuses_nobody(
    method: str, status: int, said: object, validate: Validate
) -> None:
    body: object = {"results": {}} if method == "PATCH" else None
    code, report = validate(entry(method, status, said, sent=body))
    assert (code, broken(report)) == (0, {})


def test_an_answer_that_nothing_explains(validate: Validate) -> None:
    _, report = validate(get({"message": "gone"}, 0, 410), get({}, 1, 500))
    assert broken(report).keys() >= {"errors.no-server-error", "documented-status"}


def test_reads_that_disagree(validate: Validate, document: dict[str, Any]) -> None:
    _, report = validate(get(document, 0), get({**document, "workflow": "nuvs"}, 1))
    assert broken(report).keys() == {"get.safe"}


def test_a_write_to_another_analysis_that_changes_this_one(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    other = {**finalized, "id": "other123", "files": []}
    _, report = validate(
        get(document, 0),
        patch(other, 1, url=HERE.replace("uskrqsxm", "other123")),
        get({**document, "workflow": "nuvs"}, 2),
    )
    assert broken(report).keys() == {"isolation"}


def test_a_wrong_answer_behind_a_refused_write(
    validate: Validate, document: dict[str, Any]
) -> None:
    forbidden = {"message": "Insufficient rights"}
    wrong = {"message": "Analysis is finalized"}
    behind_a_refusal = (
        get(document, 0),
        patch(forbidden, 1, 403, _caller="other job"),
        entry("DELETE", 409, wrong, at=2, _caller="owner"),
    )
    _, report = validate(*behind_a_refusal)
    assert broken(report).keys() == {"finalize.own-only"}  # it may have taken effect
    other = {**document, "id": "other123", "files": []}
    there = HERE.replace("uskrqsxm", "other123")
    without = (
        get(other, 3, url=there),
        entry("DELETE", 409, wrong, at=4, url=there, _caller="owner"),
    )
    _, report = validate(*behind_a_refusal, *without)
    assert broken(report).keys() == {"remove.pending"}


def test_who_is_without_credentials_is_anonymous_where_others_have_some(
    validate: Validate, document: dict[str, Any]
) -> None:
    let_in = get(document, 1, key="")
    assert broken(validate(get(document, 0), let_in)[1]).keys() == {"access.credentials"}
    assert validate(get(document, 0, key=""), let_in)[0] == 0  # a recorder that leaves them out


def test_finalizes_that_overlap_may_come_in_either_order(
    validate: Validate, finalized: dict[str, Any]
) -> None:
    winner = {**finalized, "results": {"by": "b"}}
    race = (
        patch(CONFLICT, 0, 409, took=100, _caller="owner", sent={"results": {"by": "a"}}),
        patch(winner, 0.05, took=100, _caller="owner", sent={"results": {"by": "b"}}),
    )
    code, report = validate(*race, get(winner, 1))
    assert (code, broken(report)) == (0, {})
    assert "finalize.atomic" in kept(report)


def test_finalizes_that_overlap_and_both_succeed(
    validate: Validate, finalized: dict[str, Any]
) -> None:
    race = [
        patch(
            {**finalized, "results": {"by": name}},
            0.01 * place,
            took=100,
            sent={"results": {"by": name}},
        )
        for place, name in enumerate("ab")
    ]
    code, report = validate(*race, get({**finalized, "results": {"by": "b"}}, 1))
    assert code == 1
    assert broken(report).keys() == {"finalize.atomic"}
    shown = next(row for row in report["clauses"] if row["violations"])["violations"][0]
    assert shown["scenario"]["together"]
    assert len(shown["timeline"]) == 3


def test_times_that_touch_may_overlap(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    code, _ = validate(patch(finalized, 0, took=10), get(document, 0.01, took=5))
    assert code == 0


def test_too_many_at_once_are_judged_by_status(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    reads = [get(document, 0.001 * place, took=500) for place in range(30)]
    code, report = validate(*reads, patch(finalized, 0.05, took=500))
    assert (code, broken(report)) == (0, {})
    assert any("overlap with too many others" in each for each in report["troubles"])


def test_what_is_no_exchange_with_an_analysis_is_counted(
    validate: Validate, document: dict[str, Any]
) -> None:
    code, report = validate(
        get(document, 0),
        get([], 1, url="https://virtool.example/api/analyses"),
        get({}, 2, url="https://cdn.example/app.js"),
        entry("OPTIONS", 200, at=3),
        get(None, 4, url="wss://virtool.example/ws"),
        get(None, 5, 304),
        get(document, 6, _fromCache="disk"),
        get(document, 7, url=HERE.replace("virtool.", "other.")),
        words=("--base-url", "https://virtool.example:443"),
    )
    assert (code, report["requests"]) == (0, 1)
    assert report["troubles"] == [
        "2 entries left out: answered from a cache",
        "1 entries left out: not of HTTP",
        "1 entries left out: of other paths",
        "2 entries left out: to other hosts",
        "1 entries left out: with other methods",
    ]


def test_bodies_that_were_not_recorded_are_not_missed(
    validate: Validate, finalized: dict[str, Any]
) -> None:
    without = [get(None, 0), patch(None, 1, sent=None), get(finalized, 2), get(None, 3)]
    code, report = validate(*without)
    assert (code, broken(report)) == (0, {})


def test_no_answer_is_trouble_and_no_violation(
    validate: Validate, document: dict[str, Any], finalized: dict[str, Any]
) -> None:
    for later in (document, finalized):
        code, report = validate(get(document, 0), patch(None, 1, 0), get(later, 2))
        assert (code, broken(report)) == (0, {})
        assert "1 finalize requests without an answer" in report["troubles"]


def test_compressed_and_encoded_content_is_read(
    validate: Validate, document: dict[str, Any]
) -> None:
    squeezed = gzip.compress(json.dumps(document).encode())
    made = get(None, 0)
    made["response"]["content"] = {
        "text": base64.b64encode(squeezed).decode(),
        "encoding": "base64",
    }
    unannounced = broken(validate(made)[1])
    assert unannounced.keys() == {"json.well-formed"}
    made["response"]["headers"].append({"name": "Content-Encoding", "value": "gzip"})
    assert validate(made)[0] == 0


def test_remove_that_is_not_implemented(validate: Validate, document: dict[str, Any]) -> None:
    code, report = validate(get(document, 0), delete(405, 1, {}), get(document, 2))
    assert code == 0
    verdicts = {row["id"]: row["verdict"] for row in report["clauses"]}
    assert verdicts["remove.pending"] == "not implemented"
    assert verdicts["remove.harmless"] == "kept"


def test_a_removal_and_what_follows(validate: Validate, document: dict[str, Any]) -> None:
    gone = get(ABSENT, 2, 404)
    assert validate(get(document, 0), delete(204, 1), gone)[0] == 0
    _, report = validate(get(document, 0), delete(204, 1), get(document, 2))
    assert "remove.gone" in broken(report)


def test_other_members_and_another_root(validate: Validate, document: dict[str, Any]) -> None:
    url = HERE.replace("/api/", "/jobs/v2/")
    sent = {"files": [], "results": {"foo": "bar"}}
    words = ("--api-root", "/jobs/v2", "--extra-body-fields", '{"files": []}')
    code, report = validate(
        get(document, 0, url=url), patch({"message": "x"}, 1, 400, url=url, sent=sent), words=words
    )
    assert code == 0  # somebody else may have asked
    code, report = validate(
        get(document, 0, url=url),
        patch({"message": "x"}, 1, 400, url=url, sent=sent, _caller="owner"),
        words=words,
    )
    assert broken(report).keys() == {"finalize.answer"}


def test_keys_that_a_target_echoes_are_in_no_report(
    validate: Validate, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = validate(get({"you sent": "s3cr3tk3y", "that is": KEY}, 0, 500))
    assert broken(report)
    shown = json.dumps(report) + capsys.readouterr().out
    assert "s3cr3tk3y" not in shown
    assert KEY.partition(" ")[2] not in shown


def test_waivers_and_strictness_are_those_of_verify(
    validate: Validate, finalized: dict[str, Any], tmp_path: Path
) -> None:
    second = (patch(finalized, 0), patch({"message": "no"}, 1, 409))
    assert validate(*second)[0] == 0
    assert validate(*second, words=("--strict",))[0] == 1
    (tmp_path / "waivers.yaml").write_text(
        "- clause: errors.message\n  reason: to come\n  expires: 2999-01-01\n"
    )
    assert validate(*second, words=("--strict",))[0] == 0


def test_a_file_without_exchanges_tests_nothing(validate: Validate) -> None:
    code, report = validate()
    assert (code, report["verdict"]) == (3, "could not test")
    assert "no exchange with an analysis" in report["problem"]
