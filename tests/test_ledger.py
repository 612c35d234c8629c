"""A ledger counts what was kept, keeps the shortest scenario of what broke, and travels as JSON."""

import json
from dataclasses import replace
from datetime import date

import pytest

from virtool_contract.contract import Contract
from virtool_contract.judge import Finding
from virtool_contract.ledger import MOST_SUSPECTS, Deviation, Ledger, Violation
from virtool_contract.scenario import Scenario, Step
from virtool_contract.tally import Seen
from virtool_contract.waivers import Waiver


def scenario(steps: int) -> Scenario:
    step = Step(subject="A", operation="get")
    return Scenario(subjects={"A": "pending"}, steps=(step,) * steps)


def deviation(clause: str = "get.document", *, steps: int = 1, actual: str = "500") -> Deviation:
    return Deviation(clause=clause, expected="200", actual=actual, scenario=scenario(steps))


def test_kept_findings_are_counted_and_broken_ones_are_not() -> None:
    ledger = Ledger()
    ledger.note([Finding(clause="a", kept=True), Finding(clause="b", kept=False)])
    ledger.note([Finding(clause="a", kept=True)])
    assert ledger.kept == {"a": 2}


def test_a_clause_is_observed_when_it_was_kept_or_broken() -> None:
    ledger = Ledger()
    ledger.note([Finding(clause="a", kept=True)])
    ledger.add(deviation("b"))
    assert [ledger.observed(clause) for clause in ("a", "b", "c")] == [True, True, False]
    assert "c" not in ledger.kept


def test_the_first_deviation_of_a_clause_stays() -> None:
    ledger = Ledger()
    ledger.add(deviation(actual="first"))
    ledger.add(deviation(actual="second"))
    assert ledger.deviations["get.document"].actual == "first"


def waiver(line: int) -> Waiver:
    return Waiver(clause="get.files", reason="known", expires=date(2026, 1, 1), first=line)


def test_what_is_waived_is_counted_apart_by_entry_and_the_first_is_kept() -> None:
    ledger = Ledger()
    assert not ledger.waive([], deviation)
    assert not ledger.observed("get.files")
    assert ledger.waive([waiver(3)], lambda: deviation("get.files", actual="first"))
    assert ledger.waive([waiver(3), waiver(9)], lambda: deviation("get.files", actual="second"))
    assert {line: each.actual for line, each in ledger.waived.items()} == {3: "first", 9: "second"}
    assert ledger.hits == {3: 2, 9: 1}
    assert ledger.deviations == {}
    assert ledger.observed("get.files")
    other = Ledger()
    other.waive([waiver(9), waiver(12)], lambda: deviation("get.files", actual="third"))
    ledger.merge(other)
    assert [each.actual for each in ledger.waived.values()] == ["first", "second", "third"]
    assert ledger.hits == {3: 2, 9: 2, 12: 1}


def test_how_else_a_clause_breaks_is_kept_once_for_each_likeness() -> None:
    ledger = Ledger()
    for way in ("404", "404", "500"):
        ledger.suspect("a", way, lambda: deviation("a"))
    assert list(ledger.suspects["a"]) == ["404", "500"]
    for number in range(2 * MOST_SUSPECTS):
        ledger.suspect("a", str(number), lambda: deviation("a"))
    assert len(ledger.suspects["a"]) == MOST_SUSPECTS


def test_the_other_ways_are_merged() -> None:
    ledger = Ledger(others={"a": ["404", "500"]})
    ledger.merge(Ledger(others={"a": ["204", "404"], "b": ["200"]}))
    assert ledger.others == {"a": ["204", "404", "500"], "b": ["200"]}


