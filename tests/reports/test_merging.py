"""Several runs of a campaign come to one verdict: what any of them has seen counts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from virtool_contract.ledger import Deviation
from virtool_contract.reports.merging import adaptations, merge
from virtool_contract.reports.reading import Recorded, ReportError
from virtool_contract.scenario import Scenario, Step
from virtool_contract.tally import Seen, Tally
from virtool_contract.verdict import Outcome, Rotten, RunOutcome, Verdict, Waived
from virtool_contract.waivers import Waiver

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli
    from virtool_contract.contract import Contract

ONCE = "finalize.once"
FORBIDDEN = "remove.forbidden"
WAIVER = Waiver(clause=ONCE, reason="known", expires=date(2027, 1, 1))


def deviation(clause: str, steps: int = 1) -> Deviation:
    step = Step(subject="A", operation="get")
    scenario = Scenario(subjects={"A": "pending"}, steps=(step,) * steps)
    return Deviation(clause=clause, expected="409", actual=f"{steps}", scenario=scenario)


def recorded(contract: Contract, file: str = "one.json", **changes: Any) -> Recorded:  # noqa: ANN401 - fields of Recorded
    """A run that has kept every clause once, but for what `verdicts` says."""
    verdicts = changes.pop("verdicts", {})
    clauses = {
        clause.id: Verdict(clause=clause, outcome=Outcome.KEPT, observations=1)
        for clause in contract.clauses.values()
    }
    for name, members in verdicts.items():
        clauses[name] = replace(clauses[name], **members)
    whole = Recorded(
        file=file,
        contract=contract.version,
        target="http://localhost:1",
        effort="thorough",
        seed=0,
        outcome=RunOutcome.CONFORMS,
        strict=False,
        problem="",
        requests=10,
        troubles=(),
        tally=Tally(),
        rotten=(),
        clauses=clauses,
    )
    return replace(whole, **changes)


def broken(clause: str, steps: int = 1) -> dict[str, Any]:
    shown = deviation(clause, steps)
    return {clause: {"outcome": Outcome.BROKEN, "observations": 0, "deviation": shown}}


def test_what_all_keep_is_kept_and_added_up(contract: Contract) -> None:
    merged = merge(contract, [recorded(contract), recorded(contract, "two.json", requests=5)])
    assert merged.outcome is RunOutcome.CONFORMS
    assert merged.requests == 15
    assert {each.outcome for each in merged.clauses} == {Outcome.KEPT}
    assert {each.observations for each in merged.clauses} == {2}
    assert [each.clause.id for each in merged.clauses] == [*contract.clauses]


def test_what_one_run_breaks_is_broken_with_the_shortest_scenario(contract: Contract) -> None:
    runs = [
        recorded(contract),
        recorded(contract, "two.json", verdicts=broken(ONCE, 5)),
        recorded(contract, "three.json", verdicts=broken(ONCE, 2)),
    ]
    merged = merge(contract, runs)
    verdict = next(each for each in merged.clauses if each.clause.id == ONCE)
    assert merged.outcome is RunOutcome.VIOLATES
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.deviation == deviation(ONCE, 2)
    assert verdict.observations == 1


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_what_should_be_counts_where_a_run_was_strict(
    contract: Contract, *, strict: bool, code: int
) -> None:
    runs = [
        recorded(contract, verdicts=broken(FORBIDDEN)),
        recorded(contract, "two.json", strict=strict),
    ]
    assert merge(contract, runs).exit_code == code


def test_a_run_that_could_not_test_spoils_the_campaign(contract: Contract) -> None:
    lost = recorded(
        contract, "two.json", outcome=RunOutcome.COULD_NOT_TEST, problem="nothing answers"
    )
    merged = merge(contract, [recorded(contract, verdicts=broken(ONCE)), lost])
    assert merged.outcome is RunOutcome.COULD_NOT_TEST
    assert merged.problem == "two.json: nothing answers"
    assert merged.counts[Outcome.BROKEN] == 1


def test_what_one_run_has_not_seen_another_may_have(contract: Contract) -> None:
    unseen = {ONCE: {"outcome": Outcome.UNOBSERVED, "observations": 0, "reason": "not selected"}}
    one, two = recorded(contract, verdicts=unseen), recorded(contract, "two.json")
    assert merge(contract, [one, two]).counts[Outcome.UNOBSERVED] == 0
    alone = merge(contract, [one, recorded(contract, "two.json", verdicts=unseen)])
    verdict = next(each for each in alone.clauses if each.clause.id == ONCE)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNOBSERVED, "not selected")


def test_a_waiver_is_stale_only_if_no_run_needed_it(contract: Contract) -> None:
    stale = recorded(
        contract,
        outcome=RunOutcome.VIOLATES,
        rotten=(Rotten(waiver=replace(WAIVER, file="a.yaml", first=1), kind="stale"),),
    )
    waived = Waived(waiver=replace(WAIVER, file="b.yaml"), deviation=deviation(ONCE), count=3)
    needed = {ONCE: {"outcome": Outcome.WAIVED, "waived": (waived,)}}
    used = recorded(contract, "two.json", verdicts=needed)
    again = recorded(contract, "three.json", verdicts=needed)
    assert merge(contract, [stale]).exit_code == 1
    merged = merge(contract, [stale, used, again])
    assert (merged.exit_code, merged.rotten) == (0, ())
    verdict = next(each for each in merged.clauses if each.clause.id == ONCE)
    assert [each.count for each in verdict.waived] == [6]
    expired = replace(stale, rotten=(Rotten(waiver=WAIVER, kind="expired"),))
    assert merge(contract, [expired, used]).exit_code == 1


def tally(seconds: float, count: int) -> Tally:
    answers = Counter({Seen("get", "owner", "pending", "", 200, right=True): count})
    made = Tally(answers=answers)
    made.count_latencies("get", [(seconds, count)])
    return made


def test_what_was_exercised_is_added_up_and_percentiles_follow(contract: Contract) -> None:
    runs = [
        recorded(contract, tally=tally(0.001, 97)),
        recorded(contract, "two.json", tally=tally(0.1, 3)),
    ]
    merged = merge(contract, runs)
    assert merged.troubles == ()
    assert [*merged.tally.answers.values()] == [100]
    p90, p99 = (merged.tally.percentile("get", share) for share in (0.9, 0.99))
    assert 0.001 <= p90 < 0.0011
    assert 0.1 <= p99 < 0.11


def test_a_run_that_cannot_be_added_up_is_named(contract: Contract) -> None:
    runs = [
        recorded(contract, tally=None),
        recorded(contract, "two.json", tally=tally(0.1, 3)),
        recorded(contract, "3.json", tally=None, outcome=RunOutcome.COULD_NOT_TEST),
    ]
    (said,) = merge(contract, runs).troubles
    assert said.startswith("one.json: an earlier virtool-contract wrote it")


def test_adaptations_are_carried_and_say_whose_they_are(contract: Contract) -> None:
    runs = [
        recorded(contract, adaptations=("a root", "a field")),
        recorded(contract, "two.json", adaptations=("a root",)),
    ]
    assert adaptations(runs) == ("a root", "a field, in one.json")
    assert adaptations([recorded(contract)]) == ()


def test_a_file_that_says_violates_is_believed(contract: Contract) -> None:
    assert merge(contract, [recorded(contract, outcome=RunOutcome.VIOLATES)]).exit_code == 1


def test_runs_of_another_contract_cannot_be_merged(contract: Contract) -> None:
    other = replace(recorded(contract), contract="9.9.9")
    with pytest.raises(ReportError, match=r"one\.json: is about another contract \(9.9.9, and"):
        merge(contract, [other])
    fewer = replace(recorded(contract), clauses={})
    with pytest.raises(ReportError, match="another contract"):
        merge(contract, [fewer])
    with pytest.raises(ReportError, match=r"one\.json: is given twice"):
        merge(contract, [recorded(contract), recorded(contract)])


def test_shards_are_merged_on_the_command_line(cli: Cli, tmp_path: Path) -> None:
    shards = []
    for seed, clause in ("1", "get.own-only"), ("2", "finalize.once"):
        folder = tmp_path / seed
        words = ("--seed", seed, "-k", clause, "--extra-body-fields", '{"token": 1}')
        done = cli("verify", *words, "--report-dir", str(folder))
        assert done.returncode == 0, done.stderr
        shards.append(folder / "report.json")
    out, folder = tmp_path / "out.json", tmp_path / "merged"
    done = cli("merge", *map(str, shards), "-o", str(out), "--report-dir", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(" requests in 2 runs)")
    merged = json.loads(out.read_bytes())
    assert merged == json.loads((folder / "report.json").read_bytes())
    parts = [json.loads(shard.read_bytes()) for shard in shards]
    assert merged["requests"] == sum(part["requests"] for part in parts)
    assert merged["seconds"] == pytest.approx(sum(part["seconds"] for part in parts))
    assert merged["adaptations"] == parts[0]["adaptations"]
    assert len(merged["adaptations"]) == 1
    assert "Adapted to the target:" in done.stdout
    counts = [sum(each["count"] for each in run["answers"]) for run in (merged, *parts)]
    assert counts[0] == counts[1] + counts[2] > 0
    for operation, shown in merged["latencies"].items():
        assert shown["answers"] == sum(part["latencies"][operation]["answers"] for part in parts)
        assert shown["answers"] == sum(count for _, count in shown["histogram"])
    verdicts = {each["id"]: each["verdict"] for each in merged["clauses"]}
    assert verdicts["get.own-only"] == verdicts["finalize.once"] == "kept"
    again = tmp_path / "again.json"
    done = cli("merge", str(out), "-o", str(again))
    assert done.returncode == 0, "what is merged can be merged again"
    assert json.loads(again.read_bytes()) == merged
    (tmp_path / "garbage.json").write_bytes(b"\xff\x00{")
    for wrong in ("garbage.json", "missing.json", "1"):
        done = cli("merge", str(shards[0]), str(tmp_path / wrong))
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert wrong in done.stderr
    nowhere = str(tmp_path / "nosuch" / "out.json")
    done = cli("merge", str(shards[0]), "-o", nowhere)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written" in done.stderr
