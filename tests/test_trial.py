"""What a promise observed is made sure of, and becomes its outcome."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.body import finalize_body
from virtool_contract.ledger import Deviation, Ledger, Violation
from virtool_contract.model import Caller
from virtool_contract.options import resolve
from virtool_contract.probe import probe
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Analysis, Call, Reply
from virtool_contract.run import Run
from virtool_contract.scenario import Scenario, Step
from virtool_contract.serve import service
from virtool_contract.stage import EARLY, Stage
from virtool_contract.target import Target, TargetTroubleError, Unobserved
from virtool_contract.trial import ACQUITTALS, conclude, confirm
from virtool_contract.waivers import Waiver, Waivers, utc_today

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    TargetOf: TypeAlias = Callable[[Service | str], Target]
    RunOf: TypeAlias = Callable[..., Run]

GET = Step(subject="A", operation="get")
OWN = ("finalize.once", "finalize.ready")


def deviation(clause: str, *, unanswered: bool = False) -> Deviation:
    """A deviation that a sound target does not show."""
    scenario = Scenario(subjects={"A": "pending"}, steps=(GET,))
    return Deviation(
        clause=clause, expected="this", actual="that", scenario=scenario, unanswered=unanswered
    )


def ledger(*broken: str, kept: tuple[str, ...] = ()) -> Ledger:
    made = Ledger(deviations={clause: deviation(clause) for clause in broken})
    made.kept.update(kept)
    return made


@pytest.fixture
def run_of(target_of: TargetOf, tmp_path: Path) -> RunOf:
    def make(reference: Service | None = None, *, strict: bool = False) -> Run:
        target = target_of(reference or Service())
        given = {"strict": True} if strict else {}
        settings = resolve(given, {}, tmp_path)
        return Run(contract=target.contract, settings=settings, target=target)

    return make


class Failing(Service):
    """Answers those finalizes whose number is among `when` with a status, and no body."""

    def __init__(self, status: int, when: Callable[[int], bool]) -> None:
        super().__init__()
        self.status = status
        self.when = when
        self.finalizes = 0

    @override
    async def finalize(self, call: Call) -> Reply:
        self.finalizes += 1
        return (
            Reply(status=self.status) if self.when(self.finalizes) else await super().finalize(call)
        )


# The outcome


def outcome(run: Run, seen: Ledger, unseen: str = "") -> str:
    try:
        conclude(run, OWN, seen, unseen)
    except Violation as violation:
        return f"violation of {violation.deviation.clause}"
    except Unobserved as reason:
        return f"unobserved: {reason}"
    return "kept"


def test_the_outcome_of_a_promise(run_of: RunOf) -> None:
    run = run_of()
    assert outcome(run, ledger(kept=OWN)) == "kept"
    assert outcome(run, ledger()) == "unobserved: never observed: finalize.once, finalize.ready"
    partly = ledger(kept=("finalize.once",))
    assert outcome(run, partly) == "unobserved: never observed: finalize.ready"
    broken = ledger("finalize.ready", kept=("finalize.once",))
    assert outcome(run, broken) == "violation of finalize.ready"


def test_a_promise_fails_for_its_own_clause_first(run_of: RunOf) -> None:
    run = run_of()
    assert outcome(run, ledger("isolation", *OWN[::-1])) == "violation of finalize.ready"
    assert outcome(run, ledger("isolation", "get.safe")) == "violation of isolation"
    assert outcome(run, ledger("isolation", kept=OWN)) == "violation of isolation"


def test_what_should_be_counts_only_when_strict(run_of: RunOf) -> None:
    mild = ledger("errors.message", kept=OWN)
    assert outcome(run_of(), mild) == "kept"
    strict = run_of(strict=True)
    assert outcome(strict, mild) == "violation of errors.message"
    both = ledger("errors.message", "finalize.once")
    assert outcome(strict, both) == "violation of finalize.once"
    assert outcome(run_of(), both) == "violation of finalize.once"


def test_a_broken_should_clause_is_observed(run_of: RunOf, tmp_path: Path) -> None:
    run = run_of()
    seen = ledger("errors.message")
    conclude(run, ["errors.message"], seen, "")
    assert "errors.message" in seen.deviations
    assert not list(tmp_path.iterdir())


def test_a_reason_excuses_the_clauses_that_were_missed(run_of: RunOf) -> None:
    run = run_of()
    partly, fully, neither = ledger(kept=("finalize.once",)), ledger(kept=OWN), ledger()
    for seen in (partly, fully, neither):
        assert outcome(run, seen, "no such job") == "unobserved: no such job"
    assert partly.excuses == {"finalize.ready": "no such job"}
    assert fully.excuses == neither.excuses == dict.fromkeys(OWN, "no such job")


def test_a_violation_comes_before_a_reason(run_of: RunOf) -> None:
    seen = ledger("isolation")
    assert outcome(run_of(), seen, "no such job") == "violation of isolation"
    assert seen.excuses == {}


# Making sure


def finalize_twice(stage: Stage) -> None:
    stage.finalize(stage.finalized(), {"second": "one"})


def observed(run: Run, play: Callable[[Stage], None]) -> Ledger:
    """What a promise observes, made sure of."""
    seen = Ledger()
    stage = Stage(run.target, seen)
    play(stage)
    stage.close()
    confirm(run, seen)
    return seen


def test_what_is_broken_is_shortened_and_told_to_the_run(run_of: RunOf) -> None:
    run = run_of(service(("second-finalize-ignored",), ()))
    seen = observed(run, finalize_twice)
    assert set(seen.deviations) == set(run.ledger.deviations) == {"finalize.once"}
    confirmed = seen.deviations["finalize.once"]
    assert [step.operation for step in confirmed.scenario.steps] == ["finalize", "finalize"]
    assert (confirmed.seen, confirmed.tried) == (3, 3)
    assert run.innocent.total() == 0


def test_what_is_known_already_is_not_made_sure_of_twice(run_of: RunOf) -> None:
    run = run_of(service(("second-finalize-ignored",), ()))
    first = observed(run, finalize_twice).deviations["finalize.once"]
    before = run.target.api.sent
    again = Ledger()
    again.add(deviation("finalize.once"))
    confirm(run, again)
    assert again.deviations == {"finalize.once": first}
    assert run.target.api.sent == before


def test_what_does_not_happen_again_is_still_broken(run_of: RunOf) -> None:
    run = run_of()
    seen = ledger("finalize.once")
    confirm(run, seen)
    assert seen.deviations["finalize.once"].frequency == "once"
    assert seen.deviations["finalize.once"].tried == 3
    assert seen.troubles == []


@pytest.mark.parametrize("shown", [3, 1, 0, None], ids=["always", "sometimes", "once", "never"])
def test_a_loss_is_a_restart_unless_writes_reach_others(run_of: RunOf, shown: int | None) -> None:
    reference = Service()
    run = run_of(reference)
    probe(run.target)
    if shown is not None:
        run.ledger.add(replace(deviation("isolation"), seen=shown, tried=3))
    reference.store.analyses.clear()
    seen = ledger("finalize.once")
    if shown:
        confirm(run, seen)
        assert seen.deviations == {}
    else:
        with pytest.raises(TargetTroubleError, match="was it restarted"):
            confirm(run, seen)


class RemovesTheOldest(Service):
    """A finalize removes the oldest analysis there is, if there are others."""

    @override
    async def write(self, analysis: Analysis) -> None:
        await super().write(analysis)
        oldest = next(iter(self.store.analyses))
        if oldest != analysis.id:
            self.store.erase(oldest)


class KeepsTen(Service):
    """Only the analyses made last are kept, ten of them."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        for old in list(self.store.analyses)[:-10]:
            self.store.erase(old)
        return super().find(analysis_id)


