"""Reports: the text fits a terminal, and the JSON has the shape that docs/report.md says."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from virtool_contract import __version__
from virtool_contract.body import finalize_body
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.model import Caller, Phase, step
from virtool_contract.options import Settings, resolve
from virtool_contract.reports import json as json_report
from virtool_contract.reports import text as text_report
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Scenario, Step
from virtool_contract.verdict import Scope, Verdicts, reach
from virtool_contract.waivers import Waiver, Waivers

DOCS = Path(__file__).parents[1] / "docs" / "report.md"
LONG_EXCUSE = "the target answers 404 for analyses of others too, so that nothing may be written"
SCENARIO = Scenario(
    subjects={"A": "pending"},
    steps=(
        Step(subject="A", operation="finalize", body=finalize_body({"foo": "bar"})),
        Step(subject="A", operation="get"),
    ),
)


PATCHED = (
    '    curl -isS -X PATCH "$BASE_URL/api/analyses/${A_ID}" -u "job-$A_JOB:$A_KEY" '
    """-H 'Content-Type: application/json' --data-binary '{"results":{"foo":"bar"}}'"""
)


def deviation(clause: str, *, seen: int = 3, tried: int = 3) -> Deviation:
    return Deviation(
        clause=clause,
        expected="404",
        actual="200 application/json",
        scenario=SCENARIO,
        seen=seen,
        tried=tried,
        timeline=("A |--| finalize 200",),
    )


@pytest.fixture
def ledger(contract: Contract) -> Ledger:
    found = Ledger(requests=42, troubles=[f"trouble {n}" for n in range(7)])
    found.kept.update(dict.fromkeys(contract.clauses, 123456))
    for unseen in ("get.absent", "finalize.changes-nothing-else"):
        del found.kept[unseen]
        found.excuses[unseen] = LONG_EXCUSE
    found.add(deviation("remove.gone"))
    found.add(deviation("errors.message", seen=1))
    return found


TODAY = date(2026, 6, 30)
KNOWN = Waiver(
    clause="get.safe",
    reason="the archive rewrites its documents on every read, until it is gone in autumn",
    expires=TODAY,
    file="waivers.yaml",
    first=3,
)
OVERDUE = replace(KNOWN, clause="get.files", expires=date(2026, 6, 1), first=7)
WAIVING = Scope(waivers=Waivers(entries=(KNOWN, OVERDUE), today=TODAY))


@pytest.fixture
def verdicts(contract: Contract, ledger: Ledger) -> Verdicts:
    ledger.waive([KNOWN], lambda: deviation("get.safe"))
    return reach(contract, ledger, WAIVING)


def report_of(
    contract: Contract, verdicts: Verdicts, settings: Settings | None = None, seconds: float = 1.25
) -> Report:
    return Report(
        contract=contract,
        verdicts=verdicts,
        settings=settings or resolve({}, {}, Path(__file__).parent),
        base_url="http://localhost:1",
        path="/api/analyses/{analysis_id}",
        rerun="again",
        seconds=seconds,
    )


@pytest.fixture
def rendered(contract: Contract, verdicts: Verdicts) -> str:
    return text_report.render(report_of(contract, verdicts))


@pytest.mark.parametrize("removes", [True, False])
def test_the_table_fits_80_columns(contract: Contract, ledger: Ledger, *, removes: bool) -> None:
    verdicts = reach(contract, ledger, Scope(removes=removes))
    lines = list(text_report.table(verdicts))
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    text = " ".join(" ".join(lines).split())
    assert text.count(LONG_EXCUSE) == 2
    assert [line.split()[0] for line in lines if not line.startswith(" ")][1:] == list(
        contract.clauses
    )


def test_an_empty_run_has_a_table_too(contract: Contract) -> None:
    verdicts = reach(contract, Ledger(), Scope())
    text = text_report.render(report_of(contract, verdicts))
    assert max(map(len, text_report.table(verdicts))) <= 80
    assert text.splitlines()[-2].startswith("could not test: ")
    assert text.splitlines()[-1].startswith("never observed: access.credentials, ")


def test_a_broken_clause_comes_with_its_words_and_requests(
    contract: Contract, rendered: str
) -> None:
    start = rendered.index("\nremove.gone (must): ") + 1
    lines = rendered[start:].splitlines()[:9]
    assert lines == [
        f"remove.gone (must): {contract.clauses['remove.gone'].says}",
        "  expected  404",
        "  received  200 application/json",
        "  replay    again -k remove.gone",
        "  seen      always (3 of 3 replays)",
        "    # A_ID, A_JOB and A_KEY: an analysis, pending, and its job",
        PATCHED,
        '    curl -isS -X GET "$BASE_URL/api/analyses/${A_ID}" -u "job-$A_JOB:$A_KEY"',
        "    A |--| finalize 200",
    ]


@pytest.mark.parametrize(
    ("seen", "tried", "said"),
    [
        (3, 3, "always (3 of 3 replays)"),
        (1, 3, "intermittently (1 of 3 replays)"),
        (0, 3, "once (0 of 3 replays)"),
        (0, 0, "once, and not tried again"),
    ],
)
def test_it_is_said_how_often_a_clause_broke(
    contract: Contract, seen: int, tried: int, said: str
) -> None:
    ledger = Ledger()
    ledger.add(deviation("get.safe", seen=seen, tried=tried))
    lines = text_report.broken(report_of(contract, reach(contract, ledger, Scope())))
    assert f"  seen      {said}" in list(lines)


def test_a_waived_clause_says_until_when_and_why(rendered: str) -> None:
    row = re.search(r"^get\.safe +must +waived +([^\n]*(?:\n    [^\n]*)*)", rendered, re.MULTILINE)
    assert row
    assert " ".join(row[1].split()) == (
        "(until 2026-06-30: the archive rewrites its documents on every read, until it…)"
    )


def test_a_waiver_that_fails_the_run_says_where_it_is(rendered: str) -> None:
    assert (
        "\n\nWaivers that fail the run (1):\n  waivers.yaml:7: get.files: the waiver " in rendered
    )


def test_trouble_is_counted_and_some_of_it_shown(rendered: str) -> None:
    assert "Trouble on the way (7):\n  trouble 0\n" in rendered
    assert "trouble 4" in rendered
    assert "trouble 5" not in rendered


def test_the_last_line_says_it_all(contract: Contract, rendered: str) -> None:
    kept = len(contract.clauses) - 5
    assert rendered.endswith(
        f"\n\nviolates: 2 broken, {kept} kept, 2 unobserved, 1 waived (42 requests in 1.2 s)\n"
    )


def test_where_nothing_is_wrong_nothing_else_is_said(contract: Contract) -> None:
    ledger = Ledger()
    ledger.kept.update(dict.fromkeys(contract.clauses, 1))
    verdicts = reach(contract, ledger, Scope())
    text = text_report.render(report_of(contract, verdicts))
    assert len(text.splitlines()) == len(contract.clauses) + 3
    assert "curl" not in text
    assert "Trouble" not in text


def test_what_was_adapted_to_the_target_is_said(contract: Contract, verdicts: Verdicts) -> None:
    fields = {"api_root": "", "extra_body_fields": '{"files": []}'}
    adapted = report_of(contract, verdicts, resolve(fields, {}, Path(__file__).parent))
    said = list(adapted.adaptations)
    assert [line.rpartition(" ")[2] for line in said] == ["(--api-root)", "(--extra-body-fields)"]
    assert json.loads(json_report.render(adapted))["adaptations"] == said
    text = text_report.render(adapted)
    assert "\nAdapted to the target:\n" + "".join(f"  {line}\n" for line in said) in text
    assert '{"files":[],"results"' in text


# JSON


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return resolve({"seed": "5", "strict": True}, {}, tmp_path)


@pytest.fixture
def report(contract: Contract, verdicts: Verdicts, settings: Settings) -> dict[str, Any]:
    raw = json_report.render(report_of(contract, verdicts, settings))
    assert raw.endswith(b"}\n")
    loaded: dict[str, Any] = json.loads(raw)
    return loaded


def test_the_report_says_what_was_run(contract: Contract, report: dict[str, Any]) -> None:
    clauses = report.pop("clauses")
    del report["answers"], report["latencies"]
    (rotten,) = report.pop("waivers")
    assert (rotten["kind"], rotten["waiver"]["first"]) == ("expired", 7)
    assert rotten["waiver"]["expires"] == "2026-06-01"
    assert rotten["says"].startswith("waivers.yaml:7: ")
    assert report == {
        "version": 1,
        "suite": __version__,
        "contract": contract.version,
        "target": "http://localhost:1",
        "effort": "standard",
        "seed": 5,
        "strict": True,
        "adaptations": [],
        "verdict": "violates",
        "problem": "",
        "requests": 42,
        "seconds": 1.25,
        "troubles": [f"trouble {n}" for n in range(7)],
    }
    assert [each["id"] for each in clauses] == list(contract.clauses)


def test_what_was_exercised_is_reported(contract: Contract, ledger: Ledger) -> None:
    due = step(contract.operations["remove"], Phase.FINALIZED, Caller.OTHER_JOB)
    for status in (409, 204, 204):
        answer = Response(status=status, headers=(), body=b"", elapsed=0.25)
        ledger.tally.count(due, answer)
    report = json.loads(json_report.render(report_of(contract, reach(contract, ledger, Scope()))))
    alike = {"operation": "remove", "caller": "other job", "state": "finalized"}
    assert report["answers"] == [
        {**alike, "reason": "not-own", "status": 204, "right": False, "count": 2},
        {**alike, "reason": "not-own", "status": 409, "right": True, "count": 1},
    ]
    shown = report["latencies"]["remove"]
    assert shown["answers"] == 3
    assert 0.25 <= shown["p50"] == shown["p99"] < 0.275
    assert [count for _, count in shown["histogram"]] == [3]
    none = {"answers": 0, "p50": 0, "p90": 0, "p99": 0, "histogram": []}
    assert report["latencies"]["get"] == none


def test_a_clause_that_was_kept_is_reported(report: dict[str, Any]) -> None:
    kept = next(each for each in report["clauses"] if each["id"] == "get.document")
    assert kept["verdict"] == "kept"
    assert kept["level"] == "must"
    assert kept["observations"] == 123456
    assert (kept["reason"], kept["violations"]) == ("", [])


def test_a_clause_that_was_not_observed_says_why(report: dict[str, Any]) -> None:
    unseen = next(each for each in report["clauses"] if each["id"] == "get.absent")
    assert (unseen["verdict"], unseen["reason"]) == ("unobserved", LONG_EXCUSE)
    assert unseen["observations"] == 0


def test_a_violation_can_be_replayed_from_the_report(report: dict[str, Any]) -> None:
    broken = next(each for each in report["clauses"] if each["id"] == "remove.gone")
    assert broken["verdict"] == "broken"
    assert [Deviation.from_json(shape) for shape in broken["violations"]] == [
        deviation("remove.gone")
    ]


def documented() -> dict[str, set[str]]:
    """The members that docs/report.md lists, by the line before each table."""
    found: dict[str, set[str]] = {}
    for title, table in re.findall(
        r"^(.+)\n\n\| member .*\n\|[-|]+\|\n((?:\|.*\n)+)", DOCS.read_text("utf-8"), re.MULTILINE
    ):
        names = [row.split("|")[1] for row in table.splitlines()]
        found[title] = set(re.findall(r"`(\w+)`", " ".join(names)))
    return found


def test_every_member_is_documented_and_every_documented_member_is_there(
    report: dict[str, Any],
) -> None:
    tables = documented()
    top, clause, violation, needed, failing, *_others = tables.values()
    broken = next(each for each in report["clauses"] if each["violations"])
    assert report.keys() == top
    assert broken.keys() == clause
    assert broken["violations"][0].keys() == violation
    waived = next(each for each in report["clauses"] if each["waived"])
    assert waived["waived"][0].keys() == needed
    assert report["waivers"][0].keys() == failing
