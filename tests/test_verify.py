"""The main job as a process: exit codes, the report, foreign folders, and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from typing_extensions import override

from tests.commands import bare_environment
from virtool_contract.command_lines import without_secrets
from virtool_contract.options import REPORT_FILES, TRAFFIC_FILE
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cli
    from virtool_contract.contract import Contract

    Served: TypeAlias = Callable[[Service], str]

QUICK = ("--effort", "quick")
OUTCOMES = {"kept", "broken", "not implemented", "unobserved"}


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


class Counting(Service):
    """Counts what it was asked for, and takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    @override
    async def handle(self, call: Call) -> Reply:
        self.calls += 1
        return await super().handle(call)


def test_the_reference_conforms_and_a_report_is_written(
    cli: Cli, tmp_path: Path, contract: Contract
) -> None:
    folder = tmp_path / "deep" / "reports"
    done = cli("verify", *QUICK, "--seed", "5", "--report-dir", str(folder))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(
        r"conforms: \d+ kept, \d+ unobserved \(\d+ requests in [\d.]+ s\)", lines[-1]
    )
    rows = [line.split()[0] for line in lines if re.match(r"\S+ +(must|should|may) ", line)]
    assert rows == [*contract.clauses]
    assert list((tmp_path / "empty").iterdir()) == []
    assert {file.name for file in folder.iterdir()} == {*REPORT_FILES, TRAFFIC_FILE, "writes.jsonl"}
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["version"] == 1
    assert report["verdict"] == "conforms"
    assert (report["effort"], report["seed"], report["strict"]) == ("quick", 5, False)
    assert report["problem"] == ""
    assert report["target"].startswith("http://127.0.0.1:")
    assert report["requests"] > 500
    clauses = report["clauses"]
    assert [each["id"] for each in clauses] == [*contract.clauses]
    for each in clauses:
        assert each["verdict"] in OUTCOMES
        assert each["level"] in {"must", "should", "may"}
        assert each["violations"] == []
        assert each["says"]
        assert each["source"]
        assert (each["observations"] > 0) is (each["verdict"] == "kept")
        assert bool(each["reason"]) is (each["verdict"] == "unobserved")
    unobserved = {each["id"] for each in clauses if each["verdict"] == "unobserved"}
    assert unobserved == {"finalize.atomic", "remove.atomic", "remove.harmless"}


def test_a_violation_is_reported_with_what_it_takes(
    cli: Cli, served: Served, tmp_path: Path
) -> None:
    reference = service(("refused-finalize-overwrites",), ())
    words = at(served(reference))
    clause = "finalize.keeps-first-results"
    done = cli("verify", *words, *QUICK, "-k", clause, "--report-dir", str(tmp_path / "reports"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("violates: 1 broken, ")
    assert f"{clause} (must): " in done.stdout
    assert re.search(
        r"^  expected  .+\n  received  .+\n  replay    virtool-contract replay .+",
        done.stdout,
        re.MULTILINE,
    )
    assert "always (3 of 3 replays)" in done.stdout
    assert done.stdout.count("curl -isS -X PATCH") == 2
    assert "Traceback" not in done.stdout + done.stderr
    content = (tmp_path / "reports" / "report.json").read_text(encoding="utf-8")
    report = json.loads(content)
    assert report["verdict"] == "violates"
    (broken,) = (each for each in report["clauses"] if each["verdict"] == "broken")
    (violation,) = broken["violations"]
    assert violation["frequency"] == "always"
    assert violation["replayed"] == {"broken": 3, "of": 3}
    operations = [step["operation"] for step in violation["scenario"]["steps"]]
    assert operations.count("finalize") == 2
    assert reference.store.analyses == {}
    for job in reference.store.jobs.values():
        assert job.key not in content + done.stdout + done.stderr


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("--state-change-url=http://me:key@h/p?token=key", "--state-change-url=http://***@h/p?***"),
        ("--state-change-url=http://h:1/p", "--state-change-url=http://h:1/p"),
        ("--report-dir=a?b@c", "--report-dir=a?b@c"),
    ],
)
def test_what_a_providers_url_holds_besides_is_not_shown(word: str, shown: str) -> None:
    assert without_secrets(word) == shown


