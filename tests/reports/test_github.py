"""The summary and the annotations of GitHub Actions: within its limits, and nobody else's words."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from typing_extensions import override

from tests.reports.conftest import NASTY, Making, deviation
from virtool_contract.reports import github
from virtool_contract.reports.plain import one_line, plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, Scope

Cells: TypeAlias = list[str]

SEEN = "expected 404, received 200"


class Page(HTMLParser):
    """What a browser makes of a summary: its elements, table rows and preformatted texts."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.rows: list[Cells] = []
        self.blocks: list[str] = []
        self.titles: list[str] = []
        self.text = ""
        self.at = ""
        self.feed(MarkdownIt("commonmark").enable("table").render(raw.decode()))

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "pre":
            self.blocks.append("")
        elif tag == "summary":
            self.titles.append("")
        if tag != "code":
            self.at = tag

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag != "code":
            self.at = ""

    @override
    def handle_data(self, data: str) -> None:
        self.text += data
        if self.at in {"td", "th"}:
            self.rows[-1][-1] += data
        elif self.at == "pre":
            self.blocks[-1] += data
        elif self.at == "summary":
            self.titles[-1] += data


def test_the_summary_begins_with_the_verdict(every_way: Report) -> None:
    page = Page(github.render(every_way))
    assert page.text.startswith("Contract of the Virtool Jobs API: violates\n")
    assert re.search(r"^violates: 2 broken, .* in 1\.2 s\)$", page.text, re.MULTILINE)
    assert "Target http://localhost:1, contract 1.0.0, effort standard, seed 0." in page.text


def test_the_table_has_what_is_not_kept_worst_first(every_way: Report) -> None:
    header, *rows = Page(github.render(every_way)).rows
    assert header == ["clause", "level", "verdict", "what"]
    kept = [each for each in every_way.verdicts.clauses if each.outcome == "kept"]
    assert len(rows) == len(every_way.contract.clauses) - len(kept)
    assert rows[:3] == [
        [
            "finalize.once",
            "must",
            "BROKEN",
            f"{SEEN}; always (3 of 3 replays)",
        ],
        [
            "errors.message",
            "should",
            "BROKEN",
            f"{SEEN}; intermittently (1 of 3 replays); does not count without --strict",
        ],
        ["get.safe", "must", "waived", "until 2026-06-30: the archive counts reads, until autumn"],
    ]
    assert rows[-1] == [
        "get.absent",
        "must",
        "unobserved",
        "the target answers 404 for analyses of others too",
    ]


def test_sequences_waivers_and_trouble_are_folded_away(every_way: Report) -> None:
    page = Page(github.render(every_way))
    assert page.titles == [
        "Waivers that fail the run",
        "finalize.once",
        "errors.message",
        "Trouble on the way (2)",
    ]
    assert page.blocks[0].startswith("waivers.yaml:7: get.files: the waiver expired")
    assert "  replay    again -k finalize.once\n" in page.blocks[1]
    assert 'curl -isS -X PATCH "$BASE_URL/api/analyses/${A_ID}"' in page.blocks[1]
    assert page.blocks[3] == "one reset\nanother"


def test_where_all_is_kept_there_is_no_table(made: Making) -> None:
    page = Page(github.render(made(api_root="")))
    assert page.text.startswith("Contract of the Virtool Jobs API: conforms\n")
    assert (page.rows, page.blocks) == ([], [])
    assert "Adapted to the target: /api/analyses/{analysis_id} stands for" in page.text


def test_a_run_that_could_not_test_says_why(made: Making) -> None:
    page = Page(github.render(made(kept=False, scope=Scope(problem="no target"))))
    assert "\nno target\n" in page.text


def test_what_a_target_sends_is_text_in_the_summary(hostile: Report) -> None:
    raw = github.render(hostile)
    page = Page(raw)
    own = {"h2", "p", "code", "details", "summary", "pre", "table", "thead", "tbody"}
    assert page.elements == own | {"tr", "th", "td"}
    row = next(each for each in page.rows if each[0] == "finalize.once")
    said = one_line(NASTY)
    assert row[3] == f"expected {said}, received {said}; always (3 of 3 replays)"
    assert f"  received  {plain(NASTY)}\n" in page.blocks[0]
    assert all(char.isprintable() or char == "\n" for char in raw.decode())
    outside = re.sub(r"\A## |<pre>.*?</pre>", "", raw.decode(), flags=re.DOTALL)
    assert not re.search(r"www\.|://|@|(?<!&)#|\*\*|`code", outside)


def test_long_texts_are_cut_in_the_table(made: Making) -> None:
    _, row = Page(github.render(made(deviation("get.safe", actual="x" * 201)))).rows
    assert f"received {'x' * 200}…;" in row[3]


def test_a_summary_keeps_within_its_room(every_way: Report) -> None:
    whole = github.render(every_way)
    assert b"left out" not in whole
    assert github.render(every_way, len(whole) + 200) == whole
    for room in range(0, len(whole), 97):
        part = github.render(every_way, room)
        assert len(part) <= room
        assert not part or part.startswith(b"## Contract")
        assert not part or b"left out" in part
        assert Page(part).elements <= Page(whole).elements


def test_what_is_left_out_is_counted(made: Making) -> None:
    long = [
        deviation(clause, actual="x" * 30_000 if clause != "get.safe" else "y")
        for clause in made().contract.clauses
    ]
    raw = github.render(made(*long))
    assert 1_000_000 < len(raw) <= github.ROOM
    page = Page(raw)
    assert len(page.rows) == len(long) + 1
    assert "get.safe" in page.titles
    missing = len(long) - len(page.titles)
    assert missing > 5
    assert f"{missing} rows and sequences are left out" in page.text


