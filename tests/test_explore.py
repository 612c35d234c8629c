"""A search sends the same requests for the same seed, and goes on until nothing new is broken."""

from __future__ import annotations

import base64
import itertools
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.configuration import storage_directory
from hypothesis.errors import Flaky
from hypothesis.stateful import rule
from schemathesis import Case, GenerationMode
from typing_extensions import override

from contract_tests.test_lifecycle import Lifecycle
from virtool_contract import generated
from virtool_contract.budget import Budget
from virtool_contract.confirming import confirm
from virtool_contract.explore import FICKLE, Explorer
from virtool_contract.ledger import Ledger
from virtool_contract.model import Caller
from virtool_contract.options import resolve
from virtool_contract.provider import ExhaustedError
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.run import Run
from virtool_contract.serve import service
from virtool_contract.target import Target, Unobserved
from virtool_contract.waivers import Waiver, Waivers, utc_today

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from virtool_contract.stage import Stage

    TargetOf: TypeAlias = Callable[[Service | str], Target]
    Exploring: TypeAlias = Callable[..., Explorer]

BODIES = st.dictionaries(st.text("abc", max_size=3), st.integers(-5, 5), max_size=3)


class Recording(Service):
    """Keeps every request; ids and keys are told apart by when they first turned up."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.log: list[tuple[str, str, str, bytes]] = []

    def alias(self, name: str) -> str:
        return self.names.setdefault(name, f"#{len(self.names)}")

    @override
    async def handle(self, call: Call) -> Reply:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        sent = base64.b64decode(token).decode() if scheme == "Basic" and len(token) > 4 else scheme
        who = re.sub(r"[0-9a-z]{8,}", lambda found: self.alias(found[0]), sent)
        self.log.append((call.method, self.alias(call.analysis_id), who, call.body))
        return await super().handle(call)


@pytest.fixture
def exploring(target_of: TargetOf, tmp_path: Path) -> Exploring:
    def make(what: Service, seed: int = 0) -> Explorer:
        target = target_of(what)
        settings = resolve({"seed": str(seed)}, {}, tmp_path)
        run = Run(contract=target.contract, settings=settings, target=target)
        return Explorer(run, Ledger())

    return make


def finalize(stage: Stage, results: dict[str, Any]) -> None:
    stage.finalize(stage.finalized(results), {"second": "one"})


def searched(exploring: Exploring, seed: int, what: str) -> list[tuple[str, str, str, bytes]]:
    reference = Recording()
    explorer = exploring(reference, seed)
    if what == "stories":
        explorer.stories(Lifecycle, examples=4, steps=8)
    elif what == "cases":
        explorer.cases(finalize, BODIES, examples=8)
    else:
        operation = generated.operations(explorer.run.contract)["finalize"]
        cases = generated.cases(operation, GenerationMode.NEGATIVE)

        def play(stage: Stage, case: Case[Any]) -> None:
            stage.write(stage.pending(), "finalize", Caller.OWNER, generated.body_of(case))

        explorer.cases(play, cases, examples=8)
    assert explorer.ledger.deviations == {}
    return reference.log


@pytest.mark.parametrize("what", ["stories", "cases", "generated"])
def test_the_same_seed_sends_the_same_requests(exploring: Exploring, what: str) -> None:
    first, second, other = (searched(exploring, seed, what) for seed in (7, 7, 8))
    assert len(first) > 20
    assert first == second
    assert first != other


def test_each_broken_clause_is_found_and_then_muted(exploring: Exploring) -> None:
    faults = ("second-finalize-ignored", "nulls-dropped", "remove-is-200", "other-job-read-is-401")
    explorer = exploring(service(faults, ()))

    def play(stage: Stage, results: dict[str, Any]) -> None:
        finalize(stage, {"foo": results})
        stage.get(stage.pending(), Caller.OTHER_JOB)
        stage.removed()

    values = st.dictionaries(st.text("ab", max_size=2), st.none() | st.integers(2, 9), max_size=2)
    explorer.cases(play, values, examples=20)
    found = set(explorer.ledger.deviations)
    assert found >= {
        "finalize.once",
        "finalize.freeform",
        "remove.no-content",
        "get.own-only",
    }
    assert explorer.muted == found


@pytest.mark.parametrize("most", [20, 40])
def test_what_was_found_is_kept_when_analyses_are_used_up(exploring: Exploring, most: int) -> None:
    """Shrinking takes many; the violation must not be lost with the last of them."""
    explorer = exploring(service(("nulls-dropped",), ()))
    explorer.run.target.budget = Budget(most=most, source="a test")
    values = st.lists(st.integers(2, 9) | st.none(), min_size=1, max_size=9)

    def play(stage: Stage, results: list[int | None]) -> None:
        members = {str(number): value for number, value in enumerate(results)}
        stage.finalize(stage.pending(), {"foo": members})

    with pytest.raises(ExhaustedError):
        explorer.cases(play, values, examples=100)
    assert set(explorer.ledger.deviations) == {"finalize.freeform"}


def waiving(explorer: Explorer, **observed: str) -> None:
    """Waive so of clauses, with a bar for the dot in their names."""
    names = {name.replace("_", "."): text for name, text in observed.items()}
    explorer.run.target.waivers = Waivers(
        entries=tuple(
            Waiver(clause=clause, reason="known", expires=utc_today(), observed=text, first=line)
            for line, (clause, text) in enumerate(names.items(), 1)
        )
    )


def test_what_is_waived_is_searched_behind(exploring: Exploring) -> None:
    explorer = exploring(service(("user-missing", "workflow-missing", "nulls-dropped"), ()))
    user = '/: "user" is a required property'
    waiving(explorer, get_document=user, finalize_answer=user)
    values = st.dictionaries(st.text("ab", max_size=2), st.none(), max_size=2)
    explorer.cases(lambda stage, results: finalize(stage, {"foo": results}), values, examples=10)
    found = {clause: each.actual for clause, each in explorer.ledger.deviations.items()}
    assert found.keys() >= {"get.document", "finalize.answer", "finalize.freeform"}
    assert found["get.document"] == found["finalize.answer"]
    assert found["get.document"] == '/: "workflow" is a required property'
    assert {each.actual for each in explorer.ledger.waived.values()} == {user}
    assert min(explorer.ledger.hits[line] for line in (1, 2)) > 10


def test_a_search_ends_where_all_that_breaks_is_waived(exploring: Exploring) -> None:
    explorer = exploring(service(("user-missing",), ()))
    waiving(explorer, get_document="", finalize_answer="")
    explorer.cases(finalize, BODIES, examples=5)
    assert explorer.ledger.deviations == {}
    assert explorer.muted == set()


def test_what_a_waived_deviation_brings_about_is_spared_and_not_its_clause(
    exploring: Exploring,
) -> None:
    """A read that differs looks like the doing of a neighbour's finalize, which it is not."""
    explorer = exploring(service(("third-read-differs", "finalize-changes-user"), ()))
    waiving(explorer, get_safe="")

    def play(stage: Stage, results: dict[str, Any]) -> None:
        subject = stage.pending()
        stage.get(subject)
        stage.finalize(subject, results)

    explorer.cases(play, BODIES, examples=10)
    clause = "finalize.changes-nothing-else"
    assert explorer.spared == {("isolation", 'finalize by *: /workflow: expected "*, got "*')}
    assert "isolation" not in explorer.muted
    assert "get.safe" not in explorer.ledger.deviations
    assert explorer.ledger.deviations[clause].actual.startswith("/user/id: ")