def test_what_a_violation_tells_to_run_shows_it_again(cli: Cli, served: Served) -> None:
    words = at(served(service(("remove-is-200",), ())))
    first = cli("verify", *words, *QUICK, "-k", "remove.no-content")
    found = re.search(
        r"^  replay    virtool-contract (verify .*remove\.no-content)$", first.stdout, re.MULTILINE
    )
    assert found
    again = cli(*found[1].split())
    assert again.returncode == first.returncode == 1
    assert "remove.no-content (must): " in again.stdout


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)], ids=["lax", "strict"])
def test_what_should_be_counts_only_when_strict(
    cli: Cli, served: Served, strict: tuple[str, ...], code: int
) -> None:
    words = at(served(service(("other-job-finalize-is-404",), ())))
    done = cli("verify", *words, *QUICK, "-k", "finalize.forbidden", *strict)
    assert done.returncode == code, done.stderr
    assert "finalize.forbidden (should): " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("violates: 1" if code else "conforms: 1 broken")


def test_strict_can_be_asked_for_by_environment_and_file(
    cli: Cli, served: Served, tmp_path: Path
) -> None:
    url = served(service(("other-job-finalize-is-404",), ()))
    (tmp_path / "pyproject.toml").write_text(
        "[tool.virtool-contract]\nstrict = true\neffort = 'quick'\n"
        f"base-url = '{url}'\nstate-change-url = '{url}/provider-states'\n"
    )
    words = ("verify", "-k", "finalize.forbidden")
    assert cli(*words, cwd=tmp_path).returncode == 1
    lax = cli(*words, cwd=tmp_path, env={"VIRTOOL_CONTRACT_STRICT": "no"})
    assert lax.returncode == 0, lax.stderr


def test_a_selection_runs_that_clause_only(cli: Cli, served: Served) -> None:
    reference = Counting()
    done = cli("verify", *at(served(reference)), *QUICK, "-k", "finalize.once")
    assert done.returncode == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if " must " in line}
    assert " kept " in rows["finalize.once"]
    assert rows["remove.pending"].rstrip().endswith("unobserved       (not selected)")
    assert reference.calls < 200


def test_a_dry_run_lists_and_sends_nothing(cli: Cli, served: Served, tmp_path: Path) -> None:
    reference = Counting()
    folder = tmp_path / "reports"
    words = at(served(reference))
    done = cli("verify", *words, *QUICK, "--dry-run", "--report-dir", str(folder))
    assert done.returncode == 0
    assert reference.calls == 0
    assert reference.store.jobs == {}
    lines = done.stdout.splitlines()
    assert len(lines) > 50
    assert all(re.match(r"test_\w+\.py::test_\w+", line) for line in lines)
    assert any(line.endswith("  finalize.once") for line in lines)
    assert not any("test_stories" in line for line in lines)
    assert not folder.exists()
    selected = cli("verify", "--dry-run", "-k", "finalize.once").stdout.splitlines()
    assert 0 < len(selected) < len(lines)
    unreachable = cli("verify", "--dry-run", "--base-url", "http://127.0.0.1:9")
    assert unreachable.returncode == 0


FOLDERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "empty": ({}, {}),
    "pytest.ini": ({"pytest.ini": "[pytest]\naddopts = --nosuchoption\nminversion = 99\n"}, {}),
    "conftest.py": ({"conftest.py": "raise RuntimeError('hostile')\n"}, {}),
    "pyproject.toml": (
        {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-x --nosuchoption"\n'},
        {},
    ),
    "tox.ini and setup.cfg": (
        {"tox.ini": "[pytest]\naddopts = --nosuch\n", "setup.cfg": "[tool:pytest]\naddopts = -z\n"},
        {},
    ),
    "PYTEST_ADDOPTS": ({}, {"PYTEST_ADDOPTS": "--nosuchoption", "PYTEST_PLUGINS": "nosuch"}),
    "schemathesis.toml": ({"schemathesis.toml": "nosuchkey = [\n"}, {}),
    "tests of its own": (
        {"test_own.py": "def test_own():\n    assert False\n", "tests.py": "raise SystemExit(9)\n"},
        {},
    ),
}


