"""A run starts what it needs, and gives it back however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import requests
from typing_extensions import override

from virtool_contract.contract import ContractError
from virtool_contract.embedded import EmbeddedServer, started_ahead
from virtool_contract.options import OptionError, Settings, resolve
from virtool_contract.provider import ProviderError
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.run import Run
from virtool_contract.target import TargetTroubleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Served: TypeAlias = Callable[[Service], str]

HOLDER = """
import signal, time
from virtool_contract.embedded import EmbeddedServer
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
server = EmbeddedServer()
print(server.url, flush=True)
time.sleep(60)
"""


class Refusing(Service):
    @override
    async def handle(self, call: Call) -> Reply:
        return self.unauthenticated(call)


def settings_for(tmp_path: Path, **given: Any) -> Settings:  # noqa: ANN401 - option values
    return resolve(given, {}, tmp_path)


def is_up(url: str) -> bool:
    try:
        with requests.Session() as session:
            return session.get(f"{url}/api/analyses/x", timeout=2).status_code == 401
    except requests.ConnectionError:
        return False


def gone_within(url: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while is_up(url):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_the_embedded_server_is_up_until_it_is_stopped() -> None:
    server = EmbeddedServer()
    assert is_up(server.url)
    server.stop()
    assert not is_up(server.url)
    assert server._process.returncode is not None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_embedded_server_does_not_outlive_its_process(number: signal.Signals) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as holder:
        assert holder.stdout
        url = holder.stdout.readline().strip()
        assert is_up(url)
        os.kill(holder.pid, number)
    assert gone_within(url, 5)


def test_a_run_without_target_tests_the_reference(tmp_path: Path) -> None:
    run = Run.start(settings_for(tmp_path))
    url = run.target.api.base_url
    assert run.server
    assert is_up(url)
    assert run.target.removes
    run.stop()
    assert not is_up(url)


def test_a_server_that_was_started_ahead_is_the_one_that_is_tested(tmp_path: Path) -> None:
    with started_ahead(needed=True) as server:
        assert server
        run = Run.start(settings_for(tmp_path), ahead=server)
        assert run.server is server
        run.stop()
        assert not is_up(server.url)
    with started_ahead(needed=True) as unused:
        assert unused
        assert is_up(unused.url)
    assert not is_up(unused.url)
    with started_ahead(needed=False) as none:
        assert none is None


def test_a_server_that_does_not_come_up_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TargetTroubleError, match="did not start: it said nothing"):
        Run.start(settings_for(tmp_path))


def test_a_run_on_a_target_starts_no_server(tmp_path: Path, served: Served) -> None:
    reference = Service()
    url = served(reference)
    run = Run.start(settings_for(tmp_path, base_url=url, state_change_url=f"{url}/provider-states"))
    assert run.server is None
    assert run.target.api.path == "/api/analyses/{analysis_id}"
    run.stop()
    assert is_up(url)
    assert reference.store.analyses == {}
    assert reference.store.jobs == {}


def test_a_run_that_cannot_test_gives_everything_back(tmp_path: Path, served: Served) -> None:
    reference = Refusing()
    url = served(reference)
    given = {"base_url": url, "state_change_url": f"{url}/provider-states"}
    with pytest.raises(TargetTroubleError, match="cannot read it"):
        Run.start(settings_for(tmp_path, **given))
    assert reference.store.analyses == {}
    with pytest.raises(TargetTroubleError, match="/elsewhere/analyses"):
        Run.start(settings_for(tmp_path, **given, api_root="/elsewhere"))
    with pytest.raises(ProviderError, match="/nowhere answered 404"):
        Run.start(settings_for(tmp_path, base_url=url, state_change_url=f"{url}/nowhere"))


SHARES: dict[str, tuple[dict[str, str], int, list[int | None]]] = {
    "all that are asked for": ({}, 1, [None]),
    "so many": ({"max_subjects": "20"}, 1, [20]),
    "so many, shared": ({"max_subjects": "20"}, 3, [7, 7, 6]),
    "a file, shared": ({"state_file": "states.jsonl"}, 3, [9, 8, 8]),
    "fewer than are in the file": ({"state_file": "states.jsonl", "max_subjects": "8"}, 1, [8]),
}


@pytest.mark.parametrize(("given", "processes", "most"), SHARES.values(), ids=SHARES)
def test_processes_share_the_analyses(
    tmp_path: Path,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    processes: int,
    most: list[int | None],
) -> None:
    reference = Service()
    url = served(reference)
    lines = [json.dumps(reference.set_up_pending({})) for _ in range(25)]
    (tmp_path / "states.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    provider = {} if "state_file" in given else {"state_change_url": f"{url}/provider-states"}
    settings = settings_for(tmp_path, base_url=url, **provider, **given)
    budgets = []
    for number in range(processes):
        run = Run.start(settings, share=(number, processes))
        budgets.append(run.target.budget)
        run.stop()
    assert [each.most if each else None for each in budgets] == most


def test_a_target_without_a_provider(tmp_path: Path, served: Served) -> None:
    with pytest.raises(OptionError, match="--base-url: needs --state-change-url"):
        Run.start(settings_for(tmp_path, base_url=served(Service())))
    with pytest.raises(TargetTroubleError, match="cannot be reached"):
        Run.start(settings_for(tmp_path, base_url="http://127.0.0.1:9"))


def test_a_wrong_contract_is_found_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        Run.start(settings_for(tmp_path, spec=str(tmp_path / "none.yaml")))


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    for folder in (occupied, occupied / "below", "/proc/nowhere"):
        with pytest.raises(OptionError, match=r"--report-dir: .*cannot be written to"):
            Run.start(settings_for(tmp_path, base_url="http://127.0.0.1:9", report_dir=str(folder)))
    (tmp_path / "reports" / "report.json").mkdir(parents=True)
    with pytest.raises(OptionError, match=r"folder named report\.json"):
        Run.start(settings_for(tmp_path, report_dir=str(tmp_path / "reports")))


def test_where_nothing_could_be_written_to_the_list_of_writes_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # each such process has its own list
    folder = tmp_path / "new" / "reports"
    with pytest.raises(TargetTroubleError):
        Run.start(settings_for(tmp_path, base_url="http://127.0.0.1:9", report_dir=str(folder)))
    (log,) = folder.iterdir()
    assert (log.name, log.read_bytes()) == ("writes.jsonl", b"")
