"""What broke a clause is sent again, from a report; and written out as scripts that run alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import pytest
import requests

from virtool_contract.body import finalize_body
from virtool_contract.cli import main
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.options import resolve
from virtool_contract.reference.service import Service
from virtool_contract.reports.json import render
from virtool_contract.reports.reading import read
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Scenario, Step, needs
from virtool_contract.serve import service
from virtool_contract.verdict import Scope, reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.contract import Contract

    Served: TypeAlias = Callable[[Service], str]
    Reporting: TypeAlias = Callable[[str, str], str]

SCRIPTED = {
    "third-finalize-accepted": "finalize.once",
    "refused-finalize-overwrites": "finalize.keeps-first-results",
    "large-results-emptied": "finalize.size",
    "id-as-pattern": "get.absent",
    "nan-in-document": "json.well-formed",
}
"""Faults of every kind, each with the clause that it breaks."""
BY_STATUS = {
    "third-finalize-accepted",
    "id-as-pattern",
}
"""Those of them that a script for bash, which looks at statuses, can tell."""


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


@pytest.fixture
def reported(tmp_path: Path) -> Reporting:
    """The report of a server of which a clause was verified."""

    def report(url: str, clause: str) -> str:
        folder = tmp_path / "reports"
        words = ("--effort", "quick", "-k", clause, "--report-dir", str(folder))
        subprocess.run(
            [sys.executable, "-m", "virtool_contract", "verify", *at(url), *words],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        return str(folder / "report.json")

    return report


def variables(url: str, report: str, clause: str) -> dict[str, str]:
    """What a script needs in its environment, set up as its reader would."""
    deviation = read(report).shown(clause)
    assert deviation
    values = {"BASE_URL": url}
    for names, what in needs(deviation.scenario):
        if what == "an id that nobody has":
            values[names[0]] = "zz99zz99"
            continue
        idle = what == "a job that runs no analysis"
        message = {
            "action": "setup",
            "state": what if idle else "a pending analysis",
            "params": {} if idle else {"files": True},
        }
        given = requests.post(f"{url}/provider-states", json=message, timeout=5).json()
        of = {"ID": "analysis_id", "JOB": "job_id", "KEY": "job_key"}
        values |= {name: given[of[name.rpartition("_")[2]]] for name in names}
    return values


def written(report: str, clause: str, form: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["replay", report, clause, form]) == 0
    return capsys.readouterr().out


def run(command: list[str], values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    hidden = ("PYTEST", "VIRTOOL_CONTRACT", "COVERAGE")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return subprocess.run(
        command, env=bare | values, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_violation_is_shown_again_and_its_exchanges_with_it(
    served: Served, reported: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = service(("third-finalize-accepted",), ())
    url = served(faulty)
    report = reported(url, "finalize.once")
    assert main(["replay", report, "finalize.once", *at(url)]) == 1
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0].startswith("finalize.once (must): ")
    assert [line.split()[1] for line in lines if line[:2].strip().isdigit()] == ["PATCH"] * 3
    assert sum(line.startswith("    > application/json {") for line in lines) == 3
    answers = [line.split()[1] for line in lines if line.startswith("    < ")]
    assert answers == ["200", "409", "200"]
    assert "  expected  409" in lines
    assert lines[-1] == "finalize.once: still broken (play 1)"
    assert all(job.key not in said for job in faulty.store.jobs.values())
    assert "\x1b" not in said
    assert faulty.store.analyses == {}


def test_a_mended_server_keeps_the_clause(
    served: Served, reported: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(served(service(("third-finalize-accepted",), ())), "finalize.once")
    assert main(["replay", report, "finalize.once", *at(served(Service()))]) == 0
    assert capsys.readouterr().out.endswith("\nfinalize.once: kept (3 plays)\n")


def test_another_broken_clause_in_the_way_leaves_it_open(
    served: Served, reported: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(served(service(("third-finalize-accepted",), ())), "finalize.once")
    other = served(service(("files-wanted",), ()))
    assert main(["replay", report, "finalize.once", *at(other)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert "  finalize.answer is broken instead" in lines
    assert lines[-1].startswith("finalize.once: could not test, another broken clause")


def test_the_report_that_is_replayed_stays(
    served: Served,
    reported: Reporting,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = served(service(("finalize-is-201",), ()))
    report = reported(url, "finalize.answer")
    monkeypatch.setenv("VIRTOOL_CONTRACT_REPORT_DIR", report.removesuffix("/report.json"))
    assert main(["replay", report, "finalize.answer", *at(url)]) == 1
    assert read(report).showing
    assert "still broken" in capsys.readouterr().out


def test_what_cannot_be_replayed_is_said_in_one_line(
    served: Served, reported: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    url = served(service(("finalize-is-201",), ()))
    report = reported(url, "finalize.answer")
    for words, code, part in (
        ([report, "finalize.onc"], 2, "there is no clause 'finalize.onc' in it; try "),
        ([report, "get.safe"], 2, "get.safe was not broken in it"),
        (["nowhere.json", "get.safe"], 2, "nowhere.json: cannot be read"),
        ([report, "finalize.answer", *at("http://127.0.0.1:1")], 3, "cannot be reached"),
    ):
        assert main(["replay", *words]) == code
        said = capsys.readouterr()
        (line,) = said.err.splitlines()
        assert part in line
        assert said.out == ""


@pytest.mark.parametrize("fault", SCRIPTED)
def test_the_scripts_fail_on_the_faulty_server_only(
    fault: str,
    served: Served,
    reported: Reporting,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    clause = SCRIPTED[fault]
    faulty, plain = served(service((fault,), ())), served(Service())
    report = reported(faulty, clause)
    bash, test = tmp_path / "again.sh", tmp_path / "test_again.py"
    bash.write_text(written(report, clause, "--as-curl", capsys))
    test.write_text(written(report, clause, "--as-pytest", capsys))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    failed = run(command, variables(faulty, report, clause))
    assert failed.returncode == 1, failed.stdout
    assert "1 failed" in failed.stdout
    passed = run(command, variables(plain, report, clause))
    assert passed.returncode == 0, passed.stdout
    by_bash = run(["bash", str(bash)], variables(faulty, report, clause))
    assert by_bash.returncode == (fault in BY_STATUS), by_bash.stdout
    assert by_bash.stdout.startswith("1. ")
    assert run(["bash", str(bash)], variables(plain, report, clause)).returncode == 0
    assert run(["bash", str(bash)], {}).returncode == 2


def a_race(contract: Contract, file: Path) -> str:
    """The report of a run that saw two finalizes at once both succeed."""
    bodies = (finalize_body({"number": 1}), finalize_body({"number": 2}))
    steps = tuple(Step(subject="A", operation="finalize", body=body) for body in bodies)
    race = Scenario(subjects={"A": "pending"}, steps=steps, together=True)
    ledger = Ledger(requests=1)
    ledger.add(Deviation(clause="finalize.atomic", expected="one", actual="two", scenario=race))
    report = Report(
        contract=contract,
        verdicts=reach(contract, ledger, Scope()),
        settings=resolve({}, {}, file.parent),
        base_url="http://localhost:1",
        path=contract.path,
        rerun="again",
        seconds=1.0,
    )
    file.write_bytes(render(report))
    return str(file)


def test_a_race_is_written_out_too(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], contract: Contract
) -> None:
    contract_report = a_race(contract, tmp_path / "race.json")
    for form, name in (("--as-curl", "again.sh"), ("--as-pytest", "test_again.py")):
        (tmp_path / name).write_text(written(contract_report, "finalize.atomic", form, capsys))
    plain = served(Service())
    values = variables(plain, contract_report, "finalize.atomic")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = run([*command, str(tmp_path / "test_again.py")], values)
    assert done.returncode == 0, done.stdout
    values = variables(plain, contract_report, "finalize.atomic")
    done = run(["bash", str(tmp_path / "again.sh")], values)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("HTTP/1.1 200") == done.stdout.count("HTTP/1.1 409") == 1