@pytest.mark.parametrize(
    ("make", "broken"),
    [
        (partial(service, ("remove-takes-all",), ()), "isolation"),
        (RemovesTheOldest, "isolation"),
        (KeepsTen, "get.document"),
    ],
    ids=["all", "the oldest", "all but ten"],
)
def test_a_loss_is_no_restart_where_requests_on_others_show_it(
    run_of: RunOf, make: Callable[[], Service], broken: str
) -> None:
    reference = make()
    run = run_of(reference)
    probe(run.target)
    for seen in (ledger("finalize.once"), ledger("finalize.ready")):
        reference.store.analyses.clear()
        confirm(run, seen)
        assert set(run.ledger.deviations) == {broken}
    assert run.forgets


@pytest.mark.parametrize(
    ("shown", "broken"),
    [(3, set()), (1, set()), (0, {"finalize.results"}), (None, {"finalize.results"})],
    ids=["always", "sometimes", "once", "never"],
)
def test_what_was_left_early_is_blamed_on_writes_that_reach_others(
    run_of: RunOf, shown: int | None, broken: set[str]
) -> None:
    run = run_of()
    if shown is not None:
        run.ledger.add(replace(deviation("isolation"), seen=shown, tried=3))
    left = Scenario(subjects={EARLY: "pending"}, steps=(Step(subject=EARLY, operation="get"),))
    seen = Ledger()
    seen.add(replace(deviation("finalize.results"), scenario=left))
    confirm(run, seen)
    assert set(seen.deviations) == broken