def test_a_story_is_shrunk(exploring: Exploring) -> None:
    explorer = exploring(service(("finalized-removable",), ()))
    explorer.stories(Lifecycle, examples=40, steps=50)  # as many as the suite plays
    found = explorer.ledger.deviations["remove.finalized-stays"]
    deviation = confirm(explorer.run.target, found)
    operations = [step.operation for step in deviation.scenario.steps if step.operation != "get"]
    assert operations == ["finalize", "remove"]


def test_what_is_known_already_is_muted_from_the_start(exploring: Exploring) -> None:
    reference = service(("finalize-is-201",), ())
    first = exploring(reference)
    first.cases(finalize, BODIES, examples=3)
    assert set(first.ledger.deviations) == {"finalize.answer", "documented-status"}
    for deviation in first.ledger.deviations.values():
        first.run.ledger.add(deviation)
    second = Explorer(first.run, Ledger())
    second.cases(finalize, BODIES, examples=3)
    assert second.ledger.deviations == {}


class Once(Service):
    """Breaks down at one finalize, and never again."""

    def __init__(self, when: int) -> None:
        super().__init__()
        self.numbers = itertools.count()
        self.when = when

    @override
    async def finalize(self, call: Call) -> Reply:
        if next(self.numbers) == self.when:
            return Reply(status=500, content={"message": "once"})
        return await super().finalize(call)


