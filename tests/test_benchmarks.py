"""The benchmarks run: each as small as it can be, for what it prints and writes, not how fast."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from benchmarks import latency, measuring, overhead, peers, power, soak, startup, validate
from benchmarks.catalogue import entries
from virtool_contract.reference import faults, freedoms

Rows: TypeAlias = list[dict[str, Any]]
Measure: TypeAlias = Callable[..., Rows]
ONE = ("--repeats", "1", "-k", "remove.no-content")


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Runs a benchmark that has to exit with `code`; the rows that it writes."""
    monkeypatch.setattr(measuring, "WORK", 1000)
    file = tmp_path / "figures.json"

    def run(main: Callable[[list[str]], int], *words: str, code: int = 0) -> Rows:
        assert main([*words, "--json", str(file)]) == code
        written = json.loads(file.read_text(encoding="utf-8"))
        assert len(written["noise"]["seconds"]) >= 2
        rows: Rows = written["rows"]
        return rows

    return run


def test_power_tells_a_fault_that_is_caught_from_one_that_is_missed(
    measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = ("remove-is-200", "extra-fields", "third-finalize-accepted")
    words = ["--effort", "quick", *ONE, "--jobs", "2"]
    words += [word for name in servers for word in ("--only", name)]
    rows = {row["server"]: row for row in measure(power.main, *words, code=1)}
    caught = rows["remove-is-200"]
    assert (caught["exit"], caught["right"]) == (1, "yes")
    assert 0 < caught["first s"] < caught["seconds"]
    assert caught["first reqs"] > 0
    missed = rows["third-finalize-accepted"]
    assert (missed["exit"], missed["right"], missed["first s"]) == (0, "NO", None)
    assert (rows["extra-fields"]["exit"], rows["extra-fields"]["right"]) == (0, "yes")
    said = capsys.readouterr().out
    assert re.search(r"^fault: status codes +1 +1 ", said, re.MULTILINE)


def test_the_catalogue_has_everything() -> None:
    names = [entry.name for entry in entries()]
    assert names == [*faults.catalogue(), *freedoms.catalogue(), "reference"]


@pytest.mark.parametrize("wrong", [("--only", "nosuch"), ("--category", "nosuch")])
def test_a_name_that_is_in_no_catalogue_is_no_benchmark(wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        power.main(list(wrong))
    assert "nosuch" in str(ended.value)


def test_bare_loops_get_the_answers_that_the_run_got(measure: Measure) -> None:
    rows = measure(overhead.main, "--effort", "quick", *ONE)
    assert [row["client"] for row in rows] == [
        "verify",
        "verify, whole process",
        "requests",
        "http.client",
    ]
    assert rows[2]["ratio"] == 1
    assert rows[2]["statuses"] == rows[3]["statuses"]
    assert rows[2]["statuses"]["204"] >= 1
    assert sum(rows[2]["statuses"].values()) == rows[0]["requests"]


def test_a_delay_is_added_to_each_answer(measure: Measure) -> None:
    words = ("--delays", "0", "30", "--processes", "0", *ONE)
    swift, slow = measure(latency.main, *words)
    assert slow["requests"] == swift["requests"]
    assert slow["median s"] > 0.03 * slow["requests"]


def test_startup_goes_up_to_the_first_violation(measure: Measure) -> None:
    rows = measure(startup.main, "--fault", "remove-is-200", "--effort", "quick", *ONE)
    assert [row["until"] for row in rows] == [
        "python",
        "--help",
        "verify --help",
        "first request",
        "first violation: remove-is-200",
    ]
    assert all(row["median s"] > 0 for row in rows)


def test_a_soak_samples_until_the_end(measure: Measure) -> None:
    rows = measure(soak.main, "--every", "0.2", "--effort", "quick", *ONE)
    assert rows[-1]["requests"] > 0
    assert 10 < rows[-1]["verify MiB"] < 300
    assert rows[-1]["reports KiB"] > 1


def test_peers_are_asked_the_same(measure: Measure, capsys: pytest.CaptureFixture[str]) -> None:
    tools = ("--tool", "verify quick", "--tool", "schemathesis tuned", "--phases", "examples")
    rows = measure(peers.main, *ONE, "--only", "remove-is-200", *tools)
    assert [(row["tool"], row["complaints"] > 0) for row in rows] == [
        ("verify quick", True),
        ("schemathesis tuned", True),
    ]
    assert all(0 < row["first s"] < row["seconds"] for row in rows)
    assert re.search(r"^schemathesis tuned +1 +1 +0 +0 ", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("firsts", "median"),
    [
        ([1.0, 2.0, None], 2.0),
        ([1.0, None, None], None),
        ([1.0, 2.0, None, None], None),
        ([], None),
    ],
)
def test_a_missed_fault_counts_as_never(firsts: list[float | None], median: float | None) -> None:
    assert peers.over_all(firsts) == median


def test_validate_shows_memory_and_speed_for_both_kinds_of_file(measure: Measure) -> None:
    rows = measure(validate.main, "--exchanges", "401")
    assert [row["file"] for row in rows] == ["traffic.har", "traffic.jsonl"]
    for row in rows:
        assert (row["exit"], row["exchanges"]) == (0, 401)
        assert 20 < row["peak"] < 300
        assert row["rate"] > 0
