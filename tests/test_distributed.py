"""What a process of pytest-xdist leaves word of, another one hears."""

import json
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from virtool_contract.distributed import KEY, Part, day_of, is_worker, lengthy_first, tell_day


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


def test_all_processes_go_by_the_same_day() -> None:
    node = SimpleNamespace(workerinput={})
    tell_day(node, date(2026, 6, 30))
    sent = json.loads(json.dumps(node.workerinput))
    assert day_of(config(workerinput=sent)) == date(2026, 6, 30)
    assert day_of(config()) is None


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
