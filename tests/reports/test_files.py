"""--report-dir: every file of a run, from both fronts, and what happens where one cannot be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.commands import bare_environment
from tests.reports.conftest import Making, deviation
from tests.reports.test_junit import parsed
from tests.reports.test_sarif import SCHEMA as SARIF
from virtool_contract.cli import main
from virtool_contract.options import REPORT_FILES, TRAFFIC_FILE
from virtool_contract.reports import files
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.reference.service import Service

    Served: TypeAlias = Callable[[Service], str]

FRONTS = {
    "verify": ("virtool_contract", "verify"),
    "verify -n": ("virtool_contract", "verify", "-n", "2"),
    "pytest": ("pytest", "--pyargs", "contract_tests"),
    "pytest -n": ("pytest", "--pyargs", "contract_tests", "-n", "2"),
}


def test_each_file_has_its_renderer() -> None:
    assert tuple(files.RENDERERS) == REPORT_FILES


def test_all_files_are_written(made: Making, tmp_path: Path) -> None:
    report = made(deviation("get.safe"), report_dir=str(tmp_path))
    assert files.write(report) == ""
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        name: render(report) for name, render in files.RENDERERS.items()
    }


def test_nothing_is_written_unasked(made: Making, tmp_path: Path) -> None:
    assert files.write(made()) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_there(
    made: Making, tmp_path: Path
) -> None:
    (tmp_path / "junit.xml").mkdir()
    problem = files.write(made(report_dir=str(tmp_path)))
    assert problem == f"{tmp_path / 'junit.xml'} cannot be written: Is a directory"
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {
        "report.json",
        "report.html",
        "report.sarif",
    }


def run(
    front: str, folder: Path, *words: str, github: bool = False
) -> subprocess.CompletedProcess[str]:
    environment = bare_environment()
    if github:
        environment |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }
    return subprocess.run(
        [sys.executable, "-m", *FRONTS[front], *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


@pytest.mark.parametrize("front", FRONTS)
def test_each_front_reports_a_violation_once(served: Served, tmp_path: Path, front: str) -> None:
    url = served(service(("finalized-removable",), ()))
    words = (*at(url), "-k", "remove.finalized-stays", "--report-dir", "reports")
    done = run(front, tmp_path, *words, github=True)
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.findall(r"^::.*", done.stdout, re.MULTILINE)
    assert [line.partition("::Removing")[0] for line in found] == [
        "::error title=remove.finalized-stays (must) is broken"
    ]
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.count("## Contract of the Virtool Jobs API: violates\n") == 1

    folder = tmp_path / "reports"
    report = json.loads((folder / "report.json").read_bytes())
    (broken,) = [each["id"] for each in report["clauses"] if each["verdict"] == "broken"]
    suite = parsed((folder / "junit.xml").read_text(encoding="utf-8"))[0]
    assert suite.attrib["tests"] == str(len(report["clauses"]))
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("1", "0")
    log = json.loads((folder / "report.sarif").read_bytes())
    assert SARIF.is_valid(log)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == [broken]
    assert broken == "remove.finalized-stays"


@pytest.mark.parametrize("front", FRONTS)
def test_each_front_says_that_it_could_not_test(tmp_path: Path, front: str) -> None:
    words = (*at("http://127.0.0.1:9"), "--report-dir", "reports")
    done = run(front, tmp_path, *words, github=True)
    assert done.returncode == 3, done.stdout + done.stderr
    found = re.findall(r"^::.*", done.stdout, re.MULTILINE)
    assert [line.partition(" at http")[0] for line in found] == [
        "::error title=could not test::the target"
    ]
    assert (tmp_path / "summary.md").read_text().count("could not test\n") == 1
    root = parsed((tmp_path / "reports" / "junit.xml").read_text(encoding="utf-8"))
    assert len(root.findall(".//error")) == 1


def test_fingerprints_are_the_same_with_another_seed(served: Served, tmp_path: Path) -> None:
    url = served(service(("finalized-removable",), ()))
    seen = []
    for seed in ("0", "5"):
        words = (*at(url), "-k", "remove.finalized-stays", "--report-dir", seed, "--seed", seed)
        done = run("verify", tmp_path, *words)
        assert done.returncode == 1, done.stdout
        assert "::" not in done.stdout
        (result,) = json.loads((tmp_path / seed / "report.sarif").read_bytes())["runs"][0][
            "results"
        ]
        seen.append(result["partialFingerprints"])
    assert seen[0] == seen[1]


def test_files_that_can_be_written_say_that_one_could_not(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from virtool_contract.verify import Front\n"
        "def occupied(self): pathlib.Path('reports/junit.xml').mkdir()\n"
        "Front.pytest_runtestloop = occupied\n"
        "from virtool_contract.cli import main\n"
        "sys.exit(main(['verify', '-k', 'get.own-only', '--report-dir', 'reports']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    problem = "reports/junit.xml cannot be written: Is a directory"
    assert problem in done.stdout
    report = json.loads((tmp_path / "reports" / "report.json").read_bytes())
    assert (report["verdict"], report["problem"]) == ("could not test", problem)
    (found,) = json.loads((tmp_path / "reports" / "report.sarif").read_bytes())["runs"]
    assert found["invocations"][0]["executionSuccessful"] is False


def test_files_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for name in (*REPORT_FILES, TRAFFIC_FILE, "traffic-12.part"):
        (folder / name).write_text("earlier")
    done = run("verify", tmp_path, "--effort", "nonsense", "--report-dir", "reports")
    assert done.returncode == 2
    assert (folder / "junit.xml").read_text() == "earlier"
    run("verify", tmp_path, *at("http://127.0.0.1:9"), "--report-dir", "reports")
    assert [name for name in REPORT_FILES if (folder / name).read_text() == "earlier"] == []
    assert {file.name for file in folder.iterdir()} == {*REPORT_FILES, "writes.jsonl"}


@pytest.mark.parametrize("front", FRONTS)
def test_each_front_records_what_shows_the_same_offline(
    served: Served, tmp_path: Path, front: str
) -> None:
    url = served(service(("finalized-removable",), ()))
    words = (*at(url), "-k", "remove.finalized-stays", "--report-dir", "reports")
    run(front, tmp_path, *words)
    assert list((tmp_path / "reports").glob("*.part")) == []
    har = str(tmp_path / "reports" / TRAFFIC_FILE)
    assert main(["validate", har, "--report-dir", str(tmp_path / "offline")]) == 1
    rows = json.loads((tmp_path / "offline" / "report.json").read_bytes())["clauses"]
    assert [row["id"] for row in rows if row["verdict"] == "broken"] == ["remove.finalized-stays"]
    assert (tmp_path / "reports" / TRAFFIC_FILE).is_file()
