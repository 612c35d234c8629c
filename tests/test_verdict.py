"""From a ledger to verdicts: every outcome, every exit code, and no gap that goes unsaid."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from virtool_contract.contract import Contract
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.scenario import Scenario
from virtool_contract.verdict import Outcome, RunOutcome, Scope, Verdict, Verdicts, reach
from virtool_contract.waivers import Waiver, Waivers

RACES = {"finalize.atomic", "remove.atomic"}
FULL = Scope(races=True)


def observing(contract: Contract, *but: str) -> Ledger:
    """A ledger that saw every clause kept, but some."""
    ledger = Ledger(requests=9)
    ledger.kept.update(dict.fromkeys(contract.clauses.keys() - {"remove.harmless", *but}, 2))
    return ledger


def broken(ledger: Ledger, clause: str) -> Ledger:
    empty = Scenario(subjects={}, steps=())
    ledger.add(Deviation(clause=clause, expected="x", actual="y", scenario=empty))
    return ledger


def of(verdicts: Verdicts, clause: str) -> Verdict:
    return next(verdict for verdict in verdicts.clauses if verdict.clause.id == clause)


def test_a_target_that_kept_all_conforms(contract: Contract) -> None:
    verdicts = reach(contract, observing(contract), FULL)
    assert (verdicts.outcome, verdicts.exit_code, verdicts.problem) == (RunOutcome.CONFORMS, 0, "")
    assert [verdict.clause.id for verdict in verdicts.clauses] == list(contract.clauses)
    assert of(verdicts, "get.document").observations == 2
    assert of(verdicts, "remove.harmless").outcome is Outcome.UNOBSERVED
    assert of(verdicts, "remove.harmless").reason == "Remove is implemented"
    expected = {Outcome.KEPT: len(contract.clauses) - 1, Outcome.UNOBSERVED: 1}
    assert verdicts.counts == expected
    assert verdicts.requests == 9


def test_a_broken_must_is_a_violation(contract: Contract) -> None:
    ledger = broken(observing(contract), "get.document")
    verdicts = reach(contract, ledger, FULL)
    assert (verdicts.outcome, verdicts.exit_code) == (RunOutcome.VIOLATES, 1)
    verdict = of(verdicts, "get.document")
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.deviation is ledger.deviations["get.document"]


# Waivers

TODAY = date(2026, 6, 30)
WAIVER = Waiver(
    clause="get.document",
    reason="known",
    expires=TODAY,
    observed="404*",
    file="waivers.yaml",
    first=12,
    last=15,
)


def scope(*waivers: Waiver, **more: Any) -> Scope:  # noqa: ANN401 - fields of Scope
    return replace(FULL, waivers=Waivers(entries=waivers, today=TODAY), **more)


def waive(ledger: Ledger, *waivers: Waiver) -> Ledger:
    empty = Scenario(subjects={}, steps=())
    shown = Deviation(clause="get.document", expected="x", actual="404", scenario=empty)
    ledger.waive(waivers, lambda: shown)
    return ledger


@pytest.mark.parametrize("but", [(), ("get.document",)])
def test_a_clause_that_is_broken_in_waived_ways_only_is_waived(
    contract: Contract, but: tuple[str, ...]
) -> None:
    ledger = waive(observing(contract, *but), WAIVER)
    verdicts = reach(contract, ledger, scope(WAIVER))
    assert (verdicts.exit_code, verdicts.problem, verdicts.rotten) == (0, "", ())
    verdict = of(verdicts, "get.document")
    assert (verdict.outcome, verdict.deviation) == (Outcome.WAIVED, None)
    (waived,) = verdict.waived
    assert (waived.waiver, waived.count, waived.deviation.actual) == (WAIVER, 1, "404")


def test_another_deviation_of_a_waived_clause_is_a_violation(contract: Contract) -> None:
    ledger = broken(waive(observing(contract), WAIVER), "get.document")
    verdicts = reach(contract, ledger, scope(WAIVER))
    assert verdicts.exit_code == 1
    verdict = of(verdicts, "get.document")
    assert verdict.outcome is Outcome.BROKEN
    assert [each.waiver for each in verdict.waived] == [WAIVER]


def test_a_waiver_that_is_not_needed_is_stale(contract: Contract) -> None:
    verdicts = reach(contract, observing(contract), scope(WAIVER))
    assert verdicts.exit_code == 1
    assert verdicts.outcome is RunOutcome.VIOLATES
    (rotten,) = verdicts.rotten
    assert rotten.says == (
        "waivers.yaml:12: get.document: the waiver is stale, for '404*' was not seen in a run that "
        "would have shown it; delete lines 12 to 15"
    )
    bare = replace(WAIVER, observed="", last=12)
    (rotten,) = reach(contract, observing(contract), scope(bare)).rotten
    assert rotten.says == (
        "waivers.yaml:12: get.document: the waiver is stale, for the clause was kept in a run that "
        "would have shown it; delete line 12"
    )


def test_of_two_waivers_of_a_clause_the_one_that_is_not_needed_is_stale(
    contract: Contract,
) -> None:
    other = replace(WAIVER, observed="500*", first=20, last=23)
    verdicts = reach(contract, waive(observing(contract), WAIVER), scope(WAIVER, other))
    assert [(each.waiver, each.kind) for each in verdicts.rotten] == [(other, "stale")]


def test_a_waiver_is_stale_where_its_clause_is_only_seen_broken_in_another_waived_way(
    contract: Contract,
) -> None:
    user, index = (
        replace(WAIVER, observed=f'/: "{name}" is a required property', first=first, last=first)
        for first, name in ((12, "user"), (20, "index"))
    )
    ledger = waive(observing(contract, "get.document"), user)
    assert [each.waiver for each in reach(contract, ledger, scope(user, index)).rotten] == [index]
    inside = replace(index, observed="/user/id: 7 is not of type *")
    assert reach(contract, ledger, scope(user, inside)).rotten == ()


@pytest.mark.parametrize(
    ("but", "waiver", "more"),
    [
        (("get.document",), {}, {}),
        ((), {"intermittent": True}, {}),
        ((), {"effort": "standard"}, {"effort": "quick", "races": False}),
        ((), {}, {"everything": False, "selected": frozenset({"get.document"})}),
        ((), {}, {"problem": "interrupted"}),
        ((), {"clause": "remove.gone"}, {"removes": False}),
    ],
    ids=["not kept", "intermittent", "effort", "selection", "not ended", "not implemented"],
)
def test_a_waiver_is_not_stale_where_the_run_could_not_tell(
    contract: Contract, but: tuple[str, ...], waiver: dict[str, Any], more: dict[str, Any]
) -> None:
    entry = replace(WAIVER, **waiver)
    assert reach(contract, observing(contract, *but), scope(entry, **more)).rotten == ()


def test_a_waiver_is_not_stale_behind_a_violation_of_its_clause(contract: Contract) -> None:
    ledger = broken(observing(contract), "get.document")
    assert reach(contract, ledger, scope(WAIVER)).rotten == ()


@pytest.mark.parametrize("seen", [True, False])
def test_a_waiver_past_its_date_fails_whether_needed_or_not(
    contract: Contract, *, seen: bool
) -> None:
    entry = replace(WAIVER, expires=TODAY - timedelta(days=1), intermittent=True)
    ledger = broken(observing(contract), "get.document") if seen else observing(contract)
    verdicts = reach(contract, ledger, scope(entry))
    assert verdicts.exit_code == 1
    (rotten,) = verdicts.rotten
    assert rotten.says == (
        "waivers.yaml:12: get.document: the waiver expired on 2026-06-29; mend the target and "
        "delete lines 12 to 15, or set a later `expires`"
    )


def test_a_waiver_past_its_date_is_no_matter_of_other_clauses(contract: Contract) -> None:
    entry = replace(WAIVER, expires=TODAY - timedelta(days=1))
    some = {"everything": False, "selected": frozenset({"get.safe"})}
    assert reach(contract, observing(contract), scope(entry, **some)).rotten == ()
    some["selected"] = frozenset({"get.document"})
    assert len(reach(contract, observing(contract), scope(entry, **some)).rotten) == 1


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_a_broken_should_counts_only_when_strict(
    contract: Contract,
    *,
    strict: bool,
    code: int,
) -> None:
    ledger = broken(observing(contract), "errors.message")
    verdicts = reach(contract, ledger, replace(FULL, strict=strict))
    assert verdicts.exit_code == code
    assert of(verdicts, "errors.message").outcome is Outcome.BROKEN


def test_a_must_that_nobody_saw_means_that_nothing_was_established(contract: Contract) -> None:
    verdicts = reach(contract, observing(contract, "isolation", "get.safe"), FULL)
    assert (verdicts.outcome, verdicts.exit_code) == (RunOutcome.COULD_NOT_TEST, 3)
    assert verdicts.problem == "never observed: isolation, get.safe"
    assert of(verdicts, "isolation").outcome is Outcome.UNOBSERVED


def test_a_should_that_nobody_saw_is_only_told(contract: Contract) -> None:
    verdicts = reach(contract, observing(contract, "errors.media-type"), FULL)
    assert verdicts.exit_code == 0
    assert of(verdicts, "errors.media-type").outcome is Outcome.UNOBSERVED


def test_a_gap_does_not_hide_a_violation(contract: Contract) -> None:
    verdicts = reach(contract, broken(observing(contract, "isolation"), "get.safe"), FULL)
    assert verdicts.exit_code == 1
    assert verdicts.problem == "never observed: isolation"


def test_an_excuse_fills_the_gap(contract: Contract) -> None:
    ledger = observing(contract, "get.absent")
    ledger.excuses["get.absent"] = "no absent id can be had"
    verdicts = reach(contract, ledger, FULL)
    assert verdicts.exit_code == 0
    assert of(verdicts, "get.absent").outcome is Outcome.UNOBSERVED
    assert of(verdicts, "get.absent").reason == "no absent id can be had"


def test_an_excuse_is_not_heard_where_the_clause_was_seen(contract: Contract) -> None:
    ledger = observing(contract)
    ledger.excuses["get.absent"] = "no absent id can be had"
    verdict = of(reach(contract, ledger, FULL), "get.absent")
    assert (verdict.outcome, verdict.reason) == (Outcome.KEPT, "")


def test_races_are_excused_where_they_are_not_run(contract: Contract) -> None:
    ledger = observing(contract, *RACES)
    verdicts = reach(contract, ledger, Scope(races=False))
    assert verdicts.exit_code == 0
    assert {each.clause.id for each in verdicts.clauses if "races" in each.reason} == RACES
    assert reach(contract, ledger, FULL).problem == "never observed: finalize.atomic, remove.atomic"


def test_an_unimplemented_remove_is_not_held_to_its_clauses(contract: Contract) -> None:
    ledger = observing(contract, "remove.gone")
    ledger.kept["remove.harmless"] = 1
    verdicts = reach(contract, ledger, replace(FULL, removes=False))
    assert verdicts.exit_code == 0
    for verdict in verdicts.clauses:
        if verdict.clause.id == "remove.harmless":
            assert verdict.outcome is Outcome.KEPT
        elif verdict.clause.operation == "remove":
            assert verdict.outcome is Outcome.NOT_IMPLEMENTED
            assert verdict.reason == "Remove is not implemented"
        else:
            assert verdict.outcome is Outcome.KEPT


def test_an_unimplemented_remove_must_be_seen_to_be_harmless(contract: Contract) -> None:
    verdicts = reach(contract, observing(contract), replace(FULL, removes=False))
    assert verdicts.problem == "never observed: remove.harmless"


def test_an_unimplemented_remove_that_does_harm_violates(contract: Contract) -> None:
    ledger = broken(observing(contract), "remove.harmless")
    assert reach(contract, ledger, replace(FULL, removes=False)).exit_code == 1


@pytest.mark.parametrize("violated", [False, True])
def test_a_problem_of_the_run_outweighs_all_else(
    contract: Contract,
    *,
    violated: bool,
) -> None:
    ledger = observing(contract)
    if violated:
        broken(ledger, "get.document")
    verdicts = reach(contract, ledger, replace(FULL, problem="the target went away"))
    assert (verdicts.exit_code, verdicts.problem) == (3, "the target went away")
    assert (of(verdicts, "get.document").outcome is Outcome.BROKEN) is violated


def test_a_selection_leaves_gaps_that_are_excused(contract: Contract) -> None:
    ledger = Ledger()
    ledger.kept["get.safe"] = 1
    verdicts = reach(contract, ledger, replace(FULL, everything=False))
    assert verdicts.exit_code == 0
    assert of(verdicts, "get.document").reason == "not selected"


def test_a_selection_of_nothing_could_not_test(contract: Contract) -> None:
    verdicts = reach(contract, Ledger(), replace(FULL, everything=False))
    assert verdicts.exit_code == 3
    assert "-k" in verdicts.problem


def test_an_empty_ledger_never_conforms(contract: Contract) -> None:
    for removes in (True, False):
        assert reach(contract, Ledger(), Scope(removes=removes)).exit_code == 3


def test_trouble_is_told_where_the_target_conforms(contract: Contract) -> None:
    ledger = observing(contract)
    ledger.troubles.append("a GET got no answer: reset")
    verdicts = reach(contract, ledger, FULL)
    assert verdicts.exit_code == 0
    assert verdicts.troubles == ("a GET got no answer: reset",)


def test_a_selection_that_observed_nothing_it_was_about_could_not_test(
    contract: Contract,
) -> None:
    ledger = Ledger(kept=Counter({"get.document": 3}), excuses={"finalize.absent": "no 404"})
    scope = Scope(everything=False, selected=frozenset({"finalize.absent"}))
    verdicts = reach(contract, ledger, scope)
    assert verdicts.outcome is RunOutcome.COULD_NOT_TEST
    assert verdicts.problem == "finalize.absent was not observed: no 404"


def test_a_selected_must_that_nothing_excuses_could_not_be_tested(contract: Contract) -> None:
    ledger = Ledger(kept=Counter({"get.document": 3}))
    scope = Scope(everything=False, selected=frozenset({"finalize.once", "get.document"}))
    verdicts = reach(contract, ledger, scope)
    assert verdicts.outcome is RunOutcome.COULD_NOT_TEST
    assert verdicts.problem == "never observed: finalize.once"
    reasons = {verdict.clause.id: verdict.reason for verdict in verdicts.clauses}
    assert reasons["finalize.absent"] == "not selected"