@pytest.mark.parametrize(
    ("reference", "broken"),
    [
        (service(("remove-takes-neighbours",), ()), "isolation"),
        (Failing(404, lambda number: number % 7 == 0), "get.document"),
        (Service(), "get.document"),
    ],
    ids=["taken", "now and then", "once"],
)
def test_what_was_gone_before_its_first_read_is_blamed_on_what_takes_it(
    run_of: RunOf, reference: Service, broken: str
) -> None:
    run = run_of(reference)
    probe(run.target)
    for _ in range(2):
        confirm(
            run,
            Ledger(deviations={"get.document": replace(deviation("get.document"), actual="404 ")}),
        )
        assert set(run.ledger.deviations) == {broken}
    assert run.forgets is (broken == "isolation")


def anonymous_write(stage: Stage) -> None:
    stage.finalize(stage.pending(), {"foo": "bar"}, Caller.ANONYMOUS)


def test_reads_that_disagree_acquit_the_write_between_them(run_of: RunOf) -> None:
    run = run_of(service(("clock-in-created-at",), ()))
    seen = observed(run, anonymous_write)
    assert set(seen.deviations) == {"get.safe"}
    assert set(run.ledger.deviations) == {"get.safe"}
    assert {step.operation for step in seen.deviations["get.safe"].scenario.steps} == {"get"}


def by_a_refusal() -> Deviation:
    """What reads that disagree look like if the second one is taken for the refusal's effect."""
    write = Step(subject="A", operation="remove", caller=Caller.ANONYMOUS)
    return Deviation(
        clause="access.credentials",
        expected="the document as it was",
        actual="another",
        topic="effect-of-refusal.unauthenticated.anonymous.others.plain",
        scenario=Scenario(subjects={"A": "pending"}, steps=(GET, write, GET)),
    )


def test_a_control_acquits_and_is_spared_after_a_while(run_of: RunOf) -> None:
    run = run_of(service(("clock-in-created-at",), ()))
    for number in range(1, ACQUITTALS + 1):
        seen = Ledger()
        seen.add(by_a_refusal())
        confirm(run, seen)
        assert set(seen.deviations) == set(run.ledger.deviations) == {"get.safe"}
        assert run.innocent["access.credentials"] == number
    before = run.target.api.sent
    seen = Ledger()
    seen.add(by_a_refusal())
    confirm(run, seen)
    assert seen.deviations == {}
    assert run.target.api.sent == before


def test_a_control_that_shows_nothing_acquits_nobody(run_of: RunOf) -> None:
    run = run_of(service(("unauthorized-finalize-happens",), ()))
    seen = observed(run, anonymous_write)
    assert "access.credentials" in seen.deviations
    assert run.innocent.total() == 0


def void(_: object) -> None:
    pass


def test_a_request_without_an_answer_that_gets_one_now_is_trouble(run_of: RunOf) -> None:
    run = run_of()
    seen = Ledger()
    seen.add(deviation("errors.no-server-error", unanswered=True))
    seen.add(deviation("finalize.once"))
    confirm(run, seen)
    assert set(seen.deviations) == set(run.ledger.deviations) == {"finalize.once"}
    assert seen.troubles == ["a request got no answer: that"]
    assert not run.target.api.is_impatient


