"""The proof matrix: the reference keeps every clause, every fault breaks what it claims, and shows
that when its report is replayed and when its traffic is judged offline, every clause has a fault,
and every freedom keeps every clause.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.commands import Forking
from virtool_contract.cli import main
from virtool_contract.contract import Contract
from virtool_contract.reference.faults import catalogue as fault_catalogue
from virtool_contract.reference.freedoms import catalogue as freedom_catalogue
from virtool_contract.reference.service import Service
from virtool_contract.serve import service

FAULTS = fault_catalogue()
FREEDOMS = freedom_catalogue()
ACQUITTED = {
    # What a run has seen once, and could not show again; its traffic shows reads that disagree.
    "third-read-differs": {"isolation"},
    "refused-remove-touches-neighbours": {"finalize.changes-nothing-else"},
    # A race between analyses; traffic is judged one analysis at a time, and blames single requests.
    "remove-undoes-finalizes": {"finalize.atomic"},
    "removes-mixed-up": {"remove.atomic"},
}
"""What a run blames, and its traffic acquits."""
BLAMED_OFFLINE = {
    "read-shows-what-is-being-removed": {
        *("get.safe", "finalize.ready", "finalize.results", "finalize.changes-nothing-else"),
    },
    "remove-undoes-finalizes": {"finalize.ready", "finalize.results", "get.safe"},
    "removes-mixed-up": {"remove.gone", "get.absent"},
    "remove-takes-all": {"finalize.forbidden", "remove.forbidden"},
    "reads-show-the-latest-finalized": {"finalize.changes-nothing-else"},
}
"""What traffic blames for these, instead or besides; all may turn up."""

UNSEEN = {"removed-with-a-body"}
"""Faults that traffic does not show: what length an answer announces is not judged there."""

FORGETFUL = {
    "finalized-forgotten-by-finalize",
    "finalized-forgotten-by-remove",
    "removed-forgotten-by-remove",
}
"""Faults that take time, which replays do not: what they show is told as seen once."""

TEN = (
    *("created-at-missing", "absent-read-is-400", "other-job-read-is-404", "finalize-is-201"),
    *("null-results-accepted", "empty-body-accepted", "strings-trimmed", "extra-members-stored"),
    *("remove-finalized-is-403", "remove-is-200"),
)
"""Ten faults that break ten clauses."""

Verify = Callable[..., tuple[CompletedProcess[str], dict[str, str]]]
Serve = Callable[[Service], str]


@pytest.fixture
def verify(forking: Forking, tmp_path: Path) -> Verify:
    """Verifies what is served at a URL; gives what was printed, and each clause's verdict."""

    def run(url: str, *options: str) -> tuple[CompletedProcess[str], dict[str, str]]:
        report = tmp_path / "report" / "report.json"
        report.unlink(missing_ok=True)
        words = ["verify", *at(url), "--strict", "--report-dir", str(report.parent), *options]
        done = forking.run(words, tmp_path)
        assert report.exists(), done.stdout
        rows: list[dict[str, Any]] = json.loads(report.read_text())["clauses"]
        return done, {row["id"]: row["verdict"] for row in rows}

    return run


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


def broken(verdicts: dict[str, str]) -> set[str]:
    return {clause for clause, verdict in verdicts.items() if verdict == "broken"}


def offline(folder: Path) -> dict[str, str]:
    """Each clause's verdict by the traffic of the run."""
    report = folder / "offline" / "report.json"
    har = str(folder / "report" / "traffic.har")
    code = main(["validate", har, "--strict", "--report-dir", str(report.parent)])
    rows: list[dict[str, Any]] = json.loads(report.read_text())["clauses"]
    verdicts = {row["id"]: row["verdict"] for row in rows}
    assert code == (1 if broken(verdicts) else 0)
    return verdicts


def only(clauses: Iterable[str]) -> tuple[str, str]:
    return "-k", " or ".join(clauses)


def test_the_reference_keeps_every_clause(served: Serve, verify: Verify, tmp_path: Path) -> None:
    done, verdicts = verify(served(service((), ())))
    assert done.returncode == 0
    unlike = {clause: verdict for clause, verdict in verdicts.items() if verdict != "kept"}
    assert unlike == {"remove.harmless": "unobserved"}
    assert offline(tmp_path) == verdicts


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_breaks_what_it_claims(
    name: str, served: Serve, verify: Verify, tmp_path: Path
) -> None:
    """The quick promises of the claimed clauses come first, if they have any; then more and more.

    What they found is then replayed, on the faulty server and on the plain reference.
    """
    url, claims = served(service([name], [])), set(FAULTS[name].breaks)
    quick, standard = ("--effort", "quick"), ("--effort", "standard")
    efforts = [(*standard, *only(claims)), quick, standard]
    if FAULTS[name].category != "concurrency":  # races take more than quick ones
        efforts.insert(0, (*quick, *only(claims)))
    for options in efforts:
        done, verdicts = verify(url, *options)
        if claims <= broken(verdicts):
            break
    assert claims <= broken(verdicts), done.stdout
    assert done.returncode == 1
    shown = broken(offline(tmp_path))
    assert bool(shown) is (name not in UNSEEN)
    # What an intermittent fault makes a run blame besides, nothing may show again offline.
    if name not in UNSEEN and FAULTS[name].category != "intermittent":
        assert broken(verdicts) - shown <= ACQUITTED.get(name, set())
        assert shown - BLAMED_OFFLINE.get(name, set()) <= broken(verdicts)
    report, plain = str(tmp_path / "report" / "report.json"), served(service([], []))
    for clause in claims:
        assert main(["replay", report, clause, *at(url)]) == int(name not in FORGETFUL)
        assert main(["replay", report, clause, *at(plain)]) == 0


def test_ten_faults_at_once_are_all_told(served: Serve, verify: Verify, tmp_path: Path) -> None:
    done, verdicts = verify(served(service(TEN, ())), "--effort", "quick")
    claims = {clause for name in TEN for clause in FAULTS[name].breaks}
    assert len(claims) == len(TEN) == 10
    assert broken(verdicts) == claims | {"documented-status", "get.analysis-jobs-only"}, done.stdout
    rows: list[dict[str, Any]] = json.loads((tmp_path / "report" / "report.json").read_text())[
        "clauses"
    ]
    found = {row["id"]: row["violations"][0] for row in rows if row["id"] in claims}
    assert {each["frequency"] for each in found.values()} == {"always"}
    assert len({json.dumps(each["scenario"]) for each in found.values()}) == 10


def test_every_clause_has_a_fault(contract: Contract) -> None:
    claimed = {clause for fault in FAULTS.values() for clause in fault.breaks}
    assert claimed == set(contract.clauses)


@pytest.mark.parametrize("name", FREEDOMS)
def test_every_freedom_keeps_every_clause(
    name: str, served: Serve, verify: Verify, tmp_path: Path
) -> None:
    done, verdicts = verify(served(service([], [name])), "--effort", "quick")
    assert broken(verdicts) == set(), done.stdout
    assert done.returncode == 0, done.stdout
    assert broken(offline(tmp_path)) == set()
