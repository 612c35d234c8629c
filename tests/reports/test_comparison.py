"""Two runs, clause by clause: what is newly broken, still broken, fixed, and observed or not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.reports.conftest import NASTY, RACE, deviation
from virtool_contract.cli import main
from virtool_contract.json_values import Json
from virtool_contract.options import OptionError
from virtool_contract.reports import baseline
from virtool_contract.reports.changes import markdown, text
from virtool_contract.reports.comparison import Change, compare, is_alike
from virtool_contract.reports.json import render
from virtool_contract.reports.reading import Recorded, ReportError, read
from virtool_contract.verdict import Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.reports.conftest import Making
    from virtool_contract.reports.report import Report

    Keeping: TypeAlias = Callable[[Report, str], str]

ONCE = deviation("finalize.once")


@pytest.fixture
def kept(tmp_path: Path) -> Keeping:
    """Writes a report into a file, and gives its name."""

    def keep(report: Report, name: str) -> str:
        file = tmp_path / name
        file.write_bytes(render(report))
        return str(file)

    return keep


def changes(old: Recorded, new: Recorded) -> dict[str, Change]:
    return {
        each.verdict.clause.id: each.change
        for each in compare(old, new).clauses
        if each.change is not Change.UNCHANGED
    }


def test_each_clause_is_compared(made: Making, kept: Keeping) -> None:
    unseen = {"get.absent": "not selected"}
    old = made(ONCE, deviation("get.files"), deviation("isolation"), unseen=unseen)
    new = made(
        deviation("get.files"),
        deviation("isolation", actual="500 text/plain"),
        deviation("media-type"),
        waived=deviation("get.safe"),
        unseen={"remove.gone": ""},
    )
    before, now = read(kept(old, "old.json")), read(kept(new, "new.json"))
    assert changes(before, now) == {
        "finalize.once": Change.FIXED,
        "get.files": Change.STILL_BROKEN,
        "isolation": Change.BROKEN_DIFFERENTLY,
        "media-type": Change.NEWLY_BROKEN,
        "get.safe": Change.NEWLY_WAIVED,
        "get.absent": Change.NEWLY_OBSERVED,
        "remove.gone": Change.NO_LONGER_OBSERVED,
    }
    said = text(compare(before, now))
    assert "Newly broken (1):\n  media-type (must): " in said
    assert said.splitlines()[-1].startswith(f"since {before.file}: 1 newly broken, 1 broken diff")


def test_what_was_waived_and_is_not_any_more_is_newly_broken(made: Making, kept: Keeping) -> None:
    old = read(kept(made(waived=deviation("get.safe")), "old.json"))
    new = read(kept(made(deviation("get.safe")), "new.json"))
    assert changes(old, new) == {"get.safe": Change.NEWLY_BROKEN}
    assert changes(new, old) == {"get.safe": Change.NEWLY_WAIVED}


def test_two_races_are_alike_whatever_they_show() -> None:
    race = replace(ONCE, scenario=RACE, actual="no order explains these answers")
    assert is_alike(race, replace(race, actual='acknowledged and lost: {"a":1}'))
    assert not is_alike(race, ONCE)
    assert is_alike(ONCE, replace(ONCE, seen=1))
    assert not is_alike(ONCE, replace(ONCE, actual="500"))


def test_the_exit_code_is_that_of_what_is_newly_broken(
    made: Making, kept: Keeping, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = kept(made(ONCE), "one.json"), kept(made(ONCE, deviation("isolation")), "two.json")
    none = kept(made(scope=Scope(problem="nobody there"), kept=False), "none.json")
    for words, code in ((one, two), 1), ((two, one), 0), ((one, one), 0), ((one, none), 3):
        for form in ("text", "markdown"):
            assert main(["compare", *words, "--format", form]) == code
    said = capsys.readouterr()
    assert said.err.count(f"could not compare: {none} could not test: nobody there\n") == 2
    assert "nothing newly broken since " in said.out


def test_what_a_target_sent_is_no_markup(made: Making, hostile: Report, kept: Keeping) -> None:
    comparison = compare(read(kept(made(), "old.json")), read(kept(hostile, "new.json")))
    for said in (text(comparison), markdown(comparison)):
        assert all(char.isprintable() for line in said.split("\n") for char in line)
    assert "<script>" not in markdown(comparison)
    assert "@you" not in markdown(comparison)


def _set(shape: Json, path: tuple[str | int, ...], value: object) -> Json:
    *above, last = path
    inner = shape
    for each in above:
        inner = inner[each]
    inner[last] = value
    return shape


SHOWN = ("clauses", 0, "violations", 0)
GARBAGE: list[tuple[tuple[str | int, ...], object, str]] = [
    (("version",), 2, "a report of version 2, and this virtool-contract reads version 1"),
    (("version",), "1", "is no report (/version: "),
    (("clauses",), {}, "/clauses: "),
    (("clauses", 0, "verdict"), "fine", "/clauses/0/verdict: "),
    (("clauses", 0, "id"), NASTY, "a lone surrogate"),
    ((*SHOWN, "expected"), 5, "/expected: 5 is not of type"),
    ((*SHOWN, "scenario", "steps"), [], "/steps: "),
    ((*SHOWN, "scenario", "steps", 0, "caller"), "root", "/caller: "),
    ((*SHOWN, "scenario", "steps", 0, "subject"), "B", "subject B is not among its subjects"),
    ((*SHOWN, "scenario", "steps", 0, "subject"), "A;id", "/subject: "),
    ((*SHOWN, "scenario", "steps", 0, "media_type"), "a\r\nX: y", "/media_type: "),
    ((*SHOWN, "scenario", "steps", 0, "body"), "\ud800", "utf-8"),
    ((*SHOWN, "scenario", "steps", 0, "body_base64"), "!", "no report"),
    ((*SHOWN, "scenario", "subjects", "A"), "pending, of the sample of Z", "sample of one not be"),
    ((*SHOWN, "scenario", "subjects", "A"), "pending, of the sample of A", "sample of one not be"),
    ((*SHOWN, "scenario", "subjects", "A"), "pending, of the sample of A;id", "/subjects/A: "),
    ((*SHOWN, "clause"), "get.safe", "has a violation of another clause"),
    (("clauses", 0, "violations"), [], "is broken, and has 0 violations"),
]


@pytest.mark.parametrize(("path", "value", "part"), GARBAGE)
def test_what_is_no_report_is_said_in_one_line(
    made: Making, kept: Keeping, path: tuple[str | int, ...], value: object, part: str
) -> None:
    first = deviation("access.credentials")
    shape = json.loads(render(made(first)))
    file = kept(made(first), "report.json")
    with open(file, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a name, as users give it
        json.dump(_set(shape, path, value), stream)
    with pytest.raises(ReportError) as raised:
        read(file)
    message = str(raised.value)
    assert message.startswith(f"{file}: ")
    assert part in message
    assert message.isprintable()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_bytes_that_are_no_report(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.json").write_bytes(raw)
    with pytest.raises(ReportError, match=r"report\.json that `virtool-contract verify"):
        read(str(tmp_path / "x.json"))


def test_a_report_comes_back_as_it_was(every_way: Report, hostile: Report, kept: Keeping) -> None:
    for report in (every_way, hostile):
        recorded = read(kept(report, "report.json"))
        assert recorded.outcome is report.verdicts.outcome
        for verdict in report.verdicts.clauses:
            back = recorded.clauses[verdict.clause.id]
            assert back == replace(verdict, clause=back.clause)


def test_a_baseline_excuses_what_it_saw_broken(made: Making, kept: Keeping) -> None:
    old = read(kept(made(ONCE, deviation("errors.message")), "old.json"))
    assert baseline.known(old) == {"finalize.once", "errors.message"}
    for report, code in (
        (made(ONCE), 0),
        (made(), 0),
        (made(ONCE, deviation("isolation")), 1),
        (made(ONCE, deviation("errors.media-type")), 0),
        (made(ONCE, deviation("errors.media-type"), strict=True), 1),
    ):
        comparison = baseline.against(old, report)
        assert baseline.exit_code(report, comparison) == code
    assert baseline.exit_code(made(ONCE), None) == 1


def test_a_rotten_waiver_fails_a_run_with_a_baseline_too(every_way: Report, kept: Keeping) -> None:
    old = read(kept(every_way, "old.json"))
    assert every_way.verdicts.rotten
    assert baseline.exit_code(every_way, baseline.against(old, every_way)) == 1


def test_a_baseline_that_cannot_be_one(made: Making, kept: Keeping, tmp_path: Path) -> None:
    report = made(ONCE)
    other = json.loads(render(report)) | {"contract": "0.0.1"}
    (tmp_path / "other.json").write_text(json.dumps(other))
    none = kept(made(scope=Scope(problem="nobody there"), kept=False), "none.json")
    own = kept(report, "report.json")
    for file, folder, part in (
        (str(tmp_path / "other.json"), None, "is of contract '0.0.1', and this run of"),
        (none, None, "could not test (nobody there); try one of a run that could"),
        (own, str(tmp_path), "is the report that this run replaces"),
        (str(tmp_path / "no.json"), None, "cannot be read"),
    ):
        settings = replace(report.settings, baseline=file, report_dir=folder)
        with pytest.raises(OptionError, match=r"^--baseline: ") as raised:
            baseline.load(settings, report.contract)
        assert part in str(raised.value)