# Annotations


def commands(report: Report, trouble: str = "") -> list[tuple[str, dict[str, str], str]]:
    """Kind, properties and message of each, as GitHub's runner reads them."""
    found = []
    for line in github.annotations(report, trouble):
        assert line.isprintable()
        matched = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert matched
        properties = dict(each.split("=", 1) for each in matched[2].split(","))
        decoded = {name: unquote(value) for name, value in properties.items()}
        found.append((matched[1], decoded, unquote(matched[3])))
    return found


def test_annotations_come_worst_first(made: Making) -> None:
    report = made(
        deviation("errors.message"),
        deviation("get.safe", seen=0),
        deviation("get.files", seen=1),
        deviation("finalize.once", seen=3),
    )
    found = commands(report)
    assert [(kind, properties["title"]) for kind, properties, _ in found] == [
        ("error", "finalize.once (must) is broken"),
        ("error", "get.files (must) is broken"),
        ("error", "get.safe (must) is broken"),
        ("warning", "errors.message (should) is broken"),
    ]
    assert found[0][2] == (
        f"{report.contract.clauses['finalize.once'].says}\n"
        "expected: 404\nreceived: 200\nseen: always (3 of 3 replays)"
    )


def test_a_strict_run_has_errors_only(made: Making) -> None:
    ((kind, _, _),) = commands(made(deviation("errors.message"), strict=True))
    assert kind == "error"


def test_waived_and_kept_clauses_are_not_annotated(made: Making) -> None:
    assert commands(made(waived=deviation("get.safe"))) == []


def test_a_waiver_that_fails_the_run_is_annotated_where_it_stands(every_way: Report) -> None:
    kind, properties, message = commands(every_way)[0]
    assert (kind, properties["file"], properties["line"]) == ("error", "waivers.yaml", "7")
    assert properties["title"] == "get.files: the waiver is expired"
    assert message.startswith("waivers.yaml:7: get.files: the waiver expired on 2026-06-01")


def test_no_more_are_given_than_are_shown(made: Making) -> None:
    clauses = made().contract.clauses.values()
    broken = commands(made(*(deviation(each.id) for each in clauses)), "no summary")
    kinds = [kind for kind, _, _ in broken]
    assert kinds.count("error") == 10
    musts = [each.id for each in clauses if each.level == "must"]
    assert [each[1]["title"].split()[0] for each in broken if each[0] == "error"] == musts[:10]
    assert 1 < kinds.count("warning") <= 10
    assert broken[0][1:] == ({"title": "trouble on the way"}, "no summary")


def test_could_not_test_is_an_error(made: Making) -> None:
    report = made(kept=False, scope=Scope(problem="no target: 100%\nat all"))
    assert commands(report) == [("error", {"title": "could not test"}, "no target: 100%\nat all")]


def test_what_a_target_sends_is_no_command(hostile: Report) -> None:
    (_, _, message), *_ = commands(hostile)
    assert f"received: {plain(NASTY)}\n" in message


def test_properties_end_neither_themselves_nor_the_command(made: Making) -> None:
    report = made(scope=Scope())
    clause = replace(report.contract.clauses["get.safe"], id="a,b::c%\nd")
    verdict = next(each for each in report.verdicts.clauses if each.clause.id == "get.safe")
    changed = replace(
        verdict, clause=clause, deviation=deviation("get.safe"), outcome=Outcome.BROKEN
    )
    odd = replace(report, verdicts=replace(report.verdicts, clauses=(changed,)))
    ((_, properties, _),) = commands(odd)
    assert properties == {"title": "a,b::c%\nd (must) is broken"}


# Where it goes


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    return tmp_path / "summary.md"


def test_a_summary_is_appended_where_github_says(made: Making, summary: Path) -> None:
    report = made(deviation("get.safe"))
    summary.write_text("before\n")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    printed = github.tell(report, environment)
    assert printed == "".join(f"{line}\n" for line in github.annotations(report))
    assert summary.read_bytes() == b"before\n" + github.render(report)


@pytest.mark.parametrize("value", [None, "", "false", "1"])
def test_elsewhere_nothing_is_said(made: Making, summary: Path, value: str | None) -> None:
    environment = {"GITHUB_STEP_SUMMARY": str(summary)}
    if value is not None:
        environment["GITHUB_ACTIONS"] = value
    assert github.tell(made(deviation("get.safe")), environment) == ""
    assert not summary.exists()


def test_without_a_summary_there_are_annotations(made: Making) -> None:
    assert github.tell(made(), {"GITHUB_ACTIONS": "true"}) == ""
    assert "get.safe" in github.tell(made(deviation("get.safe")), {"GITHUB_ACTIONS": "true"})


def test_a_summary_that_cannot_be_written_is_trouble(made: Making, tmp_path: Path) -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    said = github.tell(made(), environment)
    assert said == (
        f"::warning title=trouble on the way::the step summary '{tmp_path}' cannot be written: "
        "Is a directory\n"
    )


def test_what_the_step_said_before_takes_room(made: Making, summary: Path) -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    with summary.open("wb") as file:
        file.truncate(github.ROOM - 10)
    assert "has no room left" in github.tell(made(), environment)
    assert summary.stat().st_size == github.ROOM - 10