@pytest.mark.parametrize("frequency", ["always", "once"])
def test_a_crash_that_does_not_happen_again_is_no_trouble_on_the_way(
    run_of: RunOf, frequency: str
) -> None:
    run = run_of(Failing(500, lambda number: frequency == "always" or number == 1))
    seen = observed(run, lambda stage: void(stage.finalized()))
    assert set(seen.deviations) == {"errors.no-server-error", "finalize.answer"}
    assert seen.deviations["errors.no-server-error"].frequency == frequency
    assert seen.troubles == []


# Waivers


def waive(run: Run, clause: str, observed: str = "") -> None:
    waiver = Waiver(clause=clause, reason="known", expires=utc_today(), observed=observed)
    run.target.waivers = Waivers(entries=(waiver,))


def test_what_is_the_doing_of_a_waived_deviation_is_waived_and_hides_nothing(
    run_of: RunOf,
) -> None:
    """Reads that disagree look like the doing of a write, until a control leaves that out."""
    run = run_of(service(("third-read-differs",), ()))
    waive(run, "get.safe")
    steps = (GET, replace(GET, operation="finalize", body=finalize_body({"foo": "bar"})), GET, GET)
    scenario = Scenario(subjects={"A": "pending"}, steps=steps)
    accused = replace(
        deviation("finalize.changes-nothing-else"),
        topic="effect.others.plain",
        actual='/workflow: expected "a", got "b"',
        request="finalize by owner",
        scenario=scenario,
    )
    seen = Ledger()
    seen.add(accused)
    confirm(run, seen)
    assert seen.deviations == run.ledger.deviations == {}
    assert [each.clause for each in seen.waived.values()] == ["get.safe"]
    assert run.innocent == {}
    assert run.spared == {("finalize.changes-nothing-else", accused.likeness): 1}


def test_another_way_to_break_a_clause_is_looked_into_where_the_first_is_waived(
    run_of: RunOf,
) -> None:
    run = run_of(service(("user-missing", "workflow-missing"), ()))
    waive(run, "get.document", '/: "user" is a required property')
    seen = Ledger()
    for member in ("user", "workflow"):
        shown = replace(
            deviation("get.document"),
            topic="shape",
            request="get by owner",
            actual=f'/: "{member}" is a required property',
        )
        if member == "user":
            seen.add(replace(shown, unanswered=True))  # which is not waived before it is sure
        else:
            seen.suspect(shown.clause, shown.likeness, partial(replace, shown))
    confirm(run, seen)
    (broken,) = seen.deviations.values()
    assert broken.actual == '/: "workflow" is a required property'
    assert (broken.seen, broken.tried) == (3, 3)
    assert run.target.api.is_impatient


def test_how_else_a_broken_clause_breaks_is_told(run_of: RunOf) -> None:
    run = run_of(service(("user-missing", "workflow-missing"), ()))
    stage = Stage(run.target, Ledger())
    stage.get(stage.pending())
    stage.close()
    confirm(run, stage.ledger)
    assert stage.ledger.others["get.document"] == [
        'get by *: /: "user" is a required property',
        'get by *: /: "workflow" is a required property',
    ]
    assert stage.ledger.suspects == {}


def test_what_cannot_be_seen_behind_a_waived_deviation_is_excused(run_of: RunOf) -> None:
    run = run_of()
    seen = ledger(kept=("finalize.once",))
    waiver = Waiver(clause="finalize.answer", reason="known", expires=utc_today())
    seen.waive([waiver], lambda: deviation("finalize.answer"))
    assert outcome(run, seen) == "unobserved: never observed: finalize.ready"
    assert seen.excuses == {"finalize.ready": "behind what is waived of finalize.answer"}


def test_a_promise_whose_only_deviation_is_waived_is_kept(run_of: RunOf) -> None:
    seen = ledger(kept=("finalize.once",))
    waiver = Waiver(clause="finalize.ready", reason="known", expires=utc_today())
    seen.waive([waiver], lambda: deviation("finalize.ready"))
    assert outcome(run_of(), seen) == "kept"