@pytest.mark.parametrize(("files", "env"), FOLDERS.values(), ids=FOLDERS)
def test_where_it_runs_makes_no_difference(
    cli: Cli, tmp_path: Path, files: dict[str, str], env: dict[str, str]
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content)
    done = cli("verify", *QUICK, "-k", "finalize.once", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("conforms: ")
    assert {file.name: file.read_text() for file in folder.iterdir()} == files


def test_a_folder_of_the_same_name_as_the_suite_is_not_the_suite(tmp_path: Path) -> None:
    own = tmp_path / "contract_tests"
    own.mkdir()
    (own / "__init__.py").write_text("")
    (own / "test_own.py").write_text("def test_own():\n    assert False\n")
    script = Path(sys.executable).with_name("virtool-contract")
    done = subprocess.run(
        [script, "verify", *QUICK, "-k", "finalize.once"],
        cwd=tmp_path,
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("conforms: ")


def test_searches_leave_no_files_behind(cli: Cli, tmp_path: Path) -> None:
    done = cli("verify", "-k", "test_generated_requests and get", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "empty").iterdir()) == []


def begun(reference: Counting, *words: str, folder: Path) -> subprocess.Popen[str]:
    """A run that is under way."""
    child = subprocess.Popen(
        [sys.executable, "-m", "virtool_contract", "verify", *words],
        cwd=folder,
        env=bare_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 20
    while reference.calls < 300 and time.monotonic() < until:
        time.sleep(0.02)
    assert reference.calls >= 300
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_teardown_and_what_was_established(
    served: Served, tmp_path: Path, number: signal.Signals
) -> None:
    reference = Counting()
    words = (*at(served(reference)), "--report-dir", str(tmp_path / "reports"))
    with begun(reference, *words, folder=tmp_path) as child:
        child.send_signal(number)
        started = time.monotonic()
        out, err = child.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert child.returncode == 3, out + err
    assert "Traceback" not in out + err
    assert re.search(r"^get\.document +must +kept +\d+$", out, re.MULTILINE)
    assert "could not test: " in out
    assert out.splitlines()[-1] == "interrupted"
    report = json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))
    assert (report["verdict"], report["problem"]) == ("could not test", "interrupted")
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux' /proc")
@pytest.mark.parametrize("number", [None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_embedded_server_ends_with_the_run(
    tmp_path: Path, number: signal.Signals | None
) -> None:
    words = ("verify", "-k", "finalize.once or test_awkward_results_survive", *QUICK)
    with subprocess.Popen(
        [sys.executable, "-m", "virtool_contract", *words],
        cwd=tmp_path,
        env=bare_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        until = time.monotonic() + 10
        while not (servers := children_of(child.pid)) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(servers) == 1
        if number is not None:
            time.sleep(0.3)
            os.kill(child.pid, number)
        child.wait(timeout=20)
    until = time.monotonic() + 5
    while is_running(servers[0]) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(servers[0])


class Vanishing(Service):
    """Answers as it should for a while, and with nothing but an error from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    @override
    def change_state(self, body: bytes) -> Reply:
        self.calls += 1
        if self.calls > 20:
            return Reply(status=500, content={"error": "no database"})
        return super().change_state(body)


def test_a_provider_that_gives_out_midway_is_no_violation(cli: Cli, served: Served) -> None:
    done = cli("verify", *at(served(Vanishing())), *QUICK)
    assert done.returncode == 3
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("the provider at http://127.0.0.1:")
    assert '"no database"' in done.stdout.splitlines()[-1]


def test_without_idle_jobs_the_clauses_about_them_are_excused(cli: Cli, served: Served) -> None:
    class NoIdleJobs(Service):
        @override
        def change_state(self, body: bytes) -> Reply:
            if json.loads(body)["state"] != "a pending analysis":
                return Reply(status=404, content={"error": "unknown state"})
            return super().change_state(body)

    done = cli("verify", *at(served(NoIdleJobs())), *QUICK)
    assert done.returncode == 0, done.stdout
    row = next(line for line in done.stdout.splitlines() if "get.analysis-jobs-only" in line)
    assert "unobserved" in row


@pytest.mark.parametrize("name", ["remove-not-found", "remove-not-implemented"])
def test_a_remove_that_is_not_implemented_is_no_violation(
    cli: Cli, served: Served, name: str
) -> None:
    done = cli("verify", *at(served(service((), (name,)))), *QUICK, "-k", "remove")
    assert done.returncode == 0, done.stdout
    rows: dict[str, Any] = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "not implemented" in rows["remove.pending"]
    assert " kept " in rows["remove.harmless"]


def test_a_report_that_cannot_be_written_at_the_end_is_not_a_violation(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    code = (
        "import shutil, sys\n"
        "from virtool_contract.verify import Front\n"
        "def gone(self): shutil.rmtree(sys.argv[1])\n"
        "Front.pytest_runtestloop = gone\n"
        "from virtool_contract.cli import main\n"
        "sys.exit(main(['verify', '-k', 'get.own-only', '--report-dir', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "report.json cannot be written: No such file or directory" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def in_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_suite_that_fails_by_itself_is_never_green(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from virtool_contract.verify import Front\n"
        "def broken(self, item): raise RuntimeError('of the suite')\n"
        "Front.pytest_runtest_setup = broken\n"
        "def late(self, report): raise RuntimeError('of the suite')\n"
        "Front.pytest_runtest_logreport = late\n"
        "from virtool_contract.cli import main\n"
        "sys.exit(main(['verify', '-k', 'get.own-only']))\n"
    )
    done = in_python(code, tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "failed by itself" in done.stdout + done.stderr


def test_a_chapter_that_cannot_be_read_is_not_called_an_interrupt(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['virtool_contract.promises'] = None\n"
        "from virtool_contract.cli import main\n"
        "sys.exit(main(['verify']))\n"
    )
    done = in_python(code, tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    said = "ModuleNotFoundError: import of virtool_contract.promises halted"
    assert done.stderr.startswith(f"could not test: the suite failed by itself: {said}")


def test_several_processes_reach_the_same_verdict(cli: Cli, served: Served, tmp_path: Path) -> None:
    url = served(service(["third-finalize-accepted"], []))
    selected = ("verify", *QUICK, *at(url), "-k", "finalize.once", "--report-dir")
    reports = []
    for number in ("0", "2"):
        folder = tmp_path / number
        done = cli(*selected, str(folder), "-n", number)
        assert done.returncode == 1, done.stderr
        assert "finalize.once (must): " in done.stdout
        reports.append(json.loads((folder / "report.json").read_bytes()))
    alone, spread = ({c["id"]: c["verdict"] for c in each["clauses"]} for each in reports)
    assert alone == spread


def test_several_processes_that_find_no_target(cli: Cli) -> None:
    done = cli("verify", *QUICK, "-n", "2", *at("http://127.0.0.1:9"))
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("could not test: the target at ")


def test_several_processes_that_are_given_no_provider(cli: Cli, served: Served) -> None:
    done = cli("verify", *QUICK, "-n", "2", "--base-url", served(Service()))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("virtool-contract: --base-url: needs ")


def test_two_runs_at_once_do_not_disturb_each_other(served: Served, tmp_path: Path) -> None:
    reference = Service()
    url = served(reference)
    command = [sys.executable, "-m", "virtool_contract", "verify", *QUICK, *at(url)]
    null = subprocess.DEVNULL
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=bare_environment(), stdout=null, stderr=null)
        for _ in range(2)
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    assert reference.store.analyses == {}