@pytest.mark.parametrize(
    ("request_", "topic", "said"),
    [
        (
            "get by wrong key",
            "refused.unauthenticated.wrong-key",
            "get by wrong key: 200 text/html",
        ),
        ("get by other job", "refused.not-own.other-job", "get by other job: 200 text/html"),
        ("get by owner", "refused.absent.owner", "get by *: 200 text/html"),
        ("", "", "200 text/html"),
    ],
)
def test_who_asks_matters_where_it_is_a_question_of_rights(
    request_: str, topic: str, said: str
) -> None:
    shown = replace(deviation(actual="200 text/html"), request=request_, topic=topic)
    assert shown.likeness == said


@pytest.mark.parametrize(("mine", "other", "stays"), [(2, 1, 1), (1, 2, 1), (1, 1, 1)])
def test_of_two_deviations_the_shorter_stays(mine: int, other: int, stays: int) -> None:
    ledger = Ledger()
    ledger.add(deviation(steps=mine, actual="mine"))
    another = Ledger()
    another.add(deviation(steps=other, actual="other"))
    ledger.merge(another)
    found = ledger.deviations["get.document"]
    assert len(found.scenario.steps) == stays
    assert found.actual == ("other" if other < mine else "mine")


SEEN = Seen(operation="get", caller="owner", state="pending", reason="", status=200, right=True)


def test_a_merge_takes_everything_in() -> None:
    ledger = Ledger(requests=2, troubles=["a"], excuses={"x": "why"})
    ledger.note([Finding(clause="a", kept=True)])
    other = Ledger(requests=3, troubles=["b"], excuses={"y": "because"})
    other.note([Finding(clause="a", kept=True), Finding(clause="b", kept=True)])
    other.add(deviation())
    other.tally.answers[SEEN] = 4
    ledger.merge(other)
    assert ledger.tally.answers == {SEEN: 4}
    assert ledger.kept == {"a": 2, "b": 1}
    assert ledger.deviations.keys() == {"get.document"}
    assert (ledger.requests, ledger.troubles) == (5, ["a", "b"])
    assert ledger.excuses == {"x": "why", "y": "because"}
    assert other.kept == {"a": 1, "b": 1}


def test_a_ledger_survives_the_way_between_processes() -> None:
    raced = replace(deviation("get.safe", steps=2), seen=1, tried=3, timeline=("A |--|",))
    ledger = Ledger(requests=7, troubles=["reset"], excuses={"x": "why"})
    ledger.note([Finding(clause="a", kept=True)] * 3)
    ledger.add(deviation())
    ledger.add(raced)
    ledger.waive([waiver(3)], lambda: deviation("get.files"))
    ledger.others["get.safe"] = ["get by *: 500"]
    ledger.tally.answers[SEEN] = 4
    assert Ledger.from_json(json.loads(json.dumps(ledger.to_json()))) == ledger


@pytest.mark.parametrize(
    ("seen", "tried", "said"),
    [
        (3, 3, "always"),
        (1, 1, "always"),
        (2, 3, "sometimes"),
        (1, 3, "sometimes"),
        (0, 3, "once"),
        (0, 0, "once"),
    ],
)
def test_the_frequency_is_what_the_replays_showed(seen: int, tried: int, said: str) -> None:
    shown = replace(deviation(), seen=seen, tried=tried)
    assert shown.frequency == said
    shape = shown.to_json()
    assert (shape["frequency"], shape["replayed"]) == (said, {"broken": seen, "of": tried})


def test_a_shape_that_is_no_deviation_is_refused() -> None:
    with pytest.raises(KeyError):
        Deviation.from_json({"clause": "get.document"})


def test_a_violation_is_four_lines(contract: Contract) -> None:
    violation = Violation(contract, deviation("finalize.forbidden"), "again")
    assert str(violation).split("\n") == [
        "finalize.forbidden (should): That refusal is a 403.",
        "  expected  200",
        "  received  500",
        "  replay    again",
    ]
    assert isinstance(violation, AssertionError)
    violation.add_note("seen on Tuesday")


def test_a_violation_says_how_to_replay_it_by_itself(contract: Contract) -> None:
    last = str(Violation(contract, deviation("get.safe"))).split("\n")[-1]
    assert last == "  replay    virtool-contract verify -k get.safe"
