"""What a process of pytest-xdist leaves word of, another one hears."""

import json
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from virtool_contract.distributed import (
    KEY,
    Part,
    Workers,
    day_of,
    is_worker,
    known_of,
    lengthy_first,
)


def config(**attributes: object) -> pytest.Config:
    return cast("pytest.Config", SimpleNamespace(**attributes))


PARTS = [
    Part(),
    Part(base_url="http://localhost:9950", path="/v2/{analysis_id}", removes=False, selected=True),
    Part(problem="nothing answers", code=3),
]


@pytest.mark.parametrize("part", PARTS)
def test_what_is_told_is_heard(part: Part) -> None:
    output: dict[str, Any] = {"exitstatus": 0}
    part.tell(config(workeroutput=output))
    assert output["exitstatus"] == 0
    sent = json.loads(json.dumps(output))  # execnet carries plain data only
    assert Part.heard(sent) == part


def test_all_processes_go_by_the_same_day_and_baseline() -> None:
    remote = SimpleNamespace(spec=SimpleNamespace(popen=False))
    node = SimpleNamespace(workerinput={}, gateway=remote)
    Workers(date(2026, 6, 30), lambda: frozenset({"get.safe"})).pytest_configure_node(node)
    sent = config(workerinput=json.loads(json.dumps(node.workerinput)))
    assert day_of(sent) == date(2026, 6, 30)
    assert known_of(sent) == {"get.safe"}
    assert day_of(config()) is None
    assert known_of(config()) == frozenset()


def test_a_worker_that_found_something_wrong_is_heard_before_others() -> None:
    workers = Workers(date(2026, 6, 30), frozenset)
    for part in (PARTS[0], PARTS[2], PARTS[1]):
        output: dict[str, Any] = {}
        part.tell(config(workeroutput=output))
        workers.pytest_testnodedown(SimpleNamespace(workeroutput=output))
    workers.pytest_testnodedown(SimpleNamespace())
    assert workers.part == PARTS[2]


def test_who_ran_nothing_of_the_suite_is_not_heard() -> None:
    assert Part.heard({}) is None
    assert Part.heard({"exitstatus": 1, "other": {KEY: 1}}) is None


def test_a_part_with_words_that_nobody_knows_is_a_bug() -> None:
    with pytest.raises(TypeError):
        Part.heard({KEY: {"unheard": "of"}})


def test_only_the_one_that_reports_is_no_worker(pytestconfig: pytest.Config) -> None:
    assert is_worker(config(workerinput={"workerid": "gw0"}))
    assert not is_worker(config(workeroutput={}))
    assert is_worker(pytestconfig) is hasattr(pytestconfig, "workerinput")


def test_long_ones_come_first_and_apart() -> None:
    assert "".join(lengthy_first("abcLdeLf", str.isupper)) == "LabLcdef"
    assert "".join(lengthy_first("abLLL", str.isupper)) == "LabLL"
    assert lengthy_first("", str.isupper) == []