def test_what_breaks_only_once_is_noted_all_the_same(exploring: Exploring) -> None:
    explorer = exploring(Once(5))
    explorer.cases(finalize, BODIES, examples=10)
    assert any("500" in found.actual for found in explorer.ledger.deviations.values())
    stories = exploring(Once(5))
    stories.stories(Lifecycle, examples=6, steps=12)
    assert any("500" in found.actual for found in stories.ledger.deviations.values())


def test_a_case_that_cannot_be_observed_is_passed_over(exploring: Exploring) -> None:
    def play(stage: Stage, case: dict[str, Any]) -> None:
        if len(case) == 1:
            raise Unobserved("what this case takes cannot be had")
        finalize(stage, case)

    explorer = exploring(service(("second-finalize-is-400",), ()))
    explorer.cases(play, BODIES, examples=30)
    assert "finalize.once" in explorer.ledger.deviations


def fickle(numbers: Iterator[int]) -> type[Lifecycle]:
    """Stories that go on in another way each time, as if by what a target answered."""

    class Fickle(Lifecycle):
        @rule(data=st.data())
        def choose(self, data: st.DataObject) -> None:
            data.draw(st.integers(0, 9) if next(numbers) % 2 else st.text("ab"))

    return Fickle


def test_a_search_ends_where_a_target_answers_now_so_and_now_so(exploring: Exploring) -> None:
    broken = exploring(service(("finalize-is-201",), ()))
    broken.muted.add("finalize.answer")
    broken.stories(fickle(itertools.count()), examples=40, steps=20)
    assert broken.ledger.troubles == [FICKLE]


def test_that_needs_a_target_that_was_seen_to_break_something(exploring: Exploring) -> None:
    explorer = exploring(Service())
    for muted in (set(), {"errors.message"}):  # and what only should be so fails no run
        explorer.muted = muted
        with pytest.raises(Flaky):
            explorer.stories(fickle(itertools.count()), examples=40, steps=20)


def test_an_error_of_the_suite_is_not_swallowed(exploring: Exploring) -> None:
    def play(_stage: Stage, _case: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exploring(Service()).cases(play, BODIES, examples=3)


def test_subjects_of_every_example_are_given_back(exploring: Exploring) -> None:
    reference = service(("finalized-removable",), ())
    explorer = exploring(reference)
    explorer.stories(Lifecycle, examples=5, steps=6)
    explorer.cases(finalize, BODIES, examples=5)
    explorer.run.target.close()
    assert reference.store.analyses == {}
    assert explorer.run.examples >= 10


def test_hypothesis_keeps_its_folder(exploring: Exploring) -> None:
    before = storage_directory(intent_to_write=False).path
    during: list[object] = []

    def play(_stage: Stage, _case: object) -> None:
        during.append(storage_directory(intent_to_write=False).path)

    exploring(Service()).cases(play, BODIES, examples=2)
    assert storage_directory(intent_to_write=False).path == before
    assert before not in during
    assert during
