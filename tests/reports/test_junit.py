"""junit.xml: what a CI reads off it is what the exit code says."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
import xmlschema

from tests.reports.conftest import NASTY, Making, deviation
from virtool_contract import __version__
from virtool_contract.reports import junit
from virtool_contract.reports.plain import plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Scope

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
KINDS = ("failure", "error", "skipped")


def parsed(raw: str) -> Element:
    """The document, once it is sure that it is valid."""
    SCHEMA.validate(raw)
    root: Element = xmlschema.XMLResource(raw).root
    return root


def suite_of(report: Report) -> Element:
    """The suite, once it is sure that schema and counts are right."""
    root = parsed(junit.render(report).decode())
    (suite,) = root
    cases = suite.findall("testcase")
    counts = {f"{kind}s": str(len(suite.findall(f"testcase/{kind}"))) for kind in KINDS}
    counts["skipped"] = counts.pop("skippeds")
    assert counts.items() <= suite.attrib.items()
    assert suite.attrib["tests"] == root.attrib["tests"] == str(len(cases))
    assert (root.attrib["failures"], root.attrib["errors"]) == (
        counts["failures"],
        counts["errors"],
    )
    names = Counter((case.attrib["classname"], case.attrib["name"]) for case in cases)
    assert max(names.values()) == 1
    return suite


def case(suite: Element, name: str) -> Element:
    (found,) = (each for each in suite.findall("testcase") if each.attrib["name"] == name)
    return found


def outcome(found: Element) -> tuple[str, str, str] | None:
    """Its kind, type and message; None for a case that passed."""
    kinds = [each for each in found if each.tag in KINDS]
    assert len(kinds) <= 1
    return next(((each.tag, each.attrib["type"], each.attrib["message"]) for each in kinds), None)


def output(found: Element) -> str:
    return found.findtext("system-out") or ""


@pytest.fixture
def suite(every_way: Report) -> Element:
    return suite_of(every_way)


def test_there_is_a_case_a_clause(every_way: Report, suite: Element) -> None:
    clauses = every_way.contract.clauses.values()
    cases = suite.findall("testcase")[: len(clauses)]
    assert [each.attrib["name"] for each in cases] == [each.id for each in clauses]
    assert [each.attrib["classname"] for each in cases] == [
        each.operation or "contract" for each in clauses
    ]
    assert suite.attrib["time"] == "1.250"


def test_a_clause_that_is_kept_passes(suite: Element) -> None:
    kept = case(suite, "get.document")
    assert outcome(kept) is None
    assert "verdict   kept (7 observations)" in output(kept)


def test_a_broken_clause_fails_with_all_that_shows_it(suite: Element) -> None:
    broken = case(suite, "finalize.once")
    assert outcome(broken) == ("failure", "broken", "expected 404; received 200")
    shown = broken.findtext("failure") or ""
    assert "  replay    again -k finalize.once\n  seen      always (3 of 3 replays)\n" in shown
    assert 'curl -isS -X PATCH "$BASE_URL/api/analyses/${A_ID}"' in shown
    assert shown.endswith("A |--| finalize 200")


def test_a_broken_should_fails_only_a_strict_run(made: Making) -> None:
    lenient = case(suite_of(made(deviation("errors.message"))), "errors.message")
    assert outcome(lenient) is None
    assert "received  200\n" in output(lenient)
    assert "does not count against the run without --strict" in output(lenient)
    strict = case(suite_of(made(deviation("errors.message"), strict=True)), "errors.message")
    assert outcome(strict) == ("failure", "broken", "expected 404; received 200")
    assert "--strict" not in output(strict)


def test_what_was_not_kept_and_fails_nothing_is_skipped_with_a_reason(suite: Element) -> None:
    assert outcome(case(suite, "get.absent")) == (
        "skipped",
        "unobserved",
        "the target answers 404 for analyses of others too",
    )
    assert outcome(case(suite, "remove.gone")) == (
        "skipped",
        "not implemented",
        "Remove is not implemented",
    )
    waived = case(suite, "get.safe")
    assert outcome(waived) == (
        "skipped",
        "waived",
        "waived until 2026-06-30: the archive counts reads, until autumn",
    )
    assert "waived by waivers.yaml:3 until 2026-06-30" in output(waived)
    assert "  received  200\n" in output(waived)


def test_a_clause_that_breaks_beside_what_is_waived_fails(made: Making) -> None:
    report = made(deviation("get.safe", actual="500"), waived=deviation("get.safe"))
    both = case(suite_of(report), "get.safe")
    assert outcome(both) == ("failure", "broken", "expected 404; received 500")
    assert "waived by waivers.yaml:3" in output(both)


def test_a_waiver_that_fails_the_run_fails_here(suite: Element) -> None:
    rotten = case(suite, "get.files (waivers.yaml:7)")
    kind, name, message = outcome(rotten) or ("", "", "")
    assert (rotten.attrib["classname"], kind, name) == ("waivers", "failure", "expired")
    assert message.startswith("waivers.yaml:7: get.files: the waiver expired on 2026-06-01")


def test_a_run_that_could_not_test_is_an_error(made: Making) -> None:
    report = made(kept=False, scope=Scope(problem="no target"))
    suite = suite_of(report)
    assert outcome(case(suite, "run")) == ("error", "could not test", "no target")
    assert suite.attrib["errors"] == "1"
    assert outcome(case(suite, "get.document")) == ("skipped", "unobserved", "never observed")


def test_where_nothing_is_wrong_nothing_fails(made: Making) -> None:
    suite = suite_of(made())
    assert {suite.attrib[kind] for kind in ("failures", "errors")} == {"0"}
    assert suite.attrib["tests"] == str(len(made().contract.clauses))
    assert suite.find("system-err") is None


def test_the_properties_say_what_was_run(every_way: Report, suite: Element) -> None:
    found = [
        (each.attrib["name"], each.attrib["value"]) for each in suite.findall("properties/property")
    ]
    assert (
        dict(found).items()
        >= {
            "suite": __version__,
            "contract": every_way.contract.version,
            "target": "http://localhost:1",
            "effort": "standard",
            "seed": "0",
            "strict": "false",
            "verdict": "violates",
            "requests": "42",
            "level.errors.message": "should",
            "source.finalize.once": every_way.contract.clauses["finalize.once"].source,
        }.items()
    )
    assert len(found) == 8 + 2 * len(every_way.contract.clauses)
    assert suite.findtext("system-err") == "one reset\nanother"


def test_adaptations_are_told(made: Making) -> None:
    suite = suite_of(made(api_root=""))
    assert [
        each.attrib["value"]
        for each in suite.findall("properties/property")
        if each.attrib["name"] == "adaptation"
    ] == list(made(api_root="").adaptations)


def test_what_a_target_sends_comes_out_as_text(hostile: Report) -> None:
    suite = suite_of(hostile)
    broken = case(suite, "finalize.once")
    said = plain(NASTY)
    assert outcome(broken) == ("failure", "broken", f"expected {said}; received {said}")
    assert f"  received  {said}\n" in (broken.findtext("failure") or "")
    assert outcome(case(suite, "get.absent")) == ("skipped", "unobserved", said)
    assert suite.findtext("system-err") == said
    text = junit.render(hostile).decode()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "<script" not in text


def test_the_schema_can_fail(every_way: Report) -> None:
    raw = junit.render(every_way).decode()
    for wrong in (
        raw.replace('time="1.250"', 'time="1.2500"', 1),
        raw.replace("<skipped ", "<omitted ", 1),
        raw.replace(' errors="0"', "", 2),
        raw.replace("</testcase>", "<properties/></testcase>", 1),
    ):
        assert wrong != raw
        assert not SCHEMA.is_valid(wrong)


def test_the_time_is_one_for_jenkins(made: Making) -> None:
    long = replace(made(), seconds=12345.67891)
    assert suite_of(long).attrib["time"] == "12345.679"
