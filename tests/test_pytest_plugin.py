"""The pytest front: the same core under plain pytest, alone and with xdist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from tests.commands import bare_environment
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Reply
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Served: TypeAlias = Callable[[Service], str]
    Pytest: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

SUITE = ("--pyargs", "contract_tests", "--effort", "quick")


@pytest.fixture
def run(tmp_path: Path) -> Pytest:
    """Runs pytest in an empty folder, with the plugins that are installed."""

    def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=tmp_path,
            env=bare_environment() | (env or {}),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return run


def at(url: str) -> tuple[str, ...]:
    return ("--base-url", url, "--state-change-url", f"{url}/provider-states")


def verdict_of(done: subprocess.CompletedProcess[str]) -> str:
    """The summary without its figures, which depend on the run."""
    found = re.search(r"^(conforms|violates|could not test): [^(]*", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return found[0].strip()


def rows_of(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    table = re.findall(
        r"^(\S+) +(?:must|should|may) +(kept|BROKEN|unobserved|not implemented)\b",
        done.stdout,
        re.MULTILINE,
    )
    return dict(table)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_target_that_conforms_is_green(
    run: Pytest, served: Served, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    reference = Service()
    words = (*at(served(reference)), "--report-dir", str(tmp_path / "reports"))
    done = run(*SUITE, *words, *workers)
    assert done.returncode == 0, done.stdout
    rows = rows_of(done)
    assert rows["finalize.once"] == rows["get.document"] == rows["remove.gone"] == "kept"
    assert rows["finalize.atomic"] == rows["remove.harmless"] == "unobserved"
    assert verdict_of(done) == "conforms: 40 kept, 3 unobserved"
    report = json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "conforms"
    assert report["requests"] > 500
    assert [file.name for file in tmp_path.iterdir()] == ["reports"]
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_violation_is_a_failure_in_four_lines(
    run: Pytest, served: Served, workers: tuple[str, ...]
) -> None:
    reference = service(("finalized-removable",), ())
    done = run(*SUITE, *at(served(reference)), *workers, "-k", "remove.finalized-stays")
    assert done.returncode == 1, done.stdout
    failure = re.search(
        r"^remove\.finalized-stays \(must\): .+\n  expected  409.*\n  received  204.*\n"
        r"  replay    virtool-contract verify -k remove\.finalized-stays$",
        done.stdout,
        re.MULTILINE,
    )
    assert failure, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "stage." not in done.stdout
    assert "site-packages" not in done.stdout
    assert rows_of(done)["remove.finalized-stays"] == "BROKEN"
    assert verdict_of(done).startswith("violates: 1 broken")
    for job in reference.store.jobs.values():
        assert job.key not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--effort", "huge"), "--effort: 'huge' is no effort; try quick or standard"),
        (("--effort", "huge", "-n", "2"), "--effort: 'huge' is no effort; try quick or standard"),
        (("--spec", "none.yaml"), "none.yaml: cannot be read"),
        (("--report-dir", "/proc/nowhere"), "--report-dir: '/proc/nowhere' cannot be written"),
    ],
)
def test_a_wrong_option_is_a_usage_error(run: Pytest, words: tuple[str, ...], part: str) -> None:
    done = run("--pyargs", "contract_tests", *words)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    said = done.stdout + done.stderr
    assert said.count(part) == 1, said
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_target_that_is_not_there_could_not_be_tested(
    run: Pytest, workers: tuple[str, ...]
) -> None:
    done = run(*SUITE, *at("http://127.0.0.1:9"), *workers)
    assert done.returncode == 3
    said = done.stdout + done.stderr
    assert "could not test: the target at http://127.0.0.1:9 (--base-url) cannot be reached" in said
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said


class GivesOut(Service):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    @override
    def change_state(self, body: bytes) -> Reply:
        self.calls += 1
        if self.calls > 30:
            return Reply(status=500, content={"error": "no database"})
        return super().change_state(body)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_provider_that_gives_out_midway(
    run: Pytest, served: Served, workers: tuple[str, ...]
) -> None:
    done = run(*SUITE, *at(served(GivesOut())), *workers)
    assert done.returncode == 3, done.stdout
    assert verdict_of(done).startswith("could not test: ")
    assert '"no database"' in done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert " failed" not in done.stdout


def test_a_session_without_the_suite_is_left_alone(run: Pytest, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    done = run("test_own.py", env={"VIRTOOL_CONTRACT_EFFORT": "huge"})
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "= contract =" not in done.stdout
    assert "effort" not in done.stdout
    failing = "def test_own():\n    assert 1 == 2\n"
    (tmp_path / "test_own.py").write_text(failing)
    done = run("test_own.py")
    assert done.returncode == 1
    assert "assert 1 == 2" in done.stdout


def test_a_failure_of_somebody_elses_is_not_the_suites(
    run: Pytest, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "test_own.py").write_text("def test_finalize_once():\n    assert 1 == 2\n")
    words = ("--pyargs", "contract_tests", "test_own.py", "--effort", "quick")
    done = run(*words, *at(served(Service())), "-k", "finalize.once or test_finalize_once")
    assert done.returncode == 1, done.stdout
    assert "assert 1 == 2" in done.stdout
    assert verdict_of(done).startswith("conforms: ")


def test_settings_come_from_the_file_in_the_root_folder(
    run: Pytest, served: Served, tmp_path: Path
) -> None:
    url = served(service(("other-job-finalize-is-404",), ()))
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n[tool.virtool-contract]\nstrict = true\neffort = 'quick'\n"
        f"base-url = '{url}'\nstate-change-url = '{url}/provider-states'\n"
    )
    done = run("--pyargs", "contract_tests", "--rootdir", ".", "-k", "finalize.forbidden")
    assert done.returncode == 1, done.stdout
    assert rows_of(done)["finalize.forbidden"] == "BROKEN"


def test_collecting_only_sends_nothing(run: Pytest) -> None:
    done = run(*SUITE, *at("http://127.0.0.1:9"), "--collect-only", "-q", "-k", "finalize.once")
    assert done.returncode == 0
    assert "test_finalize.py::" in done.stdout


def test_the_options_are_in_the_help(run: Pytest) -> None:
    said = run("--help").stdout
    for word in ("--state-change-url", "--contract-strict", "VIRTOOL_CONTRACT_SEED"):
        assert word in said
